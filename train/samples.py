"""Batches for training: packed views in memory, on the device or mapped from a file, and which of them a step takes.

The one idea: which rows a batch takes, and which transformations, follows from (seed, step, position) alone, so
any number of workers sees the same global batches, wherever the samples live.

Shapes: n views of the dataset, m of the selection, b batch of one worker, h = w side in pixels.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import psutil
import torch
from torch import Tensor

from infra.errors import UserError
from infra.rng import seed_of
from train.augment import THETA, draw_theta
from train.generator import view_input
from train.selection import Selection
from train.shares import Part, share_of

DEVICE_SHARE = 0.75
"""Share of the free memory that samples may take on a device; the rest is for the network and its activations."""

BLOCK = 4096
"""Positions of a batch whose random numbers are drawn together: a worker draws no more than the blocks it touches."""


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
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pinned(self) -> Batch:
        """The batch in memory that a GPU copies from while the host goes on."""
        return self._each(lambda tensor: tensor if tensor.is_pinned() else tensor.pin_memory())

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        parts = (self.rgba, self.style, self.view, self.theta, self.noise)
        return Batch(*map(change, parts))


@dataclass(frozen=True)
class Samples:
    """Views of a selection. `rgba` uint8 [k, h, w, 4] holds pictures: an array, mostly memory-mapped, or a tensor on a
    device.

    `row` int64 [m] is where each of the selection's m views lies in `rgba`, -1 for views of other nodes; `style` int64
    [m] and `view` float32 [m, 4] are the network's inputs; `learnt` int64 are the positions of split `train` that are
    here, `unseen` those of the other.
    """

    rgba: np.ndarray | Tensor
    row: np.ndarray
    style: np.ndarray
    view: np.ndarray
    learnt: np.ndarray
    unseen: np.ndarray

    def take(self, positions: np.ndarray, theta: np.ndarray | None = None, noise: np.ndarray | None = None) -> Batch:
        """The views at these positions of the selection, with θ [b, T] and noise [b, z], or none."""
        return self.complete(self.prepare(positions, theta, noise))

    def prepare(
        self, positions: np.ndarray, theta: np.ndarray | None, noise: np.ndarray | None, pinned: bool = False
    ) -> Batch:
        """What the host does for a batch. Where pictures lie on a device, their rows int64 [b] stand in `rgba`."""
        theta = np.zeros((len(positions), len(THETA)), np.float32) if theta is None else theta
        noise = np.zeros((len(positions), 0), np.float32) if noise is None else noise
        row = self.row[positions]
        if isinstance(self.rgba, Tensor):
            rgba = torch.from_numpy(row)
        else:
            shape = (len(row), *self.rgba.shape[1:])
            # NumPy asks for huge pages, whose first touch costs half as much.
            rgba = (
                torch.empty(shape, dtype=torch.uint8, pin_memory=True)
                if pinned
                else torch.from_numpy(np.empty(shape, np.uint8))
            )
            # "clip" writes straight into the tensor; other modes go through a copy.
            np.take(self.rgba, row, axis=0, out=rgba.numpy(), mode="clip")
        arrays = (self.style[positions], self.view[positions], theta, noise)
        batch = Batch(rgba, *(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays))
        return batch.pinned() if pinned else batch

    def complete(self, prepared: Batch) -> Batch:
        """A prepared batch with its pictures; on their device where they lie on one."""
        if not isinstance(self.rgba, Tensor):
            return prepared
        batch = prepared.to(self.rgba.device)
        # Eight bytes at a time: rows are gathered several times as fast as byte by byte.
        words = self.rgba.view(len(self.rgba), -1).view(torch.int64)
        rgba = words.index_select(0, batch.rgba).view(torch.uint8).view(-1, *self.rgba.shape[1:])
        return dataclasses.replace(batch, rgba=rgba)

    def on(self, device: torch.device) -> Samples:
        """The same samples with the selection's pictures, and no others, as one tensor on the device."""
        assert isinstance(self.rgba, np.ndarray)
        here = np.flatnonzero(self.row >= 0)
        rgba = torch.empty((len(here), *self.rgba.shape[1:]), dtype=torch.uint8, device=device)
        for start in range(0, len(here), BLOCK):
            some = here[start : start + BLOCK]
            rgba[start : start + len(some)] = torch.from_numpy(self.rgba[self.row[some]]).to(device)
        row = np.full(len(self.row), -1, np.int64)
        row[here] = np.arange(len(here))
        return dataclasses.replace(self, rgba=rgba, row=row)

    def placed(self, where: str, device: torch.device) -> Samples:
        """The samples where `train.samples` wants them: on the device if asked for, or by "auto" if a GPU has room.

        Raises `UserError` when they were asked for and the device has no room.
        """
        size = int(np.prod(self.rgba.shape[1:]))
        needed, free = int((self.row >= 0).sum()) * size, free_bytes(device)
        fits = needed <= DEVICE_SHARE * free
        if where == "device" and not fits:
            raise UserError(
                f"train.samples device: {needed / 1e9:.1f} GB of samples do not fit in {DEVICE_SHARE:.0%} of the "
                f"{free / 1e9:.1f} GB that {device} has free; take --train.samples node"
            )
        on_device = where == "device" or (where != "node" and device.type == "cuda" and fits)
        return self.on(device) if on_device else self


