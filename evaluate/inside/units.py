"""What does a single unit do (section 6.1, Figs. 20 and 21)?

The one idea: one unit of a layer is switched on and all others are zero; what is drawn is compared with what is drawn
from zeros alone. What feeds a unit is asked the other way round: which input, changed alone, changes the unit.

Shapes: n inputs or pictures, U units, h = w side in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from evaluate import figures
from evaluate.inside import probe
from evaluate.inside.config import UnitsConfig
from evaluate.question import Answer, Spread, Subject, drawn_pairs
from infra import rng

STYLE_LAYERS = ("fc1_style", "fc2_style")
MERGED_LAYERS = ("fc3", "fc4")
MAP_LAYERS = ("fc5", "upconv1", "upconv2")
_NAMES = {"fc1_style": "FC1\nof the style", "fc2_style": "FC2\nof the style", "fc3": "FC3", "fc4": "FC4", "fc5": "FC5"}
_CORE = 0.9
_LEAST_CHANGE = 1e-3
"""Least change that a logarithm is taken of, in distances between two models."""


@dataclass(frozen=True)
class UnitsPart:
    """A layer whose units are switched on, one at a time."""

    layer: str
    config: UnitsConfig


@dataclass(frozen=True)
class LayerUnits:
    """A row a measured unit, and pictures uint8 [shown + 1, h, w, 3]: all at zero, then one unit each."""

    layer: str
    table: pd.DataFrame
    pictures: np.ndarray
    dead: float


def units(subject: Subject, config: UnitsConfig, answer: Answer, spread: Spread) -> None:
    """Single units of FC1 to FC4 and of the RGB stream's FC5, upconv1 and upconv2 (Figs. 20 and 21).

    A unit is on at `strength` times its highest activation over random inputs, all others of its layer are zero; for
    FC1 and FC2 of the style stream view and θ stay fixed. `change` is the distance (L2 of RGB) to the picture from
    zeros, in units of the median distance between two models at that view. `factors` is the effective number of inputs
    (style, view, θ) that a unit follows: the exponential of the entropy of their shares in its total effects (Jansen's
    estimator of Sobol's indices), 1 to 3, or to 2 where θ was never varied. Units that never fire are left aside.

    Claim `single-style-units-change-little`: sample a unit of FC1 or FC2, value its change; holds below 0.5.
    Claim `merged-units-change-more`: sample a unit of FC3 or FC4, value log2 of its change over the median change of
    those of FC1 and FC2; holds above 0 by 0.5.
    Claim `merged-units-mix-their-inputs`: sample a unit of FC3 or FC4, value its factors; holds above 1.5.
    Claim `map-units-are-local`: sample a unit of FC5, upconv1 or upconv2, value the side of the square around its cell
    that holds 90 % of the energy it draws, over the picture's side; holds below 0.5.

    Metrics: `<layer>/change`, `/change_added`, `/factors`, `/dead` (share of units that never fire) of FC1 to FC4, and
    `<layer>/extent`, `/frequency` (mean of the pattern's spectrum, cycles per pixel), `/dead` of the maps' layers.
    """
    yardstick = style_distance(subject, config)
    answer.metric("style_distance", yardstick)
    dense = list(spread(dense_units, [UnitsPart(name, config) for name in STYLE_LAYERS + MERGED_LAYERS], "layers"))
    maps = list(spread(map_units, [UnitsPart(name, config) for name in MAP_LAYERS], "layers"))
    whole = pd.concat([found.table for found in dense], ignore_index=True)
    whole[["change", "change_added"]] /= max(yardstick, 1e-9)
    local = pd.concat([found.table for found in maps], ignore_index=True)
    style, merged = (whole[whole["layer"].isin(names)] for names in (STYLE_LAYERS, MERGED_LAYERS))
    typical = max(float(style["change"].median()), 1e-9) if len(style) else float("nan")
    larger = merged.assign(larger=np.log2(np.maximum(merged["change"], _LEAST_CHANGE) / typical))
    for name, table, column in (
        ("single-style-units-change-little", style, "change"),
        ("merged-units-change-more", larger, "larger"),
        ("merged-units-mix-their-inputs", merged, "factors"),
        ("map-units-are-local", local, "extent"),
    ):
        sample = [f"{layer} {unit}" for layer, unit in zip(table["layer"], table["unit"], strict=True)]
        answer.table(f"claim-{name}", pd.DataFrame({"sample": sample, "value": table[column]}))
    for found, columns in [(d, ("change", "change_added", "factors")) for d in dense] + [
        (m, ("extent", "frequency")) for m in maps
    ]:
        lines = whole if found in dense else local
        for column in columns:
            answer.metric(f"{found.layer}/{column}", lines.loc[lines["layer"] == found.layer, column].mean())
        answer.metric(f"{found.layer}/dead", found.dead)
    _draw(answer, dense, maps, whole, local, config)
    answer.text = (
        "Single units of FC1 and FC2 of the class stream change the picture little, and those of FC3 and FC4 mix "
        "style, view and transformation, says the paper (section 6.1). Here a single unit of FC1 or FC2 moves the "
        f"picture {style['change'].mean():.2f} times as far as two models lie apart, one of FC3 or FC4 "
        f"{merged['change'].mean():.2f} times; a unit of FC3 or FC4 follows {merged['factors'].mean():.2f} inputs of "
        f"{_factor_count(subject)}. Units of FC5, upconv1 and upconv2 draw patterns of "
        + ", ".join(f"{100 * local.loc[local['layer'] == name, 'extent'].mean():.0f} %" for name in MAP_LAYERS)
        + " of the picture's side."
    )


def style_distance(subject: Subject, config: UnitsConfig) -> float:
    """Median distance (L2 of RGB) between two models drawn at the question's view."""
    random = rng.generator(subject.seed, "evaluate/units/pairs")
    pairs = np.array(drawn_pairs(range(len(subject.generator.spec.styles)), config.style_pairs, random))
    if not len(pairs):
        return 0.0
    inputs = probe.plain_inputs(subject, pairs.ravel(), config.azimuth_deg, config.elevation_deg)
    rgb, _ = probe.pictures(subject, inputs)
    return float(np.median(_distance(rgb[0::2], rgb[1::2])))


def dense_units(subject: Subject, part: UnitsPart) -> LayerUnits:
    """Units of a fully connected layer; `change` and `change_added` are still plain distances.

    change_added is the distance that a unit makes in the activations of a real model, the others as they are.
    """
    config, layer = part.config, part.layer
    inputs = probe.random_inputs(subject, config.samples, "units")
    values = probe.run(subject, [layer], inputs)[layer]
    top = values.amax(dim=0)
    chosen = _chosen(subject, top.numpy(), config, layer)
    on = config.strength * top[chosen]
    plain = probe.plain_inputs(
        subject, probe.drawn_styles(subject, 1, "units"), config.azimuth_deg, config.elevation_deg
    )
    fixed = {name: plain[name] for name in ("view", "theta")} if layer in STYLE_LAYERS else {}
    alone = torch.zeros(len(chosen) + 1, values.shape[1])
    alone[torch.arange(len(chosen)) + 1, torch.as_tensor(chosen)] = on
    rgb, mask = probe.pictures(subject, {**fixed, layer: alone})
    added = probe.run(subject, [layer], plain)[layer].repeat(len(chosen) + 1, 1)
    added[torch.arange(len(chosen)) + 1, torch.as_tensor(chosen)] = on
    added_rgb, _ = probe.pictures(subject, {**fixed, layer: added})
    table = pd.DataFrame({"layer": layer, "unit": chosen, "activation": on.numpy()})
    table["change"] = _distance(rgb[1:], rgb[:1])
    table["change_added"] = _distance(added_rgb[1:], added_rgb[:1])
    effects = total_effects(subject, layer, inputs, config)
    for name, effect in effects.items():
        table[f"effect_{name}"] = effect[chosen]
    table["factors"] = effective_number(np.stack([effect[chosen] for effect in effects.values()], axis=1))
    shown = config.shown + 1
    return LayerUnits(layer, table, figures.over_white(rgb[:shown], mask[:shown]), float((top <= 0).float().mean()))


def map_units(subject: Subject, part: UnitsPart) -> LayerUnits:
    """Units in the middle of the RGB stream's maps: what they add to the raw RGB, its extent and mean frequency."""
    config, layer = part.config, part.layer
    inputs = probe.random_inputs(subject, min(config.samples, 64), "units")
    values = probe.run(subject, [layer], inputs)[layer]
    top = values.amax(dim=(0, 2, 3))
    chosen = _chosen(subject, top.numpy(), config, layer)
    cell = values.shape[-1] // 2
    given = torch.zeros(len(chosen) + 1, *values.shape[1:])
    on = config.strength * top[chosen]
    given[torch.arange(len(chosen)) + 1, torch.as_tensor(chosen), cell, cell] = on
    raw = probe.run(subject, ["rgb"], {layer: given})["rgb"].permute(0, 2, 3, 1).numpy()
    drawn = raw[1:] - raw[:1]
    side = drawn.shape[1]
    centre = (cell + 0.5) * side / values.shape[-1]
    table = pd.DataFrame({"layer": layer, "unit": chosen, "activation": on.numpy()})
    table["extent"] = [_extent(own, centre) for own in drawn]
    table["frequency"] = [mean_frequency(own) for own in drawn]
    table["change"] = np.linalg.norm(drawn.reshape(len(drawn), -1), axis=1)
    pictures = [figures.signed(own, float(np.abs(own).max())) for own in drawn[: config.shown]]
    return LayerUnits(layer, table, np.array(pictures, dtype=np.uint8), float((top <= 0).float().mean()))


def total_effects(subject: Subject, layer: str, inputs: probe.Given, config: UnitsConfig) -> dict[str, np.ndarray]:
    """Sobol's total effect of style, view and θ on each unit of a layer, by Jansen's estimator: [U] each, 0 to 1.

    Half the mean square difference that a unit makes when one input alone is drawn anew, over its variance.
    """
    anew = probe.random_inputs(subject, len(inputs["style"]), "units-anew")
    values = probe.run(subject, [layer], inputs)[layer].double().numpy()
    variance = values.var(axis=0)
    effects = {}
    for name in ("style", "view", "theta")[: _factor_count(subject)]:
        other = probe.run(subject, [layer], {**inputs, name: anew[name]})[layer].double().numpy()
        half = np.square(other - values).mean(axis=0) / 2
        effects[name] = np.divide(half, variance, out=np.zeros_like(half), where=variance > 1e-12)
    return effects


def effective_number(shares: np.ndarray) -> np.ndarray:
    """Exponential of the entropy of shares [U, k] brought to a sum of 1: 1 to k; NaN where all are zero."""
    total = shares.sum(axis=1, keepdims=True)
    p = np.divide(shares, total, out=np.full(shares.shape, np.nan), where=total > 0)
    logs = np.log(p, out=np.zeros_like(p), where=p > 0)
    return np.asarray(np.exp(-(p * logs).sum(axis=1)))


def mean_frequency(pattern: np.ndarray) -> float:
    """Mean of a pattern's [h, w, 3] spectrum in cycles per pixel, weighted by power; NaN of an empty one."""
    side = pattern.shape[0]
    power = np.square(np.abs(np.fft.fft2(pattern, axes=(0, 1)))).sum(axis=2)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None])
    return float((power * frequency).sum() / power.sum()) if power.sum() > 0 else float("nan")


