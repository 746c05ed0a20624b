"""Precision and recall of `python -m render duplicates` on planted copies and look-alikes, and its speed.

python benchmarks/duplicates.py --folder /tmp/planted [--originals 18] [--real DIR] [--many 7000]

Limits are swept on the validation seed; those of DuplicatesConfig are reported on all sets, also on copies of models of
--real (GLB files below <class>/). Sets and thumbnails stay in --folder and are used again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import planted
from infra.cluster import connected
from infra.settings import ClusterConfig, digest
from infra.storage import open_storage
from infra.tracking import open_run
from render import duplicates, looks, modeller
from render.catalog import Catalog, Model, file_fingerprint
from render.config import Axis, RenderConfig
from render.dataset import Dataset, open_dataset
from render.job import render_dataset

SEEDS = {"validation": 11, "test": 12}
SWEEP = {
    "silhouette": (0.12, 0.15, 0.17, 0.2, 0.25, 0.3),
    "gradients": (0.45, 0.5, 0.53, 0.56, 0.6),
    "proportions": (0.02, 0.025, 0.035, 0.05),
}
console = Console(width=140)

Described = dict[str, tuple[list[str], looks.Looks]]


def main() -> None:
    """Make what is missing, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="where sets and thumbnails are kept")
    parser.add_argument("--originals", type=int, default=18, help="drawn originals a class and seed")
    parser.add_argument("--real", type=Path, help="folder of <class>/<name>.glb to plant copies of as well")
    parser.add_argument("--many", type=int, default=0, help="only: compare this many made-up descriptors")
    asked = parser.parse_args()
    if asked.many:
        many(asked.many)
        return
    config = duplicates.DuplicatesConfig()
    sets = {}
    for name, seed in SEEDS.items():
        sets[name] = described(asked.folder / name, drawn_set(asked.folder / name, seed, asked.originals), "-z", config)
    if asked.real:
        sets["real"] = described(asked.folder / "real", real_set(asked.folder / "real", asked.real), "+z", config)
    chosen = sweep(sets["validation"])
    console.print(f"chosen on the validation seed: {chosen}; set in DuplicatesConfig: {duplicates.limits(config)}")
    for name, models in sets.items():
        report(name, models, duplicates.limits(config))


def drawn_set(folder: Path, seed: int, originals: int) -> list[planted.Planted]:
    """The planted set of drawn models, made unless it is there."""
    return _kept(
        folder,
        lambda: [m for name in modeller.CLASSES for m in planted.plant(name, seed, originals, folder / "models")],
    )


def real_set(folder: Path, source: Path) -> list[planted.Planted]:
    """The planted set of others' models."""
    classes = sorted(path.name for path in source.iterdir() if path.is_dir())
    return _kept(
        folder, lambda: [m for name in classes for m in planted.plant_real(source, name, 11, folder / "models")]
    )


def _kept(folder: Path, make: Callable[[], list[planted.Planted]]) -> list[planted.Planted]:
    index = folder / "planted.json"
    if not index.is_file():
        models = make()
        index.write_text(json.dumps([asdict(model) | {"path": str(model.path)} for model in models]))
    return [planted.Planted(**row | {"path": Path(row["path"])}) for row in json.loads(index.read_text())]


def described(
    folder: Path, models: list[planted.Planted], front: Axis, config: duplicates.DuplicatesConfig
) -> Described:
    """Thumbnails as the command renders them, and their descriptors by class."""
    ordered = sorted(models, key=lambda m: (m.class_name, m.path.name))
    catalog = Catalog(
        tuple(
            Model(m.path.stem, m.class_name, file_fingerprint(m.path), file=str(m.path), front=front) for m in ordered
        )
    )
    storage = open_storage(folder / "thumbnails")
    settings = duplicates.thumbnails(RenderConfig(), config.samples)
    run = open_run(f"sqlite:///{folder}/mlflow.db", "duplicates", "render", digest(settings), open_storage(folder))
    with connected(ClusterConfig(cpus=2)):
        start = time.monotonic()
        render_dataset(settings, catalog=catalog, storage=storage, run=run)
        console.print(f"{folder.name}: {len(ordered)} models, {time.monotonic() - start:.0f} s of rendering")
    dataset: Dataset = open_dataset(storage)
    found = {}
    for name in dataset.manifest.classes:
        names, descriptors, faulty = duplicates.describe(dataset, name, config)
        if faulty:
            console.print(f"not sound: {faulty}")
        found[name] = (names, descriptors)
    return found


