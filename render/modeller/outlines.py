"""Closed convex outlines in the level plane, with their outward normals, for slabs to stand on and sections
to be.

The one idea: every outline starts at the middle of its front and reaches its corners at u = 1/8, 3/8, 5/8
and 7/8, whether it is square or round, so that the same u is the same place on all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outline:
    """`points` [M, 2] as (x, z) metres running front (-z), left (-x), back, right; `normals` [M, 2] point
    outwards; `u` [M] rises from 0 below 1; `radius` is that of its tightest bend, metres."""

    points: Floats
    normals: Floats
    u: Floats
    radius: float

    def inset(self, by: float) -> Floats:
        """The points [M, 2] moved inwards by metres (outwards if negative), short of where its bends would
        fold."""
        return self.points - self.normals * min(by, 0.8 * self.radius)

    def grown(self, by: float) -> Outline:
        """The outline moved outwards by metres, or inwards as `inset` does."""
        by = max(by, -0.8 * self.radius)
        return Outline(self.inset(-by), self.normals, self.u, self.radius + by)

    def at(self, u: float) -> Floats:
        """The point [2] at u."""
        where = np.append(self.u, 1.0)
        closed = np.concatenate([self.points, self.points[:1]])
        return np.array([np.interp(u % 1.0, where, closed[:, k]) for k in range(2)])

    def half_width(self, z: float) -> float:
        """Distance from the x = 0 plane to the left rim at depth z; 0 beyond the outline."""
        left = self.points[(self.u > 0) & (self.u < 0.5)]
        front, back = self.points[0], self.at(0.5)
        rim = np.concatenate([[front], left, [back]])
        keep = np.argsort(rim[:, 1], kind="stable")
        return float(np.interp(z, rim[keep, 1], -rim[keep, 0], left=0.0, right=0.0))


def ellipse(width: float, depth: float, points: int = 48, exponent: float = 2.0) -> Outline:
    """An ellipse, or with an exponent above 2 a superellipse, of the given width (x) and depth (z)."""
    u = np.arange(points) / points
    sin, cos = np.sin(2 * np.pi * u), np.cos(2 * np.pi * u)
    power = 2.0 / exponent
    x, z = np.sign(sin) * np.abs(sin) ** power, np.sign(cos) * np.abs(cos) ** power
    slope = 2.0 - power
    normals = np.stack(
        [-np.sign(sin) * np.abs(sin) ** slope / width, -np.sign(cos) * np.abs(cos) ** slope / depth], axis=1
    )
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    small, large = sorted((width / 2, depth / 2))
    return Outline(np.stack([-x * width / 2, -z * depth / 2], axis=1), normals, u, small * (small / large) * power)


def rounded_quad(
    front: float,
    back: float,
    depth: float,
    radius: float,
    corner: int = 5,
    side: int = 1,
    rear: float | None = None,
) -> Outline:
    """A symmetric trapezium, `front` and `back` wide and `depth` deep, with corners rounded by `radius`.

    The two at the back are rounded by `rear` where given. `corner` points lie on each corner and 2 x
    `side` - 1 between two of them.
    """
    limit = 0.46 * min(front, back, depth)
    radii = [min(r, limit) for r in (radius, *([radius if rear is None else rear] * 2), radius)]
    corners = np.array([[-front, -depth], [-back, depth], [back, depth], [front, -depth]]) / 2
    spans = [0.125 * float(np.clip(2 * r / min(front, back, depth), 0.05, 0.96)) for r in radii]
    arcs, arc_normals = [], []
    for k in range(4):
        into = corners[k] - corners[k - 1]
        out = corners[(k + 1) % 4] - corners[k]
        into, out = into / np.linalg.norm(into), out / np.linalg.norm(out)
        start, end = np.arctan2(into[0], -into[1]), np.arctan2(out[0], -out[1])
        turn = (end - start + np.pi) % (2 * np.pi) - np.pi
        angle = start + turn * np.linspace(0.0, 1.0, corner)
        normals = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        centre = corners[k] - into * radii[k] * np.tan(abs(turn) / 2) - normals[0] * radii[k]
        arcs.append(centre + radii[k] * normals)
        arc_normals.append(normals)
    points, ups, us = [], [], []
    for k in range(4):
        before = arcs[k - 1][-1]
        fractions = np.arange(1, 2 * side) / (2 * side)
        between = before + (arcs[k][0] - before) * fractions[:, None]
        middle = 0.25 * k
        points += [between, arcs[k]]
        ups += [np.repeat(arc_normals[k][:1], len(between), axis=0), arc_normals[k]]
        begin, end = middle - 0.125 + spans[k - 1], middle + 0.125 - spans[k]
        us.append(np.where(fractions <= 0.5, begin + (middle - begin) * 2 * fractions, 0.0))
        us[-1] = np.where(fractions > 0.5, middle + (end - middle) * (2 * fractions - 1), us[-1])
        us.append(middle + 0.125 + spans[k] * np.linspace(-1.0, 1.0, corner))
    # The ring starts at the middle of the front, which lies between the last corner and the first.
    all_points, all_normals, all_u = np.concatenate(points), np.concatenate(ups), np.concatenate(us)
    first = side - 1
    points_m2, normals_m2 = np.roll(all_points, -first, axis=0), np.roll(all_normals, -first, axis=0)
    return Outline(points_m2, normals_m2, np.roll(all_u, -first) % 1.0, min(radii))


def disc(radius: float, points: int = 16) -> Outline:
    """A circle, as the section of a round bar."""
    return ellipse(2 * radius, 2 * radius, points)


def bar_section(width: float, depth: float, edge: float = 0.003, corner: int = 5) -> Outline:
    """A rectangle with edges rounded by `edge` over `corner` points, as the section of a squared bar."""
    return rounded_quad(width, width, depth, min(edge, 0.35 * min(width, depth)), corner)
