"""What of a parametric model is seen at a place of its picture: part, surface coordinates, point and depth.

The one idea: a place of the picture is a ray, at a pixel's centre or not; what hides a point is found by the ray
through that very point, so visibility has no footprint of pixels in it and no tolerance for slopes.

As in the layers (`render.layers`), a ray passes through what is less than half opaque. Around a pole a loft's (u, v)
have gaps: its triangles are fans that meet in one u each. Here u goes on along the ring up to the pole, so that every
place of a loft has coordinates and every pair of coordinates a place.

Shapes: F triangles, N places (x, y) in pixels, x right and y down, the first pixel covering 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from render.modeller import Model, Properties
from render.placement import placement
from render.viewpoints import View, file_axes, project

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HALF_OPAQUE = 0.5
"""Opacity from which a surface is seen, as Cycles has it for its layers."""
UP, FRONT = "+y", "-z"
"""Axes of a parametric model's file."""
_CELLS = 64
"""Places are sorted into so many cells to a side, so that a triangle is asked only about those near it."""
_SLACK = 1e-9
"""Of weights: a place on the edge of two triangles belongs to at least one of them."""
_DECIMALS = 6
"""Of vertices in a model's file."""


@dataclass(frozen=True)
class Solid:
    """A parametric model as triangles in the world.

    `properties` it was built from, `names` of its parts, `owner` [F] the part of each triangle, `corners` [F, 3, 3] in
    the world, `uv` [F, 3, 2] in [0, 1], `opaque` [F] whether it is at least half opaque, `file_to_world` [4, 4].
    """

    properties: Properties
    names: tuple[str, ...]
    owner: Ints
    corners: Floats
    uv: Floats
    opaque: NDArray[np.bool_]
    file_to_world: Floats

    @cached_property
    def pole(self) -> Ints:
        """Which corner [F] of a triangle is a loft's pole, -1 for none."""
        u, v = self.uv[..., 0], self.uv[..., 1]
        found = np.full(len(self.owner), -1, np.int64)
        for corner in range(3):
            one, other = (corner + 1) % 3, (corner + 2) % 3
            end = (v[:, corner] == 0) | (v[:, corner] == 1)
            level = (v[:, one] == v[:, other]) & (v[:, one] != v[:, corner])
            middle = np.isclose(u[:, corner], (u[:, one] + u[:, other]) / 2, rtol=0, atol=1e-12)
            found[end & level & middle & (u[:, one] != u[:, other])] = corner
        return found

    @cached_property
    def facing(self) -> Floats:
        """Outward normals [F, 3] in the world, twice as long as the triangles' areas."""
        a, b, c = (self.corners[:, k] for k in range(3))
        return np.cross(b - a, c - a)

    def coordinates(self, faces: Ints, weights: Floats) -> Floats:
        """(u, v) [N, 2] of places on faces [N] with weights [N, 3] of their corners."""
        own = self.uv[faces]
        found: Floats = np.einsum("nk,nkd->nd", weights, own)
        at_pole = np.flatnonzero(self.pole[faces] >= 0)
        tip = self.pole[faces[at_pole]]
        ring = weights[at_pole].copy()
        ring[np.arange(len(tip)), tip] = 0.0
        total = ring.sum(axis=1)
        along = (ring * own[at_pole, :, 0]).sum(axis=1) / np.where(total > 0, total, 1.0)
        found[at_pole, 0] = np.where(total > 0, along, found[at_pole, 0])
        return found

    def points(self, faces: Ints, weights: Floats) -> Floats:
        """World points [N, 3] of places on faces."""
        found: Floats = np.einsum("nk,nkd->nd", weights, self.corners[faces])
        return found

    def find(self, name: str, uv: Floats) -> tuple[Ints, Floats]:
        """The faces [N] (-1: none) of the part `name` that hold coordinates [N, 2], and the weights [N, 3] there."""
        faces = np.flatnonzero(self.owner == self.names.index(name))
        start, order = _sorted_places(uv, np.zeros(2), 1.0)
        found, weights = _holding(self.uv[faces], self.pole[faces], uv, start, order)
        return np.where(found >= 0, faces[found], -1), weights

    def in_file(self, points: Floats) -> Floats:
        """World points [..., 3] in the coordinates of the model's file."""
        back = np.linalg.inv(self.file_to_world)
        moved: Floats = points @ back[:3, :3].T + back[:3, 3]
        return moved


