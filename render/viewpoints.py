"""The turntable: which views there are, and the camera of each.

The one idea: the object stands in the world (z up, front towards -y, unit bounding-box diagonal before framing); the
camera circles it at a fixed distance and always looks at the origin. To a viewer the object turns and camera and light
stay, because the lights travel round with the camera's azimuth (not with its elevation).

Conventions: azimuth 0 looks at the front; azimuth grows counter-clockwise seen from above (90 looks at the
object's left side, +x); elevation 90 looks straight down. Camera matrices are OpenCV's (x right, y down, z ahead).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CAMERA_DISTANCE = 3.0
"""From the origin, in diagonals of an unframed object."""
FOCAL_LENGTH = 3.0
"""In widths of the picture: at the origin the picture shows a square of 1 x 1."""

LARGEST_SCALE = 2.4
"""Of framing: a pole seen only from above would grow past the camera before it filled the picture."""


@dataclass(frozen=True)
class View:
    """One picture of a turntable: its index in the grid and its angles in degrees."""

    index: int
    azimuth_deg: float
    elevation_deg: float


def view_grid(azimuths_deg: Sequence[float], elevations_deg: Sequence[float]) -> list[View]:
    """All views, elevation by elevation: index = elevation index x azimuths + azimuth index."""
    pairs = [(azimuth, elevation) for elevation in elevations_deg for azimuth in azimuths_deg]
    return [View(index, float(azimuth), float(elevation)) for index, (azimuth, elevation) in enumerate(pairs)]


def intrinsics(size: int) -> Array:
    """K [3, 3] in pixels for a square picture; pixel (0, 0) covers [0, 1) x [0, 1), so the centre is size / 2."""
    focal = FOCAL_LENGTH * size
    return np.array([[focal, 0.0, size / 2], [0.0, focal, size / 2], [0.0, 0.0, 1.0]])


def world_to_camera(azimuth_deg: float, elevation_deg: float) -> Array:
    """[4, 4], OpenCV convention, from the object's world to the camera."""
    azimuth, elevation = np.radians([azimuth_deg, elevation_deg])
    ahead = -np.array(
        [
            np.sin(azimuth) * np.cos(elevation),
            -np.cos(azimuth) * np.cos(elevation),
            np.sin(elevation),
        ]
    )
    right = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    down = np.cross(ahead, right)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, down, ahead])
    matrix[2, 3] = CAMERA_DISTANCE
    return matrix


def project(points: Array, size: int, azimuth_deg: float, elevation_deg: float) -> tuple[Array, Array]:
    """Pixels [N, 2] (x right, y down) and depths [N] along the camera's axis of world points [N, 3]."""
    pose = world_to_camera(azimuth_deg, elevation_deg)
    camera = points @ pose[:3, :3].T + pose[:3, 3]
    image = camera @ intrinsics(size).T
    return image[:, :2] / image[:, 2:], camera[:, 2]


def file_axes(up: str, front: str) -> Array:
    """[4, 4] turn from a file's coordinates to the world's (z up, front towards -y), for the axes ('+x' ... '-z') that
    point up and to the front in the file. Raises `ValueError` on axes that are parallel."""
    up_axis, front_axis = (np.eye(3)["xyz".index(axis[1])] * (1 if axis[0] == "+" else -1) for axis in (up, front))
    if up_axis @ front_axis:
        raise ValueError(f"up {up} and front {front} must be different axes")
    turn = np.eye(4)
    turn[:3, :3] = np.stack([np.cross(up_axis, front_axis), -front_axis, up_axis])
    return turn


def framing(points: Array, views: Sequence[View], border: float, mode: str = "fill") -> tuple[float, float]:
    """Scale and lift (along z, applied after the scale) of an object in its pictures.

    `points` [N, 3] are the object's vertices (or their hull's), centred at the origin, unit diagonal. 'fill': after
    `points * scale + (0, 0, lift)` the largest of the views touches the border, a share of the picture, and none
    crosses it. 'diagonal': one scale for all objects, by which a box of unit diagonal stays within the border however
    it is turned. 'sphere': the sphere around the origin that just holds the object touches the border. The scale
    is the same for all views, so a turntable does not breathe.
    """
    if mode == "fill":
        return _filling(points, views, border)
    # A sphere of this radius is seen from the camera as a circle that touches the border.
    half = 0.5 - border
    radius = CAMERA_DISTANCE * half / np.hypot(FOCAL_LENGTH, half)
    reach = 0.5 if mode == "diagonal" else float(np.linalg.norm(points, axis=1).max())
    return float(radius / reach), 0.0


def _filling(points: Array, views: Sequence[View], border: float) -> tuple[float, float]:
    half = 0.5 - border
    flattest = max(float(np.cos(np.radians(view.elevation_deg))) for view in views)
    scale, lift = 1.0, 0.0
    for _ in range(40):
        left_top, right_bottom = _extremes(points * scale + np.array([0.0, 0.0, lift]), views)
        off_centre = (left_top[1] + right_bottom[1]) / 2
        reach = max(-left_top[0], right_bottom[0], (right_bottom[1] - left_top[1]) / 2)
        change = min(half / reach, LARGEST_SCALE / scale)
        if abs(change - 1) < 1e-7 and abs(off_centre) < 1e-7:
            break
        # Down in the picture is -z; straight from above no lift can centre anything.
        lift = (lift + off_centre * flattest) * change
        scale *= change
    # What did not settle (an object seen only from above) still must not cross the border.
    left_top, right_bottom = _extremes(points * scale + np.array([0.0, 0.0, lift]), views)
    shrink = min(half / max(*-left_top, *right_bottom), LARGEST_SCALE / scale)
    return scale * shrink, lift * shrink


def _extremes(points: Array, views: Sequence[View]) -> tuple[Array, Array]:
    """Smallest and largest (x, y) over all points and views, in widths of the picture from its centre."""
    seen = [project(points, 1, view.azimuth_deg, view.elevation_deg)[0] - 0.5 for view in views]
    return np.min([pixels.min(axis=0) for pixels in seen], axis=0), np.max([p.max(axis=0) for p in seen], axis=0)
