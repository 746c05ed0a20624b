"""Tubs: a back that goes on round the seat, down to its sides or along to the ends of its arms.

The one idea: the wall is a loft of upright sections along the seat's outline, and their height follows the rim,
from the back's at the rear to the arms' in front.
"""

from __future__ import annotations

import numpy as np

from render.modeller.chairs.padding import add_roll, stagger
from render.modeller.chairs.properties import ChairProperties
from render.modeller.chairs.seat import within
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats, Mesh
from render.modeller.outlines import Outline, rounded_quad
from render.modeller.shapes import loft


class _Wall:
    """The wall's middle surface: a in [-1, 1] from its left end round the rear to its right one, at heights y."""

    def __init__(self, p: ChairProperties, outline: Outline) -> None:
        self._p = p
        path = outline.grown(0.5 * p.back_thickness - 0.012)
        begin = 0.135 if p.arms == "closed" else 0.235
        u = np.linspace(begin, 1.0 - begin, 161)
        line = np.array([path.at(float(at)) for at in u])
        way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        self.length = float(way[-1])
        self._a = 2 * way / way[-1] - 1
        self._line = line
        along = np.gradient(line, way, axis=0)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        # On the way from the left end round the rear to the right one, the sitter is on the left hand.
        self._inward = np.stack([along[:, 1], -along[:, 0]], axis=1)
        self.corner = float(np.interp(0.375, u, self._a))
        low = min(within(p, float(x), float(z), 0.15) for x, z in line[::10])
        # As wide as it gets at half the seat's thickness, however round its foot is.
        self.low = min(
            low - (0.012 if p.seat_thickness > 0.06 else 0.0), low + 0.35 * p.seat_thickness - 0.46 * p.back_thickness
        )
        end = p.arm_height if p.arms == "closed" else 0.3 * p.back_height
        self._rims = (p.seat_height + end, p.seat_height + p.back_height)
        self._bend = min(
            max(p.back_corner, 0.5 * p.back_thickness), 0.45 * (self._rims[0] - self.low), 0.2 * self.length
        )

    def rim(self, a: Floats) -> Floats:
        """Height of the rim, rounded off towards its two ends, metres."""
        flat, gone = (0.28, 0.80) if self._p.arms == "closed" else (0.2, 0.97)
        share = np.clip((np.abs(a) - flat) / (gone - flat), 0.0, 1.0)
        share = share**2 * (3 - 2 * share)
        low, high = self._rims
        left = np.clip((1.0 - np.abs(a)) * self.length / 2, 0.0, self._bend)
        height: Floats = high + (low - high) * share - _quarter(left, self._bend)
        return height

    def place(self, a: Floats, y: Floats, towards: Floats) -> Floats:
        """Points [N, 3], `towards` metres from the middle surface to the sitter."""
        a = np.clip(a, -1.0, 1.0)
        x, z, nx, nz = (np.interp(a, self._a, column) for column in (*self._line.T, *self._inward.T))
        above = np.maximum(y - self._p.deck, 0.0)
        lean = np.tan(np.radians(self._p.back_tilt)) * (0.35 + 0.65 * np.cos(0.5 * np.pi * np.abs(a)))
        off = towards - lean * above
        return np.stack([x + nx * off, y, z + nz * off], axis=1)

    def solid(self) -> Mesh:
        """The wall, u round its section from the middle of its foot up the inner face, v from left to right."""
        thick = self._p.back_thickness
        edge = min(0.42 * thick, 0.03)
        turn = 1.0 - np.cos(np.linspace(0.0, np.pi / 2, 6))
        depths = np.sort(np.concatenate([edge * turn[:-1], self._bend * turn]))
        # Sections closer to each other than this would make slivers.
        kept = np.concatenate([[True], np.diff(depths) > 6e-4])
        ends = depths[kept] * 2 / self.length
        middle = np.linspace(-1.0 + ends[-1], 1.0 - ends[-1], 42)[1:-1]
        stations = np.concatenate([ends - 1.0, middle, 1.0 - ends[::-1]])
        rims = self.rim(stations)
        rings = []
        for a, rim in zip(stations, rims, strict=True):
            drawn_in = float(_quarter(min((1.0 - abs(a)) * self.length / 2, edge), edge)) * 0.8
            wide, tall = thick - 2 * drawn_in, rim - self.low - 2 * drawn_in
            section = rounded_quad(wide, wide, tall, 0.46 * wide, 4, 3)
            across, up = section.points.T
            rings.append(self.place(np.full(len(up), a), up + 0.5 * (rim + self.low), -across))
        return loft(np.stack(rings), section.u)


def _quarter(inside: Floats | float, radius: float) -> Floats:
    """How far a quarter circle of that radius has fallen, so far inside of its end."""
    fallen: Floats = radius - np.sqrt(np.maximum(radius**2 - (radius - np.asarray(inside)) ** 2, 0.0))
    return fallen


def add_tub(p: ChairProperties, assembly: Assembly, outline: Outline) -> None:
    """The wall round the seat; marks the back's keypoints and, with arms 'closed', those of the arms."""
    wall = _Wall(p, outline)
    cover = p.upholstery if p.back_thickness > 0.04 else p.back_material
    mesh = assembly.add("back_wall", "back", wall.solid(), material(cover), 60.0)
    if p.tufting == "channels":
        _add_channels(p, assembly, wall)

    def top(a: float) -> Floats:
        return mesh.nearest(wall.place(np.array([a]), wall.rim(np.array([a])), np.zeros(1))[0])

    assembly.mark_pair("back_top", top(wall.corner))
    assembly.mark("back_top", top(0.0))
    face = wall.place(np.zeros(1), np.array([p.seat_height + 0.55 * p.back_height]), np.array([0.5 * p.back_thickness]))
    assembly.mark("back_center", mesh.nearest(face[0]))
    if p.arms == "closed":
        assembly.mark_pair("arm_front", top(-0.93))
        assembly.mark_pair("arm_back", top(-0.74))


def _add_channels(p: ChairProperties, assembly: Assembly, wall: _Wall) -> None:
    """Upright rolls side by side on the wall's inner face, above the seat."""
    span = 0.9 * wall.length
    count = int(np.clip(round(span / 0.085), 5, 13))
    depth = 0.5 * p.back_thickness - 0.003
    for k in range(count):
        a = 0.9 * (2 * (k + 0.5) / count - 1)
        y = np.linspace(
            p.deck - 0.3 * min(p.seat_thickness, 0.04), float(wall.rim(np.array([a]))[0]) - 0.016, 8
        ) + stagger(k)
        around = np.full(8, a)
        path, inner = (wall.place(around, y, np.full(8, towards)) for towards in (depth, depth - 0.02))
        add_roll(assembly, f"back_roll_{k + 1}", path, inner, span / count, p.upholstery)
