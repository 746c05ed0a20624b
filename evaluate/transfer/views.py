"""Are missing views of a model drawn better when other models were shown from all sides (section 5.2, Figs. 8-9)?

The one idea: every way of drawing is measured on the very same views, those of the target models that no training
showed: the network with transfer and without, and pictures of the source models that need no network.

Methods: `transfer` and `alone`, the networks whose source models were shown from all sides, or from as few as the
targets; `rgb` and `hog`, neighbours mixed; `mean`, the mean of all source models at that very view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluate import metrics
from evaluate.question import Answer, Panel, Subject
from evaluate.transfer.comparison import claim, gain_db, mean_and_models, selections
from evaluate.transfer.config import WITH, WITHOUT, ViewTransferConfig
from evaluate.transfer.neighbours import HOG, MEAN, MEASURES, RGB, beside, descriptors, nearest
from evaluate.transfer.view_figures import curves_figure, neighbours_figure, rows_figure
from infra.errors import UserError

Direction = tuple[float, float]
"""Azimuth and elevation in degrees, of the dataset's grid."""

METHODS = (WITH, WITHOUT, RGB, HOG, MEAN)
MEASURED = ("mse", "mse_object", "mask_iou", "hog_distance")
_LABELS = ["key", "model", "class_name", "azimuth_deg", "elevation_deg"]


@dataclass(frozen=True)
class ShownPart:
    """A view that targets were shown from: its rows of targets and of sources."""

    targets: np.ndarray
    sources: np.ndarray


@dataclass(frozen=True)
class MissingPart:
    """Missing views of targets, for the network of role `method`-<views>.

    `views` has row, and weight with, by measure, `<measure>_before` and `<measure>_after`, rows of the neighbours'
    pictures at that view. `sources` has the rows of all source models by direction; where it is empty the network alone
    is measured.
    """

    method: str
    views: pd.DataFrame
    sources: dict[Direction, np.ndarray]


def needs(config: ViewTransferConfig, views: pd.DataFrame) -> None:
    """Raise `UserError` where a dataset lacks the class, source models, or views to leave out."""
    for role, selection in selections("view-transfer", config.trainings, views).items():
        target = selection.table["target"].to_numpy(dtype=bool)
        if target.all():
            names = ", ".join(sorted(set(selection.classes)))
            raise UserError(f"view-transfer: of {names} all models are targets; render more, or lower its share")
        if not (target & (selection.table["split"] == "unseen").to_numpy()).any():
            count = int(pd.Series(selection.style[target]).value_counts().max())
            raise UserError(f"view-transfer: {role} leaves no view out, a model has {count}; render more views")


def view_transfer(panel: Panel, config: ViewTransferConfig, answer: Answer) -> None:
    """Squared error on the missing views of target models by method and number of views shown.

    Files: views.parquet (every view and method), error-over-views.csv, the values of the claims; figures like Figs. 8
    and 9, and the nearest neighbours. Claims, in dB a target: `transfer-helps`, `one-view-beats-mean`,
    `beats-neighbours` and others, each also `-at-<views>`.
    """
    found = [measured_at(panel, count) for count in config.views]
    views = pd.concat([each for each, _ in found], ignore_index=True)
    views.to_parquet(answer.folder / "views.parquet", index=False)
    table = error_table(views)
    for line in table.to_dict("records"):
        for name in ("mse", "psnr_db", "mask_iou"):
            answer.metric(f"{line['views']}-views/{line['method']}/{name}", line[name])
    claims(views, config, answer)

    curves_figure(table, answer)
    subjects = {role: panel.subjects[role] for role in config.trainings}
    rows_figure(subjects, config, typical_target(views), answer)
    fewest = config.views.index(min(config.views))
    neighbours_figure(subjects[f"{WITH}-{min(config.views)}"], found[fewest][1], config.shown, answer)
    answer.text = _text(views, config)


