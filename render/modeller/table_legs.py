"""What tables stand on: four legs with aprons, pedestals, trestles, sleds and drums.

The one idea: as with chairs, a leg is a line from the floor into the top; what lies between legs asks
these lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from render.modeller.bases import add_pedestal
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats, Mesh
from render.modeller.outlines import Outline, bar_section, disc
from render.modeller.shapes import bar, box, fillet, leg, loft, slab, sweep

if TYPE_CHECKING:
    from render.modeller.table import TableProperties

MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Frame:
    """The left legs' lines: "front" and "back" -> (foot [3], top [3])."""

    lines: dict[str, tuple[Floats, Floats]]

    def at(self, name: str, y: float) -> Floats:
        """The point [3] of a leg's line at height y."""
        foot, top = self.lines[name]
        return foot + (top - foot) * (y - foot[1]) / (top[1] - foot[1])


def add_legs(p: TableProperties, assembly: Assembly, outline: Outline) -> Frame | None:
    """Add what the table stands on and mark its keypoints; the frame of legs where there is one."""
    if p.legs == "pedestal":
        _add_pedestal(p, assembly)
        return None
    if p.legs == "drum":
        _add_drum(p, assembly, outline)
        return None
    if p.legs == "trestle":
        _add_trestle(p, assembly, outline)
        return None
    return _add_sled(p, assembly, outline) if p.legs == "sled" else _add_four(p, assembly, outline)


def _add_four(p: TableProperties, assembly: Assembly, outline: Outline) -> Frame:
    thick = p.leg_thickness
    section = disc(thick / 2, 24) if p.leg_section == "round" else bar_section(thick, thick, 0.004)
    # Under a bevelled rim legs stand far enough in to meet the flat of the top.
    rim = max(p.leg_inset, p.bevel_reach - 0.4 * thick)
    lines = {}
    for name, u, sign in (("front", 0.125, -1.0), ("back", 0.375, 1.0)):
        if p.top in {"round", "oval"}:
            inset = rim + 0.75 * thick
            corner = outline.at(u) * (1.0 - inset / np.linalg.norm(outline.at(u)))
        else:
            inset = rim + 0.5 * thick + 0.12 * p.corner_radius + 0.003
            corner = np.array([-p.width / 2 + inset, sign * (p.depth / 2 - inset)])
        top = np.array([corner[0], p.underside + p.bite, corner[1]])
        lean = np.tan(np.radians(p.leg_splay)) * top[1]
        foot = np.array([corner[0] - lean, 0.0, corner[1] + sign * lean * min(1.0, p.depth / p.width + 0.2)])
        taper = {"straight": 1.0, "tapered": 0.55, "splayed": 0.58}[p.legs]
        start = 1.0 - (p.apron_height + p.top_thickness) / p.height if p.legs == "tapered" else 0.9
        profile = [(0.0, taper), (start, 1.0), (1.0, 1.0)] if taper < 1 else [(0.0, 1.0), (1.0, 1.0)]
        mesh = leg(foot, top, section, profile, 0.004)
        assembly.add_pair(f"leg_{name}", "legs", mesh, material(p.frame_material))
        assembly.mark_pair(f"foot_{name}", mesh.point(0.5, 0.0))
        lines[name] = (foot, top)
        meet = Frame(lines).at(name, p.underside - 0.01)
        assembly.mark_pair(f"leg_top_{name}", mesh.point(0.125 if name == "front" else 0.375, _share(mesh, meet)))
    return Frame(lines)


def _share(mesh: Mesh, point: Floats) -> float:
    """The v of a leg's side at the height of a point."""
    v, y = mesh.uv[:, :, 1].ravel(), mesh.vertices[mesh.faces.ravel(), 1]
    side = (v > 0) & (v < 1)
    order = np.argsort(y[side], kind="stable")
    return float(np.interp(point[1], y[side][order], v[side][order]))


def add_apron(p: TableProperties, assembly: Assembly, frame: Frame) -> None:
    """Rails from leg to leg under the top."""
    y = p.underside - p.apron_height / 2 + 0.0015
    front, back = frame.at("front", y), frame.at("back", y)
    thick = min(0.45 * p.leg_thickness, 0.028)
    section = bar_section(p.apron_height + 0.003, thick, 0.003)
    matter = material(p.frame_material)
    out = 0.12 * p.leg_thickness
    side = bar(front - [out, 0, 0], back - [out, 0, 0], section, (1.0, 0.0, 0.0))
    assembly.add_pair("apron", "apron", side, matter)
    for name, corner, shift in (("front", front, -out), ("back", back, out)):
        rail = corner + np.array([0.0, 0.0006, shift])
        assembly.add(f"apron_{name}", "apron", bar(rail, rail * MIRROR, section, (0.0, 0.0, 1.0)), matter)


