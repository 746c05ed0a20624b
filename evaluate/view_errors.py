"""Errors of generators view by view: measured over a spread, and shown as the worst views and as a map over directions.

The one idea: a table with a row a view is the source of every number, so whatever is pooled can be taken apart again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluate import figures, metrics
from evaluate.question import Answer, Panel, Spread, Subject, short, style_of

VIEW = ["row", "key", "model", "class_name", "split", "azimuth_deg", "elevation_deg"]
"""Columns that say which view it is; `row` is its row of the pictures."""


@dataclass(frozen=True)
class ViewsPart:
    """Views to measure: columns row, style and angles."""

    views: pd.DataFrame
    with_ssim: bool


def view_errors(
    subject: Subject, spread: Spread, views: pd.DataFrame, with_ssim: bool = True, views_per_part: int = 512
) -> pd.DataFrame:
    """Errors of a generator on `views` (columns row, style, azimuth_deg, elevation_deg): `metrics.MEASURES`, in their
    order."""
    cuts = range(0, len(views), views_per_part)
    parts = [ViewsPart(views.iloc[start : start + views_per_part], with_ssim) for start in cuts]
    tables = spread(measured_views, parts, "views", [len(part.views) for part in parts])
    return pd.concat(tables, ignore_index=True)


def errors_of(panel: Panel, role: str, views: pd.DataFrame, with_ssim: bool = True) -> pd.DataFrame:
    """A role's errors on `views` (columns `VIEW`), which may be labelled for another generator.

    Returns `VIEW`, role, style (of this role's generator) and `metrics.MEASURES`. Raises `UserError` for a model that
    the generator does not know.
    """
    subject = panel.subjects[role]
    names = views["class_name"] + "/" + views["model"]
    style = {name: style_of(subject.generator.spec, name) for name in names.unique()}
    own = views[VIEW].assign(role=role, style=names.map(style)).reset_index(drop=True)
    errors = view_errors(subject, panel.spreads[role], own, with_ssim, panel.views_per_part)
    return pd.concat([own, errors], axis=1)


def measured_views(subject: Subject, part: ViewsPart) -> pd.DataFrame:
    """Errors of the generator on some views, a row a view: `metrics.MEASURES`."""
    views = part.views
    drawn = subject.draw(views["style"].to_numpy(), views["azimuth_deg"], views["elevation_deg"])
    return metrics.measure(*drawn, *subject.truth(views["row"].to_numpy()), part.with_ssim)


def worst_views(subjects: Mapping[str, Subject], errors: pd.DataFrame, count: int, answer: Answer) -> None:
    """Figure worst.png: the views of the largest error beside the truth; of several generators, of their mean error.

    `errors` has columns role (a key of `subjects`, which names the row of pictures), style, mse and `VIEW`.
    """
    mean = errors.groupby(["row", "key"])["mse"].mean().reset_index()
    mean = mean.sort_values(["mse", "key"], ascending=[False, True]).head(count)
    rank = {row: place for place, row in enumerate(mean["row"])}
    worst = errors[errors["row"].isin(rank.keys())].assign(rank=errors["row"].map(rank))
    worst = worst.sort_values("rank", kind="stable").drop(columns="rank")
    views = worst.drop_duplicates("row")
    if len(views) == 0:
        return
    any_subject = next(iter(subjects.values()))
    truth = figures.over_white(*any_subject.truth(views["row"].to_numpy()))
    captions = [
        f"{short(line['model'])}\n{line['azimuth_deg']:g}°, {line['elevation_deg']:g}°"
        for line in views.to_dict("records")
    ]
    rows = [figures.Row(list(truth), "truth", captions, (views["split"] == "unseen").tolist())]
    for role, subject in subjects.items():
        own = worst[worst["role"] == role]
        drawn = subject.draw(own["style"].to_numpy(), own["azimuth_deg"], own["elevation_deg"])
        said = [f"{metrics.psnr_db(error):.1f} dB" for error in own["mse"]]
        rows.append(figures.Row(list(figures.over_white(*drawn)), role, said))
    of_all = "" if len(subjects) == 1 else ", averaged over the generators,"
    caption = (
        f"Largest squared error{of_all} of all measured views: model, azimuth and elevation, and PSNR below each. "
        "Green: views left out of training."
    )
    path = answer.figure("worst.png", f"The {len(views)} worst views", caption, worst)
    figures.grid([figures.Block(rows)]).save(path)


def errors_by_view(panels: Mapping[str, pd.DataFrame], answer: Answer) -> None:
    """Figure errors-by-view.png: the mean squared error by azimuth and elevation, a map a panel.

    Panels are by title; each has columns azimuth_deg, elevation_deg, split and mse.
    """
    maps, tables = [], []
    for title, views in panels.items():
        cells = views.assign(unseen=views["split"] == "unseen").groupby(["elevation_deg", "azimuth_deg"])
        table = cells.agg(views=("mse", "size"), mse=("mse", "mean"), unseen=("unseen", "mean"))
        grid = table.unstack("azimuth_deg").sort_index(ascending=False)
        maps.append(
            figures.HeatMap(
                title,
                1e3 * grid["mse"].to_numpy(),
                [f"{degrees:g}°" for degrees in grid.index],
                [f"{degrees:g}°" for degrees in grid["mse"].columns],
                np.asarray(grid["unseen"].to_numpy(dtype=float) > 0.5),
            )
        )
        psnr = [metrics.psnr_db(error) for error in table["mse"]]
        tables.append(table.assign(psnr_db=psnr).reset_index().assign(panel=title))
    if not maps:
        return
    caption = "Mean squared error of the views of each direction: azimuth to the right, elevation upwards."
    if any(each.marked.any() for each in maps):
        caption += " Green frames: directions left out of training."
    path = answer.figure("errors-by-view.png", "Error by azimuth and elevation", caption, pd.concat(tables))
    figures.heat_maps(path, maps, "mean squared error, 10⁻³")
