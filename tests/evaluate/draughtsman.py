"""A world of box furniture at more sides and elevations, and generators whose faults are planted.

The one idea: a planted generator draws the furniture itself, at any direction, so where it is asked to err by nothing
its error is exactly zero, and where its pictures fade by a share f their squared error is f² of the pictures' own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from evaluate.config import changed
from evaluate.question import Subject
from evaluate.question_config import Changes
from evaluate.subject import labelled_views, packed_pictures
from infra.storage import Storage, open_storage
from render.dataset import Dataset, open_dataset
from tests.evaluate.furniture import SIZE, drawn, furniture, write_dataset
from train.checkpoint import GeneratorSpec, TrainedGenerator
from train.config import TrainConfig
from train.selection import select

AZIMUTHS, ELEVATIONS = tuple(45.0 * i for i in range(8)), (0.0, 20.0, 30.0, 50.0)


@dataclass(frozen=True)
class Fault:
    """What a planted generator does wrong: it draws another elevation, and too dark a picture."""

    elevation: Callable[[str, float], float] = lambda class_name, elevation_deg: elevation_deg
    fade: float = 0.0


@lru_cache(maxsize=4096)
def picture(model: str, azimuth_deg: float, elevation_deg: float) -> np.ndarray:
    """A model as the dataset shows it, uint8 [SIZE, SIZE, 4]."""
    boxes, _ = furniture(model[:-2], int(model[-2:]))
    return drawn(boxes, SIZE, azimuth_deg, elevation_deg)


class Draughtsman(TrainedGenerator):
    """A generator that draws furniture as it is, but for a fault."""

    def __init__(self, spec: GeneratorSpec, fault: Fault) -> None:
        self.spec, self.fault = spec, fault

    def generate(
        self, style: Any, azimuth: Any, elevation: Any, theta: Any = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        rgba = []
        for index, azimuth_deg, elevation_deg in zip(style.tolist(), azimuth.tolist(), elevation.tolist(), strict=True):
            shown = self.fault.elevation(self.spec.style_classes[index], elevation_deg)
            rgba.append(picture(self.spec.styles[index], azimuth_deg, shown))
        values = torch.from_numpy(np.stack(rgba)).permute(0, 3, 1, 2).float() / 255
        mask = values[:, 3:]
        return (1 - self.fault.fade) * (values[:, :3] - (1 - mask)).clip(0, 1), mask


def make_transfer_world(folder: Path) -> Storage:
    """A dataset of six chairs and three tables, eight azimuths at four elevations."""
    workspace, scratch = open_storage(folder / "workspace"), folder / "scratch"
    scratch.mkdir()
    write_dataset(workspace / "dataset", {"chair": 6, "table": 3}, AZIMUTHS, ELEVATIONS, scratch, False)
    return workspace


def planted(dataset: Dataset, changes: Changes, fault: Fault, seed: int = 0) -> Subject:
    """A generator with a fault beside the views that a training would have chosen."""
    config = changed(TrainConfig(), changes)
    selection = select(dataset.views, config.select, seed)
    spec = GeneratorSpec(
        name="planted",
        architecture="1s-S-deep",
        size=SIZE,
        width=1,
        styles=selection.models,
        style_classes=selection.classes,
        dataset_digest=dataset.manifest.digest,
    )
    views = labelled_views(dataset.views, selection.table, spec)
    return Subject(Draughtsman(spec, fault), views, packed_pictures(dataset, SIZE), SIZE, seed, batch=64)


def all_planted(
    workspace: Storage, trainings: Mapping[str, Changes], faults: Mapping[str, Fault], seed: int = 0
) -> dict[str, Subject]:
    """A planted generator a role; the fault is that of the role, or of its first word, else none."""
    dataset = open_dataset(workspace / "dataset")
    fault_of = {role: faults.get(role, faults.get(role.partition("-")[0], Fault())) for role in trainings}
    return {role: planted(dataset, changes, fault_of[role], seed) for role, changes in trainings.items()}


def with_pictures_of(subjects: Mapping[str, Subject], copies: Mapping[str, str]) -> dict[str, Subject]:
    """The same subjects in a world where some models look exactly like others, by id."""
    first = next(iter(subjects.values()))
    rgba, views = np.array(first.rgba), first.dataset
    for model, other in copies.items():
        rgba[views.index[views["model"] == model]] = first.rgba[views.index[views["model"] == other]]
    return {role: replace(subject, rgba=rgba) for role, subject in subjects.items()}
