"""Four legs of every make, the rails under the top and the bars near the floor.

The one idea: as with chairs, a leg is a line from the floor into the top; what lies between legs asks these lines.
"""

from __future__ import annotations

import numpy as np

from render.modeller.bases import Frame, add_apron
from render.modeller.materials import material
from render.modeller.mesh import MIRROR, Assembly, Floats, Mesh
from render.modeller.outlines import Outline, bar_section, disc
from render.modeller.shapes import bar, box, fillet, leg, loft, smooth, sweep
from render.modeller.tables.properties import TableProperties
from render.modeller.tables.tops import front_depth, half_depth

_TURNING = (
    (0.0, 0.5),
    (0.025, 0.66),
    (0.06, 0.74),
    (0.1, 0.62),
    (0.125, 0.42),
    (0.145, 0.42),
    (0.165, 0.66),
    (0.185, 0.66),
    (0.2, 0.44),
    (0.4, 0.62),
    (0.6, 0.92),
    (0.68, 1.0),
    (0.76, 0.9),
    (0.81, 0.5),
    (0.83, 0.5),
    (0.85, 0.82),
    (0.875, 0.82),
    (0.89, 0.52),
    (0.94, 0.7),
    (0.97, 0.96),
    (1.0, 0.96),
)
"""A baluster: height over its own, radius over half the leg's thickness."""


def add_four(p: TableProperties, assembly: Assembly, outline: Outline) -> Frame:
    """Add four legs, mark where they stand and meet the top, and return their lines."""
    lines = {}
    matter = material(p.frame_material)
    for name, u, sign in (("front", 0.125, -1.0), ("back", 0.375, 1.0)):
        corner = _corner(p, outline, name, u)
        top = np.array([corner[0], p.underside + p.bite, corner[1]])
        # The lean is outwards, and less in depth than in width under a long top.
        lean = np.tan(np.radians(p.leg_splay)) * top[1]
        foot = np.array([corner[0] - lean, 0.0, corner[1] + sign * lean * min(1.0, p.depth / p.width + 0.2)])
        line = (foot, top)
        if p.legs == "turned":
            mesh = _turned(p, foot, top)
            assembly.add_pair(f"leg_block_{name}", "legs", _block(p, top), matter)
        elif p.legs == "cabriole":
            mesh = _cabriole(p, foot, top, sign)
        elif p.legs == "hairpin":
            mesh = _hairpin(p, foot, top, sign)
        else:
            mesh = _plain(p, foot, top)
        assembly.add_pair(f"leg_rod_{name}" if p.legs == "hairpin" else f"leg_{name}", "legs", mesh, matter)
        assembly.mark_pair(f"foot_{name}", mesh.nearest(foot))
        lines[name] = line
        meet = Frame(lines).at(name, p.underside - 0.01)
        if p.legs in {"turned", "hairpin"}:
            piece = assembly.mesh(f"leg_block_{name}_left") if p.legs == "turned" else mesh
            assembly.mark_pair(f"leg_top_{name}", piece.nearest(meet + np.array([-0.1, 0.0, 0.1 * sign])))
        else:
            assembly.mark_pair(f"leg_top_{name}", mesh.point(0.125 if name == "front" else 0.375, _share(mesh, meet)))
    return Frame(lines)


def _corner(p: TableProperties, outline: Outline, name: str, u: float) -> Floats:
    """Where (x, z) the left leg of that name meets the top."""
    thick = p.leg_thickness * {"cabriole": 1.7, "hairpin": 1.0}.get(p.legs, 1.0)
    # Under a bevelled rim legs stand far enough in to meet the flat of the top.
    rim = max(p.leg_inset, p.bevel_reach - 0.4 * thick) if p.frame_width == 0 else p.leg_inset
    # A rounded corner keeps 0.29 of its radius clear of the sides it lies between.
    inset = rim + 0.5 * thick + (0.0 if p.planks > 0 else 0.29 * outline.radius) + 0.003
    if p.round_top:
        inset = rim + 0.75 * thick
        at = outline.at(u)
        return np.asarray(at * (1.0 - inset / np.linalg.norm(at)))
    if p.squared_top:
        return np.array([-p.width / 2 + inset, (-1.0 if name == "front" else 1.0) * (p.depth / 2 - inset)])
    x = -p.width / 2 + inset + 0.04 * p.width
    if p.top == "half_round" and name == "front":
        x = min(-0.3 * p.width + 0.5 * inset, -0.6 * thick)
    if name == "front":
        return np.array([x, front_depth(outline, x - 0.5 * thick) + inset])
    return np.array([x, half_depth(outline, x) - inset])


def _plain(p: TableProperties, foot: Floats, top: Floats) -> Mesh:
    """A leg of one section, or one that tapers downwards."""
    thick = p.leg_thickness
    section = disc(thick / 2, 24) if p.leg_section == "round" else bar_section(thick, thick, 0.004)
    taper = {"straight": 1.0, "tapered": 0.55, "splayed": 0.58}[p.legs]
    start = 1.0 - (p.apron_height + p.top_thickness) / p.height if p.legs == "tapered" else 0.9
    profile = [(0.0, taper), (start, 1.0), (1.0, 1.0)] if taper < 1 else [(0.0, 1.0), (1.0, 1.0)]
    return leg(foot, top, section, profile, 0.004)


def _block_low(p: TableProperties) -> float:
    """Height at which the turning of a leg ends and its squared block begins, metres."""
    return p.underside - max(p.apron_height + 0.012, 0.1 * p.height)


