"""Optical flow along a morph, on motions that are known exactly."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from evaluate.config import FlowConfig
from evaluate.correspondence.morphflow import concatenated, morph_flow, moved, optical_flow
from infra import rng

SIZE = 64
CONFIG = FlowConfig()


def texture(size: int = SIZE) -> np.ndarray:
    """A random texture with detail at several scales, float32 [size, size] in 0-255."""
    random = rng.generator(3, "texture")
    layers = [cv2.GaussianBlur(random.standard_normal((size, size)), (0, 0), sigma) * sigma for sigma in (1.5, 4, 9)]
    total = np.sum(layers, axis=0)
    return (255 * (total - total.min()) / np.ptp(total)).astype(np.float32)


def affine_field(matrix: np.ndarray, offset: tuple[float, float] = (0, 0)) -> np.ndarray:
    """The flow p -> centre + matrix (p - centre) + offset on pixel centres: float32 [SIZE, SIZE, 2]."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float64)
    p = np.stack([x, y], axis=-1) - (SIZE - 1) / 2
    return (p @ matrix.T - p + np.array(offset)).astype(np.float32)


def rotation(degrees: float, scale: float = 1.0) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return scale * np.array([[c, -s], [s, c]])


def pulled_back(second: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The picture that `flow` takes to `second`."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    where = x + flow[..., 0], y + flow[..., 1]
    return cv2.remap(second, *where, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)


def end_point_error(flow: np.ndarray, truth: np.ndarray, border: int = 12) -> float:
    inside = slice(border, -border)
    return float(np.linalg.norm(flow - truth, axis=2)[inside, inside].mean())


@pytest.mark.parametrize("offset", [(0.0, 0.0), (0.4, -0.3), (4.0, 2.0), (-5.0, 5.0)])
def test_a_translation_is_recovered(offset: tuple[float, float]) -> None:
    truth = affine_field(np.eye(2), offset)
    flow = optical_flow(pulled_back(texture(), truth), texture(), CONFIG)
    assert end_point_error(flow, truth) < 0.15


def test_a_rotation_with_zoom_is_recovered() -> None:
    truth = affine_field(rotation(8, 1.08))
    flow = optical_flow(pulled_back(texture(), truth), texture(), CONFIG)
    assert end_point_error(flow, truth) < 0.15


def test_refinement_starts_from_the_flow_that_is_given() -> None:
    truth = affine_field(np.eye(2), (9, 0))  # too far for a refinement at full size alone
    first = pulled_back(texture(), truth)
    near = optical_flow(first, texture(), CONFIG, start=truth + np.float32(0.8))
    far = optical_flow(first, texture(), CONFIG, start=np.zeros_like(truth))
    assert end_point_error(near, truth) < 0.3
    assert end_point_error(far, truth) > 3


def test_flows_are_concatenated_as_maps_are_composed() -> None:
    one, other = rotation(6, 1.05), rotation(-14, 0.95)
    chained = concatenated(affine_field(one), affine_field(other))
    assert end_point_error(chained, affine_field(other @ one)) < 1 / 64  # OpenCV samples at 1/32 px


def test_small_steps_reach_where_one_leap_does_not() -> None:
    angles = np.linspace(40, 0, 25)
    frames = [pulled_back(texture(), affine_field(rotation(angle))) for angle in angles]
    truth = affine_field(rotation(40))
    stepped = end_point_error(morph_flow(frames, CONFIG, refine_step=9), truth, border=20)
    leap = end_point_error(optical_flow(frames[0], frames[-1], CONFIG), truth, border=20)
    assert stepped < 0.5
    assert leap > 3 * stepped


def test_refining_at_a_larger_step_takes_drift_away() -> None:
    frames = [pulled_back(texture(), affine_field(np.eye(2), (shift, 0))) for shift in np.linspace(8, 0, 64)]
    truth = affine_field(np.eye(2), (8, 0))
    refined = end_point_error(morph_flow(frames, CONFIG, refine_step=9), truth)
    drifting = end_point_error(morph_flow(frames, CONFIG, refine_step=1), truth)
    assert refined < 0.7 * drifting


def test_frames_that_do_not_divide_evenly_are_followed_to_the_end() -> None:
    frames = [pulled_back(texture(), affine_field(np.eye(2), (shift, 0))) for shift in np.linspace(3, 0, 12)]
    assert end_point_error(morph_flow(frames, CONFIG, refine_step=9), affine_field(np.eye(2), (3, 0))) < 0.2


def test_points_move_with_the_flow_at_their_place() -> None:
    matrix = rotation(10, 1.2)
    points = np.array([[32.0, 32.0], [20.25, 40.5], [50.5, 11.5]])
    centre = SIZE / 2  # of the picture, whose first pixel covers 0 to 1
    expected = (points - centre) @ matrix.T + centre
    np.testing.assert_allclose(moved(points, affine_field(matrix)), expected, atol=0.02)


def test_outside_the_picture_the_flow_of_the_edge_holds() -> None:
    flow = affine_field(np.eye(2), (2, -1))
    np.testing.assert_allclose(moved(np.array([[-5.0, 90.0]]), flow), [[-3.0, 89.0]], atol=1e-5)
