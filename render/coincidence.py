"""Which triangles of a mesh lie on each other: the same surface drawn twice, from one side or from both.

The one idea: a triangle coincides with another when a point of its inside lies in the other and their planes agree;
so a surface is found whatever its two triangulations. A ray that starts on one of such faces hits the other at once,
which is how a chair drawn from both sides comes out striped black.

Shapes: T triangles, corners [T, 3, 3] centred at the origin with a bounding-box diagonal of 1, unit normals [T, 3].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

INSIDE = np.array([0.41, 0.33, 0.26])
"""Weights of the corners in the point looked at: on no symmetry line, where other triangulations have their edges."""
TOUCHING = 2e-5
"""Distance, in diagonals, within which two faces are one surface; files round to 1e-6."""
PARALLEL = 2e-3
"""Largest difference of the unit normals of two faces that are one flat surface."""
WELD = 1e-6
"""Grid, in diagonals, on which corners are the same vertex."""
MOST = 400_000
"""Triangles above which only copies corner by corner are looked for, to stay within a minute."""
HIGHEST = 4
"""Most layers that are told apart."""
_CHUNK = 20_000


@dataclass(frozen=True)
class Coincidence:
    """What was found of every triangle."""

    level: Ints
    """[T] how many steps along its normal a face must go to be apart from those it lies on; 0 stays."""
    copy: Bools
    """[T] whether an earlier triangle has the same corners, winding and material."""


def coincident(corners: Floats, normals: Floats, sides: Ints | None = None) -> Coincidence:
    """Find coincident triangles; `sides` [T] tells materials apart.

    Faces of two closed bodies that touch are left alone: nobody sees between them.
    """
    sides = np.zeros(len(corners), np.int64) if sides is None else sides
    vertices = welded(corners)
    copy = _copies(vertices, sides)
    alive = np.flatnonzero(~copy)
    corners, normals, vertices = corners[alive], normals[alive], vertices[alive]
    pairs = [_both_ways(_same_corners(vertices)), _both_ways(_same_quads(vertices, normals))]
    if len(alive) <= MOST:
        pairs.append(_overlaps(corners, normals))
    level = np.zeros(len(sides), np.int64)
    level[alive] = _levels(np.concatenate(pairs, axis=0), corners, normals, vertices)
    return Coincidence(level, copy)


def welded(corners: Floats) -> Ints:
    """[T, 3] vertex numbers: corners on the same place of a fine grid share theirs."""
    return _numbered(np.rint(corners.reshape(-1, 3) / WELD).astype(np.int64) + 2**20).reshape(-1, 3)


def _copies(vertices: Ints, sides: Ints) -> Bools:
    """Triangles whose corners, in their winding, an earlier one of the same material has."""
    start = np.argmin(vertices, axis=1)
    turned = np.take_along_axis(vertices, (start[:, None] + np.arange(3)) % 3, axis=1)
    leader = _leaders(np.concatenate([turned, sides[:, None]], axis=1))
    return np.asarray(leader != np.arange(len(vertices)))


def _same_corners(vertices: Ints) -> Ints:
    """Pairs [P, 2] of triangles with the same three vertices."""
    return _groups(np.sort(vertices, axis=1))


def _same_quads(vertices: Ints, normals: Floats) -> Ints:
    """Pairs [P, 2] of triangles of one four-cornered patch, flat or not, that is cut along both its diagonals."""
    owner = np.repeat(np.arange(len(vertices)), 3)
    edges = np.sort(_edges(vertices), axis=1)
    across = np.roll(vertices, -2, axis=1).ravel()
    patch = _groups(edges)
    patch = patch[across[patch[:, 0]] != across[patch[:, 1]]]
    corners = np.sort(np.concatenate([edges[patch[:, 0]], across[patch]], axis=1), axis=1)
    twins = _groups(corners)
    cuts = edges[patch[:, 0]]
    twins = twins[(cuts[twins[:, 0]] != cuts[twins[:, 1]]).all(axis=1)]
    left, right = owner[patch][twins[:, 0]], owner[patch][twins[:, 1]]
    pairs = np.concatenate([np.stack([left[:, i], right[:, j]], axis=1) for i in (0, 1) for j in (0, 1)], axis=0)
    return pairs[np.abs(_cosines(normals, pairs)) > 0.9]


def _overlaps(corners: Floats, normals: Floats) -> Ints:
    """Pairs [P, 2] of triangles in one plane, the second with a point of its inside in the first."""
    points = np.einsum("c,tcd->td", INSIDE, corners)
    centres = corners.mean(axis=1)
    radii = np.linalg.norm(corners - centres[:, None], axis=2).max(axis=1)
    # A plane has two normals: the one of a face and of the face that looks the other way are made the same.
    largest = np.take_along_axis(normals, np.abs(normals).argmax(axis=1)[:, None], axis=1)
    planes = normals * np.sign(largest)
    planes = np.concatenate([planes / PARALLEL, np.einsum("td,td->t", planes, centres)[:, None] / TOUCHING], axis=1)
    found = [np.zeros((0, 2), np.int64)]
    # Containers of one size at a time: planes are stretched until all others lie outside the search radius.
    sizes = np.floor(np.log2(np.maximum(radii, 1e-9))).astype(int)
    for size in np.unique(sizes):
        which = np.flatnonzero(sizes == size)
        stretched = planes * 2.0 ** (size + 1)
        tree = cKDTree(np.concatenate([points, stretched], axis=1), balanced_tree=False)
        asked = np.concatenate([centres, stretched], axis=1)[which]
        near = _near(tree, asked, radii[which] * 1.2, which)
        found.extend(pairs[_contains(corners, normals, points, pairs)] for pairs in near)
    return np.concatenate(found, axis=0)


def _near(tree: cKDTree, asked: Floats, radii: Floats, which: Ints) -> Iterator[Ints]:
    """Pairs [P, 2] (container, candidate) within the container's radius, in chunks that fit in memory."""
    for start in range(0, len(asked), _CHUNK):
        part = slice(start, start + _CHUNK)
        lists = tree.query_ball_point(asked[part], radii[part], return_sorted=False)
        counts = np.fromiter((len(found) for found in lists), np.int64, len(lists))
        seconds = np.concatenate([np.asarray(found, np.int64) for found in lists])
        pairs = np.stack([np.repeat(which[part], counts), seconds], axis=1)
        yield pairs[pairs[:, 0] != pairs[:, 1]]


