"""Backs within a bow: spindles, a cross, or a grid of rods.

The one idea: one bent bar from seat to seat, a superellipse on the back's surface; what is inside it ends on it.
"""

from __future__ import annotations

import numpy as np

from render.modeller.chairs.lean import Lean, bow_exponent
from render.modeller.chairs.members import rail
from render.modeller.chairs.properties import ChairProperties
from render.modeller.chairs.seat import within
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats, Mesh
from render.modeller.outlines import disc
from render.modeller.shapes import sweep


def add_bow(p: ChairProperties, assembly: Assembly, lean: Lean) -> None:
    """Add a bow with what fills it, and mark the back's keypoints."""
    radius = float(np.clip(0.34 * p.leg_thickness, 0.008, 0.018))
    bow = _bow(p, lean, radius)
    assembly.add("back_bow", "back", bow, material(p.frame_material))
    low = max(lean.height(max(p.back_gap, 0.05), p), 0.08)
    low = min(low, 0.45)
    if p.back == "hoop":
        middle = _add_spindles(p, assembly, lean)
    elif p.back == "cross":
        middle = _add_diagonals(p, assembly, lean, low)
    else:
        middle = _add_grid(p, assembly, lean, low, radius)
    shoulder = float(0.5 ** (1.0 / bow_exponent(p)))
    assembly.mark_pair("back_top", bow.nearest(lean.point(-shoulder, shoulder)))
    assembly.mark("back_top", bow.nearest(lean.point(0.0, 1.0) + np.array([0.0, radius, 0.0])))
    assembly.mark("back_center", middle.nearest(lean.point(0.0, 0.55) + 0.02 * lean.normal(0.0, 0.55)))


def _bow(p: ChairProperties, lean: Lean, radius: float) -> Mesh:
    """The bent bar from inside the seat at the left to inside it at the right."""
    angle = np.linspace(0.0, np.pi, 45)
    power = 2.0 / bow_exponent(p)
    s = -np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    path = lean.point(s, np.sin(angle) ** power)
    # Evenly along its length, or a square bow would have long steps at its sides and short ones in its corners.
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    even = np.linspace(0.0, way[-1], 41)
    path = np.stack([np.interp(even, way, column) for column in path.T], axis=1)
    for end in (0, -1):
        path[end, 1] = within(p, path[end, 0], path[end, 2], 0.5)
    return sweep(path, disc(radius, 14), (0.0, 0.0, 1.0), edge=0.3 * radius)


def _rod(p: ChairProperties, lean: Lean, s: Floats, t: Floats, radius: float, seated: bool, swell: bool) -> Mesh:
    """A round rod through the (s, t) of the back, which starts inside the seat if `seated`."""
    path = lean.point(s, t)
    if seated:
        path[0, 1] = within(p, path[0, 0], path[0, 2], 0.5)
    scale = np.interp(np.linspace(0, 1, len(path)), [0.0, 0.3, 0.6, 1.0], [0.8, 1.25, 1.0, 0.75]) if swell else None
    upright = abs(path[-1, 1] - path[0, 1]) > abs(path[-1, 0] - path[0, 0])
    depth = (0.0, 0.0, 1.0) if upright else (0.0, 1.0, 0.2)
    return sweep(path, disc(radius, 10), depth, scale)


def _add_spindles(p: ChairProperties, assembly: Assembly, lean: Lean) -> Mesh:
    """Spindles that fan out from the seat to the bow; returns the middle one."""
    radius = min(0.4 * p.back_thickness, 0.16 * lean.half[0] / p.back_members + 0.006)
    across = np.linspace(-1.0, 1.0, p.back_members + 2)[1:-1]
    rods = []
    for k, share in enumerate(across):
        way = np.linspace(0.0, 1.0, 7)
        head = 0.9 * share
        mesh = _rod(p, lean, (0.78 + 0.12 * way) * share, way * float(lean.bow(p, head)), radius, True, True)
        rods.append(assembly.add(f"back_spindle_{k + 1}", "back", mesh, material(p.back_material)))
    return rods[len(rods) // 2]


def _add_diagonals(p: ChairProperties, assembly: Assembly, lean: Lean, low: float) -> Mesh:
    """Two bent bars across each other, from the foot of the bow on one side to its shoulder on the other."""
    radius = float(np.clip(0.5 * p.back_thickness, 0.006, 0.012))
    way = np.linspace(0.0, 1.0, 13)
    shoulder = 0.66
    s = -float(lean.bow(p, low)) + (float(lean.bow(p, low)) + shoulder) * way
    t = low + (float(lean.bow(p, shoulder)) - low) * (0.75 * way + 0.25 * way**2)
    for name, side, shift in (("left", 1.0, 0.0), ("right", -1.0, 0.0009)):
        path = lean.point(side * s, t) + np.array([0.0, 0.0, shift])
        mesh = sweep(path, disc(radius, 14), (0.0, 0.0, 1.0))
        assembly.add(f"back_diagonal_{name}", "back", mesh, material(p.back_material))
    return assembly.mesh("back_diagonal_left")


def _add_grid(p: ChairProperties, assembly: Assembly, lean: Lean, low: float, radius: float) -> Mesh:
    """A rail at the height `low`, and rods upright and across above it; returns the middle upright one."""
    matter = material(p.back_material)
    reach = float(lean.bow(p, low))
    assembly.add("back_rail", "back", rail(lean, low, reach, 1.9 * radius, 1.7 * radius), material(p.frame_material))
    thin = min(float(np.clip(0.22 * p.back_thickness, 0.0032, 0.006)), 0.5 * radius)
    columns = []
    for k, s in enumerate(np.linspace(-reach, reach, p.back_members + 2)[1:-1]):
        t = np.linspace(low, float(lean.bow(p, s)), 6)
        rod = _rod(p, lean, np.full(6, s), t, thin, False, False)
        columns.append(assembly.add(f"back_rod_{k + 1}", "back", rod, matter))
    rows = max(round(p.back_members * (1.0 - low) * lean.rise / (2 * lean.half[1])), 2)
    for k, t_row in enumerate(np.linspace(low, 1.0, rows + 2)[1:-1]):
        end = float(lean.bow(p, t_row))
        s_row = np.linspace(-end, end, 9)
        # In front of the upright rods, as wire is welded.
        path = lean.point(s_row, t_row) + 1.1 * thin * lean.normal(0.0, t_row)
        assembly.add(f"back_row_{k + 1}", "back", sweep(path, disc(thin, 10), (0.0, 1.0, 0.2)), matter)
    return columns[len(columns) // 2]
