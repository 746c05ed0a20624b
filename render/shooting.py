"""One model becomes pictures: its file is made or vetted, Blender is ordered, and a death of Blender is tried again.

No Ray and no shard here: previews and shards are shot alike.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from render import sources
from render.catalog import Model
from render.child import Blender, BlenderDied
from render.config import RenderConfig
from render.dataset import over_white
from render.pictures import Picture
from render.viewpoints import View, view_grid


def threads_of(config: RenderConfig) -> int:
    """Processors one Blender process uses."""
    return config.threads or min(2, len(os.sched_getaffinity(0)))


def shoot_with_retries(
    blender: Blender, model: Model, config: RenderConfig, views: list[View], scratch: Path
) -> Iterator[Picture]:
    """`shoot`, going on where it stopped when Blender died, `config.retries` times. Raises `ModelFailure`."""
    done: set[int] = set()
    for attempt in range(config.retries + 1):
        try:
            left = [view for view in views if view.index not in done]
            for picture in shoot(blender, model, config, left, scratch):
                done.add(picture.view.index)
                yield picture
            return
        except BlenderDied:
            if attempt == config.retries:
                raise


def shoot(blender: Blender, model: Model, config: RenderConfig, views: list[View], scratch: Path) -> Iterator[Picture]:
    """Render `views` of one model, framed for the whole grid of `config`. Raises `ModelFailure`."""
    staged = sources.materialise(model, scratch, config.limits)
    grid = view_grid(config.azimuths_deg, config.elevations)
    order = {
        "path": str(staged.path),
        "up": model.up,
        "front": model.front,
        "size": config.size,
        "samples": config.samples,
        "threads": threads_of(config),
        "border": config.border,
        "views": [[view.index, view.azimuth_deg, view.elevation_deg] for view in views],
        "grid": [[view.index, view.azimuth_deg, view.elevation_deg] for view in grid],
        "keypoints": staged.keypoints,
    }
    by_index = {view.index: view for view in views}
    known: dict[str, Any] = {}
    for header, pixels in blender.shoot(order, config.timeout_s):
        if "model" in header:
            known = {**header["model"], "mends": [*staged.notes, *header["model"].get("mends", [])]}
        elif "view" in header:
            straight = np.frombuffer(pixels, np.uint8).reshape(config.size, config.size, 4)
            yield Picture(by_index[header["view"]], over_white(straight), header["keypoints"], model=known)
