"""Sides and top: seams, handles, mirrors, wheel housings, cladding, and what the roof wears.

The one idea: as on the ends, but drawn in side view and from above.
"""

from __future__ import annotations

import numpy as np

from render.modeller.cars.body import EDGE, SILL, TOP, Body, roof_edge, side
from render.modeller.cars.glazing import door_cuts, door_end, panes
from render.modeller.cars.lines import Lines
from render.modeller.cars.surface import Surface, rounded, skin, thinned
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats
from render.modeller.outlines import bar_section, disc
from render.modeller.shapes import bar, fillet, lathe, sweep

_BLACK = "plastic:black"


def add_flanks(assembly: Assembly, body: Body, surface: Surface) -> None:
    """Everything on sides and top."""
    _add_housings(assembly, body)
    _add_doors(assembly, body, surface)
    _add_lids(assembly, body, surface)
    _add_mirrors(assembly, body, surface)
    _add_roof(assembly, body, surface)


def _line(points: list[tuple[float, float]], radius: float, x: float, count: int = 14) -> Floats:
    """A path [count, 3] in side view through (z, y), with rounded corners."""
    line = fillet(np.array(points), radius, 5)
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    places = np.linspace(0.0, way[-1], count)
    z, y = (np.interp(places, way, line[:, k]) for k in range(2))
    return np.stack([np.full(count, x), y, z], axis=1)


def _add_housings(assembly: Assembly, body: Body) -> None:
    """Dark linings of the wheel wells, and cladding round them and along the sills."""
    p = body.lines.p
    black = material(_BLACK)
    axles = [("front", p.front_axle)] + ([("back", p.rear_axle)] if p.body != "truck" else [])
    for name, axle in axles:
        inside = np.abs(body.z - axle) <= p.arch_radius + 1e-6
        piece = body.grid[inside][:, 1 : SILL + 1].copy()
        piece[:, -1, 0] -= 0.012
        assembly.add_pair(f"housing_{name}", "chassis", skin(piece, 0.004, 0.01).mirrored(), black)
    if p.cladding:
        front, rear = body.lines.ends
        span = (body.z > front + 0.02) & (body.z < rear - 0.02)
        piece = body.grid[span][:, [SILL, SILL + 2]]
        assembly.add_pair("cladding", "trim", skin(piece, 0.009, 0.012).mirrored(), black)


def _add_doors(assembly: Assembly, body: Body, surface: Surface) -> None:
    lines = body.lines
    p = lines.p
    aside = (1.0, 0.0, 0.0)
    black, x = material("rubber:black"), -p.width

    def belt(z: float) -> float:
        return float(lines.belt(np.array([z]))[0])

    start = min(p.front_axle + p.arch_radius + 0.07, door_end(lines) - 0.5)
    end = door_end(lines)
    low = p.ground_clearance + 0.13
    path = [(start + 0.02, belt(start) - 0.05), (start, low), (end, low), (end, belt(end) + 0.02)]
    assembly.add_pair("seam_door_front", "seams", surface.seam(_line(path, 0.06, x), aside), black)
    if p.body not in {"truck", "convertible"}:
        spans = panes(lines)
        zs = np.linspace(max(spans[0][0], lines.ends[0]) + 0.06, spans[-1][1], 12)
        tall = lines.top(zs) - lines.belt(zs) > 0.1
        edge = lines.warp(np.stack([np.full(12, x), lines.belt(zs) + 0.014, zs], axis=1))[tall]
        assembly.add_pair("moulding", "trim", surface.seam(edge, aside, 0.022, 0.006), material(p.trim_material))
    handles = [("front", end - 0.2)]
    if p.doors == 4 and p.body != "truck":
        last = door_cuts(lines)[1]
        arch = p.rear_axle - p.arch_radius - 0.05
        foot = min(arch, last)
        path = [(end + 0.016, low), (foot - 0.02, low), (foot, p.wheel_radius + 0.1), (last, belt(last) - 0.01)]
        assembly.add_pair("seam_door_back", "seams", surface.seam(_line(path, 0.08, x), aside), black)
        handles.append(("back", last - 0.17))
    gap = p.rear_axle - p.arch_radius - end
    if p.body == "coupe" and p.side_glass == 1 and gap > 0.2:
        # The intake of an engine behind the seats.
        y = p.wheel_radius + 0.12
        z0, z1 = end + 0.05, end + min(0.5, gap - 0.02)
        corners = np.array([[x, y - 0.1, z0 + 0.08], [x, y + 0.08, z0], [x, y + 0.16, z1], [x, y - 0.04, z1]])
        intake = surface.patch(rounded(corners, 0.03, 18), aside, 0.007, 2)
        assembly.add_pair("side_intake", "grille", intake, material(_BLACK))
    for name, z in handles:
        y = belt(z) - 0.09
        corners = np.array(
            [[x, y - 0.014, z - 0.08], [x, y - 0.014, z + 0.08], [x, y + 0.014, z + 0.08], [x, y + 0.014, z - 0.08]]
        )
        handle = surface.patch(rounded(corners, 0.012, 12), aside, 0.022, 2)
        assembly.add_pair(f"handle_{name}", "trim", handle, material(p.trim_material))
        if name == "front":
            assembly.mark_pair("handle_front", handle.vertices[-1])


