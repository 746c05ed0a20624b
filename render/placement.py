"""Where a model stands in the world of its turntable: the renderer, and who reckons without it, ask one function.

The one idea: the middle of its box comes to the origin, its box gets diagonal 1, and `viewpoints.framing` says how
large it is drawn and how far it is lifted: a model's place follows from its vertices and the grid of views alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from render.viewpoints import Array, View, framing


@dataclass(frozen=True)
class Placement:
    """`matrix` [4, 4] takes upright coordinates (z up, front towards -y) to the world; `scale` is the size of the box's
    diagonal there; `outline` [N, 3] are the world points that the model's outline runs through in any view."""

    matrix: Array
    scale: float
    outline: Array


def placement(points: Array, grid: Sequence[View], border: float, mode: str) -> Placement:
    """The place of a model with upright vertices [N, 3], framed for all views of a grid.

    `border` and `mode` as in `viewpoints.framing`.
    """
    lowest, highest = points.min(axis=0), points.max(axis=0)
    centre, diagonal = (lowest + highest) / 2, float(np.linalg.norm(highest - lowest))
    hull = _hull((points - centre) / diagonal)
    scale, lift = framing(hull, grid, border, mode)
    matrix = np.diag([*[scale / diagonal] * 3, 1.0])
    matrix[:3, 3] = -centre * scale / diagonal + [0.0, 0.0, lift]
    return Placement(matrix, scale, hull * scale + [0.0, 0.0, lift])


def _hull(points: Array) -> Array:
    """The points that can touch a border: corners of the convex hull (all points of a flat model)."""
    try:
        return points[ConvexHull(points).vertices]
    except QhullError:
        return points
