"""What chairs stand on: four legs with aprons and stretchers, sleds, cantilevers, pedestals and swivels; for the
others see `stands`.

The one idea: every leg is a line from a foot on the floor to a place inside the seat; bars between legs are
drawn between points of these lines.
"""

from __future__ import annotations

import numpy as np

from render.modeller.bases import CORNERS, Frame, add_apron, add_pedestal, add_swivel, around
from render.modeller.chairs import stands
from render.modeller.chairs.properties import ChairProperties
from render.modeller.chairs.seat import within
from render.modeller.materials import material
from render.modeller.mesh import MIRROR, Assembly, Floats, Mesh
from render.modeller.outlines import Outline, bar_section, disc
from render.modeller.shapes import bar, box, fillet, lathe, leg, sweep

_RAKE = float(np.tan(np.radians(4.0)))
"""How far the back legs of a chair with a back stand out behind, a metre of height."""

_TURNED = (
    (0.0, 0.62),
    (0.05, 0.70),
    (0.22, 0.92),
    (0.26, 0.70),
    (0.28, 0.70),
    (0.30, 1.0),
    (0.34, 1.0),
    (0.36, 0.66),
    (0.42, 0.72),
    (0.56, 1.08),
    (0.66, 1.0),
    (0.71, 0.66),
    (0.73, 0.66),
    (0.75, 1.0),
    (0.79, 1.0),
    (0.81, 0.72),
    (0.90, 0.92),
    (1.0, 0.85),
)
"""A turned leg: (height 0 to 1, scale of the section)."""

_CASTORS = {
    "front_left": (4, "left"),
    "front_right": (3, "right"),
    "back_left": (5, "left"),
    "back_right": (2, "right"),
}
"""Which castor of a star stands nearest to a corner, and which of its wheels is the outer one."""


def add_legs(p: ChairProperties, assembly: Assembly, outline: Outline) -> None:
    """Add what the chair stands on and mark its keypoints."""
    if p.legs == "sled":
        _add_sled(p, assembly, outline)
    elif p.legs == "cantilever":
        _add_cantilever(p, assembly, outline)
    elif p.legs == "pedestal":
        _add_pedestal(p, assembly)
    elif p.legs == "swivel":
        _add_swivel(p, assembly)
    elif p.legs == "folding":
        stands.add_folding(p, assembly, outline)
    elif p.legs == "hairpin":
        stands.add_hairpins(p, assembly, outline)
    elif p.legs == "panel":
        stands.add_panels(p, assembly, outline)
    elif p.legs == "plinth":
        stands.add_plinth(p, assembly, outline)
    else:
        _add_four(p, assembly, outline)


def _add_four(p: ChairProperties, assembly: Assembly, outline: Outline) -> None:
    thick = p.leg_thickness
    section = disc(thick / 2) if p.round_section else bar_section(thick, thick, 0.004)
    inset = (0.75 if p.leg_section == "square" else 0.6) * thick + (0.03 if p.legs == "splayed" else 0.004)
    if p.seat_thickness > 0.06:
        inset += 0.02
    lines: dict[str, tuple[Floats, Floats]] = {}
    for name, u, sign in (("front", 0.125, -1.0), ("back", 0.375, 1.0)):
        corner = outline.at(u)
        top = corner - inset * corner / np.linalg.norm(corner) * (1.3 if p.seat == "square" else 1.6)
        height = within(p, float(top[0]), float(top[1]), 0.4)
        lean = np.tan(np.radians(p.leg_splay))
        foot = top + height * np.array([-lean, sign * lean * (0.8 if name == "front" else 1.0)])
        if p.legs != "splayed" and name == "back" and p.back != "none":
            foot[1] += _RAKE * height
        rise = stands.runner_height(p, float(foot[1])) if p.legs == "rocker" else 0.0
        a, b = np.array([foot[0], rise, foot[1]]), np.array([top[0], height, top[1]])
        taper = {"tapered": 0.58, "splayed": 0.62}.get(p.legs, 1.0)
        profile = [(0.0, taper), (0.30, taper + 0.4 * (1 - taper)), (0.72, 1.0), (1.0, 1.0)]
        if p.leg_section == "turned":
            profile = [(at, scale * (taper + (1 - taper) * at)) for at, scale in _TURNED]
        mesh = leg(a, b, section, profile)
        assembly.add_pair(f"leg_{name}", "legs", mesh, material(p.frame_material))
        assembly.mark_pair(f"foot_{name}", mesh.point(0.5, 0.0))
        assembly.mark_pair(
            f"leg_top_{name}", mesh.nearest(a + (b - a) * ((p.underside - rise) / (height - rise) - 0.02))
        )
        lines[name] = (a, b)
    frame = Frame(lines)
    if p.legs == "rocker":
        stands.add_runners(p, assembly, lines["front"][0], lines["back"][0])
    if p.apron_height > 0:
        middle = p.underside - p.apron_height / 2 + 0.003
        thin, out = 0.5 * p.leg_thickness, 0.1 * p.leg_thickness
        add_apron(assembly, frame, middle, p.apron_height, thin, out, material(p.frame_material))
    if p.stretchers in {"box", "h"}:
        _add_stretchers(p, assembly, frame)


