"""Which reading of the paper's objective is the sensible one: the same small training under each, from the same seeds.

The paper does not say whether an error is summed or averaged over the picture. Each row of the table trains the same
network on the same batches: chairs that Turnery draws itself, 64 x 64, every sixth azimuth left out. One thread a
training, as many side by side as there are processors; fp32. docs/objective.md has the table and what follows from it.

python benchmarks/objective.py                 the table as Markdown, about five minutes on two quiet processors
python benchmarks/objective.py --steps 200     a quick look
"""

from __future__ import annotations

import argparse
import itertools
import math
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evaluate.metrics import mask_iou, mse, psnr_db
from infra import rng
from infra.storage import open_storage
from render.dataset import decode_shard, open_dataset
from train.architectures import ArchitectureName, NetworkSpec
from train.augment import THETA
from train.generator import Generator, view_input
from train.objective import MASK_OVER, Loss, Objective, Over, object_on_black

ROOT = Path(__file__).resolve().parents[1]
RECIPE = ("--recipe", "chairs-128-small", "--render.source.models_per_class", "12", "--render.size", "64")
SIZE, WIDTH, LEARNING_RATE = 64, 0.1875, 2e-3
BETAS, EPSILON = (0.9, 0.999), 1e-6
SHARED = ("fc1", "fc2", "fc3", "fc4")
"""Layers that both terms reach in every network; what pulls at them is compared there."""
OVERS: tuple[Over, Over] = ("sum", "mean")


@dataclass(frozen=True)
class Reading:
    """A network, and whether its two errors are summed or averaged over the picture."""

    architecture: ArchitectureName
    rgb_over: Over
    mask_over: Over

    def objective(self) -> Objective:
        """The objective of that reading, with the paper's λ."""
        kind = NetworkSpec(architecture=self.architecture, styles=1).mask_loss
        return Objective(kind, rgb_over=self.rgb_over, mask_over=self.mask_over)

    @property
    def ours(self) -> bool:
        """Whether this is the reading that Turnery takes."""
        kind = NetworkSpec(architecture=self.architecture, styles=1).mask_loss
        return (self.rgb_over, self.mask_over) == ("sum", MASK_OVER[kind])


READINGS = [
    Reading(architecture, rgb, mask)
    for architecture, (rgb, mask) in itertools.product(("1s-S-deep", "2s-E"), itertools.product(OVERS, OVERS))
]


@dataclass(frozen=True)
class Views:
    """rgba uint8 [n, h, w, 4], style int64 [n], azimuth and elevation [n] in degrees; `unseen` bool [n] is left out."""

    rgba: NDArray[np.uint8]
    style: NDArray[np.int64]
    azimuth_deg: NDArray[np.float64]
    elevation_deg: NDArray[np.float64]
    unseen: NDArray[np.bool_]

    def inputs(self, rows: NDArray[np.int64]) -> dict[str, Tensor]:
        """What a network is given for these rows."""
        angles = (torch.from_numpy(angle[rows]) for angle in (self.azimuth_deg, self.elevation_deg))
        theta = torch.zeros(len(rows), len(THETA))
        return {"style": torch.from_numpy(self.style[rows]), "view": view_input(*angles), "theta": theta}


@dataclass(frozen=True)
class Outcome:
    """What a reading came to; `pull` is the mask's gradient norm over RGB's at the shared layers before step 1."""

    reading: Reading
    pull: float
    psnr_db: float
    iou: float
    unseen_psnr_db: float
    unseen_iou: float


def rendered(workspace: Path) -> Views:
    """Render the chairs, or take those that are there."""
    command = [sys.executable, "-m", "render", *RECIPE, "--workspace", str(workspace), "--cluster.cpus", "2"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    dataset = open_dataset(open_storage(workspace) / "dataset")
    shards = [decode_shard(workspace / "dataset" / "shards" / s.name, SIZE) for s in dataset.manifest.shards]
    pictures = dict(
        zip(itertools.chain(*(keys for keys, _ in shards)), itertools.chain(*(p for _, p in shards)), strict=True)
    )
    table = dataset.views
    azimuth = table["azimuth_deg"].to_numpy(float)
    place = np.searchsorted(np.unique(azimuth), azimuth)
    return Views(
        np.stack([pictures[key] for key in table["key"]]),
        table["style"].to_numpy(np.int64),
        azimuth,
        table["elevation_deg"].to_numpy(float),
        (place + 1) % 6 == 0,
    )


def train(reading: Reading, views: Views, steps: int, batch: int, seed: int) -> Outcome:
    """One training of a reading, and what it came to."""
    torch.set_num_threads(1)
    styles = int(views.style.max()) + 1
    network = Generator(NetworkSpec(architecture=reading.architecture, size=SIZE, width=WIDTH, styles=styles))
    network.initialise(seed)
    network.channels_last()
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, betas=BETAS, eps=EPSILON, fused=True)
    objective = reading.objective()
    learnt = np.flatnonzero(~views.unseen)
    order = np.concatenate(
        [rng.generator(seed, "epoch", e).permutation(learnt) for e in range(math.ceil(steps * batch / len(learnt)))]
    )
    pull = math.nan
    for step in range(steps):
        rows = order[step * batch : (step + 1) * batch]
        loss = _loss(network, objective, views, rows)
        if step == 0:
            pull = _pull(network, objective, loss)
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * step / steps))
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
    known = _measured(network, views, learnt)
    return Outcome(reading, pull, *known, *_measured(network, views, np.flatnonzero(views.unseen)))


