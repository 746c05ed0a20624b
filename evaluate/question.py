"""What every question shares: the subject that is asked (a generator and its true views) and the answer
given.

The one idea: a question is a plain function of a `Subject` and its settings that fills an `Answer`. It hands
its heavy work, cut into parts, to a `Spread`; whether that is a loop here or tasks on a cluster is not its
business.

Shapes: n views, h x w pixels of the generator. rgb float32 [n, h, w, 3] in [0, 1] on black; mask float32 [n,
h, w].
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd
import torch

from infra.errors import UserError
from train.checkpoint import GeneratorSpec, TrainedGenerator

SPLITS = ("train", "unseen")
OUTSIDE = "outside"
GENERATOR = "generator"
"""Role of the one generator that most questions are asked of."""

Part = TypeVar("Part")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Subject:
    """A trained generator beside the true views of its styles.

    `views` has a row a view, labelled by the view's row in `rgba`: key, model, class_name, style (the
    generator's index), view, azimuth_deg, elevation_deg, split ("train" or "unseen"), target (of the few-views
    setting), keypoints in pixels of a picture of `dataset_px`. `dataset` has the same columns for all views there
    are, split "outside" and style -1 where the training did not choose them. `rgba` is uint8 [N, h, w, 4]: the object
    over white, and its coverage. `places` has, by class and model, the matrix [4, 4] that took the model's file to the
    world, where the dataset says so.
    """

    generator: TrainedGenerator
    dataset: pd.DataFrame
    rgba: np.ndarray
    dataset_px: int
    seed: int
    batch: int = 128
    places: Mapping[tuple[str, str], np.ndarray] = field(default_factory=dict)

    @cached_property
    def views(self) -> pd.DataFrame:
        """The training's own views: those of split "train" and "unseen"."""
        return self.dataset[self.dataset["split"] != OUTSIDE]

    @property
    def styles_by_class(self) -> dict[str, list[int]]:
        """The generator's styles of each class, in their order."""
        classes = self.generator.spec.style_classes
        return {name: [i for i, of in enumerate(classes) if of == name] for name in dict.fromkeys(classes)}

    def nearest_seen_view(self, azimuth_deg: float, elevation_deg: float) -> tuple[float, float]:
        """Azimuth and elevation, in degrees, of the training view closest to the direction asked for."""
        seen = self.views.loc[self.views["split"] == "train", ["azimuth_deg", "elevation_deg"]]
        seen = seen.drop_duplicates().sort_values(["elevation_deg", "azimuth_deg"])
        asked = directions(np.array([azimuth_deg]), np.array([elevation_deg]))
        closeness = directions(seen["azimuth_deg"].to_numpy(), seen["elevation_deg"].to_numpy()) @ asked[0]
        azimuth, elevation = seen.iloc[int(np.argmax(np.round(closeness, 9)))]
        return float(azimuth), float(elevation)

    def truth(self, rows: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """True views by their rows of `rgba`: rgb on black, mask."""
        rgba = np.asarray(self.rgba[np.asarray(rows, dtype=np.int64)], dtype=np.float32) / 255
        mask = rgba[..., 3]
        return np.clip(rgba[..., :3] - (1 - mask[..., None]), 0, 1), mask

    def pictures_of(
        self, model: str, azimuth_deg: Sequence[float] | np.ndarray, elevation_deg: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """True views of any model of the dataset, also of one that was not learnt: rgb on black, mask.

        `model` is an id or `<class>/<id>`. Raises `UserError` for a view that was not rendered.
        """
        views = self.dataset
        own = views[(views["model"] == model) | (views["class_name"] + "/" + views["model"] == model)]
        level = own[np.isclose(own["elevation_deg"], elevation_deg, atol=1e-3)]
        row_of = dict(zip(level["azimuth_deg"].round(3), level.index, strict=True))
        missing = [float(azimuth) for azimuth in azimuth_deg if round(float(azimuth), 3) not in row_of]
        if missing:
            where = f"azimuth {missing[0]:g}, elevation {elevation_deg:g} degrees"
            raise UserError(f"the dataset has no view of '{model}' at {where}; render it, or ask about another")
        return self.truth([row_of[round(float(azimuth), 3)] for azimuth in azimuth_deg])

    def draw(
        self, style: Sequence[int] | np.ndarray, azimuth_deg: Any, elevation_deg: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """Generated views: style is n indices or mixtures [n, styles]; angles are scalars or n of them, in
        degrees."""
        mixture = torch.as_tensor(np.array(style))
        style_t = mixture.float() if mixture.ndim == 2 else mixture.long()
        count = len(style_t)
        azimuth = torch.as_tensor(np.broadcast_to(np.asarray(azimuth_deg, np.float32), (count,)).copy())
        elevation = torch.as_tensor(np.broadcast_to(np.asarray(elevation_deg, np.float32), (count,)).copy())
        pictures, masks = [], []
        with torch.inference_mode():
            for start in range(0, count, self.batch):
                chunk = slice(start, start + self.batch)
                rgb, mask = self.generator.generate(style_t[chunk], azimuth[chunk], elevation[chunk])
                pictures.append(rgb.float().permute(0, 2, 3, 1).cpu().numpy())
                masks.append(mask.float()[:, 0].cpu().numpy())
        return np.ascontiguousarray(np.concatenate(pictures)), np.concatenate(masks)

    def mixtures(self, first: int, second: int, weights: np.ndarray) -> np.ndarray:
        """Mixtures on the line from one style to another, weights [n] in 0-1 (section 5.4): [n, styles]."""
        mixture = np.zeros((len(weights), len(self.generator.spec.styles)), np.float32)
        mixture[:, first] += 1 - weights
        mixture[:, second] += weights
        return mixture


class Spread(Protocol):
    """Runs `work(subject, part)` for every part, possibly elsewhere; results come in the order of the parts.

    `unit` names what is counted for people, `counts` how many of them each part holds (one, if not said).
    """

    def __call__(
        self,
        work: Callable[[Subject, Part], Result],
        parts: Sequence[Part],
        unit: str,
        counts: Sequence[int] = (),
    ) -> Iterable[Result]: ...


@dataclass(frozen=True)
class Panel:
    """Who a question is asked of: trained generators by role, and how work on each is spread over the cluster.

    Most questions need one generator, of role "generator"; experiments compare several. `views_per_part` is how many
    views one part of the work should measure.
    """

    subjects: Mapping[str, Subject]
    spreads: Mapping[str, Spread]
    views_per_part: int = 512

    @property
    def one(self) -> tuple[Subject, Spread]:
        """The generator of role "generator" and its spread."""
        return self.subjects[GENERATOR], self.spreads[GENERATOR]


def panel_here(subjects: Mapping[str, Subject], views_per_part: int = 512) -> Panel:
    """A panel whose work is done in this process."""
    return Panel(subjects, {role: here(subject) for role, subject in subjects.items()}, views_per_part)


def here(subject: Subject) -> Spread:
    """A `Spread` that works in this process, one part after another."""

    def spread(
        work: Callable[[Subject, Part], Result], parts: Sequence[Part], unit: str, counts: Sequence[int] = ()
    ) -> Iterator[Result]:
        return (work(subject, part) for part in parts)

    return spread


@dataclass
class Answer:
    """What a question found: metrics, figures each with its table beside it, and a paragraph of text."""

    question: str
    folder: Path
    metrics: dict[str, float] = field(default_factory=dict)
    figures: list[dict[str, str]] = field(default_factory=list)
    text: str = ""

    def figure(self, file: str, title: str, caption: str, table: pd.DataFrame) -> Path:
        """Register a figure and write its table beside it, under the same name as CSV; returns where to draw
        it."""
        self.table(Path(file).stem, table)
        self.figures.append({"file": file, "title": title, "caption": caption})
        return self.folder / file

    def table(self, name: str, table: pd.DataFrame) -> None:
        """Write a table as CSV."""
        table.to_csv(self.folder / f"{name}.csv", index=False, float_format="%.6g")

    def metric(self, name: str, value: float) -> None:
        """A number under `eval/<question>/<name>`; one that is not finite is left out."""
        if np.isfinite(value):
            self.metrics[f"eval/{self.question}/{plain(name)}"] = float(value)


def plain(name: str) -> str:
    """A name as MLflow takes it for a metric: what is not a letter, digit or one of `_-./` becomes `_`."""
    return re.sub(r"[^A-Za-z0-9_./-]", "_", name)


def style_of(spec: GeneratorSpec, model: str) -> int:
    """The style of a model by its id, or by `<class>/<id>` where two classes share one.

    Raises `UserError` when the generator does not know it, or knows two.
    """
    names = zip(spec.styles, spec.style_classes, strict=True)
    found = [i for i, (name, of) in enumerate(names) if model in (name, f"{of}/{name}")]
    if not found:
        near = difflib.get_close_matches(model, spec.styles, n=1, cutoff=0)[0]
        raise UserError(f"generator '{spec.name}' knows no model '{model}'; its nearest is '{near}'")
    if len(found) > 1:
        raise UserError(f"generator '{spec.name}' knows {len(found)} models '{model}'; write <class>/{model}")
    return found[0]


def directions(azimuth_deg: np.ndarray, elevation_deg: np.ndarray) -> np.ndarray:
    """Unit vectors towards the camera, [n, 3], whose dot product is the cosine of the angle between views."""
    azimuth, elevation = np.radians(azimuth_deg), np.radians(elevation_deg)
    level = np.cos(elevation)
    return np.stack([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)], axis=1)


def drawn_pairs(styles: Sequence[int], count: int, random: np.random.Generator) -> list[tuple[int, int]]:
    """At most `count` different pairs, drawn in rounds in which a style comes once at most."""
    wanted = min(count, len(styles) * (len(styles) - 1) // 2)
    pairs: list[tuple[int, int]] = []
    seen: set[frozenset[int]] = set()
    while len(pairs) < wanted:
        order = random.permutation(len(styles))
        for a, b in zip(order[0::2], order[1::2], strict=False):
            pair = (styles[a], styles[b])
            if frozenset(pair) not in seen and len(pairs) < wanted:
                seen.add(frozenset(pair))
                pairs.append(pair)
    return pairs


def short(name: str, length: int = 14) -> str:
    """A name cut in its middle to at most `length` characters."""
    if len(name) <= length:
        return name
    head = length // 2
    return f"{name[:head]}…{name[-(length - 1 - head) :]}"