def free_bytes(device: torch.device) -> int:
    """Memory that a device has free."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else psutil.virtual_memory().available


@dataclass(frozen=True)
class Batches:
    """The batches of a training: `draw(step)` is this worker's slice of the global batch of that step.

    Slices need not be equal. A loss that is averaged over a slice, times `weight`, averaged over the workers, is the
    loss averaged over the global batch. Raises `UserError` when there are fewer views in a batch than workers.
    """

    samples: Samples
    batch: int
    augment: float
    seed: int
    rank: int = 0
    workers: int = 1
    latent_units: int = 0
    part: Part | None = None

    def __post_init__(self) -> None:
        if self.batch < self.workers:
            raise UserError(f"train.batch {self.batch} is too small for {self.workers} workers: one view each at least")

    @property
    def share(self) -> slice:
        """This worker's positions in the global batch."""
        return share_of(self.batch, self.rank, self.workers)

    @property
    def weight(self) -> float:
        """What this worker's mean loss counts beside the others': 1 where all slices are equal."""
        return (self.share.stop - self.share.start) * self.workers / self.batch

    def draw(self, step: int) -> Batch:
        """This worker's share of batch `step`: views in an order of their own per epoch, θ of each."""
        return self.samples.complete(self.prepare(step))

    def prepare(self, step: int, pinned: bool = False) -> Batch:
        """What the host does for `draw`; see `Samples.prepare`."""
        theta = noise = None
        if self.augment:
            theta = self._drawn("theta", step, lambda random, count: draw_theta(random, count, self.augment))
        if self.latent_units:
            noise = self._drawn(
                "latent", step, lambda random, count: random.standard_normal((count, self.latent_units), np.float32)
            )
        return self.samples.prepare(self._chosen(step), theta, noise, pinned)

    def _drawn(self, purpose: str, step: int, draw: Callable[[np.random.Generator, int], np.ndarray]) -> np.ndarray:
        bits = np.random.PCG64(seed_of(self.seed, purpose, step))
        return _in_blocks(bits, self.batch, self.share, draw)

    def _chosen(self, step: int) -> np.ndarray:
        """Positions in the selection of this worker's views of a step."""
        share, learnt = self.share, self.samples.learnt
        part = self.part or Part(0, self.batch, share.start)
        places = step * part.batch + part.start + np.arange(share.stop - share.start, dtype=np.int64)
        epochs, places = np.divmod(places, len(learnt))
        chosen = np.empty(len(places), dtype=np.int64)
        for epoch in np.unique(epochs):
            of_epoch = epochs == epoch
            order = _order(self.seed, int(epoch), len(learnt), part.index)
            chosen[of_epoch] = learnt[order[places[of_epoch]]]
        return chosen


class Ahead:
    """Batches on a device, the host's part of each prepared in the background while the step before is computed.

    What is drawn is what `Batches.draw` draws, in any order of steps.
    """

    def __init__(self, batches: Batches, device: torch.device, steps: int) -> None:
        """`steps`: the first that is not wanted any more."""
        self._batches, self._device, self._steps = batches, device, steps
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._next: tuple[int, Future[Batch]] | None = None

    def draw(self, step: int) -> Batch:
        """The batch of a step on the device. Copies to a GPU are under way when this returns."""
        coming = self._next if self._next is not None and self._next[0] == step else (step, self._begin(step))
        self._next = (step + 1, self._begin(step + 1)) if step + 1 < self._steps else None
        return self._batches.samples.complete(coming[1].result()).to(self._device)

    def _begin(self, step: int) -> Future[Batch]:
        return self._thread.submit(self._batches.prepare, step, self._device.type == "cuda")


def _in_blocks(
    bits: np.random.PCG64, batch: int, share: slice, draw: Callable[[np.random.Generator, int], np.ndarray]
) -> np.ndarray:
    """Random rows of a slice of the global batch, whoever draws them: every block of positions has a generator."""
    first = share.start // BLOCK * BLOCK
    blocks = [
        draw(np.random.Generator(bits.jumped(start // BLOCK)), min(BLOCK, batch - start))
        for start in range(first, share.stop, BLOCK)
    ]
    rows = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
    return rows[share.start - first : share.stop - first]


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, count: int, part: int) -> np.ndarray:
    purpose = f"epoch of part {part}" if part else "epoch"
    return np.random.Generator(np.random.PCG64(seed_of(seed, purpose, epoch))).permutation(count)


def open_samples(path: Path, selection: Selection, angles: np.ndarray, held: np.ndarray | None = None) -> Samples:
    """Samples of a selection from a packed file. `angles` [n, 2]: azimuth, elevation in degrees of all views; `held`:
    the rows of the dataset that the file holds, in its order, where it is a part."""
    rgba = np.load(path, mmap_mode="r")
    count = len(angles) if held is None else len(held)
    if len(rgba) != count:
        raise UserError(f"{path} holds {len(rgba)} samples, the dataset {count}; delete the file")
    os.utime(path)
    return samples_of(rgba, selection, angles, held)


def samples_of(rgba: np.ndarray, selection: Selection, angles: np.ndarray, held: np.ndarray | None = None) -> Samples:
    """Samples of a selection from an array uint8 [k, h, w, 4]; see `open_samples`.

    Raises `UserError` when a part holds no view to learn from.
    """
    chosen = torch.from_numpy(np.asarray(angles, dtype=np.float64)[selection.row])
    view = view_input(chosen[:, 0], chosen[:, 1]).numpy()
    row, learnt, unseen = selection.row, selection.rows("train"), selection.rows("unseen")
    if held is not None:
        where = np.full(len(angles), -1, np.int64)
        where[held] = np.arange(len(held))
        row = where[row]
        learnt, unseen = (positions[row[positions] >= 0] for positions in (learnt, unseen))
        if not len(learnt):
            raise UserError("a node's part of the samples has no view to learn from; train on fewer nodes")
    return Samples(rgba, row, selection.style, view, learnt, unseen)
