"""What chairs and tables stand on alike: frames of four legs, columns with their feet, and five-castor stars.

The one idea: a leg is a line, a base is placed by the height its column must reach; neither knows what it carries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from render.modeller.materials import Material, material
from render.modeller.mesh import MIRROR, Assembly, Floats, Mesh
from render.modeller.outlines import bar_section
from render.modeller.shapes import bar, box, fillet, lathe, smooth, sweep

_CENTRE = 0.0015
"""Radius of the smallest ring of a lathed piece, metres."""


@dataclass(frozen=True)
class Frame:
    """The left legs' lines: "front" and "back" -> (foot [3], top [3]); bars between legs ask it for their ends."""

    lines: dict[str, tuple[Floats, Floats]]

    def at(self, name: str, y: float) -> Floats:
        """The point [3] of a leg's line at height y."""
        foot, top = self.lines[name]
        return foot + (top - foot) * (y - foot[1]) / (top[1] - foot[1])


def add_apron(
    assembly: Assembly, frame: Frame, middle: float, height: float, thick: float, out: float, matter: Material
) -> None:
    """Rails from leg to leg about the height y = `middle`, moved outwards by `out` metres."""
    front, back = frame.at("front", middle), frame.at("back", middle)
    section = bar_section(height, thick, 0.003)
    aside = np.array([out, 0.0, 0.0])
    assembly.add_pair("apron", "apron", bar(front - aside, back - aside, section, (1.0, 0.0, 0.0)), matter)
    for name, corner, shift in (("front", front, -out), ("back", back, out)):
        # A hair higher than those at the sides, so that no two faces lie in one plane.
        rail = corner + np.array([0.0, 0.0006, shift])
        assembly.add(f"apron_{name}", "apron", bar(rail, rail * MIRROR, section, (0.0, 0.0, 1.0)), matter)


def around(radius: float, u: float) -> Floats:
    """The point [3] of the floor on a circle about the axis at u (0 the front, 1/4 the left)."""
    return np.array([-radius * np.sin(2 * np.pi * u), 0.0, -radius * np.cos(2 * np.pi * u)])


CORNERS = {"front_left": 0.125, "back_left": 0.375, "back_right": 0.625, "front_right": 0.875}
"""u of the four corners of a base."""


def add_pedestal(
    assembly: Assembly, kind: str, top: float, radius: float, column: float, head: float, matter: Material
) -> Mesh:
    """A column of `column` metres radius from the floor to y = `top`, on a trumpet, disc or cross of
    `radius`.

    `head` is the radius of the plate that meets what it carries. Returns the piece on the axis
    that is lowest.
    """
    if kind == "trumpet":
        curve = smooth(
            [
                (radius, 0.012),
                (0.62 * radius, 0.026),
                (column * 1.35 + 0.06 * radius, 0.16 * top),
                (column, 0.42 * top),
                (column * 1.05, 0.66 * top),
                (0.35 * column + 0.65 * head, 0.93 * top),
                (head, top),
            ],
            30,
        )
        rim = [(_CENTRE, 0.0), (radius - 0.006, 0.0), (radius - 0.001, 0.004)]
        return assembly.add("base", "legs", lathe([*rim, *curve, (_CENTRE, top)], 40), matter, 50.0)
    post = [
        (_CENTRE, 0.03),
        (column, 0.03),
        (column, top - 0.03),
        (head, top - 0.012),
        (head, top),
        (_CENTRE, top),
    ]
    if kind == "disc":
        corners = [
            (_CENTRE, 0.0),
            (radius, 0.0),
            (radius, 0.014),
            (1.9 * column, 0.03),
            (0.9 * column, 0.034),
        ]
        foot = lathe([*fillet(corners, 0.006, 4), (_CENTRE, 0.034)], 48)
        post[0:2] = [(_CENTRE, 0.022), (column, 0.022)]
        assembly.add("column", "legs", lathe(fillet(post, 0.006, 3)), matter)
        return assembly.add("base", "legs", foot, matter)
    pole = assembly.add("column", "legs", lathe(fillet(post, 0.006, 3)), matter)
    for name, degrees in (
        ("front_left", 45.0),
        ("front_right", -45.0),
        ("back_left", 135.0),
        ("back_right", 225.0),
    ):
        section = bar_section(max(1.1 * column, 0.035), 0.03, 0.008)
        path = np.array([[0.0, 0.075, 0.01], [0.0, 0.07, -0.4 * radius], [0.0, 0.026, -radius]])
        scale = np.array([[1.0, 1.5], [0.95, 1.15], [0.7, 0.62]])
        arm = sweep(smooth(path, 7), section, (0.0, 1.0, 0.0), _resample(scale, 7), edge=0.006).turned(degrees)
        assembly.add(f"base_{name}", "legs", arm, matter)
        pad = lathe(fillet([(_CENTRE, 0.0), (0.012, 0.0), (0.012, 0.03), (_CENTRE, 0.03)], 0.003, 2), 12)
        pad = pad.moved(z=-radius + 0.024).turned(degrees)
        assembly.add(f"pad_{name}", "legs", pad, material("rubber:black"))
    return pole


