"""How well does the generator redraw views it was shown, and draw views it never was?

The one idea: every number stands beside two floors that need no network, the mean of the training views and a
copy of the nearest training view of the same model, so that a PSNR can be read at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluate import figures, metrics
from evaluate.config import ReconstructionConfig
from evaluate.question import SPLITS, Answer, Spread, Subject, directions
from evaluate.turntable import turntables
from evaluate.view_errors import errors_by_view, view_errors, worst_views
from infra import rng

GENERATED, MEAN_IMAGE, NEAREST_VIEW = "generated", "mean_image", "nearest_view"
METHODS = (GENERATED, MEAN_IMAGE, NEAREST_VIEW)
_SPLIT_NAMES = {"train": "training views", "unseen": "unseen views"}


@dataclass(frozen=True)
class FloorsPart:
    """Views to measure the floors on: columns row and neighbour (rows of the pictures; neighbour -1 for none)."""

    views: pd.DataFrame
    mean_rgb: np.ndarray
    mean_mask: np.ndarray
    with_ssim: bool


def reconstruction(
    subject: Subject, config: ReconstructionConfig, answer: Answer, spread: Spread, views_per_part: int = 512
) -> None:
    """Errors of generated views against the true ones, by split and class (the paper's per-pixel MSE, and
    others).

    Metrics: `<split>/<metric>`, `<split>/<class>/<metric>`, and both floors as `<split>/<floor>/<metric>`.
    Files: views.parquet with the errors of every view, metrics.csv, a figure a class, the worst views, and the error
    by azimuth and elevation.
    """
    chosen = chosen_views(subject.views, config.views, subject.seed)
    generated = view_errors(subject, spread, chosen, config.ssim, views_per_part)
    mean_rgb, mean_mask = mean_image(subject, config.mean_views)
    parts = [
        FloorsPart(chosen.iloc[start : start + views_per_part], mean_rgb, mean_mask, config.ssim)
        for start in range(0, len(chosen), views_per_part)
    ]
    floors = spread(measured_floors, parts, "views of the floors", [len(part.views) for part in parts])
    errors = pd.concat([generated.assign(row=chosen["row"], method=GENERATED), *floors], ignore_index=True)

    views = _with_errors(subject, chosen, errors)
    views.to_parquet(answer.folder / "views.parquet", index=False)
    table = metrics_table(views, errors)
    answer.table("metrics", table)
    for line in table.to_dict("records"):
        where = [line["split"]]
        where += [line["method"]] if line["method"] != GENERATED else []
        where += [line["class_name"]] if line["class_name"] != "all" else []
        if line["method"] != GENERATED and line["class_name"] != "all":
            continue  # floors by class are in the table
        for name in ("mse", "psnr_db", "psnr_object_db", "ssim", "mask_iou"):
            answer.metric("/".join([*where, name]), line[name])

    for name in subject.styles_by_class:
        _class_figure(subject, views[views["class_name"] == name], name, config.columns, answer)
    worst_views({GENERATED: subject}, views.assign(role=GENERATED), config.worst, answer)
    errors_by_view({str(name): of_class for name, of_class in views.groupby("class_name", sort=True)}, answer)
    turntables(subject, config.turntable_styles, config.turntable_frames, answer)
    answer.text = _text(table)


def chosen_views(views: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """At most `most` views of each split, evenly over the classes by the seed, each with its nearest training
    view.

    Returns a row a view: row, neighbour, key, model, class_name, style, split, azimuth_deg, elevation_deg.
    """
    kept: list[np.ndarray] = []
    for split in SPLITS:
        of_split = views[views["split"] == split]
        groups = list(of_split.groupby("class_name", sort=True))
        share = -(-most // len(groups)) if most and groups else 0
        for name, group in groups:
            rows = group.index.to_numpy()
            if most and len(rows) > share:
                random = rng.generator(seed, f"evaluate/views/{split}/{name}")
                rows = random.choice(rows, share, replace=False)
            kept.append(np.sort(rows))
    rows = np.concatenate(kept) if kept else np.empty(0, np.int64)
    columns = ["key", "model", "class_name", "style", "split", "azimuth_deg", "elevation_deg"]
    chosen = views.loc[rows, columns].reset_index(names="row")
    chosen.insert(1, "neighbour", nearest_training_view(views).loc[rows].to_numpy())
    return chosen


def nearest_training_view(views: pd.DataFrame) -> pd.Series:
    """Label of the training view of the same model, another than the view itself, seen from the closest
    direction.

    Of views equally close the first is taken; -1 where the model has no other training view.
    """
    towards = directions(views["azimuth_deg"].to_numpy(), views["elevation_deg"].to_numpy())
    training = (views["split"] == "train").to_numpy()
    labels = views.index.to_numpy()
    nearest = np.full(len(views), -1, np.int64)
    for style in views["style"].unique():
        positions = np.flatnonzero((views["style"] == style).to_numpy())
        known = positions[training[positions]]
        if len(known) == 0:
            continue
        closeness = np.round(towards[positions] @ towards[known].T, 9)
        closeness[positions[:, None] == known[None, :]] = -np.inf
        best = closeness.argmax(axis=1)
        found = np.isfinite(closeness.max(axis=1))
        nearest[positions[found]] = labels[known[best[found]]]
    return pd.Series(nearest, index=views.index)


def mean_image(subject: Subject, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean of the training views of all models, pixel by pixel: rgb [h, w, 3] on black, mask [h, w]."""
    rows = subject.views.index[subject.views["split"] == "train"].to_numpy()
    if len(rows) > most:
        rows = np.sort(rng.generator(subject.seed, "evaluate/mean image").choice(rows, most, replace=False))
    rgb_sum = mask_sum = np.zeros(1)
    for start in range(0, len(rows), 512):
        rgb, mask = subject.truth(rows[start : start + 512])
        rgb_sum = rgb_sum + rgb.sum(axis=0, dtype=np.float64)
        mask_sum = mask_sum + mask.sum(axis=0, dtype=np.float64)
    return (rgb_sum / len(rows)).astype(np.float32), (mask_sum / len(rows)).astype(np.float32)


