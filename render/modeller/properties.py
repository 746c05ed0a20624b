"""The base of every class's typed description, and how its faults are said in one line.

The one idea: whoever says it, `draw`, a recipe or a hand-written dictionary, a model is a frozen set of
properties, and equal properties build equal models.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from infra.errors import UserError
from infra.settings import Settings
from render.modeller.materials import material


def _known_material(text: str) -> str:
    try:
        material(text)
    except UserError as error:
        raise ValueError(str(error)) from None
    return text


MaterialName = Annotated[str, AfterValidator(_known_material)]
"""`kind:colour`; see `render.modeller.materials`."""


def metres(default: float, low: float, high: float, what: str) -> Any:
    """A field in metres with its range in the description."""
    return Field(default, ge=low, le=high, description=f"{what}, metres, {low:g} to {high:g}")


def degrees(default: float, low: float, high: float, what: str) -> Any:
    """A field in degrees with its range in the description."""
    return Field(default, ge=low, le=high, description=f"{what}, degrees, {low:g} to {high:g}")


def count(default: int, low: int, high: int, what: str) -> Any:
    """A counting field with its range in the description."""
    return Field(default, ge=low, le=high, description=f"{what}, {low} to {high}")


def _near(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"; {hint}known: {', '.join(known)}"


class Properties(Settings):
    """What a model is made from. Values that are out of range, unknown or cannot go together raise
    `UserError`."""

    class_name: str = Field(description="what it is: chair, table, car")

    @model_validator(mode="wrap")
    @classmethod
    def _say_in_one_line(cls, data: Any, handler: ModelWrapValidatorHandler[Properties]) -> Properties:
        if isinstance(data, dict):
            data = {cls.also_called.get(name, name): value for name, value in data.items()}
            data = cls.usual(data) | data
        try:
            properties = handler(data)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(step) for step in first["loc"]) or "properties"
            subject = data.get("class_name", cls.model_fields["class_name"].default) if isinstance(data, dict) else cls
            more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
            known = _near(where, list(cls.model_fields)) if first["type"] == "extra_forbidden" else ""
            raise UserError(
                f"{subject}: {where} = {reprlib.repr(first['input'])}: "
                f"{first['msg'].removeprefix('Value error, ')}{known}{more}"
            ) from None
        properties.check()
        return properties

    also_called: ClassVar[Mapping[str, str]] = {}
    """Other names of properties that people write."""

    @classmethod
    def usual(cls, said: Mapping[str, Any]) -> dict[str, Any]:
        """What is usual for what was said, in place of the defaults; what was said stays."""
        return {}

    def check(self) -> None:
        """Raise `UserError` when properties that are fine alone cannot go together."""

    def twin(self, **changes: Any) -> Properties:
        """The same properties with some changed, checked again."""
        return type(self)(**(self.model_dump() | changes))

    def refuse(self, condition: bool, fault: str) -> None:
        """Raise `UserError` naming the class and the fault where the condition holds."""
        if condition:
            raise UserError(f"{self.class_name}: {fault}")
