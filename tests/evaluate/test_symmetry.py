"""Symmetric keypoints are exchanged all together or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evaluate.correspondence.symmetry import MIRRORED, assignments, symmetric_errors

FEET = ["foot_front_left", "foot_front_right", "foot_back_left", "foot_back_right"]
SQUARE = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
TRUE = dict(zip(FEET, SQUARE, strict=True))


def test_a_chair_has_a_mirror_and_a_table_a_half_turn_besides() -> None:
    as_numbers = [[FEET.index(name) for name in order] for order in assignments(FEET, "table")]
    assert as_numbers[0] == [0, 1, 2, 3]
    assert sorted(as_numbers) == [[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]]
    assert assignments(FEET, "chair") == [FEET, [FEET[k] for k in (1, 0, 3, 2)]]
    for alone in (["seat_front", "back_top"], ["kp_15", "kp_16"]):
        assert assignments(alone, "chair") == [alone]


def test_half_an_exchange_is_none_unless_the_second_model_has_the_other_half() -> None:
    assert assignments(FEET[:3], "chair") == [FEET[:3]]
    assert assignments(FEET[:3], "chair", known=FEET) == [FEET[:3], [FEET[k] for k in (1, 0, 3)]]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [1, 0, 3, 2], [3, 2, 1, 0]])
def test_a_prediction_that_is_turned_as_a_whole_is_right(order: list[int]) -> None:
    wrong = np.array([0.5, -0.25])
    errors = symmetric_errors(SQUARE[order] + wrong, FEET, TRUE, "table")
    np.testing.assert_allclose(errors, np.hypot(*wrong))


def test_a_prediction_of_which_half_is_exchanged_is_wrong() -> None:
    half = SQUARE[[1, 0, 2, 3]]
    assert symmetric_errors(half, FEET, TRUE, "chair").mean() == 5.0
    nearest = np.linalg.norm(half[:, None] - SQUARE, axis=2).min(axis=1)
    assert nearest.mean() == 0.0  # what point by point would say


def test_it_is_the_least_over_all_orders_and_never_more_than_the_plain_error() -> None:
    random = np.random.default_rng(0)
    for _ in range(50):
        predicted, true = random.uniform(0, 20, (2, 4, 2))
        orders = ([0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0])
        brute = min(np.linalg.norm(predicted - true[order], axis=1).mean() for order in orders)
        found = symmetric_errors(predicted, FEET, dict(zip(FEET, true, strict=True)), "table").mean()
        assert found == pytest.approx(brute)
        assert found <= np.linalg.norm(predicted - true, axis=1).mean()


def test_keypointnets_pairs_are_those_of_its_file() -> None:
    released = Path(__file__).resolve().parents[3] / "shared/data/keypointnet/chair.json"
    if not released.is_file():
        pytest.skip("KeypointNet's chairs are not here")
    pairs: set[tuple[int, ...]] = set()
    places: dict[int, list[float]] = {}
    for model in json.loads(released.read_text()):
        points = model["keypoints"]
        for point in points:
            places.setdefault(point["semantic_id"], []).append(point["xyz"][0])
        for mirror in model["symmetries"].get("reflection", []):
            pairs.add(tuple(points[index]["semantic_id"] for index in mirror["kp_indexes"]))
    star = {(10, 14), (11, 13)}
    assert set(MIRRORED["chair"]) == pairs | star
    for one, other in MIRRORED["chair"]:
        assert abs(np.mean(places[one]) + np.mean(places[other])) < 0.04
    assert assignments(["kp_6", "kp_15"], "chair", ["kp_6", "kp_8", "kp_15"])[1] == ["kp_8", "kp_15"]
