"""Pictures of small files for the tests of Blender's side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from render.catalog import Model
from render.child import Blender
from render.config import RenderConfig
from render.pictures import Picture
from render.shooting import shoot
from render.viewpoints import View, view_grid


def shots(
    blender: Blender, path: Path, config: RenderConfig, views: list[View] | None = None, **model: Any
) -> list[Picture]:
    """Pictures of a file, all of the grid if no views are named; `model` holds fields of `Model` such as `up`."""
    views = views if views is not None else view_grid(config.azimuths_deg, config.elevations)
    made = Model("m", "c", "f", file=str(path), **model)
    return list(shoot(blender, made, config, views, path.parent))
