"""Windscreen, backlight and the panes of the sides.

The one idea: a pane is the stretch of glasshouse between two pillars, its outline read off the body's lines.
"""

from __future__ import annotations

import itertools

import numpy as np

from render.modeller.cars.body import Body, roof_edge, side
from render.modeller.cars.lines import Lines
from render.modeller.cars.surface import Surface, rounded
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats


def add_glazing(assembly: Assembly, body: Body, surface: Surface) -> None:
    """All panes."""
    lines, p = body.lines, body.lines.p
    glass = material(p.glazing)
    if p.body == "convertible":
        return
    if not lines.cab_over:
        outline, direction = _slanted(lines, lines.cowl, lines.roof_front, 1)
        assembly.add("windscreen", "glass", surface.patch(outline, direction, 0.008, 3), glass)
    else:
        outline, direction = _upright(lines, -1)
        assembly.add("windscreen", "glass", surface.patch(outline, direction, 0.008, 3), glass)
    if lines.steep_back:
        outline, direction = _upright(lines, 1)
        assembly.add("backlight", "glass", surface.patch(outline, direction, 0.008, 3), glass)
    else:
        outline, direction = _slanted(lines, lines.deck_front, lines.roof_rear, -1)
        assembly.add("backlight", "glass", surface.patch(outline, direction, 0.008, 3), glass)
    for k, (start, end) in enumerate(panes(lines)):
        pane = _side(lines, start, end)
        if pane is not None:
            mesh = surface.patch(pane, (1.0, 0.0, 0.0), 0.009, 3)
            assembly.add_pair(f"side_glass_{k + 1}", "glass", mesh, glass)


def panes(lines: Lines) -> list[tuple[float, float]]:
    """Where the panes of a side begin and end (z), from the front."""
    p = lines.p
    start = lines.ends[0] + 0.05 + 0.75 * lines.plan_rounding if lines.cab_over else lines.cowl
    end = lines.ends[1] - 0.05 - 0.75 * lines.plan_rounding if lines.steep_back else lines.deck_front
    if p.side_glass == 1:
        return [(start, door_end(lines))]
    cuts = [start, *door_cuts(lines)]
    cuts = cuts[: p.side_glass + 1]
    if len(cuts) < p.side_glass + 1:
        cuts.append(end)
    else:
        cuts[-1] = max(cuts[-1], end) if p.side_glass > 1 else cuts[-1]
    return [(a + 0.03 * (k > 0), b - 0.03 * (k < len(cuts) - 2)) for k, (a, b) in enumerate(itertools.pairwise(cuts))]


def door_end(lines: Lines) -> float:
    """z of the rear edge of the front doors."""
    p = lines.p
    front = p.front_axle + p.arch_radius + 0.06
    reach = 1.25 if p.doors == 2 else 1.02
    share = 0.62 if p.doors == 2 else 0.50
    end = min(front + reach, front + share * (p.rear_axle - front))
    return float(max(end, front + 0.62)) if p.body != "truck" else lines.tail - 0.12


def door_cuts(lines: Lines) -> list[float]:
    """z of the pillars behind the front and rear doors."""
    p = lines.p
    first = door_end(lines)
    return [first] if p.doors == 2 else [first, min(first + 0.88, p.rear_axle + 0.15)]


def _slanted(lines: Lines, low_z: float, high_z: float, way: int) -> tuple[Floats, Floats]:
    """The outline of a pane from its foot at `low_z` to its top at `high_z`, and the direction to throw it along."""
    run = high_z - low_z
    foot, top = low_z + 0.09 * run + way * 0.015, high_z - 0.05 * run - way * 0.01
    zs = np.linspace(foot, top, 7)
    across = np.linspace(1.0, -1.0, 9)
    x, y = roof_edge(lines, zs)
    crown = lines.top(zs)
    reach = (x - 0.055) / x

    def at(k: int, share: Floats | float) -> Floats:
        part = np.atleast_1d(np.asarray(share, float)) * reach[k]
        return np.stack([part * x[k], crown[k] - (crown[k] - y[k]) * part**2, np.full(len(part), zs[k])], axis=1)

    loop = (
        [at(0, across)] + [at(k, -1.0) for k in range(1, 6)] + [at(6, -across)] + [at(k, 1.0) for k in range(5, 0, -1)]
    )
    outline = lines.warp(np.concatenate(loop))
    rise = float(crown[-1] - crown[0])
    direction = np.array([0.0, -abs(run), way * rise]) if abs(run) > 1e-6 else np.array([0.0, 0.0, float(way)])
    return rounded(outline, 0.06, 32), direction


def _upright(lines: Lines, way: int) -> tuple[Floats, Floats]:
    """The outline of a pane in the nose (-1) or tail (1), and the direction to throw it along."""
    p = lines.p
    z = lines.ends[0] if way < 0 else lines.ends[1]
    x, _ = roof_edge(lines, np.array([z - way * 0.3]))
    low = p.bonnet_height + 0.02 if way < 0 else p.belt_height + p.belt_rise + 0.03
    high = float(lines.top(np.array([z]))[0]) - 0.06
    # A little wider than the flat of the face.
    wide_low = float(side(lines, np.array([z - way * 0.2 * lines.plan_rounding]), np.array([low]))[0]) - 0.05
    wide_high = min(float(x[0]) - 0.06, wide_low)
    corners = np.array([[wide_low, low, z], [-wide_low, low, z], [-wide_high, high, z], [wide_high, high, z]])
    return rounded(corners, 0.08, 28), np.array([0.0, 0.0, -float(way)])


def _side(lines: Lines, start: float, end: float) -> Floats | None:
    """The outline of a left pane between two pillars, or None where there is no room."""
    zs = np.linspace(start, end, 40)
    tall = np.flatnonzero(roof_edge(lines, zs)[1] - lines.belt(zs) > 0.16 + 0.05 * lines.p.roundness)
    if len(tall) == 0 or zs[tall[-1]] - zs[tall[0]] < 0.15:
        return None
    zs = np.linspace(zs[tall[0]], zs[tall[-1]], 12)
    x, y = roof_edge(lines, zs)
    low, high = lines.belt(zs) + 0.035, y - 0.035 - 0.05 * lines.p.roundness
    high = np.maximum(high, low + 0.06)
    outline = np.concatenate([np.stack([-x, low, zs], axis=1), np.stack([-x, high, zs], axis=1)[::-1]])
    return rounded(lines.warp(outline), 0.045, 24)
