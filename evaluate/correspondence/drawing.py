"""Pictures of correspondences: points carried over (Fig. 18), fields as colours, and one object's texture on another.

The one idea: a field's colour is where it leads: the direction is the hue, the length the depth of colour, so equal
motion has equal colour in every picture beside the wheel.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pandas as pd
from matplotlib.patches import ConnectionPatch

from evaluate import figures
from evaluate.correspondence.matching import Matched
from evaluate.correspondence.measures import DIFFICULTIES
from evaluate.correspondence.methods import OURS, TITLES, Sight
from evaluate.question import Answer, Subject, short

_SHOWN_PX = 192
"""Least side of a picture with points on it."""
_FULL_COLOUR = 0.35
"""Length, in sides of the picture, from which a field has its full colour."""


def as_colours(field: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """A field [h, w, 2] in pixels as colours, uint8 [h, w, 3], white where it is zero or not `shown` [h, w]."""
    field = np.where(shown[..., None], field, 0).astype(np.float32)
    angle = (np.degrees(np.arctan2(field[..., 1], field[..., 0])) + 360) % 360
    length = np.clip(np.linalg.norm(field, axis=-1) / (_FULL_COLOUR * field.shape[1]), 0, 1)
    hsv = np.stack([angle, np.sqrt(length), 1 - 0.15 * length], axis=-1).astype(np.float32)
    return np.asarray(np.round(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255), np.uint8)


def wheel(size: int) -> np.ndarray:
    """The colours of `as_colours` around the middle of a picture, uint8 [size, size, 3]; the rim has full colour."""
    across = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(across, across)
    field = np.stack([x, y], axis=-1) * _FULL_COLOUR * size
    return as_colours(field, np.hypot(x, y) <= 1)


def spread_evenly(matches: Sequence[Matched], count: int) -> list[Matched]:
    """Some pairs from the best to the worst by our error, evenly between."""
    ranked = sorted(matches, key=lambda match: float(match.errors_px(OURS).mean()))
    places = np.linspace(0, len(ranked) - 1, min(count, len(ranked))).round().astype(int)
    return [ranked[place] for place in np.unique(places)]


def draw_points(
    subject: Subject, picked: Sequence[tuple[Matched, str]], answer: Answer, file: str, title: str, table: pd.DataFrame
) -> None:
    """Keypoints of the first model where every method takes them (rings: truth, dots: predicted); a row a pair.

    `picked` has pairs and their difficulty; lines join the true points of both pictures, as in Fig. 18.
    """
    methods = list(picked[0][0].fields)
    blocks, marks, row = [], [], 0
    for difficulty in [each for each in DIFFICULTIES if any(hard == each for _, hard in picked)]:
        rows = []
        for match in (match for match, hard in picked if hard == difficulty):
            pair, sight = match.pair, Sight(subject, match.pair)
            rows.append(
                figures.Row(
                    [*sight.pictures, *[sight.pictures[1]] * len(methods)],
                    _names(subject, match),
                    ["", "", *(f"{match.errors_px(method).mean():.1f} px" for method in methods)],
                )
            )
            marks += [figures.Points(row, 0, pair.first_xy), figures.Points(row, 1, pair.second_xy)]
            marks += [
                figures.Points(row, 2 + place, pair.second_xy, match.predicted[method])
                for place, method in enumerate(methods)
            ]
            row += 1
        blocks.append(figures.Block(rows, difficulty))
    heads = ["first", "second: true", *(TITLES[method].replace(": ", ":\n") for method in methods)]
    caption = (
        "Keypoints of the first model carried to the second: rings are true, dots predicted; below each picture the "
        "mean error in pixels of a picture of 128."
    )
    path = answer.figure(file, title, caption, table)
    drawn = figures.grid(blocks, heads, side=_SHOWN_PX)
    figures.mark(drawn, marks)
    for row, (match, _) in enumerate(sorted(picked, key=lambda each: DIFFICULTIES.index(each[1]))):
        _join(drawn, row, match)
    drawn.save(path)


def draw_fields(
    subject: Subject, picked: Sequence[Matched], answer: Answer, file: str, title: str, table: pd.DataFrame
) -> None:
    """Fields as colours on the first model, the true one first where it is known; a row a pair, and the wheel."""
    methods = [method for method in picked[0].fields if method != "zero"]
    rows = []
    for match in picked:
        sight = Sight(subject, match.pair)
        inside = sight.masks[0] > 0.5
        truth = None if match.truth is None else as_colours(match.truth[0], match.truth[1])
        fields = [as_colours(match.fields[method], inside) for method in methods]
        dense = [match.dense_error_px(method)[0] for method in methods]
        errors = [f"{error:.1f} px" if np.isfinite(error) else "" for error in dense]
        rows.append(figures.Row([*sight.pictures, truth, *fields], _names(subject, match), ["", "", "", *errors]))
    side = subject.generator.spec.size
    rows.append(figures.Row([None, None, wheel(side)], "colour: where to"))
    heads = ["first", "second", "true field", *(TITLES[method].replace(": ", ":\n") for method in methods)]
    caption = (
        "Where each point of the first model goes, as colours: hue is the direction, depth the distance, full at "
        f"{round(100 * _FULL_COLOUR)} % of the picture. White in the true field: not seen in both, or no such part. "
        "Numbers: mean error over all points whose truth is known, pixels of a picture of 128."
    )
    figures.grid([figures.Block(rows)], heads, side=_SHOWN_PX).save(answer.figure(file, title, caption, table))


def draw_carried(
    subject: Subject, films: Sequence[np.ndarray], answer: Answer, file: str, title: str, table: pd.DataFrame
) -> None:
    """The first model's texture carried along each morph, there and back (films uint8 [n, 2, h, w, 3])."""
    order = [*range(len(films[0])), *range(len(films[0]) - 2, 0, -1)]
    frames = [figures.tile([[film[t, row] for film in films] for row in range(2)], side=_SHOWN_PX) for t in order]
    caption = "Above, morphs; below, the first model's own colours carried along by the flow."
    figures.animate(answer.figure(file, title, caption, table), frames, seconds=5.0)


def _names(subject: Subject, match: Matched) -> str:
    models = subject.generator.spec.styles
    return f"{short(models[match.pair.first], 20)}\nto {short(models[match.pair.second], 20)}"


def _join(on: figures.Grid, row: int, match: Matched) -> None:
    """Lines from the keypoints of the first picture to the true ones of the second."""
    start = np.stack(on.at(row, 0, *match.pair.first_xy.T), axis=1)
    end = np.stack(on.at(row, 1, *match.pair.second_xy.T), axis=1)
    for index, (a, b) in enumerate(zip(start, end, strict=True)):
        colour = figures.POINTS[index % len(figures.POINTS)]
        on.axes.add_patch(ConnectionPatch(a, b, "data", "data", color=colour, linewidth=0.5, alpha=0.7, zorder=2))
