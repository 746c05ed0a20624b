"""One model becomes pictures: its file is made or vetted, Blender is ordered, and a death of Blender is tried again.

No Ray and no shard here: previews and shards are shot alike.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from render import sources
from render.catalog import Model
from render.child import Blender, BlenderDied, BlenderKilled
from render.config import RenderConfig
from render.dataset import over_white
from render.layers import from_bytes
from render.pictures import Picture
from render.vetting.files import Staged
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
    staged = sources.materialise(model, scratch, config.limits)
    for picture in ordered(blender, order_of(staged, model, config, views), config.timeout_s):
        mends = [*staged.notes, *picture.model.get("mends", [])]
        yield replace(picture, model={**picture.model, "mends": mends})


def order_of(staged: Staged, model: Model, config: RenderConfig, views: list[View]) -> dict[str, Any]:
    """What Blender is told (see `render.blender.turntable.shoot`) to render `views` of a model that was staged."""
    grid = view_grid(config.azimuths_deg, config.elevations)
    return {
        "path": str(staged.path),
        "up": model.up,
        "front": model.front,
        "size": config.size,
        "samples": config.samples,
        "denoise": config.denoise,
        "threads": threads_of(config),
        "device": config.device,
        "border": config.border,
        "framing": config.framing,
        "passes": list(config.passes),
        "views": [[view.index, view.azimuth_deg, view.elevation_deg] for view in views],
        "grid": [[view.index, view.azimuth_deg, view.elevation_deg] for view in grid],
        "keypoints": staged.keypoints,
    }


def ordered(blender: Blender, order: dict[str, Any], timeout_s: float) -> Iterator[Picture]:
    """The pictures that an order asks for. Raises `ModelFailure`."""
    size, known = int(order["size"]), {}
    for header, data in blender.shoot(order, timeout_s):
        if "model" in header:
            known = header["model"]
            continue
        view = next(View(*view) for view in order["views"] if view[0] == header["view"])
        straight = np.frombuffer(data, np.uint8, 4 * size**2).reshape(size, size, 4)
        layers = from_bytes(data[straight.nbytes :], header["layers"], size)
        yield Picture(view, over_white(straight), header["keypoints"], layers, known)
