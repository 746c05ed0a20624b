"""Are random styles diverse, new and sharp (section 5.6, Fig. 17)?

The one idea: every number of a method stands beside that of the trained styles themselves, seen from the same side.
Measured against training pictures a method's numbers hold what the generator cannot draw; measured against the trained
styles as it redraws them, they are of the method alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from evaluate import figures
from evaluate.imagination.config import SamplingConfig
from evaluate.imagination.drawing import angles_of, drawn, over_white
from evaluate.imagination.ghosts import edge_energy
from evaluate.imagination.likeness import (
    SPACES,
    coverage,
    distance_to_nearest_other,
    distances,
    features,
    mean_distance_to_others,
    nearest_neighbour_accuracy,
)
from evaluate.question import Answer, Spread, Subject
from infra import rng
from infra.errors import UserError

PIXEL = SPACES[0]
TRAINING, REDRAWN = "training", "redrawn"
LOW, HIGH = 0, 1
LEAST_MODELS = 4
"""Below this many trained styles distances between them say nothing."""


@dataclass(frozen=True)
class Method:
    """A way to draw random pictures: noise of deviation `amount` before a softmax or in FC2, `amount` styles mixed, the
    prior of a variational generator, or the trained styles as they are."""

    name: str
    label: str
    how: Literal["softmax", "mixed", "noise", "prior", "redrawn"]
    amount: float = 1.0


@dataclass(frozen=True)
class MethodPart:
    """So many pictures of a class's styles to draw by a method at one view."""

    method: Method
    styles: tuple[int, ...]
    count: int
    azimuth_deg: float
    elevation_deg: float


@dataclass(frozen=True)
class Sampled:
    """Drawn pictures: float [n, h, w, 3] over white in [0, 1]."""

    method: Method
    pictures: np.ndarray


def sampling(
    subject: Subject,
    config: SamplingConfig,
    answer: Answer,
    spread: Spread,
    variational: Mapping[str, Subject] = MappingProxyType({}),
) -> None:
    """Random pictures by every method of Fig. 17, (e) and (f) where there are `variational` generators trained on the
    same models, by their roles, the one with the higher weight of the KL term first.

    Metrics: `<method>/<space>/<metric>` with spaces pixel and hog: diversity (mean distance of two pictures over that
    of training pictures), novelty (distance to the nearest training picture over that of a training picture to the
    nearest other), coverage and nn_accuracy; `<method>/<space>/of_redrawn/<metric>`: the same with the trained styles
    redrawn in place of training pictures; `<method>/sharpness`: edge energy over that of redrawn pictures.

    Claims, a value a sample, by pixels and redrawn pictures:
    claim-low-sigma-alike: diversity at the low sigma; below 0.5.  claim-high-sigma-copies: novelty at the high sigma;
    below 0.5.  claim-mixing-diverse, claim-mixing-new: diversity and novelty of mixed styles; above 0.5.
    claim-noise-sharp: sharpness of noise in FC2; above 0.7.  claim-noise-not-diverse: its diversity less the mean of
    mixed styles'; below 0.  claim-higher-weight-diverse: diversity with the higher weight of the KL term less the mean
    with the lower; above 0.
    Raises `UserError` for fewer than four models, or variational generators that are none or know other models.
    """
    spec = subject.generator.spec
    for other in variational.values():
        if not other.generator.spec.variational or other.generator.spec.styles != spec.styles:
            raise UserError(
                f"generator '{other.generator.spec.name}' must be variational and know the same models as '{spec.name}'"
            )
    name = next(iter(subject.styles_by_class)) if config.class_name is None else config.class_name
    if name not in subject.styles_by_class:
        known = ", ".join(subject.styles_by_class)
        raise UserError(f"evaluate.sampling.class_name: '{spec.name}' knows no class '{name}'; it knows {known}")
    view = subject.nearest_seen_view(config.azimuth_deg, config.elevation_deg)
    styles, real = training_pictures(subject, name, *view)
    if len(real) < LEAST_MODELS:
        raise UserError(
            f"sampling needs {LEAST_MODELS} models of class '{name}'; '{spec.name}' has {len(real)} from one side"
        )
    methods = _methods(config)
    parts = [MethodPart(method, styles, config.samples, *view) for method in methods]
    parts.append(MethodPart(Method(REDRAWN, "redrawn", "redrawn"), styles, len(styles), *view))
    found = list(spread(sampled, parts, "methods"))
    for letter, (role, other) in zip("ef", variational.items(), strict=False):
        prior = Method(f"prior_{letter}", f"({letter}) prior,\n{role}", "prior")
        found.append(sampled(other, MethodPart(prior, styles, config.samples, *view)))
    found.sort(key=lambda each: (each.method.how == "redrawn", each.method.label))
    table, samples = _measured(subject, found, real, config)
    answer.table("methods", table)
    answer.table("samples", samples)
    for line in table.to_dict("records"):
        where = f"{line['method']}/{line['space']}" + ("/of_redrawn" if line["against"] == REDRAWN else "")
        for measure in ("diversity", "novelty", "coverage", "nn_accuracy"):
            answer.metric(f"{where}/{measure}", line[measure])
        answer.metric(f"{line['method']}/sharpness", line["sharpness"])
    _claims(samples, [each.method for each in found], answer)
    _figure(name, found, real, view, config.shown, samples, answer)
    answer.text = _text(table)


