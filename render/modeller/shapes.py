"""Closed solids for furniture: lofts, slabs, sweeps, legs, lathes and boxes.

The one idea: every solid is a loft, a stack of rings with equally many points and a pole at each end, so that
closedness, orientation and surface coordinates (u around the ring, v along the stack) are right by
construction.

Shapes: R rings, M points a ring. Lengths in metres. A ring runs front (-z), left (-x), back, right when it
lies level, so that u = 1/8 is the front left corner, 3/8 the back left, 5/8 the back right, 7/8 the front
right.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from render.modeller.mesh import Floats, Mesh
from render.modeller.outlines import Outline, ellipse, rounded_quad

_ARC = np.linspace(0.0, np.pi / 2, 5)


def loft(rings: Floats, u: Floats, v: Floats | None = None, closed: bool = False) -> Mesh:
    """The solid through `rings` [R, M, 3], each turning counter-clockwise about the direction of the stack.

    Open stacks end in a pole at the mean of the outer rings; closed ones join the last ring to the first.
    `u` [M] rises from 0 below 1; `v` [R] rises within [0, 1], by default with the length of the way.
    """
    count, size = rings.shape[:2]
    if v is None:
        v = _lengthwise(rings, closed)
    ring = np.arange(count if closed else count - 1)
    point = np.arange(size)
    after, beside = (ring + 1) % count, (point + 1) % size
    a = ring[:, None] * size + point
    b = ring[:, None] * size + beside
    c = after[:, None] * size + beside
    d = after[:, None] * size + point
    faces = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], axis=2).reshape(-1, 3)
    u0, u1 = np.broadcast_arrays(u, np.append(u[1:], 1.0))
    v_next = np.append(v[1:], 1.0)[: len(ring)]
    left = np.broadcast_to(u0, a.shape)
    right = np.broadcast_to(u1, a.shape)
    low = np.broadcast_to(v[: len(ring), None], a.shape)
    high = np.broadcast_to(v_next[:, None], a.shape)
    first = np.stack([np.stack([left, low], -1), np.stack([right, low], -1), np.stack([right, high], -1)], 2)
    second = np.stack([np.stack([left, low], -1), np.stack([right, high], -1), np.stack([left, high], -1)], 2)
    uv = np.stack([first, second], axis=2).reshape(-1, 3, 2)
    vertices = rings.reshape(-1, 3)
    if closed:
        return Mesh(vertices, faces, uv)
    poles = np.stack([rings[0].mean(axis=0), rings[-1].mean(axis=0)])
    start, end = count * size, count * size + 1
    last = (count - 1) * size
    bottom = np.stack([np.full(size, start), beside, point], -1)
    top = np.stack([np.full(size, end), last + point, last + beside], -1)
    middle = (u0 + u1) / 2
    flat_low, flat_high = np.full(size, v[0]), np.full(size, v[-1])
    uv_bottom = np.stack(
        [np.stack([middle, flat_low * 0], -1), np.stack([u1, flat_low], -1), np.stack([u0, flat_low], -1)], 1
    )
    uv_top = np.stack(
        [
            np.stack([middle, flat_high * 0 + 1], -1),
            np.stack([u0, flat_high], -1),
            np.stack([u1, flat_high], -1),
        ],
        1,
    )
    return Mesh(
        np.concatenate([vertices, poles]),
        np.concatenate([faces, bottom, top]),
        np.concatenate([uv, uv_bottom, uv_top]),
    )


def _lengthwise(rings: Floats, closed: bool) -> Floats:
    """v [R] by the mean length of the way, leaving 5 % at each end of an open stack for its cap."""
    steps = np.linalg.norm(np.diff(rings, axis=0), axis=2).mean(axis=1)
    way = np.concatenate([[0.0], np.cumsum(steps)])
    if closed:
        last = float(np.linalg.norm(rings[0] - rings[-1], axis=1).mean())
        return way / (way[-1] + last)
    scaled: Floats = 0.05 + 0.9 * way / way[-1]
    return scaled


def slab(
    outline: Outline,
    low: float,
    high: float,
    edge: float = 0.004,
    edge_low: float | None = None,
    bevel: bool = False,
    crown: float = 0.0,
    sag: float = 0.0,
    rings: int = 1,
    reach: float | None = None,
) -> Mesh:
    """A level slab from y = `low` to y = `high` whose rims are rounded (or bevelled) by `edge`, below by
    `edge_low`.

    `reach` is how far the lower rim runs inwards (default as far as it runs up). `crown` lifts the middle
    of the upper face and `sag` lowers that of the lower one; `rings` rings of points lie on each face, for
    warping. v: 0 to 0.4 the lower face, 0.4 to 0.6 the rim, 0.6 to 1 the upper face.
    """
    edge = min(edge, 0.49 * (high - low))
    edge_low = min(edge if edge_low is None else edge_low, 0.97 * (high - low) - edge)
    arc = np.array([0.0, np.pi / 2]) if bevel else _ARC
    inward = edge_low if reach is None else reach
    rim = [(inward * (1 - np.sin(t)), low + edge_low * (1 - np.cos(t))) for t in arc]
    rim += [(edge * (1 - np.cos(t)), high - edge * (1 - np.sin(t))) for t in arc]
    inner = outline.inset(inward)
    scales = np.arange(1, rings) / rings
    stack = [_level(inner * s, low - sag * (1 - s**2)) for s in scales]
    stack += [_level(outline.inset(inset), y) for inset, y in rim]
    upper = outline.inset(edge)
    stack += [_level(upper * s, high + crown * (1 - s**2)) for s in scales[::-1]]
    v = np.concatenate(
        [0.4 * scales, np.linspace(0.4, 0.6, len(rim)), 1.0 - 0.4 * scales[::-1]],
    )
    mesh = loft(np.stack(stack), outline.u, v)
    if rings > 1:
        mesh.vertices[-2, 1] = low - sag
        mesh.vertices[-1, 1] = high + crown
    return mesh


def _level(points: Floats, y: float) -> Floats:
    """Points [M, 2] of a level outline (x, z) at height y as [M, 3]."""
    return np.stack([points[:, 0], np.full(len(points), y), points[:, 1]], axis=1)


def box(low: Sequence[float], high: Sequence[float], edge: float = 0.003, bevel: bool = False, rings: int = 1) -> Mesh:
    """A box between two corners [3] with all its edges rounded (or bevelled) by `edge`."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    edge = min(edge, 0.3 * min(x1 - x0, y1 - y0, z1 - z0))
    outline = rounded_quad(x1 - x0, x1 - x0, z1 - z0, 1.3 * edge, 3)
    return slab(outline, y0, y1, edge, bevel=bevel, rings=rings).moved(x=(x0 + x1) / 2, z=(z0 + z1) / 2)


