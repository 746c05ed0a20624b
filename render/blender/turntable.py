"""One order, one model: import, mend, frame, and a picture a view with the layers that were asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

from render.blender import importing, materials, scene
from render.blender.devices import choose_device
from render.layers import Layers, as_layers, read_exr
from render.pictures import with_even_glass, with_settled_edges
from render.placement import placement
from render.viewpoints import Array, View, project, world_to_camera

MARGIN_PX = 2
"""Kept around the object's outline where the empty background is not rendered."""


def shoot(order: dict[str, Any], scratch: Path) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Answers to an order: first `model` (placement, mends), then a `view` each with its RGBA pixels and its layers.

    An order holds `path`, `up`, `front`, `size`, `samples`, `denoise`, `threads`, `device`, `border`, `framing`,
    `passes`, `views` ([index, azimuth, elevation]), `grid` (the views that framing looks at; those of the whole grid)
    and `keypoints` ({name: [x, y, z] of the file}); `mend` false shows a mesh as it came, and `tune` sets
    further properties of the scene, for measurements. Pixels are uint8
    [size, size, 4], straight alpha, rows from the top; behind them come the bytes of each layer in the order of
    `layers`.
    """
    scene.reset()
    device = choose_device(order["device"])
    model = importing.load(Path(order["path"]), order["up"], order["front"], order.get("mend", True))
    grid = [View(*view) for view in order["grid"]]
    placed = placement(model.points, grid, order["border"], order["framing"])
    model.place(placed.matrix)
    glass = materials.see_through()
    scene.configure_engine(order["size"], order["threads"], device)
    scene.ask_for(order["passes"])
    rig = scene.Rig()

    to_world = placed.matrix @ model.file_to_world
    keypoints = {name: (to_world @ [*xyz, 1.0])[:3] for name, xyz in order["keypoints"].items() if xyz is not None}
    facts = {"faces": model.faces, "file_to_world": to_world.tolist(), "scale": placed.scale, "mends": model.mends}
    yield {"model": facts}, b""

    for view in (View(*view) for view in order["views"]):
        start = time.perf_counter()
        rig.aim(view.azimuth_deg, view.elevation_deg)
        scene.crop(*_box(placed.outline, order["size"], view))
        scene.for_pictures(order["samples"], order["denoise"])
        scene.tune(order.get("tune", {}))
        picture = _picture(scratch / "view.png")
        cycles_s = time.perf_counter() - start
        if order["denoise"]:
            picture = with_settled_edges(with_even_glass(picture) if glass else picture)
        layers = _layers(scratch / "layers.exr", order["passes"], to_world)
        visible = _visible(keypoints, view)
        seen = {name: [*point.tolist(), visible[name]] for name, point in keypoints.items()}
        header = {"view": view.index, "keypoints": seen, "layers": list(layers), "cycles_s": cycles_s}
        yield header, b"".join([picture.tobytes(), *(layer.tobytes() for layer in layers.values())])


def _picture(path: Path) -> NDArray[np.uint8]:
    scene.render(path)
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise RuntimeError("Blender wrote no picture")
    return np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA), np.uint8)


def _layers(path: Path, passes: list[str], to_world: Array) -> Layers:
    """What the ray through each pixel's centre meets; a render of its own, so that pictures do not depend on it."""
    if not passes:
        return {}
    scene.for_layers()
    scene.render(path)
    return as_layers(read_exr(path.read_bytes()), passes, to_world)


def _box(outline: Array, size: int, view: View) -> tuple[Array, Array]:
    """Left top and right bottom of the object in the picture, in pixels, with a margin."""
    pixels, _ = project(outline, size, view.azimuth_deg, view.elevation_deg)
    return pixels.min(axis=0) - MARGIN_PX, pixels.max(axis=0) + MARGIN_PX


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
