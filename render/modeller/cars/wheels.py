"""Wheels: tyres with their sidewalls, and rims in several styles.

The one idea: a wheel is turned about the y axis lying down, and stood up afterwards; spokes are one star-shaped
plate, so that a rim is closed whatever its style.
"""

from __future__ import annotations

import numpy as np

from render.modeller.cars.properties import CarProperties
from render.modeller.materials import material
from render.modeller.mesh import MIRROR, Assembly, Floats, Mesh
from render.modeller.outlines import disc
from render.modeller.shapes import bar, lathe, loft

_CENTRE = 0.004
"""Radius of the smallest ring of a lathed piece, metres."""
_POINTS = 24
_SPOKES = {"five_spoke": 5, "split_spoke": 10, "multi_spoke": 12, "turbine": 11}


def add_wheels(assembly: Assembly, p: CarProperties) -> None:
    """Four wheels on two axles."""
    tyre, rim, lip = _tyre(p), _rim(p), _lip(p)
    x = p.width / 2 - p.flare - 0.005
    black = material("plastic:black")
    for name, z in (("front", p.front_axle), ("back", p.rear_axle)):
        for part, label, mesh, matter in (
            ("tyre", "tyres", tyre, "rubber:black"),
            ("rim", "rims", rim, p.rim_material),
            ("lip", "rims", lip, p.rim_material),
        ):
            placed = _stood(mesh, p.wheel_radius, x, z)
            assembly.add_pair(f"{part}_{name}", label, placed, material(matter), 35.0)
            if part == "rim":
                assembly.mark_pair(f"wheel_{name}", placed.vertices[-1])
        end = np.array([x - 0.7 * p.tyre_width, p.wheel_radius, z])
        assembly.add(f"axle_{name}", "chassis", bar(end * MIRROR, end, disc(0.045, 10)), black)


def _stood(mesh: Mesh, radius: float, x: float, z: float) -> Mesh:
    """The mesh with its axis, y, along the left axle and its outer face, y = 0, at -x."""
    return mesh.warped(lambda v: np.stack([-x - v[:, 1], radius + v[:, 0], z + v[:, 2]], axis=1))


def _tyre(p: CarProperties) -> Mesh:
    """A tyre with a dark floor to its rim; it lies from y = -tyre_width to 0."""
    radius, wide, seat = p.wheel_radius, p.tyre_width, p.wheel_radius * p.rim_share
    wall = radius - seat
    soft = 0.35 * min(wall, 0.5 * wide)
    profile = [(seat, -wide), (radius - soft, -wide + 0.12 * soft), (radius, -wide + soft)]
    profile += [(radius, -soft), (radius - 0.7 * soft, 0.0), (seat + 0.3 * wall, 0.004)]
    profile += [(seat, -0.008), (0.9 * seat, -0.36 * wide)]
    return lathe(profile, _POINTS)


def _lip(p: CarProperties) -> Mesh:
    """The rim's bright edge: a ring that lies on the tyre's bead."""
    seat, wide = p.wheel_radius * p.rim_share, p.tyre_width
    section = [(seat + 0.008, 0.003), (seat - 0.014, 0.0025), (seat - 0.006, -0.2 * wide)]
    angles = np.arange(_POINTS) / _POINTS * 2 * np.pi
    rings = [np.array([[r * np.cos(a), y, r * np.sin(a)] for r, y in section]) for a in angles]
    return loft(np.stack(rings), np.array([0.0, 0.3, 0.6]), np.arange(_POINTS) / _POINTS, closed=True)


def _rim(p: CarProperties) -> Mesh:
    """What fills the rim: a dish, a pressed disc with slots, or spokes; its last vertex is the hub."""
    seat, wide = p.wheel_radius * p.rim_share, p.tyre_width
    if p.rim == "dish":
        profile = [(_CENTRE, -0.37 * wide), (seat - 0.008, -0.37 * wide), (seat - 0.008, -0.06 * wide)]
        profile += [(0.72 * seat, -0.01), (0.42 * seat, 0.0), (0.36 * seat, -0.012), (0.12 * seat, -0.008)]
        return lathe([*profile, (_CENTRE, -0.006)], _POINTS)
    if p.rim == "steel":
        # Slots between disc and rim; the disc is pressed into steps.
        angles = np.arange(48) / 48 * 2 * np.pi
        outer = seat * (0.94 - 0.2 * np.maximum(0.0, np.sin(8 * angles)) ** 0.5)
        return _star(outer, wide, seat, ((1.0, -0.20), (0.56, -0.31), (0.42, -0.10), (0.16, -0.04)))
    count = _SPOKES[p.rim]
    each = 10 if count == 5 else 5
    phase = (np.arange(count * each) + 0.5) / each % 1.0
    width = {"five_spoke": 0.46, "split_spoke": 0.62, "multi_spoke": 0.42, "turbine": 0.62}[p.rim]
    near = np.abs(phase - 0.5) * 2
    outer = np.where(near < width, 0.97, 0.3) * seat
    if p.rim == "split_spoke":
        # Every second gap is shallow, so that the spokes stand in pairs.
        odd = np.floor((np.arange(count * each) + 0.5) / each + 0.5) % 2 == 1
        outer = np.where((near >= width) & odd, 0.55 * seat, outer)
    heights = ((1.0, -0.05), (0.45, -0.1), (0.2, -0.05))
    return _star(outer, wide, seat, heights, 0.5 if p.rim == "turbine" else 0.0)


def _star(
    outer: Floats, wide: float, seat: float, heights: tuple[tuple[float, float], ...], twist: float = 0.0
) -> Mesh:
    """A plate whose rim follows the radii `outer` [M]; `heights` are (share of the rim's radius, height in tyre
    widths) from the rim inwards; `twist` turns its rim, radians."""
    angles = np.arange(len(outer)) / len(outer) * 2 * np.pi
    marks = np.array(heights)[::-1]
    rings = []
    for k, (share, _) in enumerate((heights[0], *heights)):
        radius = np.minimum(outer * (0.9 + 0.1 * share), seat * share)
        height = np.interp(radius / seat, marks[:, 0], marks[:, 1]) * wide if k else np.full(len(outer), -0.37 * wide)
        turned = angles + twist * radius / seat
        rings.append(np.stack([-radius * np.sin(turned), height, -radius * np.cos(turned)], axis=1))
    return loft(np.stack(rings), np.arange(len(outer)) / len(outer))