def _block(p: TableProperties, top: Floats) -> Mesh:
    x, y, z = map(float, top)
    reach = 0.5 * p.leg_thickness
    return box((x - reach, _block_low(p), z - reach), (x + reach, y, z + reach), 0.003)


def _turned(p: TableProperties, foot: Floats, top: Floats) -> Mesh:
    """A lathed baluster under the block."""
    head = np.array([top[0], _block_low(p) + 0.006, top[2]])
    return leg(foot, head, disc(p.leg_thickness / 2, 20), _TURNING, 0.002)


def _cabriole(p: TableProperties, foot: Floats, top: Floats, sign: float) -> Mesh:
    """A leg that bends outwards at the knee and inwards at the ankle, on a pad; its sections stay level."""
    thick = p.leg_thickness
    swing = min(0.085 * p.height, 1.3 * thick)
    knots = np.array(
        [
            # height, outwards, scale
            (0.0, 0.30, 0.62),
            (0.03, 0.34, 0.72),
            (0.08, 0.10, 0.52),
            (0.20, -0.22, 0.46),
            (0.42, -0.10, 0.62),
            (0.66, 0.42, 0.95),
            (0.80, 0.62, 1.18),
            (0.90, 0.34, 1.14),
            (0.96, 0.12, 1.04),
            (1.0, 0.0, 1.0),
        ]
    )
    section = disc(thick / 2, 20) if p.leg_section == "round" else bar_section(thick, thick, 0.3 * thick)
    rings = []
    for height, out, scale in smooth(knots, 30):
        centre = foot + (top - foot) * max(height, 0.0) + np.array([-1.0, 0.0, sign]) * (0.7071 * swing * out)
        rings.append(centre + np.insert(section.points * scale, 1, 0.0, axis=1))
    return loft(np.stack(rings), section.u)


def _hairpin(p: TableProperties, foot: Floats, top: Floats, sign: float) -> Mesh:
    """A rod bent at the floor, its two ends under the top on the way to the neighbouring legs."""
    radius = p.leg_thickness / 2
    reach = min(0.16 * p.height + 0.02, 0.8 * abs(float(top[0])), max(0.8 * abs(float(top[2])), 0.04))
    ends = top + np.array([[reach, 0.0, 0.0], [0.0, 0.0, -sign * reach]])
    path = fillet(np.stack([ends[0], foot, ends[1]]), 1.6 * p.leg_thickness + 0.006, 6)
    # The bend rests on the floor.
    low, high = path[:, 1].min(), top[1]
    path[:, 1] = radius + (path[:, 1] - low) * (high - radius) / (high - low)
    normal = np.cross(ends[0] - foot, ends[1] - foot)
    return sweep(path, disc(radius, 16), normal / np.linalg.norm(normal))


def _share(mesh: Mesh, point: Floats) -> float:
    """The v of a leg's side at the height of a point."""
    v, y = mesh.uv[:, :, 1].ravel(), mesh.vertices[mesh.faces.ravel(), 1]
    side = (v > 0) & (v < 1)
    order = np.argsort(y[side], kind="stable")
    return float(np.interp(point[1], y[side][order], v[side][order]))


def add_rails(p: TableProperties, assembly: Assembly, frame: Frame) -> None:
    """Rails from leg to leg under the top."""
    middle = p.underside - p.apron_height / 2 + 0.0015
    thick = min(0.45 * p.leg_thickness, 0.028)
    matter = material(p.frame_material)
    add_apron(assembly, frame, middle, p.apron_height + 0.003, thick, 0.12 * p.leg_thickness, matter)


def add_stretchers(p: TableProperties, assembly: Assembly, frame: Frame) -> None:
    """Bars between the four legs near the floor, or crossed at both ends."""
    matter = material(p.frame_material)
    y, thick = p.stretcher_height, 0.5 * p.leg_thickness
    section = disc(thick / 2, 14) if p.leg_section == "round" else bar_section(1.2 * thick, thick, 0.003)
    front, back = frame.at("front", y), frame.at("back", y)
    if p.stretchers == "brace":
        high = p.underside - max(p.apron_height, 0.02) - 0.02
        for name, start, end in (("rising", "front", "back"), ("falling", "back", "front")):
            # Side by side, so that the two pass each other.
            aside = np.array([0.13 * thick if name == "rising" else -0.11 * thick, 0.0, 0.0])
            line = frame.at(start, y) + aside, frame.at(end, high) + aside
            assembly.add_pair(f"stretcher_{name}", "legs", bar(*line, section, (1.0, 0.0, 0.0)), matter)
        return
    if p.stretchers == "cross":
        for name, near, far in (("rising", front, back), ("falling", back, front)):
            lift = np.array([0.0, 0.1 * thick if name == "rising" else -0.1 * thick, 0.0])
            mesh = bar(near + lift, far * MIRROR + lift, section, (0.0, 1.0, 0.0))
            assembly.add(f"stretcher_{name}", "legs", mesh, matter)
        return
    assembly.add_pair("stretcher", "legs", bar(front, back, section, (1.0, 0.0, 0.0)), matter)
    lift = np.array([0.0, 0.15 * thick, 0.0])
    ends = {"front": front, "back": back} if p.stretchers == "box" else {"middle": (front + back) / 2}
    for name, point in ends.items():
        mesh = bar(point + lift, point * MIRROR + lift, section, (0.0, 0.0, 1.0))
        assembly.add(f"stretcher_{name}", "legs", mesh, matter)
