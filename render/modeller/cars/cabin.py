"""What an open car shows: the lining of its tub, a framed windscreen, seats and a wheel; and the lining of a bed.

The one idea: the tub is the body's own section, sunk; the lining is a skin over it.
"""

from __future__ import annotations

import numpy as np

from render.modeller.cars.body import EDGE, TOP, Body, side
from render.modeller.cars.surface import skin, thinned
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats
from render.modeller.outlines import bar_section, disc
from render.modeller.shapes import bar, box, fillet, sweep


def add_tub(assembly: Assembly, body: Body) -> None:
    """The dark lining of an open bed or cockpit."""
    start, end = body.lines.open_top or (0.0, 0.0)
    inside = (body.z > start + 0.003) & (body.z < end + 0.003)
    piece = body.grid[inside][:, EDGE + 1 : 2 * TOP - EDGE]
    piece = piece[thinned(piece[:, 0], 0.003)]
    assembly.add(
        "tub", "bed" if body.lines.p.body == "pickup" else "cabin", skin(piece, 0.004, 0.01), material("plastic:black")
    )


def add_cockpit(assembly: Assembly, body: Body) -> None:
    """Windscreen with its frame, two seats in front, a bench behind where there is room, and the steering wheel."""
    lines = body.lines
    p = lines.p
    top = p.height
    foot = float(side(lines, np.array([lines.cowl]), np.array([p.belt_height - 0.05]))[0]) - 0.10
    narrow = foot - np.tan(np.radians(p.tumblehome_deg)) * (top - p.bonnet_height) * 0.7
    rows, columns = np.linspace(0.0, 1.0, 6), np.linspace(1.0, -1.0, 13)
    low = p.bonnet_height - 0.05
    rake = np.tan(np.radians(p.windscreen_rake_deg))

    def at(height: Floats, across: Floats) -> Floats:
        x = (foot + (narrow - foot) * height) * across
        y = low + (top - 0.012 - low) * height
        z = lines.cowl + 0.02 + (y - low - 0.05) * rake + 0.0 * across
        return lines.warp(np.stack(np.broadcast_arrays(x, y, z), axis=-1))

    pane = at(rows[:, None], columns[None, :])
    assembly.add("windscreen_sheet", "glass", skin(pane, 0.004, 0.004), material("glass:green"))
    up = np.linspace(0.0, 1.0, 6)
    path = np.concatenate(
        [at(up, np.ones(6)), at(np.ones(9), np.linspace(1.0, -1.0, 11)[1:-1]), at(up[::-1], -np.ones(6))]
    )
    path = fillet(path, 0.04, 3)
    frame = sweep(
        path[np.append(True, np.linalg.norm(np.diff(path, axis=0), axis=1) > 0.004)],
        bar_section(0.03, 0.042, 0.01, 2),
        (0.0, 0.0, 1.0),
        edge=0.005,
    )
    assembly.add("windscreen_frame", "glass", frame, material(p.paint))
    start, end = lines.open_top or (0.0, 1.0)
    floor = float(lines.bottom(np.array([0.5 * (start + end)]))[0]) + 0.10
    rows_of_seats = [start + 0.60] + ([start + 1.32] if end - start > 1.75 else [])
    for k, z in enumerate(rows_of_seats):
        _add_seats(assembly, p.width, floor, z, p.belt_height, ("front", "back")[k])
    angles = np.linspace(0.0, 2 * np.pi, 16, endpoint=False)
    centre = np.array([-0.2 * p.width, p.belt_height - 0.06, start + 0.24])
    wheel = np.stack([0.17 * np.cos(angles), 0.15 * np.sin(angles), 0.08 * np.sin(angles)], axis=1) + centre
    black = material("leather:black")
    assembly.add("steering_wheel", "cabin", sweep(wheel, disc(0.014, 8), (0.0, 0.45, 0.9), closed=True), black)
    ahead = bar(wheel[12], np.array([centre[0], p.belt_height - 0.22, start - 0.12]), disc(0.02, 8))
    assembly.add("steering_column", "cabin", ahead, black)


def _add_seats(assembly: Assembly, width: float, floor: float, z: float, belt: float, row: str) -> None:
    """A pair of seats with their backs at `z`."""
    x, half = 0.2 * width, 0.13 * width
    leather = material("leather:tan" if width < 1.72 else "leather:espresso")
    seat = box((-x - half, floor - 0.03, z - 0.46), (-x + half, floor + 0.17, z + 0.02), 0.05, bevel=True)
    assembly.add_pair(f"seat_{row}", "cabin", seat, leather)
    back = box((-x - half, floor + 0.06, z - 0.05), (-x + half, belt + 0.10, z + 0.09), 0.045, bevel=True)
    lean = back.warped(lambda v: v + np.stack([0 * v[:, 0], 0 * v[:, 0], 0.22 * (v[:, 1] - floor)], axis=1))
    assembly.add_pair(f"seat_back_{row}", "cabin", lean, leather)