def _add_pedestal(p: TableProperties, assembly: Assembly) -> None:
    size = min(p.width, p.depth)
    matter = material(p.frame_material)
    columns = [0.0]
    if p.width > 1.9 * p.depth and p.width > 1.5:
        columns = [-0.27 * p.width, 0.27 * p.width]
    radius = float(np.clip(0.33 * size, 0.14, 0.42))
    head = float(np.clip(0.16 * size, 0.06, 0.16))
    for x in columns:
        own = Assembly(())
        foot = add_pedestal(own, p.base, p.underside + p.bite, radius, p.leg_thickness / 2, head, matter)
        side = "" if len(columns) == 1 else ("_left" if x < 0 else "_right")
        for part in own.parts:
            assembly.add(part.name + side, part.label, part.mesh.moved(x=x), part.material, part.crease_deg)
    if len(columns) == 1:
        assembly.mark("base_center", foot.point(0.5, 0.0))
    for k, name in enumerate(("front_left", "back_left", "back_right", "front_right")):
        turn = 2 * np.pi * (2 * k + 1) / 8
        x = 0.0 if len(columns) == 1 else (columns[0] if "left" in name else columns[1])
        place = np.array([x - radius * np.sin(turn), 0.0, -radius * np.cos(turn)])
        side = "" if len(columns) == 1 else ("_left" if x < 0 else "_right")
        piece = assembly.mesh(f"base_{name}{side}" if p.base == "cross" else f"base{side}")
        assembly.mark(f"foot_{name}", piece.nearest(place))


def _add_drum(p: TableProperties, assembly: Assembly, outline: Outline) -> None:
    """A body that follows the top's outline, plain or fluted, on a recessed plinth."""
    matter = material(p.frame_material)
    body = outline.grown(-min(0.8 * outline.radius, p.leg_inset)) if p.leg_inset < 0.8 * outline.radius else outline
    low = 0.012
    scale = 0.62 if p.height > 0.6 else 0.78
    shape = Outline(body.points * scale, body.normals, body.u, body.radius * scale)
    foot = slab(shape.grown(-min(0.02, 0.5 * shape.radius)), 0.0, low + 0.004, 0.002)
    assembly.add("plinth", "legs", foot, material("paint:black"))
    if p.fluted:
        count = 36
        u = np.arange(count * 6) / (count * 6)
        points = np.stack([shape.at(float(x)) for x in u])
        points = points * (1.0 - 0.022 * (1.0 - np.abs(np.sin(np.pi * count * u))))[:, None]
        ys = [low, low + 0.003, p.underside + p.bite]
        rings = np.stack([np.insert(points * s, 1, y, axis=1) for y, s in zip(ys, (0.985, 1.0, 1.0), strict=True)])
        mesh = loft(rings, u)
    else:
        mesh = slab(shape, low, p.underside + p.bite, 0.003)
    assembly.add("drum", "legs", mesh, matter)
    assembly.mark("base_center", foot.point(0.5, 0.0))
    for name, turn in (("front", 0.125), ("back", 0.375)):
        rim = shape.at(turn)
        assembly.mark_pair(f"foot_{name}", foot.nearest(np.array([rim[0], 0.0, rim[1]])))


