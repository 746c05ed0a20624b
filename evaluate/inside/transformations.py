"""Has every transformation its unit in FC4 (section 6.1, Figs. 22 and 23)?

The one idea: units are found by their correlation with the entries of θ over random inputs; then each is raised in real
models while the rest of FC4 stays, and what happened is read off the pictures as a transformation, so that the
unit's name is tested where it was not looked for.

Shapes: n pictures, U units of FC4, T entries of θ, c channels of FC5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from evaluate import figures
from evaluate.inside import probe
from evaluate.inside.config import NeuronsConfig
from evaluate.inside.registration import TRANSFORMATIONS, estimated_theta, transformations, unexplained, visible
from evaluate.question import Answer, Spread, Subject
from infra import rng
from infra.errors import UserError
from train.architectures import FC5_SIDE
from train.augment import THETA
from train.generator import Generator

LAYER = "fc4"
_ONE_WAY = {"zoom": 1, "hue_cos": -1}
_SPATIAL = ("rotation", "translate_x", "translate_y", "zoom", "stretch")


@dataclass(frozen=True)
class Neuron:
    """A unit of FC4 with the entry of θ that it is thought to carry, `sign` times; `top` is its highest activation.

    `entry` is empty for a unit of the control.
    """

    unit: int
    entry: str
    sign: int
    correlation: float
    top: float

    @property
    def transformation(self) -> str:
        """The transformation that its entry belongs to."""
        return "hue" if self.entry.startswith("hue") else self.entry

    @property
    def label(self) -> str:
        """Its entry and direction, as in 'zoom +'."""
        return f"{self.entry} {'+' if self.sign > 0 else '-'}"


@dataclass(frozen=True)
class NeuronPart:
    """A neuron to raise in some models."""

    neuron: Neuron
    styles: np.ndarray
    config: NeuronsConfig


def transformation_neurons(subject: Subject, config: NeuronsConfig, answer: Answer, spread: Spread) -> None:
    """The unit of FC4 that best carries each entry of θ, what raising it does, and its weights (Figs. 22 and 23).

    Claim `every-transformation-has-its-unit`: sample an entry of θ, value the largest absolute correlation of a unit of
    FC4 with it over random styles, views and θ. It holds above 0.5; column `chance` has the same for shuffled θ.
    Claim `raising-a-unit-does-its-transformation`: sample a model, value the share of the unit's own transformation, in
    its direction, in the visible changes of all eight that were measured, mean over the units. It holds above 0.25,
    twice the share of one transformation in eight. Grey pictures show no hue or saturation and are left out of those.
    Claim `unit-against-other-units`: sample a model, value that share less the share that the units of a control, live
    units drawn at random, have for the same transformation; above 0 by 0.1.
    Claim `little-else-changes`: sample a model, value the share of the change of the picture that the measured
    transformation does not explain, mean over the units; below 0.5.

    Metrics: `<entry>/correlation`, `/share`, `/unexplained`, `/even_weights` (energy of the mean over the 8 x 8 cells
    in the weights to FC5), and means over the entries. Raises `UserError` for a generator trained without
    transformations.
    """
    spec = subject.generator.spec
    if spec.augment == 0:
        raise UserError(
            f"generator '{spec.name}' was trained without transformations, so no unit can carry one; "
            "train one with `--train.augment 1`"
        )
    inputs = probe.random_inputs(subject, config.samples, "transformation-neurons")
    values = probe.run(subject, [LAYER], inputs)[LAYER].numpy()
    theta = inputs["theta"].numpy()
    found = correlations(values, theta)
    shuffled = rng.generator(subject.seed, "evaluate/transformation-neurons/chance").permutation(theta)
    chance = np.abs(correlations(values, shuffled)).max(axis=0)
    neurons = best_neurons(found, values)
    control = _control(subject, values, {neuron.unit for neuron in neurons}, len(neurons))
    styles = probe.drawn_styles(subject, config.models, "transformation-neurons")
    parts = [NeuronPart(neuron, styles, config) for neuron in [*neurons, *control]]
    measured = list(spread(raised, parts, "units"))
    answer.table("raised", pd.concat(measured, ignore_index=True))
    own, others = pd.concat(measured[: len(neurons)]), measured[len(neurons) :]

    table = _lines(neurons, chance, own, subject.generator.network)
    correlation = pd.DataFrame({"sample": table["entry"], "value": table["correlation"].abs(), "chance": chance})
    answer.table("claim-every-transformation-has-its-unit", correlation)
    by_model = own.groupby("model", sort=False)
    share = by_model["share"].mean()
    against = share - (_control_share(neurons, pd.concat(others)) if others else 0)
    for name, value in (
        ("raising-a-unit-does-its-transformation", share),
        ("unit-against-other-units", against),
        ("little-else-changes", by_model["unexplained"].mean()),
    ):
        answer.table(f"claim-{name}", value.rename("value").rename_axis("sample").reset_index())
    measures = ("correlation", "share", "unexplained", "even_weights")
    for line in table.to_dict("records"):
        for name in measures:
            answer.metric(f"{line['entry']}/{name}", line[name])
    answer.metric("correlation", table["correlation"].abs().mean())
    for name in measures[1:]:
        answer.metric(name, table[name].mean())
    answer.metric("share_control", (share - against).mean())
    _draw_raised(subject, answer, neurons, int(styles[0]), table, config)
    _draw_weights(subject, answer, neurons, config)
    ranked = table.dropna(subset="share").sort_values("share")
    worst, best = ranked.iloc[0], ranked.iloc[-1]
    answer.text = (
        "For each transformation there is a specialised neuron in FC4, says the paper (section 6.1). The unit that "
        f"follows an entry of theta best has an absolute correlation of {table['correlation'].abs().mean():.2f} with "
        f"it (mean of {len(table)} entries; {chance.mean():.2f} by chance). Raised to {config.strength:g} times its "
        f"highest activation in {len(styles)} models, its own transformation makes up {100 * share.mean():.0f} % of "
        f"the visible change (most {best['entry']}, {100 * best['share']:.0f} %; least {worst['entry']}, "
        f"{100 * worst['share']:.0f} %), against {100 * (share - against).mean():.0f} % for units drawn at random; "
        f"{100 * own['unexplained'].mean():.0f} % of the change of the picture is no transformation."
    )


def correlations(values: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Pearson's correlation of units [n, U] with entries of θ [n, T]: [U, T]; 0 where a unit is constant."""
    units = values - values.mean(axis=0, dtype=np.float64)
    entries = theta - theta.mean(axis=0, dtype=np.float64)
    scale = np.linalg.norm(units, axis=0)[:, None] * np.linalg.norm(entries, axis=0)[None]
    return np.divide(units.T @ entries, scale, out=np.zeros(scale.shape), where=scale > 1e-9)