def _extent(pattern: np.ndarray, centre: float) -> float:
    """Side of the square around the centre that holds 90 % of a pattern's energy, over the picture's side."""
    side = pattern.shape[0]
    away = np.abs(np.arange(side) + 0.5 - centre)
    reach = np.maximum(away[:, None], away[None]).ravel()
    energy = np.square(pattern).sum(axis=2).ravel().astype(np.float64)
    if energy.sum() == 0:
        return 0.0
    order = np.argsort(reach, kind="stable")
    core = np.searchsorted(np.cumsum(energy[order]), _CORE * energy.sum())
    return float(min(1.0, (2 * reach[order][min(core, len(order) - 1)] + 1) / side))


def _chosen(subject: Subject, top: np.ndarray, config: UnitsConfig, layer: str) -> np.ndarray:
    """Live units drawn by the seed."""
    live = np.flatnonzero(top > 0)
    random = rng.generator(subject.seed, f"evaluate/units/{layer}")
    return random.permutation(live)[: config.units]


def _distance(rgb: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm((rgb - other).reshape(len(rgb), -1), axis=1))


def _factor_count(subject: Subject) -> int:
    return 3 if subject.generator.spec.augment > 0 else 2


def _draw(
    answer: Answer,
    dense: list[LayerUnits],
    maps: list[LayerUnits],
    whole: pd.DataFrame,
    local: pd.DataFrame,
    config: UnitsConfig,
) -> None:
    rows = [_row(found, ["", *[f"unit {unit}" for unit in found.table["unit"][: config.shown]]]) for found in dense]
    caption = (
        f"One unit of a layer on, at {config.strength:g} times its highest activation, all others of the layer zero; "
        "view and theta are fixed for FC1 and FC2. On the left all are zero."
    )
    path = answer.figure("units.png", "Single units of the fully connected layers", caption, whole)
    figures.grid([figures.Block(rows)], ["all zero"]).save(path)
    window = _window(maps[0].pictures)
    rows = [
        figures.Row(
            list(found.pictures[:, window, window]),
            _NAMES.get(found.layer, found.layer),
            [f"unit {unit}" for unit in found.table["unit"][: config.shown]],
        )
        for found in maps[::-1]
    ]
    caption = (
        "What one unit in the middle of the maps adds to the picture, grey is nothing, each on its own scale; all rows "
        f"show the same {window.stop - window.start} of {maps[0].pictures.shape[1]} pixels."
    )
    path = answer.figure("map-units.png", "Single units of the maps of the RGB stream", caption, local)
    figures.grid([figures.Block(rows)]).save(path)


def _row(found: LayerUnits, captions: list[str]) -> figures.Row:
    return figures.Row(list(found.pictures), _NAMES.get(found.layer, found.layer), captions)


def _window(pictures: np.ndarray) -> slice:
    """The middle of pictures on mid-grey that holds all that is drawn."""
    side = pictures.shape[1]
    drawn = np.flatnonzero((pictures != 128).any(axis=(0, 1, 3)) | (pictures != 128).any(axis=(0, 2, 3)))
    if not len(drawn):
        return slice(0, side)
    reach = max(side // 2 - drawn.min(), drawn.max() + 1 - side // 2)
    return slice(side // 2 - reach, side // 2 + reach)
