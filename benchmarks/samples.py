"""How fast batches are drawn, beside plain webdataset and Ray Data on the same shards, and what the first decode costs.

python benchmarks/samples.py [--views 8192] [--rounds 5] [--steps 60]

All at 128 x 128, on a dataset of ellipses that it makes itself. The ways take turns; numbers are medians over rounds.
Rates are of one thread where the table says so. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
import pandas as pd
import torch
import webdataset
from torch.utils.data import DataLoader

from infra.cluster import connected
from infra.settings import ClusterConfig
from infra.storage import FolderStorage
from render.dataset import SCHEMA_VERSION, Dataset, Manifest, Shard, Style, dataset_digest
from render.shards import ShardWriter
from train.config import SelectConfig, TrainConfig
from train.loop import start, train
from train.samples import Batches, Samples, open_samples, samples_of
from train.selection import Selection, select

SIZE, BATCH, SHARDS, DISTINCT = 128, 128, 16, 64


def picture(index: int) -> np.ndarray:
    """uint8 [SIZE, SIZE, 4]: one of DISTINCT shaded ellipses over white, and its soft mask."""
    y, x = (np.mgrid[:SIZE, :SIZE] + 0.5) / SIZE * 2 - 1
    angle = 2 * np.pi * index / DISTINCT
    inside = 1 - np.hypot(x / (0.4 + 0.3 * abs(np.cos(angle))), y / 0.6)
    mask = np.clip(inside * SIZE / 6 + 0.5, 0, 1)[..., None]
    colour = (0.5 + 0.4 * np.sin(angle + np.arange(3))) * (0.8 + 0.2 * np.sin(9 * x[..., None]))
    return np.round(255 * np.concatenate([mask * colour + 1 - mask, mask], axis=-1)).astype(np.uint8)


def make_dataset(folder: Path, views: int) -> Dataset:
    """A dataset of SHARDS shards, a style each."""
    (folder / "shards").mkdir(parents=True)
    pictures = [picture(index) for index in range(DISTINCT)]
    each, rows, shards = views // SHARDS, [], list[Shard]()
    for style in range(SHARDS):
        name = f"ellipse-{style:06d}.tar"
        with ShardWriter(folder / "shards" / name, name) as writer:
            for view in range(each):
                key = f"ellipse_m{style}_v{view:05d}"
                writer.add(key, pictures[(style + view) % DISTINCT], {"azimuth_deg": 360 * view / each})
                rows.append((key, name, f"m{style}", "ellipse", style, view, 360 * view / each, 20.0))
        shards.append(writer.shard)
    columns = ["key", "shard", "model", "class_name", "style", "view", "azimuth_deg", "elevation_deg"]
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        digest=dataset_digest(shards),
        inputs_digest="",
        settings={},
        software={},
        size=SIZE,
        azimuths_deg=[],
        elevations_deg=[20.0],
        classes=["ellipse"],
        styles=[Style(id=f"m{index}", class_name="ellipse", index=index) for index in range(SHARDS)],
        shards=shards,
        views=len(rows),
        failed_models=0,
    )
    return Dataset(FolderStorage(folder), manifest, pd.DataFrame(rows, columns=columns))


def ours(samples: Samples, batches: int) -> tuple[int, float]:
    """Views and seconds: batches of BATCH with their rows, θ and inputs drawn, in one thread."""
    drawn = Batches(samples, BATCH, 1.0, seed=0)
    began = time.perf_counter()
    for step in range(batches):
        drawn.draw(step)
    return batches * BATCH, time.perf_counter() - began


def joined(sample: dict[str, Any]) -> np.ndarray:
    """uint8 [SIZE, SIZE, 4] of a sample's two files, as one would write it."""
    rgb = cv2.imdecode(np.frombuffer(sample["rgb.png"], np.uint8), cv2.IMREAD_COLOR)
    mask = cv2.imdecode(np.frombuffer(sample["mask.png"], np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.concatenate([rgb[..., ::-1], mask[..., None]], axis=-1)


def plain_webdataset(paths: list[str], processes: int = 0) -> tuple[int, float]:
    """Views and seconds: the shards decoded and batched by webdataset, here or in processes of a DataLoader.

    Processes are spawned, because a fork of a process that speaks to Ray may hang; the clock starts with their first
    batch.
    """
    source = webdataset.WebDataset(paths, shardshuffle=False).map(joined).batched(BATCH)
    context = "spawn" if processes else None
    batches = iter(DataLoader(source, batch_size=None, num_workers=processes, multiprocessing_context=context))
    if processes:
        next(batches)
    began, seen = time.perf_counter(), 0
    for batch in batches:
        seen += len(batch)
    return seen, time.perf_counter() - began


def ray_data(paths: list[str]) -> tuple[int, float]:
    """Views and seconds: torch batches from `read_webdataset`, on all processors of Ray."""
    import ray.data

    def views(row: dict[str, Any]) -> dict[str, Any]:
        return {"rgba": joined(row)}

    ray.data.DataContext.get_current().enable_progress_bars = False
    began, seen = time.perf_counter(), 0
    for batch in ray.data.read_webdataset(paths, decoder=None).map(views).iter_torch_batches(batch_size=BATCH):
        seen += len(batch["rgba"])
    return seen, time.perf_counter() - began


def first_decode(dataset: Dataset, selection: Selection, cache: Path) -> tuple[int, float, Path]:
    """Views, seconds and the packed file: what a training does before its workers start."""
    from train.decoding import supplied

    os.environ["TURNERY_CACHE"] = str(cache)
    began = time.perf_counter()
    supply = supplied(dataset, selection, TrainConfig(size=SIZE, batch=BATCH), on_gpu=False)
    return len(dataset.views), time.perf_counter() - began, supply.path


def wait_share(samples: Samples, steps: int) -> float:
    """The share of a step of the default network (batch 32) that it waits for its batch."""
    config = TrainConfig(size=SIZE, batch=32, steps=steps, augment=1.0, report_every=steps)
    batches = Batches(samples, config.batch, config.augment, seed=0)
    return train(start(config, SHARDS, 0, torch.device("cpu")), batches, config).history[-1]["data_wait_share"]


def main() -> None:
    """Make the dataset, let all ways take turns, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=int, default=8192, help="views of the dataset")
    parser.add_argument("--rounds", type=int, default=5, help="turns of every way; medians are shown")
    parser.add_argument("--steps", type=int, default=30, help="training steps for the share of data wait")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    cpus = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="turnery-benchmark-") as scratch, connected(ClusterConfig(cpus=cpus)):
        folder = Path(scratch)
        dataset = make_dataset(folder / "dataset", args.views)
        selection = select(dataset.views, SelectConfig(), seed=0)
        angles = dataset.views[["azimuth_deg", "elevation_deg"]].to_numpy()
        paths = [str(dataset.shard_path(shard.name)) for shard in dataset.manifest.shards]
        ray_data(paths[:cpus])  # Ray's processes start before the clock does, for Ray Data and for ours alike

        decodes: dict[str, list[float]] = {}
        rates: dict[str, list[float]] = {}

        def timed(table: dict[str, list[float]], name: str, way: Callable[[], tuple[int, float]]) -> None:
            views, seconds = way()
            table.setdefault(name, []).append(views / seconds)

        for turn in range(args.rounds):
            views, seconds, packed = first_decode(dataset, selection, folder / f"cache-{turn}")
            decodes.setdefault(f"ours, {cpus} processors of Ray, with SHA-256 and writing", []).append(views / seconds)
            timed(decodes, "webdataset, one process", lambda: plain_webdataset(paths))
            timed(decodes, f"webdataset, {cpus} processes", lambda: plain_webdataset(paths, cpus))
            timed(decodes, f"Ray Data, {cpus} processors", lambda: ray_data(paths))
            mapped = open_samples(packed, selection, angles)
            memory = samples_of(np.load(packed), selection, angles)
            for name, kept in (
                ("ours, memory-mapped file", mapped),
                ("ours, array in memory", memory),
                ("ours, tensor on the device (here the CPU)", memory.on(torch.device("cpu"))),
            ):
                ours(kept, 20)
                timed(rates, f"{name}, one thread", lambda kept=kept: ours(kept, 400))
        torch.set_num_threads(cpus)
        wait = wait_share(mapped, args.steps)

    rates |= {name: values for name, values in decodes.items() if not name.startswith("ours")}
    print(f"{args.views} views of {SIZE} x {SIZE}, {cpus} processors, medians of {args.rounds}\n")
    table("batches", rates, "webdataset, one process")
    table(
        "first decode",
        decodes,
        max((n for n in decodes if not n.startswith("ours")), key=lambda n: _median(decodes, n)),
    )
    print(f"share of a step that waits for its batch, 1s-S-deep, batch 32: {wait:.2%}")


def _median(table: dict[str, list[float]], name: str) -> float:
    return statistics.median(table[name])


def table(title: str, rates: dict[str, list[float]], beside: str) -> None:
    """Print rates, fastest first, and their ratio to one of them."""
    print(f"| {title} | images/s | ratio to {beside} |\n|---|---:|---:|")
    for name in sorted(rates, key=lambda name: -_median(rates, name)):
        print(f"| {name} | {_median(rates, name):,.0f} | {_median(rates, name) / _median(rates, beside):.2f} x |")
    print()


if __name__ == "__main__":
    main()
