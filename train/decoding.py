"""Decoding over the cluster: how every node of a training comes by its packed samples. Speaks to Ray.

The one idea: nothing collects. Tasks of Ray Data decode a shard in small pieces and write each straight into the half
files of the nodes that want it, so what is held at once is a few pieces a processor, however large the dataset.
Where nodes keep parts, each decodes its own. Room is asked for before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import psutil
import ray
import ray.data
import ray.train
import torch
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from torch import distributed

from infra.cluster import Tally
from infra.errors import UserError, user_error_in
from infra.settings import digest
from infra.storage import open_storage
from render.dataset import Dataset, Shard, open_dataset
from train.board import Standing, shown
from train.config import TrainConfig
from train.packed import (
    begin_packing,
    decode,
    drop_packing,
    end_packing,
    keys_of,
    pack_here,
    packed_bytes,
    packed_file,
    room_for,
    write_rows,
)
from train.samples import Samples, open_samples
from train.selection import Selection
from train.shares import Part, part_of, shared_out

Kept = Literal["node", "parts"]


@dataclass(frozen=True)
class Room:
    """What a node has for a packed file: whether it is there already, bytes of disk and bytes of memory."""

    node: str
    there: bool
    disk: int
    memory: int


@dataclass(frozen=True)
class Supply:
    """How workers come by their samples; travels to each of them. `path` is the whole packed file's on every node."""

    url: str
    path: Path
    shards: list[Shard]
    size: int
    batch: int
    wanted: str
    kept: Kept


def supplied(dataset: Dataset, selection: Selection, config: TrainConfig, on_gpu: bool) -> Supply:
    """Decide where samples are kept, and decode them for nodes that keep them whole.

    Raises `UserError` when they fit nowhere, before anything is decoded, or a shard is not what the manifest says.
    """
    path = packed_file(dataset.manifest.digest, config.size)
    shards = dataset.manifest.shards
    starts = np.cumsum([0, *(shard.samples for shard in shards)])
    chosen = _counts(starts, selection.row) > 0
    whole, parts = (packed_bytes(int(count), config.size) for count in (starts[-1], np.diff(starts)[chosen].sum()))
    rooms = _on_each(_room, {node["NodeID"]: (node["NodeManagerAddress"], path) for node in _hosts(on_gpu)})
    kept = chosen_place(config.samples, whole, parts, list(rooms.values()), config.workers, path.parent)
    missing = [node for node, room in rooms.items() if not room.there]
    if kept == "node" and missing:
        tally = Tally()
        with shown("decode samples", len(dataset.views), "views", tally):
            _decode_onto(missing, dataset, path, config.size, tally)
    return Supply(dataset.storage.url, path, shards, config.size, config.batch, config.samples, kept)


def _hosts(on_gpu: bool) -> list[dict[str, Any]]:
    """Nodes of the cluster that can hold a worker."""
    kind = "GPU" if on_gpu else "CPU"
    return [node for node in ray.nodes() if node["Alive"] and node["Resources"].get(kind, 0) >= 1]


def _room(address: str, path: Path) -> Room:
    return Room(address, path.exists(), room_for(path), psutil.virtual_memory().total)


def chosen_place(wanted: str, whole: int, parts: int, rooms: list[Room], workers: int, folder: Path) -> Kept:
    """Whether every node keeps all samples (`whole` bytes), or nodes share `parts` bytes among them.

    "auto" keeps all where each node has the disk and the memory for it, and parts where it has not and parts help.
    Raises `UserError` that names the mend when there is no room.
    """
    nodes = min(len(rooms), workers)
    each = parts / nodes
    least, tight = min(rooms, key=lambda room: room.disk), min(room.memory for room in rooms)
    lacking = [room for room in rooms if not room.there and room.disk < whole]
    parts_fit = each <= least.disk
    if wanted == "parts" or (wanted == "auto" and nodes > 1 and parts_fit and (lacking or whole > tight)):
        if not parts_fit:
            mend = "set TURNERY_CACHE to a folder with room, or train on more nodes"
            raise UserError(_no_room(each, least, folder, mend))
        return "parts"
    if lacking:
        mend = "set TURNERY_CACHE to a folder with room, or train on more nodes with --train.samples parts"
        raise UserError(_no_room(whole, lacking[0], folder, mend))
    return "node"


def samples_here(
    supply: Supply, selection: Selection, angles: np.ndarray, device: torch.device
) -> tuple[Samples, Part | None]:
    """This worker's samples, placed, and where nodes keep parts its place in its node's. Every worker calls it.

    What a node lacks (it came later, or keeps a part) is decoded here by one of its workers. Raises `UserError` on all
    workers when one of them cannot go on.
    """
    context = ray.train.get_context()
    path, part = supply.path, None
    shards, held = list(range(len(supply.shards))), None
    starts = np.cumsum([0, *(shard.samples for shard in supply.shards)])
    if supply.kept == "parts":
        nodes = _node_of_every_worker(context.get_node_rank(), device)
        part = part_of(nodes, context.get_world_rank(), supply.batch)
        shards = part_shards(starts, selection, nodes, part.index)
        held = np.concatenate([np.arange(starts[shard], starts[shard + 1]) for shard in shards])
        names = digest([supply.shards[shard].name for shard in shards])
        path = path.with_name(f"{path.stem}-part-{names[:16]}.npy")

    def fill() -> None:
        if context.get_local_rank() == 0 and not path.exists():
            dataset = open_dataset(open_storage(supply.url))
            keys = keys_of(dataset)
            work = [(supply.shards[shard], keys[supply.shards[shard].name]) for shard in shards]
            pack_here(path, dataset.storage, work, supply.size, lambda count: None)

    _together(fill, device)
    samples = _together(lambda: open_samples(path, selection, angles, held).placed(supply.wanted, device), device)
    return samples, part


