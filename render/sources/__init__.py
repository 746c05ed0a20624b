"""Where models come from: one module a source, all ending in the same catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from infra.errors import UserError
from infra.settings import digest
from render import vetting
from render.catalog import Catalog, Model
from render.config import LimitsConfig, RenderConfig, SourceConfig
from render.pictures import Picture
from render.sources import aubry, folder, parametric, shapenet, sweethome3d
from render.vetting import archives
from render.vetting.files import Staged


def catalog(source: SourceConfig, seed: int) -> Catalog:
    """The models of a source. Raises `UserError` when there are none."""
    match source.kind:
        case "parametric":
            found = parametric.catalog(source, seed)
        case "folder":
            found = folder.catalog(source)
        case "shapenet":
            found = shapenet.catalog(source)
        case "sweethome3d":
            found = sweethome3d.catalog(source)
        case "aubry":
            found = aubry.catalog(source)
    return Catalog(tuple(_turned(model, source) for model in found.models))


def materialise(model: Model, scratch: Path, limits: LimitsConfig) -> Staged:
    """The file to render, vetted, and made or staged below `scratch` where need be.

    Raises `ModelFailure` in one line when it must not be rendered.
    """
    if model.file is None or model.file.lower().endswith(".yaml"):
        path = parametric.write(model, scratch)
        return Staged(path, keypoints=parametric.keypoints(path))
    path, root = Path(model.file), None if model.root is None else Path(model.root)
    folder = scratch / model.class_name / model.id
    if model.member is not None:
        root = folder / "archive" / model.within
        path = archives.unpack(path, model.member, model.within, folder / "archive", limits)
        root = root if path.is_relative_to(root) else path.parent
    staged = vetting.stage(path, folder / "staged", limits, root, model.rotation)
    return replace(staged, keypoints=_given(model) or shapenet.keypoints(path))


def photographs(model: Model, config: RenderConfig) -> Iterator[Picture]:
    """The pictures of a model that is a folder of them. Raises `ModelFailure`."""
    return aubry.photographs(model, config)


def _given(model: Model) -> dict[str, list[float] | None]:
    """Keypoints that the catalogue gives a model."""
    return {name: list(place) for name, place in model.keypoints}


def _turned(model: Model, source: SourceConfig) -> Model:
    """A model that stands as the recipe says, where it says so; what it then looks like is another content."""
    up, front = source.up or model.up, source.front or model.front
    if (up, front) == (model.up, model.front):
        return model
    if up[1] == front[1]:
        raise UserError(f"up {up} and front {front} must be different axes: give both --render.source.up and .front")
    return replace(model, up=up, front=front, fingerprint=digest([model.fingerprint, up, front]))
