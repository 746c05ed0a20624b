"""Nearest neighbours of descriptors, against trying every pixel."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.correspondence.method_configs import NearestConfig
from evaluate.correspondence.nearest import matches, nearest_flow, round_trip_px, smoothed, spread
from infra import rng
from tests.evaluate.warps import end_point_error, pulled_back, scaling, texture, translation

CONFIG = NearestConfig()


def tried_out(
    first: np.ndarray, second: np.ndarray, covered: np.ndarray, candidates: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """The match of each pixel, every candidate tried."""
    flow, known = np.zeros((*covered.shape, 2)), np.zeros(covered.shape, bool)
    for y, x in np.argwhere(covered):
        ranked = [
            (np.square(first[y, x] - second[to_y, to_x]).sum(), (to_x - x) ** 2 + (to_y - y) ** 2, to_y, to_x)
            for to_y, to_x in np.argwhere(candidates)
            if (to_x - x) ** 2 + (to_y - y) ** 2 <= radius**2
        ]
        if ranked:
            *_, to_y, to_x = min(ranked)
            flow[y, x], known[y, x] = (to_x - x, to_y - y), True
    return flow, known


@pytest.mark.parametrize("radius", [None, 0.0, 2.5, 4.0])
@pytest.mark.parametrize("values", [2, 200])
def test_matches_are_those_of_trying_every_pixel(radius: float | None, values: int) -> None:
    random = rng.generator(values, "descriptors")
    first, second = random.integers(0, values, (2, 11, 13, 4)).astype(np.float32)  # two values: many are equal
    covered, candidates = random.random((2, 11, 13)) < 0.7
    flow, known = matches(first, second, covered, candidates, radius)
    expected = tried_out(first, second, covered, candidates, np.inf if radius is None else radius)
    np.testing.assert_array_equal(known, expected[1])
    np.testing.assert_array_equal(flow, expected[0])


def test_more_pixels_than_one_block_holds_are_matched_alike() -> None:
    random = rng.generator(0, "descriptors")
    first, second = random.integers(0, 3, (2, 12, 30, 3)).astype(np.float32)
    everywhere = np.ones((12, 30), bool)
    flow, known = matches(first, second, everywhere, everywhere, 3.0)
    expected, _ = tried_out(first, second, everywhere, everywhere, 3.0)
    assert known.all()
    np.testing.assert_array_equal(flow, expected)


@pytest.mark.parametrize("offset", [(0, 0), (2, -1), (-14, 9)])
def test_a_translation_is_recovered(offset: tuple[int, int]) -> None:
    truth = translation(64, offset)
    flow = nearest_flow(pulled_back(texture(), truth), texture(), CONFIG)
    assert flow.dtype == np.float32
    assert end_point_error(flow, truth, border=20) < 0.02


def test_a_scaling_is_recovered_to_within_a_pixel() -> None:
    truth = scaling(64, 1.15)
    flow = nearest_flow(pulled_back(texture(), truth), texture(), CONFIG)
    assert end_point_error(flow, truth) < 1


def test_nothing_goes_further_than_the_radius() -> None:
    first, second = texture(40, seed=1), texture(40, seed=2)
    flow = nearest_flow(first, second, NearestConfig(radius_px=5))
    assert 4 < np.linalg.norm(flow, axis=2).max() <= 5


def test_what_the_masks_cover_is_matched_among_itself() -> None:
    first, second = texture(48, seed=1), texture(48, seed=2)
    masks = np.zeros((2, 48, 48), np.float32)
    masks[0, 10:30, 8:28], masks[1, 20:40, 18:30] = 1, 0.9
    flow = nearest_flow(first, second, CONFIG, *masks)
    y, x = np.mgrid[0:48, 0:48]
    to = (np.stack([y + flow[..., 1], x + flow[..., 0]]).astype(int))[:, masks[0] > 0.5]
    assert (masks[1][tuple(to)] > 0.5).all()
    np.testing.assert_array_equal(flow[:10, 8:28], np.broadcast_to(flow[10, 8:28], (10, 20, 2)))


def test_a_check_there_and_back_with_medians_takes_wild_matches_away() -> None:
    truth = translation(64, (6, 3))
    noise = rng.generator(4, "noise").standard_normal((64, 64)).astype(np.float32)
    first = pulled_back(texture(), truth) + 60 * noise
    plain, checked, mended = (
        end_point_error(nearest_flow(first, texture(), config), truth)
        for config in (
            NearestConfig(),
            NearestConfig(forward_backward_px=0.0),
            NearestConfig(forward_backward_px=0.0, median_px=7),
        )
    )
    assert plain > 1
    assert checked < 0.8 * plain
    assert mended < 0.5 * plain


def test_a_round_trip_is_as_long_as_it_misses_the_start() -> None:
    there, back = translation(9, (2, 1)), translation(9, (-2, 2))
    np.testing.assert_allclose(round_trip_px(there, back), 3)
    back = np.zeros((9, 9, 2), np.float32)
    back[5, 6] = (-2, -1)
    assert round_trip_px(there, back)[4, 4] == 0
    assert round_trip_px(there, back)[4, 3] == pytest.approx(5**0.5)


def test_medians_take_single_pixels_away_and_leave_edges() -> None:
    flow = np.zeros((12, 12, 2), np.float32)
    flow[:, 6:] = (3, -2)
    speckled = flow.copy()
    speckled[3, 3] = speckled[8, 9] = (40, 40)
    np.testing.assert_array_equal(smoothed(speckled, 3), flow)
    np.testing.assert_array_equal(smoothed(speckled, 1), speckled)


def test_what_is_not_known_moves_with_the_nearest_that_is() -> None:
    known = np.zeros((3, 7), bool)
    known[1, [1, 5]] = True
    flow = np.full((3, 7, 2), 99, np.float32)
    flow[1, 1], flow[1, 5] = (1, 2), (3, 4)
    filled = spread(flow, known)
    np.testing.assert_array_equal(filled[:, :3], np.broadcast_to(np.float32([1, 2]), (3, 3, 2)))
    np.testing.assert_array_equal(filled[:, 4:], np.broadcast_to(np.float32([3, 4]), (3, 3, 2)))


def test_nothing_moves_where_nothing_can_be_matched() -> None:
    nothing = np.zeros((64, 64))
    assert not nearest_flow(texture(seed=1), texture(seed=2), CONFIG, second_mask=nothing).any()
    assert not nearest_flow(texture(seed=1), texture(seed=2), CONFIG, first_mask=nothing).any()


def test_flat_pictures_are_left_where_they_are() -> None:
    flat = np.full((30, 40), 255, np.float32)
    assert not nearest_flow(flat, flat, CONFIG).any()


def test_shapes_that_differ_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"\(64, 64\) and \(second\) \(32, 48\)"):
        nearest_flow(texture(), texture()[:32, :48], CONFIG)
    with pytest.raises(ValueError, match=r"\(first mask\) \(8, 8\)"):
        nearest_flow(texture(), texture(), CONFIG, first_mask=np.ones((8, 8)))