def _add_trestle(p: TableProperties, assembly: Assembly, outline: Outline) -> None:
    thick = p.leg_thickness
    x = -p.width / 2 + max(p.leg_inset, 0.16 * p.width) + thick
    reach = 0.86 * min(0.5 * p.depth, _half_depth(outline, x))
    matter = material(p.frame_material)
    top = p.underside + p.bite
    beam = 0.9 * thick
    head = box((x - 0.45 * thick, top - beam, -reach), (x + 0.45 * thick, top, reach), 0.005)
    assembly.add_pair("trestle_head", "legs", head, matter)
    low = 0.3 * p.height
    if p.trestle == "post":
        foot = box((x - 0.55 * thick, 0.0, -reach * 0.96), (x + 0.55 * thick, beam, reach * 0.96), 0.008)
        assembly.add_pair("trestle_foot", "legs", foot, matter)
        for name, z in (("front", -0.38 * reach), ("back", 0.38 * reach)):
            post = box(
                (x - 0.36 * thick, 0.5 * beam, z - 0.5 * thick),
                (x + 0.36 * thick, top - 0.5 * beam, z + 0.5 * thick),
                0.005,
            )
            assembly.add_pair(f"trestle_post_{name}", "legs", post, matter)
        tie = box((x - 0.3 * thick, low, -0.38 * reach), (x + 0.3 * thick, low + 0.9 * thick, 0.38 * reach), 0.003)
        assembly.add_pair("trestle_tie", "legs", tie, matter)
        height = low + 0.45 * thick
        rim = foot
    else:
        section = bar_section(0.7 * thick, 1.2 * thick, 0.005)
        height = 0.9 / 1.72 * (top - 0.5 * beam)
        rim = leg((x - 0.16 * thick, 0.0, -reach * 0.9), (x - 0.16 * thick, top - 0.5 * beam, reach * 0.82), section)
        back = leg((x + 0.18 * thick, 0.0, reach * 0.9), (x + 0.18 * thick, top - 0.5 * beam, -reach * 0.82), section)
        assembly.add_pair("trestle_beam_front", "legs", rim, matter)
        assembly.add_pair("trestle_beam_back", "legs", back, matter)
    rail = bar_section(1.1 * thick, 0.5 * thick, 0.005)
    assembly.add("stretcher", "legs", bar((x, height, 0.0), (-x, height, 0.0), rail, (0.0, 0.0, 1.0)), matter)
    assembly.mark_pair("foot_front", rim.nearest(np.array([x, 0.0, -reach])))
    other = rim if p.trestle == "post" else back
    assembly.mark_pair("foot_back", other.nearest(np.array([x, 0.0, reach])))
    assembly.mark_pair("leg_top_front", head.nearest(np.array([x, p.underside, -reach])))
    assembly.mark_pair("leg_top_back", head.nearest(np.array([x, p.underside, reach])))


def _half_depth(outline: Outline, x: float) -> float:
    """Depth of the outline's rim at x, from the z = 0 plane."""
    left = (outline.u >= 0.25) & (outline.u <= 0.5)
    order = np.argsort(outline.points[left, 0], kind="stable")
    return float(np.interp(x, outline.points[left, 0][order], outline.points[left, 1][order]))


def _add_sled(p: TableProperties, assembly: Assembly, outline: Outline) -> Frame:
    """A closed loop at each end, of squared bar or tube."""
    thick = p.leg_thickness
    section = disc(thick / 2) if p.leg_section == "round" else bar_section(thick, thick, 0.003)
    x = -p.width / 2 + p.leg_inset + 0.75 * thick
    if p.top in {"round", "oval"}:
        x = -0.36 * p.width
    reach = min(0.5 * p.depth - p.leg_inset, 0.94 * _half_depth(outline, x)) - 0.75 * thick
    high = p.underside - 0.5 * thick + min(p.bite, 0.2 * thick)
    low = 0.5 * thick
    corners = np.array([[x, high, -reach], [x, low, -reach], [x, low, reach], [x, high, reach]])
    mesh = sweep(fillet(corners, 1.1 * thick, 5, closed=True), section, (1.0, 0.0, 0.0), closed=True)
    matter = material(p.frame_material)
    assembly.add_pair("leg_sled", "legs", mesh, matter)
    lines = {}
    for name, z in (("front", -reach), ("back", reach)):
        assembly.mark_pair(f"foot_{name}", mesh.nearest(np.array([x, 0.0, z])))
        assembly.mark_pair(f"leg_top_{name}", mesh.nearest(np.array([x, p.underside, z])))
        lines[name] = (np.array([x, 0.0, z]), np.array([x, high, z]))
    if p.apron_height == 0:
        for name, z in (("front", -0.55 * reach), ("back", 0.55 * reach)):
            tie = bar((x, high, z), (-x, high, z), disc(0.32 * thick, 12), (0.0, 0.0, 1.0))
            assembly.add(f"leg_tie_{name}", "legs", tie, matter)
    return Frame(lines)


def bar_handle(reach: float) -> Mesh:
    """A bent bar for a drawer, along x, standing out towards -z from z = 0."""
    corners = [[-reach, 0.0, 0.004], [-reach, 0.0, -0.026], [reach, 0.0, -0.026], [reach, 0.0, 0.004]]
    return sweep(fillet(corners, 0.012, 4), disc(0.005, 10), (0.0, 1.0, 0.0))