def part_shards(starts: np.ndarray, selection: Selection, nodes: list[int], index: int) -> list[int]:
    """The shards that node `index` keeps of those with chosen views, given the node of every worker."""
    chosen = np.flatnonzero(_counts(starts, selection.row))
    learnt = _counts(starts, selection.row[selection.rows("train")])[chosen]
    workers = [nodes.count(node) for node in range(max(nodes) + 1)]
    node_of = shared_out(learnt.tolist(), workers)
    return [int(shard) for shard, node in zip(chosen, node_of, strict=True) if node == index]


def _counts(starts: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """How many of these rows of the dataset each shard holds."""
    return np.bincount(np.searchsorted(starts, rows, side="right") - 1, minlength=len(starts) - 1)


def _no_room(needed: float, room: Room, folder: Path, advice: str) -> str:
    return (
        f"the decoded samples take {needed / 1e9:.1f} GB on a node, {room.node} has {room.disk / 1e9:.1f} GB for them "
        f"in {folder}: {advice}"
    )


def _together(work: Callable[[], Any], device: torch.device) -> Any:
    """What `work` returns. All workers go on or none: one that left would keep the others waiting."""
    result, fault = None, None
    try:
        result = work()
    except UserError as error:
        fault = error
    if distributed.is_initialized():
        good = torch.tensor(int(fault is None), device=device)
        distributed.all_reduce(good, op=distributed.ReduceOp.MIN)
        if not good.item() and fault is None:
            fault = UserError("another worker could not get at the decoded samples")
    if fault is not None:
        raise fault
    return result


def _node_of_every_worker(mine: int, device: torch.device) -> list[int]:
    """The nodes' numbers from 0, in the order of the workers."""
    if not distributed.is_initialized():
        return [0]
    found = [torch.zeros(1, dtype=torch.int64, device=device) for _ in range(distributed.get_world_size())]
    distributed.all_gather(found, torch.tensor([mine], device=device))
    ranks = [int(node) for node in found]
    return [sorted(set(ranks)).index(rank) for rank in ranks]


def _decode_onto(nodes: list[str], dataset: Dataset, path: Path, size: int, tally: Tally) -> None:
    """Decode all shards over the cluster, into a packed file on each of these nodes."""
    shards, keys = dataset.manifest.shards, keys_of(dataset)
    halves = _on_each(begin_packing, {node: (path, len(dataset.views), size) for node in nodes})
    firsts = np.cumsum([0, *(shard.samples for shard in shards)]).tolist()
    rows = [
        {"first": first, "shard": shard.model_dump(), "keys": keys[shard.name]}
        for first, shard in zip(firsts, shards, strict=False)
    ]
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    for name in ("progress", "execution.streaming_executor"):  # plans of execution, and that bars are off
        logging.getLogger(f"ray.data._internal.{name}").setLevel(logging.ERROR)
    url = dataset.storage.url
    try:
        source = ray.data.from_items(rows, override_num_blocks=len(rows))
        done = source.map(lambda row: {"lost": _decode_shard(row, url, size, halves, tally)}).take_all()
    except BaseException as error:
        _on_each(drop_packing, {node: (half,) for node, half in halves.items()})
        fault = user_error_in(error)
        if fault is None:
            raise
        raise fault from None
    lost = {node for row in done for node in row["lost"]}
    # A node that was lost and is back has gaps in its file.
    _on_each(drop_packing, {node: (halves[node],) for node in lost})
    if not _on_each(end_packing, {node: (half, path) for node, half in halves.items() if node not in lost}):
        raise UserError("every node that decoded samples was lost; run the same command again")


def _decode_shard(row: dict[str, Any], url: str, size: int, halves: dict[str, Path], tally: Tally) -> list[str]:
    """Decode one shard into every half file; returns the nodes that were lost meanwhile."""
    shard, begun = Shard.model_validate(row["shard"]), int(row["first"])
    first = begun
    here, lost = ray.get_runtime_context().get_node_id(), set[str]()
    for rgba in decode(open_storage(url).fetch(f"shards/{shard.name}"), shard, size, list(row["keys"])):
        if here in halves:
            write_rows(halves[here], first, rgba)
        others = halves.keys() - lost - {here}
        if others:
            piece = ray.put(rgba)
            lost |= others - _on_each(write_rows, {node: (halves[node], first, piece) for node in others}).keys()
        first += len(rgba)
        tally.put(shard.name, Standing(first - begun))
    return sorted(lost)


def _on_each(function: Callable[..., Any], given: dict[str, tuple[Any, ...]]) -> dict[str, Any]:
    """What a function returns on each of these nodes. Nodes that are lost meanwhile are left out: they cost nobody else
    anything. Raises what the function raised."""
    task = ray.remote(num_cpus=0)(function)
    pending = {
        node: task.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(*arguments)
        for node, arguments in given.items()
    }
    results = {}
    for node, reference in pending.items():
        try:
            results[node] = ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            raise (user_error_in(error) or error) from None
        except ray.exceptions.RayError:
            continue
    return results