def _contains(corners: Floats, normals: Floats, points: Floats, pairs: Ints) -> Bools:
    """Whether the second triangle's inner point lies in the first triangle."""
    container, point = corners[pairs[:, 0]], points[pairs[:, 1]]
    normal = normals[pairs[:, 0]]
    inside = np.abs(np.einsum("pd,pd->p", normal, point - container[:, 0])) <= TOUCHING
    inside &= np.abs(_cosines(normals, pairs)) > 1 - PARALLEL
    for k in range(3):
        edge = container[:, (k + 1) % 3] - container[:, k]
        inside &= np.einsum("pd,pd->p", np.cross(edge, point - container[:, k]), normal) > 0
    return np.asarray(inside)


def _levels(pairs: Ints, corners: Floats, normals: Floats, vertices: Ints) -> Ints:
    """[T] steps along its normal for every triangle, from pairs (container, contained).

    What looks the other way steps back once. Of what looks one way the smaller lies on top, as a decal does on a
    door; of equals the first in the file.
    """
    level = np.zeros(len(corners), np.int64)
    if not len(pairs):
        return level
    alike = _cosines(normals, pairs) > 0
    opposite = pairs[~alike]
    bends = _bends(corners, normals, vertices)
    touching = (bends[opposite] == CONVEX).all(axis=1)
    level[opposite[~touching, 1]] = 1

    same = np.unique(pairs[alike], axis=0)
    known = {tuple(pair) for pair in same.tolist()}
    mutual = np.fromiter(((b, a) in known for a, b in same.tolist()), bool, len(same))
    same = same[~mutual | (same[:, 0] > same[:, 1])]
    for _ in range(HIGHEST - 1):
        np.maximum.at(level, same[:, 1], np.minimum(level[same[:, 0]] + 1, HIGHEST))
    return level


CONVEX = 1


def _bends(corners: Floats, normals: Floats, vertices: Ints) -> Ints:
    """[T] `CONVEX` where the flat patch that a triangle belongs to falls off behind its plane all around, as the cap
    of a solid does; 0 where it has no surroundings, or some that rise in front of it."""
    count = len(vertices)
    edges = _edges(vertices)
    owner = np.repeat(np.arange(count), 3)
    numbers = _numbered(np.concatenate([edges, edges[:, ::-1]], axis=0))
    forward, backward = numbers[: len(edges)], numbers[len(edges) :]
    order = np.argsort(forward, kind="stable")
    start = np.searchsorted(forward[order], backward, "left")
    length = np.searchsorted(forward[order], backward, "right") - start
    here = np.repeat(np.arange(len(edges)), length)
    there = order[np.repeat(start, length) + np.arange(len(here)) - np.repeat(np.cumsum(length) - length, length)]
    a, b = owner[here], owner[there]
    rise = np.einsum("pd,pd->p", normals[a], corners[b].mean(axis=1) - corners[a, 0])
    lean = np.einsum("pd,pd->p", normals[a], normals[b])
    flat = np.abs(rise) <= TOUCHING
    coplanar = flat & (lean > 0)
    joined = coo_matrix((np.ones(int(coplanar.sum())), (a[coplanar], b[coplanar])), shape=(count, count))
    patches, patch = connected_components(joined, directed=False)
    falls, rises = np.zeros(patches, bool), np.zeros(patches, bool)
    falls[patch[a[~flat & (rise < 0)]]] = True
    rises[patch[a[~flat & (rise > 0)]]] = True
    return np.where(falls & ~rises, CONVEX, 0)[patch]


def _cosines(normals: Floats, pairs: Ints) -> Floats:
    """[P] between the normals of the triangles of each pair."""
    found: Floats = np.einsum("pd,pd->p", normals[pairs[:, 0]], normals[pairs[:, 1]])
    return found


def _edges(vertices: Ints) -> Ints:
    """[3 T, 2] from each corner of a triangle to the next."""
    return np.stack([vertices, np.roll(vertices, -1, axis=1)], axis=2).reshape(-1, 2)


def _both_ways(pairs: Ints) -> Ints:
    return np.concatenate([pairs, pairs[:, ::-1]], axis=0)


def _numbered(rows: Ints) -> Ints:
    """[N] a number for each row of whole numbers [N, C] below 2^21; equal rows share theirs."""
    number = rows[:, 0]
    for column in rows.T[1:]:
        number = np.unique(number, return_inverse=True)[1] * (int(column.max(initial=0)) + 1) + column
    return np.unique(number, return_inverse=True)[1].astype(np.int64)


def _leaders(rows: Ints) -> Ints:
    """[N] the first row that equals this one."""
    _, first, which = np.unique(_numbered(rows), return_index=True, return_inverse=True)
    return np.asarray(first[which], np.int64)


def _groups(rows: Ints) -> Ints:
    """Pairs [P, 2] of rows that are equal: each with the first of its like."""
    leader = _leaders(rows)
    (follows,) = np.nonzero(leader != np.arange(len(rows)))
    return np.stack([leader[follows], follows], axis=1)
