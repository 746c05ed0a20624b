"""What lies on a body: panes, lamps and plates as thin pieces that follow it, seams, and skins over parts of it.

The one idea: everything is drawn as an outline in the air and thrown onto the body along a direction, as a stylist
draws on a side view; it then stands out of the body by millimetres and reaches as far into it.

Shapes: N rays, F faces of the body.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from render.modeller.mesh import Floats, Ints, Mesh
from render.modeller.shapes import fillet, loft


@dataclass(frozen=True)
class Surface:
    """A closed `mesh` to draw on."""

    mesh: Mesh

    @cached_property
    def normals(self) -> Floats:
        """Unit normals [V, 3] at the vertices."""
        a, b, c = (self.mesh.vertices[self.mesh.faces[:, k]] for k in range(3))
        weighted = np.cross(b - a, c - a)
        sums = np.zeros_like(self.mesh.vertices)
        for axis in range(3):
            for k in range(3):
                sums[:, axis] += np.bincount(self.mesh.faces[:, k], weighted[:, axis], len(sums))
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True))

    def throw(self, points: Floats, direction: Floats) -> tuple[Floats, Floats]:
        """Where rays through `points` [N, 3] along `direction` [3] first meet the surface, and its normals there.

        A ray that misses is drawn towards the mean of the points until it hits.
        """
        axis = direction / np.linalg.norm(direction)
        first, second = _across(axis)
        frame = np.stack([first, second, axis])
        rays = points @ frame[:2].T
        corners, faces = self._facing(frame, rays.min(axis=0), rays.max(axis=0))
        centre = rays.mean(axis=0)
        found = np.full(len(rays), -1)
        weights = np.zeros((len(rays), 3))
        todo = np.arange(len(rays))
        for _ in range(24):
            face, share = _lowest(rays[todo], corners)
            hit = face >= 0
            found[todo[hit]], weights[todo[hit]] = face[hit], share[hit]
            todo = todo[~hit]
            if len(todo) == 0:
                break
            rays[todo] = centre + 0.88 * (rays[todo] - centre)
        if len(todo):
            raise ValueError("nothing to draw on in that direction")
        where = faces[found]
        point = np.einsum("nk,nkd->nd", weights, self.mesh.vertices[where])
        normal = np.einsum("nk,nkd->nd", weights, self.normals[where])
        return point, normal / np.linalg.norm(normal, axis=1, keepdims=True)

    def _facing(self, frame: Floats, low: Floats, high: Floats) -> tuple[Floats, Ints]:
        """Corners [F, 3, 3] in the frame, and vertices [F, 3], of faces that look against its third axis and lie in
        the window."""
        seen = self.mesh.vertices @ frame.T
        corners = seen[self.mesh.faces]
        # Rays that miss are drawn inwards, so the window never has to grow.
        inside = ((corners[:, :, :2].max(axis=1) >= low) & (corners[:, :, :2].min(axis=1) <= high)).all(axis=1)
        corners, faces = corners[inside], self.mesh.faces[inside]
        one, two = corners[:, 1, :2] - corners[:, 0, :2], corners[:, 2, :2] - corners[:, 0, :2]
        facing = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0] < -1e-12
        return corners[facing], faces[facing]

    def patch(
        self,
        outline: Floats,
        direction: Floats | tuple[float, float, float],
        out: float = 0.004,
        rings: int = 3,
        deep: float = 0.012,
        dome: float = 0.0,
    ) -> Mesh:
        """A thin closed piece with `outline` [M, 3] that stands `out` metres out of the body and reaches `deep` into
        it; `dome` lifts its middle. The outline must be star-shaped as seen along `direction`."""
        count = len(outline)
        middle = outline.mean(axis=0)
        scales = 1.0 - (np.arange(rings) / rings) ** 1.6
        points = np.concatenate([middle + (outline - middle) * s for s in scales] + [middle[None]])
        hits, normals = self.throw(points, np.asarray(direction, float))
        lift = out + dome * (1.0 - np.append(np.repeat(scales, count), 0.0) ** 2)
        outer = hits + normals * lift[:, None]
        rim = outer[:count]
        inner = hits[:count] - normals[:count] * deep
        shoulder = hits[:count] + normals[:count] * 0.45 * out
        stack = np.stack([inner, shoulder, *((outer[k * count : (k + 1) * count]) for k in range(rings))])
        # The rim is drawn in a little, for an edge that catches light.
        stack[2] = rim + (stack[3] - rim) * 0.03 if rings > 1 else rim
        v = np.concatenate([[0.3, 0.4], 0.5 + 0.45 * (1.0 - scales)])
        mesh = loft(stack, np.arange(count) / count, v)
        mesh.vertices[-1] = outer[-1]
        return _outwards(mesh)

    def seam(
        self, path: Floats, direction: Floats | tuple[float, float, float], width: float = 0.009, out: float = 0.0015
    ) -> Mesh:
        """A strip `width` metres wide along `path` [N, 3], thrown on the body."""
        axis = np.asarray(direction, float)
        steps = np.gradient(path, axis=0)
        aside = np.cross(steps, axis)
        aside *= 0.5 * width / np.linalg.norm(aside, axis=1, keepdims=True)
        hits, normals = self.throw(np.concatenate([path - aside, path + aside]), axis)
        (a, b), (na, nb) = np.split(hits, 2), np.split(normals, 2)
        rings = np.stack([a + na * out, b + nb * out, b - nb * 0.006, a - na * 0.006], axis=1)
        return _outwards(loft(rings, np.array([0.0, 0.4, 0.5, 0.9])))


def skin(grid: Floats, out: float, deep: float) -> Mesh:
    """A closed shell over a piece [A, B, 3] of a surface's grid, from `deep` inside it to `out` outside.

    u runs along the second axis: 0 to 0.45 outside, 0.5 to 0.95 inside; v along the first.
    """
    rows, columns = grid.shape[:2]
    along = np.gradient(grid, axis=0)
    across = np.gradient(grid, axis=1)
    normals = np.cross(across, along)
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-12)
    outer, inner = grid + normals * out, (grid - normals * deep)[:, ::-1]
    rings = np.concatenate([outer, inner], axis=1)
    size = 2 * columns
    index = np.arange(rows * size).reshape(rows, size)
    a, b = index[:-1], np.roll(index, -1, axis=1)[:-1]
    c, d = np.roll(index, -1, axis=1)[1:], index[1:]
    u = np.concatenate([np.linspace(0.0, 0.45, columns), np.linspace(0.5, 0.95, columns)])
    u_next = np.append(u[1:], 1.0)
    v = np.linspace(0.05, 0.95, rows)
    quads = [np.stack([a, b, c, d], axis=-1).reshape(-1, 4)]
    shape = a.shape
    low, high = np.broadcast_to(v[:-1, None], shape), np.broadcast_to(v[1:, None], shape)
    left, right = np.broadcast_to(u, shape), np.broadcast_to(u_next, shape)
    corners = [(left, low), (right, low), (right, high), (left, high)]
    uv = [np.stack([np.stack(pair, -1) for pair in corners], axis=2).reshape(-1, 4, 2)]
    near = np.arange(columns - 1)
    for row, edge, side in ((0, 0.05, 0.0), (rows - 1, 0.95, 1.0)):
        one, two = index[row, near], index[row, near + 1]
        three, four = index[row, size - 2 - near], index[row, size - 1 - near]
        cap = np.stack([four, three, two, one] if row == 0 else [one, two, three, four], axis=1)
        places = [(u[near], edge), (u[near + 1], edge), (u[near + 1], side), (u[near], side)]
        flat = np.stack([np.stack([x, np.full(len(near), y)], -1) for x, y in places], axis=1)
        quads.append(cap)
        uv.append(flat[:, ::-1] if row == 0 else flat)
    quad, quad_uv = np.concatenate(quads), np.concatenate(uv)
    faces = np.concatenate([quad[:, [0, 1, 2]], quad[:, [0, 2, 3]]])
    face_uv = np.concatenate([quad_uv[:, [0, 1, 2]], quad_uv[:, [0, 2, 3]]])
    return _outwards(Mesh(rings.reshape(-1, 3), faces, face_uv))


def thinned(curve: Floats, tolerance: float) -> Ints:
    """Which points of a curve [N, D] are enough to follow it to within metres (Douglas and Peucker 1973)."""
    kept, spans = {0, len(curve) - 1}, [(0, len(curve) - 1)]
    while spans:
        start, end = spans.pop()
        if end - start < 2:
            continue
        chord = curve[end] - curve[start]
        offset = curve[start + 1 : end] - curve[start]
        share = np.clip(offset @ chord / (chord @ chord), 0.0, 1.0)
        away = np.linalg.norm(offset - share[:, None] * chord, axis=1)
        if away.max() > tolerance:
            middle = start + 1 + int(away.argmax())
            kept.add(middle)
            spans += [(start, middle), (middle, end)]
    return np.array(sorted(kept))


def rounded(corners: Floats, radius: float, count: int = 32) -> Floats:
    """The closed outline [count, 3] through `corners` with its corners rounded, evenly spaced along its length."""
    line = fillet(corners, radius, 5, closed=True)
    line = np.concatenate([line, line[:1]])
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    places = np.linspace(0.0, way[-1], count, endpoint=False)
    return np.stack([np.interp(places, way, line[:, axis]) for axis in range(3)], axis=1)


def _across(axis: Floats) -> tuple[Floats, Floats]:
    """Two unit vectors [3] that make a right-handed frame with `axis`."""
    helper = np.array([0.0, 1.0, 0.0]) if abs(axis[1]) < 0.8 else np.array([0.0, 0.0, 1.0])
    first = np.cross(helper, axis)
    first /= np.linalg.norm(first)
    return first, np.cross(axis, first)


def _lowest(rays: Floats, corners: Floats) -> tuple[Ints, Floats]:
    """For rays [N, 2] along the third axis: the face with the lowest hit, -1 for none, and the weights [N, 3]."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    d1, d2 = b - a, c - a
    area = d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0]
    # Each weight is linear in the ray's place: w = p + q x + r y.
    q2, r2 = d2[:, 1] / area, -d2[:, 0] / area
    q3, r3 = -d1[:, 1] / area, d1[:, 0] / area
    p2, p3 = -(q2 * a[:, 0] + r2 * a[:, 1]), -(q3 * a[:, 0] + r3 * a[:, 1])
    plane = np.stack([np.ones(len(rays)), rays[:, 0], rays[:, 1]], axis=1)
    two, three = plane @ np.stack([p2, q2, r2]), plane @ np.stack([p3, q3, r3])
    inside = (two >= -1e-9) & (three >= -1e-9) & (two + three <= 1 + 1e-9)
    depth = np.where(inside, a[:, 2] + two * d1[:, 2] + three * d2[:, 2], np.inf)
    if depth.shape[1] == 0:
        return np.full(len(rays), -1), np.zeros((len(rays), 3))
    best = depth.argmin(axis=1)
    row = np.arange(len(rays))
    w2, w3 = two[row, best], three[row, best]
    return np.where(np.isfinite(depth[row, best]), best, -1), np.stack([1 - w2 - w3, w2, w3], axis=1)


def _outwards(mesh: Mesh) -> Mesh:
    """The mesh with its faces turned to look outwards."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]] - mesh.vertices[0] for k in range(3))
    if (np.cross(a, b) * c).sum() < 0:
        return Mesh(mesh.vertices, mesh.faces[:, ::-1], mesh.uv[:, ::-1])
    return mesh
