"""Does a class profit, at elevations that it was never shown at, from another class (section 5.3, Figs. 10-11)?

The one idea: the dataset has what training leaves out, so every picture is held against the truth; and against the same
model's true view at the nearest elevation that was shown, which is what a network would draw that learnt the class by
heart and no more. The elevation that a picture meets is that of the true view whose mask is most like its own: colours
and shades that are learnt badly say nothing of it.

Groups of elevations: `own`, shown of the class itself; `shared`, shown of another class alone; `beyond`, of none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluate import metrics
from evaluate.question import Answer, Panel, Subject
from evaluate.transfer.comparison import claim, gain_db, mean_and_models, of_class, selections
from evaluate.transfer.config import ALONE, BOTH, COPY, ElevationConfig
from evaluate.transfer.elevation_figures import curves_figure, rows_figure
from infra import rng
from infra.errors import UserError

GROUPS = ("own", "shared", "beyond")
_COLUMNS = [
    "method", "key", "model", "class_name", "azimuth_deg", "elevation_deg", "group",
    "mse", "mse_object", "mask_iou", "met_deg",
]  # fmt: skip


@dataclass(frozen=True)
class TurnsPart:
    """Models at azimuths: the generator's `style` [n], `azimuth_deg` [n] and the `rows` of their true views at every
    elevation, [n, elevations]; `copied` is the place among the elevations that is copied for each, [elevations]."""

    style: np.ndarray
    azimuth_deg: np.ndarray
    rows: np.ndarray
    elevations_deg: np.ndarray
    copied: np.ndarray


def needs(question: str, config: ElevationConfig, views: pd.DataFrame) -> None:
    """Raise `UserError` where a dataset lacks a class, or an elevation that is learnt or drawn of it."""
    for name, degrees in config.learnt_deg.items():
        asked = [*degrees, *(config.elevations_deg if name == config.class_name else ())]
        of_class = views.loc[views["class_name"] == name, "elevation_deg"]
        rendered = of_class.round(3).unique()
        missing = [each for each in asked if len(of_class) and not np.isclose(rendered, each, atol=1e-3).any()]
        if missing:
            have = ", ".join(f"{each:g}" for each in sorted(rendered))
            raise UserError(f"{question}: the dataset has no {name} at elevation {missing[0]:g} degrees; it has {have}")
    selections(question, config.trainings, views)


def elevations(panel: Panel, config: ElevationConfig, answer: Answer) -> None:
    """Squared error at every elevation, of the network on the class alone and of that on all classes.

    Files: views.parquet (every view and method), error-over-elevation.csv, met.csv (elevations asked for and met), the
    values of the claims, and a figure like Figs. 10 and 11. Claims, in dB a model: `helps-<group>`, `alone-<group>`,
    `both-<group>` and `helps-at-<elevation>`; `elevation-missed`, by how much the share of views that meet another
    elevation than was asked for is larger where the class was not shown.
    """
    models = chosen_models(panel, config)
    tables = []
    for role in (ALONE, BOTH):
        parts = turns(panel.subjects[role], models, config, panel.views_per_part)
        counts = [part.rows.size for part in parts]
        tables += [each.assign(method=role) for each in panel.spreads[role](drawn_errors, parts, "views", counts)]
        if role == BOTH:
            tables += panel.spreads[role](copied_errors, parts, "views", counts)
    labels = panel.subjects[BOTH].dataset[["key", "model", "class_name", "azimuth_deg"]]
    views = pd.concat(tables, ignore_index=True).join(labels, on="row")
    views["group"] = views["elevation_deg"].map(config.seen_by)
    views = views[_COLUMNS]
    views.to_parquet(answer.folder / "views.parquet", index=False)

    table = error_table(views)
    for line in table.to_dict("records"):
        place = f"{line['elevation_deg']:g}-degrees/{line['method']}"
        for name in ("mse", "psnr_db", "mask_iou", "met_deg"):
            answer.metric(f"{place}/{name}", line[name])
    answer.table("met", met_table(views))
    claims(views, answer)
    curves_figure(table, config, answer)
    rows_figure(panel.subjects, views, shown_models(views, config.shown), config, answer)
    answer.text = _text(views, config)


def chosen_models(panel: Panel, config: ElevationConfig) -> list[str]:
    """Models of the class that both networks know, at most `config.models`, drawn by the seed."""
    known = [set(of_class(panel.subjects[role], config.class_name)["model"]) for role in (ALONE, BOTH)]
    models = sorted(known[0] & known[1])
    random = rng.generator(panel.subjects[BOTH].seed, f"elevations of {config.class_name}")
    return sorted(random.permutation(models)[: config.models].tolist())


def turns(subject: Subject, models: Sequence[str], config: ElevationConfig, views_per_part: int) -> list[TurnsPart]:
    """The work on one network, in parts of about as many views; azimuths that lack an elevation are left out."""
    own = of_class(subject, config.class_name)
    own = own[own["model"].isin(models)].assign(elevation_deg=own["elevation_deg"].round(3), row=own.index)
    rows = own.pivot_table("row", ["style", "azimuth_deg"], "elevation_deg", aggfunc="first")
    asked = np.array(config.elevations_deg, dtype=float)
    rows = rows[asked.round(3)].dropna().astype(np.int64)
    seen = np.array(config.own_deg, dtype=float)
    nearest = seen[np.abs(asked[:, None] - seen).argmin(axis=1)]
    copied = np.abs(asked[:, None] - nearest[None]).argmin(axis=0)
    style = rows.index.get_level_values("style").to_numpy()
    azimuth = rows.index.get_level_values("azimuth_deg").to_numpy()
    step = max(1, views_per_part // len(asked))
    cuts = [slice(start, start + step) for start in range(0, len(rows), step)]
    return [TurnsPart(style[cut], azimuth[cut], rows.to_numpy()[cut], asked, copied) for cut in cuts]


def drawn_errors(subject: Subject, part: TurnsPart) -> pd.DataFrame:
    """Errors of drawn pictures at every elevation of a part: row, elevation_deg, mse, mse_object, mask_iou, met_deg."""
    n, count = part.rows.shape
    angles = np.repeat(part.azimuth_deg, count), np.tile(part.elevations_deg, n)
    return _errors(subject, part, *subject.draw(np.repeat(part.style, count), *angles))


def copied_errors(subject: Subject, part: TurnsPart) -> pd.DataFrame:
    """Errors of true views copied from the nearest elevation shown; as `drawn_errors`, and method."""
    return _errors(subject, part, *subject.truth(part.rows[:, part.copied].ravel())).assign(method=COPY)


def _errors(subject: Subject, part: TurnsPart, rgb: np.ndarray, mask: np.ndarray) -> pd.DataFrame:
    truth, truth_mask = subject.truth(part.rows.ravel())
    found = {
        "row": part.rows.ravel(),
        "elevation_deg": np.tile(part.elevations_deg, len(part.rows)),
        "mse": metrics.mse(rgb, truth),
        "mse_object": metrics.mse_object(rgb, truth, truth_mask),
        "mask_iou": metrics.mask_iou(mask, truth_mask),
        "met_deg": met_elevations(mask, truth_mask, part.elevations_deg),
    }
    return pd.DataFrame(found)


def met_elevations(mask: np.ndarray, truth_mask: np.ndarray, elevations_deg: np.ndarray) -> np.ndarray:
    """Elevation of the true view with the mask most like each picture's, of its model and azimuth: [n * elevations].

    Masks are [n * elevations, h, w], elevations fastest. Of equally like views the first is met.
    """
    shape = (-1, len(elevations_deg), mask[0].size)
    met = []
    for own, true in zip(mask.reshape(shape), truth_mask.reshape(shape), strict=True):
        distance = np.stack([np.square(true - each).mean(axis=1) for each in own])
        met.append(elevations_deg[distance.argmin(axis=1)])
    return np.concatenate(met)


def error_table(views: pd.DataFrame) -> pd.DataFrame:
    """Mean errors, a row an elevation and method; met_deg is the mean elevation met."""
    groups = views.groupby(["elevation_deg", "group", "method"], as_index=False)
    table = groups[["mse", "mse_object", "mask_iou", "met_deg"]].mean()
    table["views"] = groups.size()["size"]
    table["mse_rgb_sum"] = 3 * table["mse"]
    table["psnr_db"] = [metrics.psnr_db(mse) for mse in table["mse"]]
    return table


def met_table(views: pd.DataFrame) -> pd.DataFrame:
    """Share of views in which a network met each elevation, a row a method and elevation asked for."""
    drawn = views[views["method"] != COPY]
    return pd.crosstab(
        [drawn["method"], drawn["elevation_deg"]], drawn["met_deg"].map("met_{:g}".format), normalize="index"
    ).reset_index()


def claims(views: pd.DataFrame, answer: Answer) -> None:
    """Leave what the claims are judged by: a value a model, from the errors of its views."""
    for group in GROUPS:
        mse = by_model(views[views["group"] == group])
        if mse.empty:
            continue
        claim(answer, f"helps-{group}", gain_db(mse[BOTH], mse[ALONE]))
        if group != "own":  # where a copy is the truth itself
            claim(answer, f"alone-{group}", gain_db(mse[ALONE], mse[COPY]))
            claim(answer, f"both-{group}", gain_db(mse[BOTH], mse[COPY]))
    for elevation, of_elevation in views.groupby("elevation_deg"):
        mse = by_model(of_elevation)
        claim(answer, f"helps-at-{elevation:g}", gain_db(mse[BOTH], mse[ALONE]))
    both = views[views["method"] == BOTH]
    missed = (
        (both["met_deg"] != both["elevation_deg"]).groupby([both["model"], both["group"] == "own"]).mean().unstack()
    )
    claim(answer, "elevation-missed", missed[False] - missed[True])


def by_model(views: pd.DataFrame) -> pd.DataFrame:
    """Mean squared error of each model, a column a method."""
    return views.pivot_table("mse", "model", "method", aggfunc="mean")


def shown_models(views: pd.DataFrame, count: int) -> list[str]:
    """Models from the least to the largest error of the network on all classes where the class was not shown."""
    error = by_model(views[views["group"] != "own"])[BOTH].sort_values(kind="stable")
    places = np.unique(np.round(np.linspace(0, len(error) - 1, min(count, len(error)))).astype(int))
    return error.index[places].tolist()


def _text(views: pd.DataFrame, config: ElevationConfig) -> str:
    others = " and ".join(f"{name}s" for name in config.learnt_deg if name != config.class_name)
    seen = ", ".join(f"{each:g}" for each in config.own_deg)
    where = {"shared": f"that only {others} were shown at", "beyond": "that nothing was shown at"}
    sentences = [f"{config.class_name.capitalize()}s were shown at {seen} degrees."]
    for group, which in where.items():
        of_group = views[views["group"] == group]
        if of_group.empty:
            continue
        mse = by_model(of_group)
        degrees = ", ".join(f"{each:g}" for each in sorted(of_group["elevation_deg"].unique()))
        gain = mean_and_models(gain_db(mse[BOTH], mse[ALONE]))
        sentences.append(
            f"At {degrees} degrees, {which}, learning {others} too gains {gain}. "
            f"Over a copy of the nearest elevation shown that network gains "
            f"{mean_and_models(gain_db(mse[BOTH], mse[COPY]))}, the one on {config.class_name}s alone "
            f"{mean_and_models(gain_db(mse[ALONE], mse[COPY]))}."
        )
    both = views[views["method"] == BOTH]
    away = (both["met_deg"] - both["elevation_deg"]).abs().groupby(both["group"] == "own")
    shown, not_shown = away.get_group(True), away.get_group(False)
    sentences.append(
        f"Of its pictures at elevations that no {config.class_name} was shown at, {(not_shown > 0).mean():.0%} look "
        f"most like another elevation, {not_shown.mean():.1f} degrees away on average of all; at those that "
        f"{config.class_name}s were shown at {(shown > 0).mean():.0%} do."
    )
    return " ".join(sentences)