def best_neurons(found: np.ndarray, values: np.ndarray) -> list[Neuron]:
    """For every entry of θ the unit of the largest absolute correlation [U, T]; values [n, U] give its top.

    Training only zooms in, and hue_cos is never above its 0 of "no turn": from a plain picture their units can only
    lead one way.
    """
    neurons = []
    for index, entry in enumerate(THETA):
        way = _ONE_WAY.get(entry)
        strength = way * found[:, index] if way else np.abs(found[:, index])
        unit = int(strength.argmax())
        r = float(found[unit, index])
        neurons.append(Neuron(unit, entry, 1 if r > 0 else -1, r, float(values[:, unit].max())))
    return neurons


def raised(subject: Subject, part: NeuronPart) -> pd.DataFrame:
    """A row a model: the transformation that raising the unit made, in units of the paper's ranges, and its shares."""
    before, after = (_pictures(subject, part.neuron, part.styles, level, part.config) for level in (0.0, 1.0))
    theta = estimated_theta(*before, *after)
    table = pd.DataFrame(transformations(theta), columns=list(TRANSFORMATIONS))
    table.insert(0, "model", probe.model_names(subject, part.styles))
    table.insert(1, "unit", part.neuron.unit)
    table.insert(2, "entry", part.neuron.entry)
    table["unexplained"] = unexplained(*before, *after, theta)
    seen = visible(*before, theta)
    # A change of less than a step of 8 bits is none, and has no shares.
    shares = seen / np.maximum(np.abs(seen).sum(axis=1, keepdims=True), 1 / 255)
    grey = (table[["hue", "saturation"]] == 0).all(axis=1).to_numpy()
    for index, name in enumerate(TRANSFORMATIONS):
        unknown = grey if name in ("hue", "saturation") else np.zeros(len(grey), bool)
        table[f"{name}_share"] = np.where(unknown, np.nan, shares[:, index])
    table["share"] = own_share(table, part.neuron) if part.neuron.entry else np.nan
    return table


def own_share(table: pd.DataFrame, neuron: Neuron) -> np.ndarray:
    """Share of the neuron's transformation in the visible change, negative against its direction: [n] in -1 to 1."""
    share = table[f"{neuron.transformation}_share"].to_numpy()
    # A half turn of hue is the same both ways round.
    return np.abs(share) if neuron.entry == "hue_cos" else neuron.sign * share


def weights_to_fc5(network: Generator, unit: int) -> np.ndarray:
    """Weights from a unit of FC4 to the RGB stream's FC5, as maps [c, 8, 8]."""
    column = network.get_submodule("fc5.0").get_parameter("weight")[:, unit].detach().cpu().numpy()
    return np.moveaxis(column.reshape(FC5_SIDE, FC5_SIDE, -1), -1, 0)