def measured_at(panel: Panel, count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Errors of all methods with `count` views shown, a row a view and method; and the nearest neighbours.

    Neighbours have a row a target and shown view: row, style, azimuth_deg, elevation_deg, and by measure the style of
    the neighbour and the row of its picture at that view.
    """
    role = f"{WITH}-{count}"
    subject, spread = panel.subjects[role], panel.spreads[role]
    parts = shown_parts(subject.views)
    neighbours = pd.concat(spread(found_neighbours, parts, "views", [len(each.targets) for each in parts]))
    missing, sources = missing_views(subject.views, neighbours)
    tables: list[pd.DataFrame] = []
    for method in (WITH, WITHOUT):
        role, with_others = f"{method}-{count}", sources if method == WITH else {}
        pieces = [
            MissingPart(method, missing.iloc[start : start + panel.views_per_part], with_others)
            for start in range(0, len(missing), panel.views_per_part)
        ]
        tables += panel.spreads[role](errors, pieces, "views", [len(piece.views) for piece in pieces])
    labels = subject.views.loc[missing["row"], _LABELS].reset_index(names="row")
    measured = pd.concat(tables, ignore_index=True).merge(labels, on="row", validate="many_to_one")
    return measured.assign(views=count)[["views", "method", *_LABELS, *MEASURED]], neighbours


def shown_parts(views: pd.DataFrame) -> list[ShownPart]:
    """A part for every direction that a target was shown from, of a training's views."""
    shown = views[views["target"] & (views["split"] == "train")]
    sources = rows_by_direction(views[~views["target"]])
    parts = sorted(rows_by_direction(shown).items())
    return [ShownPart(rows, sources[direction]) for direction, rows in parts if direction in sources]


def rows_by_direction(views: pd.DataFrame) -> dict[Direction, np.ndarray]:
    """Rows of views by (azimuth, elevation) in degrees."""
    rows: dict[Direction, list[int]] = {}
    for direction, row in zip(_directions(views), views.index, strict=True):
        rows.setdefault(direction, []).append(row)
    return {direction: np.array(own) for direction, own in rows.items()}


def found_neighbours(subject: Subject, part: ShownPart) -> pd.DataFrame:
    """The source model that looks most like each target of a part, by each measure; see `measured_at`."""
    views = subject.views
    targets, sources = subject.truth(part.targets), subject.truth(part.sources)
    found = views.loc[part.targets, ["style", "azimuth_deg", "elevation_deg"]].reset_index(names="row")
    for measure in MEASURES:
        closest = part.sources[nearest(descriptors(*targets, measure), descriptors(*sources, measure))]
        found[measure], found[f"{measure}_row"] = views.loc[closest, "style"].to_numpy(), closest
    return found


def missing_views(views: pd.DataFrame, neighbours: pd.DataFrame) -> tuple[pd.DataFrame, dict[Direction, np.ndarray]]:
    """Missing views of all targets, by direction, with what their neighbours look like there; see `MissingPart`.

    Views that a source model lacks are left out.
    """
    sources = views[~views["target"]]
    by_direction = rows_by_direction(sources)
    row_of = {
        (style, direction): row
        for style, direction, row in zip(sources["style"], _directions(sources), sources.index, strict=True)
    }
    shown_of = dict(iter(neighbours.groupby("style")))
    missing = views[views["target"] & (views["split"] == "unseen")].sort_values(["azimuth_deg", "elevation_deg", "key"])
    lines = []
    for row, style, direction in zip(missing.index, missing["style"], _directions(missing), strict=True):
        shown = shown_of[style]
        before, after, weight = beside(*direction, shown["azimuth_deg"].to_numpy(), shown["elevation_deg"].to_numpy())
        line = {"row": row, "weight": weight}
        for measure in MEASURES:
            styles = shown[measure].to_numpy()
            line[f"{measure}_before"] = row_of.get((styles[before], direction), -1)
            line[f"{measure}_after"] = row_of.get((styles[after], direction), -1)
        lines.append(line)
    table = pd.DataFrame(lines)
    return table[(table >= 0).all(axis=1)], by_direction


def errors(subject: Subject, part: MissingPart) -> pd.DataFrame:
    """Errors of a part's methods on its views: row, method and `MEASURED`."""
    views = part.views
    rows = views["row"].to_numpy()
    true = subject.dataset.loc[rows]
    truth, truth_mask = subject.truth(rows)
    truth_hog = descriptors(truth, truth_mask, HOG)
    tables = []

    def add(method: str, rgb: np.ndarray, mask: np.ndarray) -> None:
        found = {
            "row": rows,
            "method": method,
            "mse": metrics.mse(rgb, truth),
            "mse_object": metrics.mse_object(rgb, truth, truth_mask),
            "mask_iou": metrics.mask_iou(mask, truth_mask),
            "hog_distance": np.linalg.norm(descriptors(rgb, mask, HOG) - truth_hog, axis=1),
        }
        tables.append(pd.DataFrame(found))

    add(part.method, *subject.draw(true["style"].to_numpy(), true["azimuth_deg"], true["elevation_deg"]))
    if part.sources:
        for measure in MEASURES:
            before, after = (views[f"{measure}_{end}"].to_numpy() for end in ("before", "after"))
            add(measure, *mixed(subject, before, after, views["weight"].to_numpy()))
        add(MEAN, *_means(subject, part.sources, _directions(true)))
    return pd.concat(tables, ignore_index=True)


def mixed(subject: Subject, before: np.ndarray, after: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """True views by their rows [n], mixed with `weight` [n] of those after: rgb on black, mask."""
    (rgb, mask), (rgb_after, mask_after) = subject.truth(before), subject.truth(after)
    share = weight.astype(np.float32)[:, None, None]
    return rgb + share[..., None] * (rgb_after - rgb), mask + share * (mask_after - mask)


def error_table(views: pd.DataFrame) -> pd.DataFrame:
    """Mean errors, a row a number of views and method, the most views first."""
    pooled = views.groupby(["views", "method"], as_index=False)[list(MEASURED)].mean()
    counts = views.groupby(["views", "method"]).size()
    pooled["missing_views"] = counts.to_numpy()
    pooled["mse_rgb_sum"] = 3 * pooled["mse"]
    pooled["psnr_db"] = [metrics.psnr_db(mse) for mse in pooled["mse"]]
    order = pooled["method"].map(METHODS.index)
    return pooled.assign(order=order).sort_values(["views", "order"], ascending=[False, True]).drop(columns="order")


def claims(views: pd.DataFrame, config: ViewTransferConfig, answer: Answer) -> None:
    """Leave what the claims are judged by: a value a target, from the errors of its missing views."""
    mse, iou, gradients = (by_model(views, name) for name in ("mse", "mask_iou", "hog_distance"))
    counts = config.views
    fewest, most = min(counts), max(counts)
    helps = {count: gain_db(mse[count, WITH], mse[count, WITHOUT]) for count in counts}
    ahead = {
        (measure, count): gain_db(mse[count, WITH], mse[count, measure]) for measure in MEASURES for count in counts
    }
    for count in counts:
        claim(answer, f"transfer-helps-at-{count}", helps[count])
        for measure in MEASURES:
            claim(answer, f"beats-{measure}-at-{count}", ahead[measure, count])
    few = [helps[count] for count in counts if count <= config.few]
    if few:
        claim(answer, "transfer-helps", _mean(few))
    claim(answer, "fewest-beats-mean", gain_db(mse[fewest, WITH], mse[fewest, MEAN]))
    claim(answer, "fewest-beats-neighbours", _least([ahead[measure, fewest] for measure in MEASURES]))
    claim(answer, "beats-neighbours", _least(list(ahead.values())))
    behind = [ahead[measure, most] - ahead[measure, fewest] for measure in MEASURES]
    claim(answer, "neighbours-fall-behind", _mean(behind))
    claim(answer, "rgb-scores-better", _mean([gain_db(mse[count, RGB], mse[count, HOG]) for count in counts]))
    claim(answer, "hog-looks-better", _mean([iou[count, HOG] - iou[count, RGB] for count in counts]))
    claim(answer, "hog-gradients-better", _mean([gradients[count, RGB] - gradients[count, HOG] for count in counts]))


def by_model(views: pd.DataFrame, name: str) -> pd.DataFrame:
    """Mean error of each model, `<class>/<id>`, over its missing views; columns (views, method)."""
    model = (views["class_name"] + "/" + views["model"]).rename("model")
    return views.pivot_table(name, model, ["views", "method"], aggfunc="mean")


def typical_target(views: pd.DataFrame) -> str:
    """The target whose mean error with transfer is the median, as `<class>/<id>`."""
    mean = by_model(views[views["method"] == WITH], "mse").mean(axis=1).sort_values(kind="stable")
    return str(mean.index[(len(mean) - 1) // 2])


def _directions(views: pd.DataFrame) -> list[Direction]:
    return list(zip(views["azimuth_deg"], views["elevation_deg"], strict=True))


def _means(
    subject: Subject, sources: dict[Direction, np.ndarray], directions: list[Direction]
) -> tuple[np.ndarray, np.ndarray]:
    """The mean of all source models at each direction; each different direction is read once."""
    means = {}
    for direction in dict.fromkeys(directions):
        rgb, mask = subject.truth(sources[direction])
        means[direction] = rgb.mean(axis=0), mask.mean(axis=0)
    return np.stack([means[each][0] for each in directions]), np.stack([means[each][1] for each in directions])


def _mean(values: list[pd.Series]) -> pd.Series:
    return pd.concat(values, axis=1).mean(axis=1)


def _least(values: list[pd.Series]) -> pd.Series:
    return pd.concat(values, axis=1).min(axis=1)


def _text(views: pd.DataFrame, config: ViewTransferConfig) -> str:
    mse = by_model(views, "mse")
    fewest, most = min(config.views), max(config.views)
    sentences = [f"Missing views of {len(mse)} target models."]
    for count in dict.fromkeys((fewest, most)):
        gain = mean_and_models(gain_db(mse[count, WITH], mse[count, WITHOUT]))
        with_transfer, without = (metrics.psnr_db(mse[count, method].mean()) for method in (WITH, WITHOUT))
        sentences.append(
            f"With {count} shown: {with_transfer:.1f} dB where the other models were shown from all sides, "
            f"{without:.1f} dB where they were shown from as few; a gain of {gain}."
        )
    gains = [gain_db(mse[count, WITH], mse[count, measure]) for count in config.views for measure in MEASURES]
    sentences.append(
        f"Nearest neighbours are behind the network with transfer by {min(each.mean() for each in gains):.1f} to "
        f"{max(each.mean() for each in gains):.1f} dB, over all numbers of views and both measures of likeness."
    )
    return " ".join(sentences)
