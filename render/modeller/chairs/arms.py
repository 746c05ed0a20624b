"""Armrests of chairs: straight, closed, rolled and curved.

The one idea: an arm is a line at its height from the back (or a post of its own) to the front, and its
support goes down into the seat.
"""

from __future__ import annotations

import numpy as np

from render.modeller.chairs.lean import PANELS, Lean, panel_corner
from render.modeller.chairs.properties import ChairProperties
from render.modeller.chairs.seat import within
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats
from render.modeller.outlines import Outline, bar_section, disc, rounded_quad
from render.modeller.shapes import bar, fillet, slab, smooth, sweep


def add_arms(p: ChairProperties, assembly: Assembly, outline: Outline, lean: Lean) -> None:
    """Add the armrests and mark their keypoints."""
    if p.back == "tub":
        return
    if p.arms in {"closed", "rolled"}:
        _add_closed(p, assembly, outline, lean)
    elif p.arms == "curved":
        _add_curved(p, assembly, outline, lean)
    elif p.arms == "straight":
        if p.legs in {"swivel", "pedestal"}:
            _add_bracketed(p, assembly, outline)
        else:
            _add_straight(p, assembly, outline, lean)


def _on_seat(p: ChairProperties, outline: Outline, z: float, inset: float) -> Floats:
    """A place [3] inside the seat, `inset` from its left rim, at depth z."""
    x = -outline.half_width(z) + inset
    return np.array([x, within(p, x, z, 0.5), z])


def _rear(p: ChairProperties, lean: Lean, y: float) -> Floats:
    """Where the left arm meets the back: a point [3] inside its post or panel."""
    t = (y - lean.deck) / lean.rise
    if p.back in PANELS:
        t = max(t, lean.height(p.back_gap, p) + 0.12 * (1 - p.back_gap / p.back_height))
        # A rounded corner takes from the panel's width near its ends.
        radius = min(panel_corner(p), p.back_width / 2, p.back_height / 2)
        near = min((1.0 - t) * lean.rise, max(t - lean.height(p.back_gap, p), 0.0) * lean.rise, radius)
        taken = radius - np.sqrt(radius**2 - (radius - near) ** 2)
        return lean.point(-0.93 + taken / lean.half[1], t)
    return lean.point(lean.rim(p, t), t)


def _add_straight(p: ChairProperties, assembly: Assembly, outline: Outline, lean: Lean) -> None:
    """A flat arm from the back post, carried in front by a post on the seat."""
    y = p.seat_height + p.arm_height
    thick = p.leg_thickness
    rear = _rear(p, lean, y - 0.012)
    z = -p.seat_depth / 2 + 0.2 * p.seat_depth
    foot = _on_seat(p, outline, z, 0.62 * thick + 0.006)
    front_x = min(foot[0] - 0.015, rear[0] - 0.01)
    front = np.array([front_x, y - 0.012, z - 0.05])
    path = smooth(np.stack([rear, rear + (front - rear) * [0.62, 0.45, 0.5], front]), 10)
    width = np.interp(np.linspace(0, 1, 10), [0, 0.4, 1], [0.62, 0.85, 1.0])
    section = bar_section(p.arm_width, 0.024, 0.009)
    arm = sweep(path, section, (0.0, 1.0, 0.0), np.stack([width, np.ones(10)], axis=1), edge=0.009)
    assembly.add_pair("arm", "arms", arm, material(p.arm_material))
    hold = np.array([path[-3][0], y - 0.014, z])
    post_section = disc(0.4 * thick) if p.round_section else bar_section(0.8 * thick, 0.8 * thick, 0.004)
    post = bar(foot, hold, post_section, (0.0, 0.0, 1.0))
    assembly.add_pair("arm_post", "arms", post, material(p.frame_material))
    _mark(
        assembly,
        arm.nearest(front + np.array([0.0, 0.012, 0.0])),
        arm.nearest(rear + np.array([0.0, 0.012, -0.02])),
    )


def _mark(assembly: Assembly, front: Floats, back: Floats) -> None:
    assembly.mark_pair("arm_front", front)
    assembly.mark_pair("arm_back", back)