def _add_lids(assembly: Assembly, body: Body, surface: Surface) -> None:
    """Seams of bonnet and boot or tailgate."""
    lines = body.lines
    p = lines.p
    black = material("rubber:black")
    if not lines.cab_over:
        zs = np.linspace(lines.cowl - 0.04, lines.ends[0] + 1.3 * lines.rounding + 0.03, 8)
        x, y = roof_edge(lines, zs)
        left = np.stack([-x, y, zs], axis=1)
        across = np.stack([np.linspace(-x[-1], x[-1], 9), np.full(9, y[-1]), np.full(9, zs[-1])], axis=1)[1:-1]
        path = lines.warp(np.concatenate([left, across, left[::-1] * [-1.0, 1.0, 1.0]]))
        assembly.add("seam_bonnet", "seams", surface.seam(path, (0.0, -1.0, 0.0)), black)
    if p.body == "truck":
        return
    low = lines.bumper_height + 0.05
    wide = 0.36 * p.width
    z = lines.ends[1]
    if lines.steep_back:
        points = [
            (-wide, p.height - 0.2),
            (-1.08 * wide, low + 0.2),
            (-wide, low),
            (wide, low),
            (1.08 * wide, low + 0.2),
        ]
        points.append((wide, p.height - 0.2))
    else:
        points = [
            (-1.08 * wide, tail_top(lines) - 0.02),
            (-wide, low),
            (wide, low),
            (1.08 * wide, tail_top(lines) - 0.02),
        ]
    path = _line([(a, b) for a, b in points], 0.07, 0.0, 22)
    path = np.stack([path[:, 2], path[:, 1], np.full(22, z)], axis=1)
    assembly.add("seam_boot", "seams", surface.seam(path, (0.0, 0.0, -1.0)), black)


def tail_top(lines: Lines) -> float:
    """Height of the upper edge of the tail's face."""
    return float(lines.top(np.array([lines.ends[1]]))[0])


def _add_mirrors(assembly: Assembly, body: Body, surface: Surface) -> None:
    lines = body.lines
    p = lines.p
    z = (lines.ends[0] + 0.28) if lines.cab_over else max(lines.cowl + 0.24, p.front_axle + 0.25)
    z = min(z, door_end(lines) - 0.4)
    y = float(lines.belt(np.array([z]))[0])
    x = float(side(lines, np.array([z]), np.array([y]))[0])
    tall = 0.17 if p.body in {"truck", "van"} else 0.065
    angles = np.linspace(0.05, np.pi - 0.05, 7)
    ball = lathe(np.stack([np.sin(angles) ** 0.7, -np.cos(angles)], axis=1), 12)
    centre = np.array([-x - 0.075, y + 0.045 + tall, z])
    size = np.array([0.10, tall, 0.07])

    def shape(v: Floats) -> Floats:
        made = v * size
        # The glass side is flat.
        made[:, 2] = np.where(made[:, 2] > 0, 0.35 * made[:, 2], made[:, 2])
        return made + centre

    mirror = assembly.add_pair("mirror", "mirrors", ball.warped(shape), material(p.paint if tall < 0.1 else _BLACK))
    assembly.mark_pair("mirror", mirror.nearest(centre - [0.2, 0.0, 0.0]))
    foot = np.array([-x + 0.16, y - 0.07, z + 0.01])
    arm = bar(foot, centre - np.array([0.0, 0.6 * tall, 0.0]), bar_section(0.035, 0.05, 0.01, 3), (0.0, 0.0, 1.0))
    assembly.add_pair("mirror_arm", "mirrors", arm, material(_BLACK))


