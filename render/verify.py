"""`python -m render verify WORKSPACE`: a dataset read again from end to end against its manifest.

The one idea: nothing is believed. Every byte is read from the storage itself, every picture decoded, every sample's
JSON held against its row, and each fault is a line that names the file and the sample.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from infra.errors import UserError
from infra.storage import Storage, room_in
from render.dataset import (
    FAILURE_SCHEMA,
    FAILURES,
    MANIFEST,
    MODEL_SCHEMA,
    MODELS,
    VIEW_SCHEMA,
    VIEWS,
    Manifest,
    Shard,
    dataset_digest,
    read_manifest,
)

MOST_OF_A_SHARD = 10
"""Faults of one shard that are told one by one."""


def dataset_of(storage: Storage) -> Storage:
    """The dataset of a workspace, or the storage itself when it is a dataset. Raises `UserError` when it is neither."""
    for place in (storage / "dataset", storage):
        if place.exists(MANIFEST):
            return place
    raise UserError(f"no finished dataset at {storage.url} (no {MANIFEST}); render one with `python -m render`")


def verify(storage: Storage, jobs: int | None = None, tell: Callable[[int, int], None] | None = None) -> list[str]:
    """Every fault of a dataset, a line each; [] for a whole one.

    `jobs` shards are read at a time (default: one a processor); `tell(done, shards)` is called after each.
    """
    try:
        manifest = read_manifest(storage)
    except UserError as error:
        return [str(error)]
    if manifest is None:
        return [f"{MANIFEST} is missing"]
    faults = list(_of_manifest(manifest))
    views = _table(storage, VIEWS, VIEW_SCHEMA, manifest.views, faults)
    _table(storage, MODELS, MODEL_SCHEMA, len(manifest.styles), faults)
    _table(storage, FAILURES, FAILURE_SCHEMA, manifest.failed_models, faults)
    known = {shard.name for shard in manifest.shards}
    faults += [f"shards/{name} is in no manifest" for name in (storage / "shards").list() if name not in known]
    rows = {} if views is None else {str(name): group for name, group in views.groupby("shard", sort=False)}
    if views is not None:
        faults += [f"{VIEWS} has views of {name}, which is in no manifest" for name in rows if name not in known]
        empty = views.iloc[:0]
        rows = {shard.name: rows.get(shard.name, empty) for shard in manifest.shards}
    with ThreadPoolExecutor(jobs or len(os.sched_getaffinity(0))) as pool:
        found = pool.map(lambda shard: _of_shard(storage, shard, rows.get(shard.name), manifest.size), manifest.shards)
        for done, more in enumerate(found, start=1):
            faults += more
            if tell is not None:
                tell(done, len(manifest.shards))
    return faults


def _of_manifest(manifest: Manifest) -> Iterator[str]:
    if manifest.digest != dataset_digest(manifest.shards):
        yield f"{MANIFEST}: its digest is not that of the shards it names"
    if manifest.views != (samples := sum(shard.samples for shard in manifest.shards)):
        yield f"{MANIFEST}: {manifest.views} views, but its shards have {samples}"


def _table(storage: Storage, name: str, schema: pa.Schema, rows: int, faults: list[str]) -> pd.DataFrame | None:
    """A table as it is stored, or None; what is wrong with it goes to `faults`."""
    try:
        table = pq.read_table(io.BytesIO(storage.read_bytes(name)))
    except FileNotFoundError:
        faults.append(f"{name} is missing")
        return None
    except (pa.ArrowException, OSError) as error:
        faults.append(f"{name} cannot be read: {_first_line(error)}")
        return None
    missing = [column for column in schema.names if column not in table.column_names]
    if missing:
        faults.append(f"{name} has no column '{missing[0]}'")
        return None
    if table.num_rows != rows:
        faults.append(f"{name} has {table.num_rows} rows, the manifest says {rows}")
    return table.to_pandas()


def _of_shard(storage: Storage, shard: Shard, rows: pd.DataFrame | None, size: int) -> list[str]:
    name = f"shards/{shard.name}"
    with room_in(Path(tempfile.gettempdir())), tempfile.TemporaryDirectory(prefix="turnery-") as scratch:
        local = Path(scratch) / "shard.tar"
        try:
            storage.get(name, local)
        except FileNotFoundError:
            return [f"{name} is missing"]
        faults = [f"{name}: {fault}" for fault in (*_of_bytes(local, shard), *_of_samples(local, shard, rows, size))]
    more = len(faults) - MOST_OF_A_SHARD
    return [*faults[:MOST_OF_A_SHARD], f"{name}: {more} more faults"] if more > 1 else faults


def _of_bytes(path: Path, shard: Shard) -> Iterator[str]:
    size = path.stat().st_size
    if size != shard.bytes:
        yield f"{size} bytes, the manifest says {shard.bytes}" + (" (truncated)" if size < shard.bytes else "")
        return
    with open(path, "rb") as handle:
        if hashlib.file_digest(handle, "sha256").hexdigest() != shard.sha256:
            yield "its SHA-256 is not the manifest's: some of its bytes have changed"


def _of_samples(path: Path, shard: Shard, rows: pd.DataFrame | None, size: int) -> Iterator[str]:
    expected = None if rows is None else rows.to_dict("records")
    keys: list[str] = []
    try:
        for key, files in _samples(path):
            row: Mapping[Hashable, Any] | None = None
            if expected is not None:
                row = expected[len(keys)] if len(keys) < len(expected) else {}
                if row.get("key") != key:
                    yield f"sample {len(keys)} is {key}, {VIEWS} says {row.get('key')}"
                    row = None
            keys.append(key)
            yield from (f"{key}{fault}" for fault in _of_sample(files, row, size))
    except (tarfile.TarError, EOFError, OSError) as error:
        yield f"not a whole tar after sample {len(keys)}: {_first_line(error)}"
    if len(keys) != shard.samples:
        yield f"{len(keys)} samples, the manifest says {shard.samples}"
    if expected is not None and len(expected) != shard.samples:
        yield f"{VIEWS} has {len(expected)} of its views, the manifest says {shard.samples}"
    if len(set(keys)) != len(keys):
        yield "a key comes twice"


def _samples(path: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Key and files by ending of each sample, in the order of the tar; a sample's files stand side by side."""
    current, files = None, dict[str, bytes]()
    with tarfile.open(path, "r:", errorlevel=2) as tar:
        for member in tar:
            content = tar.extractfile(member)
            data = b"" if content is None else content.read()
            if len(data) != member.size:
                raise EOFError(f"{member.name} ends early")
            key, _, ending = member.name.partition(".")
            if key != current:
                if current is not None:
                    yield current, files
                current, files = key, {}
            files[ending] = data
    if current is not None:
        yield current, files
    with open(path, "rb") as handle:
        handle.seek(max(path.stat().st_size - 1024, 0))
        if handle.read() != bytes(1024):  # a tar that was cut between two members reads well otherwise
            raise EOFError("its end mark is missing")


