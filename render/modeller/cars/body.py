"""The body of a car: one closed loft of cross-sections from nose to tail, with wheel arches that open.

The one idea: every section has the same landmarks (floor, well, sill, belt, roof edge, roof), so that a point of the
ring is the same place on all cars; an arch is the sill, pushed up to a circle about the axle.

Ring: [0] the floor's middle, then up the right side (+x) over the roof's middle [TOP] and down the left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from render.modeller.cars.lines import Lines
from render.modeller.mesh import Floats, Mesh
from render.modeller.shapes import loft

WELL = 2
"""First point of a section that lies in the wheel well."""
SILL = 3
"""The lower edge of the side."""
SIDE = 8
"""Points from the sill to the foot of the shoulder."""
BELT = SILL + SIDE + 1
"""The shoulder."""
GLASS = BELT + 3
"""First point above the shoulder."""
EDGE = GLASS + 4
"""The roof's edge."""
TOP = EDGE + 6
"""The roof's middle."""
_U_MARKS = ([0, SILL, BELT, EDGE, TOP], [0.0, 0.10, 0.26, 0.36, 0.5])


@dataclass(frozen=True)
class Body:
    """The body's `mesh`, the stations `z` [R] it was lofted through and its vertices as a `grid` [R, M, 3]."""

    lines: Lines
    mesh: Mesh
    z: Floats
    grid: Floats


def build_body(lines: Lines) -> Body:
    """The body along the lines."""
    z = stations(lines)
    half = _half_sections(lines, z)
    straight = np.concatenate([half, half[:, -2:0:-1] * [-1.0, 1.0, 1.0]], axis=1)
    grid = lines.warp(straight)
    rings = np.concatenate([_cap(lines, straight[0], (0.3, 0.65)), grid, _cap(lines, straight[-1], (0.65, 0.3))])
    u = np.interp(np.arange(TOP + 1), *_U_MARKS)
    u = np.concatenate([u, 1.0 - u[-2:0:-1]])
    v = np.concatenate([[0.02, 0.04], _lengthwise(lines, z), [0.96, 0.98]])
    return Body(lines, loft(rings, u, v), z, grid)


def _cap(lines: Lines, ring: Floats, scales: tuple[float, ...]) -> Floats:
    """Smaller copies [N, M, 3] of an end section, to close it as a curved face."""
    middle = np.array([0.0, 0.5 * (ring[:, 1].min() + ring[:, 1].max()), ring[0, 2]])
    return np.stack([lines.warp(middle + (ring - middle) * scale) for scale in scales])


def _lengthwise(lines: Lines, z: Floats) -> Floats:
    """v [R] by landmarks: nose 0.06, foot and top of the windscreen 0.3 and 0.4, of the backlight 0.75 and 0.65."""
    marks = np.array([z[0], lines.cowl, lines.roof_front, lines.roof_rear, lines.deck_front, z[-1]])
    for k in range(1, len(marks)):
        marks[k] = max(marks[k], marks[k - 1] + 0.01)
    for k in range(len(marks) - 2, -1, -1):
        marks[k] = min(marks[k], marks[k + 1] - 0.01)
    marks[0], marks[-1] = z[0], z[-1]
    return np.asarray(np.interp(z, marks, [0.06, 0.3, 0.4, 0.65, 0.75, 0.94]))


def stations(lines: Lines) -> Floats:
    """z [R] of the sections: close together where the body bends, and in pairs where it steps."""
    p = lines.p
    front, rear = lines.ends
    hard = [front, rear]
    axles = (p.front_axle,) if p.body == "truck" else (p.front_axle, p.rear_axle)
    for axle in axles:
        angles = np.linspace(0.0, np.pi, 12)
        hard += list(axle + p.arch_radius * np.cos(angles))
        hard += [axle - p.arch_radius - 0.003, axle + p.arch_radius + 0.003]
    if lines.open_top is not None:
        for z in lines.open_top:
            hard += [z, z + 0.006]
    curve = 1.0 - np.cos(np.linspace(0.0, np.pi / 2, 6))
    soft = [*(front + 1.05 * lines.plan_rounding * curve), *(rear - 0.8 * lines.plan_rounding * curve)]
    soft += [lines.cowl, lines.cowl - 0.05, lines.cowl + 0.05]
    for z, reach in ((lines.roof_front, 0.2), (lines.roof_rear, 0.2), (lines.deck_front, 0.12)):
        soft += list(z + reach * np.linspace(-1.0, 1.0, 4))
    soft += list(np.linspace(front, rear, int((rear - front) / 0.22) + 2))
    kept = sorted(z for z in hard if front <= z <= rear)
    kept = [z for k, z in enumerate(kept) if k == 0 or z - kept[k - 1] > 1e-3]
    for z in soft:
        if front < z < rear and min(abs(z - other) for other in kept) > 0.036:
            kept.append(z)
    return np.array(sorted(kept))


def side(lines: Lines, z: Floats, y: Floats) -> Floats:
    """Half width of the body's side at stations z and heights y (broadcast)."""
    p = lines.p
    w = lines.half_width(z)
    low, high = lines.bottom(z) + 0.03, lines.belt(z)
    middle = low + 0.55 * (high - low)
    below = np.clip((middle - y) / np.maximum(middle - low, 0.05), 0.0, 1.2)
    above = np.clip((y - middle) / np.maximum(high - middle, 0.05), 0.0, 1.2)
    x = w - (0.03 + 0.05 * p.roundness) * below**2.2 - (0.015 + 0.06 * p.roundness) * above**2.0
    share = (y - low) / np.maximum(high - low, 0.05)
    x = x + p.crease * np.maximum(1.0 - np.abs(share - 0.75) / 0.25, 0.0)
    for axle in (p.front_axle, p.rear_axle):
        away = np.hypot(z - axle, y - p.wheel_radius) - p.arch_radius
        x = x + p.flare * np.exp(-((np.maximum(away, 0.0) / 0.10) ** 2)) * (1.0 - 0.5 * above)
    return np.asarray(x)


