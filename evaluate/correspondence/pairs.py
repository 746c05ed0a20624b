"""Which pairs of models are matched: two styles at one view, with the keypoints that both show there.

The one idea: methods are tuned on pairs of one set of models and judged on pairs of another, so that no model that
chose a constant is asked what that constant is worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from evaluate.correspondence.config import CorrespondenceConfig
from evaluate.correspondence.marked import MarkedPair
from evaluate.question import Subject, drawn_pairs, style_of
from infra import rng

Split = Literal["validation", "test"]


@dataclass(frozen=True)
class Pair:
    """Two styles of a class at one view, and their shared keypoints [k, 2] in pixels of the generator's picture.

    `landmarks` are all keypoints of the second, those too that it hides: a mirrored object may show them.
    """

    class_name: str
    first: int
    second: int
    azimuth_deg: float
    elevation_deg: float
    names: tuple[str, ...]
    first_xy: np.ndarray
    second_xy: np.ndarray
    landmarks: Mapping[str, np.ndarray]


def drawn(subject: Subject, config: CorrespondenceConfig, split: Split) -> list[Pair]:
    """Pairs drawn by the seed among a class's models of a split, at the asked views in turn, if they share keypoints.

    A view is the training view nearest to the one asked for. No pairs where the dataset knows no keypoints.
    """
    if "keypoints" not in subject.views or not subject.views["keypoints"].map(len).any():
        return []
    asked = [subject.nearest_seen_view(azimuth, config.elevation_deg) for azimuth in config.azimuths_deg]
    everything = {view: _points_at(subject, *view, visible=False) for view in asked}
    points = {view: _points_at(subject, *view, visible=True) for view in asked}
    pairs = []
    for class_name, styles in subject.styles_by_class.items():
        having = [style for style in styles if any(points[view].get(style) for view in asked)]
        random = rng.generator(subject.seed, f"evaluate/correspondence/{class_name}")
        own = split_models(having, config.validation_share, random)[split]
        for number, (first, second) in enumerate(drawn_pairs(own, config.pairs_per_class, random)):
            view = asked[number % len(asked)]
            here, there = (points[view].get(style, {}) for style in (first, second))
            names = tuple(name for name in here if name in there)
            if names:
                first_xy, second_xy = (np.array([of[name] for name in names]) for of in (here, there))
                landmarks = {name: np.array(xy) for name, xy in everything[view][second].items()}
                pairs.append(Pair(class_name, first, second, *view, names, first_xy, second_xy, landmarks))
    return pairs


def marked(subject: Subject, marks: Sequence[MarkedPair]) -> list[Pair]:
    """Pairs that people marked, as pairs of the generator's styles.

    Raises `UserError` for a model that it does not know, or a view that was not rendered.
    """
    spec = subject.generator.spec
    pairs = []
    for each in marks:
        models = [f"{each.class_name}/{model}" for model in (each.first, each.second)]
        first, second = (style_of(spec, model) for model in models)
        for model in models:
            subject.pictures_of(model, [each.azimuth_deg], each.elevation_deg)
        scale = spec.size / each.size_px
        first_xy, second_xy = each.first_xy * scale, each.second_xy * scale
        landmarks = dict(zip(each.keypoints, second_xy, strict=True))
        view = each.azimuth_deg, each.elevation_deg
        pairs.append(Pair(each.class_name, first, second, *view, each.keypoints, first_xy, second_xy, landmarks))
    return pairs


def split_models(styles: Sequence[int], validation_share: float, random: np.random.Generator) -> dict[Split, list[int]]:
    """A share of the models to tune on (rounded down), the others to test on; both in their own order."""
    chosen = set(random.permutation(len(styles))[: int(validation_share * len(styles))].tolist())
    return {
        "validation": [style for i, style in enumerate(styles) if i in chosen],
        "test": [style for i, style in enumerate(styles) if i not in chosen],
    }


def _points_at(
    subject: Subject, azimuth_deg: float, elevation_deg: float, visible: bool
) -> dict[int, dict[str, tuple[float, float]]]:
    """By style, the keypoints at a view by name, in pixels of the generator's picture: all, or those that are visible
    and inside the picture."""
    views = subject.views
    level = np.isclose(views["azimuth_deg"], azimuth_deg) & np.isclose(views["elevation_deg"], elevation_deg)
    side, scale = subject.dataset_px, subject.generator.spec.size / subject.dataset_px

    def shown(point: Mapping[str, Any]) -> bool:
        return bool(point["visible"]) and min(point["x"], point["y"]) >= 0 and max(point["x"], point["y"]) < side

    return {
        style: {
            str(point["name"]): (float(point["x"]) * scale, float(point["y"]) * scale)
            for point in keypoints
            if not visible or shown(point)
        }
        for style, keypoints in zip(views[level]["style"].tolist(), views[level]["keypoints"].tolist(), strict=True)
    }
