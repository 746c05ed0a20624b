"""How far points of one model land from the same points of another: named keypoints are the truth (section
5.7).

The one idea: a method is any field that takes points of the first picture to the second, so the morph's flow
and the floors (no motion, and fitting the masks' boxes onto each other) are judged by one ruler.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluate import figures
from evaluate.config import CorrespondenceConfig
from evaluate.correspondence.morphflow import grey, morph_flow, moved
from evaluate.question import Answer, Spread, Subject, drawn_pairs, short
from infra import rng

PAPER_PX = 128
"""Side of the paper's pictures: errors are also given as pixels of these."""
MORPH_FLOW, ZERO_FLOW, BOX_ALIGNMENT = "morph_flow", "zero_flow", "box_alignment"
METHODS = (MORPH_FLOW, ZERO_FLOW, BOX_ALIGNMENT)
_SHOWN_PX = 192
"""Least side of a picture with points on it."""


@dataclass(frozen=True)
class PairPart:
    """Two styles at one view, and their shared keypoints [k, 2] in pixels of the generator's picture."""

    class_name: str
    first: int
    second: int
    azimuth_deg: float
    elevation_deg: float
    names: tuple[str, ...]
    first_xy: np.ndarray
    second_xy: np.ndarray
    config: CorrespondenceConfig


@dataclass(frozen=True)
class Matched:
    """A pair with every method's predictions [k, 2], and pictures of its morph (uint8 [n, h, w, 3], ends
    included)."""

    part: PairPart
    predicted: Mapping[str, np.ndarray]
    pictures: np.ndarray

    def errors_px(self, method: str) -> np.ndarray:
        """Distance of each predicted keypoint from the true one, pixels of the generator's picture: [k]."""
        return np.asarray(np.linalg.norm(self.predicted[method] - self.part.second_xy, axis=1))


