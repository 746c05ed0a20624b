"""How fast turntables are rendered and how far their pictures are from the truth, on two processors.

python benchmarks/render.py [--models DIR]     180 views of each model at 256 x 256: views/s, noise, memory, costs
python benchmarks/render.py --sweep            the same few views by other settings, in turns: what the choices cost
python benchmarks/render.py --memory 500       resident memory of one Blender over many models
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from render import modeller, records
from render.catalog import Model
from render.child import Blender
from render.config import RenderConfig, SourceConfig
from render.dataset import over_white
from render.pictures import Picture
from render.shards import ShardWriter
from render.shooting import order_of
from render.sources import folder, parametric
from render.vetting.files import Staged
from render.viewpoints import View, view_grid

TRUTHS = [View(900, 40.0, 20.0), View(901, 250.0, 10.0), View(902, 130.0, 40.0)]
"""Views that are compared with their like of many samples; numbers that no grid has."""
console = Console(width=120)


@dataclass
class Cost:
    """What some views cost: seconds of the clock, of Blender's processor time and inside Cycles."""

    views: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    cycles_s: float = 0.0
    parent_cpu_s: float = 0.0
    peak_mb: float = 0.0

    def add(self, other: Cost) -> None:
        """Take in the cost of more views."""
        for name in ("views", "wall_s", "cpu_s", "cycles_s", "parent_cpu_s"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.peak_mb = max(self.peak_mb, other.peak_mb)


@dataclass
class Noise:
    """Squared errors in 255ths: of colours inside the object, and of colours over white at its edges."""

    inside: list[float] = field(default_factory=list)
    edges: list[float] = field(default_factory=list)

    def see(self, picture: NDArray[np.uint8], truth: NDArray[np.uint8]) -> None:
        """Compare uint8 [H, W, 4] pictures. Inside: what both cover wholly, 2 pixels from where they do not."""
        full = ((picture[..., 3] == 255) & (truth[..., 3] == 255)).astype(np.uint8)
        inside = cv2.erode(full, np.ones((5, 5)), borderValue=0) > 0
        edges = ((picture[..., 3] > 0) | (truth[..., 3] > 0)) & ~inside
        squares = ((picture[..., :3].astype(float) - truth[..., :3]) ** 2).mean(axis=-1)
        if inside.any():
            self.inside.append(float(squares[inside].mean()))
        self.edges.append(float(squares[edges].mean()))

    @property
    def inside_rmse(self) -> float:
        """Over all pictures alike."""
        return float(np.sqrt(np.mean(self.inside)))

    @property
    def edge_rmse(self) -> float:
        """Over all pictures alike."""
        return float(np.sqrt(np.mean(self.edges)))


def ask(blender: Blender, order: dict[str, Any], warm: int = 0) -> tuple[list[Picture], Cost]:
    """Pictures of an order and what they cost, the import and the first `warm` views left out."""
    pictures, cost = [], Cost()
    answers = blender.shoot(order, 3600)
    for _ in range(1 + warm):
        next(answers)
    process = psutil.Process(blender.pid)
    start, cpu, own = time.perf_counter(), _cpu(process), time.process_time()
    size = order["size"]
    for header, data in answers:
        straight = np.frombuffer(data, np.uint8, 4 * size * size).reshape(size, size, 4)
        view = next(View(*view) for view in order["views"] if view[0] == header["view"])
        pictures.append(Picture(view, over_white(straight), header["keypoints"]))
        cost.cycles_s += header["cycles_s"]
    cost.views, cost.wall_s = len(pictures), time.perf_counter() - start
    cost.cpu_s, cost.parent_cpu_s = _cpu(process) - cpu, time.process_time() - own
    cost.peak_mb = _status_mb(process.pid, "VmHWM")
    return pictures, cost


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _status_mb(pid: int, key: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024


def models_of(asked: argparse.Namespace, scratch: Path) -> Iterator[tuple[str, Path, Model]]:
    """Name, file and model: our own, then some of a folder's, spread over its classes."""
    for class_name in modeller.CLASSES:
        source = SourceConfig(classes=[class_name], models_per_class=asked.own)
        for model in parametric.catalog(source, 0).models if asked.own else ():
            yield f"own {class_name} {model.id}", parametric.write(model, scratch), model
    if asked.models:
        found = folder.catalog(SourceConfig(kind="folder", path=str(asked.models))).models
        spread = np.linspace(0, len(found) - 1, min(asked.count, len(found))).round().astype(int)
        for model in (found[k] for k in spread):
            yield f"{model.class_name} {model.id}", Path(str(model.file)), model


def measure(asked: argparse.Namespace) -> None:
    """The table of a dataset's rendering, as it is."""
    config = RenderConfig(size=asked.size, azimuths=36, elevations=[0, 10, 20, 30, 40], **_given(asked))
    views = view_grid(config.azimuths_deg, config.elevations)
    table = Table("model", "views/s", "CPU ms a view", "outside Cycles", "RMSE inside", "RMSE edges", "peak MB")
    total, noise, fits = Cost(), Noise(), []
    with tempfile.TemporaryDirectory() as scratch, Blender() as blender:
        for name, path, model in models_of(asked, Path(scratch)):
            order = order_of(Staged(path), model, config, views)
            start = time.perf_counter()
            pictures, cost = ask(blender, order)
            writing = time.process_time()
            with ShardWriter(Path(scratch) / "a.tar", "a.tar") as writer:
                for picture in pictures:
                    known = records.facts(model, 0, picture, config.size)
                    writer.add(records.key_of(model, picture), picture.pixels, known)
            cost.parent_cpu_s += time.process_time() - writing
            cost.wall_s = time.perf_counter() - start
            total.add(cost)
            mine = Noise()
            chosen = [[view.index, view.azimuth_deg, view.elevation_deg] for view in TRUTHS[: asked.truths]]
            for picture, truth in zip(
                ask(blender, order | {"views": chosen})[0],
                ask(blender, order | {"views": chosen, "samples": asked.truth_samples, "denoise": False})[0],
                strict=True,
            ):
                mine.see(picture.pixels, truth.pixels)
                noise.see(picture.pixels, truth.pixels)
            fits.append(_fit(blender, order, views[:: len(views) // 8]))
            _row(table, name, cost, mine)
        _row(table, "all", total, noise)
    fixed, each, denoising = np.mean(fits, axis=0) * 1e3
    console.print(table)
    console.print(
        f"{config.samples} samples, {'denoised' if config.denoise else 'as they are'}, {config.size} x {config.size}, "
        f"{order['threads']} threads, load {os.getloadavg()[0]:.1f}\n"
        f"CPU time: {fixed:.1f} ms fixed a view + {each:.1f} ms a sample + {denoising:.1f} ms to denoise; "
        f"{1e3 * total.parent_cpu_s / total.views:.1f} ms a view for whitening, encoding and the tar"
    )


def _given(asked: argparse.Namespace) -> dict[str, Any]:
    names = ("samples", "denoise", "threads")
    return {name: value for name in names if (value := getattr(asked, name)) is not None}


def _row(table: Table, name: str, cost: Cost, noise: Noise) -> None:
    table.add_row(
        name,
        f"{cost.views / cost.wall_s:.2f}",
        f"{1e3 * cost.cpu_s / cost.views:.0f}",
        f"{1 - cost.cycles_s / cost.wall_s:.1%}",
        f"{noise.inside_rmse:.2f}",
        f"{noise.edge_rmse:.2f}",
        f"{cost.peak_mb:.0f}",
    )


def _fit(blender: Blender, order: dict[str, Any], views: list[View]) -> tuple[float, float, float]:
    """Seconds of processor time: fixed a view, a sample, to denoise."""
    chosen = {"views": [[view.index, view.azimuth_deg, view.elevation_deg] for view in views]}

    def cost(samples: int, denoise: bool) -> float:
        found = ask(blender, order | chosen | {"samples": samples, "denoise": denoise}, warm=1)[1]
        return found.cpu_s / found.views

    counts = [1, 4, 8, 16]
    each, fixed = np.polyfit(counts, [cost(samples, False) for samples in counts], 1)
    return float(fixed), float(each), cost(8, True) - cost(8, False)


CROP_OFF = {"render.use_border": False}
PLAIN = {"samples": 16, "denoise": False}
VARIANTS: dict[str, dict[str, Any]] = {
    "as chosen": {},
    "4 samples": {"samples": 4},
    "6 samples": {"samples": 6},
    "12 samples": {"samples": 12},
    "16 samples": {"samples": 16},
    "not denoised, 4 samples": PLAIN | {"samples": 4},
    "not denoised, 8 samples": PLAIN | {"samples": 8},
    "not denoised, 16 samples": PLAIN,
    "not denoised, 24 samples": PLAIN | {"samples": 24},
    "denoised with albedo and normals": {"tune": {"cycles.denoising_input_passes": "RGB_ALBEDO_NORMAL"}},
    "denoised at high quality": {"tune": {"cycles.denoising_quality": "HIGH"}},
    "whole picture, not the object's box": {"tune": CROP_OFF},
    "box filter 1 px": {"tune": {"cycles.pixel_filter_type": "BOX", "cycles.filter_width": 1.0}},
    "narrow filter, half a pixel": {"tune": {"cycles.filter_width": 0.5}},
    "tabulated Sobol": {"tune": {"cycles.sampling_pattern": "TABULATED_SOBOL"}},
    "adaptive, 32 samples, 0.1": PLAIN
    | {"samples": 32, "tune": {"cycles.use_adaptive_sampling": True, "cycles.adaptive_threshold": 0.1}},
    "light tree": {"tune": {"cycles.use_light_tree": True}},
    "fast GI": {"tune": {"cycles.use_fast_gi": True, "cycles.ao_bounces_render": 1}},
    "no bounce": {"tune": {"cycles.diffuse_bounces": 0, "cycles.glossy_bounces": 0}},
    "spatial splits": {"tune": {"cycles.debug_use_spatial_splits": True}},
    "no persistent data": {"tune": {"render.use_persistent_data": False}},
    "PNG compressed": {"tune": {"render.image_settings.compression": 50}},
    "TIFF": {"tune": {"render.image_settings.file_format": "TIFF", "render.image_settings.tiff_codec": "NONE"}},
    "1 thread": {"threads": 1},
}


def sweep(asked: argparse.Namespace) -> None:
    """A row a variant; variants take turns, model by model, so that a busy machine is busy for all of them."""
    config = RenderConfig(size=asked.size, azimuths=36, elevations=[0, 10, 20, 30, 40], **_given(asked))
    chosen = [[view.index, view.azimuth_deg, view.elevation_deg] for view in TRUTHS[: asked.truths]]
    costs, noises = {name: Cost() for name in VARIANTS}, {name: Noise() for name in VARIANTS}
    with tempfile.TemporaryDirectory() as scratch, Blender() as blender:
        for _, path, model in models_of(asked, Path(scratch)):
            order = order_of(Staged(path), model, config, [View(*view) for view in chosen])
            truths: dict[str, list[Picture]] = {}
            for name, variant in VARIANTS.items():
                tuned = variant.get("tune", {})
                # A filter is measured against its own truth; all else against the look as it is.
                look = json.dumps({key: tuned[key] for key in sorted(tuned) if "filter" in key})
                if look not in truths:
                    many = {"samples": asked.truth_samples, "denoise": False, "tune": json.loads(look)}
                    truths[look] = ask(blender, order | many)[0]
                # A view ahead of the rest warms up what is kept from view to view.
                views = [[999, 0.0, 10.0], *chosen]
                pictures, cost = ask(blender, order | variant | {"views": views}, warm=1)
                costs[name].add(cost)
                for picture, truth in zip(pictures, truths[look], strict=True):
                    noises[name].see(picture.pixels, truth.pixels)
    table = Table("variant", "CPU ms a view", "ms a view", "RMSE inside", "RMSE edges")
    for name, cost in costs.items():
        milliseconds = (f"{1e3 * seconds / cost.views:.0f}" for seconds in (cost.cpu_s, cost.wall_s))
        table.add_row(name, *milliseconds, f"{noises[name].inside_rmse:.2f}", f"{noises[name].edge_rmse:.2f}")
    console.print(table)
    _processes(asked, config)


def _processes(asked: argparse.Namespace, config: RenderConfig) -> None:
    """One process of two threads against two of one, on the same views."""
    table = Table("processes x threads", "views/s")
    views = view_grid(config.azimuths_deg, config.elevations)[::3]
    with tempfile.TemporaryDirectory() as scratch, Blender() as one, Blender() as two:
        (_, path, model), *_ = models_of(asked, Path(scratch))
        # Blender ends with the thread that started it, so both are started here.
        for blender in (one, two):
            ask(blender, order_of(path, model, config, views[:1]))
        rates: dict[str, list[float]] = {"1 x 2": [], "2 x 1": []}
        for _ in range(3):
            for name, crew, threads in (("1 x 2", [one], 2), ("2 x 1", [one, two], 1)):
                shares = [views[k :: len(crew)] for k in range(len(crew))]
                orders = [order_of(Staged(path), model, config, share) | {"threads": threads} for share in shares]
                work = [threading.Thread(target=ask, args=pair) for pair in zip(crew, orders, strict=True)]
                start = time.perf_counter()
                for thread in work:
                    thread.start()
                for thread in work:
                    thread.join()
                rates[name].append(len(views) / (time.perf_counter() - start))
        for name, found in rates.items():
            table.add_row(name, f"{np.median(found[1:]):.2f}")
    console.print(table)


def memory(asked: argparse.Namespace) -> None:
    """Resident memory of one process over many models, none of them the same as the one before."""
    config = RenderConfig(size=64, azimuths=2, elevations=[20], samples=1)
    views = view_grid(config.azimuths_deg, config.elevations)
    own = [model for name in modeller.CLASSES for model in parametric.catalog(_some(name), 1).models]
    given = list(folder.catalog(SourceConfig(kind="folder", path=str(asked.models))).models) if asked.models else []
    with tempfile.TemporaryDirectory() as scratch, Blender() as blender:
        ready = [
            (model, Path(str(model.file)) if model.file else parametric.write(model, Path(scratch)))
            for model in own + given
        ]
        for done in range(asked.memory + 1):
            model, path = ready[done % len(ready)]
            ask(blender, order_of(Staged(path), model, config, views))
            if done % 50 == 0:
                console.print(f"{done:5d} models  {_status_mb(blender.pid or 0, 'VmRSS'):7.1f} MB resident")


def _some(class_name: str) -> SourceConfig:
    return SourceConfig(classes=[class_name], models_per_class=8)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, help="a folder of <class>/<name>.glb to take models from as well")
    parser.add_argument("--count", type=int, default=5, help="models taken from it (default 5)")
    parser.add_argument("--own", type=int, default=1, help="own models of each class (default 1)")
    parser.add_argument("--size", type=int, default=256, help="pixels (default 256)")
    parser.add_argument("--samples", type=int, help="samples a pixel (default the recipe's default)")
    parser.add_argument("--denoise", action=argparse.BooleanOptionalAction, help="(default the recipe's default)")
    parser.add_argument("--threads", type=int, help="threads of Blender (default 2)")
    parser.add_argument("--truths", type=int, default=1, choices=[1, 2, 3], help="views compared with the truth")
    parser.add_argument("--truth-samples", type=int, default=1024, help="samples of the truth (default 1024)")
    parser.add_argument("--sweep", action="store_true", help="compare settings")
    parser.add_argument("--memory", type=int, metavar="N", help="render N small models in one process")
    asked = parser.parse_args()
    if asked.memory:
        memory(asked)
    elif asked.sweep:
        sweep(asked)
    else:
        measure(asked)


if __name__ == "__main__":
    main()
