"""What tables stand on other than four legs and drums: pedestals, trestles, sleds, slabs, crossed beams, C-frames
and tripods.

The one idea: each is laid out from the top's outline and marks the same points as four legs, where it has them.
"""

from __future__ import annotations

import numpy as np

from render.modeller.bases import CORNERS, Frame, add_pedestal, around
from render.modeller.materials import material
from render.modeller.mesh import MIRROR, Assembly, Floats, Mesh
from render.modeller.outlines import Outline, bar_section, disc, ellipse
from render.modeller.shapes import bar, box, fillet, lathe, leg, smooth, sweep
from render.modeller.tables.properties import TableProperties
from render.modeller.tables.tops import half_depth


def add_column(p: TableProperties, assembly: Assembly) -> None:
    """One pedestal, or two under a long top."""
    size = min(p.width, p.depth)
    columns = [0.0]
    if p.width > 1.9 * p.depth and p.width > 1.5:
        columns = [-0.27 * p.width, 0.27 * p.width]
    radius = float(np.clip(0.33 * size, 0.12, 0.42))
    radius = max(radius, 0.8 * p.leg_thickness)
    head = min(max(float(np.clip(0.16 * size, 0.06, 0.16)), 0.51 * p.leg_thickness), 0.4 * size)
    for x in columns:
        own = Assembly(())
        foot = _pedestal(p, own, radius, head)
        side = "" if len(columns) == 1 else ("_left" if x < 0 else "_right")
        for part in own.parts:
            assembly.add(part.name + side, part.label, part.mesh.moved(x=x), part.material, part.crease_deg)
    if len(columns) == 1:
        assembly.mark("base_center", foot.nearest(np.zeros(3)))
    for name, u in CORNERS.items():
        if p.base == "tripod" and "front" in name:
            continue
        x = 0.0 if len(columns) == 1 else (columns[0] if "left" in name else columns[1])
        place = around(radius, u) + np.array([x, 0.0, 0.0])
        side = "" if len(columns) == 1 else ("_left" if x < 0 else "_right")
        if p.base == "tripod":
            point = _standing(assembly.mesh(f"base_{name.removeprefix('back_')}{side}"), place[0], place[2])
        else:
            point = assembly.mesh(f"base_{name}{side}" if p.base == "cross" else f"base{side}").nearest(place)
        assembly.mark(f"foot_{name}", point)


def _pedestal(p: TableProperties, assembly: Assembly, radius: float, head: float) -> Mesh:
    top, matter = p.underside + p.bite, material(p.frame_material)
    if p.base != "tripod":
        return add_pedestal(assembly, p.base, top, radius, p.leg_thickness / 2, head, matter)
    column, low = p.leg_thickness / 2, 0.16 * p.height
    profile = smooth(
        [
            (0.75 * column, low),
            (1.1 * column, low + 0.03),
            (1.1 * column, 0.3 * p.height),
            (0.6 * column, 0.37 * p.height),
            (1.0 * column, 0.52 * p.height),
            (0.55 * column, 0.8 * p.height),
            (0.8 * column, top - 0.02),
        ],
        24,
    )
    ends = [(0.0015, low - 0.004)], [(head, top - 0.012), (head, top), (0.0015, top)]
    pole = assembly.add("column", "legs", lathe([*ends[0], *profile, *ends[1]], 24), matter)
    section = bar_section(max(0.9 * column, 0.018), 0.8 * max(column, 0.02), 0.006)
    knee = 0.25 * p.height
    path = smooth(
        [
            [0.0, knee, -0.2 * column],
            [0.0, knee, -0.3 * radius],
            [0.0, 0.4 * knee, -0.8 * radius],
            [0.0, 0.02, -1.1 * radius],
        ],
        12,
    )
    scale = np.linspace(1.3, 0.7, 12)
    arm = sweep(path, section, (1.0, 0.0, 0.0), scale, 0.003)
    arm = arm.moved(y=-float(arm.vertices[:, 1].min()))
    for name, turn in (("front", 0.0), ("left", 120.0), ("right", -120.0)):
        assembly.add(f"base_{name}", "legs", arm.turned(turn), matter)
    return pole


