"""Draws conventions.png: a chair from its sides with the world's axes, and the layers of one view.

python docs/pictures/conventions.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from render.child import Blender
from render.config import RenderConfig, SourceConfig
from render.layers import depth_of
from render.pictures import Picture
from render.shooting import shoot
from render.sources import parametric
from render.viewpoints import View, project

SIZE, GAP, HEAD = 260, 14, 30
CHAIR = 2
AXES = {"x": (205, 60, 50), "y": (40, 140, 60), "z": (45, 90, 200)}
INK = (40, 40, 45)


def main() -> None:
    """Write the picture beside this file."""
    config = RenderConfig(size=SIZE, azimuths=12, elevations=[0, 20, 60], passes=["depth", "normal", "position"])
    views = [View(k, azimuth, 20.0) for k, azimuth in enumerate((0.0, 90.0, 180.0, 270.0))]
    views += [View(4, 30.0, 60.0), View(5, 30.0, 0.0)]
    model = parametric.catalog(SourceConfig(classes=["chair"], models_per_class=CHAIR + 1), 0).models[CHAIR]
    with Blender() as blender, tempfile.TemporaryDirectory() as scratch:
        found = list(shoot(blender, model, config, views, Path(scratch)))
    tiles = [_tile(_with_axes(picture), _angles(picture)) for picture in found]
    tiles += [_tile(image, name) for name, image in _layers(found[-1]).items()]
    sheet = np.concatenate([np.concatenate(tiles[k : k + 5], axis=1) for k in (0, 5)], axis=0)
    Image.fromarray(sheet).save(Path(__file__).with_suffix(".png"), optimize=True)


def _angles(picture: Picture) -> str:
    return f"azimuth {picture.view.azimuth_deg:g}, elevation {picture.view.elevation_deg:g}"


def _layers(picture: Picture) -> dict[str, NDArray[np.uint8]]:
    depth, position = depth_of(picture.layers["depth"]), picture.layers["position"]
    near, far = np.nanmin(depth), np.nanmax(depth)
    shade = np.nan_to_num(230 - 200 * (depth - near) / (far - near), nan=255.0)
    low, high = np.nanmin(position, axis=(0, 1)), np.nanmax(position, axis=(0, 1))
    colours = np.nan_to_num(255 * (position - low) / (high - low), nan=255.0)
    normal = np.where(picture.layers["normal"].any(axis=-1, keepdims=True), picture.layers["normal"], 255)
    return {
        "mask": np.repeat(picture.pixels[..., 3:], 3, axis=-1),
        "depth (near is light)": np.repeat(shade[..., None], 3, axis=-1).astype(np.uint8),
        "normal (x, y, z as r, g, b)": normal.astype(np.uint8),
        "position (x, y, z as r, g, b)": colours.astype(np.uint8),
    }


def _with_axes(picture: Picture) -> NDArray[np.uint8]:
    """The view with the world's axes, drawn where K and pose put them, and its keypoints that the camera sees."""
    view = picture.view
    image = Image.fromarray(picture.pixels[..., :3]).resize((2 * SIZE, 2 * SIZE), Image.Resampling.LANCZOS)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(26)
    ends = {name: 0.42 * np.eye(3)[k] for k, name in enumerate(AXES)}
    points, depths = project(np.array([[0, 0, 0], *ends.values()]), 2 * SIZE, view.azimuth_deg, view.elevation_deg)
    for index in 1 + np.argsort(-depths[1:]):
        name = "xyz"[index - 1]
        draw.line([*points[0], *points[index]], fill=AXES[name], width=5)
        tip = points[index] + (points[index] - points[0]) * 0.06
        draw.ellipse([*(points[index] - 6), *(points[index] + 6)], fill=AXES[name])
        draw.text((tip[0] + 8, tip[1] - 14), name, fill=AXES[name], font=font)
    for x, y, z, visible in picture.keypoints.values():
        if visible:
            (pixel,), _ = project(np.array([[x, y, z]]), 2 * SIZE, view.azimuth_deg, view.elevation_deg)
            draw.ellipse([*(pixel - 5), *(pixel + 5)], outline=INK, width=2)
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.LANCZOS))


def _tile(picture: NDArray[np.uint8], title: str) -> NDArray[np.uint8]:
    tile = Image.new("RGB", (SIZE + GAP, SIZE + HEAD + GAP), "white")
    tile.paste(Image.fromarray(np.ascontiguousarray(picture)), (GAP // 2, HEAD))
    draw = ImageDraw.Draw(tile)
    draw.text((GAP // 2 + 4, 7), title, fill=INK, font=ImageFont.load_default(16))
    draw.rectangle((GAP // 2, HEAD, GAP // 2 + SIZE - 1, HEAD + SIZE - 1), outline=(215, 215, 215))
    return np.asarray(tile)


if __name__ == "__main__":
    main()
