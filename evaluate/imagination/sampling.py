"""Are random styles diverse, new and sharp (section 5.6, Fig. 17)?

The one idea: every number of a method stands beside that of the training pictures themselves, seen from the same side,
and beside that of the trained styles redrawn, which are as near to them as the generator can come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

REDRAWN = "redrawn"
LOW, HIGH = 0, 1


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
    """So many pictures to draw by a method at one view."""

    method: Method
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
    variational: Sequence[Subject] = (),
) -> None:
    """Random pictures by every method of Fig. 17, (e) and (f) where there are `variational` generators trained on the
    same models, the one with the higher weight of the KL term first.

    Metrics: `<method>/<space>/<metric>` with spaces pixel and hog: diversity (mean distance of two pictures over that
    of training pictures), novelty (distance to the nearest training picture over that of a training picture to the
    nearest other), coverage and nn_accuracy; `<method>/sharpness`: edge energy over that of redrawn training pictures.

    Claims, a value a sample, in pixels:
    claim-low-sigma-alike: diversity at the low sigma; below 0.5.  claim-high-sigma-copies: novelty at the high sigma;
    below 0.5.  claim-mixing-diverse, claim-mixing-new: diversity and novelty of mixed styles; above 0.5.
    claim-noise-sharp: sharpness of noise in FC2; above 0.7.  claim-noise-not-diverse: its diversity less the mean of
    mixed styles'; below 0.  claim-higher-weight-diverse: diversity with the higher weight of the KL term less the mean
    with the lower; above 0.
    Raises `UserError` for fewer than four models, or variational generators that are none or know other models.
    """
    spec = subject.generator.spec
    for other in variational:
        if not other.generator.spec.variational or other.generator.spec.styles != spec.styles:
            raise UserError(
                f"generator '{other.generator.spec.name}' must be variational and know the same models as '{spec.name}'"
            )
    view = subject.nearest_seen_view(config.azimuth_deg, config.elevation_deg)
    real = training_pictures(subject, *view)
    if len(real) < 4:
        raise UserError(f"sampling compares with at least 4 models from one side; '{spec.name}' has {len(real)}")
    methods = _methods(config)
    parts = [MethodPart(method, config.samples, *view) for method in methods]
    parts.append(MethodPart(Method(REDRAWN, "redrawn", "redrawn"), len(spec.styles), *view))
    found = list(spread(sampled, parts, "methods"))
    for letter, other in zip("ef", variational, strict=False):
        prior = Method(f"prior_{letter}", f"({letter}) prior of\n{other.generator.spec.name}", "prior")
        found.append(sampled(other, MethodPart(prior, config.samples, *view)))
    found.sort(key=lambda each: (each.method.how == "redrawn", each.method.label))
    table, samples = _measured(subject, found, real, config)
    answer.table("methods", table)
    answer.table("samples", samples)
    for line in table.to_dict("records"):
        for space in SPACES:
            for name in ("diversity", "novelty", "coverage", "nn_accuracy"):
                answer.metric(f"{line['method']}/{space}/{name}", line[f"{space}_{name}"])
        answer.metric(f"{line['method']}/sharpness", line["sharpness"])
    _claims(samples, [each.method for each in found], answer)
    _figure(found, real, view, config.shown, samples, answer)
    answer.text = _text(table)


def training_pictures(subject: Subject, azimuth_deg: float, elevation_deg: float) -> np.ndarray:
    """The training pictures at one view, a model each, float [m, h, w, 3] over white."""
    views = subject.views
    here = np.isclose(views["azimuth_deg"], azimuth_deg) & np.isclose(views["elevation_deg"], elevation_deg)
    rows = views.index[here & (views["split"] == "train").to_numpy()]
    return over_white(*subject.truth(rows.to_numpy()))


def sampled(subject: Subject, part: MethodPart) -> Sampled:
    """Draw a method's pictures; which ones follows from the subject's seed and the method's name."""
    method, count = part.method, part.count
    generator = subject.generator
    random = rng.generator(subject.seed, f"evaluate/sampling/{method.name}")
    azimuth, elevation = angles_of(part.azimuth_deg, count), angles_of(part.elevation_deg, count)
    if method.how in ("noise", "prior"):
        layer = "z" if method.how == "prior" else "fc2_style"
        trained = generator.activations(layer, torch.arange(len(generator.spec.styles)))
        scale = 1.0 if method.how == "prior" else method.amount * float(trained.square().mean().sqrt())
        values = torch.as_tensor(scale * random.standard_normal((count, trained.shape[1]), np.float32))

        def draw(some: slice) -> tuple[Tensor, Tensor]:
            return generator.generate_from(layer, values[some], azimuth=azimuth[some], elevation=elevation[some])

    else:
        mixture = torch.as_tensor(mixtures(method, count, list(subject.styles_by_class.values()), random))

        def draw(some: slice) -> tuple[Tensor, Tensor]:
            return generator.generate(mixture[some], azimuth[some], elevation[some])

    return Sampled(method, over_white(*drawn(subject, count, draw)))


