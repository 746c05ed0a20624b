"""How a set of drawn pictures relates to a set of real ones: diverse, covering, new.

The one idea: all measures come from distances alone, so they read the same in pixels and in gradients (HOG).

Shapes: n drawn and m real pictures; distances between them [n, m].
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist
from skimage.feature import hog

SPACES = ("pixel", "hog")
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


def features(pictures: np.ndarray, space: str) -> np.ndarray:
    """Pictures over white [n, h, w, 3] as vectors: their distance is the RMS difference of RGB, or that of HOG."""
    if space == "pixel":
        flat = pictures.reshape(len(pictures), -1)
        return np.asarray(flat / np.sqrt(flat.shape[1]))
    grey = pictures @ _LUMINANCE
    return np.stack([hog(each, orientations=9, pixels_per_cell=(8, 8), cells_per_block=(2, 2)) for each in grey])


def distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Euclidean distances between two sets of vectors: [n, m]."""
    return np.asarray(cdist(one, other))


def mean_distance_to_others(among: np.ndarray) -> np.ndarray:
    """Each one's mean distance to the others of its set, from distances [n, n]: [n]; its mean is the diversity."""
    return np.asarray(among.sum(axis=1) / (len(among) - 1))


def distance_to_nearest_other(among: np.ndarray) -> np.ndarray:
    """Each one's distance to the nearest other of its set, from distances [n, n]: [n]."""
    return np.asarray(_without_self(among).min(axis=1))


def coverage(to_real: np.ndarray, real: np.ndarray, neighbours: int) -> float:
    """Share of real pictures with a drawn one in their ball, which reaches to the k-th nearest other real one (Naeem et
    al. 2020). `to_real` [n, m], `real` [m, m]; at most m - 1 neighbours."""
    k = min(neighbours, len(real) - 1)
    radius = np.sort(_without_self(real), axis=1)[:, k - 1]
    return float((to_real.min(axis=0) <= radius).mean())


def nearest_neighbour_accuracy(among: np.ndarray, to_real: np.ndarray, real: np.ndarray) -> float:
    """How often the nearest other picture of both sets together is of the same set (1-nearest-neighbour accuracy).

    0.5 where the sets cannot be told apart, 1 where they can, below 0.5 where drawn pictures are copies. Sets of one
    size: distances [n, n] each. Of equally near ones the other set's counts.
    """
    if len(among) != len(real):
        raise ValueError("1-nearest-neighbour accuracy is of two sets of one size")
    drawn_right = distance_to_nearest_other(among) < to_real.min(axis=1)
    real_right = distance_to_nearest_other(real) < to_real.min(axis=0)
    return float(np.concatenate([drawn_right, real_right]).mean())


def _without_self(among: np.ndarray) -> np.ndarray:
    return np.where(np.eye(len(among), dtype=bool), np.inf, among)
