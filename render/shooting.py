"""One model becomes pictures: its file is made or vetted, Blender is ordered, and a death of Blender is tried again.

No Ray and no shard here: previews and shards are shot alike.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from render import sources
from render.catalog import Model
from render.child import Blender, BlenderDied, BlenderKilled
from render.config import RenderConfig
from render.dataset import over_white
from render.pictures import Picture
from render.viewpoints import View, view_grid

KILLS_FORGIVEN = 4
"""A model whose Blender is killed from outside more often than this is left out after all, so that a job ends."""


def threads_of(config: RenderConfig) -> int:
    """Processors one Blender process uses."""
    return config.threads or min(2, len(os.sched_getaffinity(0)))


def shoot_with_retries(
    blender: Blender, model: Model, config: RenderConfig, views: list[View], scratch: Path
) -> Iterator[Picture]:
    """`shoot`, going on where it stopped when Blender died, `config.retries` times. Raises `ModelFailure`.

    A Blender that others killed is replaced without counting, up to `KILLS_FORGIVEN` times a model.
    """
    done: set[int] = set()
    deaths = kills = 0
    while True:
        try:
            left = [view for view in views if view.index not in done]
            for picture in shoot(blender, model, config, left, scratch):
                done.add(picture.view.index)
                yield picture
            return
        except BlenderKilled:
            kills += 1
            if kills > KILLS_FORGIVEN:
                raise
        except BlenderDied:
            deaths += 1
            if deaths > config.retries:
                raise


def shoot(blender: Blender, model: Model, config: RenderConfig, views: list[View], scratch: Path) -> Iterator[Picture]:
    """Render `views` of one model, framed for the whole grid of `config`. Raises `ModelFailure`."""
    path = sources.materialise(model, scratch, config.limits)
    grid = view_grid(config.azimuths_deg, config.elevations)
    order = {
        "path": str(path),
        "front": model.front,
        "size": config.size,
        "samples": config.samples,
        "threads": threads_of(config),
        "border": config.border,
        "views": [[view.index, view.azimuth_deg, view.elevation_deg] for view in views],
        "grid": [[view.index, view.azimuth_deg, view.elevation_deg] for view in grid],
        "keypoints": sources.keypoints(path),
    }
    by_index = {view.index: view for view in views}
    for header, pixels in blender.shoot(order, config.timeout_s):
        if "view" in header:
            straight = np.frombuffer(pixels, np.uint8).reshape(config.size, config.size, 4)
            yield Picture(by_index[header["view"]], over_white(straight), header["keypoints"])
