"""Models that Turnery makes itself: a class, the recipe's seed and an index give a model, for ever the same."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from infra.errors import UserError
from infra.settings import digest
from render import modeller
from render.catalog import Catalog, Model, choose_classes
from render.config import SourceConfig
from render.sources.selection import Selection

MODELS_PER_CLASS = 12


def catalog(source: SourceConfig, seed: int) -> Catalog:
    """`models_per_class` drawn models of each class."""
    count = source.models_per_class or MODELS_PER_CLASS
    selection = Selection(source)
    models: list[Model] = []
    for name in choose_classes(list(modeller.CLASSES), source.classes, "the modeller"):
        drawn = [_model(name, seed, index) for index in range(count)]
        models += selection.take(name, {model.id: model for model in drawn}).values()
    selection.close("the modeller")
    return Catalog(tuple(models))


def _model(class_name: str, seed: int, index: int) -> Model:
    fingerprint = fingerprint_of(modeller.draw(class_name, seed, index))
    return Model(f"s{seed}n{index:04d}", class_name, fingerprint, drawn=(seed, index), front="-z")


def fingerprint_of(properties: modeller.Properties) -> str:
    """Changes when the properties, or what the modeller makes of them, change."""
    return digest({"version": modeller.VERSION, "properties": properties.model_dump(mode="json")})


def described(path: Path) -> modeller.Properties:
    """The properties in a YAML file, `class_name` among them. Raises `UserError` naming the file and the fault."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise UserError(f"{path} cannot be read as YAML: brackets within brackets, too deep") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path} must hold properties, such as 'class_name: chair'")
    try:
        return modeller.describe(values)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def write(model: Model, scratch: Path) -> Path:
    """Build a drawn or described model in the ShapeNetCore v2 layout below `scratch`; returns its OBJ file."""
    properties = modeller.draw(model.class_name, *model.drawn) if model.drawn else described(Path(str(model.file)))
    folder = scratch / model.class_name / model.id
    modeller.write(modeller.build(properties), folder)
    return folder / "models" / "model_normalized.obj"


def keypoints(path: Path) -> dict[str, list[float] | None]:
    """The keypoints that lie beside a model in the ShapeNetCore v2 layout, {} where there are none."""
    beside = path.parent.parent / "keypoints.json"
    if path.name != "model_normalized.obj" or not beside.is_file():
        return {}
    loaded: dict[str, list[float] | None] = json.loads(beside.read_text())
    return loaded
