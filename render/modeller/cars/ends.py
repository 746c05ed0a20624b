"""Nose and tail: lamps, grille, intake, number plates, bumpers.

The one idea: a face is drawn in front view, in shares of the car's width and heights between bumper and bonnet, and
thrown on the body; lamps that wrap round a corner are thrown along the diagonal.
"""

from __future__ import annotations

import numpy as np

from render.modeller.cars.body import Body, side
from render.modeller.cars.surface import Surface, rounded
from render.modeller.materials import Material, material
from render.modeller.mesh import Assembly, Floats, Mesh
from render.modeller.outlines import Outline, bar_section
from render.modeller.shapes import lathe, sweep

_BLACK = "plastic:black"


def add_ends(assembly: Assembly, body: Body, surface: Surface) -> None:
    """Everything on nose and tail."""
    _add_grille(assembly, body, surface)
    _add_headlamps(assembly, body, surface)
    if body.lines.p.body != "truck":
        _add_tail_lamps(assembly, body, surface)
    _add_bumpers(assembly, body, surface)
    if body.lines.p.spare_wheel:
        _add_spare(assembly, body, surface)


def face_top(body: Body) -> float:
    """Height of the upper edge of the nose's face."""
    p = body.lines.p
    return (p.bonnet_height if body.lines.cab_over else p.nose_height) - 0.7 * body.lines.rounding * (
        0.3 if body.lines.cab_over else 1.0
    )


def _flat(corners: list[tuple[float, float]], z: float, radius: float, count: int = 20) -> Floats:
    """A rounded outline [count, 3] in front view from corners (x, y)."""
    points = np.array([[x, y, z] for x, y in corners])
    return rounded(points, radius, count)


def _add_grille(assembly: Assembly, body: Body, surface: Surface) -> None:
    p = body.lines.p
    z, top, low, wide = body.lines.ends[0], face_top(body), p.ground_clearance, p.width
    ahead = (0.0, 0.0, 1.0)
    black, trim = material(_BLACK), material(p.trim_material)
    middle = body.lines.bumper_height
    gap = top - middle
    if p.grille == "bar":
        corners = [(-0.27, 0.14), (0.27, 0.14), (0.3, 0.9), (-0.3, 0.9)]
    elif p.grille == "wide":
        corners = [(-0.2, 0.1), (0.2, 0.1), (0.25, 0.86), (-0.25, 0.86)]
    else:
        corners = [(-0.15, -0.55), (0.15, -0.55), (0.19, 0.9), (-0.19, 0.9)]
    if p.grille != "none":
        shape = [(x * wide, middle + y * gap) for x, y in corners]
        chrome = p.grille == "tall" or p.bumpers == "chrome"
        if chrome:
            centre = np.mean(shape, axis=0)
            frame = [tuple(centre + (np.array(c) - centre) * (1.10, 1.16)) for c in shape]
            assembly.add("grille_frame", "grille", surface.patch(_flat(frame, z, 0.05), ahead, 0.006), trim)
        outline = _flat(shape, z, 0.03)
        assembly.add("grille", "grille", surface.patch(outline, ahead, 0.01 if chrome else 0.005), black)
        bars = {"bar": 1, "wide": 3, "tall": 3}[p.grille]
        (x0, y0), (x1, y1) = shape[1], shape[2]
        for k in range(bars):
            share = (k + 1) / (bars + 1)
            x, y = 0.94 * (x0 + (x1 - x0) * share), y0 + (y1 - y0) * share
            path = np.stack([np.linspace(-x, x, 7), np.full(7, y), np.full(7, z)], axis=1)
            bar = surface.seam(path, ahead, 0.016, 0.016)
            assembly.add(f"grille_bar_{k + 1}", "grille", bar, trim)
    top_of_intake = middle - 0.62 * gap if p.grille == "tall" else middle - 0.3 * gap
    floor = low + 0.09
    if top_of_intake - floor > 0.05 and not body.lines.cab_over:
        shape = [(-0.3 * wide, floor), (0.3 * wide, floor), (0.26 * wide, top_of_intake), (-0.26 * wide, top_of_intake)]
        assembly.add("intake", "grille", surface.patch(_flat(shape, z, 0.03), ahead, 0.004), black)
    plate = _flat([(-0.24, -0.055), (0.24, -0.055), (0.24, 0.055), (-0.24, 0.055)], z, 0.012, 12)
    plate[:, 1] += middle - 0.06
    assembly.add("plate_front", "trim", surface.patch(plate, ahead, 0.022, 2), material("plastic:white"))


def _wrapped(body: Body, corners: list[tuple[float, float]], front: bool, radius: float) -> Floats:
    """A lamp's outline from corners (share of the half width, height), with depths that follow the corner."""
    lines = body.lines
    z = lines.ends[0] if front else lines.ends[1]
    half = 0.5 * lines.p.width
    points = []
    for x, y in corners:
        back = lines.plan_rounding * 1.4 * max(x - 0.66, 0.0) / 0.34
        points.append([-x * half, y, z + (back if front else -back)])
    return rounded(np.array(points), radius, 18)