def roof_edge(lines: Lines, z: Floats) -> tuple[Floats, Floats]:
    """(x, y) [R] of the line that the roof's edge, the pillars and the bonnet's flanks follow."""
    p = lines.p
    belt, top = lines.belt(z), lines.top(z)
    shoulder = side(lines, z, belt)
    crown = np.minimum(0.03 + 0.03 * p.roundness, 0.6 * (top - belt))
    y = top - crown
    rise = np.maximum(y - belt, 0.0)
    t = np.clip(rise / 0.3, 0.0, 1.0)
    inset = (0.055 + 0.08 * p.roundness) * (1.0 - t * t * (3 - 2 * t)) + 0.012
    x = shoulder - np.tan(np.radians(p.tumblehome_deg)) * rise - inset
    return np.asarray(np.maximum(x, 0.3 * shoulder)), np.asarray(y)


def _half_sections(lines: Lines, z: Floats) -> Floats:
    """The right halves [R, TOP + 1, 3] of the sections, from the floor's middle to the roof's."""
    p = lines.p
    count = len(z)
    bottom, belt, top = lines.bottom(z), lines.belt(z), lines.top(z)
    arch = np.full(count, -1.0)
    for axle in (p.front_axle,) if p.body == "truck" else (p.front_axle, p.rear_axle):
        inside = np.abs(z - axle) <= p.arch_radius + 1e-6
        rise = np.sqrt(np.maximum(p.arch_radius**2 - (z - axle) ** 2, 0.0))
        arch = np.where(inside, p.wheel_radius + rise, arch)
    open_below = arch > 0
    sill = np.where(open_below, arch, bottom + 0.03)
    sill_x = side(lines, z, sill)
    inner = np.minimum(p.width / 2 - p.tyre_width - 0.13, 0.72 * side(lines, z, bottom + 0.03))
    section = np.zeros((count, TOP + 1, 2))
    section[:, 0, 1] = section[:, 1, 1] = bottom
    section[:, 1, 0] = inner
    section[:, WELL, 0] = np.where(open_below, inner + 0.004, 0.5 * (inner + sill_x))
    section[:, WELL, 1] = np.where(open_below, arch, bottom + 0.006)
    edge_x, edge_y = roof_edge(lines, z)
    corner_x = side(lines, z, belt)
    span = np.hypot(edge_x - corner_x, edge_y - belt)
    soft = np.minimum(0.012 + 0.06 * p.roundness, 0.42 * span)
    soft = np.minimum(soft, 0.5 * (belt - sill))
    foot = belt - soft
    for k in range(SIDE + 1):
        y = sill + (foot - sill) * k / SIDE
        section[:, SILL + k, 0], section[:, SILL + k, 1] = side(lines, z, y), y
    corner = np.stack([corner_x, belt], axis=1)
    edge = np.stack([edge_x, edge_y], axis=1)
    way = (edge - corner) / span[:, None]
    begin, end = section[:, SILL + SIDE], corner + way * soft[:, None]
    for k, t in enumerate((0.25, 0.5, 0.75)):
        section[:, BELT + k] = _bend(begin, corner, end, t)
    crown = top - edge_y
    turn = np.minimum(0.03 + 0.06 * p.roundness, 0.35 * span)
    before = edge - way * turn[:, None]
    barrel = np.stack([-way[:, 1], way[:, 0]], axis=1) * -0.018
    for k, t in enumerate((0.0, 0.34, 0.67)):
        lift = np.minimum(4 * t * (1 - t) * np.clip(span / 0.3, 0.0, 1.0), 1.0)[:, None]
        section[:, GLASS + k] = end + (before - end) * t + barrel * lift
    past_x = edge_x - np.minimum(turn, 0.4 * edge_x)
    past = np.stack([past_x, top - crown * (past_x / edge_x) ** 2], axis=1)
    for k, t in enumerate((0.0, 0.33, 0.67, 1.0)):
        section[:, EDGE - 1 + k] = _bend(before, edge, past, t)
    for k in range(1, 5):
        x = past_x * (1.0 - k / 4)
        section[:, EDGE + 2 + k] = np.stack([x, top - crown * (x / edge_x) ** 2], axis=1)
    if lines.open_top is not None:
        _sink(lines, z, section, arch)
    return np.concatenate([section, np.broadcast_to(z[:, None, None], (count, TOP + 1, 1))], axis=2)


def _sink(lines: Lines, z: Floats, section: Floats, arch: Floats) -> None:
    """Lower the top between the steps of an open bed or cockpit to its floor, leaving a rim."""
    p = lines.p
    start, end = lines.open_top or (0.0, 0.0)
    inside = (z > start + 0.003) & (z < end + 0.003)
    if p.body == "pickup":
        floor = np.full(len(z), p.wheel_radius + p.arch_radius + 0.03)
    else:
        floor = np.maximum(lines.bottom(z) + 0.12, arch + 0.03)
    rim = section[:, EDGE, 0] - (0.02 if p.body == "pickup" else 0.09)
    count = TOP - EDGE
    for k in range(1, count + 1):
        share = (k - 1) / (count - 1)
        x = rim - 0.012 - (rim - 0.012) * share
        section[inside, EDGE + k, 0] = x[inside]
        section[inside, EDGE + k, 1] = floor[inside]


def _bend(a: Floats, b: Floats, c: Floats, t: float) -> Floats:
    """The point [R, 2] at t of the parabolas from a to c that leave towards b."""
    return np.asarray((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c)