def add_trestle(p: TableProperties, assembly: Assembly, outline: Outline) -> None:
    """Two frames across the table and a rail from one to the other."""
    thick = p.leg_thickness
    x = -p.width / 2 + max(p.leg_inset, 0.16 * p.width) + thick
    reach = 0.86 * min(0.5 * p.depth, half_depth(outline, x))
    matter = material(p.frame_material)
    top = p.underside + p.bite
    beam = 0.9 * thick
    head = box((x - 0.45 * thick, top - beam, -reach), (x + 0.45 * thick, top, reach), 0.005)
    assembly.add_pair("trestle_head", "legs", head, matter)
    low = 0.3 * p.height
    if p.trestle == "post":
        front = back = box((x - 0.55 * thick, 0.0, -reach * 0.96), (x + 0.55 * thick, beam, reach * 0.96), 0.008)
        assembly.add_pair("trestle_foot", "legs", front, matter)
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
    else:
        # Crossed beams pass each other; leaning ones meet under the head, one a hair narrower and lower than the other,
        # so that no two faces lie in one plane.
        crossed = p.trestle == "cross"
        section, narrower = (bar_section(0.7 * thick - less, 1.2 * thick, 0.005) for less in (0.0, 0.0012))
        end, aside = (0.82, 0.17 * thick) if crossed else (-0.22, 0.0)
        high = top - 0.5 * beam
        front = leg((x - aside, 0.0, -reach * 0.9), (x - aside, high, reach * end), section)
        if crossed:
            back = leg((x + aside, 0.0, reach * 0.9), (x + aside, high, -reach * end), section)
        else:
            back = leg((x, 0.0, reach * 0.9), (x, high - 0.0012, -reach * end), narrower)
        assembly.add_pair("trestle_beam_front", "legs", front, matter)
        assembly.add_pair("trestle_beam_back", "legs", back, matter)
        height = 0.9 / 1.72 * high
        if not crossed:
            height = 0.38 * high
            span = reach * (0.9 - 0.68 * 0.38)
            tie = bar((x, height, -span), (x, height, span), bar_section(0.8 * thick, 0.45 * thick, 0.004))
            assembly.add_pair("trestle_tie", "legs", tie, matter)
    rail = bar_section(1.1 * thick, 0.5 * thick, 0.005)
    assembly.add("stretcher", "legs", bar((x, height, 0.0), (-x, height, 0.0), rail, (0.0, 0.0, 1.0)), matter)
    for name, foot, sign in (("front", front, -1.0), ("back", back, 1.0)):
        assembly.mark_pair(f"foot_{name}", foot.nearest(np.array([x, 0.0, sign * reach])))
        assembly.mark_pair(f"leg_top_{name}", head.nearest(np.array([x, p.underside, sign * reach])))


def add_sled(p: TableProperties, assembly: Assembly, outline: Outline) -> Frame:
    """A closed loop at each end, of squared bar or tube."""
    thick = p.leg_thickness
    section = disc(thick / 2) if p.leg_section == "round" else bar_section(thick, thick, 0.003)
    x = -p.width / 2 + p.leg_inset + 0.75 * thick
    if not p.squared_top:
        x = -0.36 * p.width
    reach = min(0.5 * p.depth - p.leg_inset, 0.94 * half_depth(outline, x)) - 0.75 * thick
    high = _bar_height(p)
    low = 0.5 * thick
    corners = np.array([[x, high, -reach], [x, low, -reach], [x, low, reach], [x, high, reach]])
    mesh = sweep(fillet(corners, 1.1 * thick, 5, closed=True), section, (1.0, 0.0, 0.0), closed=True)
    matter = material(p.frame_material)
    assembly.add_pair("leg_sled", "legs", mesh, matter)
    lines = {}
    for name, z in (("front", -reach), ("back", reach)):
        assembly.mark_pair(f"foot_{name}", _standing(mesh, x, z))
        assembly.mark_pair(f"leg_top_{name}", mesh.nearest(np.array([x, p.underside, z])))
        lines[name] = (np.array([x, 0.0, z]), np.array([x, high, z]))
    if p.apron_height == 0:
        for name, z in (("front", -0.55 * reach), ("back", 0.55 * reach)):
            tie = bar((x, high, z), (-x, high, z), disc(0.32 * thick, 12), (0.0, 0.0, 1.0))
            assembly.add(f"leg_tie_{name}", "legs", tie, matter)
    return Frame(lines)


