"""The unit of work: the models of one shard become a tar, rows and failures. No Ray here; the job spreads it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from infra.settings import Settings, digest
from infra.storage import Storage
from render import sources
from render.catalog import Model, ShardPlan
from render.child import Blender, BlenderDied, ModelFailure
from render.config import RenderConfig
from render.dataset import Shard, over_white
from render.shards import ShardWriter
from render.viewpoints import View, intrinsics, project, view_grid, world_to_camera

LOOK = 1
"""Raised when light, materials or framing change what a model looks like: old shards are then made anew."""


class ShardPart(Settings):
    """What one shard was made from and what it holds; kept beside the shards so that only what changed is redone."""

    inputs_digest: str
    shard: Shard
    rows: list[dict[str, Any]] = Field(description="rows of views.parquet")
    failures: list[dict[str, Any]] = Field(description="rows of failures.parquet")
    blender: str


@dataclass(frozen=True)
class Picture:
    """One rendered view: uint8 [H, W, 4] RGB over white with soft mask, and the world points of its keypoints."""

    view: View
    pixels: NDArray[np.uint8]
    keypoints: dict[str, tuple[float, float, float, bool]]


def shard_digest(plan: ShardPlan, config: RenderConfig) -> str:
    """Digest over all that a shard's bytes follow from."""
    settings = config.picture_settings()
    look = {key: settings[key] for key in ("size", "azimuths", "elevations", "samples", "border")}
    models = [[style, model.class_name, model.id, model.fingerprint] for style, model in plan.models]
    return digest({"look": LOOK, "settings": look, "models": models})


def threads_of(config: RenderConfig) -> int:
    """Processors one Blender process uses."""
    return config.threads or min(2, len(os.sched_getaffinity(0)))


def render_shard(
    plan: ShardPlan, config: RenderConfig, storage: Storage, progress: Callable[[int, int], None]
) -> ShardPart:
    """Render a shard's models and store `shards/<name>.tar`, then `parts/<name>.json`.

    `progress(views, failed models)` is told the counts so far. A model that fails is left out, with a row saying why.
    """
    rows: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    views = view_grid(config.azimuths_deg, config.elevations)
    name = f"{plan.name}.tar"
    with tempfile.TemporaryDirectory(prefix="turnery-") as scratch, Blender() as blender:
        tar = Path(scratch) / name
        with ShardWriter(tar, name) as writer:
            for style, model in plan.models:
                shot = _with_retries(blender, model, config, views, Path(scratch))
                try:
                    pictures = list(_counted(shot, len(rows), lambda views: progress(views, len(failures))))
                except ModelFailure as failure:
                    failures.append(_failure(model, failure))
                    progress(len(rows), len(failures))
                    continue
                # A model enters the shard whole or not at all.
                rows += [_write(writer, model, style, picture, config.size, name) for picture in pictures]
                progress(len(rows), len(failures))
        storage.put(tar, f"shards/{name}")
        part = ShardPart(
            inputs_digest=shard_digest(plan, config),
            shard=writer.shard,
            rows=rows,
            failures=failures,
            blender=blender.version,
        )
    storage.write_bytes(f"parts/{plan.name}.json", part.model_dump_json().encode())
    return part


def shoot(blender: Blender, model: Model, config: RenderConfig, views: list[View], scratch: Path) -> Iterator[Picture]:
    """Render `views` of one model, framed for the whole grid of `config`. Raises `ModelFailure`."""
    path = sources.materialise(model, scratch)
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


def _counted(pictures: Iterator[Picture], first: int, tell: Callable[[int], None]) -> Iterator[Picture]:
    for done, picture in enumerate(pictures, start=1):
        if done % 16 == 0:
            tell(first + done)
        yield picture


def _with_retries(
    blender: Blender, model: Model, config: RenderConfig, views: list[View], scratch: Path
) -> Iterator[Picture]:
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


def _write(writer: ShardWriter, model: Model, style: int, picture: Picture, size: int, shard: str) -> dict[str, Any]:
    view = picture.view
    key = f"{model.class_name}_{model.id}_v{view.index:03d}"
    keypoints = []
    for name, (x, y, z, visible) in picture.keypoints.items():
        (pixel,), _ = project(np.array([[x, y, z]]), size, view.azimuth_deg, view.elevation_deg)
        keypoints.append({"name": name, "x": round(pixel[0], 3), "y": round(pixel[1], 3), "visible": visible})
    facts = {
        "model": model.id,
        "class": model.class_name,
        "style": style,
        "view": view.index,
        "azimuth_deg": view.azimuth_deg,
        "elevation_deg": view.elevation_deg,
        "K": intrinsics(size).tolist(),
        "world_to_camera": world_to_camera(view.azimuth_deg, view.elevation_deg).round(9).tolist(),
        "keypoints": {point["name"]: [point["x"], point["y"], point["visible"]] for point in keypoints},
    }
    writer.add(key, picture.pixels, facts)
    return {
        "key": key,
        "shard": shard,
        "model": model.id,
        "class_name": model.class_name,
        "style": style,
        "view": view.index,
        "azimuth_deg": view.azimuth_deg,
        "elevation_deg": view.elevation_deg,
        "coverage": round(float(picture.pixels[..., 3].mean()) / 255, 6),
        "keypoints": keypoints,
    }


def _failure(model: Model, failure: ModelFailure) -> dict[str, Any]:
    return {
        "model": model.id,
        "class_name": model.class_name,
        "file": model.file or "",
        "reason": failure.reason,
        "log": failure.log,
    }
