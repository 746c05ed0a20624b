"""One pair matched by every method, and how far each is from the truth: a part of the work, done anywhere.

Shapes: k keypoints; errors are in pixels of the paper's pictures of 128.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from evaluate.correspondence.config import CorrespondenceConfig
from evaluate.correspondence.dsp import deformable_spatial_pyramid
from evaluate.correspondence.fields import confidence, moved
from evaluate.correspondence.measures import PAPER_PX, pair_errors
from evaluate.correspondence.method_configs import DspConfig, SiftFlowConfig
from evaluate.correspondence.methods import METHODS, OURS, Sight, object_box
from evaluate.correspondence.morphflow import morph_flow
from evaluate.correspondence.pairs import Pair
from evaluate.correspondence.siftflow import sift_flow
from evaluate.correspondence.symmetry import symmetric_errors
from evaluate.correspondence.truth import dense_truth
from evaluate.question import Subject


@dataclass(frozen=True)
class Matched:
    """A pair with every method's field and where it takes the keypoints.

    `fields` float16 [h, w, 2] and `predicted` [k, 2] by method, in pixels of the generator's picture; `truth` is the
    dense one (field, where it is known) or None; `confidence` [k] of ours in (0, 1].
    """

    pair: Pair
    fields: Mapping[str, np.ndarray]
    predicted: Mapping[str, np.ndarray]
    seconds: Mapping[str, float]
    truth: tuple[np.ndarray, np.ndarray] | None
    confidence: np.ndarray
    object_px: float

    @property
    def scale(self) -> float:
        """Pixels of the paper's picture in one of the generator's."""
        return PAPER_PX / next(iter(self.fields.values())).shape[0]

    def errors_px(self, method: str) -> np.ndarray:
        """Distance of each predicted keypoint from the true one: [k]."""
        return np.asarray(self.scale * np.linalg.norm(self.predicted[method] - self.pair.second_xy, axis=1))

    def dense_error_px(self, method: str) -> tuple[float, int]:
        """Mean distance over all points whose truth is known, NaN without any, and their number."""
        if self.truth is None or not self.truth[1].any():
            return float("nan"), 0
        field, known = self.truth
        apart = np.linalg.norm(self.fields[method].astype(np.float32)[known] - field[known], axis=1)
        return float(self.scale * apart.mean()), int(known.sum())


def matched(subject: Subject, pair: Pair, config: CorrespondenceConfig) -> Matched:
    """Match a pair by every method asked for. The morph's time holds its generation."""
    sight = Sight(subject, pair)
    _ = sight.masks  # read, and all that compiles compiled, before clocks run
    _compile(config.methods, config.siftflow, config.dsp)
    fields: dict[str, np.ndarray] = {}
    seconds: dict[str, float] = {}
    for method in config.methods:
        start = time.perf_counter()
        fields[method] = METHODS[method](sight, config)
        seconds[method] = time.perf_counter() - start
    confident = np.full(len(pair.names), np.nan)
    if OURS in fields:
        back = morph_flow(sight.followed(config.path, config.flow.silhouette)[::-1], config.flow, config.refine_step)
        trust = confidence(fields[OURS], back)
        confident = trust[tuple(np.clip(pair.first_xy[:, ::-1].astype(int), 0, len(trust) - 1).T)]
    box = object_box(sight.masks[1])
    size = sight.masks.shape[1] if box is None else float((box[1] - box[0]).max())
    return Matched(
        pair,
        {method: field.astype(np.float16) for method, field in fields.items()},
        {method: moved(pair.first_xy, field) for method, field in fields.items()},
        seconds,
        dense_truth(subject, pair),
        confident,
        size,
    )


@cache
def _compile(methods: tuple[str, ...], siftflow: SiftFlowConfig, dsp: DspConfig) -> None:
    """Once a process: numba compiles a method when it is first used."""
    tiny = np.zeros((32, 32), np.float32)
    if "siftflow" in methods:
        sift_flow(tiny, tiny, siftflow)
    if "dsp" in methods:
        deformable_spatial_pyramid(tiny, tiny, dsp)


def keypoint_table(subject: Subject, matches: Sequence[Matched], difficulty: Sequence[str]) -> pd.DataFrame:
    """A row a pair, keypoint and method: where it was, should be and was predicted (generator's pixels), its error."""
    tables = []
    for number, (match, hard) in enumerate(zip(matches, difficulty, strict=True)):
        pair = match.pair
        for method, predicted in match.predicted.items():
            columns = {
                **_pair_columns(subject, number, match, hard),
                "keypoint": pair.names,
                "method": method,
                **_columns("first", pair.first_xy),
                **_columns("true", pair.second_xy),
                **_columns("predicted", predicted),
                "error_px": match.errors_px(method),
                "confidence": match.confidence if method == OURS else np.nan,
            }
            tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def pair_table(subject: Subject, matches: Sequence[Matched], difficulty: Sequence[str]) -> pd.DataFrame:
    """A row a pair and method: `measures.pair_errors`, the dense error and the seconds it took."""
    rows = []
    for number, (match, hard) in enumerate(zip(matches, difficulty, strict=True)):
        for method, predicted in match.predicted.items():
            pair = match.pair
            symmetric = match.scale * symmetric_errors(predicted, pair.names, pair.landmarks, pair.class_name)
            dense, points = match.dense_error_px(method)
            rows.append(
                {
                    **_pair_columns(subject, number, match, hard),
                    "method": method,
                    "keypoints": len(match.pair.names),
                    **pair_errors(match.errors_px(method), symmetric, match.scale * match.object_px),
                    "dense_aepe_px": dense,
                    "dense_points": points,
                    "seconds": match.seconds[method],
                }
            )
    return pd.DataFrame(rows)


def _pair_columns(subject: Subject, number: int, match: Matched, difficulty: str) -> dict[str, Any]:
    models, pair = subject.generator.spec.styles, match.pair
    return {
        "pair": number,
        "class_name": pair.class_name,
        "first": models[pair.first],
        "second": models[pair.second],
        "azimuth_deg": pair.azimuth_deg,
        "elevation_deg": pair.elevation_deg,
        "difficulty": difficulty,
    }


def _columns(name: str, xy: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{name}_x": xy[:, 0], f"{name}_y": xy[:, 1]}