def sampling_needs(config: SamplingConfig, views: pd.DataFrame) -> None:
    """Raise `UserError` for a dataset (columns class_name and model) without four models of the class asked for."""
    models = views.groupby("class_name", sort=False)["model"].nunique()
    name = models.index[0] if config.class_name is None else config.class_name
    if models.get(name, 0) < LEAST_MODELS:
        raise UserError(
            f"sampling needs {LEAST_MODELS} models of class '{name}'; the dataset has {models.get(name, 0)}"
        )


def training_pictures(
    subject: Subject, class_name: str, azimuth_deg: float, elevation_deg: float
) -> tuple[tuple[int, ...], np.ndarray]:
    """Styles of a class that were shown at one view, and their training pictures there, [m, h, w, 3] over white."""
    views = subject.views[(subject.views["split"] == "train") & (subject.views["class_name"] == class_name)]
    here = np.isclose(views["azimuth_deg"], azimuth_deg) & np.isclose(views["elevation_deg"], elevation_deg)
    views = views[here].sort_values("style")
    if len(views) == 0:
        return (), np.zeros((0, 1, 1, 3))
    return tuple(views["style"].tolist()), over_white(*subject.truth(views.index.to_numpy()))


def sampled(subject: Subject, part: MethodPart) -> Sampled:
    """Draw a method's pictures; which ones follows from the subject's seed and the method's name."""
    method, count = part.method, part.count
    generator = subject.generator
    random = rng.generator(subject.seed, f"evaluate/sampling/{method.name}")
    azimuth, elevation = angles_of(part.azimuth_deg, count), angles_of(part.elevation_deg, count)
    if method.how in ("noise", "prior"):
        layer = "z" if method.how == "prior" else "fc2_style"
        trained = generator.activations(layer, torch.tensor(part.styles))
        scale = 1.0 if method.how == "prior" else method.amount * float(trained.square().mean().sqrt())
        values = torch.as_tensor(scale * random.standard_normal((count, trained.shape[1]), np.float32))

        def draw(some: slice) -> tuple[Tensor, Tensor]:
            return generator.generate_from(layer, values[some], azimuth=azimuth[some], elevation=elevation[some])

    else:
        mixture = torch.zeros(count, len(generator.spec.styles))
        mixture[:, list(part.styles)] = torch.as_tensor(mixtures(method, count, len(part.styles), random))

        def draw(some: slice) -> tuple[Tensor, Tensor]:
            return generator.generate(mixture[some], azimuth[some], elevation[some])

    return Sampled(method, over_white(*drawn(subject, count, draw)))


def mixtures(method: Method, count: int, styles: int, random: np.random.Generator) -> np.ndarray:
    """Random mixtures of styles, float32 [count, styles] of sum 1; of `redrawn` styles, each alone in turn."""
    if method.how == "softmax":
        noise = random.normal(0, method.amount, (count, styles))
        weights = np.exp(noise - noise.max(axis=1, keepdims=True))
    elif method.how == "mixed":
        weights = np.zeros((count, styles))
        for line in weights:
            chosen = random.choice(styles, min(int(method.amount), styles), replace=False)
            line[chosen] = random.uniform(0, 1, len(chosen))
    else:
        weights = np.eye(styles)[np.arange(count) % styles]
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _methods(config: SamplingConfig) -> list[Method]:
    softmax, mixed, noise = config.softmax_sigma, config.mixed_styles, config.fc2_sigma
    return [
        *(Method(f"softmax_{n}", f"({x}) softmax\nσ = {s:g}", "softmax", s) for n, x, s in _named("ab", softmax)),
        *(Method(f"mixed_{int(m)}", f"({x}) {m:g} styles\nmixed", "mixed", m) for _, x, m in _named("cd", mixed)),
        *(Method(f"noise_{n}", f"({x}) noise in FC2\nσ = {s:g} RMS", "noise", s) for n, x, s in _named("gh", noise)),
    ]


def _named(letters: str, amounts: Sequence[float]) -> list[tuple[str, str, float]]:
    return [(name, letter, amount) for name, letter, amount in zip(("low", "high"), letters, amounts, strict=True)]