def _lamp(
    assembly: Assembly,
    surface: Surface,
    name: str,
    outline: Floats,
    way: tuple[float, float, float],
    matter: str,
    housing: Material,
    small: float = 0.78,
) -> None:
    """A pair of lamps: a housing, and in it the lens."""
    assembly.add_pair(f"{name}_housing", "lamps", surface.patch(outline, way, 0.009, 2), housing)
    middle = outline.mean(axis=0)
    lens = surface.patch(middle + (outline - middle) * small, way, 0.014, 3, dome=0.006)
    assembly.add_pair(name, "lamps", lens, material(matter))
    assembly.mark_pair(name, lens.vertices[-1])


def _add_headlamps(assembly: Assembly, body: Body, surface: Surface) -> None:
    p = body.lines.p
    top, middle = face_top(body), body.lines.bumper_height
    y = top - 0.3 * (top - middle)
    black = material("glass:privacy")
    if p.headlights == "round":
        size = min(0.1, 0.48 * (top - middle) + 0.02)
        outline = _circle(0.37 * p.width, y - 0.01, body.lines.ends[0], size)
        _lamp(assembly, surface, "headlamp", outline, (0.25, 0.0, 1.0), "lamp:white", material("metal:chrome"), 0.84)
        return
    tall = 0.75 * (top - middle)
    if p.headlights == "square":
        tall = min(tall, 0.2)
        corners = [(0.5, y - tall / 2), (0.5, y + tall / 2), (0.84, y + tall / 2), (0.84, y - tall / 2)]
        amber = [(0.86, y - tall / 2), (0.86, y + tall / 2), (0.96, y + tall / 2), (0.96, y - tall / 2)]
        blinker = surface.patch(_wrapped(body, amber, True, 0.012)[::2], (0.5, 0.0, 0.85), 0.012, 2)
        assembly.add_pair("indicator", "lamps", blinker, material("lamp:amber"))
        outline, way = _wrapped(body, corners, True, 0.02), (0.35, 0.0, 1.0)
    elif p.headlights == "slim":
        tall = min(0.5 * tall, 0.085)
        corners = [(0.42, y - 0.3 * tall), (0.44, y + 0.25 * tall), (0.93, y + tall), (0.96, y + 0.1 * tall)]
        outline, way = _wrapped(body, corners, True, 0.012), (0.55, -0.1, 0.85)
    else:
        tall = min(tall, 0.19)
        corners = [(0.5, y - 0.45 * tall), (0.5, y - 0.05 * tall), (0.95, y + 0.75 * tall), (0.92, y - 0.2 * tall)]
        outline, way = _wrapped(body, corners, True, 0.03), (0.5, -0.15, 0.85)
    _lamp(assembly, surface, "headlamp", outline, way, "lamp:white", black)


def _circle(x: float, y: float, z: float, radius: float) -> Floats:
    angles = np.linspace(0.0, 2 * np.pi, 18, endpoint=False)
    return np.stack([-x + radius * np.cos(angles), y + radius * np.sin(angles), np.full(18, z)], axis=1)


def tail_height(body: Body) -> float:
    """Height of the middle of the tail lamps."""
    p = body.lines.p
    if p.body in {"estate", "van"} or (p.body == "hatchback" and p.headlights != "slim"):
        return p.belt_height + p.belt_rise - 0.06
    top = p.boot_height if not body.lines.steep_back else p.belt_height + p.belt_rise
    return top - 0.7 * body.lines.rounding - 0.09


def _add_tail_lamps(assembly: Assembly, body: Body, surface: Surface) -> None:
    p = body.lines.p
    y = tail_height(body)
    black = material(_BLACK)
    z = body.lines.ends[1]
    if p.body in {"estate", "van"} or (p.body == "hatchback" and p.headlights != "slim"):
        corners = [(0.80, y - 0.13), (0.80, y + 0.14), (0.96, y + 0.17), (0.98, y - 0.13)]
        outline, way = _wrapped(body, corners, False, 0.03), (0.6, 0.0, -0.8)
    elif p.headlights == "round":
        outline, way = _circle(0.36 * p.width, y - 0.03, z, 0.075), (0.25, 0.0, -1.0)
        black = material("metal:chrome")
    elif p.body == "pickup":
        corners = [(0.86, y - 0.2), (0.86, y + 0.06), (0.99, y + 0.06), (0.99, y - 0.2)]
        outline, way = _wrapped(body, corners, False, 0.02), (0.6, 0.0, -0.8)
    else:
        inner = 0.3 if p.headlights == "slim" else 0.52
        tall = 0.04 if p.headlights == "slim" else 0.075
        corners = [(inner, y - 0.8 * tall), (inner, y + 0.8 * tall), (0.93, y + tall), (0.95, y - tall)]
        outline, way = _wrapped(body, corners, False, 0.02), (0.5, 0.0, -0.85)
    _lamp(assembly, surface, "tail_lamp", outline, way, "lamp:red", black, 0.86)
    low = body.lines.bumper_height + (0.12 if p.bumpers != "body" else 0.06)
    plate = _flat([(-0.25, low), (0.25, low), (0.25, low + 0.11), (-0.25, low + 0.11)], z, 0.012, 12)
    assembly.add("plate_back", "trim", surface.patch(plate, (0.0, 0.0, -1.0), 0.02, 2), material("plastic:white"))


