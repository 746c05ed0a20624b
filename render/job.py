"""Rendering over a cluster: one Ray task a shard. The only module of this floor that speaks to Ray."""

from __future__ import annotations

import io
import json
import time
from importlib.metadata import version
from typing import Any

import cv2
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import ray
from pydantic import ValidationError

from infra.cluster import Tally
from infra.errors import UserError
from infra.progress import Progress, console
from infra.settings import digest, flatten
from infra.storage import Storage
from infra.tracking import Run
from render import preview
from render.catalog import Catalog, ShardPlan
from render.config import RenderConfig
from render.dataset import (
    FAILURE_SCHEMA,
    FAILURES,
    MANIFEST,
    MODEL_SCHEMA,
    MODELS,
    SCHEMA_VERSION,
    VIEW_SCHEMA,
    VIEWS,
    Dataset,
    Manifest,
    Style,
    dataset_digest,
    read_manifest,
)
from render.shooting import threads_of
from render.turntables import ShardPart, render_shard, shard_digest

WORKER_DEATHS = 8
"""A shard whose worker or node died is rendered again this often; such deaths are not counted against a model."""


def inputs_digest(config: RenderConfig, catalog: Catalog) -> str:
    """Digest over all that the dataset follows from: the shards in their order."""
    return digest([[plan.name, shard_digest(plan, config)] for plan in catalog.shards(config.models_per_shard)])


def finished_dataset(config: RenderConfig, *, catalog: Catalog, storage: Storage) -> Manifest | None:
    """The manifest of a finished dataset of these settings and models, or None; needs no Ray."""
    have = read_manifest(storage)
    return have if have is not None and have.inputs_digest == inputs_digest(config, catalog) else None


def render_dataset(config: RenderConfig, *, catalog: Catalog, storage: Storage, run: Run) -> Manifest:
    """Render what is missing below `storage` on the Ray that is connected, and return the manifest.

    Raises `UserError` when more models failed than `config.failures_allowed` lets pass.
    """
    have = finished_dataset(config, catalog=catalog, storage=storage)
    if have is not None:
        return have
    run.params(flatten({"render": config.model_dump(mode="json")}))
    start = time.monotonic()
    # From here to the new manifest there is no finished dataset, whatever happens in between.
    storage.delete(MANIFEST)
    plans = catalog.shards(config.models_per_shard)
    parts = _render_missing(plans, config, storage)
    manifest = _finish(config, catalog, [parts[plan.name] for plan in plans], storage)
    log_dataset(run, manifest, storage)
    run.metrics({"render/seconds": time.monotonic() - start})
    for name in (storage / "preview").list(".png"):
        run.artifact((storage / "preview").fetch(name), "preview")
    return manifest


def log_dataset(run: Run, manifest: Manifest, storage: Storage) -> None:
    """Log a dataset as a run's input, and its numbers."""
    profile = {"views": manifest.views, "models": len(manifest.styles), "classes": manifest.classes}
    run.dataset("-".join(manifest.classes), manifest.digest, storage.url, profile)
    numbers = {
        "render/models": len(manifest.styles),
        "render/views": manifest.views,
        "render/failed_models": manifest.failed_models,
        "render/shard_bytes": sum(shard.bytes for shard in manifest.shards),
    }
    run.metrics(numbers)


def _render_missing(plans: list[ShardPlan], config: RenderConfig, storage: Storage) -> dict[str, ShardPart]:
    parts = {plan.name: part for plan in plans if (part := _finished_part(plan, config, storage)) is not None}
    views_each = len(config.azimuths_deg) * len(config.elevations)
    models = sum(len(plan.models) for plan in plans)
    total = sum(model.views or views_each for plan in plans for _, model in plan.models)
    tally = Tally()
    task = ray.remote(num_cpus=threads_of(config), max_retries=WORKER_DEATHS)(_render_task)
    running = {task.remote(plan, config, storage, tally): plan.name for plan in plans if plan.name not in parts}
    there = sum(part.shard.samples for part in parts.values())
    with Progress("rendering", total, "views") as bar:
        bar.start_from(there)
        while running:
            done, _ = ray.wait(list(running), timeout=0.5)
            for reference in done:
                parts[running.pop(reference)] = ray.get(reference)
            counts = tally.counts()
            views = there + sum(count[0] for count in counts.values())
            failed = sum(count[1] for count in counts.values())
            bar.update(
                views, f"{views * models // total} of {models} models" + (f", {failed} failed" if failed else "")
            )
    return parts


