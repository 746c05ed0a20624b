"""Keypoints as the truth for correspondences: which are compared, and how far methods are from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluate.config import CorrespondenceConfig
from evaluate.correspondence.keypoints import box_aligned, correspondence, matched_pair, pair_parts
from evaluate.question import Answer, Subject, here
from infra.storage import Storage
from render.viewpoints import project
from tests.evaluate.furniture import SIZE, furniture, make_world, subject_of

QUICK = CorrespondenceConfig(pairs_per_class=1, frames=11, shown_pairs=1, azimuth_deg=50)


def test_keypoints_of_a_pair_are_the_projected_points_of_both_models(subject: Subject) -> None:
    part = next(part for part in pair_parts(subject, QUICK) if part.class_name == "chair")
    assert (part.azimuth_deg, part.elevation_deg) == (60, 15)  # of the views trained on, nearest to 50 and 20
    for style, own in ((part.first, part.first_xy), (part.second, part.second_xy)):
        _, points = furniture("chair", style)
        expected, _ = project(np.stack([points[name] for name in part.names]), SIZE, 60, 15)
        np.testing.assert_allclose(own, expected)


def test_only_points_that_both_models_show_are_compared(subject: Subject) -> None:
    views = subject.views.copy()
    views["keypoints"] = [
        [{**p, "visible": p["name"] != "top"} for p in points if model != "chair00" or p["name"] != "foot_back_left"]
        for points, model in zip(views["keypoints"], views["model"], strict=True)
    ]
    changed = Subject(subject.generator, views, subject.rgba, subject.dataset_px, seed=0)
    parts = pair_parts(changed, CorrespondenceConfig(pairs_per_class=3))
    assert len([part for part in parts if part.class_name == "chair"]) == 3
    for part in parts:
        assert "top" not in part.names
        assert ("foot_back_left" in part.names) == (part.class_name == "table" or 0 not in (part.first, part.second))


def test_points_outside_the_picture_are_not_compared(subject: Subject) -> None:
    views = subject.views.copy()
    views["keypoints"] = [
        [{**p, "y": SIZE + 0.5} if p["name"] == "top" else p for p in points] for points in views["keypoints"]
    ]
    parts = pair_parts(Subject(subject.generator, views, subject.rgba, subject.dataset_px, seed=0), QUICK)
    assert parts
    assert all("top" not in part.names for part in parts)


def test_keypoints_are_scaled_to_the_generators_pictures(subject: Subject) -> None:
    views = subject.views.copy()
    views["keypoints"] = [[{**p, "x": 2 * p["x"], "y": 2 * p["y"]} for p in points] for points in views["keypoints"]]
    larger = Subject(subject.generator, views, subject.rgba, dataset_px=2 * SIZE, seed=0)
    for one, same in zip(pair_parts(subject, QUICK), pair_parts(larger, QUICK), strict=True):
        assert one.names == same.names
        np.testing.assert_allclose(one.first_xy, same.first_xy)


def test_boxes_are_fitted_corner_to_corner() -> None:
    first, second = np.zeros((2, 20, 20))
    first[2:6, 4:8] = 1
    second[10:18, 5:6] = 1
    corners = np.array([[4.0, 2.0], [8.0, 6.0], [6.0, 3.0]])
    np.testing.assert_allclose(box_aligned(corners, first, second), [[5, 10], [6, 18], [5.5, 12]])
    np.testing.assert_array_equal(box_aligned(corners, first, np.zeros((20, 20))), corners)


def test_a_model_morphed_into_itself_keeps_its_points(subject: Subject) -> None:
    part = pair_parts(subject, QUICK)[0]
    same = type(part)(**{**vars(part), "second": part.first, "second_xy": part.first_xy})
    match = matched_pair(subject, same)
    for method in match.predicted:
        assert match.errors_px(method).max() < 0.05


def test_errors_are_averaged_over_keypoints_beside_the_floors(subject: Subject, tmp_path: Path) -> None:
    answer = Answer("correspondence", tmp_path)
    correspondence(subject, QUICK, answer, here(subject))
    parts = pair_parts(subject, QUICK)
    distances = np.concatenate([np.linalg.norm(part.first_xy - part.second_xy, axis=1) for part in parts])
    found = {key.removeprefix("eval/correspondence/"): value for key, value in answer.metrics.items()}
    assert found["zero_flow/aepe_px"] == pytest.approx(distances.mean())
    assert found["zero_flow/aepe_px_at_128"] == pytest.approx(distances.mean() * 128 / SIZE)
    assert (found["pairs"], found["keypoints"]) == (2, len(distances))
    table = pd.read_csv(tmp_path / "keypoints.csv")
    own = table[table["method"] == "morph_flow"]
    assert found["aepe_px"] == pytest.approx(own["error_px"].mean(), rel=1e-4)
    assert found["chair/aepe_px"] == pytest.approx(own.query("class_name == 'chair'")["error_px"].mean(), rel=1e-4)
    apart = np.hypot(own["predicted_x"] - own["true_x"], own["predicted_y"] - own["true_y"])
    np.testing.assert_allclose(own["error_px"], apart, atol=1e-3)
    for figure in answer.figures:
        assert (tmp_path / figure["file"]).with_suffix(".csv").exists()


def test_without_keypoints_the_question_says_so(tmp_path: Path) -> None:
    world: Storage = make_world(tmp_path, with_keypoints=False)
    answer = Answer("correspondence", tmp_path)
    subject = subject_of(world)
    correspondence(subject, QUICK, answer, here(subject))
    assert "no keypoints" in answer.text
    assert answer.metrics == {}
    assert answer.figures == []