def _add_spare(assembly: Assembly, body: Body, surface: Surface) -> None:
    """A spare wheel in its cover, upright on the back."""
    p = body.lines.p
    radius, deep = 0.92 * p.wheel_radius, 0.8 * p.tyre_width
    place = np.array(
        [[0.06 * p.width, max(p.belt_height - 0.6 * radius, body.lines.bumper_height + radius + 0.06), 0.0]]
    )
    (hit,), _ = surface.throw(place, np.array([0.0, 0.0, -1.0]))
    profile = [(0.5 * radius, -0.06), (0.9 * radius, -0.06), (radius, 0.2 * deep), (radius, 0.8 * deep)]
    cover = lathe([*profile, (0.9 * radius, deep), (0.5 * radius, deep + 0.008)], 24)
    cover = cover.warped(lambda v: np.stack([v[:, 0], -v[:, 2], v[:, 1]], axis=1) + hit)
    assembly.add("spare_wheel", "wheels", cover, material(p.second_paint if p.roof == "contrast" else _BLACK))


def _add_bumpers(assembly: Assembly, body: Body, surface: Surface) -> None:
    """Bars of chrome or plastic round nose and tail, or dark valances under body-coloured bumpers."""
    p = body.lines.p
    names = [("front", True)] + ([("back", False)] if p.body != "truck" else [])
    if p.body in {"coupe", "convertible"}:
        pipe = lathe([(0.02, 0.0), (0.048, 0.0), (0.048, 0.3), (0.036, 0.3), (0.03, 0.26), (0.008, 0.26)], 14)
        place = np.array([-0.24 * p.width, p.ground_clearance + 0.13, body.lines.tail - 0.31])
        tail = pipe.warped(lambda v: np.stack([v[:, 0], -v[:, 2], v[:, 1]], axis=1) + place)
        assembly.add_pair("tailpipe", "trim", tail, material("metal:chrome"))
    for name, front in names:
        if p.bumpers == "body":
            if not front:
                z, low = body.lines.ends[1], p.ground_clearance + 0.12
                shape = [(-0.36, low), (0.36, low), (0.33, low + 0.1), (-0.33, low + 0.1)]
                flat = _flat([(x * p.width, y) for x, y in shape], z, 0.03)
                mesh = surface.patch(flat, (0.0, 0.0, -1.0), 0.005)
                assembly.add("valance_back", "bumpers", mesh, material(_BLACK))
            continue
        chrome = p.bumpers == "chrome"
        y = body.lines.bumper_height - (0.05 if chrome else 0.09)
        section = bar_section(0.09, 0.095, 0.028, 2) if chrome else bar_section(0.075, 0.17, 0.022, 2)
        mesh = _bar(body, y, front, 0.22 if chrome else 0.4, 0.015 if chrome else 0.0, section)
        assembly.add(f"bumper_{name}", "bumpers", mesh, material("metal:chrome" if chrome else _BLACK))


def _bar(body: Body, y: float, front: bool, reach: float, out: float, section: Outline) -> Mesh:
    """A bar round the nose or tail at height y, running `reach` metres along the sides."""
    lines = body.lines
    end = lines.ends[0] if front else lines.ends[1]
    way = 1.0 if front else -1.0
    axle = lines.p.front_axle if front else lines.p.rear_axle
    reach = min(reach, abs(axle - end) - lines.p.arch_radius - 0.04)
    z = end + way * np.linspace(reach, 0.0, 14)
    x = side(lines, z, np.full(len(z), y))
    left = np.stack([-x, np.full(len(z), y), z], axis=1)
    across = np.linspace(-x[-1], x[-1], 9)[1:-1]
    face = np.stack([across, np.full(7, y), np.full(7, end)], axis=1)
    path = lines.warp(np.concatenate([left, face, left[::-1] * [-1.0, 1.0, 1.0]]))
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    even = np.linspace(0.0, length[-1], 15)
    path = np.stack([np.interp(even, length, path[:, k]) for k in range(3)], axis=1)
    path = path - np.array([0.0, 0.0, way * out])
    return sweep(path, section, (0.0, 1.0, 0.0), edge=0.012)
