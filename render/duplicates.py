"""Which models of a source to leave out: copies, copies in other colours, the broken and the empty ones.

The one idea: a tiny dataset of thumbnails is rendered like any other (so faults, resuming, S3 and clusters are its
business), and everything is read off those thumbnails: soundness model by model, likeness pair by pair.
No Ray here; `render.commands` puts the steps together.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields

import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import Field

from infra.progress import Progress
from infra.settings import Settings
from render import looks, preview
from render.config import RenderConfig, RenderJob
from render.dataset import FAILURES, Dataset
from render.viewpoints import View, view_grid

REASONS = ("near-copy", "other colours", "broken", "empty")
VIEWS = len(looks.AZIMUTHS) * len(looks.ELEVATIONS)
CHUNK = 256
"""Models whose thumbnails are in memory at once."""


class DuplicatesConfig(Settings):
    """From where on models are alike, broken or empty, judged on views of 64 pixels."""

    silhouette: float = Field(
        0.15, gt=0, le=1, description="largest difference of blurred silhouettes that copies may show, share of cover"
    )
    gradients: float = Field(
        0.53, gt=0, le=2, description="largest distance of edges inside and out (HOG), share of their length"
    )
    proportions: float = Field(
        0.035, gt=0, le=1, description="largest difference of widths and heights of the silhouettes, share"
    )
    colours: float = Field(
        0.04, gt=0, le=1, description="mean difference of colour from which a copy is one in other colours, share"
    )
    empty_below: float = Field(
        0.002, ge=0, lt=1, description="a model that covers less of its pictures is empty, share"
    )
    filled_above: float = Field(
        0.6, gt=0, le=1, description="a single-coloured model that covers more of every picture is broken, share"
    )
    single_colour: float = Field(
        0.01, ge=0, lt=1, description="spread of grey below which a model is single-coloured, share of white"
    )
    samples: int = Field(16, ge=1, le=4096, description="Cycles samples a pixel of the thumbnails")
    pairs_shown: int = Field(48, ge=1, description="most pairs on either half of the sheet of pairs")


class DuplicatesJob(RenderJob):
    """`python -m render duplicates`."""

    duplicates: DuplicatesConfig = Field(DuplicatesConfig(), description="what is taken for a duplicate")


@dataclass(frozen=True)
class Row:
    """A row of duplicates.csv: a model of a class that is dropped and, of a copy, the one that is kept for it.

    Distances as in `DuplicatesConfig`, None where there is no pair; `detail` says more of a broken or empty one."""

    class_name: str
    dropped: str
    kept: str
    reason: str
    silhouette: float | None = None
    gradients: float | None = None
    proportions: float | None = None
    colours: float | None = None
    detail: str = ""
    score: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """What was found: rows of the dropped, (class, id) of the kept in the catalogue's order, and pairs of kept models
    that were the nearest to being dropped."""

    dropped: list[Row]
    kept: list[tuple[str, str]]
    stayed: list[Row]

    def counts(self) -> dict[str, Counter[str]]:
        """By class: `kept` and every reason."""
        table: dict[str, Counter[str]] = {}
        for class_name, _ in self.kept:
            table.setdefault(class_name, Counter())["kept"] += 1
        for row in self.dropped:
            table.setdefault(row.class_name, Counter())[row.reason] += 1
        return table


def thumbnails(config: RenderConfig, samples: int) -> RenderConfig:
    """Settings of the thumbnails for the models of `config`: their size and grid are fixed, for the limits are."""
    fixed = {
        "size": looks.SIZE,
        "azimuth_list": list(looks.AZIMUTHS),
        "elevations": list(looks.ELEVATIONS),
        "samples": samples,
        "border": 0.05,
        "framing": "fill",
        "passes": [],
        "denoise": False,
        "models_per_shard": 32,
        "failures_allowed": 1.0,  # a model that fails is what is looked for
    }
    return config.model_copy(update=fixed)


def find(dataset: Dataset, config: DuplicatesConfig) -> Verdict:
    """Judge the models of a dataset, class by class in its order; of alike ones the first is kept.

    Any dataset will do: of each model the views nearest to the thumbnails' are taken, and made smaller.
    """
    dropped, kept, stayed = _failures(dataset), [], []
    for class_name in dataset.manifest.classes:
        names, described, faulty = describe(dataset, class_name, config)
        dropped += faulty
        with Progress(f"comparing {class_name}", len(names), "models") as progress:
            copies, near = looks.near_duplicates(described, limits(config), progress.update)
        dropped += [_row(class_name, names, pair, config) for pair in copies]
        stayed += [_row(class_name, names, pair, config) for pair in near]
        gone = {pair.later for pair in copies}
        kept += [(class_name, name) for k, name in enumerate(names) if k not in gone]
    return Verdict(dropped, kept, stayed)


def limits(config: DuplicatesConfig) -> looks.Limits:
    """The limits of likeness."""
    return looks.Limits(config.silhouette, config.gradients, config.proportions)


def describe(dataset: Dataset, class_name: str, config: DuplicatesConfig) -> tuple[list[str], looks.Looks, list[Row]]:
    """Ids and descriptors of a class's sound models in their order, and rows of the others."""
    names: list[str] = []
    parts = [looks.describe(np.zeros((0, VIEWS, looks.SIZE, looks.SIZE, 4), np.uint8))]
    faulty = []
    for ids, pictures in _thumbnails(dataset, class_name):
        faults = [soundness(views, config) for views in pictures]
        faulty += [
            Row(class_name, name, "", fault[0], detail=fault[1])
            for name, fault in zip(ids, faults, strict=True)
            if fault
        ]
        sound = [k for k, fault in enumerate(faults) if fault is None]
        names += [ids[k] for k in sound]
        parts.append(looks.describe(pictures[sound]))
    return names, looks.Looks.joined(parts), faulty


