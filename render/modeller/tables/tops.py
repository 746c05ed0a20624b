"""Tops: their outlines, tops of one piece, of planks or round a pane, the rim of a tray, and the points named on them.

The one idea: the outline is laid out first, and everything on it asks the outline for another one further in.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats, Mesh
from render.modeller.outlines import Outline, ellipse, rounded_quad
from render.modeller.shapes import box, loft, slab
from render.modeller.tables.properties import TableProperties

_GROOVE = 0.007
"""Width of the groove between two planks, metres."""


def top_outline(p: TableProperties, inset: float = 0.0, least: float = 0.004) -> Outline:
    """The outline of the top seen from above, or one further in by metres, its corners rounded by `least` or more."""
    width, depth = p.width - 2 * inset, p.depth - 2 * inset
    if p.round_top:
        return ellipse(width, depth, 72, 2.0 if p.top == "round" else 2.3)
    radius = max(p.corner_radius - inset, least)
    if p.squared_top:
        return rounded_quad(width, width, depth, radius, 9, 1)
    quad = rounded_quad(width, width, depth, max(radius, 0.04), 7, 8)
    if p.top == "boat":
        return _bent(quad, 0.0, lambda x: 1.0 - 0.26 * x**2, lambda x: -0.52 * x, width)
    return _bent(quad, depth / 2, lambda x: 1.0 - 0.72 * np.abs(x) ** 2.4, _half_round_slope, width)


def _half_round_slope(x: Floats) -> Floats:
    slope: Floats = -1.728 * np.sign(x) * np.abs(x) ** 1.4
    return slope


def _bent(
    quad: Outline, middle: float, share: Callable[[Floats], Floats], slope: Callable[[Floats], Floats], width: float
) -> Outline:
    """The outline with its depth from z = `middle` scaled by `share` of 2 x / width; `slope` is its derivative."""
    x, z = quad.points[:, 0], quad.points[:, 1] - middle
    across = 2 * x / width
    scale = share(across)
    # Normals go by the inverse transpose of the bending.
    aside = quad.normals[:, 0] - z * slope(across) * 2 / width / scale * quad.normals[:, 1]
    normals = np.stack([aside, quad.normals[:, 1] / scale], axis=1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Outline(np.stack([x, middle + z * scale], axis=1), normals, quad.u, 0.5 * quad.radius * scale.min())


def half_depth(outline: Outline, x: float) -> float:
    """Depth of the outline's back rim at x, from the z = 0 plane."""
    return _rim_depth(outline, x, 0.25, 0.5)


def front_depth(outline: Outline, x: float) -> float:
    """Depth of the outline's front rim at x, from the z = 0 plane; negative."""
    return _rim_depth(outline, x, 0.0, 0.25)


def _rim_depth(outline: Outline, x: float, first: float, last: float) -> float:
    left = (outline.u >= first) & (outline.u <= last)
    order = np.argsort(outline.points[left, 0], kind="stable")
    return float(np.interp(x, outline.points[left, 0][order], outline.points[left, 1][order]))


def add_top(p: TableProperties, assembly: Assembly, outline: Outline) -> None:
    """Add the top, with what lies on it or in it, and mark its keypoints."""
    if p.planks > 0:
        _add_planks(p, assembly)
    elif p.frame_width > 0:
        _add_pane(p, assembly, outline)
    else:
        mesh = assembly.add("top", "top", _board(p, outline), material(p.top_material))
        _mark_rim(assembly, lambda u: mesh.point(u, 0.599))
        assembly.mark("top_center", np.array([0.0, p.height, 0.0]))
    if p.rim_height > 0:
        wall = min(0.012, 0.08 * p.depth)
        inner = top_outline(p, wall)
        levels = (p.height - 0.45 * p.top_thickness, p.height + p.rim_height)
        rim = _ring(outline.grown(0.0015), inner, *levels, min(0.003, 0.2 * wall))
        assembly.add("rim", "top", rim, material(p.top_material))
        _mark_rim(assembly, lambda u: rim.nearest(np.insert(outline.at(u), 1, levels[1])))


