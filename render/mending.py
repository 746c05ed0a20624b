"""Mending of meshes as they are in the wild, in NumPy: what would render black, striped or not at all.

The one idea: a mesh is a list of triangles with a shading normal at every corner; each is left alone, moved a hair
along its own normal, given honest normals, or dropped, and a mesh without faults is not touched.

Shapes: T triangles with 3 corners each. Lengths are in bounding-box diagonals unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from render.coincidence import coincident, welded
from render.modeller.mesh import corner_normals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

GAP = 1e-4
"""How far a face is moved off the one it coincides with: enough for rays to tell them apart; at 1e-3 cracks show."""
FLAT = 1e-14
"""Twice the area, in squared diagonals, below which a triangle is a line or a point."""
CREASE_DEG = 60.0
"""Faces that meet at less are one smooth surface, where a file leaves it open."""
OPPOSED = -0.05
"""Cosine between shading and geometric normal below which a corner is lit from behind."""


@dataclass(frozen=True)
class Mended:
    """What is left of a mesh: which triangles, where their corners lie and how they are shaded."""

    kept: Ints
    """[K] indices of the triangles that stay, in their old order."""
    corners: Floats
    """[K, 3, 3] positions, in the units of the mesh."""
    normals: Floats
    """[K, 3, 3] unit shading normals."""
    touched: Bools
    """[T] which of the triangles that came in are not as they were."""
    mends: tuple[str, ...]
    """What was done, such as '120 coincident faces moved apart'; empty when the mesh was sound."""


def mend(corners: Floats, normals: Floats, sides: Ints | None = None, averaged: Bools | None = None) -> Mended:
    """Mend triangles of corner positions [T, 3, 3] and corner normals [T, 3, 3].

    `sides` [T] tells materials apart: a copy of a face in another material is a layer of its own, hidden below.
    `averaged` [T] tells whose normals are not the file's but a mean over the faces around each vertex.
    Raises `ValueError` when no face is left.
    """
    corners, normals = np.asarray(corners, np.float64), np.asarray(normals, np.float64)
    mends: list[str] = []
    kept = np.arange(len(corners))

    def drop(bad: Bools, what: str) -> None:
        nonlocal kept
        if bad.any():
            mends.append(f"{_count(int(bad.sum()), 'face')} {what} dropped")
            kept = kept[~bad]

    drop(~np.isfinite(corners).all(axis=(1, 2)), "with coordinates that are not finite")
    if not len(kept):
        raise ValueError("none of the model's faces has finite coordinates")
    low, high = corners[kept].min(axis=(0, 1)), corners[kept].max(axis=(0, 1))
    diagonal = float(np.linalg.norm(high - low))
    if not diagonal > 0:
        raise ValueError("the model has no extent: all its vertices coincide")
    with np.errstate(all="ignore"):
        unit = (corners - (low + high) / 2) / diagonal
        across = np.cross(unit[:, 1] - unit[:, 0], unit[:, 2] - unit[:, 0])
    # Sizes such as 1e300 overflow here and are no geometry.
    drop(~np.isfinite(unit[kept]).all(axis=(1, 2)), "with coordinates that are not finite")
    drop(~(np.linalg.norm(across[kept], axis=1) > FLAT), "without area")
    if not len(kept):
        raise ValueError("none of the model's faces has an area")

    unit, across = unit[kept], across[kept]
    faces = across / np.linalg.norm(across, axis=1, keepdims=True)
    found = coincident(unit, faces, None if sides is None else sides[kept])
    shading, fault = normals[kept], np.zeros(len(kept), bool)
    if averaged is not None and found.level.any():
        shading, fault = _averaged_anew(unit, shading, faces, averaged[kept])
    if fault.any():
        mends.append(f"smooth shading of {_count(int(fault.sum()), 'face')} averaged over their own side")
    shading, turned = _honest_normals(shading, faces)
    if turned.any():
        mends.append(f"shading normals of {_count(int(turned.sum()), 'face')} turned to the face's side")
    fault |= turned

    moved = corners[kept] + (GAP * diagonal * found.level[:, None] * faces)[:, None, :]
    if found.copy.any():
        mends.append(f"{_count(int(found.copy.sum()), 'face')} drawn twice dropped")
    apart = (found.level > 0) & ~found.copy
    if apart.any():
        mends.append(f"{_count(int(apart.sum()), 'coincident face')} moved apart")
    stay = ~found.copy
    touched = np.ones(len(corners), bool)
    touched[kept[stay & ~apart & ~fault]] = False
    return Mended(kept[stay], moved[stay], shading[stay], touched, tuple(mends))


def untouched(corners: Floats, normals: Floats, sides: Ints | None = None, averaged: Bools | None = None) -> Mended:
    """What `mend` would say of a sound mesh, whatever these triangles are; to see what mending is for."""
    return Mended(np.arange(len(corners)), corners, normals, np.zeros(len(corners), bool), ())


def _averaged_anew(unit: Floats, normals: Floats, faces: Floats, averaged: Bools) -> tuple[Floats, Bools]:
    """Normals of smooth faces whose vertices are shared by both sides of a surface, so that a mean over them is none.

    The new mean is over the faces around a vertex that differ by up to `CREASE_DEG`. Flat faces are left flat.
    """
    smooth = averaged & (np.abs(normals - faces[:, None, :]).max(axis=(1, 2)) > 1e-3)
    if not smooth.any():
        return normals, smooth
    numbers = welded(unit)
    _, first = np.unique(numbers, return_index=True)
    means = corner_normals(unit.reshape(-1, 3)[first], numbers, np.full(len(unit), CREASE_DEG))
    return np.where(smooth[:, None, None], means, normals), smooth


def _honest_normals(normals: Floats, faces: Floats) -> tuple[Floats, Bools]:
    """Unit corner normals [T, 3, 3] on their face's [T, 3] side, and which triangles [T] had others.

    A face whose three corners all oppose it (its winding was turned, its normals were not) keeps its smooth shading,
    turned; a single corner that does, or has no direction, is shaded as the flat face is.
    """
    length = np.linalg.norm(normals, axis=2, keepdims=True)
    known = np.isfinite(length) & (length > 1e-6)
    unit = np.where(known, normals / np.where(known, length, 1.0), 0.0)
    cosine = np.einsum("tcd,td->tc", unit, faces)
    turned = (cosine < OPPOSED).all(axis=1)
    unit = np.where(turned[:, None, None], -unit, unit)
    lost = ~known[..., 0] | (~turned[:, None] & (cosine < OPPOSED))
    return np.where(lost[..., None], faces[:, None, :], unit), turned | lost.any(axis=1)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
