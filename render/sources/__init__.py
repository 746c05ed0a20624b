"""Where models come from: one module a source, all ending in the same catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from infra.errors import UserError
from render.catalog import Catalog, Model
from render.config import LimitsConfig, RenderConfig, SourceConfig
from render.pictures import Picture
from render.sources import folder, parametric


def catalog(source: SourceConfig, seed: int) -> Catalog:
    """The models of a source. Raises `UserError` when there are none."""
    if source.kind == "folder":
        return folder.catalog(source)
    return parametric.catalog(source, seed)


def materialise(model: Model, scratch: Path, limits: LimitsConfig) -> Path:
    """The file to render, made in `scratch` where it does not exist yet. Raises `ModelFailure` when it must not be."""
    if model.file is not None and not model.file.lower().endswith(".yaml"):
        return Path(model.file)
    return parametric.write(model, scratch)


def photographs(model: Model, config: RenderConfig) -> Iterator[Picture]:
    """The pictures of a model that is a folder of them. Raises `ModelFailure`."""
    raise UserError(f"{model.class_name}/{model.id} is a folder of pictures, which no source takes")


def keypoints(path: Path) -> dict[str, list[float] | None]:
    """Named 3D keypoints [x, y, z] in the frame of the model file; None where a model lacks one; {} if unknown."""
    return parametric.keypoints(path)