def solid(model: Model, file_to_world: Floats | Sequence[Sequence[float]]) -> Solid:
    """A model where a dataset put it: `file_to_world` [4, 4] is in its models.parquet and in every view's JSON."""
    place = np.asarray(file_to_world, np.float64)
    meshes = [part.mesh for part in model.parts]
    counts = [len(mesh.faces) for mesh in meshes]
    in_file = [model.normalise(mesh.vertices).round(_DECIMALS)[mesh.faces] for mesh in meshes]
    hides = [part.material.opacity >= HALF_OPAQUE for part in model.parts]
    return Solid(
        model.properties,
        tuple(part.name for part in model.parts),
        np.repeat(np.arange(len(meshes)), counts),
        np.concatenate(in_file) @ place[:3, :3].T + place[:3, 3],
        np.concatenate([mesh.uv for mesh in meshes]),
        np.repeat(hides, counts),
        place,
    )


def standing(model: Model, grid: Sequence[View], border: float = 0.05, framing: str = "fill") -> Solid:
    """A model where a render of a grid of views would put it (`RenderConfig` has border and framing)."""
    upright = file_axes(UP, FRONT)
    vertices = np.concatenate([model.normalise(part.mesh.vertices).round(_DECIMALS) for part in model.parts])
    placed = placement(vertices @ upright[:3, :3].T, grid, border, framing)
    return solid(model, placed.matrix @ upright)


@dataclass(frozen=True)
class Maps:
    """What the rays through the pixels' centres meet, rows from the top.

    `part` int16 [h, w], index in the solid's `names`, -1 where nothing is; `uv` float32 [h, w, 2]; `point` float32
    [h, w, 3] in the coordinates of the model's file; `depth` float32 [h, w] along the camera's axis in world units.
    All but `part` are NaN where nothing is.
    """

    part: NDArray[np.int16]
    uv: NDArray[np.float32]
    point: NDArray[np.float32]
    depth: NDArray[np.float32]


@dataclass(frozen=True)
class Seen:
    """A solid at one view, in a square picture of `size` pixels."""

    solid: Solid
    azimuth_deg: float
    elevation_deg: float
    size: int = 128

    def project(self, points: Floats) -> tuple[Floats, Floats]:
        """Places [N, 2] and depths [N] of world points [N, 3]."""
        return project(points, self.size, self.azimuth_deg, self.elevation_deg)

    def first(self, places: Floats) -> tuple[Ints, Floats, Floats]:
        """The face [N] that the ray through each place [N, 2] meets first (-1: none), the weights [N, 3] of its corners
        there, and the depth [N] (infinite where nothing is)."""
        start, order = _sorted_places(places, np.zeros(2), self.size)
        return _first(self._image, self._opaque, places, start, order, self.size)

    @cached_property
    def maps(self) -> Maps:
        """What is seen at the pixels' centres."""
        places = centres(self.size)
        faces, weights, depth = self.first(places)
        hit = faces >= 0
        shape = (self.size, self.size)
        part = np.where(hit, self.solid.owner[faces], -1).astype(np.int16).reshape(shape)
        uv, point = np.full((len(places), 2), np.nan, np.float32), np.full((len(places), 3), np.nan, np.float32)
        uv[hit] = self.solid.coordinates(faces[hit], weights[hit])
        point[hit] = self.solid.in_file(self.solid.points(faces[hit], weights[hit]))
        far = np.where(hit, depth, np.nan).astype(np.float32)
        return Maps(part, uv.reshape(*shape, 2), point.reshape(*shape, 3), far.reshape(shape))

    @cached_property
    def _opaque(self) -> Ints:
        return np.flatnonzero(self.solid.opaque)

    @cached_property
    def _image(self) -> Floats:
        """Corners [F, 3, 3] as (x, y, depth)."""
        places, depths = self.project(self.solid.corners.reshape(-1, 3))
        return np.column_stack([places, depths]).reshape(-1, 3, 3)


def centres(size: int) -> Floats:
    """The pixels' centres [size * size, 2], line by line."""
    y, x = np.mgrid[0:size, 0:size] + 0.5
    return np.stack([x.ravel(), y.ravel()], axis=1)