def _loss(network: Generator, objective: Objective, views: Views, rows: NDArray[np.int64]) -> Loss:
    target_rgb, target_mask = object_on_black(torch.from_numpy(views.rgba[rows]))
    rgb, mask = network(**views.inputs(rows))
    return objective(rgb, mask, target_rgb, target_mask)


def _pull(network: Generator, objective: Objective, loss: Loss) -> float:
    """Gradient norm of λ·mask over that of RGB, at the shared layers."""
    shared = [p for name, p in network.named_parameters() if name.startswith(SHARED)]
    norms = []
    for term in (loss.total - loss.rgb, loss.rgb):
        gradients = torch.autograd.grad(term, shared, retain_graph=True)
        norms.append(math.sqrt(sum(float(g.double().square().sum()) for g in gradients)))
    return norms[0] / norms[1]


@torch.no_grad()
def _measured(network: Generator, views: Views, rows: NDArray[np.int64]) -> tuple[float, float]:
    """PSNR in dB of RGB on black, from the mean error, and mean IoU of the mask."""
    errors, overlaps = [], []
    for part in np.array_split(rows, math.ceil(len(rows) / 256)):
        truth_rgb, truth_mask = object_on_black(torch.from_numpy(views.rgba[part]))
        rgb, mask = network.picture(*network(**views.inputs(part)))
        errors.append(mse(_last(rgb), _last(truth_rgb)))
        overlaps.append(mask_iou(_last(mask)[..., 0], _last(truth_mask)[..., 0]))
    return psnr_db(float(np.concatenate(errors).mean())), float(np.concatenate(overlaps).mean())


def _last(picture: Tensor) -> NDArray[np.float32]:
    return picture.permute(0, 2, 3, 1).numpy()


def markdown(outcomes: Iterable[Outcome]) -> str:
    """The table; the reading that Turnery takes is bold."""
    lines = [
        "| network | RGB over a picture | mask | pull of the mask at the start | PSNR | IoU | unseen: PSNR | IoU |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for o in outcomes:
        loss = "NLL" if o.reading.objective().mask_loss == "nll" else "squared"
        cells = [o.reading.architecture, o.reading.rgb_over, f"{loss}, {o.reading.mask_over}", f"{o.pull:.2g} x"]
        cells += [f"{o.psnr_db:.2f} dB", f"{o.iou:.3f}", f"{o.unseen_psnr_db:.2f} dB", f"{o.unseen_iou:.3f}"]
        lines.append("| " + " | ".join(f"**{cell}**" if o.reading.ours else cell for cell in cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Render once, train every reading, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1500, help="iterations a training (default 1500)")
    parser.add_argument("--batch", type=int, default=16, help="views in a batch (default 16)")
    parser.add_argument("--seed", type=int, default=0, help="of weights and batches (default 0)")
    parser.add_argument(
        "--workspace", type=Path, help="where the chairs are or will be (default a folder that is removed)"
    )
    parser.add_argument("--workers", type=int, default=2, help="trainings side by side (default 2)")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        views = rendered(asked.workspace or Path(scratch))
    run = partial(train, views=views, steps=asked.steps, batch=asked.batch, seed=asked.seed)
    with ProcessPoolExecutor(asked.workers, multiprocessing.get_context("spawn")) as pool:
        print(markdown(pool.map(run, READINGS)))
    print(
        f"\n{asked.steps} steps of {asked.batch} views, {len(views.rgba)} views of {views.style.max() + 1} chairs, "
        f"seed {asked.seed}; {time.monotonic() - began:.0f} s with the rendering, {asked.workers} side by side."
    )


if __name__ == "__main__":
    main()
