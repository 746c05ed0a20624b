"""Contact sheets: what a dataset looks like at a glance."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from render.dataset import Dataset


def contact_sheet(dataset: Dataset, class_name: str, models: int = 60, columns: int = 10) -> NDArray[np.uint8]:
    """One three-quarter view of each of a class's first models, uint8 [H, W, 3], rows filled from the left."""
    views = dataset.views[dataset.views.class_name == class_name]
    tiles = dataset.pictures(_three_quarter_views(views)[:models])[..., :3]
    return tiled(tiles, min(columns, len(tiles)))


def tiled(tiles: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Pictures [N, size, size, 3] as one [H, W, 3] over white, rows filled from the left."""
    size = tiles.shape[1]
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * size, columns * size, 3), 255, np.uint8)
    for place, tile in enumerate(tiles):
        top, left = place // columns * size, place % columns * size
        sheet[top : top + size, left : left + size] = tile
    return sheet


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
