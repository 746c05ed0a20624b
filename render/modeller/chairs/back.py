"""Backs of chairs: posts, rails, slats, rungs, spindles and planks.

The one idea: every member is a path on the back's leaning surface (`lean.Lean`) and starts inside the seat or
in another member, so that all hold together.
"""

from __future__ import annotations

import numpy as np

from render.modeller.chairs.bows import add_bow
from render.modeller.chairs.lean import PANELS, Lean, bowed, framed
from render.modeller.chairs.members import add_posts, post_top, rail
from render.modeller.chairs.panels import add_panel
from render.modeller.chairs.properties import ChairProperties
from render.modeller.chairs.seat import within
from render.modeller.chairs.tubs import add_tub
from render.modeller.materials import material
from render.modeller.mesh import Assembly
from render.modeller.outlines import Outline, bar_section, disc
from render.modeller.shapes import sweep


def add_back(p: ChairProperties, assembly: Assembly, outline: Outline, lean: Lean) -> None:
    """Add the back and mark its keypoints."""
    if p.back == "none":
        return
    if p.back == "tub":
        add_tub(p, assembly, outline)
    elif bowed(p):
        add_bow(p, assembly, lean)
    elif p.back == "planks":
        _add_planks(p, assembly, lean)
    elif p.back in PANELS:
        if framed(p):
            add_posts(p, assembly, lean, 1.0, 1.0)
        add_panel(p, assembly, lean)
    else:
        add_posts(p, assembly, lean, 1.0, 0.97 if p.back == "spindle" else 1.0)
        if p.back == "ladder":
            _add_ladder(p, assembly, lean)
        elif p.back == "cross":
            _add_cross(p, assembly, lean)
        else:
            _add_uprights(p, assembly, lean)


