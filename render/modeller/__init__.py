"""Parametric furniture with exact truth: `draw` properties, `build` them into a model, `write` it in
ShapeNet's layout.

The one idea: a class, a seed and an index name a model for ever; properties written by hand build the same
way. NumPy on vertices and faces only. To add a class: a room with its properties, a builder and its kinds, and a
line in `_classes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from infra.errors import UserError
from render.modeller.cars.car import build_car
from render.modeller.cars.kinds import KINDS as CARS
from render.modeller.cars.properties import CarProperties
from render.modeller.chairs.chair import build_chair
from render.modeller.chairs.kinds import KINDS as CHAIRS
from render.modeller.chairs.properties import ChairProperties
from render.modeller.drawing import Kind, draw_properties
from render.modeller.mesh import Model, Part
from render.modeller.properties import Properties
from render.modeller.tables.kinds import KINDS as TABLES
from render.modeller.tables.properties import TableProperties
from render.modeller.tables.table import build_table
from render.modeller.writing import write_model

__all__ = [
    "CLASSES",
    "SYNSETS",
    "VERSION",
    "Model",
    "Part",
    "Properties",
    "build",
    "describe",
    "draw",
    "schema",
    "write",
]


class _Class(NamedTuple):
    properties: type[Properties]
    kinds: Mapping[str, Kind]
    build: Callable[[Any], Model]


_classes = {
    "chair": _Class(ChairProperties, CHAIRS, build_chair),
    "table": _Class(TableProperties, TABLES, build_table),
    "car": _Class(CarProperties, CARS, build_car),
}

CLASSES: tuple[str, ...] = tuple(_classes)
"""Classes that can be drawn."""

VERSION = 3
"""Raised when the same properties would give another mesh, so that datasets of older ones are rendered
anew."""

SYNSETS = {"chair": "03001627", "table": "04379243", "car": "02958343"}
"""ShapeNetCore's synset of every class."""


def draw(class_name: str, seed: int, index: int) -> Properties:
    """The properties of the model that (class, seed, index) names; `UserError` for an unknown class."""
    made = _class(class_name)
    return draw_properties(class_name, seed, index, made.kinds, made.properties)


def describe(values: Mapping[str, Any]) -> Properties:
    """Properties from a hand-written mapping with its `class_name`; `UserError`, one line, says what is
    wrong."""
    if "class_name" not in values:
        raise UserError(f"class_name is missing; write class_name: {', '.join(CLASSES[:-1])} or {CLASSES[-1]}")
    return _class(str(values["class_name"])).properties(**{str(name): value for name, value in values.items()})


def schema(class_name: str) -> type[Properties]:
    """The typed description of a class; `UserError` for an unknown one."""
    return _class(class_name).properties


def build(properties: Properties) -> Model:
    """The model, in metres, that the properties describe."""
    return _class(properties.class_name).build(properties)


def write(model: Model, folder: str | Path) -> None:
    """Write a model as `<folder>/models/model_normalized.obj` and its truth beside it; see
    `writing.write_model`."""
    write_model(model, Path(folder))


def _class(name: str) -> _Class:
    if name not in _classes:
        raise UserError(f"class_name '{name}': the modeller builds {', '.join(CLASSES)}")
    return _classes[name]
