"""The catalogue: every model that will be rendered, in an order that follows from the source alone.

The one idea: a model's style index and its shard follow from the catalogue, never from who rendered it or when.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from infra.errors import UserError
from infra.settings import digest
from render.config import Axis


@dataclass(frozen=True)
class Model:
    """One 3D model of a catalogue."""

    id: str
    """Unique in its class; letters, digits, '-' and '_'."""
    class_name: str
    fingerprint: str
    """Changes when the model's content changes."""
    file: str | None = None
    """Path of a model file, of an archive with it, or of a folder of photographs; None for a drawn model."""
    drawn: tuple[int, int] | None = None
    """Seed and index of a parametric model."""
    changes: tuple[tuple[str, Any], ...] = ()
    """Properties that tell a twin from the model that was drawn, by name and value."""
    member: str | None = None
    """Name of the model file inside the archive `file`."""
    photos: bool = False
    """Whether `file` is a folder of pictures that are taken as they are."""
    views: int | None = None
    """How many pictures that folder holds; None for a model that is rendered."""
    rotation: tuple[float, ...] | None = None
    """3x3, row by row: turns the file's coordinates (x right, y up) upright; None where they are."""
    within: str = ""
    """Start of the names in the archive that belong to the model, such as 'chairs/a/'; '' for all."""
    root: str | None = None
    """Folder that nothing a model file names may lie outside of; default its own."""
    up: Axis = "+y"
    """Axis that points up in the file."""
    front: Axis = "+z"
    """Where the front looks in the file: +z in glTF, -z in ShapeNet."""
    creator: str = ""
    licence: str = ""
    keypoints: tuple[tuple[str, tuple[float, float, float]], ...] = ()
    """Names and places in the file's coordinates, where another file than the model's own gives them."""


@dataclass(frozen=True)
class ShardPlan:
    """What goes into one shard: its name and its models with their style indices."""

    name: str
    models: tuple[tuple[int, Model], ...]


@dataclass(frozen=True)
class Catalog:
    """All models, class by class."""

    models: tuple[Model, ...]

    def __post_init__(self) -> None:
        names = [(model.class_name, model.id) for model in self.models]
        twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
        if twice:
            raise UserError(
                f"two models of class '{twice[0]}' have the same name '{twice[1]}'; rename one of the files"
            )
        if not self.models:
            raise UserError("the source holds no models")

    @property
    def classes(self) -> list[str]:
        """Class names in the catalogue's order."""
        return list(dict.fromkeys(model.class_name for model in self.models))

    def digest(self) -> str:
        """Digest over ids, classes and contents; where files lie does not count; changes and keypoints are in
        fingerprints."""
        where = {"file", "root", "changes", "keypoints"}
        rows = [{key: value for key, value in asdict(model).items() if key not in where} for model in self.models]
        return digest(rows)

    def shards(self, models_per_shard: int) -> list[ShardPlan]:
        """`<class>-000000`, `<class>-000001`, ...: each class cut into runs of `models_per_shard`."""
        plans = []
        for class_name, group in groupby(enumerate(self.models), key=lambda pair: pair[1].class_name):
            members = list(group)
            for number, start in enumerate(range(0, len(members), models_per_shard)):
                plans.append(ShardPlan(f"{class_name}-{number:06d}", tuple(members[start : start + models_per_shard])))
        return plans


def file_fingerprint(path: Path) -> str:
    """SHA-256 of a file's bytes; of what cannot be read, a word that says so (its rendering will say why)."""
    try:
        if not path.is_file():
            return "no regular file"  # a pipe would be waited on for ever
        with open(path, "rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError:
        return "unreadable"


def choose_classes(found: Sequence[str], wanted: Sequence[str], where: str) -> list[str]:
    """The wanted classes in the wanted order, or all found. Raises `UserError` on one that is not there."""
    missing = [name for name in wanted if name not in found]
    if missing:
        raise UserError(f"{where} has no class '{missing[0]}'; it has {', '.join(found)}")
    return list(wanted) or list(found)
