"""The unit of work: the models of one shard become a tar, rows and failures. No Ray here; the job spreads it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import Field

from infra.settings import Settings, digest
from infra.storage import Storage
from render import records, sources
from render.catalog import Model, ShardPlan
from render.child import Blender, ModelFailure
from render.config import RenderConfig
from render.dataset import Shard
from render.pictures import Picture
from render.shards import ShardWriter
from render.shooting import shoot_with_retries
from render.viewpoints import View, view_grid

LOOK = 3
"""Raised when light, materials or framing change what a model looks like: old shards are then made anew."""


class ShardPart(Settings):
    """What one shard was made from and what it holds; kept beside the shards so that only what changed is redone."""

    inputs_digest: str
    shard: Shard
    rows: list[dict[str, Any]] = Field(description="rows of views.parquet")
    models: list[dict[str, Any]] = Field(description="rows of models.parquet")
    failures: list[dict[str, Any]] = Field(description="rows of failures.parquet")
    blender: str


def shard_digest(plan: ShardPlan, config: RenderConfig) -> str:
    """Digest over all that a shard's bytes follow from."""
    settings = config.picture_settings()
    seen = ("size", "azimuths", "elevations", "samples", "denoise", "border", "framing", "passes", "device")
    look = {key: settings[key] for key in seen}
    models = [[style, model.class_name, model.id, model.fingerprint] for style, model in plan.models]
    return digest({"look": LOOK, "settings": look, "models": models})


def render_shard(
    plan: ShardPlan, config: RenderConfig, storage: Storage, progress: Callable[[int, int], None]
) -> ShardPart:
    """Render a shard's models and store `shards/<name>.tar`, then `parts/<name>.json`.

    `progress(views, failed models)` is told the counts so far. A model that fails is left out, with a row saying why.
    """
    rows: list[dict[str, Any]] = []
    models: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    views = view_grid(config.azimuths_deg, config.elevations)
    name = f"{plan.name}.tar"
    with tempfile.TemporaryDirectory(prefix="turnery-") as scratch, Blender() as blender:
        tar = Path(scratch) / name
        with ShardWriter(tar, name) as writer:
            for style, model in plan.models:
                shot = _pictures(blender, model, config, views, Path(scratch))
                try:
                    pictures = list(_counted(shot, len(rows), lambda views: progress(views, len(failures))))
                except ModelFailure as failure:
                    failures.append(_failure(model, failure))
                    progress(len(rows), len(failures))
                    continue
                # A model enters the shard whole or not at all.
                rows += [_write(writer, model, style, picture, config, name) for picture in pictures]
                models.append(records.model_row(model, style, pictures))
                progress(len(rows), len(failures))
        storage.put(tar, f"shards/{name}")
        part = ShardPart(
            inputs_digest=shard_digest(plan, config),
            shard=writer.shard,
            rows=rows,
            models=models,
            failures=failures,
            blender=blender.version,
        )
    storage.write_bytes(f"parts/{plan.name}.json", part.model_dump_json().encode())
    return part


def _counted(pictures: Iterator[Picture], first: int, tell: Callable[[int], None]) -> Iterator[Picture]:
    for done, picture in enumerate(pictures, start=1):
        if done % 16 == 0:
            tell(first + done)
        yield picture


def _pictures(
    blender: Blender, model: Model, config: RenderConfig, views: list[View], scratch: Path
) -> Iterator[Picture]:
    """The pictures of a model, shot or taken from its photographs."""
    if model.photos:
        return sources.photographs(model, config)
    return shoot_with_retries(blender, model, config, views, scratch)


def _write(
    writer: ShardWriter, model: Model, style: int, picture: Picture, config: RenderConfig, shard: str
) -> dict[str, Any]:
    facts = records.facts(model, style, picture, config.size)
    writer.add(records.key_of(model, picture), picture.pixels, facts, picture.layers)
    return records.row(model, style, picture, config.size, shard)


def _failure(model: Model, failure: ModelFailure) -> dict[str, Any]:
    return {
        "model": model.id,
        "class_name": model.class_name,
        "file": model.file or "",
        "reason": failure.reason,
        "log": failure.log,
    }
