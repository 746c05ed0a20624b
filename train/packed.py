"""The packed file: a dataset's views decoded once a node and size, 8-bit, in one file that its workers map.

The one idea: the file's room is taken before anything is decoded, then its rows are written in any order by any
process of the node; it gets its name when it is whole. What goes into it is compared with the manifest on the way.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

from infra.errors import UserError
from infra.storage import Storage
from render.dataset import Dataset, Shard, dataset_digest, read_pictures

FORMAT = 1
"""Version of the packed file; part of its name, so that files of another version are never read."""

KEPT_FILES = 6
"""Packed files kept on a node, the most recently used."""

CHUNK = 64
"""Views that are decoded before they are written: what is held in memory for a shard at a time."""

ABANDONED_S = 3600
"""A half file that nobody wrote to for so long is of a process that died."""

MEND = "set TURNERY_CACHE to a folder with room, or spread the samples over the nodes with --train.samples parts"


def packed_file(dataset_digest: str, size: int, part: str = "") -> Path:
    """Where this node keeps a dataset, or a part of it, at a size: below $TURNERY_CACHE, else ~/.cache/turnery."""
    folder = Path(os.environ.get("TURNERY_CACHE") or Path.home() / ".cache" / "turnery")
    return folder / "samples" / f"{dataset_digest[:32]}-{size}px{part}-v{FORMAT}.npy"


def packed_bytes(count: int, size: int) -> int:
    """Bytes of `count` views of size x size, RGB and mask."""
    return count * size * size * 4


def room_for(path: Path) -> int:
    """Bytes that the disk of a packed file has for it: what is free, and what other packed files would give back."""
    there = next(folder for folder in (path.parent, *path.parents) if folder.exists())
    kept = path.parent.glob("*.npy") if path.parent.exists() else ()
    return shutil.disk_usage(there).free + sum(file.stat().st_size for file in kept if file != path)


def begin_packing(path: Path, count: int, size: int) -> Path:
    """A half file for `count` views beside `path`, its room taken, to be filled with `write_rows`.

    Raises `UserError` when the folder cannot be written or has no room; then nothing is left behind.
    """
    with _told(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        _make_room(path, packed_bytes(count, size))
        half = Path(tempfile.mkdtemp(prefix=".partial-", dir=path.parent)) / path.name
        try:
            open_memmap(half, mode="w+", dtype=np.uint8, shape=(count, size, size, 4))
            with open(half, "rb+") as handle:
                # Taken now: a disk that is full later would end a process in the midst of it.
                os.posix_fallocate(handle.fileno(), 0, half.stat().st_size)
        except OSError:
            drop_packing(half)
            raise
    return half


def end_packing(half: Path, path: Path) -> None:
    """Give a half file that is whole its name; packed files not used for long are given up."""
    with _told(path.parent):
        os.replace(half, path)
    drop_packing(half)
    kept = sorted(path.parent.glob("*.npy"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in kept[KEPT_FILES:]:
        file.unlink(missing_ok=True)


def drop_packing(half: Path) -> None:
    """Remove a half file."""
    shutil.rmtree(half.parent, ignore_errors=True)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot keep decoded samples in {folder}: {error.strerror}; {MEND}") from None


def write_rows(half: Path, first: int, rgba: np.ndarray) -> None:
    """Write views uint8 [k, size, size, 4] as rows first, first + 1, ... of a half file."""
    start = np.load(half, mmap_mode="r").offset + first * rgba[0].nbytes
    with _told(half.parent.parent), open(half, "rb+", buffering=0) as handle:
        handle.seek(start)
        rest = np.ascontiguousarray(rgba).data.cast("B")
        while rest:
            rest = rest[handle.write(rest) :]


def decode(path: Path, shard: Shard, size: int, keys: list[str]) -> Iterator[np.ndarray]:
    """A shard's views, uint8 [<= CHUNK, size, size, 4] at a time, checked against the manifest's entry and `keys`.

    Raises `UserError` when the file is not the one that the manifest and views.parquet speak of.
    """
    mend = "the dataset was changed after it was made; delete its manifest.json and render again"
    with open(path, "rb") as handle:
        if hashlib.file_digest(handle, "sha256").hexdigest() != shard.sha256:
            raise UserError(f"shard {shard.name} differs from its SHA-256 in manifest.json: {mend}")
    found: list[str] = []
    chunk: list[np.ndarray] = []
    for key, picture in read_pictures(path, size):
        found.append(key)
        chunk.append(picture)
        if len(chunk) == CHUNK:
            yield np.stack(chunk)
            chunk = []
    if chunk:
        yield np.stack(chunk)
    if len(found) != shard.samples:
        raise UserError(f"shard {shard.name} holds {len(found)} samples, manifest.json says {shard.samples}: {mend}")
    if found != keys:
        raise UserError(f"shard {shard.name} holds other views than views.parquet says: {mend}")


def check_against_manifest(dataset: Dataset) -> None:
    """Raise `UserError` where manifest.json and views.parquet do not speak of the same dataset."""
    manifest, views, where = dataset.manifest, dataset.views, dataset.storage.url
    mend = "delete the dataset's manifest.json and render again"
    if dataset_digest(manifest.shards) != manifest.digest:
        raise UserError(f"{where}/manifest.json names shards that do not give its digest; {mend}")
    rows = {str(name): len(of_shard) for name, of_shard in views.groupby("shard", sort=False)}
    for shard in manifest.shards:
        if rows.get(shard.name, 0) != shard.samples:
            counts = f"{rows.get(shard.name, 0)} views of {shard.name}, manifest.json says {shard.samples}"
            raise UserError(f"{where}/views.parquet has {counts}; {mend}")
    if views["shard"].tolist() != [shard.name for shard in manifest.shards for _ in range(shard.samples)]:
        raise UserError(f"{where}/views.parquet has other shards than manifest.json, or another order; {mend}")
    styles = views[["style", "model", "class_name"]].drop_duplicates()
    seen = {(int(index), str(model), str(name)) for index, model, name in styles.itertuples(index=False)}
    said = {(style.index, style.id, style.class_name) for style in manifest.styles}
    classes = {name for _, _, name in seen}
    if classes != set(manifest.classes):
        there, told = ", ".join(sorted(classes)), ", ".join(sorted(manifest.classes))
        raise UserError(f"{where}/views.parquet has the classes {there}, manifest.json {told}; {mend}")
    if seen != said:
        index, model, name = min(seen ^ said)
        raise UserError(f"{where}: views.parquet and manifest.json differ in style {index} ({name} {model}); {mend}")


def keys_of(dataset: Dataset) -> dict[str, list[str]]:
    """Keys of each shard's views, in their order."""
    keys = {str(name): rows["key"].tolist() for name, rows in dataset.views.groupby("shard", sort=False)}
    return {shard.name: keys.get(shard.name, []) for shard in dataset.manifest.shards}


