"""Figures of view transfer: rows from one shown view to the next (Fig. 8), error over views shown (Fig. 9), and who the
nearest neighbours are.

The one idea: the networks draw any azimuth, so every row has as many pictures, however far apart the shown views are;
the truth stands above where it was rendered.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evaluate import figures, metrics
from evaluate.curves import Curve, draw_curves
from evaluate.question import Answer, Subject, short
from evaluate.transfer.config import WITH, WITHOUT, ViewTransferConfig
from evaluate.transfer.neighbours import HOG, MEAN, MEASURES, RGB

_NAMES = {
    WITH: "with transfer",
    WITHOUT: "without transfer",
    RGB: "RGB neighbours",
    HOG: "HOG neighbours",
    MEAN: "mean of the others",
}
_COLOURS = {WITH: "#4363d8", WITHOUT: "#2e8b57", RGB: "#f58231", HOG: "#911eb4", MEAN: figures.MUTED}
"""Blue and green are the paper's."""


def curves_figure(table: pd.DataFrame, answer: Answer) -> None:
    """Mean squared error on missing views over the number of views shown, a curve a method."""
    curves = []
    for method, name in _NAMES.items():
        own = table[table["method"] == method].sort_values("views")
        curves.append(Curve(name, own["views"].tolist(), (1e3 * own["mse"]).tolist(), _COLOURS[method], method == MEAN))
    caption = (
        "Squared error on views of the target models that were not shown, over how many views of each were. With "
        "transfer all views of the other models were shown, without it as few as of the targets. Neighbours are mixed "
        "pictures of the other models, the nearest at the shown views by RGB or by HOG; their mean looks at no view."
    )
    path = answer.figure("error-over-views.png", "Error on views that were not shown", caption, table)
    draw_curves(path, curves, "views shown of each target model", "mean squared error, 10⁻³", log_x=True)


def rows_figure(subjects: Mapping[str, Subject], config: ViewTransferConfig, model: str, answer: Answer) -> None:
    """One target from one shown view to the next, with transfer and without, a block a number of views."""
    blocks, lines = [], []
    for count in config.views:
        with_transfer = subjects[f"{WITH}-{count}"]
        path = way(with_transfer, model, config.columns)
        shown = [index in (0, config.columns - 1) for index in range(config.columns)]
        captions = [
            f"{azimuth % 360:.0f}°" + ("\nshown" if seen else "")
            for azimuth, seen in zip(path["azimuth_deg"], shown, strict=True)
        ]
        rows = [figures.Row(_true_pictures(with_transfer, model, path), "truth")]
        for role in (WITH, WITHOUT):
            subject = subjects[f"{role}-{count}"]
            style = _rows_of(subject, model)["style"].iloc[0]
            drawn = subject.draw([style] * len(path), path["azimuth_deg"], path["elevation_deg"])
            last = role == WITHOUT
            rows.append(
                figures.Row(
                    list(figures.over_white(*drawn)),
                    _NAMES[role],
                    captions if last else (),
                    [not each for each in shown] if last else (),
                )
            )
        blocks.append(figures.Block(rows, f"{count} view{'s' if count > 1 else ''}"))
        lines.append(path.assign(views=count, model=model, shown=shown))
    table = pd.concat(lines, ignore_index=True)
    caption = (
        "A target model of median error from one view that was shown to the next, by azimuth; green: not shown. The "
        "truth stands where it was rendered."
    )
    file = answer.figure("views-between.png", f"{model}: from one shown view to the next", caption, table)
    figures.grid(blocks).save(file)


def way(subject: Subject, model: str, count: int) -> pd.DataFrame:
    """`count` directions from a view shown of a model to the next by azimuth: azimuth_deg and elevation_deg.

    The first pair of the most alike elevations; with one view shown, once around.
    """
    views = _rows_of(subject, model)
    shown = views.loc[views["split"] == "train", ["azimuth_deg", "elevation_deg"]]
    places = shown.sort_values(["azimuth_deg", "elevation_deg"]).to_numpy(dtype=float)
    following = np.roll(places, -1, axis=0)
    following[-1, 0] += 360
    start = int(np.argmin(np.abs(following[:, 1] - places[:, 1])))
    path = np.linspace(places[start], following[start], count)
    return pd.DataFrame(path, columns=["azimuth_deg", "elevation_deg"])


def neighbours_figure(subject: Subject, neighbours: pd.DataFrame, count: int, answer: Answer) -> None:
    """Targets at the view that was shown, above the source models that look most like them by RGB and by HOG."""
    first = neighbours.sort_values(["style", "azimuth_deg", "elevation_deg"]).drop_duplicates("style").head(count)
    rows = first["row"].to_numpy()
    names = subject.dataset["model"]
    truth, mask = subject.truth(rows)
    grid_rows = [figures.Row(list(figures.over_white(truth, mask)), "target", [short(names[row]) for row in rows])]
    table = first[["azimuth_deg", "elevation_deg"]].assign(model=names[rows].to_numpy())
    for measure in MEASURES:
        found = first[f"{measure}_row"].to_numpy()
        rgb, of = subject.truth(found)
        errors = metrics.mse(rgb, truth)
        captions = [
            f"{short(names[row])}\n{metrics.psnr_db(mse):.1f} dB" for row, mse in zip(found, errors, strict=True)
        ]
        grid_rows.append(figures.Row(list(figures.over_white(rgb, of)), f"nearest by\n{measure.upper()}", captions))
        table[f"{measure}_neighbour"], table[f"{measure}_mse"] = names[found].to_numpy(), errors
    caption = "Target models at the view shown of them, and the other models nearest to them there; PSNR below each."
    file = answer.figure("neighbours.png", "Nearest neighbours by RGB and by HOG", caption, table)
    figures.grid([figures.Block(grid_rows)]).save(file)


def _rows_of(subject: Subject, model: str) -> pd.DataFrame:
    views = subject.views
    return views[views["class_name"] + "/" + views["model"] == model]


def _true_pictures(subject: Subject, model: str, path: pd.DataFrame) -> list[np.ndarray | None]:
    """True pictures over white where there is one of that very direction, else None."""
    views = _rows_of(subject, model)
    places = zip(views["azimuth_deg"].round(3), views["elevation_deg"].round(3), strict=True)
    row_of = dict(zip(places, views.index, strict=True))
    asked = zip((path["azimuth_deg"] % 360).round(3), path["elevation_deg"].round(3), strict=True)
    rows = [row_of.get(place) for place in asked]
    return [None if row is None else figures.over_white(*subject.truth([row]))[0] for row in rows]
