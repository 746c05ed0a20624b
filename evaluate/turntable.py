"""Turntables: models of a class turning together, through azimuths that no training view had."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluate import figures
from evaluate.question import Answer, Subject


def turntables(subject: Subject, styles: int, frames: int, answer: Answer) -> None:
    """A GIF a class with up to `styles` models, evenly chosen, in `frames` steps of a full turn."""
    if styles == 0:
        return
    elevation = middle_elevation(subject.views)
    azimuths = 360 * np.arange(frames) / frames
    for name, members in subject.styles_by_class.items():
        picked = [
            members[i] for i in np.unique(np.linspace(0, len(members) - 1, min(styles, len(members))).astype(int))
        ]
        rows, tables = [], []
        models = [subject.generator.spec.styles[style] for style in picked]
        for style, model in zip(picked, models, strict=True):
            rgb, mask = subject.draw(np.full(frames, style), azimuths, elevation)
            rows.append(figures.over_white(rgb, mask))
            areas = mask.mean(axis=(1, 2))
            tables.append(pd.DataFrame({"model": model, "azimuth_deg": azimuths, "mask_area": areas}))
        known = subject.views.loc[subject.views["split"] == "train", "azimuth_deg"].unique()
        table = pd.concat(tables).assign(elevation_deg=elevation)
        table["training_azimuth"] = np.isclose(table["azimuth_deg"].to_numpy()[:, None], known[None]).any(axis=1)
        new = int((~table["training_azimuth"]).sum() // len(picked))
        caption = (
            f"Generated at {frames} azimuths, {new} of them in no training view, and {elevation:g}° "
            f"elevation: {', '.join(models)}."
        )
        path = answer.figure(f"turntable-{name}.gif", f"{name}: a full turn", caption, table)
        figures.animate(path, [figures.tile([turn]) for turn in np.stack(rows, axis=1)], seconds=3.6)


def middle_elevation(views: pd.DataFrame) -> float:
    """The middle one of the elevations that training views have, in degrees."""
    elevations = np.sort(views.loc[views["split"] == "train", "elevation_deg"].unique())
    return float(elevations[len(elevations) // 2])
