"""Seats and cushions of chairs.

The one idea: whatever the shape of the seat, `within` tells the height inside it at a place, so that legs,
posts and arms can end there without showing through.
"""

from __future__ import annotations

import numpy as np

from render.modeller.chairs.lean import Lean
from render.modeller.chairs.properties import ChairProperties
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats, Mesh
from render.modeller.outlines import Outline, ellipse, rounded_quad
from render.modeller.shapes import slab, sweep


def seat_outline(p: ChairProperties) -> Outline:
    """The outline of the seat seen from above."""
    if p.seat == "round":
        return ellipse(p.seat_width, p.seat_depth, 56, 2.0 + 0.5 * (1.0 - p.seat_taper))
    radius = 0.04 if p.seat == "square" else 0.36 * min(p.seat_width * p.seat_taper, p.seat_depth)
    if p.seat_thickness > 0.06:
        radius = max(radius, 0.05)
    # A tub goes round the seat's rear in one bend.
    rear = 0.42 * min(p.seat_width * p.seat_taper, p.seat_depth) if p.back == "tub" else None
    return rounded_quad(p.seat_width, p.seat_width * p.seat_taper, p.seat_depth, radius, 7, 3, rear=rear)


def add_seat(p: ChairProperties, assembly: Assembly, outline: Outline, lean: Lean) -> Mesh:
    """Seat and cushion, which ends before the back; returns the mesh one sits on."""
    soft = p.seat_thickness > 0.06
    edge = min(0.4 * p.seat_thickness, 0.03 if soft else 0.011)
    crown = 0.12 * p.seat_thickness if soft else 0.0
    mesh = slab(
        outline,
        p.underside,
        p.deck - crown,
        edge,
        0.012 if soft else None,
        crown=crown,
        rings=5 if p.seat == "saddle" else 4,
    )
    if p.seat == "saddle":
        mesh = mesh.warped(lambda v: _saddle(p, v))
    assembly.add("seat", "seat", mesh, material(p.seat_material))
    for name, u in (("seat_front", 0.125), ("seat_back", 0.375)):
        assembly.mark_pair(name, mesh.point(u, 0.598))
    assembly.mark("seat_front", mesh.point(0.0, 0.598))
    if p.cushion == "none":
        return mesh
    thick = p.cushion == "thick"
    height = p.cushion_thickness
    # A padded seat falls away from its middle, a hollow one towards it.
    sink = (0.018 if p.seat == "saddle" else 0.004) + (0.09 * p.seat_thickness if p.seat_thickness > 0.06 else 0.0)
    shape, middle_z = _cushion_outline(p, outline, lean)
    low, crown = p.deck - sink, (0.022 if thick else 0.012)
    pillow = slab(shape, low, p.seat_height - crown, 0.47 * (height - crown), crown=crown, sag=0.002, rings=4).moved(
        z=middle_z
    )
    assembly.add("cushion", "cushion", pillow, material(p.upholstery), 60.0)
    if thick:
        middle = (low + p.seat_height - crown) / 2
        loop = np.insert(shape.points, 1, middle, axis=1)
        piping = sweep(loop, ellipse(0.009, 0.009, 6), (0.0, 1.0, 0.0), closed=True).moved(z=middle_z)
        assembly.add("cushion_piping", "cushion", piping, material(p.upholstery))
    return pillow


def _cushion_outline(p: ChairProperties, outline: Outline, lean: Lean) -> tuple[Outline, float]:
    """The outline of the loose cushion about its own middle, and z of that: inside the seat's, before the back, and
    between the posts of arms. A round one goes between the posts of the back where that leaves it larger."""
    margin = 0.014
    if p.back == "tub":
        return outline.grown(-margin), 0.0
    back_z = lean.clear_depth(p)
    posts = p.arms in {"straight", "curved"} and p.legs not in {"swivel", "pedestal"}
    aside = 1.05 * p.leg_thickness + 0.012 if posts else margin
    width, depth = p.seat_width - 2 * aside, p.seat_depth / 2 + back_z - 2 * margin
    middle = (back_z - p.seat_depth / 2) / 2
    if p.seat != "round":
        return rounded_quad(width, width * p.seat_taper, depth, max(0.055, outline.radius - margin), 7, 3), middle
    half, members = lean.between_posts(p)
    narrow, deep = min(width, 2 * half), p.seat_depth / 2 + min(members, p.seat_depth / 2) - 2 * margin
    if narrow * deep > width * depth:
        return ellipse(narrow, deep, 56), (min(members, p.seat_depth / 2) - p.seat_depth / 2) / 2
    return ellipse(width, depth, 56, 2.0 + 1.5 * (1.0 - depth / p.seat_depth)), middle


def within(p: ChairProperties, x: float, z: float, share: float = 0.4) -> float:
    """A height inside the seat at (x, z), `share` of its thickness above its lower face: where legs and
    posts end."""
    point = np.array([[x, p.underside + share * p.seat_thickness, z]])
    return float((_saddle(p, point) if p.seat == "saddle" else point)[0, 1])


def _saddle(p: ChairProperties, vertices: Floats) -> Floats:
    """A hollow for the sitter with a soft ridge towards the front; the upper face follows it fully, the
    lower half."""
    x = vertices[:, 0] / (p.seat_width / 2)
    z = vertices[:, 2] / (p.seat_depth / 2)
    bowl = np.exp(-((x / 0.62) ** 2) - ((z - 0.18) / 0.62) ** 2)
    ridge = np.exp(-((x / 0.16) ** 2) - ((z + 0.75) / 0.4) ** 2)
    front = np.clip(-z - 0.35, 0.0, 1.0) ** 2
    thin = p.seat_thickness < 0.022
    depth = 0.022 if thin else min(0.5 * p.seat_thickness, 0.02)
    share = 1.0 if thin else np.clip((vertices[:, 1] - p.underside) / p.seat_thickness, 0.0, 1.0)
    drop = depth * (bowl - 0.35 * ridge + (1.4 if thin else 0.55) * front)
    moved = vertices.copy()
    moved[:, 1] -= drop * share
    return moved
