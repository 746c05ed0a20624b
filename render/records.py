"""What is written down of a view and of a model: a view's JSON in the shard, and the rows of the tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from render.catalog import Model
from render.pictures import Picture
from render.viewpoints import intrinsics, project, world_to_camera


def key_of(model: Model, picture: Picture) -> str:
    """Key of a view in its shard: `<class>_<model>_v017`, without dots."""
    return f"{model.class_name}_{model.id}_v{picture.view.index:03d}"


def pixels_of(picture: Picture, size: int) -> list[dict[str, Any]]:
    """Keypoints of a view: name, pixel (x right, y down) and whether the camera sees it."""
    view = picture.view
    keypoints = []
    for name, (x, y, z, visible) in picture.keypoints.items():
        (pixel,), _ = project(np.array([[x, y, z]]), size, view.azimuth_deg, view.elevation_deg)
        keypoints.append({"name": name, "x": round(pixel[0], 3), "y": round(pixel[1], 3), "visible": visible})
    return keypoints


def facts(model: Model, style: int, picture: Picture, size: int) -> dict[str, Any]:
    """A view's JSON: model, angles in degrees, camera in OpenCV's convention and [4, 4] from the model's file to the
    world (not of photographs), keypoints in pixels."""
    view = picture.view
    camera = {
        "K": intrinsics(size).tolist(),
        "world_to_camera": world_to_camera(view.azimuth_deg, view.elevation_deg).round(9).tolist(),
        "model_to_world": picture.model.get("file_to_world"),
    }
    return {
        "model": model.id,
        "class": model.class_name,
        "style": style,
        "view": view.index,
        "azimuth_deg": view.azimuth_deg,
        "elevation_deg": view.elevation_deg,
        **({} if model.photos else camera),
        "keypoints": {point["name"]: [point["x"], point["y"], point["visible"]] for point in pixels_of(picture, size)},
    }


def row(model: Model, style: int, picture: Picture, size: int, shard: str) -> dict[str, Any]:
    """A view's row of views.parquet."""
    view = picture.view
    return {
        "key": key_of(model, picture),
        "shard": shard,
        "model": model.id,
        "class_name": model.class_name,
        "style": style,
        "view": view.index,
        "azimuth_deg": view.azimuth_deg,
        "elevation_deg": view.elevation_deg,
        "coverage": round(float(picture.pixels[..., 3].mean()) / 255, 6),
        "keypoints": pixels_of(picture, size),
    }


def model_row(model: Model, style: int, pictures: list[Picture]) -> dict[str, Any]:
    """A model's row of models.parquet: where it came from, how it was placed and what had to be mended."""
    known = pictures[0].model if pictures else {}
    return {
        "model": model.id,
        "class_name": model.class_name,
        "style": style,
        "file": model.file or "",
        "member": model.member or "",
        "fingerprint": model.fingerprint,
        "creator": model.creator,
        "licence": model.licence,
        "views": len(pictures),
        "faces": known.get("faces"),
        "scale": known.get("scale"),
        "file_to_world": known.get("file_to_world"),
        "mends": known.get("mends", []),
    }
