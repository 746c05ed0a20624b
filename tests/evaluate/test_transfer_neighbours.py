"""Nearest neighbours: found by the measure asked for, and mixed in proportion to the azimuth."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.transfer.neighbours import HOG, RGB, beside, descriptors, nearest
from infra import rng

QUARTERS = np.array([0.0, 90.0, 180.0, 270.0])
LEVEL = np.full(4, 20.0)


@pytest.mark.parametrize(
    ("azimuth", "expected"),
    [
        (30.0, (0, 1, 1 / 3)),
        (75.0, (0, 1, 5 / 6)),
        (200.0, (2, 3, 2 / 9)),
        (350.0, (3, 0, 8 / 9)),
        (-10, (3, 0, 8 / 9)),
    ],
)
def test_the_weight_is_linear_in_azimuth_around_the_circle(azimuth: float, expected: tuple[int, int, float]) -> None:
    assert beside(azimuth, 20, QUARTERS, LEVEL) == pytest.approx(expected)


def test_at_an_azimuth_that_was_shown_its_own_neighbour_stands_alone() -> None:
    before, after, weight = beside(180, 30, QUARTERS, LEVEL)
    assert (before, after, weight) == (2, 2, 0)
    assert beside(180 - 1e-12, 30, QUARTERS, LEVEL)[:2] == (2, 2)


@pytest.mark.parametrize("azimuth", [0.0, 100.0, 359.0])
def test_with_one_view_there_is_one_neighbour(azimuth: float) -> None:
    assert beside(azimuth, 20, np.array([100.0]), np.array([20.0]))[:2] == (0, 0)


def test_of_views_at_one_azimuth_the_closest_in_elevation_counts_and_of_equals_the_first() -> None:
    azimuths, elevations = np.array([0.0, 0.0, 90.0, 90.0]), np.array([20.0, 30.0, 20.0, 30.0])
    assert beside(45, 30, azimuths, elevations) == (1, 3, 0.5)
    assert beside(45, 20, azimuths, elevations) == (0, 2, 0.5)
    assert beside(45, 25, azimuths, elevations) == (0, 2, 0.5)


def test_two_views_are_mixed_either_way_round() -> None:
    shown, level = np.array([0.0, 180.0]), np.full(2, 20.0)
    assert beside(60, 20, shown, level) == pytest.approx((0, 1, 1 / 3))
    assert beside(300, 20, shown, level) == pytest.approx((1, 0, 2 / 3))


def test_the_nearest_is_that_of_the_least_distance_and_of_equals_the_first() -> None:
    random = rng.generator(0, "vectors")
    targets, sources = random.normal(size=(5, 7)), random.normal(size=(9, 7))
    brute = [min(range(9), key=lambda s: np.linalg.norm(sources[s] - target)) for target in targets]
    assert nearest(targets, sources).tolist() == brute
    assert nearest(targets, np.concatenate([sources, sources])).tolist() == brute


def bars(angle_deg: float, colour: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:64, :64] - 31.5
    across = x * np.cos(np.radians(angle_deg)) + y * np.sin(np.radians(angle_deg))
    mask = ((across % 16 < 8) & (np.hypot(x, y) < 30)).astype(np.float32)
    return mask[..., None] * np.array(colour, np.float32), mask


def test_colour_decides_by_rgb_and_shape_by_hog() -> None:
    target = bars(10, (0.6, 0.2, 0.1))
    same_shape, same_colour = bars(10, (0.1, 0.5, 0.8)), bars(75, (0.6, 0.2, 0.1))
    chosen = {}
    for measure in (RGB, HOG):
        of = [descriptors(rgb[None], mask[None], measure) for rgb, mask in (target, same_shape, same_colour)]
        chosen[measure] = nearest(of[0], np.concatenate(of[1:]))[0]
    assert chosen == {RGB: 1, HOG: 0}


def test_the_squared_distance_by_rgb_is_the_error_that_is_reported() -> None:
    random = rng.generator(0, "pictures")
    rgb, mask = random.uniform(size=(2, 8, 8, 3)), np.ones((2, 8, 8))
    one, other = descriptors(rgb, mask, RGB)
    assert np.square(one - other).mean() == pytest.approx(np.square(rgb[0] - rgb[1]).mean())
