"""Samples packed for training: every view decoded once, as 8-bit arrays in one memory-mapped file.

The one idea: decoding happens once a node and size; after that a batch is a gather of rows. Which rows, and
which transformations, follows from (seed, step, position) alone, so any number of workers sees the same
global batches.

Shapes: n views of the dataset, b batch of one worker, h = w side in pixels.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import Tensor

from infra.errors import UserError
from infra.rng import generator
from train.augment import THETA, draw_theta
from train.generator import view_input
from train.selection import Selection

if TYPE_CHECKING:
    from render.dataset import Shard

FORMAT = 1
"""Version of the packed file; part of its name, so that files of another version are never read."""

KEPT_FILES = 6
"""Packed files kept on a node, the most recently used."""


@dataclass(frozen=True)
class Batch:
    """One worker's share of a batch: rgba uint8 [b, h, w, 4], style int64 [b], view [b, 4], theta [b, T], and standard
    normal noise [b, z] for a variational network's z (z = 0 for others)."""

    rgba: Tensor
    style: Tensor
    view: Tensor
    theta: Tensor
    noise: Tensor

    def to(self, device: torch.device) -> Batch:
        """The batch on another device, without waiting where the device allows it."""
        parts = (self.rgba, self.style, self.view, self.theta, self.noise)
        return Batch(*(part.to(device, non_blocking=True) for part in parts))


@dataclass(frozen=True)
class Samples:
    """Views of a selection. `rgba` uint8 [n, h, w, 4], memory-mapped, is the whole dataset's.

    `row` int64 [m] is where each of the selection's m views lies in `rgba`; `style` int64 [m] and `view`
    float32 [m, 4] are the network's inputs; `learnt` int64 are the positions of split `train`, `unseen`
    those of the other.
    """

    rgba: np.ndarray
    row: np.ndarray
    style: np.ndarray
    view: np.ndarray
    learnt: np.ndarray
    unseen: np.ndarray

    def take(self, positions: np.ndarray, theta: np.ndarray | None = None, noise: np.ndarray | None = None) -> Batch:
        """The views at these positions of the selection, with θ [b, T] and noise [b, z], or none."""
        rgba = np.take(self.rgba, self.row[positions], axis=0)
        theta = np.zeros((len(positions), len(THETA)), np.float32) if theta is None else theta
        noise = np.zeros((len(positions), 0), np.float32) if noise is None else noise
        arrays = (rgba, self.style[positions], self.view[positions], theta, noise)
        return Batch(*(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays))


@dataclass(frozen=True)
class Batches:
    """The batches of a training: `draw(step)` is this worker's slice of the global batch of that step."""

    samples: Samples
    batch: int
    augment: float
    seed: int
    rank: int = 0
    workers: int = 1
    latent_units: int = 0

    def __post_init__(self) -> None:
        if self.batch % self.workers:
            split = f"split evenly among {self.workers} workers"
            raise UserError(f"train.batch {self.batch} cannot be {split}; choose a multiple")

    def draw(self, step: int) -> Batch:
        """This worker's share of batch `step`: views in an order of their own per epoch, θ of each."""
        each = self.batch // self.workers
        mine = slice(self.rank * each, (self.rank + 1) * each)
        learnt = self.samples.learnt
        places = step * self.batch + np.arange(self.batch, dtype=np.int64)[mine]
        epochs, places = np.divmod(places, len(learnt))
        chosen = np.empty(each, dtype=np.int64)
        for epoch in np.unique(epochs):
            of_epoch = epochs == epoch
            chosen[of_epoch] = learnt[_order(self.seed, int(epoch), len(learnt))[places[of_epoch]]]
        theta = None
        if self.augment:
            theta = draw_theta(generator(self.seed, "theta", step), self.batch, self.augment)[mine]
        noise = None
        if self.latent_units:
            random = generator(self.seed, "latent", step)
            noise = random.standard_normal((self.batch, self.latent_units), np.float32)[mine]
        return self.samples.take(chosen, theta, noise)


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    return generator(seed, "epoch", epoch).permutation(count)


def decode(path: Path, shard: Shard, size: int) -> tuple[list[str], np.ndarray]:
    """A shard's keys and its views, uint8 [n, size, size, 4], checked against the manifest's entry.

    Raises `UserError` when the file is not the one the manifest speaks of.
    """
    from render.dataset import decode_shard  # what trains on samples from elsewhere needs no codecs

    mend = "the dataset was changed after it was made; delete its manifest.json and render again"
    with open(path, "rb") as handle:
        if hashlib.file_digest(handle, "sha256").hexdigest() != shard.sha256:
            raise UserError(f"shard {shard.name} differs from its SHA-256 in manifest.json: {mend}")
    keys, rgba = decode_shard(path, size)
    if len(keys) != shard.samples:
        raise UserError(f"shard {shard.name} holds {len(keys)} samples, manifest.json says {shard.samples}: {mend}")
    return keys, rgba


def packed_file(dataset_digest: str, size: int) -> Path:
    """Where this node keeps a dataset at a size: below $TURNERY_CACHE, else ~/.cache/turnery."""
    folder = Path(os.environ.get("TURNERY_CACHE") or Path.home() / ".cache" / "turnery")
    return folder / "samples" / f"{dataset_digest[:32]}-{size}px-v{FORMAT}.npy"


def pack(path: Path, parts: Iterable[tuple[int, np.ndarray]], count: int, size: int) -> None:
    """Write the packed file, uint8 [count, size, size, 4], from (first row, views); whole or not at all.

    Raises `UserError` when the cache's folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=path.parent) as folder:
            partial = Path(folder) / path.name
            packed = open_memmap(partial, mode="w+", dtype=np.uint8, shape=(count, size, size, 4))
            written = 0
            for start, part in parts:
                packed[start : start + len(part)] = part
                written += len(part)
            if written != count:
                raise UserError(f"shards hold {written} samples, views.parquet {count}; render again")
            packed.flush()
            os.replace(partial, path)
    except OSError as error:
        mend = "set TURNERY_CACHE to a folder with room"
        raise UserError(f"cannot keep decoded samples in {path.parent}: {error.strerror}; {mend}") from None
    kept = sorted(path.parent.glob("*.npy"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in kept[KEPT_FILES:]:
        file.unlink(missing_ok=True)


def open_samples(path: Path, selection: Selection, angles: np.ndarray) -> Samples:
    """Samples of a selection from a packed file. `angles` [n, 2]: azimuth, elevation in degrees of all views."""
    rgba = np.load(path, mmap_mode="r")
    if len(rgba) != len(angles):
        raise UserError(f"{path} holds {len(rgba)} samples, the dataset {len(angles)}; delete the file")
    os.utime(path)
    return samples_of(rgba, selection, angles)


def samples_of(rgba: np.ndarray, selection: Selection, angles: np.ndarray) -> Samples:
    """Samples of a selection from an array uint8 [n, h, w, 4] in the dataset's order; see `open_samples`."""
    chosen = torch.from_numpy(np.asarray(angles, dtype=np.float64)[selection.row])
    view = view_input(chosen[:, 0], chosen[:, 1]).numpy()
    learnt, unseen = selection.rows("train"), selection.rows("unseen")
    return Samples(rgba, selection.row, selection.style, view, learnt, unseen)