def soundness(views: NDArray[np.uint8], config: DuplicatesConfig) -> tuple[str, str] | None:
    """What is wrong with a model's pictures [V, H, W, 4], RGB over white with soft mask: reason and detail, or None."""
    mask = views[..., 3] / 255.0
    covered = mask.mean(axis=(1, 2))
    if covered.mean() < config.empty_below:
        return "empty", f"covers {covered.mean():.2%} of its pictures"
    solid = views[..., 3] > 250  # edges carry the white of the background
    grey = views[..., :3].mean(axis=-1)[solid] / 255.0
    if covered.min() > config.filled_above and grey.size and grey.std() < config.single_colour:
        return "broken", f"one colour over {covered.min():.0%} of every picture"
    return None


def _row(class_name: str, names: list[str], pair: looks.Likeness, config: DuplicatesConfig) -> Row:
    reason = "near-copy" if pair.colours < config.colours else "other colours"
    later, earlier = names[pair.later], names[pair.earlier]
    silhouette, gradients, proportions, colours = (
        round(x, 4) for x in (pair.silhouette, pair.gradients, pair.proportions, pair.colours)
    )
    return Row(class_name, later, earlier, reason, silhouette, gradients, proportions, colours, score=pair.score)


def _failures(dataset: Dataset) -> list[Row]:
    table = pq.read_table(io.BytesIO(dataset.storage.read_bytes(FAILURES))).to_pylist()
    return [Row(row["class_name"], row["model"], "", "broken", detail=row["reason"]) for row in table]


def _thumbnails(dataset: Dataset, class_name: str) -> Iterator[tuple[list[str], NDArray[np.uint8]]]:
    """Ids and pictures [n, V, SIZE, SIZE, 4] of a class's models, in their order, some at a time."""
    views = dataset.views[dataset.views.class_name == class_name]
    wanted = view_grid(looks.AZIMUTHS, looks.ELEVATIONS)
    keys = np.stack([_nearest(views, view) for view in wanted], axis=1)
    ids = views.groupby("style").model.first().sort_index().tolist()
    for start in range(0, len(ids), CHUNK):
        chunk = keys[start : start + CHUNK]
        pictures = _small(dataset.pictures(chunk.ravel().tolist()))
        yield ids[start : start + CHUNK], pictures.reshape(*chunk.shape, looks.SIZE, looks.SIZE, 4)


def _nearest(views: pd.DataFrame, wanted: View) -> NDArray[np.object_]:
    """A key a model: its view nearest to a wanted one."""
    apart = np.abs((views.azimuth_deg - wanted.azimuth_deg + 180) % 360 - 180)
    apart += np.abs(views.elevation_deg - wanted.elevation_deg)
    found: NDArray[np.object_] = views.loc[apart.groupby(views["style"]).idxmin().sort_index(), "key"].to_numpy()
    return found


def _small(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if pictures.shape[1] == looks.SIZE:
        return pictures
    size = (looks.SIZE, looks.SIZE)
    return np.stack([cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures])


def table(verdict: Verdict) -> bytes:
    """duplicates.csv."""
    text = io.StringIO()
    names = [field.name for field in fields(Row) if field.name != "score"]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["class", *names[1:]])
    for row in verdict.dropped:
        values = [getattr(row, name) for name in names]
        writer.writerow("" if value is None else value for value in values)
    return text.getvalue().encode()


def kept_list(verdict: Verdict) -> bytes:
    """kept.txt: `class/id` a line, for --render.source.include."""
    return "".join(f"{class_name}/{name}\n" for class_name, name in verdict.kept).encode()


def metrics(verdict: Verdict) -> dict[str, float]:
    """Counts over all classes by stable names: `duplicates/kept`, `duplicates/near_copy`, ..."""
    total = sum(verdict.counts().values(), Counter())
    names = ("kept", *REASONS)
    return {f"duplicates/{name.replace('-', '_').replace(' ', '_')}": float(total[name]) for name in names} | {
        "duplicates/models": float(total.total())
    }


def sheet(dataset: Dataset, verdict: Verdict, shown: int) -> NDArray[np.uint8] | None:
    """Pairs side by side, uint8 [H, W, 3]: the dropped with the kept, most doubtful first; then the kept pairs that
    were nearest to it. Under each: both ids, then silhouette, gradients, proportions, colours. None without pairs."""
    copies = sorted((row for row in verdict.dropped if row.kept), key=lambda row: -row.score)[:shown]
    others = sorted(verdict.stayed, key=lambda row: row.score)[:shown]
    if not copies and not others:
        return None
    views = dataset.views
    quarter = pd.Series(
        _nearest(views, View(0, looks.AZIMUTHS[0], looks.ELEVATIONS[0])),
        index=pd.MultiIndex.from_frame(views.groupby("style")[["class_name", "model"]].first().sort_index()),
    )
    blocks = []
    for title, rows in (("dropped (left), for the sake of (right)", copies), ("nearest that stayed", others)):
        if rows:
            keys = [quarter[row.class_name, name] for row in rows for name in (row.dropped, row.kept)]
            tiles = preview.enlarged(dataset.pictures(keys)[..., :3], 2)
            pairs = np.concatenate([tiles[0::2], tiles[1::2]], axis=2)
            blocks.append(preview.titled(title, preview.labelled(pairs, [_label(row) for row in rows], 5)))
    return preview.stacked(blocks)


def _label(row: Row) -> str:
    distances = f"{row.silhouette:.2f} · {row.gradients:.2f} · {row.proportions:.3f} · {row.colours:.2f}"
    reason = row.reason if row.score < 1 else ""
    return f"{row.class_name}/{row.dropped}\n{row.class_name}/{row.kept}\n{distances}   {reason}"