def _add_stretchers(p: ChairProperties, assembly: Assembly, frame: Frame) -> None:
    """Bars between the legs: sides and a cross bar ("h"), or all round with a foot rail in front ("box")."""
    thin = 0.62 * p.leg_thickness
    round_ = p.round_section
    section = disc(0.5 * thin, 14) if round_ else bar_section(1.15 * thin, 0.72 * thin, 0.003)
    matter = material(p.frame_material)
    side = (0.40 if p.stretchers == "h" else 0.45) * p.underside
    front, back = frame.at("front", side), frame.at("back", side)
    if round_ and p.stretchers == "h":
        way = np.linspace(0.0, 1.0, 9)[:, None]
        swell = 0.72 + 0.5 * np.sin(np.pi * way[:, 0])
        assembly.add_pair(
            "stretcher", "stretchers", sweep(front + (back - front) * way, section, (1, 0, 0), swell), matter
        )
    else:
        assembly.add_pair("stretcher", "stretchers", bar(front, back, section, (1.0, 0.0, 0.0)), matter)
    if p.stretchers == "h":
        middle = 0.5 * (front + back)
        slim = section if round_ else bar_section(1.0 * thin, 0.6 * thin, 0.003)
        assembly.add("stretcher_cross", "stretchers", bar(middle, middle * MIRROR, slim, (0.0, 0.0, 1.0)), matter)
        return
    tall = p.seat_height > 0.6
    for name, y in (("front", (0.33 if tall else 0.62) * p.underside), ("back", 0.58 * p.underside)):
        corner = frame.at(name, y)
        rail = bar(corner, corner * MIRROR, section, (0.0, 0.0, 1.0))
        assembly.add(f"stretcher_{name}", "stretchers", rail, matter)


def _add_sled(p: ChairProperties, assembly: Assembly, outline: Outline) -> None:
    r = p.leg_thickness / 2
    section = disc(r) if p.round_section else bar_section(2 * r, 2 * r, 0.003)
    front, back = -p.seat_depth / 2 + 0.055 + r, p.seat_depth / 2 - 0.05 - r
    x = -min(outline.half_width(front), outline.half_width(back)) + 1.3 * r + 0.012
    y = within(p, x, 0.5 * (front + back), 0.0) + 0.1 * min(2 * r, p.seat_thickness) - 0.55 * r
    if p.seat == "saddle":
        y = min(within(p, x, z, 0.45) for z in np.linspace(front, back, 7))
    lean = 0.05 * p.seat_height
    corners = [[x, y, front], [x - 0.01, r, front - lean], [x - 0.01, r, back + lean], [x, y, back]]
    path = fillet(corners, 0.035 + r, 6, closed=True)
    mesh = sweep(path, section, (1.0, 0.0, 0.0), closed=True)
    matter = material(p.frame_material)
    assembly.add_pair("leg_sled", "legs", mesh, matter)
    for name, z in (("front", front), ("back", back)):
        tie = _tie(p, x, y, 0.55 * z, 0.75 * r)
        assembly.add(f"leg_tie_{name}", "legs", tie, matter)
        sign = -1.0 if name == "front" else 1.0
        assembly.mark_pair(f"foot_{name}", mesh.nearest(np.array([x - 0.01, 0.0, z + sign * lean])))
        assembly.mark_pair(f"leg_top_{name}", mesh.nearest(np.array([x, y, z])))


def _tie(p: ChairProperties, x: float, y: float, z: float, radius: float) -> Mesh:
    """A round bar across under the seat between x and -x at height y, which dips where the seat is hollow."""
    xs = np.linspace(x, -x, 11)
    ys = [min(y, within(p, float(at), z, 0.0) - 0.25 * radius) for at in xs]
    ys[0] = ys[-1] = y
    return sweep(np.stack([xs, np.array(ys), np.full(11, z)], axis=1), disc(radius, 12))