def _measured(
    subject: Subject, found: Sequence[Sampled], real: np.ndarray, config: SamplingConfig
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row a method, space and reference; and a row a sample with its sharpness, its diversity and novelty by pixels
    and redrawn pictures, and its nearest training picture."""
    redrawn = next(each.pictures for each in found if each.method.how == "redrawn")
    edges = edge_energy(redrawn).mean()
    some = rng.generator(subject.seed, "evaluate/sampling/accuracy").permutation(len(real))
    lines, tables = [], []
    for space in SPACES:
        vectors = {each.method.name: features(each.pictures, space) for each in found}
        for against, reference in ((TRAINING, features(real, space)), (REDRAWN, vectors[REDRAWN])):
            own = distances(reference, reference)
            spread, gap = mean_distance_to_others(own).mean(), distance_to_nearest_other(own).mean()
            for each in found:
                name = each.method.name
                among, there = distances(vectors[name], vectors[name]), distances(vectors[name], reference)
                sharp = edge_energy(each.pictures) / edges
                diversity, novelty = mean_distance_to_others(among) / spread, there.min(axis=1) / gap
                count = min(len(among), len(own))
                picked = some[:count]
                accuracy = nearest_neighbour_accuracy(
                    among[:count, :count], there[:count][:, picked], own[picked][:, picked]
                )
                lines.append(
                    {
                        "method": name,
                        "space": space,
                        "against": against,
                        "diversity": diversity.mean(),
                        "novelty": novelty.mean(),
                        "coverage": coverage(there, own, config.neighbours),
                        "nn_accuracy": accuracy,
                        "sharpness": sharp.mean(),
                    }
                )
                if (space, against) == (PIXEL, REDRAWN):
                    columns = {"sharpness": sharp, "diversity": diversity, "novelty": novelty}
                    nearest = distances(vectors[name], features(real, space)).argmin(axis=1)
                    tables.append(pd.DataFrame({"method": name, **columns, "nearest": nearest}))
    return pd.DataFrame(lines), pd.concat(tables, ignore_index=True)


def _claims(samples: pd.DataFrame, methods: Sequence[Method], answer: Answer) -> None:
    def of(how: str, place: int | None = None) -> pd.DataFrame:
        names = [method.name for method in methods if method.how == how]
        return samples[samples["method"].isin(names if place is None else [names[place]])]

    def claim(name: str, of_samples: pd.DataFrame, values: pd.Series) -> None:
        numbers = of_samples.groupby("method").cumcount()
        names = [f"{method}/{number}" for method, number in zip(of_samples["method"], numbers, strict=True)]
        answer.table(f"claim-{name}", pd.DataFrame({"sample": names, "value": values.to_numpy()}))

    low, high, mixed, noise = of("softmax", LOW), of("softmax", HIGH), of("mixed"), of("noise")
    claim("low-sigma-alike", low, low["diversity"])
    claim("high-sigma-copies", high, high["novelty"])
    claim("mixing-diverse", mixed, mixed["diversity"])
    claim("mixing-new", mixed, mixed["novelty"])
    claim("noise-sharp", noise, noise["sharpness"])
    claim("noise-not-diverse", noise, noise["diversity"] - mixed["diversity"].mean())
    if sum(method.how == "prior" for method in methods) == 2:
        heavier, lighter = of("prior", 0), of("prior", 1)
        values = heavier["diversity"] - lighter["diversity"].mean()
        claim("higher-weight-diverse", heavier, values)


def _figure(
    name: str,
    found: Sequence[Sampled],
    real: np.ndarray,
    view: tuple[float, float],
    shown: int,
    samples: pd.DataFrame,
    answer: Answer,
) -> None:
    blocks, tables = [], []
    for each in found:
        if each.method.how == "redrawn":
            continue
        table = samples[samples["method"] == each.method.name].head(shown)
        nearest = real[table["nearest"].to_numpy()]
        rows = [
            figures.Row(list(_bytes(each.pictures[:shown])), each.method.label),
            figures.Row(list(_bytes(nearest)), "nearest", framed=[True] * len(nearest)),
        ]
        blocks.append(figures.Block(rows))
        tables.append(table)
    caption = (
        f"At {view[0]:g}° azimuth and {view[1]:g}° elevation. Framed, below each: the nearest training picture by RMS "
        "difference of pixels."
    )
    path = answer.figure(f"sampling-{name}.png", f"{name}: random styles", caption, pd.concat(tables))
    figures.grid(blocks).save(path)


def _bytes(pictures: np.ndarray) -> np.ndarray:
    return np.round(pictures * 255).astype(np.uint8)


def _text(table: pd.DataFrame) -> str:
    words = ", ".join(
        f"{line['method'].replace('_', ' ')} {line['diversity']:.2f} and {line['novelty']:.2f}"
        for line in table.to_dict("records")
        if (line["space"], line["against"]) == (PIXEL, REDRAWN) and line["method"] != REDRAWN
    )
    return (
        "The paper finds softmax noise all alike at a low deviation and copies at a high one, mixtures of 3 or 5 "
        "styles diverse and new, and noise in FC2 sharp but not diverse. Here diversity (mean distance of two "
        "pictures, over that of two trained styles) and novelty (distance to the nearest trained style, over "
        "that of a trained style to the nearest other), by pixels of what the generator draws, are: "
        f"{words}."
    )
