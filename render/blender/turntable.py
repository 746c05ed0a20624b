"""One order, one model: import, frame, and a picture a view."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from render.blender import importing, scene
from render.viewpoints import Array, View, framing, world_to_camera


def shoot(order: dict[str, Any], scratch: Path) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Answers to an order: first `model` (placement, keypoints), then a `view` each with its RGBA pixels.

    An order holds `path`, `front`, `size`, `samples`, `threads`, `border`, `views` ([index, azimuth, elevation]),
    `grid` (the views that framing looks at; those of the whole grid) and `keypoints` ({name: [x, y, z] of the file}).
    Pixels are uint8 [size, size, 4], straight alpha, rows from the top.
    """
    scene.reset()
    path, front = Path(order["path"]), str(order["front"])
    objects = importing.load(path, front)
    points = importing.vertices(objects)
    lowest, highest = points.min(axis=0), points.max(axis=0)
    centre, diagonal = (lowest + highest) / 2, float(np.linalg.norm(highest - lowest))
    grid = [View(*view) for view in order["grid"]]
    scale, lift = framing(_hull((points - centre) / diagonal), grid, order["border"])
    place = np.diag([*[scale / diagonal] * 3, 1.0])
    place[:3, 3] = -centre * scale / diagonal + [0.0, 0.0, lift]
    for item in objects:
        item.data.transform(_matrix(place))
    scene.configure_engine(order["size"], order["samples"], order["threads"])
    rig = scene.Rig()

    to_world = place @ importing.file_to_world(path, front)
    keypoints = {name: (to_world @ [*xyz, 1.0])[:3] for name, xyz in order["keypoints"].items() if xyz is not None}
    faces = sum(len(item.data.polygons) for item in objects)
    yield {"model": {"faces": faces, "file_to_world": to_world.tolist(), "scale": scale, "lift": lift}}, b""

    for view in (View(*view) for view in order["views"]):
        rig.aim(view.azimuth_deg, view.elevation_deg)
        picture = _render(scratch / "view.png")
        visible = _visible(keypoints, view)
        seen = {name: [*point.tolist(), visible[name]] for name, point in keypoints.items()}
        yield {"view": view.index, "keypoints": seen}, picture.tobytes()


def _render(path: Path) -> NDArray[np.uint8]:
    bpy.context.scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise RuntimeError("Blender wrote no picture")
    return np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA), np.uint8)


def _visible(keypoints: dict[str, Array], view: View, tolerance: float = 0.02) -> dict[str, bool]:
    """Whether the camera sees each world point: nothing lies in front of it by more than the tolerance."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    eye = np.linalg.inv(world_to_camera(view.azimuth_deg, view.elevation_deg))[:3, 3]
    seen = {}
    for name, point in keypoints.items():
        ray = point - eye
        distance = float(np.linalg.norm(ray))
        direction = Vector((ray / distance).tolist())
        hit, where, *_ = bpy.context.scene.ray_cast(depsgraph, Vector(eye.tolist()), direction)
        seen[name] = not hit or float(np.linalg.norm(np.array(where) - eye)) >= distance - tolerance
    return seen


def _hull(points: Array) -> Array:
    """The points that can touch a border: corners of the convex hull (all points of a flat model)."""
    try:
        return points[ConvexHull(points).vertices]
    except QhullError:
        return points


def _matrix(values: Array) -> Any:
    from mathutils import Matrix

    return Matrix(values.tolist())
