"""Likeness of two sets: what is known of draws from one distribution, from two, and of copies."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import mean_squared_error

from evaluate.imagination.likeness import (
    coverage,
    distance_to_nearest_other,
    distances,
    features,
    mean_distance_to_others,
    nearest_neighbour_accuracy,
)
from infra import rng


def points(seed: int, count: int = 400, shift: float = 0.0) -> np.ndarray:
    return rng.generator(seed, "points").normal(shift, 1, (count, 5))


def accuracy(drawn: np.ndarray, real: np.ndarray) -> float:
    return nearest_neighbour_accuracy(distances(drawn, drawn), distances(drawn, real), distances(real, real))


def test_two_draws_of_one_distribution_cannot_be_told_apart() -> None:
    assert accuracy(points(0), points(1)) == pytest.approx(0.5, abs=0.06)


def test_two_distributions_apart_are_told_apart() -> None:
    assert accuracy(points(0), points(1, shift=20)) == 1


def test_copies_are_nearest_to_what_they_copy() -> None:
    assert accuracy(points(0) + 1e-6, points(0)) == 0


def test_sets_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="one size"):
        accuracy(points(0, 5), points(1, 6))


def test_a_set_covers_itself_and_one_point_covers_little() -> None:
    real = points(0)
    own = distances(real, real)
    assert coverage(own, own, 3) == 1
    alone = coverage(distances(real[:1], real), own, 3)
    assert 1 / len(real) <= alone < 0.05
    assert coverage(distances(points(1, shift=20), real), own, 3) == 0


def test_coverage_counts_balls_that_are_reached() -> None:
    real = np.array([[0.0], [1.0], [10.0], [12.0]])
    drawn = np.array([[-0.9], [13.9]])  # balls of one neighbour: radius 1, 1, 2, 2
    assert coverage(distances(drawn, real), distances(real, real), 1) == 0.5


def test_distances_within_a_set_leave_the_point_itself_out() -> None:
    among = distances(np.array([[0.0], [1.0], [4.0]]), np.array([[0.0], [1.0], [4.0]]))
    np.testing.assert_allclose(distance_to_nearest_other(among), [1, 1, 3])
    np.testing.assert_allclose(mean_distance_to_others(among), [2.5, 2, 3.5])


def test_the_distance_by_pixels_is_the_root_of_the_mean_squared_error() -> None:
    pictures = rng.generator(2, "pictures").uniform(size=(2, 32, 32, 3)).astype(np.float32)
    found = distances(*(features(each[None], "pixel") for each in pictures))
    assert found.item() == pytest.approx(np.sqrt(mean_squared_error(*pictures)))


def test_gradients_mind_edges_and_not_brightness() -> None:
    picture = np.zeros((1, 32, 32, 3), np.float32)
    picture[:, 8:24, 8:24] = 0.5
    darker, moved = picture * 0.8, np.roll(picture, 6, axis=2)
    near = distances(features(picture, "hog"), features(darker, "hog")).item()
    far = distances(features(picture, "hog"), features(moved, "hog")).item()
    assert near < 0.01 * far
