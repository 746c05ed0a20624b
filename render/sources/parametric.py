"""Models that Turnery makes itself: a class, the recipe's seed and an index give a model, for ever the same."""

from __future__ import annotations

import json
from pathlib import Path

from infra.settings import digest
from render import modeller
from render.catalog import Catalog, Model, choose_classes
from render.config import SourceConfig

MODELS_PER_CLASS = 12


def catalog(source: SourceConfig, seed: int) -> Catalog:
    """`models_per_class` drawn models of each class."""
    count = source.models_per_class or MODELS_PER_CLASS
    chosen = choose_classes(list(modeller.CLASSES), source.classes, "the modeller")
    return Catalog(tuple(_model(name, seed, index) for name in chosen for index in range(count)))


def _model(class_name: str, seed: int, index: int) -> Model:
    drawn = modeller.draw(class_name, seed, index)
    fingerprint = digest({"version": modeller.VERSION, "properties": drawn.model_dump(mode="json")})
    return Model(f"s{seed}n{index:04d}", class_name, fingerprint, drawn=(seed, index), front="-z")


def write(model: Model, scratch: Path) -> Path:
    """Build a drawn model in the ShapeNetCore v2 layout below `scratch`; returns its OBJ file."""
    assert model.drawn is not None
    folder = scratch / model.class_name / model.id
    modeller.write(modeller.build(modeller.draw(model.class_name, *model.drawn)), folder)
    return folder / "models" / "model_normalized.obj"


def keypoints(path: Path) -> dict[str, list[float] | None]:
    """The keypoints that lie beside a model in the ShapeNetCore v2 layout, {} where there are none."""
    beside = path.parent.parent / "keypoints.json"
    if path.name != "model_normalized.obj" or not beside.is_file():
        return {}
    loaded: dict[str, list[float] | None] = json.loads(beside.read_text())
    return loaded
