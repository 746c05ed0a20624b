"""Contact sheets: what a dataset looks like at a glance."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from render.dataset import Dataset

LETTERS = 11
"""Height of a label's letters, pixels."""


def contact_sheet(dataset: Dataset, class_name: str, models: int = 60, columns: int = 10) -> NDArray[np.uint8]:
    """One three-quarter view of each of a class's first models, uint8 [H, W, 3], rows filled from the left."""
    views = dataset.views[dataset.views.class_name == class_name]
    tiles = dataset.pictures(_three_quarter_views(views)[:models])[..., :3]
    return tiled(tiles, columns)


def tiled(tiles: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Pictures [N, h, w, 3] as one [H, W, 3] over white, rows filled from the left."""
    height, width = tiles.shape[1:3]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * height, columns * width, 3), 255, np.uint8)
    for place, tile in enumerate(tiles):
        top, left = place // columns * height, place % columns * width
        sheet[top : top + height, left : left + width] = tile
    return sheet


def labelled(tiles: NDArray[np.uint8], labels: Sequence[str], columns: int) -> NDArray[np.uint8]:
    """`tiled` with a label of one or more lines under each picture [N, H, W, 3]; what is too wide loses its start."""
    lines = max(label.count("\n") + 1 for label in labels)
    strips = [_text(label, tiles.shape[2], lines) for label in labels]
    return tiled(np.concatenate([tiles, np.stack(strips)], axis=1), columns)


def titled(title: str, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture [H, W, 3] below a grey bar with a title."""
    bar = _text(title, picture.shape[1], 1)
    return np.concatenate([np.minimum(bar, 224), picture])


def stacked(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Pictures [H, W, 3] below each other, filled up with white to the widest."""
    widest = max(picture.shape[1] for picture in pictures)
    fill = [((0, 0), (0, widest - picture.shape[1]), (0, 0)) for picture in pictures]
    return np.concatenate([np.pad(p, f, constant_values=255) for p, f in zip(pictures, fill, strict=True)])


def enlarged(tiles: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    """Pictures [N, H, W, 3] a whole number of times as large."""
    size = (tiles.shape[2] * times, tiles.shape[1] * times)
    return np.stack([cv2.resize(tile, size, interpolation=cv2.INTER_CUBIC) for tile in tiles]).astype(np.uint8)


def _text(text: str, width: int, lines: int) -> NDArray[np.uint8]:
    """Black lines on white, uint8 [H, width, 3]."""
    font = ImageFont.load_default(LETTERS)
    strip = Image.new("RGB", (width, lines * (LETTERS + 3) + 4), "white")
    draw = ImageDraw.Draw(strip)
    for number, line in enumerate(text.split("\n")):
        shown = line
        while len(shown) > 1 and draw.textlength(shown, font) > width - 4:
            shown = f"…{shown.lstrip('…')[1:]}"
        draw.text((2, number * (LETTERS + 3)), shown, fill="black", font=font)
    return np.asarray(strip)


def png(picture: NDArray[np.uint8]) -> bytes:
    """A picture uint8 [H, W, 3] (RGB) as PNG."""
    done, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError("a picture could not be encoded")
    return data.tobytes()


def _three_quarter_views(views: pd.DataFrame) -> list[str]:
    """A key a model: the view nearest to azimuth 325, elevation 20."""
    apart = np.abs((views.azimuth_deg - 325 + 180) % 360 - 180) + np.abs(views.elevation_deg - 20)
    nearest = apart.groupby(views["style"]).idxmin()
    return list(views.loc[nearest.sort_index(), "key"])