def _add_bracketed(p: ChairProperties, assembly: Assembly, outline: Outline) -> None:
    """A pad on a bracket from under the seat, as office chairs have it."""
    y = p.seat_height + p.arm_height
    half = max(outline.half_width(0.0), 0.2)
    low = within(p, -0.46 * half, 0.02, 0.0) - 0.004
    path = fillet([[-0.46 * half, low, 0.02], [-half - 0.045, low, 0.02], [-half - 0.03, y - 0.018, 0.02]], 0.05, 8)
    bracket = sweep(path, bar_section(0.052, 0.0136, 0.005), (0.7, 0.7, 0.0))
    assembly.add_pair("arm_post", "arms", bracket, material(p.frame_material))
    pad = slab(
        rounded_quad(p.arm_width + 0.03, p.arm_width + 0.02, 0.26, 0.03, 5, 2),
        y - 0.03,
        y - 0.004,
        0.012,
        crown=0.004,
        rings=4,
    )
    pad = pad.moved(x=-half - 0.03, z=0.0)
    assembly.add_pair("arm_pad", "arms", pad, material(p.arm_material))
    _mark(assembly, pad.point(0.0, 0.6), pad.point(0.5, 0.6))


def _add_curved(p: ChairProperties, assembly: Assembly, outline: Outline, lean: Lean) -> None:
    """A bar that comes from the back, bends down in front and ends in the seat."""
    y = p.seat_height + p.arm_height
    thick = 0.85 * p.leg_thickness
    z = -p.seat_depth / 2 + 0.24 * p.seat_depth
    foot = _on_seat(p, outline, z, 0.6 * thick + 0.006)
    rear = _rear(p, lean, y)
    x = min(foot[0] - 0.02, rear[0] - 0.015)
    points = [rear, [x, y, 0.5 * (rear[2] + z) - 0.02], [x, y - 0.012, z - 0.075], foot]
    path = fillet(np.asarray(points, float), 0.085, 9)
    section = disc(0.5 * thick) if p.round_section else bar_section(1.25 * thick, 0.72 * thick, 0.006)
    # The section lies flat on the arm and turns with it into the post.
    arm = sweep(path, section, (0.0, 0.72, -0.69), edge=0.0)
    assembly.add_pair("arm", "arms", arm, material(p.arm_material))
    _mark(
        assembly,
        arm.nearest(np.array([x, y + thick / 2, z - 0.05])),
        arm.nearest(rear + np.array([0.0, thick / 2, -0.02])),
    )


def _add_closed(p: ChairProperties, assembly: Assembly, outline: Outline, lean: Lean) -> None:
    """A side wall from under the seat up to the arm, as thick as the seat is soft; rolled arms carry a roll on it."""
    soft = p.seat_thickness > 0.06
    thick = min(0.55 * p.seat_thickness + 0.02, 0.11) if soft else 0.024
    y, low = p.seat_height + p.arm_height, p.underside - (0.012 if soft else 0.004)
    roll = float(np.clip(0.33 * p.arm_height, 0.045, 0.075)) if p.arms == "rolled" else 0.0
    front = -p.seat_depth / 2 - (0.006 if soft else -0.02)
    t = (y - 0.05 - lean.deck) / lean.rise
    back = float(lean.point(-1.0, t)[2]) + 0.3 * p.back_thickness
    back = max(back, p.seat_depth / 2 + (0.004 if soft else -0.03))
    height, depth = y - roll - low, back - front
    radius = min(0.05 + 0.35 * thick, 0.3 * height) if soft else 0.06
    bulge = 0.1 * thick if soft else 0.0
    outline_flat = rounded_quad(height, height, depth, radius, 6, 2)
    wall = slab(outline_flat, -thick / 2, thick / 2 - bulge, 0.45 * thick, crown=bulge, rings=3)
    taper = p.seat_width * (1 - p.seat_taper) / 2

    def rim(along: Floats) -> Floats:
        share = np.clip((front + along) / p.seat_depth + 0.5, 0.0, 1.0)
        side: Floats = p.seat_width / 2 - taper * share + 0.35 * thick
        return side

    def upright(v: Floats) -> Floats:
        up, out, along = v[:, 0] + height / 2, v[:, 1], v[:, 2] + depth / 2
        return np.stack([-rim(along) - out, low + up, front + along], axis=1)

    mesh = assembly.add_pair("arm_side", "arms", wall.warped(upright), material(p.arm_material), 50.0)
    if p.arms == "rolled":
        along = np.linspace(-0.008, depth - 0.01, 7)
        path = np.stack([-rim(along) - 0.3 * roll, np.full(7, y - roll), front + along], axis=1)
        mesh = sweep(path, disc(roll, 24), (0.0, 1.0, 0.0), edge=0.25 * roll)
        assembly.add_pair("arm_roll", "arms", mesh, material(p.arm_material), 50.0)
    top_front = np.array([-p.seat_width / 2 - 0.35 * thick, y, front + 0.03])
    _mark(assembly, mesh.nearest(top_front), mesh.nearest(top_front + np.array([taper, 0.0, depth - 0.06])))
