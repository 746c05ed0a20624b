"""Dense fields as maps: composed, inverted, applied, and asked whether they agree."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from evaluate.correspondence.fields import concatenated, confidence, inverse, moved
from tests.evaluate.warps import SIZE, affine_field, end_point_error, rotation, smooth_field


def test_flows_are_concatenated_as_maps_are_composed() -> None:
    one, other = rotation(6, 1.05), rotation(-14, 0.95)
    chained = concatenated(affine_field(one), affine_field(other))
    assert end_point_error(chained, affine_field(other @ one)) < 1 / 64  # OpenCV samples at 1/32 px


@pytest.mark.parametrize("offset", [(0.0, 0.0), (3.0, -2.0), (-7.25, 0.5)])
def test_the_inverse_of_a_translation_is_its_negative(offset: tuple[float, float]) -> None:
    flow = affine_field(np.eye(2), offset)
    np.testing.assert_allclose(inverse(flow), -flow, atol=1e-4)


@pytest.mark.parametrize(("degrees", "scale"), [(8, 1.08), (-30, 1.0), (0, 3.0), (0, 0.4), (15, 0.7)])
def test_the_inverse_of_a_turn_with_zoom_turns_back(degrees: float, scale: float) -> None:
    matrix = rotation(degrees, scale)
    border = 2 + int(max(0, 1 - scale / 1.5) * SIZE / 2)  # what no pixel lands on is not asked for
    error = end_point_error(inverse(affine_field(matrix)), affine_field(np.linalg.inv(matrix)), border=max(border, 14))
    assert error < 1e-3


@pytest.mark.parametrize("index", range(4))
def test_along_a_smooth_field_and_its_inverse_one_comes_home(index: int) -> None:
    flow = smooth_field(8, index)
    for there, back, most in ((inverse(flow), flow, 1e-5), (flow, inverse(flow), 0.2)):  # an inverse is interpolated
        y, x = np.mgrid[0:SIZE, 0:SIZE].astype(float)
        where = y + there[..., 1], x + there[..., 0]
        onward = np.stack([map_coordinates(back[..., k].astype(float), where, order=1) for k in range(2)], axis=-1)
        home = np.linalg.norm(there + onward, axis=2)[8:-8, 8:-8]
        assert home.max() < most
        assert home.mean() < most / 10


def test_where_a_field_is_folded_its_inverse_is_one_of_the_pixels_that_land_there() -> None:
    flow = np.zeros((SIZE, SIZE, 2), np.float32)
    flow[:, 32:, 0] = -20  # the right half moves over the left: columns 12 to 31 are landed on twice
    back = inverse(flow)
    np.testing.assert_allclose(back[:, :10], 0, atol=1e-5)
    twice = back[:, 14:30, 0]
    assert (np.isclose(twice, 0, atol=1e-5) | np.isclose(twice, 20, atol=1e-5)).all()
    np.testing.assert_allclose(back[:, 33:43, 0], 20, atol=1e-5)
    assert np.isfinite(back).all()


def test_holes_are_filled_by_what_lands_nearest() -> None:
    flow = np.zeros((SIZE, SIZE, 2), np.float32)
    flow[:, :32, 0], flow[:, 32:, 0] = -6, 6  # torn apart: nothing lands on columns 26 to 37
    back = inverse(flow)[..., 0]
    np.testing.assert_allclose(back[:, :26], 6, atol=1e-4)
    np.testing.assert_allclose(back[:, 38:], -6, atol=1e-4)
    assert (np.abs(back[:, 26:38]) <= 6 + 1e-4).all()


def test_confidence_is_one_where_both_ways_agree_and_falls_with_their_distance() -> None:
    forward = affine_field(np.eye(2), (3, -1))
    assert (confidence(forward, -forward) == 1).all()
    of = [
        float(confidence(forward, -forward + np.array([d, 0], np.float32))[32, 32]) for d in (0, 0.25, 1, 3, 100, 1e4)
    ]
    assert of == sorted(of, reverse=True)
    assert len(set(of)) == len(of)
    assert of[2] == pytest.approx(0.5)
    assert min(of) > 0
    assert float(confidence(forward, -forward + np.array([0, 2], np.float32), half_px=2)[0, 0]) == pytest.approx(0.5)


def test_confidence_is_asked_where_the_way_there_ends() -> None:
    forward = affine_field(np.eye(2), (10, 0))
    backward = -forward
    backward[20:24, 40:44] += 5  # wrong at these pixels of the second picture, which ten pixels further left lead to
    low = confidence(forward, backward) < 0.1
    expected = np.zeros((SIZE, SIZE), bool)
    expected[20:24, 30:34] = True
    np.testing.assert_array_equal(low, expected)


def test_points_move_with_the_flow_at_their_place() -> None:
    matrix = rotation(10, 1.2)
    points = np.array([[32.0, 32.0], [20.25, 40.5], [50.5, 11.5]])
    centre = SIZE / 2  # of the picture, whose first pixel covers 0 to 1
    expected = (points - centre) @ matrix.T + centre
    np.testing.assert_allclose(moved(points, affine_field(matrix)), expected, atol=0.02)


def test_outside_the_picture_the_flow_of_the_edge_holds() -> None:
    flow = affine_field(np.eye(2), (2, -1))
    np.testing.assert_allclose(moved(np.array([[-5.0, 90.0]]), flow), [[-3.0, 89.0]], atol=1e-5)
