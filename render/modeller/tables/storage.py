"""What a table holds: shelves, drawers under the top, cabinets between the legs and pigeonholes on the top.

The one idea: all of it hangs between the lines of the legs, or stands on the top.
"""

from __future__ import annotations

import numpy as np

from render.modeller.bases import Frame
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Mesh
from render.modeller.outlines import disc, ellipse, rounded_quad
from render.modeller.shapes import box, fillet, lathe, slab, sweep
from render.modeller.tables.properties import TableProperties


def add_shelf(p: TableProperties, assembly: Assembly, frame: Frame) -> None:
    """A board whose corners (or rim, under a round top) lie in the four legs."""
    corner = frame.at("front", p.shelf_height)
    back = frame.at("back", p.shelf_height)
    thick = min(0.022, p.top_thickness)
    if p.round_top:
        shape = ellipse(-2 * corner[0] * 2**0.5, -2 * corner[2] * 2**0.5, 64)
    else:
        more = 0.3 * p.leg_thickness
        shape = rounded_quad(more - 2 * corner[0], more - 2 * back[0], back[2] - corner[2] + more, 0.006, 3)
    mesh = slab(shape, p.shelf_height - thick, p.shelf_height, 0.003)
    if not p.round_top:
        mesh = mesh.moved(z=(corner[2] + back[2]) / 2)
    assembly.add("shelf", "shelf", mesh, material(p.top_material))
    assembly.mark("shelf_center", mesh.nearest(np.array([0.0, p.shelf_height, (corner[2] + back[2]) / 2])))


def add_drawers(p: TableProperties, assembly: Assembly, frame: Frame) -> None:
    """A case between the legs, with fronts that stand out a little and a knob or bar on each."""
    y = p.underside - p.apron_height
    front, back = frame.at("front", p.underside), frame.at("back", p.underside)
    out = 0.36 * p.leg_thickness
    low = (front[0] - out, y, front[2] - out)
    high = (-front[0] + out, p.underside + 0.003, back[2] + out)
    assembly.add("case", "apron", box(low, high, 0.003), material(p.frame_material))
    inner = -front[0] - 0.5 * p.leg_thickness - 0.004
    gap = 0.006
    width = (2 * inner - gap * (p.drawers + 1)) / p.drawers
    for k in range(p.drawers):
        x = -inner + gap + k * (width + gap)
        _add_front(p, assembly, f"{k + 1}", (x, y + gap), (x + width, p.underside - gap), low[2])


def _add_front(
    p: TableProperties,
    assembly: Assembly,
    name: str,
    low: tuple[float, float],
    high: tuple[float, float],
    face: float,
) -> None:
    """A drawer's front from (x, y) to (x, y) on a face at z, with its knob or bar."""
    width = high[0] - low[0]
    panel = box((*low, face - 0.008), (*high, face + 0.01), 0.0025)
    assembly.add(f"drawer_{name}", "drawers", panel, material(p.drawer_material))
    middle, height = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2
    handle = _knob() if width < 0.32 else _bar_handle(min(0.09, 0.22 * width))
    handle = handle.moved(middle, height, face - 0.008)
    assembly.add(f"handle_{name}", "drawers", handle, material(p.handle_material))
    if assembly.keypoints["handle"] is None:
        assembly.mark("handle", handle.nearest(np.array([middle, height, face - 0.058])))


def _knob() -> Mesh:
    """A knob that stands out towards -z from z = 0."""
    profile = [(0.0015, -0.003), (0.006, -0.003), (0.006, 0.01), (0.014, 0.015), (0.013, 0.024), (0.0015, 0.026)]
    return lathe(fillet(profile, 0.004, 3), 20).warped(lambda v: v[:, [0, 2, 1]] * [1.0, 1.0, -1.0])


def _bar_handle(reach: float) -> Mesh:
    """A bent bar along x that stands out towards -z from z = 0."""
    corners = [[-reach, 0.0, 0.004], [-reach, 0.0, -0.026], [reach, 0.0, -0.026], [reach, 0.0, 0.004]]
    return sweep(fillet(corners, 0.012, 4), disc(0.005, 10), (0.0, 1.0, 0.0))


def add_cabinets(p: TableProperties, assembly: Assembly, frame: Frame) -> None:
    """A case of drawers, one above the other, between the legs of one side or of both."""
    front, back = frame.at("front", p.underside), frame.at("back", p.underside)
    top = p.underside - p.apron_height + 0.003
    low = max(0.17 * p.height, 0.06)
    width = min(0.42, 0.38 * -2 * front[0])
    face, rear = front[2] - 0.2 * p.leg_thickness, back[2] + 0.2 * p.leg_thickness
    for side in ("left", "right"):
        if p.cabinet not in {side, "both"}:
            continue
        # The outer wall lies in the legs.
        x = (front[0], front[0] + width) if side == "left" else (-front[0] - width, -front[0])
        body = box((x[0], low, face), (x[1], top, rear), 0.003)
        assembly.add(f"cabinet_{side}", "cabinet", body, material(p.frame_material))
        edge = 0.5 * p.leg_thickness + 0.004
        inner = (x[0] + edge, x[1] - 0.008) if side == "left" else (x[0] + 0.008, x[1] - edge)
        rows = 2 if top - low < 0.42 else 3
        pitch = (top - low - 0.012) / rows
        for k in range(rows):
            y = top - 0.009 - (k + 1) * pitch
            _add_front(p, assembly, f"{side}_{k + 1}", (inner[0], y + 0.006), (inner[1], y + pitch), face)


def add_hutch(p: TableProperties, assembly: Assembly) -> None:
    """Pigeonholes along the back of the top: two ends, two dividers, a back and a board above."""
    matter = material(p.frame_material)
    y, top = p.height - 0.2 * p.top_thickness, p.height + p.hutch_height
    x, thick = -p.width / 2 + 0.03, 0.018
    rear = p.depth / 2 - 0.02 - p.edge_size
    front = rear - min(0.28, 0.42 * p.depth)
    assembly.add("hutch_top", "shelf", box((x, top - 0.02, front), (-x, top, rear), 0.003), matter)
    wall = box((x + 0.006, y, front + 0.006), (x + 0.006 + thick, top - 0.01, rear - 0.004), 0.002)
    assembly.add_pair("hutch_end", "shelf", wall, matter)
    divider = box((x / 3, y, front + 0.012), (x / 3 + thick, top - 0.01, rear - 0.008), 0.002)
    assembly.add_pair("hutch_divider", "shelf", divider, matter)
    sheet = box((x + 0.012, y + 0.001, rear - 0.018), (-x - 0.012, top - 0.012, rear - 0.006), 0.002)
    assembly.add("hutch_back", "shelf", sheet, matter)
    height = p.height + 0.55 * p.hutch_height
    board = box((x + 0.010, height, front + 0.016), (-x - 0.010, height + 0.014, rear - 0.012), 0.002)
    assembly.add("hutch_board", "shelf", board, matter)
