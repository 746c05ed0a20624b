"""Every choice that a description offers can be seen: rendered in a grid, beside the same model with another choice."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest

from infra.errors import UserError
from render import modeller
from render.catalog import Model
from render.modeller.writing import obj_text
from render.portraits import portraits
from render.viewpoints import View

VIEWS = (View(0, 325.0, 20.0), View(1, 160.0, 35.0))
SIZE, SAMPLES = 96, 4


def choices(class_name: str) -> dict[str, tuple[Any, ...]]:
    """Field -> its choices, for the fields that have a closed list of them."""
    fields = modeller.schema(class_name).model_fields.items()
    return {name: get_args(field.annotation) for name, field in fields if get_origin(field.annotation) is Literal}


def rows(class_name: str) -> list[tuple[str, list[modeller.Properties]]]:
    """For every choice of every field a drawn model that has it, and a twin with another choice that changes it."""
    drawn = [modeller.draw(class_name, 0, index) for index in range(400)]
    found = []
    for field, options in choices(class_name).items():
        for choice in options if len(options) > 1 else ():
            having = (model for model in drawn if getattr(model, field) == choice)
            pairs = ([model, twin] for model in having for twin in _twins(model, field, options))
            found.append((f"{field} {choice}", next(pair for pair in pairs if _differ(*pair))))
    return found


def _twins(model: modeller.Properties, field: str, options: tuple[Any, ...]) -> list[modeller.Properties]:
    made = []
    for other in options:
        with suppress(UserError):
            made += [model.twin(**{field: other})] if other != getattr(model, field) else []
    return made


def _differ(one: modeller.Properties, other: modeller.Properties) -> bool:
    """Whether two descriptions build different things; the foot of a pedestal means nothing to four legs."""
    return obj_text(modeller.build(one)) != obj_text(modeller.build(other))


@pytest.mark.long
@pytest.mark.parametrize("class_name", modeller.CLASSES)
def test_every_choice_can_be_seen(class_name: str, tmp_path: Path) -> None:
    grid = rows(class_name)
    models = []
    for number, properties in enumerate(properties for _, row in grid for properties in row):
        modeller.write(modeller.build(properties), tmp_path / str(number))
        file = tmp_path / str(number) / "models" / "model_normalized.obj"
        models.append(Model(str(number), class_name, "", file=str(file), front="-z"))
    pictures = (picture.astype(float) for picture in portraits(models, VIEWS, SIZE, SAMPLES))
    hidden = []
    for name, row in grid:
        one, other = (next(pictures) for _ in row)
        changed = int((np.abs(one - other).max(axis=-1) > 12).sum())
        if changed < 24:  # pixels in the two views: the least part that a choice changes is a headlamp
            hidden.append((name, changed))
    assert hidden == []