def sweep(
    path: Floats,
    section: Outline,
    depth: Sequence[float] | Floats = (0.0, 0.0, 1.0),
    scale: Floats | None = None,
    edge: float = 0.0,
    closed: bool = False,
) -> Mesh:
    """`section` drawn along `path` [N, 3]; the section's second axis follows the direction `depth` [3].

    `scale` [N] or [N, 2] widens the section on its way; `edge` rounds the two ends. `depth` must nowhere
    run along the path.
    """
    path = np.asarray(path, float)
    count = len(path)
    steps = np.diff(path, axis=0, append=path[:1])
    steps = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    tangents = steps + np.roll(steps, 1, axis=0)
    if not closed:
        tangents[0], tangents[-1] = steps[0], steps[-2]
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    across = np.asarray(depth, float) - (tangents @ np.asarray(depth, float))[:, None] * tangents
    length = np.linalg.norm(across, axis=1, keepdims=True)
    if length.min() < 0.05:
        raise ValueError("the section's depth runs along the path")
    across /= length
    aside = np.cross(tangents, across)
    scales = np.ones((count, 2)) if scale is None else np.broadcast_to(np.asarray(scale).reshape(count, -1), (count, 2))

    def ring(k: int, inset: float, shift: float) -> Floats:
        points = section.inset(inset) * scales[k]
        return path[k] + shift * tangents[k] + points[:, :1] * aside[k] + points[:, 1:] * across[k]

    if closed or edge <= 0:
        return loft(np.stack([ring(k, 0.0, 0.0) for k in range(count)]), section.u, closed=closed)
    arc = _ARC[[0, 2]]
    start = [ring(0, edge * (1 - np.sin(t)), edge * (1 - np.cos(t))) for t in arc]
    end = [ring(count - 1, edge * (1 - np.sin(t)), -edge * (1 - np.cos(t))) for t in arc[::-1]]
    start.append(ring(0, 0.0, edge))
    end.insert(0, ring(count - 1, 0.0, -edge))
    return loft(np.stack([*start, *(ring(k, 0.0, 0.0) for k in range(1, count - 1)), *end]), section.u)


