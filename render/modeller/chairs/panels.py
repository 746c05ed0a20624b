"""Solid, curved and upholstered backs: the panel, what carries it, its wings and its headrest.

The one idea: a panel is a level slab laid on the back's surface, so it bends with it and keeps its rims.
"""

from __future__ import annotations

import numpy as np

from render.modeller.chairs.lean import Lean, framed, panel_corner
from render.modeller.chairs.members import add_posts, post_top
from render.modeller.chairs.padding import add_tufting, dimpled
from render.modeller.chairs.properties import ChairProperties
from render.modeller.chairs.seat import within
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats
from render.modeller.outlines import Outline, bar_section, disc, rounded_quad
from render.modeller.shapes import bar, fillet, slab, sweep


def add_panel(p: ChairProperties, assembly: Assembly, lean: Lean) -> None:
    """A solid, curved or upholstered panel, and what carries it."""
    posted = framed(p)
    soft = p.back == "upholstered"
    foot = lean.point(np.linspace(-0.8, 0.8, 5), 0.0)
    sunk = min(within(p, float(x), float(z), 0.55) for x, _, z in foot) - p.deck
    low = lean.height(p.back_gap, p) if p.back_gap > 0 else sunk / lean.rise
    if posted and p.back_gap == 0:
        low = max(low, -0.4 * p.seat_thickness / lean.rise)
    top = 1.0 - 0.035 * posted
    outline = _outline(p, lean, low, top)
    thick = p.back_thickness
    crown = 0.10 * thick if soft else 0.0
    edge = min(0.45 * thick, 0.035) if soft else 0.46 * thick
    rings = 8 if p.tufting == "buttons" else 6
    flat = slab(outline, -0.5 * thick, 0.5 * thick - crown, edge, crown=crown, rings=rings)
    width, height = 2 * lean.half[1], lean.rise * (top - low)

    def onto(v: Floats) -> Floats:
        s, t = v[:, 0] / (width / 2), low + (top - low) * (v[:, 2] / height + 0.5)
        return lean.point(s, t) + v[:, 1:2] * lean.normal(s, t)

    if p.tufting == "buttons":
        flat = flat.warped(lambda v: dimpled(v, width, height, thick))
    mesh = flat.warped(onto)
    assembly.add("back", "back", mesh, material(p.upholstery if soft else p.back_material), 60.0 if soft else 40.0)
    if p.tufting != "none":
        add_tufting(p, assembly, outline, onto)
    if p.wings > 0:
        _add_wings(p, assembly, lean)
    if p.headrest > 0:
        _add_headrest(p, assembly, lean)
    if p.back_gap > 0 and not posted:
        if p.legs in {"swivel", "pedestal"}:
            _add_spine(p, assembly, lean, low)
        else:
            add_posts(p, assembly, lean, 0.66, min(0.8, low + 0.6 * (top - low)))
    assembly.mark_pair("back_top", post_top(assembly) if posted else mesh.point(0.375, 0.6))
    assembly.mark("back_top", mesh.point(0.5, 0.6))
    assembly.mark("back_center", mesh.point(0.0, 1.0))


def _outline(p: ChairProperties, lean: Lean, low: float, top: float) -> Outline:
    """The panel laid flat: u = 0 is the middle of its lower edge, 3/8 its upper left corner."""
    width, height = 2 * lean.half[1], lean.rise * (top - low)
    radius = panel_corner(p)
    lower = radius if p.back_gap > 0 else 0.5 * p.back_thickness + 0.012
    side = 5 if p.tufting == "buttons" else 4
    return rounded_quad(width, width, height, max(lower, 0.006), 7, side, rear=max(radius, 0.006))


def _add_wings(p: ChairProperties, assembly: Assembly, lean: Lean) -> None:
    """Padded walls that stand forward from the sides of the back."""
    thick = float(np.clip(0.55 * p.back_thickness, 0.03, 0.06))
    root = 0.4 * p.back_thickness
    start = p.arm_height - 0.03 if p.arms in {"closed", "rolled"} else 0.3 * p.back_height
    low, high = lean.height(max(start, p.back_gap + 0.01), p), 0.97
    length, depth = (high - low) * lean.rise, p.wings + root + 0.5 * p.back_thickness
    radius = 0.4 * min(length, depth)
    outline = rounded_quad(0.8 * length, length, depth, radius, 5, 3, rear=0.01)
    flat = slab(outline, -thick / 2, thick / 2, 0.46 * thick, rings=2)

    def beside(v: Floats) -> Floats:
        t = low + (high - low) * (v[:, 0] / length + 0.5)
        ahead = depth / 2 - v[:, 2] - root
        place = lean.point(-1.0, t)
        out = v[:, 1] - 0.25 * thick + 0.12 * np.maximum(ahead, 0.0)
        return place - np.stack([out, np.zeros_like(out), ahead], axis=1)

    # The slab's x runs up, its y out to the left and its z backwards, which keeps the orientation.
    assembly.add_pair("wing", "back", flat.warped(beside), material(p.upholstery), 60.0)


def _add_headrest(p: ChairProperties, assembly: Assembly, lean: Lean) -> None:
    """A pad on two pins above the panel."""
    thick = float(np.clip(p.back_thickness, 0.035, 0.08))
    width = 1.1 * lean.half[1]
    outline = rounded_quad(width, width, p.headrest, 0.4 * min(width, p.headrest), 5, 3)
    pad = slab(outline, -0.5 * thick, 0.5 * thick, 0.45 * thick, rings=2)
    middle = 1.0 + (0.03 + p.headrest / 2) / lean.rise

    def onto(v: Floats) -> Floats:
        s, t = v[:, 0] / lean.half[1], middle + v[:, 2] / lean.rise
        return lean.point(s, t) + v[:, 1:2] * lean.normal(s, t)

    soft = p.back == "upholstered"
    cover = material(p.upholstery if soft else p.back_material)
    assembly.add("headrest", "back", pad.warped(onto), cover, 60.0)
    pin = bar(lean.point(-0.22, 1.0 - 0.04 / lean.rise), lean.point(-0.22, middle), disc(0.006, 10), (0.0, 0.0, 1.0))
    assembly.add_pair("headrest_pin", "back", pin, material(p.frame_material))


def _add_spine(p: ChairProperties, assembly: Assembly, lean: Lean, low: float) -> None:
    """A flat bar from under the seat round its rear and up behind the panel."""
    hold = low + 0.5 * (1.0 - low)
    meet = lean.point(0.0, hold) - lean.normal(0.0, hold) * (0.5 * p.back_thickness - 0.003)
    behind = max(p.seat_depth / 2 + 0.035, float(lean.point(0.0, 0.0)[2]) + 0.5 * p.back_thickness + 0.02)
    below = within(p, 0.0, 0.0, 0.0) - 0.012
    entry = lean.point(0.0, low + 0.02) - lean.normal(0.0, low) * (0.5 * p.back_thickness + 0.006)
    corner = np.array([0.0, below, max(behind, entry[2] - 0.01)])
    path = fillet(np.stack([[0.0, below, 0.0], corner, entry, meet]), 0.07, 8)
    side = sweep(path, bar_section(0.016, 0.075, 0.006, 3), (1.0, 0.0, 0.0), edge=0.004)
    assembly.add("back_spine", "back", side, material(p.frame_material))