def _of_sample(files: dict[str, bytes], row: Mapping[Hashable, Any] | None, size: int) -> Iterator[str]:
    """What is wrong with a sample, each to be read after its key."""
    for ending in ("rgb.png", "mask.png", "json"):
        if ending not in files:
            yield f" has no {ending}"
    for ending, data in files.items():
        if ending == "json":
            yield from _of_json(data, row)
        else:
            picture = _decoded(ending, data)
            if picture is None:
                yield f".{ending} cannot be decoded"
            elif picture.shape[:2] != (size, size):
                yield f".{ending} is {' x '.join(map(str, picture.shape[:2]))} pixels, the manifest says {size}"
            elif ending == "mask.png" and row is not None and abs(picture.mean() / 255 - row["coverage"]) > 2e-6:
                yield f".{ending} covers {picture.mean() / 255:.6f}, {VIEWS} says {row['coverage']:.6f}"


def _of_json(data: bytes, row: Mapping[Hashable, Any] | None) -> Iterator[str]:
    try:
        facts = json.loads(data)
        told = {"class_name": facts["class"], **{name: facts[name] for name in _OF_BOTH}}
    except (ValueError, KeyError, TypeError):
        yield ".json cannot be read"
        return
    for name, value in told.items():
        if row is not None and row[name] != value:
            yield f".json says {name} {value}, {VIEWS} {row[name]}"


_OF_BOTH = ("model", "style", "view", "azimuth_deg", "elevation_deg")


def _decoded(ending: str, data: bytes) -> Any:
    """A picture or an array [H, W, ...]; None when it is neither."""
    if ending.endswith(".png"):
        if not _whole_png(data):
            return None
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return next(iter(arrays.values()))
    except (ValueError, OSError, StopIteration, KeyError):
        return None


def _whole_png(data: bytes) -> bool:
    """Whether every chunk is there and keeps its checksum; OpenCV passes over some that do not."""
    import zlib

    place = 8
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4])
        body = data[place + 4 : place + 8 + length]
        if zlib.crc32(body) != int.from_bytes(data[place + 8 + length : place + 12 + length]):
            return False
        place += 12 + length
        if body[:4] == b"IEND":
            return place == len(data)
    return False


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
