"""Triangle meshes with surface coordinates, the parts made of them, and the whole model.

The one idea: a model is a list of closed parts, and everything said about it (keypoints, labels, normals,
the frame it is written in) is read off those parts.

Shapes: V vertices, F faces, K corners = 3 F. Frame: metres, y up, the front towards -z, the sitter's
right towards +x (so "left" is -x), the floor at y = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from render.modeller.materials import Material

if TYPE_CHECKING:
    from render.modeller.properties import Properties

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Warp = Callable[[Floats], Floats]

MIRROR = np.array([-1.0, 1.0, 1.0])
"""Times a point: its image in the x = 0 plane."""


@dataclass(frozen=True)
class Mesh:
    """A closed, outward-oriented triangle mesh.

    `vertices` [V, 3] metres, `faces` [F, 3] vertex indices, `uv` [F, 3, 2] surface coordinates in [0, 1].
    """

    vertices: Floats
    faces: Ints
    uv: Floats

    def warped(self, warp: Warp) -> Mesh:
        """The mesh with its vertices [V, 3] sent through `warp`, which must keep orientation."""
        return Mesh(warp(self.vertices), self.faces, self.uv)

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Mesh:
        """The mesh shifted by metres."""
        return Mesh(self.vertices + np.array([x, y, z]), self.faces, self.uv)

    def turned(self, degrees: float) -> Mesh:
        """The mesh turned about the y axis, from -z towards -x."""
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        turn = np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])
        return Mesh(self.vertices @ turn.T, self.faces, self.uv)

    def mirrored(self) -> Mesh:
        """The mesh as seen in the x = 0 plane, oriented outwards again."""
        return Mesh(self.vertices * MIRROR, self.faces[:, ::-1], self.uv[:, ::-1])

    def point(self, u: float, v: float) -> Floats:
        """The point [3] of the surface that carries the coordinates (u, v), or the nearest coordinates
        there are."""
        # Between the triangles that fan out from a pole there are no coordinates; v counts, so that all of v = 1 is it.
        scale = np.array([1e-3, 1.0])
        triangles, wanted = self.uv * scale, np.array([u, v]) * scale
        weights = _closest_weights(triangles, wanted)
        reached = np.einsum("fc,fcd->fd", weights, triangles)
        face = int(np.argmin(((reached - wanted) ** 2).sum(axis=1)))
        found: Floats = weights[face] @ self.vertices[self.faces[face]]
        return found

    def nearest(self, point: Floats) -> Floats:
        """The vertex [3] nearest to a point."""
        found: Floats = self.vertices[int(np.argmin(((self.vertices - point) ** 2).sum(axis=1)))]
        return found


@dataclass(frozen=True)
class Part:
    """One closed piece of a model: its own `name`, the `label` it shares with its like, mesh and material.

    `crease_deg`: edges whose faces meet at a larger angle are drawn sharp.
    """

    name: str
    label: str
    mesh: Mesh
    material: Material
    crease_deg: float = 40.0


@dataclass(frozen=True)
class Model:
    """A built model in metres, with its truth.

    `keypoints`: name -> point [3] or None where this style has none; the names are the same for a whole
    class.
    """

    class_name: str
    properties: Properties
    parts: tuple[Part, ...]
    keypoints: dict[str, Floats | None]

    @property
    def triangles(self) -> int:
        """Number of triangles."""
        return sum(len(part.mesh.faces) for part in self.parts)

    @property
    def bounds(self) -> Floats:
        """Lowest and highest corner [2, 3] in metres."""
        lows = np.array([part.mesh.vertices.min(axis=0) for part in self.parts])
        highs = np.array([part.mesh.vertices.max(axis=0) for part in self.parts])
        return np.stack([lows.min(axis=0), highs.max(axis=0)])

    def normalise(self, points: Floats) -> Floats:
        """Points [..., 3] in metres to the frame of `model_normalized.obj`: box diagonal 1, centred at the
        origin."""
        low, high = self.bounds
        scaled: Floats = (points - (low + high) / 2) / np.linalg.norm(high - low)
        return scaled

    def part(self, name: str) -> Part:
        """The part of that name; `KeyError` if this style has none."""
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(name)


class Assembly:
    """Collects the parts and keypoints of a model while it is being built."""

    def __init__(self, keypoints: tuple[str, ...]) -> None:
        self.parts: list[Part] = []
        self.keypoints: dict[str, Floats | None] = dict.fromkeys(keypoints)

    def add(self, name: str, label: str, mesh: Mesh, material: Material, crease_deg: float = 40.0) -> Mesh:
        """Add a part and return its mesh; a name that is taken raises `ValueError`."""
        if any(part.name == name for part in self.parts):
            raise ValueError(f"two parts are called {name}")
        self.parts.append(Part(name, label, mesh, material, crease_deg))
        return mesh

    def mesh(self, name: str) -> Mesh:
        """The mesh of a part that was added; `KeyError` if there is none of that name."""
        for part in self.parts:
            if part.name == name:
                return part.mesh
        raise KeyError(name)

    def add_pair(self, name: str, label: str, mesh: Mesh, material: Material, crease_deg: float = 40.0) -> Mesh:
        """Add the left part `<name>_left` and its mirror image `<name>_right`; returns the left mesh."""
        self.add(f"{name}_left", label, mesh, material, crease_deg)
        self.add(f"{name}_right", label, mesh.mirrored(), material, crease_deg)
        return mesh

    def mark(self, name: str, point: Floats) -> None:
        """Set a keypoint [3]; an unknown name raises `KeyError`."""
        if name not in self.keypoints:
            raise KeyError(name)
        self.keypoints[name] = point

    def mark_pair(self, name: str, point: Floats) -> None:
        """Set `<name>_left` and its mirror image `<name>_right`."""
        self.mark(f"{name}_left", point)
        self.mark(f"{name}_right", point * MIRROR)


def _closest_weights(triangles: Floats, point: Floats) -> Floats:
    """Barycentric weights [F, 3] of the place in each triangle [F, 3, 2] that is nearest to a point [2]."""
    first, second = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    area = np.where(np.abs(area) < 1e-15, 1e-15, area)
    offset = point - triangles[:, 0]
    b = (offset[:, 0] * second[:, 1] - offset[:, 1] * second[:, 0]) / area
    c = (first[:, 0] * offset[:, 1] - first[:, 1] * offset[:, 0]) / area
    best = np.stack([1.0 - b - c, b, c], axis=1)
    outside = best.min(axis=1) < 0
    gap = np.where(outside, np.inf, 0.0)
    for k in range(3):
        start, edge = triangles[:, k], triangles[:, (k + 1) % 3] - triangles[:, k]
        length = np.maximum((edge**2).sum(axis=1), 1e-18)
        way = np.clip(((point - start) * edge).sum(axis=1) / length, 0.0, 1.0)
        distance = ((start + way[:, None] * edge - point) ** 2).sum(axis=1)
        nearer = outside & (distance < gap)
        gap = np.where(nearer, distance, gap)
        best[nearer] = 0.0
        best[nearer, k], best[nearer, (k + 1) % 3] = 1.0 - way[nearer], way[nearer]
    return best


def corner_normals(vertices: Floats, faces: Ints, crease_deg: Floats) -> Floats:
    """Unit shading normals [F, 3, 3]: per corner, the area-weighted mean over the faces around its vertex
    that meet this corner's face at no more than the crease angle [F] of the face, degrees.

    Area weights keep large flats flat beside small bevels.
    """
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    weighted = np.cross(b - a, c - a)
    unit = weighted / np.linalg.norm(weighted, axis=1, keepdims=True)
    order = np.argsort(faces.ravel(), kind="stable")
    owner = order // 3
    valence = np.bincount(faces.ravel(), minlength=len(vertices))
    start = np.concatenate([[0], np.cumsum(valence)[:-1]])
    repeats = valence[faces.ravel()[order]]
    here = np.repeat(np.arange(len(order)), repeats)
    within = np.arange(len(here)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    there = np.repeat(start[faces.ravel()[order]], repeats) + within
    alike = np.einsum("kd,kd->k", unit[owner[here]], unit[owner[there]])
    smooth = alike >= np.cos(np.radians(crease_deg))[owner[here]] - 1e-9
    contribution = weighted[owner[there]] * smooth[:, None]
    sums = np.add.reduceat(contribution, np.cumsum(repeats) - repeats, axis=0)
    normals = np.empty_like(sums)
    normals[order] = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return normals.reshape(-1, 3, 3)
