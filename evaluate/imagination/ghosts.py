"""Is a mixture one object, or two that shine through each other?

The one idea: a cross-fade of pictures is what a mixture must not be. Where the mixed models' silhouettes differ, a
cross-fade is neither object nor background, and its edges are faint; an object in between has a silhouette of its own.
Distances to real pictures would not tell: a cross-fade is by construction near to what it fades.

Shapes: n mixtures of k ends, h x w pixels.
"""

from __future__ import annotations

import numpy as np

GREY = (0.2, 0.8)
"""Values of a mask that are neither object nor background (a soft edge is, too, but is in both)."""


def ghosting(mask: np.ndarray, end_masks: np.ndarray, weights: np.ndarray) -> float:
    """How much of a cross-fade's grey is in the masks of mixtures: 1 for a cross-fade, 0 for single objects.

    mask [n, h, w], end_masks [k, h, w], weights [n, k] that sum to 1. The grey of soft edges, which the ends have too,
    is taken off both. Mixtures that are nearly one of their ends are passed over. NaN where the ends' silhouettes
    differ by less than 1 % of the picture, so that hardly anything could be grey.
    """
    middle = weights.max(axis=1) < GREY[1]
    mask, weights = mask[middle], weights[middle]
    fade = np.tensordot(weights, end_masks, axes=1)
    edges = weights @ grey(end_masks)
    possible = (grey(fade) - edges).sum()
    if possible <= 0.01 * len(mask):
        return float("nan")
    return float((grey(mask) - edges).sum() / possible)


def grey(mask: np.ndarray) -> np.ndarray:
    """Share of the pixels of each mask that are neither object nor background: [n]."""
    return ((mask > GREY[0]) & (mask < GREY[1])).mean(axis=(1, 2), dtype=np.float64)


def edge_energy(pictures: np.ndarray) -> np.ndarray:
    """Mean squared difference of neighbouring pixels of pictures [n, h, w, 3]: [n].

    Blur lowers it, and a cross-fade of two pictures without a common edge halves it.
    """
    across = np.square(np.diff(pictures, axis=2)).mean(axis=(1, 2, 3), dtype=np.float64)
    down = np.square(np.diff(pictures, axis=1)).mean(axis=(1, 2, 3), dtype=np.float64)
    return np.asarray(across + down)


def sharpness(pictures: np.ndarray, ends: np.ndarray, weights: np.ndarray) -> float:
    """Edge energy of mixtures over what their ends have on the same weighted average: about 1 for an object as sharp as
    they are. Pictures [n, h, w, 3], ends [k, h, w, 3], weights [n, k]."""
    return float(edge_energy(pictures).sum() / max((weights @ edge_energy(ends)).sum(), 1e-12))