def _control(subject: Subject, values: np.ndarray, taken: set[int], count: int) -> list[Neuron]:
    live = np.flatnonzero(values.max(axis=0) > 0)
    free = np.setdiff1d(live, list(taken))
    random = rng.generator(subject.seed, "evaluate/transformation-neurons/control")
    drawn = random.choice(free, size=min(count, len(free)), replace=False)
    return [Neuron(int(unit), "", 1, 0.0, float(values[:, unit].max())) for unit in drawn]


def _control_share(neurons: Sequence[Neuron], others: pd.DataFrame) -> pd.Series:
    """Mean share that the control's units have for the neurons' transformations, by model."""
    shares = [pd.Series(np.abs(own_share(others, neuron)), index=others["model"]) for neuron in neurons]
    return pd.concat(shares).groupby(level=0, sort=False).mean()


def _pictures(
    subject: Subject, neuron: Neuron, styles: np.ndarray, level: float, config: NeuronsConfig
) -> tuple[torch.Tensor, torch.Tensor]:
    """Models with the unit moved a share `level` of the way to its height: rgb [n, 3, h, w], mask [n, 1, h, w]."""
    inputs = probe.plain_inputs(subject, styles, config.azimuth_deg, config.elevation_deg)
    values = probe.run(subject, [LAYER], inputs)[LAYER]
    own = values[:, neuron.unit]
    values[:, neuron.unit] = own + level * (config.strength * neuron.top - own).clamp(min=0)
    raw = probe.run(subject, ("rgb", "mask"), {LAYER: values})
    return subject.generator.network.picture(raw["rgb"], raw["mask"])


def _lines(neurons: Sequence[Neuron], chance: np.ndarray, own: pd.DataFrame, network: Generator) -> pd.DataFrame:
    mean = own.groupby("entry").mean(numeric_only=True)
    lines = []
    for index, neuron in enumerate(neurons):
        weights = weights_to_fc5(network, neuron.unit)
        energy = max(float(np.square(weights).sum()), 1e-12)
        even = float(FC5_SIDE**2 * np.square(weights.mean(axis=(1, 2))).sum()) / energy
        line = {"entry": neuron.entry, "unit": neuron.unit, "correlation": neuron.correlation, "chance": chance[index]}
        lines.append({**line, "top": neuron.top, "even_weights": even, **mean.loc[neuron.entry].drop("unit")})
    return pd.DataFrame(lines)


def _draw_raised(
    subject: Subject,
    answer: Answer,
    neurons: Sequence[Neuron],
    style: int,
    table: pd.DataFrame,
    config: NeuronsConfig,
) -> None:
    levels = np.linspace(0, 1, config.steps)
    rows = []
    for neuron in neurons:
        drawn = [_pictures(subject, neuron, np.array([style]), float(level), config) for level in levels]
        pictures = [figures.over_white(rgb.permute(0, 2, 3, 1).numpy(), mask[:, 0].numpy())[0] for rgb, mask in drawn]
        rows.append(figures.Row(pictures, f"{neuron.label}\nunit {neuron.unit}\nr = {neuron.correlation:.2f}"))
    heads = ["as it is", *[f"{100 * level:.0f} %" for level in levels[1:]]]
    caption = (
        "Each row raises one unit of FC4, the one most correlated with an entry of theta, in the activations of a "
        f"model, up to {config.strength:g} times its highest activation; + and - say in which direction it should move."
    )
    path = answer.figure("transformation-neurons.png", "Transformation neurons in FC4", caption, table)
    figures.grid([figures.Block(rows)], heads).save(path)


def _draw_weights(subject: Subject, answer: Answer, neurons: Sequence[Neuron], config: NeuronsConfig) -> None:
    rows, lines = [], []
    for neuron in neurons:
        weights = weights_to_fc5(subject.generator.network, neuron.unit)
        energy = np.square(weights).sum(axis=(1, 2))
        shown = np.argsort(-energy)[: config.channels]
        drawn = figures.signed(weights, float(np.abs(weights).max()))
        rows.append(
            figures.Row([figures.blocky(drawn[c], 64) for c in shown], neuron.label, [f"map {c}" for c in shown])
        )
        lines += [
            {"entry": neuron.entry, "unit": neuron.unit, "map": c, "row": y, "column": x, "weight": weights[c, y, x]}
            for c in shown
            for y in range(FC5_SIDE)
            for x in range(FC5_SIDE)
        ]
    caption = (
        f"Weights from each unit to the {config.channels} maps of FC5 that it moves most, grey is zero, one scale a "
        f"row. Units of {', '.join(_SPATIAL)} come first, those of colour after them."
    )
    path = answer.figure("transformation-weights.png", "Their weights to FC5", caption, pd.DataFrame(lines))
    figures.grid([figures.Block(rows)], side=64).save(path)
