"""Stands other than plain legs: folding crosses, hairpins, boards at the sides, plinths, and runners to rock on.

The one idea: each ends inside the seat (or inside the legs above it) and touches the floor at y = 0 exactly.
"""

from __future__ import annotations

import numpy as np

from render.modeller.chairs.properties import ChairProperties
from render.modeller.chairs.seat import within
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats
from render.modeller.outlines import Outline, bar_section, disc, rounded_quad
from render.modeller.shapes import bar, fillet, slab, sweep

_ENDS = (("front", -1.0), ("back", 1.0))


def runner_height(p: ChairProperties, z: float) -> float:
    """Height of the middle of a rocker's runner above the floor at depth z, metres."""
    radius = max(0.95, 4.0 * p.seat_depth**2)
    return 0.5 * _runner(p) + radius - float(np.sqrt(radius**2 - z**2))


def _runner(p: ChairProperties) -> float:
    return float(np.clip(0.9 * p.leg_thickness, 0.018, 0.05))


def add_runners(p: ChairProperties, assembly: Assembly, front: Floats, back: Floats) -> None:
    """Bent runners under the feet [3] of four legs at the left and right; marks the feet."""
    reach = (min(float(front[2]), -0.5 * p.seat_depth) - 0.05, max(float(back[2]), 0.5 * p.seat_depth) + 0.16)
    # A point at z = 0, where the runner lies on the floor.
    z = np.concatenate([np.linspace(reach[0], 0.0, 11), np.linspace(0.0, reach[1], 13)[1:]])
    x = np.interp(z, [front[2], back[2]], [front[0], back[0]])
    path = np.stack([x, [runner_height(p, float(at)) for at in z], z], axis=1)
    section = bar_section(_runner(p), 1.05 * p.leg_thickness, 0.004, 3)
    mesh = sweep(path, section, (1.0, 0.0, 0.0), edge=0.006)
    mesh = mesh.moved(y=-float(mesh.vertices[:, 1].min()))
    assembly.add_pair("leg_runner", "legs", mesh, material(p.frame_material))
    for name, foot in (("front", front), ("back", back)):
        assembly.mark_pair(f"foot_{name}", mesh.nearest(np.array([foot[0], 0.0, foot[2]])))


def add_folding(p: ChairProperties, assembly: Assembly, outline: Outline) -> None:
    """Two bars across each other in front and behind, on runners along the floor and under rails along the seat."""
    matter = material(p.frame_material)
    wide = p.leg_thickness
    deep = min(0.7 * wide, 0.03)
    z = 0.5 * p.seat_depth - 0.06
    x = 0.92 * min(outline.half_width(-z), outline.half_width(z)) - 0.5 * wide
    top = min(within(p, side * x, along, 0.25) for side in (-1, 1) for along in np.linspace(-z, z, 5))
    foot = 0.96 * p.seat_width / 2
    section = bar_section(wide, deep, 0.004)
    # The lower corner of a leaning bar's end stays above the floor.
    rise = 0.004 + 0.5 * wide * (foot + x) / float(np.hypot(foot + x, top))
    for name, sign in _ENDS:
        for side, towards in (("left", 1.0), ("right", -1.0)):
            # One bar passes in front of the other and just touches it.
            at = sign * z + towards * 0.48 * deep
            low, high = np.array([-towards * foot, rise, at]), np.array([towards * x, top, at])
            assembly.add(f"leg_{name}_{side}", "legs", bar(low, high, section, (0.0, 0.0, 1.0)), matter)
    runner = bar((-foot, 0.013, -z - 0.05), (-foot, 0.013, z + 0.05), bar_section(1.1 * wide, 0.026, 0.004), (0, 1, 0))
    assembly.add_pair("leg_skid", "legs", runner, matter)
    rail = bar((-x, top, -z - 0.02), (-x, top, z + 0.02), disc(0.55 * deep + 0.003, 14), (0.0, 1.0, 0.0))
    assembly.add_pair("leg_rail", "legs", rail, matter)
    for name, sign in _ENDS:
        assembly.mark_pair(f"foot_{name}", runner.nearest(np.array([-foot, 0.0, sign * (z + 0.05)])))
        assembly.mark_pair(f"leg_top_{name}", rail.nearest(np.array([-x - 0.02, top, sign * z])))


