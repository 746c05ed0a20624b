"""The camera against geometry done by hand, and framing against its own promise."""

from __future__ import annotations

import numpy as np
import pytest

from infra.rng import generator
from render.viewpoints import (
    CAMERA_DISTANCE,
    LARGEST_SCALE,
    file_axes,
    framing,
    intrinsics,
    project,
    view_grid,
    world_to_camera,
)


def test_the_grid_is_elevation_by_elevation_and_indexed_in_order() -> None:
    views = view_grid([0, 90, 180, 270], [0, 30])
    assert [view.index for view in views] == list(range(8))
    assert (views[5].azimuth_deg, views[5].elevation_deg) == (90, 30)


def test_poses_are_rigid_and_look_at_the_origin_from_the_right_distance() -> None:
    for azimuth in (0, 37, 200):
        for elevation in (-60, 0, 45, 90):
            pose = world_to_camera(azimuth, elevation)
            np.testing.assert_allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-12)
            assert np.linalg.det(pose[:3, :3]) == pytest.approx(1)
            np.testing.assert_allclose(pose @ [0, 0, 0, 1], [0, 0, CAMERA_DISTANCE, 1], atol=1e-12)


def test_azimuth_0_sees_the_front_and_azimuth_grows_counter_clockwise_from_above() -> None:
    front, left, top = np.eye(3)[1] * -1, np.eye(3)[0], np.eye(3)[2]
    for azimuth, elevation, nearest in ((0, 0, front), (90, 0, left), (0, 90, top)):
        eye = np.linalg.inv(world_to_camera(azimuth, elevation))[:3, 3]
        np.testing.assert_allclose(eye, nearest * CAMERA_DISTANCE, atol=1e-12)


def test_up_is_up_and_right_is_right_in_the_picture() -> None:
    points = np.array([[0, 0, 0], [0.1, 0, 0], [0, 0, 0.1]])
    pixels, depth = project(points, 100, 0, 0)
    np.testing.assert_allclose(pixels[0], [50, 50])
    # At the origin the picture is one unit wide: a tenth of a unit is a tenth of the picture.
    np.testing.assert_allclose(pixels[1], [60, 50])
    np.testing.assert_allclose(pixels[2], [50, 40])
    assert depth == pytest.approx([CAMERA_DISTANCE] * 3)


def test_intrinsics_scale_with_the_picture() -> None:
    small, large = intrinsics(64), intrinsics(256)
    np.testing.assert_allclose(small[:2] * 4, large[:2])


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 1), (0.2, 0.2, 4), (1, 1, 0.05)])
@pytest.mark.parametrize("elevations", [[0.0, 20.0, 40.0], [20.0], [90.0], [-30.0, 80.0]])
def test_framing_touches_the_border_and_never_crosses_it(
    shape: tuple[float, float, float], elevations: list[float]
) -> None:
    points = generator(0, "points", 0).uniform(-0.5, 0.5, (100, 3)) * shape
    points -= (points.max(axis=0) + points.min(axis=0)) / 2
    points /= np.linalg.norm(np.ptp(points, axis=0))
    views = view_grid(np.arange(0, 360, 30).tolist(), elevations)
    scale, lift = framing(points, views, border=0.05)
    placed = points * scale + [0, 0, lift]
    seen = np.concatenate([project(placed, 1, view.azimuth_deg, view.elevation_deg)[0] for view in views])
    assert seen.min() >= 0.05 - 1e-6
    assert seen.max() <= 0.95 + 1e-6
    # Only the pole that is seen from nowhere but above stops short of the border, before it reaches the camera.
    if scale < LARGEST_SCALE:
        assert min(seen.min() - 0.05, 0.95 - seen.max()) == pytest.approx(0, abs=1e-6)
    else:
        assert (shape, elevations) == ((0.2, 0.2, 4), [90.0])


def test_framing_centres_what_only_the_height_limits() -> None:
    """A pole with a heavy foot seen from above: top and bottom margins come out equal."""
    pole = np.array([[0, 0, 0.49], [0, 0, -0.49], [0.1, 0.1, -0.49], [-0.1, -0.1, -0.49], [0.1, -0.1, -0.49]])
    views = view_grid([0, 90, 180, 270], [10, 40])
    scale, lift = framing(pole, views, border=0.1)
    seen = np.concatenate(
        [project(pole * scale + [0, 0, lift], 1, view.azimuth_deg, view.elevation_deg)[0] for view in views]
    )
    assert seen[:, 1].min() == pytest.approx(0.1, abs=1e-6)
    assert seen[:, 1].max() == pytest.approx(0.9, abs=1e-6)


def test_a_files_axes_turn_into_the_worlds_without_mirroring() -> None:
    axes = {sign + name: np.eye(3)[k] * (1 if sign == "+" else -1) for k, name in enumerate("xyz") for sign in "+-"}
    for up, up_axis in axes.items():
        for front, front_axis in axes.items():
            if up[1] == front[1]:
                with pytest.raises(ValueError, match="different axes"):
                    file_axes(up, front)
                continue
            turn = file_axes(up, front)
            assert np.linalg.det(turn) == pytest.approx(1)
            np.testing.assert_allclose(turn[:3, :3] @ up_axis, [0, 0, 1])
            np.testing.assert_allclose(turn[:3, :3] @ front_axis, [0, -1, 0])


@pytest.mark.parametrize("mode", ["diagonal", "sphere"])
def test_what_is_framed_alike_for_all_models_never_crosses_the_border(mode: str) -> None:
    box = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / (2 * np.sqrt(3))
    scale, lift = framing(box, [], border=0.05, mode=mode)
    assert lift == 0
    views = view_grid(np.arange(0, 360, 5).tolist(), np.arange(-90, 91, 5).tolist())
    seen = np.concatenate([project(box * scale, 1, view.azimuth_deg, view.elevation_deg)[0] for view in views])
    assert seen.min() >= 0.05 - 1e-9
    assert seen.min() == pytest.approx(0.05, abs=2e-3)
    flat = box * [1, 1, 0.01]
    flat /= np.linalg.norm(np.ptp(flat, axis=0))
    assert framing(flat, [], border=0.05, mode=mode)[0] == pytest.approx(scale)