def sweep(models: Described) -> looks.Limits:
    """The limits whose worst precision or recall of a class is best; of equal ones those of the best mean."""
    best, chosen = (-1.0, -1.0), None
    rows = Table(*SWEEP, *(f"{name}: precision, recall" for name in models), title="sweep, best 12")
    lines = []
    for values in itertools.product(*SWEEP.values()):
        limits = looks.Limits(*values)
        scores = [scored(names, found, limits)[:2] for names, found in models.values()]
        merit = (round(float(np.min(scores)), 4), round(float(np.mean(scores)), 4))
        lines.append((merit, values, scores))
        if merit > best:
            best, chosen = merit, limits
    for _, values, scores in sorted(lines, key=lambda line: line[0], reverse=True)[:12]:
        rows.add_row(*map(str, values), *(f"{p:.3f}, {r:.3f}" for p, r in scores))
    console.print(rows)
    assert chosen is not None
    return chosen


def scored(
    names: list[str], described: looks.Looks, limits: looks.Limits
) -> tuple[float, float, dict[tuple[str, str], Counter[str]]]:
    """Precision and recall, and by (role, kind) how many there are and how many were dropped.

    Right: a copy dropped for a model of its own original, or for the one that its original was dropped for. Wrong: a
    look-alike or an original dropped, or a copy for another's sake. A detail that is dropped counts neither way.
    """
    dropped, _ = looks.near_duplicates(described, limits)
    kinds: dict[tuple[str, str], Counter[str]] = {}
    keys = [name.split("-", 2) for name in names]
    for _, role, *kind in keys:
        kinds.setdefault((role, "".join(kind)), Counter())["all"] += 1
    right = wrong = 0
    family = {number: number for number, *_ in keys}
    for pair in dropped:
        number, role, *kind = keys[pair.later]
        kinds[role, "".join(kind)]["dropped"] += 1
        if role == planted.ORIGINAL:
            family[number] = keys[pair.earlier][0]
        own = keys[pair.earlier][0] in {number, family[number]}
        if role == planted.COPY and own:
            right += 1
        elif role != planted.DETAIL:
            wrong += 1
    copies = sum(count["all"] for (role, _), count in kinds.items() if role == planted.COPY)
    return right / max(right + wrong, 1), right / max(copies, 1), kinds


def report(title: str, models: Described, limits: looks.Limits) -> None:
    """Print a table by kind and class: dropped of all."""
    results = {name: scored(names, found, limits) for name, (names, found) in models.items()}
    table = Table("role", "kind", *results, title=f"{title}: dropped of all", title_justify="left")
    for role, kind in sorted({key for _, _, kinds in results.values() for key in kinds}):
        counts = [kinds.get((role, kind), Counter()) for _, _, kinds in results.values()]
        table.add_row(role, kind, *(f"{c['dropped']} of {c['all']}" if c["all"] else "" for c in counts))
    table.add_section()
    table.add_row("", "precision", *(f"{precision:.3f}" for precision, _, _ in results.values()))
    table.add_row("", "recall", *(f"{recall:.3f}" for _, recall, _ in results.values()))
    console.print(table)


def many(count: int) -> None:
    """Time and memory of comparing `count` models: blobs that drift, so that each has neighbours."""
    random = np.random.default_rng(0)
    base = looks.describe(_blobs(random, 64))
    pick = random.integers(0, len(base), count)
    noise = random.integers(0, 60, (count, base.silhouettes.shape[1]), dtype=np.uint8)
    described = replace(
        base,
        silhouettes=np.where(
            base.silhouettes[pick] > 128, base.silhouettes[pick] - noise, base.silhouettes[pick] + noise
        ),
        gradients=base.gradients[pick],
        proportions=base.proportions[pick]
        + random.normal(0, 0.1, (count, base.proportions.shape[1])).astype(np.float32),
        colours=base.colours[pick],
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, start_cpu = time.monotonic(), time.process_time()
    dropped, stayed = looks.near_duplicates(described, duplicates.limits(duplicates.DuplicatesConfig()))
    seconds, processor = time.monotonic() - start, time.process_time() - start_cpu
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    size = (
        sum(getattr(described, name).nbytes for name in ("silhouettes", "gradients", "proportions", "colours")) / 2**20
    )
    console.print(f"{count} models compared in {seconds:.0f} s ({processor:.0f} s of processor)")
    console.print(
        f"descriptors {size:.0f} MB, at most {grown:.0f} MB beside them; {len(dropped)} dropped, {len(stayed)} near"
    )


def _blobs(random: np.random.Generator, count: int) -> np.ndarray:
    """Thumbnails [count, V, SIZE, SIZE, 4] of random boxes."""
    pictures = np.full((count, duplicates.VIEWS, looks.SIZE, looks.SIZE, 4), 255, np.uint8)
    pictures[..., 3] = 0
    for model in pictures:
        for view in model:
            for _ in range(6):
                (top, left), (high, wide) = random.integers(4, 40, 2), random.integers(3, 24, 2)
                view[top : top + high, left : left + wide] = [*random.integers(0, 200, 3), 255]
    return pictures


if __name__ == "__main__":
    main()