def _add_ladder(p: ChairProperties, assembly: Assembly, lean: Lean) -> None:
    low = max(0.30, lean.height(0.09, p))
    height = min(0.062, 0.62 * lean.rise * (0.95 - low) / max(p.back_members - 1, 1))
    rungs = []
    for k, t in enumerate(np.linspace(low, 1.0 - (0.5 * height + 0.018) / lean.rise, p.back_members)):
        last = k == p.back_members - 1
        rung = rail(lean, float(t), 1.0, height * (1.12 if last else 1.0), p.back_thickness, 0.3)
        rungs.append(assembly.add(f"back_rung_{k + 1}", "back", rung, material(p.back_material)))
    assembly.mark_pair("back_top", post_top(assembly))
    assembly.mark("back_top", rungs[-1].nearest(lean.point(0.0, 1.0) + np.array([0.0, 0.05, 0.0])))
    middle = rungs[len(rungs) // 2]
    centre = middle.vertices.mean(axis=0)
    assembly.mark("back_center", middle.nearest(centre + 0.5 * p.back_thickness * lean.normal(0.0, 0.5)))


def _add_cross(p: ChairProperties, assembly: Assembly, lean: Lean) -> None:
    """An X between the posts, under a crest rail and above a low one."""
    thick = min(max(p.back_thickness, 0.018), 0.8 * p.leg_thickness)
    height = min(0.075, 0.25 * lean.rise)
    top, low = 1.0 - 0.5 * height / lean.rise, min(max(lean.height(0.09, p), 0.15), 0.45)
    crest = rail(lean, top, 1.0, height, thick, 0.15)
    assembly.add("back_crest", "back", crest, material(p.back_material))
    assembly.add("back_rail", "back", rail(lean, low, 1.0, 0.04, thick), material(p.back_material))
    way = np.linspace(-1.0, 1.0, 11)
    section = bar_section(0.034, 0.62 * thick, 0.004, 3)
    # A little behind each other, so that their faces do not lie in one plane where they cross.
    for name, side, shift in (("left", 1.0, -0.0008), ("right", -1.0, 0.0008)):
        path = lean.point(side * way, low + (top - low) * (way + 1) / 2) + np.array([0.0, 0.0, shift])
        bar = sweep(path, section, -lean.normal(0.0, 0.5))
        assembly.add(f"back_diagonal_{name}", "back", bar, material(p.back_material))
    assembly.mark_pair("back_top", post_top(assembly))
    assembly.mark("back_top", crest.nearest(lean.point(0.0, 1.0) + np.array([0.0, 0.05, 0.0])))
    cross = assembly.mesh("back_diagonal_left")
    assembly.mark("back_center", cross.nearest(lean.point(0.0, 0.55) + 0.02 * lean.normal(0.0, 0.55)))


def _add_planks(p: ChairProperties, assembly: Assembly, lean: Lean) -> None:
    """Upright boards side by side on two rails behind them; their tops follow the arch of the back."""
    thick = float(np.clip(p.back_thickness, 0.014, 0.03))
    pitch = 2.0 / p.back_members
    planks = []
    for k in range(p.back_members):
        s = -1.0 + pitch * (k + 0.5)
        t = np.linspace(0.0, 1.0, 8)
        path = lean.point(s, t)
        path[0, 1] = within(p, path[0, 0], path[0, 2], 0.5)
        width = 0.86 * pitch * lean.half[0]
        grow = np.stack([1.0 + (lean.half[1] / lean.half[0] - 1.0) * t, np.ones(8)], axis=1)
        board = sweep(path, bar_section(width, thick, 0.004, 3), -lean.normal(s, 0.5), grow, edge=0.004)
        planks.append(assembly.add(f"back_plank_{k + 1}", "back", board, material(p.back_material)))
    for name, at in (("low", 0.4), ("high", 0.78)):
        behind = np.linspace(-0.97, 0.97, 11)
        path = lean.point(behind, at) - 0.85 * thick * lean.normal(0.0, at)
        section = bar_section(min(0.045, 0.25 * lean.rise), 0.9 * thick, 0.004, 3)
        held = sweep(path, section, -lean.normal(0.0, at), edge=0.003)
        assembly.add(f"back_rail_{name}", "back", held, material(p.back_material))
    lift = np.array([0.0, 0.03, 0.0])
    assembly.mark_pair("back_top", planks[0].nearest(lean.point(-1.0, 1.0) + lift))
    middle = planks[len(planks) // 2]
    assembly.mark("back_top", middle.nearest(lean.point(0.0, 1.0) + lift))
    assembly.mark("back_center", middle.nearest(lean.point(0.0, 0.55) + 0.5 * thick * lean.normal(0.0, 0.55)))


def _add_uprights(p: ChairProperties, assembly: Assembly, lean: Lean) -> None:
    """Slats or spindles between the seat (or a low rail) and a crest rail."""
    spindle = p.back == "spindle"
    crest_height = min(0.075 if spindle else 0.085, 0.25 * lean.rise)
    crest_t = 1.0 - 0.5 * crest_height / lean.rise
    thick = max(p.back_thickness, 0.018)
    crest_thick = max(thick, 0.86 * p.leg_thickness + 0.004) if spindle else min(thick, 0.8 * p.leg_thickness)
    reach = 1.0 + (0.6 * p.leg_thickness + 0.012) / lean.half[1] if spindle else 1.0
    crest = rail(lean, crest_t, reach, crest_height, crest_thick, 0.22 if spindle else 0.15)
    assembly.add("back_crest", "back", crest, material(p.frame_material if spindle else p.back_material))
    low_t = lean.height(0.11, p)
    railed = not spindle and p.back_height > 0.3
    if railed:
        low_rail = rail(lean, low_t, 1.0, 0.045, min(thick, 0.8 * p.leg_thickness))
        assembly.add("back_rail", "back", low_rail, material(p.back_material))
    pitch = 2.0 / (p.back_members + 1)
    width = 0.5 * pitch * lean.half[0]
    members = []
    for k in range(p.back_members):
        s = -1.0 + pitch * (k + 1)
        t = np.linspace(low_t if railed else 0.0, crest_t, 7)
        path = lean.point(s, t)
        if not railed:
            path[0, 1] = within(p, path[0, 0], path[0, 2], 0.5)
        if spindle:
            swell = np.interp(np.linspace(0, 1, 7), [0.0, 0.3, 0.6, 1.0], [0.8, 1.25, 1.0, 0.75])
            mesh = sweep(path, disc(min(0.4 * p.back_thickness, 0.3 * width + 0.004), 12), scale=swell)
        else:
            section = bar_section(min(width, 0.075), 0.62 * min(thick, 0.8 * p.leg_thickness), 0.004, 3)
            mesh = sweep(path, section, -lean.normal(s, 0.5))
        members.append(
            assembly.add(f"back_{'spindle' if spindle else 'slat'}_{k + 1}", "back", mesh, material(p.back_material))
        )
    ends = crest.point(0.0, 0.0) if spindle else post_top(assembly)
    assembly.mark_pair("back_top", ends * (np.array([-1.0, 1.0, 1.0]) if ends[0] > 0 else 1.0))
    assembly.mark("back_top", crest.nearest(lean.point(0.0, 1.0) + np.array([0.0, 0.05, 0.0])))
    middle = members[len(members) // 2]
    assembly.mark("back_center", middle.nearest(lean.point(0.0, 0.55) + 0.5 * thick * lean.normal(0.0, 0.55)))