def _add_cantilever(p: ChairProperties, assembly: Assembly, outline: Outline) -> None:
    """One bent tube: along under the seat, down in front, back over the floor and across behind."""
    r = p.leg_thickness / 2
    front, back = -p.seat_depth / 2 - 0.012, p.seat_depth / 2 - 0.05
    x = -min(outline.half_width(front + 0.09), outline.half_width(back)) + 1.2 * r + 0.008
    y = min(within(p, x, z, 0.3) for z in np.linspace(front + 0.06, back, 7)) - 0.35 * r
    left = [
        [x, y, back],
        [x, y, front],
        [x - 0.008, r, front + 0.03],
        [x - 0.008, r, p.seat_depth / 2 + 0.03],
    ]
    right = [[-px, py, pz] for px, py, pz in left[::-1]]
    path = fillet([*left, *right], 0.07, 8)
    # The tube bends in two planes, so the section follows a direction that neither runs along.
    mesh = sweep(path, disc(r), (0.55, 0.65, 0.52), edge=0.3 * r)
    matter = material(p.frame_material)
    assembly.add("leg_tube", "legs", mesh, matter)
    for name, z in (("front", -0.25 * p.seat_depth), ("back", 0.3 * p.seat_depth)):
        assembly.add(f"leg_tie_{name}", "legs", _tie(p, x, y, z, 0.75 * r), matter)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        for name, z in (("front", front + 0.09), ("back", p.seat_depth / 2)):
            assembly.mark(f"foot_{name}_{side}", mesh.nearest(np.array([sign * (x - 0.008), 0.0, z])))
        for name, z in (("front", front + 0.06), ("back", back)):
            assembly.mark(f"leg_top_{name}_{side}", mesh.nearest(np.array([sign * x, y + r, z])))


def _add_pedestal(p: ChairProperties, assembly: Assembly) -> None:
    top = within(p, 0.0, 0.0, 0.35)
    radius = float(np.clip(0.52 * max(p.seat_width, p.seat_depth), 0.19, 0.27))
    head = 0.11 if p.base == "trumpet" else 0.085
    matter = material(p.frame_material)
    foot = add_pedestal(assembly, p.base, top, radius, p.leg_thickness / 2, head, matter)
    assembly.mark("base_center", foot.point(0.5, 0.0))
    for name, u in CORNERS.items():
        piece = assembly.mesh(f"base_{name}") if p.base == "cross" else foot
        assembly.mark(f"foot_{name}", piece.nearest(around(radius, u)))
    if p.stretchers == "ring":
        _add_foot_ring(p, assembly)


def _add_foot_ring(p: ChairProperties, assembly: Assembly) -> None:
    y, ring = 0.36 * p.underside, 0.165
    around = np.linspace(0.0, 2 * np.pi, 40, endpoint=False)
    path = np.stack([-ring * np.sin(around), np.full(40, y), -ring * np.cos(around)], axis=1)
    matter = material(p.frame_material)
    assembly.add("foot_ring", "stretchers", sweep(path, disc(0.011, 12), (0.0, 1.0, 0.0), closed=True), matter)
    for k in range(3):
        spoke = bar((0.0, y, 0.0), (0.0, y, -ring), disc(0.008, 10), (0.0, 1.0, 0.0)).turned(120.0 * k)
        assembly.add(f"foot_ring_spoke_{k + 1}", "stretchers", spoke, matter)
    collar = [(0.0015, y - 0.02), (0.5 * p.leg_thickness + 0.006, y - 0.02)]
    collar += [(0.5 * p.leg_thickness + 0.006, y + 0.02), (0.0015, y + 0.02)]
    assembly.add("foot_ring_collar", "stretchers", lathe(fillet(collar, 0.003, 2), 24), matter)


def _add_swivel(p: ChairProperties, assembly: Assembly) -> None:
    under = within(p, 0.0, 0.0, 0.0)
    plate = box((-0.1, under - 0.028, -0.11), (0.1, within(p, 0.0, 0.0, 0.4), 0.11), 0.006)
    assembly.add("seat_plate", "legs", plate, material("plastic:black"))
    hub = add_swivel(assembly, under - 0.02, 0.30, max(p.leg_thickness / 2, 0.02), material(p.frame_material))
    assembly.mark("base_center", hub.point(0.5, 0.0))
    for name, (castor, side) in _CASTORS.items():
        wheel = assembly.mesh(f"castor_{side}_{castor}")
        assembly.mark(f"foot_{name}", wheel.nearest(wheel.vertices.mean(axis=0) * [1.0, -1.0, 1.0]))
