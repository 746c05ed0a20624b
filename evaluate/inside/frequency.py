"""What are output filters good for that look near-empty (section 6.2, Fig. 25)?

The one idea: upsampling by two leaves a grid of period 2 px, which in a spectrum is the energy next to the Nyquist
frequency. If near-empty filters cancel it, it grows when their feature maps are set to zero; the control sets as many
other maps to zero.

Shapes: n pictures, h = w side in pixels, c maps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from torch import Tensor

from evaluate import figures
from evaluate.inside import probe
from evaluate.inside.config import FrequencyConfig
from evaluate.inside.filters import near_empty, norms, output_filters
from evaluate.question import Answer, Spread, Subject, short
from infra import rng

_BAND = 1 / 16
"""Reach around the grid's frequencies, in cycles per pixel."""
_LEAST = 0.1
"""Share of the live filters that are called near-empty when none is below the limit."""


def grid_energy(picture: np.ndarray) -> np.ndarray:
    """Mean square of what repeats every 2 px, in x or in y: [n] of pictures [n, h, w] or [n, h, w, 3], summed over RGB.

    By Parseval: power of the frequencies within 1/16 cycle per pixel of (1/2, 0), (0, 1/2) and (1/2, 1/2).
    """
    stack = picture[..., None] if picture.ndim == 3 else picture
    side = stack.shape[1]
    power = np.square(np.abs(np.fft.fft2(stack, axes=(1, 2)))).sum(axis=3) / side**4
    frequency = np.abs(np.fft.fftfreq(side))
    low, high = frequency <= _BAND, frequency >= 0.5 - _BAND
    band = (high[:, None] & (low | high)[None]) | (low[:, None] & high[None])
    return np.asarray((power * band).sum(axis=(1, 2)))


@dataclass(frozen=True)
class FrequencyPart:
    """Styles to draw with maps of the last layer before the output set to zero."""

    styles: np.ndarray
    emptied: np.ndarray
    control: np.ndarray
    config: FrequencyConfig


def high_frequency(subject: Subject, config: FrequencyConfig, answer: Answer, spread: Spread) -> None:
    """The grid of period 2 px with and without the feature maps whose RGB filters look near-empty (Fig. 25).

    Claim `near-empty-filters-cancel-the-grid`: sample a model, value log2 of the grid's energy without those maps over
    the energy with them. It holds above 0 by a margin of 1 (the energy at least doubles). Beside it
    `grid-without-other-maps`: the same with as many maps of ordinary filters at zero; the first minus the second, model
    by model, above 0 says that near-empty filters do it and not any filter.
    Claim `near-empty-filters-have-regular-maps`: sample a near-empty filter, value log2 of the share of its map's
    energy at the grid's frequencies over the median share of the other maps; above 0.

    Metrics: near_empty (filters), grid_energy, grid_energy_without, grid_energy_control, change_without (mean square
    change of the picture). Filters of maps that never fire are left aside. Where no filter is below
    `near_empty` times the largest norm, the weakest tenth are taken.
    """
    last = output_filters(subject.generator.network)[0]
    assert last.rgb is not None
    styles = probe.drawn_styles(subject, config.models, "high-frequency")
    maps = _maps(subject, styles, last.source, config)[last.source].numpy()
    strength = norms(last.rgb)
    live = maps.max(axis=(0, 2, 3)) > 0
    if live.sum() < 2:
        answer.text = f"No two feature maps of {last.source} are alive, so none can be left out."
        return
    chosen = near_empty(strength, config.near_empty) & live
    stated = f"norm below {config.near_empty:g} of the largest"
    if not chosen.any() or chosen.sum() * 2 > live.sum():
        count = max(1, round(_LEAST * live.sum()))
        chosen = np.isin(np.arange(len(live)), np.flatnonzero(live)[np.argsort(strength[live])[:count]])
        stated = "the weakest tenth"
    others = np.flatnonzero(live & ~chosen)
    emptied = np.flatnonzero(chosen)[np.argsort(strength[chosen])]
    random = rng.generator(subject.seed, "evaluate/high-frequency/control")
    control = random.choice(others, size=min(len(emptied), len(others)), replace=False)

    parts = [
        FrequencyPart(styles[start : start + subject.batch], emptied, control, config)
        for start in range(0, len(styles), subject.batch)
    ]
    counts = [len(part.styles) for part in parts]
    found = pd.concat(spread(measured, parts, "models", counts), ignore_index=True)
    answer.table("models", found)
    gain = np.log2(found["grid_energy_without"] / found["grid_energy"])
    control_gain = np.log2(found["grid_energy_control"] / found["grid_energy"])
    answer.table("claim-near-empty-filters-cancel-the-grid", pd.DataFrame({"sample": found["model"], "value": gain}))
    answer.table("claim-grid-without-other-maps", pd.DataFrame({"sample": found["model"], "value": control_gain}))
    regular = grid_energy(np.moveaxis(maps, 1, 0).reshape(-1, *maps.shape[2:])).reshape(maps.shape[1], -1).mean(axis=1)
    share = regular / np.maximum(np.square(maps).mean(axis=(0, 2, 3)), 1e-12)
    table = pd.DataFrame({"map": np.arange(len(live)), "filter_norm": strength, "live": live, "near_empty": chosen})
    table = table.assign(grid_share=share)
    typical = max(float(np.median(share[others])), 1e-12)
    value = np.log2(np.maximum(share[emptied], 1e-12) / typical)
    answer.table("claim-near-empty-filters-have-regular-maps", pd.DataFrame({"sample": emptied, "value": value}))

    answer.metric("near_empty", len(emptied))
    for name in ("grid_energy", "grid_energy_without", "grid_energy_control", "change_without"):
        answer.metric(name, found[name].mean())
    _draw_maps(answer, maps, emptied, others[np.argsort(-strength[others])], table, last.source, config)
    _draw_models(subject, answer, styles[: config.shown], emptied, control, found, config)
    answer.text = (
        f"Feature maps whose output filters look near-empty cancel high-frequency artefacts, says the paper "
        f"(section 6.2). {len(emptied)} of {int(live.sum())} live RGB filters look near-empty here ({stated}). With "
        f"their maps of {last.source} at zero the energy of period 2 px changes by a factor of "
        f"{2 ** np.median(gain):.2f} (median of {len(found)} models), with as many other maps at zero by "
        f"{2 ** np.median(control_gain):.2f}."
    )


