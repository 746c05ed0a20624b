"""Views of a model made of other models' views: the nearest neighbours that the paper's network is held against.

The one idea (section 5.2): at each view shown of a target, find the source model that looks most like it; a missing
view is what the neighbours at the two shown views beside it look like there, mixed in proportion to the azimuth.

Shapes: t targets, s sources, g shown views, h x w pixels; rgb float [n, h, w, 3] on black, mask [n, h, w].
"""

from __future__ import annotations

import numpy as np
from skimage.feature import hog

RGB, HOG, MEAN = "rgb", "hog", "mean"
"""Pictures that need no network: mixed neighbours by RGB and by HOG, and the mean of all source models."""
MEASURES = (RGB, HOG)

_ORIENTATIONS, _CELLS, _BLOCK = 9, 8, 2
_SAME_ANGLE_DIGITS = 6


def descriptors(rgb: np.ndarray, mask: np.ndarray, measure: str) -> np.ndarray:
    """Pictures as vectors [n, D] to take the Euclidean distance of.

    RGB itself, whose squared distance is the error that is reported, or HOG of the picture over white in 8 x 8 cells
    (Dalal and Triggs 2005: 9 orientations, blocks of 2 x 2 cells).
    """
    if measure == RGB:
        return rgb.reshape(len(rgb), -1).astype(np.float64)
    cell = max(1, rgb.shape[1] // _CELLS)
    over_white = np.clip(rgb + 1 - mask[..., None], 0, 1)
    return np.stack([hog(each, _ORIENTATIONS, (cell, cell), (_BLOCK, _BLOCK), channel_axis=-1) for each in over_white])


def nearest(targets: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Position of the source nearest to each target, by vectors [t, D] and [s, D]: int64 [t]; of equals the first."""
    return np.array([np.square(sources - target).sum(axis=1).argmin() for target in targets], dtype=np.int64)


def beside(
    azimuth_deg: float, elevation_deg: float, shown_azimuth_deg: np.ndarray, shown_elevation_deg: np.ndarray
) -> tuple[int, int, float]:
    """The shown views [g] before and after an azimuth on the circle, and the weight in 0-1 of the one after.

    The weight is linear in azimuth. Of views shown at one azimuth the one closest in elevation is taken, of equals the
    first. At an azimuth that is shown, and with one view, both are the same.
    """
    behind = _turn(azimuth_deg - shown_azimuth_deg)
    ahead = _turn(shown_azimuth_deg - azimuth_deg)
    away = np.abs(shown_elevation_deg - elevation_deg)
    before, after = (int(np.lexsort((away, turn))[0]) for turn in (behind, ahead))
    gap = behind[before] + ahead[after]
    return before, after, float(behind[before] / gap) if gap > 0 else 0.0


def _turn(degrees: np.ndarray) -> np.ndarray:
    """Angles as turns in [0, 360); a rounding error below zero is no whole turn."""
    return np.asarray(np.round(degrees % 360, _SAME_ANGLE_DIGITS) % 360)