def _sorted_places(places: Floats, low: Floats, width: float) -> tuple[Ints, Ints]:
    """Places by cell: where each cell's run starts [cells + 1], and the places [N] in that order."""
    column, line = np.clip((places - low) * (_CELLS / width), 0, _CELLS - 1).astype(np.int64).T
    cell = line * _CELLS + column
    start = np.zeros(_CELLS**2 + 1, np.int64)
    np.cumsum(np.bincount(cell, minlength=_CELLS**2), out=start[1:])
    return start, np.argsort(cell, kind="stable")


@numba.njit(cache=True)
def _cell(value: float, width: float) -> int:
    return int(min(max(value * _CELLS / width, 0.0), _CELLS - 1.0))


@numba.njit(cache=True)
def _first(image: Any, opaque: Any, places: Any, start: Any, order: Any, size: float) -> Any:
    count = len(places)
    face, weights, depth = np.full(count, -1, np.int64), np.zeros((count, 3)), np.full(count, np.inf)
    for f in opaque:
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = image[f, 0], image[f, 1], image[f, 2]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0.0:
            continue
        left, right = min(ax, bx, cx), max(ax, bx, cx)
        top, bottom = min(ay, by, cy), max(ay, by, cy)
        if right < 0 or bottom < 0 or left > size or top > size:
            continue
        for line in range(_cell(top, size), _cell(bottom, size) + 1):
            for column in range(_cell(left, size), _cell(right, size) + 1):
                cell = line * _CELLS + column
                for k in range(start[cell], start[cell + 1]):
                    n = order[k]
                    x, y = places[n, 0], places[n, 1]
                    one = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area
                    two = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area
                    three = 1.0 - one - two
                    if one < -_SLACK or two < -_SLACK or three < -_SLACK:
                        continue
                    # What is straight in space is straight in 1 / depth.
                    far = 1.0 / (one / az + two / bz + three / cz)
                    if far < depth[n]:
                        depth[n], face[n] = far, f
                        weights[n, 0], weights[n, 1], weights[n, 2] = one * far / az, two * far / bz, three * far / cz
    return face, weights, depth


@numba.njit(cache=True)
def _holding(uv: Any, pole: Any, asked: Any, start: Any, order: Any) -> Any:
    """For each asked (u, v) the triangle that holds it best (-1: none), and the weights of its corners."""
    count = len(asked)
    face, weights, best = np.full(count, -1, np.int64), np.zeros((count, 3)), np.full(count, -_SLACK)
    found = np.zeros(3)
    for f in range(len(uv)):
        left, right = uv[f, :, 0].min(), uv[f, :, 0].max()
        low, high = uv[f, :, 1].min(), uv[f, :, 1].max()
        for line in range(_cell(low - _SLACK, 1.0), _cell(high + _SLACK, 1.0) + 1):
            for column in range(_cell(left - _SLACK, 1.0), _cell(right + _SLACK, 1.0) + 1):
                cell = line * _CELLS + column
                for k in range(start[cell], start[cell + 1]):
                    n = order[k]
                    if not _weigh(uv[f], pole[f], asked[n, 0], asked[n, 1], found):
                        continue
                    inside = found.min()
                    if inside >= best[n] and (face[n] < 0 or inside > best[n]):
                        best[n], face[n], weights[n] = inside, f, found
    return face, weights


@numba.njit(cache=True)
def _weigh(corners: Any, pole: int, u: float, v: float, weights: Any) -> bool:
    """Weights of a triangle's corners at (u, v), negative outside; False for a triangle without area there."""
    if pole >= 0:
        one, other = (pole + 1) % 3, (pole + 2) % 3
        up = (v - corners[one, 1]) / (corners[pole, 1] - corners[one, 1])
        along = (u - corners[one, 0]) / (corners[other, 0] - corners[one, 0])
        if along < -_SLACK or along > 1 + _SLACK:
            weights[0] = weights[1] = weights[2] = -1.0
            return True
        weights[pole], weights[one], weights[other] = up, (1 - up) * (1 - along), (1 - up) * along
        return True
    first_u, first_v = corners[1, 0] - corners[0, 0], corners[1, 1] - corners[0, 1]
    second_u, second_v = corners[2, 0] - corners[0, 0], corners[2, 1] - corners[0, 1]
    area = first_u * second_v - first_v * second_u
    if abs(area) < 1e-18:
        return False
    du, dv = u - corners[0, 0], v - corners[0, 1]
    weights[1] = (du * second_v - dv * second_u) / area
    weights[2] = (first_u * dv - first_v * du) / area
    weights[0] = 1.0 - weights[1] - weights[2]
    return True
