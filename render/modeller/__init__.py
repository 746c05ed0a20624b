"""Parametric furniture with exact truth: `draw` properties, `build` them into a model, `write` it in
ShapeNet's layout.

The one idea: a class, a seed and an index name a model for ever; properties written by hand build the same
way. NumPy on vertices and faces only. To add a class: a module with its properties and a builder, one that
draws, and a line in `_classes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from infra.errors import UserError
from render.modeller.chair import ChairProperties, build_chair
from render.modeller.chair_drawing import draw_chair
from render.modeller.mesh import Model, Part
from render.modeller.properties import Properties
from render.modeller.table import TableProperties, build_table
from render.modeller.table_drawing import draw_table
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
    "write",
]


class _Class(NamedTuple):
    properties: type[Properties]
    draw: Callable[[int, int], Properties]
    build: Callable[[Any], Model]


_classes = {
    "chair": _Class(ChairProperties, draw_chair, build_chair),
    "table": _Class(TableProperties, draw_table, build_table),
}

CLASSES: tuple[str, ...] = tuple(_classes)
"""Classes that can be drawn."""

VERSION = 1
"""Raised when the same properties would give another mesh, so that datasets of older ones are rendered
anew."""

SYNSETS = {"chair": "03001627", "table": "04379243", "car": "02958343"}
"""ShapeNetCore's synset of every class."""


def draw(class_name: str, seed: int, index: int) -> Properties:
    """The properties of the model that (class, seed, index) names; `UserError` for an unknown class."""
    return _class(class_name).draw(seed, index)


def describe(values: Mapping[str, Any]) -> Properties:
    """Properties from a hand-written mapping with its `class_name`; `UserError`, one line, says what is
    wrong."""
    return _class(str(values.get("class_name", "?"))).properties(**values)


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
