"""The unit of work: the models of one shard become a tar, rows and failures. No Ray here; the job spreads it."""

from __future__ import annotations

import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from infra.errors import UserError
from infra.settings import Settings, digest
from infra.storage import Storage, room_in
from infra.storage.folder import FULL
from render import records, sources
from render.catalog import Model, ShardPlan
from render.child import COMMAND, Blender, ModelFailure, scratch_folder
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
    device: str = Field("cpu", description="what Cycles computed on")


def shard_digest(plan: ShardPlan, config: RenderConfig) -> str:
    """Digest over all that a shard's bytes follow from."""
    settings = config.picture_settings()
    seen = ("size", "azimuths", "elevations", "samples", "denoise", "border", "framing", "passes")
    look = {key: settings[key] for key in seen}
    models = [[style, model.class_name, model.id, model.fingerprint] for style, model in plan.models]
    return digest({"look": LOOK, "settings": look, "models": models})


@dataclass(frozen=True)
class Count:
    """How far a shard is: views done and in all, models done and failed, seconds since its start."""

    views: int
    expected: int
    models: int
    failed: int
    seconds: float


def render_shard(
    plan: ShardPlan,
    config: RenderConfig,
    storage: Storage,
    progress: Callable[[Count], None],
    command: Sequence[str] = COMMAND,
) -> ShardPart:
    """Render a shard's models and store `shards/<name>.tar`, then `parts/<name>.json`.

    `progress` is told the counts so far. A model that fails is left out, with a row saying why. `command` starts the
    child process. Raises `StorageError` when the storage refuses or a disk is full.
    """
    start = time.monotonic()
    rows: list[dict[str, Any]] = []
    models: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    views = view_grid(config.azimuths_deg, config.elevations)
    name = f"{plan.name}.tar"

    def tell(more: int = 0) -> None:
        left = plan.models[len(models) + len(failures) :]
        expected = len(rows) + max(more, sum(expected_views(model, config) for _, model in left))
        progress(Count(len(rows) + more, expected, len(models), len(failures), time.monotonic() - start))

    with (
        room_in(Path(tempfile.gettempdir())),
        scratch_folder("shard") as scratch,
        Blender(config.memory_gb, config.recycle_models, command) as blender,
    ):
        tar = Path(scratch) / name
        with ShardWriter(tar, name) as writer:
            for style, model in plan.models:
                shot = _pictures(blender, model, config, views, Path(scratch))
                try:
                    pictures = list(_counted(shot, tell))
                except UserError:
                    raise
                except Exception as error:
                    _blame_the_disk(error, [Path(scratch), Path("/dev/shm")], config.size)
                    failures.append(_failure(model, error))
                    tell()
                    continue
                # A model enters the shard whole or not at all.
                rows += [_write(writer, model, style, picture, config, name) for picture in pictures]
                models.append(records.model_row(model, style, pictures))
                tell()
        storage.put(tar, f"shards/{name}")
        part = ShardPart(
            inputs_digest=shard_digest(plan, config),
            shard=writer.shard,
            rows=rows,
            models=models,
            failures=failures,
            blender=blender.version,
            device=config.device,
        )
    storage.write_bytes(part_name(plan), part.model_dump_json().encode())
    return part


def count_of(part: ShardPart) -> Count:
    """The counts of a finished shard."""
    return Count(part.shard.samples, part.shard.samples, len(part.models), len(part.failures), 0.0)


def expected_views(model: Model, config: RenderConfig) -> int:
    """Pictures that a model will have: its photographs, or the grid's."""
    return model.views or len(config.azimuths_deg) * len(config.elevations)


def part_name(plan: ShardPlan) -> str:
    """Where a shard's part lies."""
    return f"parts/{plan.name}.json"


def finished_part(plan: ShardPlan, config: RenderConfig, storage: Storage) -> ShardPart | None:
    """The part of a shard that is there and was made from the same, or None."""
    try:
        part = ShardPart.model_validate_json(storage.read_bytes(part_name(plan)))
    except (FileNotFoundError, ValidationError):
        return None
    whole = part.inputs_digest == shard_digest(plan, config) and storage.exists(f"shards/{part.shard.name}")
    return part if whole else None


def _counted(pictures: Iterator[Picture], tell: Callable[[int], None]) -> Iterator[Picture]:
    for done, picture in enumerate(pictures, start=1):
        if done % 16 == 0:
            tell(done)
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


def _blame_the_disk(error: Exception, scratch: list[Path], size: int) -> None:
    """Raise the error on, or a `StorageError`, where a full disk was at fault and not the model."""
    if isinstance(error, OSError) and error.errno in FULL:
        raise error
    # Blender hands its pictures over by files in memory, and says no more than that a picture is missing.
    for folder in filter(Path.is_dir, scratch):
        with room_in(folder):
            if shutil.disk_usage(folder).free < max(1 << 20, 16 * size * size):
                raise OSError(FULL[0], "no space left", str(folder)) from error


def _failure(model: Model, error: Exception) -> dict[str, Any]:
    """A model's row of failures.parquet."""
    if not isinstance(error, ModelFailure):
        log = "".join(traceback.format_exception(error))[-4000:]
        error = ModelFailure(f"{type(error).__name__}: {error}", log)
    return {
        "model": model.id,
        "class_name": model.class_name,
        "file": model.file or "",
        "reason": error.reason,
        "log": error.log,
    }