def measured_floors(subject: Subject, part: FloorsPart) -> pd.DataFrame:
    """Errors of both floors on some views: row, method and `metrics.MEASURES`."""
    views = part.views
    truth, truth_mask = subject.truth(views["row"].to_numpy())
    tables = []

    def add(method: str, rgb: np.ndarray, mask: np.ndarray, of: np.ndarray) -> None:
        errors = metrics.measure(rgb, mask, truth[of], truth_mask[of], part.with_ssim)
        tables.append(errors.assign(row=views["row"].to_numpy()[of], method=method))

    shape = (len(views), *part.mean_mask.shape)
    mean_rgb, mean_mask = np.broadcast_to(part.mean_rgb, (*shape, 3)), np.broadcast_to(part.mean_mask, shape)
    add(MEAN_IMAGE, mean_rgb, mean_mask, np.arange(len(views)))
    having = np.flatnonzero(views["neighbour"].to_numpy() >= 0)
    add(NEAREST_VIEW, *subject.truth(views["neighbour"].to_numpy()[having]), having)
    return pd.concat(tables, ignore_index=True)


def metrics_table(views: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    """Pooled metrics, a row a split, class (or all) and method."""
    of_view = errors.merge(views[["row", "split", "class_name"]], on="row")
    lines = []
    for split in SPLITS:
        of_split = of_view[of_view["split"] == split]
        for name in ["all", *sorted(of_split["class_name"].unique())] if len(of_split) else []:
            of_class = of_split if name == "all" else of_split[of_split["class_name"] == name]
            for method in METHODS:
                of_method = of_class[of_class["method"] == method]
                if len(of_method) == 0:
                    continue
                pooled = metrics.pooled(of_method)
                line = {"split": split, "class_name": name, "method": method, "views": len(of_method)}
                lines.append(line | {key: pooled.get(key, np.nan) for key in metrics.POOLED})
    return pd.DataFrame(lines)


def _with_errors(subject: Subject, chosen: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    views = chosen.copy()
    views["nearest_key"] = subject.views["key"].reindex(chosen["neighbour"]).to_numpy()
    for method in METHODS:
        own = errors[errors["method"] == method].set_index("row").reindex(chosen["row"])
        for name in metrics.MEASURES:
            views[name if method == GENERATED else f"{method}_{name}"] = own[name].to_numpy()
    return views


def _class_figure(subject: Subject, views: pd.DataFrame, name: str, columns: int, answer: Answer) -> None:
    blocks, shown = [], []
    for split in SPLITS:
        of_split = views[views["split"] == split].sort_values(["mse", "key"]).reset_index(drop=True)
        if len(of_split) == 0:
            continue
        picked = of_split.loc[_spread_over_models(of_split["model"].tolist(), columns)]
        truth, generated = _pictures(subject, picked)
        captions = [f"{metrics.psnr_db(error):.1f} dB" for error in picked["mse"]]
        rows = [figures.Row(truth, "truth"), figures.Row(generated, "generated", captions)]
        blocks.append(figures.Block(rows, _SPLIT_NAMES[split], unseen=split == "unseen"))
        shown.append(picked)
    if not blocks:
        return
    table = pd.concat(shown)
    count = max(len(picked) for picked in shown)
    heads = [{0: "best", count // 2: "median", count - 1: "worst"}.get(column, "") for column in range(count)]
    title = f"{name}: views redrawn" if len(blocks) == 1 else f"{name}: views shown in training, and views never shown"
    caption = (
        "Truth above, generated below, in equal steps of rank from the least to the largest squared error; "
        "PSNR below each. Green: views left out of training."
    )
    path = answer.figure(f"views-{name}.png", title, caption, table)
    figures.grid(blocks, heads).save(path)


def _pictures(subject: Subject, views: pd.DataFrame) -> tuple[list[np.ndarray], list[np.ndarray]]:
    truth = figures.over_white(*subject.truth(views["row"].to_numpy()))
    drawn = subject.draw(views["style"].to_numpy(), views["azimuth_deg"], views["elevation_deg"])
    return list(truth), list(figures.over_white(*drawn))


def _spread_over_models(models: Sequence[str], count: int) -> list[int]:
    """Positions at equal steps of rank, first and last included; between them a neighbour of a new model is
    preferred."""
    count = min(count, len(models))
    targets = np.round(np.linspace(0, len(models) - 1, count)).astype(int)
    reach = max(1, len(models) // (4 * count))
    picked: list[int] = []
    used = {models[targets[0]], models[targets[-1]]}
    for place, target in enumerate(targets):
        near = [int(target)]
        if 0 < place < count - 1:
            window = range(max(target - reach, targets[0] + 1), min(target + reach + 1, targets[-1]))
            near = sorted(window, key=lambda p: (models[p] in used, abs(p - target), p)) or near
        choice = next((p for p in near if p not in picked), int(target))
        picked.append(choice)
        used.add(models[choice])
    return sorted(set(picked))


def _text(table: pd.DataFrame) -> str:
    every = {(line["split"], line["method"]): line for line in table.to_dict("records") if line["class_name"] == "all"}
    how = {"train": "Views shown in training are redrawn", "unseen": "Views never shown are drawn"}
    floor = {MEAN_IMAGE: "the mean training view", NEAREST_VIEW: "the nearest training view"}
    sentences = []
    for split in SPLITS:
        if (split, GENERATED) not in every:
            continue
        own = every[split, GENERATED]
        floors = [
            f"{name} {every[split, method]['psnr_db']:.1f} dB"
            for method, name in floor.items()
            if (split, method) in every
        ]
        sentences.append(
            f"{how[split]} at {own['psnr_db']:.1f} dB PSNR with a mask IoU of {own['mask_iou']:.3f} "
            f"({own['views']} views; for comparison, {', '.join(floors)})."
        )
    return " ".join(sentences)