def _board(p: TableProperties, outline: Outline) -> Mesh:
    size = min(p.edge_size, 0.8 * p.top_thickness, 0.6 * outline.radius)
    if p.top_edge == "rounded":
        return slab(outline, p.underside, p.height, min(size, 0.49 * p.top_thickness))
    upper = min(0.0025, 0.1 * p.top_thickness, 0.5 * outline.radius)
    return slab(outline, p.underside, p.height, upper, size, reach=min(1.6 * size, 0.75 * outline.radius), bevel=True)


def _mark_rim(assembly: Assembly, at: Callable[[float], Floats]) -> None:
    """Mark the points of the rim; `at` gives the one at u."""
    for name, u in (("top_front", 0.125), ("top_back", 0.375)):
        assembly.mark_pair(name, at(u))
    for name, u in (("top_front", 0.0), ("top_left", 0.25), ("top_back", 0.5), ("top_right", 0.75)):
        assembly.mark(name, at(u))


def _ring(outer: Outline, inner: Outline, low: float, high: float, edge: float) -> Mesh:
    """The band between two outlines of equally many points, from y = `low` to y = `high`."""

    def level(points: Floats, y: float) -> Floats:
        return np.insert(points, 1, y, axis=1)

    edge = min(edge, 0.3 * (high - low), 0.5 * outer.radius)
    up = [(outer.inset(edge), low), (outer.points, low + edge), (outer.points, high - edge), (outer.inset(edge), high)]
    down = [(inner.points, high), (inner.points, low)]
    return loft(np.stack([level(points, y) for points, y in up + down]), outer.u, closed=True)


def _add_pane(p: TableProperties, assembly: Assembly, outline: Outline) -> None:
    """A frame along the rim, and a pane that is let into it."""
    ring = _ring(outline, top_outline(p, p.frame_width), p.underside, p.height, p.edge_size)
    assembly.add("top_frame", "top", ring, material(p.top_material))
    high = p.height - p.pane_drop
    sheet = slab(top_outline(p, p.frame_width - 0.006), high - p.pane_thickness, high, 0.0015)
    assembly.add("pane", "top", sheet, material(p.pane_material))
    _mark_rim(assembly, lambda u: ring.nearest(np.insert(outline.at(u), 1, p.height)))
    assembly.mark("top_center", np.array([0.0, high, 0.0]))


def _add_planks(p: TableProperties, assembly: Assembly) -> None:
    """Planks from end to end on a core that shows in the grooves, and boards across the ends if wanted."""
    matter = material(p.top_material)
    half, deep, thick = p.width / 2, p.depth / 2, p.top_thickness
    edge, bevel = min(p.edge_size, 0.3 * thick), p.top_edge == "bevelled"
    core = box(
        (-half + 0.0173, p.underside + 0.2 * thick, -deep + 0.0173),
        (half - 0.0173, p.height - 0.3 * thick, deep - 0.0173),
        0.002,
    )
    assembly.add("top_core", "top", core, matter)
    end = half - (min(0.12, 0.12 * p.width) + _GROOVE if p.breadboard else 0.0)
    pitch = (p.depth + _GROOVE) / p.planks
    boards = []
    for k in range(p.planks):
        z = -deep + k * pitch
        board = box((-end, p.underside, z), (end, p.height, z + pitch - _GROOVE), edge, bevel)
        boards.append(assembly.add(f"plank_{k + 1}", "top", board, matter))
    ends = boards
    if p.breadboard:
        board = box((-half, p.underside, -deep), (-end - _GROOVE, p.height, deep), edge, bevel)
        assembly.add_pair("breadboard", "top", board, matter)
        ends = [board]
    middle = boards[len(boards) // 2]
    side = middle if not p.breadboard else board
    # With an even number the middle is a groove: the edge of the plank behind it stands for it.
    beside = 0.25 if p.breadboard or p.planks % 2 else 0.125
    assembly.mark_pair("top_front", ends[0].point(0.125, 0.599))
    assembly.mark_pair("top_back", ends[-1].point(0.375, 0.599))
    assembly.mark_pair("top", side.point(beside, 0.599))
    assembly.mark("top_front", boards[0].point(0.0, 0.599))
    assembly.mark("top_back", boards[-1].point(0.5, 0.599))
    at = middle.nearest(np.array([0.0, p.height, 0.0])) if p.planks % 2 else middle.point(0.0, 0.61)
    assembly.mark("top_center", at)