def measured(subject: Subject, part: FrequencyPart) -> pd.DataFrame:
    """A row a model: grid energy with all maps, without near-empty filters' and without the control's."""
    layers = _maps(subject, part.styles, "", part.config)
    source = output_filters(subject.generator.network)[0].source
    plain, _ = probe.pictures(subject, layers)
    without, _ = probe.pictures(subject, {**layers, source: without_maps(layers[source], part.emptied)})
    control, _ = probe.pictures(subject, {**layers, source: without_maps(layers[source], part.control)})
    return pd.DataFrame(
        {
            "model": probe.model_names(subject, part.styles),
            "grid_energy": grid_energy(plain),
            "grid_energy_without": grid_energy(without),
            "grid_energy_control": grid_energy(control),
            "change_without": np.square(without - plain).mean(axis=(1, 2, 3)),
            "change_control": np.square(control - plain).mean(axis=(1, 2, 3)),
        }
    )


def without_maps(maps: Tensor, channels: np.ndarray) -> Tensor:
    """Maps [n, c, h, w] with some channels at zero."""
    left = maps.clone()
    left[:, channels] = 0
    return left


def _maps(subject: Subject, styles: np.ndarray, source: str, config: FrequencyConfig) -> probe.Given:
    """The layers before the outputs for styles at the question's view, in all streams, or one of them."""
    inputs = probe.plain_inputs(subject, styles, config.azimuth_deg, config.elevation_deg)
    wanted = [source] if source else [last.source for last in output_filters(subject.generator.network)]
    return probe.run(subject, wanted, inputs)


def _draw_maps(
    answer: Answer,
    maps: np.ndarray,
    emptied: np.ndarray,
    ordinary: np.ndarray,
    table: pd.DataFrame,
    source: str,
    config: FrequencyConfig,
) -> None:
    side = maps.shape[-1]
    quarter = slice(side // 2 - side // 8, side // 2 + side // 8)
    rows = []
    for name, own in (("near-empty\nfilters", emptied), ("strongest\nfilters", ordinary)):
        shown = own[: config.shown]
        pictures = [_grey(maps[0, channel]) for channel in shown]
        close = [figures.blocky(_grey(maps[0, channel])[quarter, quarter], side) for channel in shown]
        rows.append(
            figures.Block([figures.Row(pictures, name), figures.Row(close, "close-up", [f"map {i}" for i in shown])])
        )
    caption = f"Feature maps of {source} for one model, each on its own scale, and close-ups of their middle."
    path = answer.figure("feature-maps.png", "Feature maps before the output", caption, table)
    figures.grid(rows, side=max(128, side)).save(path)


def _grey(values: np.ndarray) -> np.ndarray:
    picture = np.round(255 * values / max(float(values.max()), 1e-12)).astype(np.uint8)
    return np.repeat(picture[..., None], 3, axis=-1)


def _draw_models(
    subject: Subject,
    answer: Answer,
    styles: np.ndarray,
    emptied: np.ndarray,
    control: np.ndarray,
    found: pd.DataFrame,
    config: FrequencyConfig,
) -> None:
    layers = _maps(subject, styles, "", config)
    source = output_filters(subject.generator.network)[0].source
    variants = [
        ("left\nunchanged", layers[source]),
        ("near-empty\nfilters' maps\nat zero", without_maps(layers[source], emptied)),
        ("as many\nother maps\nat zero", without_maps(layers[source], control)),
    ]
    side = subject.generator.spec.size
    half = slice(side // 2 - side // 8, side // 2 + side // 8)
    rows = []
    for name, maps in variants:
        drawn = figures.over_white(*probe.pictures(subject, {**layers, source: maps}))
        close = [figures.blocky(picture[half, half], side) for picture in drawn]
        rows.append(figures.Row([cell for pair in zip(drawn, close, strict=True) for cell in pair], name))
    names = [short(subject.generator.spec.styles[style]) for style in styles]
    heads = [head for name in names for head in (name, "close-up")]
    caption = "Models drawn with all feature maps, and with some at zero; close-ups of their middle show single pixels."
    path = answer.figure("high-frequency.png", "Without near-empty filters", caption, found)
    figures.grid([figures.Block(rows)], heads).save(path)