def _standing(mesh: Mesh, x: float, z: float) -> Floats:
    """The vertex [3] nearest to (x, z) among those that stand on the floor, or a hair above it beside a bend."""
    low = mesh.vertices[mesh.vertices[:, 1] < mesh.vertices[:, 1].min() + 5e-4]
    found: Floats = low[int(np.argmin(((low[:, [0, 2]] - [x, z]) ** 2).sum(axis=1)))]
    return found


def _bar_height(p: TableProperties) -> float:
    """Height of the middle of a bar that carries the top, metres."""
    return p.underside - 0.5 * p.leg_thickness + (p.bite if p.frame_width > 0 else min(p.bite, 0.2 * p.leg_thickness))


def add_slabs(p: TableProperties, assembly: Assembly, outline: Outline) -> Frame:
    """A broad upright board at each end."""
    thick = p.leg_thickness
    outer = -p.width / 2 + max(p.leg_inset, 0.002) + p.bevel_reach
    if not p.squared_top:
        outer = -0.36 * p.width
    reach = min(0.5 * p.depth - max(p.bevel_reach, 0.002), 0.97 * half_depth(outline, outer))
    board = box(
        (outer, 0.0, -reach), (outer + thick, p.underside + p.bite, reach), min(p.edge_size, 0.3 * thick), rings=2
    )
    assembly.add_pair("slab", "legs", board, material(p.frame_material))
    lines = {}
    for name, sign in (("front", -1.0), ("back", 1.0)):
        assembly.mark_pair(f"foot_{name}", board.nearest(np.array([outer, 0.0, sign * reach])))
        assembly.mark_pair(f"leg_top_{name}", board.nearest(np.array([outer, p.underside, sign * reach])))
        # What reaches between the slabs keeps back from their edges.
        z = sign * (0.94 * reach - min(0.36 * thick, 0.4 * reach))
        lines[name] = (np.array([outer + thick / 2, 0.0, z]), np.array([outer + thick / 2, p.underside, z]))
    return Frame(lines)


def add_crossed(p: TableProperties, assembly: Assembly, outline: Outline) -> None:
    """Four beams from the floor to the opposite corner under the top; all meet in the middle."""
    thick, high = p.leg_thickness, p.underside + p.bite
    rim = np.linalg.norm(outline.at(0.125))
    reach = float(rim - p.leg_inset - p.bevel_reach - thick) * 0.94
    # The section stays level, so a leaning beam needs a longer one to be as thick.
    length = thick * min(np.hypot(2 * reach, high) / high, 2.2)
    reach -= 0.5 * (length - thick)
    corner = outline.at(0.375)
    turn = float(np.degrees(np.arctan2(corner[1], -corner[0])))
    for name, other, sign in (("front", "back", -1.0), ("back", "front", 1.0)):
        # Under a square top two opposite beams lie in one plane: those of the back are a little thinner.
        deep = thick if name == "front" else 0.95 * thick
        section = ellipse(length, deep, 20) if p.leg_section == "round" else bar_section(length, deep, 0.004)
        mesh = leg((reach, 0.0, 0.0), (-reach, high, 0.0), section).turned(180.0 + sign * turn)
        assembly.add_pair(f"leg_{name}", "legs", mesh, material(p.frame_material))
        foot = np.array([-reach * np.cos(np.radians(turn)), 0.0, sign * reach * np.sin(np.radians(turn))])
        assembly.mark_pair(f"foot_{name}", mesh.nearest(foot))
        tip = mesh.nearest(np.array([p.width, high, -sign * p.depth]))
        assembly.mark(f"leg_top_{other}_right", tip)
        assembly.mark(f"leg_top_{other}_left", tip * MIRROR)