def pack_here(
    path: Path,
    storage: Storage,
    work: list[tuple[Shard, list[str]]],
    size: int,
    say: Callable[[int], object] = lambda views: None,
) -> None:
    """Write a packed file of these shards, one after another, by this process alone, on all its processors.

    `work` holds shards with their keys; `say` gets how many more views are done. Raises `UserError`.
    """
    starts = np.cumsum([0, *(shard.samples for shard, _ in work)])

    def fill(half: Path, index: int) -> None:
        shard, keys = work[index]
        first = int(starts[index])
        for rgba in decode(storage.fetch(f"shards/{shard.name}"), shard, size, keys):
            write_rows(half, first, rgba)
            first += len(rgba)
            say(len(rgba))

    half = begin_packing(path, int(starts[-1]), size)
    try:
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            for filled in [pool.submit(fill, half, index) for index in range(len(work))]:
                filled.result()
        end_packing(half, path)
    finally:
        drop_packing(half)


def _make_room(path: Path, needed: int) -> None:
    """Give up packed files, the least recently used first, until there is room; those in use stay readable."""
    if room_for(path) < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # before anything is given up or taken for nothing
    others = sorted((file for file in path.parent.glob("*.npy") if file != path), key=lambda file: file.stat().st_mtime)
    for file in others:
        if shutil.disk_usage(path.parent).free >= needed:
            return
        file.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    for half in folder.glob(".partial-*"):
        times = [file.stat().st_mtime for file in (half, *half.glob("*"))]
        if max(times) < time.time() - ABANDONED_S:
            shutil.rmtree(half, ignore_errors=True)
