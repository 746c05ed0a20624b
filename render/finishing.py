"""From shards that are there to a dataset: tables, contact sheets and, last of all, the manifest. No Ray here.

The one idea: the parts beside the shards are read one after another, so that memory does not grow with the dataset.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from infra.errors import UserError
from infra.progress import console
from infra.settings import digest
from infra.storage import Storage, room_in
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
)
from render.turntables import ShardPart, finished_part, shard_digest

AT_ONCE = 32
"""Parts that are read at a time: many small files, maybe from far away."""
ROWS_TOGETHER = 20_000
"""Rows of one group in views.parquet."""
ON_A_SHEET = 60
"""Models of a class on its contact sheet."""


def inputs_digest(config: RenderConfig, catalog: Catalog) -> str:
    """Digest over all that the dataset follows from: the shards in their order."""
    return digest([[plan.name, shard_digest(plan, config)] for plan in catalog.shards(config.models_per_shard)])


def finished_parts(plans: list[ShardPlan], config: RenderConfig, storage: Storage) -> Iterator[ShardPart | None]:
    """The part of each plan in their order, None of a shard that is not there or was made from something else."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for start in range(0, len(plans), AT_ONCE):
            yield from pool.map(lambda plan: finished_part(plan, config, storage), plans[start : start + AT_ONCE])


def finish_dataset(
    config: RenderConfig, catalog: Catalog, parts: Iterable[ShardPart | None], storage: Storage
) -> Manifest:
    """Write tables, previews and, last, the manifest of a dataset whose shards are there.

    Raises `UserError` when more models failed than `config.failures_allowed` lets pass, or a part is None.
    """
    scratch = tempfile.TemporaryDirectory(prefix="turnery-")
    with room_in(Path(tempfile.gettempdir())), scratch as folder:
        views = _Views(Path(folder) / VIEWS)
        models: list[dict[str, Any]] = []
        failures: list[dict[str, Any]] = []
        shards, devices, blender = [], set(), ""
        for part in parts:
            if part is None:
                raise UserError(f"a shard that was rendered is gone from {storage.url}; run the same command again")
            views.add(part.rows)
            models += part.models
            failures += part.failures
            shards.append(part.shard)
            devices.add(part.device)
            blender = blender or part.blender
        views.close()
        storage.write_bytes(FAILURES, _parquet(failures, FAILURE_SCHEMA))
        _judge(failures, len(catalog.models), config.failures_allowed, storage)
        storage.put(views.path, VIEWS)
        storage.write_bytes(MODELS, _parquet(models, MODEL_SCHEMA))

    rendered = {row["style"] for row in models}
    photographs = any(model.photos for model in catalog.models)  # they come from where they were taken
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
        settings=config.picture_settings() | {"device": "+".join(sorted(devices))},
        software={
            "blender": blender,
            "webdataset": version("webdataset"),
            "opencv": str(cv2.__version__),
        },
        size=config.size,
        azimuths_deg=sorted(views.azimuths) if photographs else config.azimuths_deg,
        elevations_deg=sorted(views.elevations) if photographs else list(config.elevations),
        classes=list(dict.fromkeys(style.class_name for style in styles)),
        styles=styles,
        shards=shards,
        views=views.count,
        failed_models=len(failures),
    )
    _remove_strays(storage, {shard.name for shard in shards})
    _write_previews(manifest, views.on_sheets, storage)
    storage.write_json(MANIFEST, json.loads(manifest.model_dump_json()))
    return manifest


class _Views:
    """views.parquet as it is written, group by group, and the rows of the models that come onto contact sheets."""

    def __init__(self, path: Path) -> None:
        self.path, self.count = path, 0
        self.azimuths: set[float] = set()
        self.elevations: set[float] = set()
        self.on_sheets: list[dict[str, Any]] = []
        self._writer = pq.ParquetWriter(path, VIEW_SCHEMA)
        self._rows: list[dict[str, Any]] = []
        self._shown: dict[str, set[str]] = {}

    def add(self, rows: list[dict[str, Any]]) -> None:
        self.count += len(rows)
        self._rows += rows
        for row in rows:
            self.azimuths.add(row["azimuth_deg"])
            self.elevations.add(row["elevation_deg"])
            shown = self._shown.setdefault(row["class_name"], set())
            if row["model"] in shown or len(shown) < ON_A_SHEET:
                shown.add(row["model"])
                self.on_sheets.append(row)
        if len(self._rows) >= ROWS_TOGETHER:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=VIEW_SCHEMA))
        self._rows = []


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
        sheet = preview.contact_sheet(dataset, class_name, ON_A_SHEET)
        (storage / "preview").write_bytes(f"{class_name}.png", preview.png(sheet))


def _parquet(rows: list[dict[str, Any]], schema: pa.Schema) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), buffer)
    return buffer.getvalue()