def _render_task(plan: ShardPlan, config: RenderConfig, storage: Storage, tally: Tally) -> ShardPart:
    return render_shard(plan, config, storage, lambda *counts: tally.put(plan.name, counts))


def _finished_part(plan: ShardPlan, config: RenderConfig, storage: Storage) -> ShardPart | None:
    try:
        part = ShardPart.model_validate_json(storage.read_bytes(f"parts/{plan.name}.json"))
    except (FileNotFoundError, ValidationError):
        return None
    whole = part.inputs_digest == shard_digest(plan, config) and storage.exists(f"shards/{part.shard.name}")
    return part if whole else None


def _finish(config: RenderConfig, catalog: Catalog, parts: list[ShardPart], storage: Storage) -> Manifest:
    rows = [row for part in parts for row in part.rows]
    failures = [row for part in parts for row in part.failures]
    storage.write_bytes(FAILURES, _parquet(failures, FAILURE_SCHEMA))
    _judge(failures, len(catalog.models), config.failures_allowed, storage)
    storage.write_bytes(VIEWS, _parquet(rows, VIEW_SCHEMA))
    storage.write_bytes(MODELS, _parquet([row for part in parts for row in part.models], MODEL_SCHEMA))

    shards = [part.shard for part in parts]
    rendered = {row["style"] for row in rows}
    styles = [
        Style(
            id=model.id,
            class_name=model.class_name,
            index=index,
            creator=model.creator,
            licence=model.licence,
        )
        for index, model in enumerate(catalog.models)
        if index in rendered
    ]
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        digest=dataset_digest(shards),
        inputs_digest=inputs_digest(config, catalog),
        settings=config.picture_settings(),
        software={
            "blender": parts[0].blender,
            "webdataset": version("webdataset"),
            "opencv": _opencv_version(),
        },
        size=config.size,
        azimuths_deg=_angles(catalog, rows, "azimuth_deg") or config.azimuths_deg,
        elevations_deg=_angles(catalog, rows, "elevation_deg") or list(config.elevations),
        classes=list(dict.fromkeys(style.class_name for style in styles)),
        styles=styles,
        shards=shards,
        views=len(rows),
        failed_models=len(failures),
    )
    _remove_strays(storage, {shard.name for shard in shards})
    _write_previews(manifest, rows, storage)
    storage.write_json(MANIFEST, json.loads(manifest.model_dump_json()))
    return manifest


def _angles(catalog: Catalog, rows: list[dict[str, Any]], name: str) -> list[float]:
    """The angles that there are in a dataset of photographs; none where the recipe's grid was rendered."""
    return sorted({row[name] for row in rows}) if any(model.photos for model in catalog.models) else []


def _judge(failures: list[dict[str, Any]], models: int, allowed: float, storage: Storage) -> None:
    """Say what was lost; refuse to go on past the stated share (a single model is always allowed)."""
    for row in failures:
        console.print(f"lost {row['class_name']}/{row['model']}: {row['reason']}", style="yellow")
    if len(failures) == models:
        raise UserError(f"none of the {models} models could be rendered; first: {failures[0]['reason']}")
    if len(failures) > max(1, allowed * models):
        raise UserError(
            f"{len(failures)} of {models} models could not be rendered, more than the {allowed:.0%} allowed; see "
            f"{storage.url}/{FAILURES}, or raise --render.failures_allowed"
        )


def _remove_strays(storage: Storage, names: set[str]) -> None:
    """Shards and parts of an earlier make of this dataset."""
    for name in (storage / "shards").list():
        if name not in names:
            (storage / "shards").delete(name)
    for name in (storage / "parts").list(".json"):
        if f"{name.removesuffix('.json')}.tar" not in names:
            (storage / "parts").delete(name)
    (storage / "preview").clear()


def _write_previews(manifest: Manifest, rows: list[dict[str, Any]], storage: Storage) -> None:
    dataset = Dataset(storage, manifest, pd.DataFrame(rows))
    for class_name in manifest.classes:
        sheet = preview.contact_sheet(dataset, class_name)
        (storage / "preview").write_bytes(f"{class_name}.png", preview.png(sheet))


def _parquet(rows: list[dict[str, Any]], schema: pa.Schema) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), buffer)
    return buffer.getvalue()


def _opencv_version() -> str:
    return str(cv2.__version__)