def add_hairpins(p: ChairProperties, assembly: Assembly, outline: Outline) -> None:
    """At each corner one rod, bent to a point on the floor."""
    radius = p.leg_thickness / 2
    spread = np.tan(np.radians(p.leg_splay))
    for name, u in (("front", 0.125), ("back", 0.375)):
        corner = outline.at(u)
        out = corner / np.linalg.norm(corner)
        middle = corner - out * (1.5 * radius + 0.045 + 0.3 * outline.radius)
        across = np.array([-out[1], out[0]])
        ends = [middle + (0.038 + radius) * across, middle - (0.038 + radius) * across]
        tops = [np.array([x, within(p, float(x), float(z), 0.3), z]) for x, z in ends]
        foot = middle + out * spread * p.underside
        bend = 1.2 * radius + 0.004
        turn = [np.array([x, radius, z]) for x, z in (foot + bend * across, foot - bend * across)]
        path = fillet(np.stack([tops[0], *turn, tops[1]]), bend, 8)
        mesh = sweep(path, disc(radius, 12), np.array([out[0], 0.0, out[1]]))
        mesh = mesh.moved(y=-float(mesh.vertices[:, 1].min()))
        assembly.add_pair(f"leg_rod_{name}", "legs", mesh, material(p.frame_material))
        assembly.mark_pair(f"foot_{name}", mesh.nearest(np.array([foot[0], 0.0, foot[1]])))
        assembly.mark_pair(f"leg_top_{name}", mesh.nearest(np.array([corner[0], p.underside, corner[1]])))


def add_panels(p: ChairProperties, assembly: Assembly, outline: Outline) -> None:
    """A board at each side from the floor into the seat, and a rail between them."""
    thick, depth = p.leg_thickness, 0.84 * p.seat_depth
    z = 0.5 * depth
    reach = min(outline.half_width(-0.8 * z), outline.half_width(0.8 * z), outline.half_width(0.0))
    x = -max(0.86 * reach - 0.5 * thick, 0.5 * thick + 0.02)
    top = min(within(p, x, along, 0.35) for along in np.linspace(-z, z, 7))
    flat = slab(rounded_quad(top, top, depth, 0.012, 5, 2), -thick / 2, thick / 2, 0.004, rings=2)
    # The slab's x runs up and its y out to the left.
    board = flat.warped(lambda v: np.stack([x - v[:, 1], v[:, 0] + top / 2, v[:, 2]], axis=1))
    matter = material(p.frame_material)
    assembly.add_pair("leg", "legs", board, matter)
    y = 0.55 * p.underside
    rail = bar((x, y, 0.0), (-x, y, 0.0), bar_section(min(0.09, 0.4 * y), 0.6 * thick, 0.004), (0.0, 0.0, 1.0))
    assembly.add("leg_rail", "stretchers", rail, matter)
    for name, sign in _ENDS:
        assembly.mark_pair(f"foot_{name}", board.nearest(np.array([x - thick / 2, 0.0, sign * z])))
        assembly.mark_pair(f"leg_top_{name}", board.nearest(np.array([x - thick / 2, p.underside, sign * z])))


def add_plinth(p: ChairProperties, assembly: Assembly, outline: Outline) -> None:
    """A body of the seat's outline, a little within it, down to the floor."""
    shape = outline.grown(-max(0.018, 0.25 * p.leg_thickness))
    saddle = 0.0 if p.seat == "saddle" else 0.25
    top = min(within(p, float(x), float(z), saddle) for x, z in shape.points[::4]) + 0.1 * p.seat_thickness
    body = slab(shape, 0.0, top, 0.008, rings=3)
    mesh = assembly.add("plinth", "legs", body, material(p.frame_material))
    for name, u in (("front", 0.125), ("back", 0.375)):
        x, z = shape.at(u)
        assembly.mark_pair(f"foot_{name}", mesh.nearest(np.array([x, 0.0, z])))
        assembly.mark_pair(f"leg_top_{name}", mesh.nearest(np.array([x, p.underside, z])))
    assembly.mark("base_center", mesh.point(0.5, 0.0))
