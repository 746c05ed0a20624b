"""Models that Turnery makes itself: a class, the recipe's seed and an index give a model, for ever the same.

The one idea: a twin, the same model with one thing changed, carries its model's id and the change in its own, so that
families can be read off a dataset.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from infra.errors import UserError
from infra.settings import digest
from render import modeller
from render.catalog import Catalog, Model, choose_classes
from render.config import SourceConfig
from render.sources.selection import Selection, plain

MODELS_PER_CLASS = 12


def catalog(source: SourceConfig, seed: int) -> Catalog:
    """`models_per_class` drawn models of each class, and after each class's models their twins.

    A twin that cannot be (arms without a back), or that changes nothing, is left out. Raises `UserError` for a change
    that no model of the class takes.
    """
    count = source.models_per_class or MODELS_PER_CLASS
    selection = Selection(source)
    models: list[Model] = []
    classes = choose_classes(list(modeller.CLASSES), source.classes, "the modeller")
    strange = next((name for name in source.twins if name not in classes), None)
    if strange is not None:
        raise UserError(f"render.source.twins names class '{strange}', which is not drawn; {', '.join(classes)} are")
    for name in classes:
        drawn = [_model(name, seed, index) for index in range(count)]
        taken = list(selection.take(name, {model.id: model for model in drawn}).values())
        models += taken
        for changes in source.twins.get(name, ()):
            models += _twins(taken, changes)
    selection.close("the modeller")
    return Catalog(tuple(models))


def _model(class_name: str, seed: int, index: int) -> Model:
    fingerprint = fingerprint_of(modeller.draw(class_name, seed, index))
    return Model(f"s{seed}n{index:04d}", class_name, fingerprint, drawn=(seed, index), front="-z")


def _twins(models: Sequence[Model], changes: Mapping[str, Any]) -> list[Model]:
    """The twins that differ from their models, in the models' order."""
    twins = []
    refused: UserError | None = None
    possible = 0
    for model in models:
        assert model.drawn is not None
        try:
            properties = modeller.draw(model.class_name, *model.drawn).twin(**changes)
        except UserError as error:
            refused = error
            continue
        possible += 1
        fingerprint = fingerprint_of(properties)
        if fingerprint != model.fingerprint:
            change = "-".join(plain(f"{name}-{value}") for name, value in changes.items())
            twin = Model(
                f"{model.id}-{change}", model.class_name, fingerprint,
                drawn=model.drawn, changes=tuple(changes.items()), front="-z",
            )  # fmt: skip
            twins.append(twin)
    if refused is not None and not possible:
        raise UserError(f"render.source.twins: no model drawn can have this changed: {refused}")
    return twins


def families(class_name: str, ids: Sequence[str]) -> dict[str, dict[str, dict[str, str]]]:
    """Which of a class's models are twins: property -> drawn model's id -> value of the property -> id.

    The drawn model stands under the value it was drawn with. Ids that are not of drawn models or twins are passed over.
    """
    found: dict[str, dict[str, dict[str, str]]] = {}
    properties = modeller.schema(class_name)
    for name in ids:
        match = _TWIN.fullmatch(name)
        if match is None:
            continue
        known = properties.also_called.get(match["property"], match["property"])
        if known not in properties.model_fields:
            continue
        own = modeller.draw(class_name, int(match["seed"]), int(match["index"]))
        family = found.setdefault(known, {}).setdefault(match["drawn"], {})
        family[plain(str(getattr(own, known)))] = match["drawn"]
        family[match["value"]] = name
    return found


_TWIN = re.compile(r"(?P<drawn>s(?P<seed>\d+)n(?P<index>\d+))-(?P<property>[a-z_]+)-(?P<value>.+)")


def built(class_name: str, model_id: str) -> modeller.Model:
    """The model that a dataset calls `model_id`, drawn or a twin. Raises `UserError` for any other."""
    match = _DRAWN.fullmatch(model_id)
    if match is None:
        raise UserError(
            f"'{model_id}' of class '{class_name}' is no model of our own (those are called s0n0003 or "
            "s0n0003-arms-none), so the truth of its surface is not known"
        )
    drawn = modeller.draw(class_name, int(match["seed"]), int(match["index"]))
    if not match["changes"]:
        return modeller.build(drawn)
    for changes in _read_changes(match["changes"].split("-"), type(drawn)):
        with suppress(UserError):
            return modeller.build(drawn.twin(**changes))
    raise UserError(f"'{model_id}' is no twin that a {class_name} can have: '{match['changes']}' is not understood")


_DRAWN = re.compile(r"s(?P<seed>\d+)n(?P<index>\d{4,})(?:-(?P<changes>.+))?")


def _read_changes(words: list[str], schema: type[modeller.Properties]) -> Iterator[dict[str, str]]:
    """The changes that a twin's id can mean: properties and values lost dots and colons, and are joined by dashes."""
    if not words:
        yield {}
        return
    if words[0] not in schema.model_fields and words[0] not in schema.also_called:
        return
    for end in range(2, len(words) + 1):
        value = "-".join(words[1:end])
        for rest in _read_changes(words[end:], schema):
            kind, _, colour = value.partition("-")
            for meant in (value, f"{kind}:{colour}", f"{kind}:#{colour}", re.sub(r"(?<=\d)-", ".", value)):
                yield {words[0]: meant, **rest}


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
    if model.changes:
        properties = properties.twin(**dict(model.changes))
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