def bar(
    start: Sequence[float] | Floats,
    end: Sequence[float] | Floats,
    section: Outline,
    depth: Sequence[float] | None = None,
    edge: float = 0.0,
) -> Mesh:
    """A straight bar between two points [3]; `depth` as in `sweep`, by default whichever axis is most
    across."""
    a, b = np.asarray(start, float), np.asarray(end, float)
    across = np.eye(3)[int(np.argmin(np.abs(b - a)))] if depth is None else np.asarray(depth)
    return sweep(np.stack([a, b]), section, across, None, edge)


def leg(
    foot: Sequence[float] | Floats,
    top: Sequence[float] | Floats,
    section: Outline,
    profile: Sequence[tuple[float, float]] = ((0.0, 1.0), (1.0, 1.0)),
    edge: float = 0.003,
) -> Mesh:
    """A leg from `foot` [3] up to `top` [3] whose sections stay level, so that it stands flat on the floor.

    `profile`: (height 0 to 1, scale of the section) rising from the foot; `edge` rounds the foot's rim.
    """
    a, b = np.asarray(foot, float), np.asarray(top, float)
    rim = edge / (b[1] - a[1])
    foot_scale = profile[0][1]
    stack = [(0.0, edge, foot_scale), (0.3 * rim, 0.3 * edge, foot_scale), (rim, 0.0, foot_scale)]
    stack += [(height, 0.0, scale) for height, scale in profile[1:]]
    rings = [a + (b - a) * h + _level(section.inset(inset / s) * s, 0.0) for h, inset, s in stack]
    return loft(np.stack(rings), section.u)


def lathe(profile: Floats | Sequence[tuple[float, float]], points: int = 32) -> Mesh:
    """The solid of revolution about the y axis of `profile` [R, 2]: (radius > 0, height), from the bottom
    to the top."""
    circle = ellipse(2.0, 2.0, points)
    rings = [_level(circle.points * radius, height) for radius, height in np.asarray(profile, float)]
    return loft(np.stack(rings), circle.u)


def fillet(
    points: Sequence[Sequence[float]] | Floats, radius: float, segments: int = 6, closed: bool = False
) -> Floats:
    """The polyline [N, D] with its corners rounded by arcs of `radius`, or what the edges beside them
    allow."""
    line = np.asarray(points, float)
    count = len(line)
    rounded: list[Floats] = []
    for k in range(count):
        if not closed and k in {0, count - 1}:
            rounded.append(line[k])
            continue
        back, ahead = line[k - 1] - line[k], line[(k + 1) % count] - line[k]
        reach = 0.49 * min(np.linalg.norm(back), np.linalg.norm(ahead))
        back, ahead = back / np.linalg.norm(back), ahead / np.linalg.norm(ahead)
        half = np.arccos(np.clip(back @ ahead, -1.0, 1.0)) / 2
        if half > np.radians(89.0):
            rounded.append(line[k])
            continue
        tangent = min(radius / np.tan(half), reach)
        true_radius = tangent * np.tan(half)
        middle = (back + ahead) / np.linalg.norm(back + ahead)
        centre = line[k] + middle * true_radius / np.sin(half)
        begin, finish = line[k] + back * tangent - centre, line[k] + ahead * tangent - centre
        sweep_angle = np.pi - 2 * half
        for t in np.linspace(0.0, 1.0, segments + 1):
            mix = np.sin((1 - t) * sweep_angle) * begin + np.sin(t * sweep_angle) * finish
            rounded.append(centre + mix / np.sin(sweep_angle))
    return np.stack(rounded)


def smooth(points: Sequence[Sequence[float]] | Floats, count: int = 16) -> Floats:
    """A Catmull-Rom curve [count, D] through `points` [N, D], spaced evenly in its parameter."""
    line = np.asarray(points, float)
    line = np.concatenate([2 * line[:1] - line[1:2], line, 2 * line[-1:] - line[-2:-1]])
    where = np.linspace(0.0, len(line) - 3 - 1e-9, count)
    k = where.astype(int)
    t = (where - k)[:, None]
    p0, p1, p2, p3 = line[k], line[k + 1], line[k + 2], line[k + 3]
    curve: Floats = 0.5 * (
        2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * (p1 - p2) + p3 - p0) * t**3
    )
    return curve