def correspondence(subject: Subject, config: CorrespondenceConfig, answer: Answer, spread: Spread) -> None:
    """Average end-point error of keypoints carried along morphs, beside the floors.

    Metrics: `aepe_px` (pixels of the generator's picture) and `aepe_px_at_128` over all keypoints, the same
    by `<class>/` and, for the floors, by `zero_flow/` and `box_alignment/`; `pairs` and `keypoints` count
    them.
    """
    parts = pair_parts(subject, config)
    if not parts:
        answer.text = (
            "The dataset knows no keypoints that two models of a class share and show at one view: there is "
            "no truth to judge correspondences by. Parametric models bring theirs."
        )
        return
    matched = list(spread(matched_pair, parts, "pairs"))
    scale = PAPER_PX / subject.generator.spec.size
    table = pd.concat([keypoint_table(subject, match, scale) for match in matched], ignore_index=True)
    answer.table("keypoints", table)
    lines: list[dict[str, Any]] = []
    for method in METHODS:
        of_method = table[table["method"] == method]
        for name in ["all", *dict.fromkeys(part.class_name for part in parts)]:
            own = of_method if name == "all" else of_method[of_method["class_name"] == name]
            prefix = "".join(f"{p}/" for p, here in ((method, method != MORPH_FLOW), (name, name != "all")) if here)
            error = float(own["error_px"].mean())
            lines.append({"method": method, "class_name": name, "keypoints": len(own), "aepe_px": error})
            lines[-1]["aepe_px_at_128"] = error * scale
            answer.metric(f"{prefix}aepe_px", error)
            answer.metric(f"{prefix}aepe_px_at_128", error * scale)
    answer.metric("pairs", len(parts))
    answer.metric("keypoints", len(table) // len(METHODS))
    answer.table("metrics", pd.DataFrame(lines))
    for name in dict.fromkeys(part.class_name for part in parts):
        _figure(
            subject,
            [match for match in matched if match.part.class_name == name],
            name,
            table,
            config,
            answer,
        )
    overall = {line["method"]: line["aepe_px_at_128"] for line in lines if line["class_name"] == "all"}
    view = f"{parts[0].azimuth_deg:g}° azimuth and {parts[0].elevation_deg:g}° elevation"
    answer.text = (
        f"Optical flow along {config.frames} frames between {len(parts)} pairs of models at {view} carries "
        f"{len(table) // len(METHODS)} keypoints to within {overall[MORPH_FLOW]:.1f} pixels on average (of a "
        f"picture of {PAPER_PX}); leaving them in place gives {overall[ZERO_FLOW]:.1f}, fitting the boxes of "
        f"the masks {overall[BOX_ALIGNMENT]:.1f}. The paper reports 3.4 on its hand-marked pairs of chairs."
    )


def pair_parts(subject: Subject, config: CorrespondenceConfig) -> list[PairPart]:
    """Pairs drawn by the seed among the models of a class that show keypoints at the view nearest to the one
    asked."""
    if "keypoints" not in subject.views or not subject.views["keypoints"].map(len).any():
        return []
    azimuth, elevation = subject.nearest_seen_view(config.azimuth_deg, config.elevation_deg)
    views = subject.views
    at_view = views[np.isclose(views["azimuth_deg"], azimuth) & np.isclose(views["elevation_deg"], elevation)]
    scale = subject.generator.spec.size / subject.dataset_px
    points = {
        style: _visible(keypoints, subject.dataset_px, scale)
        for style, keypoints in zip(at_view["style"].tolist(), at_view["keypoints"].tolist(), strict=True)
    }
    parts = []
    for class_name, styles in subject.styles_by_class.items():
        having = [style for style in styles if points.get(style)]
        random = rng.generator(subject.seed, f"evaluate/correspondence/{class_name}")
        for first, second in drawn_pairs(having, config.pairs_per_class, random):
            names = tuple(name for name in points[first] if name in points[second])
            if names:
                here, there = (np.array([points[s][name] for name in names]) for s in (first, second))
                parts.append(PairPart(class_name, first, second, azimuth, elevation, names, here, there, config))
    return parts


def matched_pair(subject: Subject, part: PairPart) -> Matched:
    """Generate the morph of a pair and carry its keypoints along, by the flow and by both floors."""
    weights = np.linspace(0, 1, part.config.frames)
    style = subject.mixtures(part.first, part.second, weights)
    rgb, mask = subject.draw(style, part.azimuth_deg, part.elevation_deg)
    pictures = figures.over_white(rgb, mask)
    flow = morph_flow(grey(pictures), part.config.flow, part.config.refine_step)
    predicted = {
        MORPH_FLOW: moved(part.first_xy, flow),
        ZERO_FLOW: part.first_xy,
        BOX_ALIGNMENT: box_aligned(part.first_xy, mask[0], mask[-1]),
    }
    shown = np.unique(np.linspace(0, len(pictures) - 1, 5).round().astype(int))
    return Matched(part, predicted, pictures[shown])


def box_aligned(points: np.ndarray, first_mask: np.ndarray, second_mask: np.ndarray) -> np.ndarray:
    """Points [n, 2] moved as the box of one mask [h, w] goes onto the box of another; unmoved if one is
    empty."""
    boxes = [_box(first_mask), _box(second_mask)]
    if boxes[0] is None or boxes[1] is None:
        return points
    (low_a, high_a), (low_b, high_b) = boxes[0], boxes[1]
    return low_b + (points - low_a) * (high_b - low_b) / (high_a - low_a)


def keypoint_table(subject: Subject, match: Matched, scale: float) -> pd.DataFrame:
    """A row a keypoint and method: where it was, should be and was predicted, and its error in pixels."""
    part = match.part
    models = subject.generator.spec.styles
    tables = []
    for method in METHODS:
        error = match.errors_px(method)
        tables.append(
            pd.DataFrame(
                {
                    "class_name": part.class_name,
                    "first": models[part.first],
                    "second": models[part.second],
                    "keypoint": part.names,
                    "method": method,
                    "first_x": part.first_xy[:, 0],
                    "first_y": part.first_xy[:, 1],
                    "true_x": part.second_xy[:, 0],
                    "true_y": part.second_xy[:, 1],
                    "predicted_x": match.predicted[method][:, 0],
                    "predicted_y": match.predicted[method][:, 1],
                    "error_px": error,
                    "error_px_at_128": error * scale,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _visible(keypoints: Sequence[Mapping[str, Any]], dataset_px: int, scale: float) -> dict[str, tuple[float, float]]:
    """Keypoints that are visible and inside the picture, by name, in pixels of the generator's picture."""
    return {
        str(point["name"]): (float(point["x"]) * scale, float(point["y"]) * scale)
        for point in keypoints
        if point["visible"] and min(point["x"], point["y"]) >= 0 and max(point["x"], point["y"]) < dataset_px
    }


def _box(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Upper left and lower right corner (x, y) in pixels of what a mask covers by more than half."""
    rows, columns = np.flatnonzero((mask > 0.5).any(axis=1)), np.flatnonzero((mask > 0.5).any(axis=0))
    if len(rows) == 0:
        return None
    return np.array([columns[0], rows[0]], float), np.array([columns[-1] + 1, rows[-1] + 1], float)


def _figure(
    subject: Subject,
    matched: list[Matched],
    name: str,
    table: pd.DataFrame,
    config: CorrespondenceConfig,
    answer: Answer,
) -> None:
    ranked = sorted(matched, key=lambda match: float(match.errors_px(MORPH_FLOW).mean()))
    places = np.unique(np.linspace(0, len(ranked) - 1, min(config.shown_pairs, len(ranked))).round().astype(int))
    picked = [ranked[place] for place in places]
    models = subject.generator.spec.styles
    scale = PAPER_PX / subject.generator.spec.size
    rows, marks = [], []
    for index, match in enumerate(picked):
        part, last = match.part, len(match.pictures) - 1
        error = scale * match.errors_px(MORPH_FLOW).mean()
        label = f"{short(models[part.first], 20)}\nto {short(models[part.second], 20)}\n{error:.1f} px"
        rows.append(figures.Row(list(match.pictures), label))
        marks.append(figures.Points(index, 0, part.first_xy))
        marks.append(figures.Points(index, last, part.second_xy, match.predicted[MORPH_FLOW]))
    heads = [f"{100 * i // last:d} %" for i in range(last + 1)]
    heads[0], heads[-1] = "0 %\nkeypoints", "100 %\n○ true  ● carried"
    caption = (
        "Keypoints of the first model carried along the morph into the second; mean error in pixels of a "
        f"picture of {PAPER_PX}. Of {len(ranked)} pairs, from the best to the worst."
    )
    shown = pd.DataFrame(
        {"first": [models[m.part.first] for m in picked], "second": [models[m.part.second] for m in picked]}
    )
    path = answer.figure(
        f"correspondence-{name}.png", f"{name}: points carried along a morph", caption, table.merge(shown)
    )
    drawn = figures.grid([figures.Block(rows)], heads, side=_SHOWN_PX)
    figures.mark(drawn, marks)
    drawn.save(path)
