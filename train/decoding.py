"""Samples on every node: Ray Data decodes the shards once, over the cluster; a worker of each node packs them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import ray
import ray.data
import ray.train
import torch
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from torch import distributed

from infra.cluster import Tally
from infra.errors import UserError, user_error_in
from infra.storage import open_storage
from render.dataset import Dataset, Shard
from train.board import Standing, shown
from train.samples import decode, pack


def fill_node(packed: Path, starts: list[int], count: int, size: int, local_rank: int, device: torch.device) -> None:
    """Give this node its packed file, written by one of its workers while the others wait."""
    fault: UserError | None = None
    if local_rank == 0 and not packed.exists():
        try:
            rows = ray.train.get_dataset_shard("samples").iter_rows()
            shape = (-1, size, size, 4)
            parts = ((starts[int(row["index"])], np.frombuffer(row["rgba"], np.uint8).reshape(shape)) for row in rows)
            pack(packed, parts, count, size)
        except UserError as error:
            fault = error
    if distributed.is_initialized():
        # All or none go on: a worker that left would keep the others waiting.
        good = torch.tensor(int(fault is None), device=device)
        distributed.all_reduce(good, op=distributed.ReduceOp.MIN)
        if not good.item() and fault is None:
            fault = UserError("another node could not keep the decoded samples")
    if fault is not None:
        raise fault


def decoded(dataset: Dataset, size: int) -> ray.data.Dataset:
    """Every shard decoded, a row a shard: index, rgba as bytes. Done before workers take processors."""
    tally = Tally()
    with shown("decode samples", len(dataset.views), "views", tally):
        try:
            return decoding(dataset, size, tally).materialize()
        except ray.exceptions.RayError as error:
            fault = user_error_in(error)
            if fault is None:
                raise
            raise fault from None


def decoding(dataset: Dataset, size: int, tally: Tally | None = None) -> ray.data.Dataset:
    """The same, done when somebody reads it: for a node that comes later, when workers hold every processor."""
    shards = dataset.manifest.shards
    of_shard = dataset.views.groupby("shard", sort=False)["key"].agg(list)
    rows = [
        {"index": index, "shard": shard.model_dump(), "keys": of_shard.get(shard.name, []), "size": size}
        for index, shard in enumerate(shards)
    ]
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    for name in ("progress", "execution.streaming_executor"):  # plans of execution, and that bars are off
        logging.getLogger(f"ray.data._internal.{name}").setLevel(logging.ERROR)
    url = dataset.storage.url
    source = ray.data.from_items(rows, override_num_blocks=len(rows))
    return source.map(lambda row: _decode_shard(row, url, tally), num_cpus=0 if tally is None else 1)


def _decode_shard(row: dict[str, Any], url: str, tally: Tally | None) -> dict[str, Any]:
    shard = Shard.model_validate(row["shard"])
    path = open_storage(url).fetch(f"shards/{shard.name}")
    keys, rgba = decode(path, shard, int(row["size"]))
    if keys != list(row["keys"]):
        raise UserError(f"shard {shard.name} holds other views than views.parquet says; render the dataset again")
    if tally is not None:
        tally.put(shard.name, Standing(len(keys)))
    return {"index": row["index"], "rgba": rgba.tobytes()}


def on_every_node(path: Path) -> bool:
    """Whether every node of the cluster has the packed file already."""

    @ray.remote(num_cpus=0)
    def there() -> bool:
        return path.exists()

    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    pinned = [NodeAffinitySchedulingStrategy(node, soft=False) for node in nodes]
    return all(ray.get([there.options(scheduling_strategy=place).remote() for place in pinned]))
