"""What are output filters good for that look near-empty (section 6.2, Fig. 25)?

The one idea: upsampling by two leaves a grid of period 2 px, which in a spectrum is the energy next to the Nyquist
frequency. If near-empty filters cancel it, it grows when their feature maps are set to zero; the control sets as many
other maps to zero.

Shapes: n pictures, h = w side in pixels, c maps.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from torch import Tensor

from evaluate import figures
from evaluate.inside import probe
from evaluate.inside.config import FrequencyConfig
from evaluate.inside.filters import output_filters, relative_norms
from evaluate.question import Answer, Spread, Subject, short
from infra import rng

_BAND = 1 / 16
"""Reach around the grid's frequencies, in cycles per pixel."""
_LEAST = 0.1
"""Share of the live filters that are called near-empty when none is below the limit."""


def grid_energy(picture: np.ndarray, period_px: int = 2) -> np.ndarray:
    """Mean square of what repeats every so many pixels, in x or in y: [n] of pictures [n, h, w] or [n, h, w, 3], summed
    over RGB.

    By Parseval: power of the frequencies within 1/16 cycle per pixel, in both directions, of multiples of the grid's
    frequency, (0, 0) left out; for a period of 2 px these are (1/2, 0), (0, 1/2) and (1/2, 1/2).
    """
    stack = picture[..., None] if picture.ndim == 3 else picture
    side = stack.shape[1]
    power = np.square(np.abs(np.fft.fft2(stack, axes=(1, 2)))).sum(axis=3) / side**4
    nearest = np.round(np.fft.fftfreq(side) * period_px)
    near = np.abs(np.fft.fftfreq(side) - nearest / period_px) <= _BAND
    band = near[:, None] & near[None] & ((nearest != 0)[:, None] | (nearest != 0)[None])
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
    the energy with them. It holds above 0 by a margin of 0.5 (the energy grows by 1.4).
    Claim `near-empty-filters-draw-nothing-else`: sample a model, value log2 of the share of what those maps draw that
    is at the grid's frequencies, over the same share of as many maps of ordinary filters (the control); above 0 by 1.
    Claim `near-empty-filters-have-regular-maps`: sample a near-empty filter, value log2 of the share of its map's
    energy at the grid's frequencies over the median share of the other maps; above 0.

    Metrics: near_empty (filters), grid_energy, grid_energy_without, change (mean square change of the picture),
    grid_share and grid_share_control. Filters of maps that never fire are left aside. Where no filter, or half of them,
    is below `near_empty` times the largest norm, the weakest tenth are taken.
    """
    last = output_filters(subject.generator.network)[0]
    assert last.rgb is not None
    styles = probe.drawn_styles(subject, config.models, "high-frequency")
    maps = _maps(subject, styles, last.source, config)[last.source].numpy()
    strength = relative_norms(last)
    live = maps.max(axis=(0, 2, 3)) > 0
    if live.sum() < 2:
        answer.text = f"No two feature maps of {last.source} are alive, so none can be left out."
        return
    chosen = (strength < config.near_empty) & live
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
    alone = np.log2(found["grid_share"] / found["grid_share_control"])
    answer.table("claim-near-empty-filters-cancel-the-grid", pd.DataFrame({"sample": found["model"], "value": gain}))
    answer.table("claim-near-empty-filters-draw-nothing-else", pd.DataFrame({"sample": found["model"], "value": alone}))
    regular = grid_energy(np.moveaxis(maps, 1, 0).reshape(-1, *maps.shape[2:])).reshape(maps.shape[1], -1).mean(axis=1)
    share = regular / np.maximum(np.square(maps).mean(axis=(0, 2, 3)), 1e-12)
    table = pd.DataFrame({"map": np.arange(len(live)), "filter_norm": strength, "live": live, "near_empty": chosen})
    table = table.assign(grid_share=share)
    typical = max(float(np.median(share[others])), 1e-12)
    value = np.log2(np.maximum(share[emptied], 1e-12) / typical)
    answer.table("claim-near-empty-filters-have-regular-maps", pd.DataFrame({"sample": emptied, "value": value}))

    answer.metric("near_empty", len(emptied))
    for name in ("grid_energy", "grid_energy_without", "change", "grid_share", "grid_share_control"):
        answer.metric(name, found[name].mean())
    _draw_maps(answer, maps, emptied, others[np.argsort(-strength[others])], table, last.source, config)
    _draw_models(subject, answer, styles[: config.shown], emptied, control, found, config)
    answer.text = (
        f"Feature maps whose output filters look near-empty cancel high-frequency artefacts, says the paper "
        f"(section 6.2). {len(emptied)} of {int(live.sum())} live RGB filters look near-empty here ({stated}). With "
        f"their maps of {last.source} at zero the energy of period {config.period_px} px changes by a factor of "
        f"{2 ** np.median(gain):.2f} (median of {len(found)} models). Of what these maps draw "
        f"{100 * found['grid_share'].mean():.0f} % repeats so, of what as many other maps draw "
        f"{100 * found['grid_share_control'].mean():.0f} %."
    )


def measured(subject: Subject, part: FrequencyPart) -> pd.DataFrame:
    """A row a model: grid energy with all maps, without near-empty filters' and without the control's."""
    layers = _maps(subject, part.styles, "", part.config)
    source = output_filters(subject.generator.network)[0].source
    plain, without, control = (
        probe.pictures(subject, {**layers, source: without_maps(layers[source], channels)})[0]
        for channels in (np.array([], np.int64), part.emptied, part.control)
    )
    period = part.config.period_px
    return pd.DataFrame(
        {
            "model": probe.model_names(subject, part.styles),
            "grid_energy": grid_energy(plain, period),
            "grid_energy_without": grid_energy(without, period),
            "change": np.square(without - plain).sum(axis=3).mean(axis=(1, 2)),
            "grid_share": _grid_share(without - plain, period),
            "grid_share_control": _grid_share(control - plain, period),
        }
    )


def without_maps(maps: Tensor, channels: np.ndarray) -> Tensor:
    """Maps [n, c, h, w] with some channels at zero."""
    left = maps.clone()
    left[:, channels] = 0
    return left


def _grid_share(drawn: np.ndarray, period_px: int) -> np.ndarray:
    """Share of a difference of pictures [n, h, w, 3] that repeats with the grid: [n]."""
    return np.asarray(grid_energy(drawn, period_px) / np.maximum(np.square(drawn).sum(axis=3).mean(axis=(1, 2)), 1e-15))


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
    rows = []
    for name, own in (("near-empty\nfilters", emptied), ("strongest\nfilters", ordinary)):
        shown = own[: config.shown]
        pictures = [_grey(maps[0, channel]) for channel in shown]
        places = [_busiest(maps[0, channel]) for channel in shown]
        close = [figures.blocky(_grey(maps[0, c])[place], side) for c, place in zip(shown, places, strict=True)]
        rows.append(
            figures.Block([figures.Row(pictures, name), figures.Row(close, "close-up", [f"map {i}" for i in shown])])
        )
    caption = (
        f"Feature maps of {source} for one model, each on its own scale, and close-ups where they are most active."
    )
    path = answer.figure("feature-maps.png", "Feature maps before the output", caption, table)
    figures.grid(rows, side=max(128, side)).save(path)


def _busiest(values: np.ndarray) -> tuple[slice, slice]:
    """The quarter of a map [h, w] in either direction that holds most."""
    side = values.shape[0] // 4
    sums = cv2.boxFilter(values.astype(np.float64), -1, (side, side), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    inside = sums[: -side + 1, : -side + 1]
    row, column = np.unravel_index(inside.argmax(), inside.shape)
    return slice(int(row), int(row) + side), slice(int(column), int(column) + side)


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
    drawings = [figures.over_white(*probe.pictures(subject, {**layers, source: maps})) for _, maps in variants]
    changes = np.abs(drawings[1].astype(float) - drawings[0]).sum(axis=3)
    places = [_busiest(change) for change in changes]
    rows = []
    for (name, _), drawn in zip(variants, drawings, strict=True):
        close = [figures.blocky(picture[place], side) for picture, place in zip(drawn, places, strict=True)]
        rows.append(figures.Row([cell for pair in zip(drawn, close, strict=True) for cell in pair], name))
    names = [short(subject.generator.spec.styles[style]) for style in styles]
    heads = [head for name in names for head in (name, "close-up")]
    caption = (
        "Models drawn with all feature maps, and with some at zero; close-ups show single pixels where near-empty "
        "filters matter most."
    )
    path = answer.figure("high-frequency.png", "Without near-empty filters", caption, found)
    figures.grid([figures.Block(rows)], heads).save(path)