def _add_roof(assembly: Assembly, body: Body, surface: Surface) -> None:
    """A contrast skin, rails or a sunroof; a spoiler at the tail."""
    lines = body.lines
    p = lines.p
    closed = p.body != "convertible"
    rear = lines.ends[1] - 0.09 if lines.steep_back else lines.roof_rear
    front = lines.ends[0] + 0.12 if lines.cab_over else lines.roof_front
    if p.roof == "contrast" and closed:
        span = (body.z > front - 0.04) & (body.z < rear + 0.04)
        piece = body.grid[span][:, EDGE - 1 : 2 * TOP - EDGE + 2]
        piece = piece[thinned(piece[:, [0, 3, len(piece[0]) // 2]].reshape(len(piece), -1), 0.003)]
        assembly.add("roof", "roof", skin(piece, 0.007, 0.012), material(p.second_paint), 32.0)
    if p.roof == "rails" and closed:
        zs = np.linspace(front + 0.12, rear - 0.12, 10)
        x, y = roof_edge(lines, zs)
        lift = 0.045 * np.minimum(1.0, 6.0 * np.sin(np.linspace(0.0, np.pi, 10))) - 0.02
        path = lines.warp(np.stack([-x + 0.045, y + lift + 0.02, zs], axis=1))
        rail = sweep(path, disc(0.015, 8), (0.0, 1.0, 0.0), edge=0.006)
        assembly.add_pair("rail", "trim", rail, material(p.trim_material))
    if p.roof == "sunroof" and closed and rear - front > 0.7:
        z0, z1 = front + 0.12, min(front + 0.75, rear - 0.15)
        x, _ = roof_edge(lines, np.array([0.5 * (z0 + z1)]))
        wide = float(x[0]) - 0.1
        corners = np.array([[-wide, p.height, z0], [wide, p.height, z0], [wide, p.height, z1], [-wide, p.height, z1]])
        mesh = surface.patch(rounded(corners, 0.06, 32), (0.0, -1.0, 0.0))
        assembly.add("sunroof", "glass", mesh, material(p.glazing))
    if p.spoiler:
        _add_spoiler(assembly, lines)


def _add_spoiler(assembly: Assembly, lines: Lines) -> None:
    """A wing on two posts over a deck, or a lip that carries a steep back's roof on."""
    p = lines.p
    paint = material(p.paint)
    across = np.linspace(-1.0, 1.0, 9)
    if lines.steep_back:
        z = lines.ends[1] - 0.06
        y = float(lines.top(np.array([z - 0.1]))[0])
        path = np.stack([0.36 * p.width * across, y - 0.035 - 0.04 * across**2, np.full(9, z)], axis=1)
        mesh = sweep(lines.warp(path), bar_section(0.26, 0.035, 0.012, 2), (0.0, 1.0, 0.0), edge=0.012)
        assembly.add("spoiler", "trim", mesh, paint)
        return
    z = lines.ends[1] - 0.13
    y = float(lines.top(np.array([z]))[0])
    half, height = 0.38 * p.width, y + 0.085
    path = np.stack([half * across, height - 0.03 * across**4, z + 0.07 - 0.05 * across**2], axis=1)
    mesh = sweep(path, bar_section(0.15, 0.022, 0.008, 2), (0.0, 1.0, 0.0), edge=0.008)
    assembly.add("spoiler", "trim", mesh, paint)
    foot, top = np.array([-0.55 * half, y - 0.08, z]), np.array([-0.55 * half, height, z + 0.05])
    assembly.add_pair("spoiler_post", "trim", bar(foot, top, bar_section(0.03, 0.09, 0.01, 2), (0.0, 0.0, 1.0)), paint)