def mixtures(method: Method, count: int, classes: Sequence[Sequence[int]], random: np.random.Generator) -> np.ndarray:
    """Random mixtures of styles, float32 [count, styles] of sum 1; classes take turns and are not mixed."""
    mixture = np.zeros((count, sum(map(len, classes))), np.float32)
    for sample in range(count):
        styles = np.array(classes[sample % len(classes)])
        match method.how:
            case "softmax":
                noise = random.normal(0, method.amount, len(styles))
                weights = np.exp(noise - noise.max())
            case "mixed":
                styles = random.choice(styles, min(int(method.amount), len(styles)), replace=False)
                weights = random.uniform(0, 1, len(styles))
            case _:
                styles, weights = np.array([sample]), np.ones(1)
        mixture[sample, styles] = weights / weights.sum()
    return mixture


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
    """A row a method; and a row a sample: method, sharpness, and <space>_diversity, _novelty, _nearest."""
    redrawn = edge_energy(next(each.pictures for each in found if each.method.how == "redrawn")).mean()
    lines: list[dict[str, object]] = [{"method": each.method.name} for each in found]
    tables = [
        pd.DataFrame({"method": each.method.name, "sharpness": edge_energy(each.pictures) / redrawn}) for each in found
    ]
    for space in SPACES:
        truth = features(real, space)
        own = distances(truth, truth)
        spread, gap = mean_distance_to_others(own).mean(), distance_to_nearest_other(own).mean()
        for each, line, table in zip(found, lines, tables, strict=True):
            vectors = features(each.pictures, space)
            among, to_real = distances(vectors, vectors), distances(vectors, truth)
            table[f"{space}_diversity"] = mean_distance_to_others(among) / spread
            table[f"{space}_novelty"] = to_real.min(axis=1) / gap
            table[f"{space}_nearest"] = to_real.argmin(axis=1)
            line[f"{space}_diversity"] = table[f"{space}_diversity"].mean()
            line[f"{space}_novelty"] = table[f"{space}_novelty"].mean()
            line[f"{space}_coverage"] = coverage(to_real, own, config.neighbours)
            count = min(len(among), len(own))
            some = rng.generator(subject.seed, "evaluate/sampling/accuracy").permutation(len(own))[:count]
            line[f"{space}_nn_accuracy"] = nearest_neighbour_accuracy(
                among[:count, :count], to_real[:count][:, some], own[some][:, some]
            )
    for line, table in zip(lines, tables, strict=True):
        line["sharpness"] = table["sharpness"].mean()
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
    claim("low-sigma-alike", low, low["pixel_diversity"])
    claim("high-sigma-copies", high, high["pixel_novelty"])
    claim("mixing-diverse", mixed, mixed["pixel_diversity"])
    claim("mixing-new", mixed, mixed["pixel_novelty"])
    claim("noise-sharp", noise, noise["sharpness"])
    claim("noise-not-diverse", noise, noise["pixel_diversity"] - mixed["pixel_diversity"].mean())
    if sum(method.how == "prior" for method in methods) == 2:
        heavier, lighter = of("prior", 0), of("prior", 1)
        values = heavier["pixel_diversity"] - lighter["pixel_diversity"].mean()
        claim("higher-weight-diverse", heavier, values)


def _figure(
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
        nearest = real[table["pixel_nearest"].to_numpy()]
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
    path = answer.figure("sampling.png", "Random styles", caption, pd.concat(tables))
    figures.grid(blocks).save(path)


def _bytes(pictures: np.ndarray) -> np.ndarray:
    return np.round(pictures * 255).astype(np.uint8)


def _text(table: pd.DataFrame) -> str:
    words = ", ".join(
        f"{line['method'].replace('_', ' ')} {line['pixel_diversity']:.2f} and {line['pixel_novelty']:.2f}"
        for line in table.to_dict("records")
    )
    return (
        "The paper finds softmax noise all alike at a low deviation and copies at a high one, mixtures of 3 or 5 "
        "styles diverse and new, and noise in FC2 sharp but not diverse. Here diversity (mean distance of two "
        "pictures, over training pictures') and novelty (distance to the nearest training picture, over theirs to each other) are: "
        f"{words}."
    )
