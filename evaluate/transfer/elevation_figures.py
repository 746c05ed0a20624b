"""Figures of elevation transfer: error over elevation, and models at every elevation (Figs. 10 and 11).

The one idea: a model's rows have one azimuth, so what changes along a row is elevation alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from evaluate import figures, metrics
from evaluate.curves import Curve, draw_curves
from evaluate.question import Answer, Subject, short
from evaluate.transfer.comparison import of_class
from evaluate.transfer.config import ALONE, BOTH, COPY, ElevationConfig

_COLOURS = {ALONE: "#d62728", BOTH: "#4363d8", COPY: figures.MUTED}


def curves_figure(table: pd.DataFrame, config: ElevationConfig, answer: Answer) -> None:
    """Mean squared error over elevation, a curve a method; hollow where the class was not shown."""
    curves = []
    for method, name in _names(config).items():
        own = table[table["method"] == method].sort_values("elevation_deg")
        hollow = (own["group"] != "own").tolist()
        mse = (1e3 * own["mse"]).tolist()
        curves.append(Curve(name, own["elevation_deg"].tolist(), mse, _COLOURS[method], method == COPY, hollow))
    caption = (
        f"Squared error against true views of {config.class_name}s at every elevation; hollow: elevations that no "
        f"{config.class_name} was shown at. A copy is the same model's true view at the nearest elevation shown."
    )
    path = answer.figure(
        "error-over-elevation.png", f"{config.class_name.capitalize()}s: error over elevation", caption, table
    )
    draw_curves(path, curves, "elevation, degrees", "mean squared error, 10⁻³")


def rows_figure(
    subjects: Mapping[str, Subject], views: pd.DataFrame, models: Sequence[str], config: ElevationConfig, answer: Answer
) -> None:
    """Models at every elevation: the truth, the class alone, all classes; green where the class was not shown."""
    names, asked = _names(config), list(config.elevations_deg)
    unseen = [config.seen_by(each) != "own" for each in asked]
    blocks, lines = [], []
    for model in models:
        of_model = views[views["model"] == model]
        azimuth = min(of_model["azimuth_deg"], key=lambda each: abs((each - config.azimuth_deg + 180) % 360 - 180))
        truth = [subjects[BOTH].pictures_of(f"{config.class_name}/{model}", [azimuth], each) for each in asked]
        rows = [figures.Row([figures.over_white(*each)[0] for each in truth], "truth")]
        for role in (ALONE, BOTH):
            subject = subjects[role]
            own = of_class(subject, config.class_name)
            style = own.loc[own["model"] == model, "style"].iloc[0]
            drawn = subject.draw([style] * len(asked), azimuth, asked)
            shown = of_model[(of_model["method"] == role) & (of_model["azimuth_deg"] == azimuth)]
            shown = shown.set_index("elevation_deg").loc[asked].reset_index()
            captions = [f"{metrics.psnr_db(mse):.1f} dB" for mse in shown["mse"]]
            rows.append(figures.Row(list(figures.over_white(*drawn)), names[role], captions, unseen))
            lines.append(shown)
        blocks.append(figures.Block(rows, short(model)))
    caption = (
        f"{config.class_name.capitalize()}s of the least to the largest error at elevations that no "
        f"{config.class_name} was shown at (green); PSNR below each picture."
    )
    title = f"{config.class_name.capitalize()}s at elevations shown and not shown"
    path = answer.figure("elevations.png", title, caption, pd.concat(lines, ignore_index=True))
    figures.grid(blocks, [f"{each:g}°" for each in asked]).save(path)


def _names(config: ElevationConfig) -> dict[str, str]:
    own = f"{config.class_name}s"
    others = [f"{name}s" for name in config.learnt_deg if name != config.class_name]
    return {ALONE: f"{own} only", BOTH: " and ".join([own, *others]), COPY: "copied view"}
