"""Seats and cushions of chairs.

The one idea: whatever the shape of the seat, `within` tells the height inside it at a place, so that legs,
posts and arms can end there without showing through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats, Mesh
from render.modeller.outlines import Outline, ellipse, rounded_quad
from render.modeller.shapes import slab, sweep

if TYPE_CHECKING:
    from render.modeller.chair import ChairProperties


def seat_outline(p: ChairProperties) -> Outline:
    """The outline of the seat seen from above."""
    if p.seat == "round":
        return ellipse(p.seat_width, p.seat_depth, 56, 2.0 + 0.5 * (1.0 - p.seat_taper))
    radius = 0.04 if p.seat == "square" else 0.36 * min(p.seat_width * p.seat_taper, p.seat_depth)
    if p.seat_thickness > 0.06:
        radius = max(radius, 0.05)
    return rounded_quad(p.seat_width, p.seat_width * p.seat_taper, p.seat_depth, radius, 7, 3)


def add_seat(p: ChairProperties, assembly: Assembly, outline: Outline, back_z: float) -> Mesh:
    """Seat and cushion, which ends before the back at z = `back_z`; returns the mesh one sits on."""
    soft = p.seat_thickness > 0.06
    edge = min(0.4 * p.seat_thickness, 0.03 if soft else 0.011)
    crown = 0.12 * p.seat_thickness if soft else 0.0
    mesh = slab(outline, p.underside, p.deck - crown, edge, 0.012 if soft else None, crown=crown, rings=6)
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
    sink = 0.018 if p.seat == "saddle" else 0.004
    shape = _cushion_outline(p, outline, back_z)
    middle_z = (back_z - p.seat_depth / 2) / 2
    low, crown = p.deck - sink, (0.022 if thick else 0.012)
    pillow = slab(shape, low, p.seat_height - crown, 0.47 * (height - crown), crown=crown, sag=0.002, rings=6).moved(
        z=middle_z
    )
    assembly.add("cushion", "cushion", pillow, material(p.upholstery), 60.0)
    if thick:
        middle = (low + p.seat_height - crown) / 2
        loop = np.insert(shape.points, 1, middle, axis=1)
        piping = sweep(loop, ellipse(0.009, 0.009, 8), (0.0, 1.0, 0.0), closed=True).moved(z=middle_z)
        assembly.add("cushion_piping", "cushion", piping, material(p.upholstery))
    return pillow


def _cushion_outline(p: ChairProperties, outline: Outline, back_z: float) -> Outline:
    """The outline of the loose cushion about its own middle, just inside the seat's."""
    margin = 0.012
    width, depth = p.seat_width - 2 * margin, p.seat_depth / 2 + back_z - 2 * margin
    if p.seat == "round":
        return ellipse(width, depth, 56, 2.0 + 1.5 * (1.0 - depth / p.seat_depth))
    return rounded_quad(width, width * p.seat_taper, depth, max(0.055, outline.radius - margin), 7, 3)


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
