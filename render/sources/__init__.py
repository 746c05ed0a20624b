"""Where models come from: one module a source, all ending in the same catalogue."""

from __future__ import annotations

from pathlib import Path

from render.catalog import Catalog, Model
from render.config import SourceConfig
from render.sources import folder, parametric


def catalog(source: SourceConfig, seed: int) -> Catalog:
    """The models of a source. Raises `UserError` when there are none."""
    if source.kind == "folder":
        return folder.catalog(source)
    return parametric.catalog(source, seed)


def materialise(model: Model, scratch: Path) -> Path:
    """The file to render, made in `scratch` where it does not exist yet."""
    if model.file is not None and not model.file.lower().endswith(".yaml"):
        return Path(model.file)
    return parametric.write(model, scratch)


def keypoints(path: Path) -> dict[str, list[float] | None]:
    """Named 3D keypoints [x, y, z] in the frame of the model file; None where a model lacks one; {} if unknown."""
    return parametric.keypoints(path)