def _resample(values: Floats, n: int) -> Floats:
    """Rows [n, D] evenly along the rows of `values`."""
    old, new = np.linspace(0, 1, len(values)), np.linspace(0, 1, n)
    return np.stack([np.interp(new, old, column) for column in values.T], axis=1)


def add_swivel(assembly: Assembly, top: float, radius: float, column: float, matter: Material) -> Mesh:
    """A five-armed star on castors and a gas spring up to y = `top`; returns the hub."""
    hub_low, hub_high = 0.078, 0.125
    hub = lathe(
        fillet(
            [
                (_CENTRE, hub_low),
                (0.03, hub_low),
                (0.04, hub_high - 0.01),
                (0.032, hub_high),
                (_CENTRE, hub_high),
            ],
            0.005,
            3,
        )
    )
    assembly.add("base", "legs", hub, matter)
    black = material("plastic:black")
    mid = 0.5 * (hub_high + top)
    sleeve = [(_CENTRE, 0.10), (1.25 * column, 0.10), (1.25 * column, mid), (_CENTRE, mid)]
    assembly.add("column_sleeve", "legs", lathe(fillet(sleeve, 0.003, 2), 24), black)
    spring = [(_CENTRE, mid - 0.03), (0.8 * column, mid - 0.03), (0.8 * column, top), (_CENTRE, top)]
    assembly.add("column", "legs", lathe(spring, 24), material("metal:steel"))
    path = smooth([[0.0, 0.100, -0.012], [0.0, 0.096, -0.5 * radius], [0.0, 0.076, -radius]], 6)
    arm = sweep(
        path,
        bar_section(0.042, 0.032, 0.009, 3),
        (0.0, 1.0, 0.0),
        _resample(np.array([[1.0, 1.0], [0.62, 0.62]]), 6),
        0.006,
    )
    wheel = _wheel(0.028, 0.018)
    stem = lathe([(_CENTRE, 0.03), (0.008, 0.03), (0.008, 0.075), (_CENTRE, 0.075)], 10)
    hood = box((-0.0105, 0.016, -0.024), (0.0105, 0.052, 0.02), 0.005, bevel=True)
    for k in range(5):
        turn = 180.0 + 72.0 * k
        assembly.add(f"base_arm_{k + 1}", "legs", arm.turned(turn), matter)
        tip = -radius + 0.014
        assembly.add(f"castor_stem_{k + 1}", "castors", stem.moved(z=tip).turned(turn), black)
        assembly.add(f"castor_hood_{k + 1}", "castors", hood.moved(z=tip + 0.012).turned(turn), black)
        for side, x in (("left", -0.0165), ("right", 0.0165)):
            assembly.add(f"castor_{side}_{k + 1}", "castors", wheel.moved(x=x, z=tip + 0.012).turned(turn), black)
    return hub


def _wheel(radius: float, width: float) -> Mesh:
    """A wheel on the x axis standing on y = 0."""
    half = width / 2
    profile = fillet([(_CENTRE, -half), (radius, -half), (radius, half), (_CENTRE, half)], 0.006, 2)
    upright = lathe(profile, 16)
    return upright.warped(lambda v: np.stack([v[:, 1], radius - v[:, 0], v[:, 2]], axis=1))