def add_tripod(p: TableProperties, assembly: Assembly, outline: Outline) -> None:
    """Three legs, one in the front and two at the back, that lean outwards."""
    thick, high = p.leg_thickness, p.underside + p.bite
    section = disc(thick / 2, 24) if p.leg_section == "round" else bar_section(thick, thick, 0.004)
    lean = np.tan(np.radians(p.leg_splay)) * high
    matter = material(p.frame_material)
    for name, u in (("front", 0.0), ("back", 1 / 3)):
        # Under a corner the leg stands as far out as under a side.
        at = outline.at(u)
        if p.squared_top:
            at = around(0.5 * p.depth, u)[[0, 2]]
        unit = at / np.linalg.norm(at)
        place = at - unit * (p.leg_inset + p.bevel_reach + 0.75 * thick)
        top, foot = np.insert(place, 1, high), np.insert(place + unit * lean, 1, 0.0)
        mesh = leg(foot, top, section, [(0.0, 0.6), (0.9, 1.0), (1.0, 1.0)], 0.003)
        if name == "front":
            assembly.add("leg_front", "legs", mesh, matter)
            continue
        assembly.add_pair("leg_back", "legs", mesh, matter)
        assembly.mark_pair("foot_back", mesh.nearest(foot))
        assembly.mark_pair("leg_top_back", mesh.nearest(np.insert(at, 1, p.underside)))


def add_c_frame(p: TableProperties, assembly: Assembly, outline: Outline) -> None:
    """Two bent bars that stand up at the left only, so that the top reaches over a seat."""
    thick = p.leg_thickness
    section = disc(thick / 2) if p.leg_section == "round" else bar_section(thick, thick, 0.003)
    x = -p.width / 2 + p.leg_inset + p.bevel_reach + 0.75 * thick
    if not p.squared_top:
        x = -0.38 * p.width
    reach = min(0.5 * p.depth - p.leg_inset, 0.9 * half_depth(outline, x)) - 0.75 * thick
    high, low = _bar_height(p), 0.5 * thick
    matter = material(p.frame_material)
    corners = np.array([[-x, low, 0.0], [x, low, 0.0], [x, high, 0.0], [-x, high, 0.0]])
    path = fillet(corners, 1.1 * thick, 5)
    for name, z in (("front", -reach), ("back", reach)):
        mesh = sweep(path + np.array([0.0, 0.0, z]), section, (0.0, 0.0, 1.0), None, 0.003)
        assembly.add(f"frame_{name}", "legs", mesh, matter)
        # On the right the bar ends free, so its foot is found on the straight run, opposite the bend.
        bend, free = _standing(mesh, x, z), _standing(mesh, -x, z)
        assembly.mark(f"foot_{name}_left", bend)
        assembly.mark(f"foot_{name}_right", bend - (free - bend) * 2 * bend[0] / (free[0] - bend[0]))
    for name, end, y in (
        ("floor", -x - 0.6 * thick, low),
        ("back", x, 0.5 * (low + high)),
        ("top", -x - 0.6 * thick, high),
    ):
        tie = bar((end, y, -reach), (end, y, reach), disc(0.32 * thick, 12), (1.0, 0.0, 0.0))
        assembly.add(f"frame_tie_{name}", "legs", tie, matter)
