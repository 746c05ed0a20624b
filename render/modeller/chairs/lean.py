"""The leaning surface that a chair's back is laid on.

The one idea: `Lean` maps (s across, t up) to the back's middle surface; every member is a path or a patch
on it, so a crest rail, a post and an armrest that share an (s, t) meet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from render.modeller.chairs.properties import ChairProperties
from render.modeller.mesh import Floats
from render.modeller.outlines import Outline

PANELS = ("solid", "curved", "upholstered")


def framed(p: ChairProperties) -> bool:
    """Whether posts stand at the two sides of the back."""
    if p.back in {"solid", "cross"}:
        return p.legs in {"straight", "tapered", "rocker"} if p.back == "solid" else not p.round_section
    return p.back in {"slatted", "ladder", "spindle"}


def bowed(p: ChairProperties) -> bool:
    """Whether one bent bar runs round the back."""
    return p.back in {"hoop", "lattice"} or (p.back == "cross" and p.round_section)


def bow_exponent(p: ChairProperties) -> float:
    """Exponent of the superellipse that a bow is: 2 an ellipse, above it squarer."""
    return float(np.interp(p.back_corner, [0.006, 0.12, 0.3], [6.0, 3.0, 2.0]))


@dataclass(frozen=True)
class Lean:
    """The back's middle surface: s in [-1, 1] from the left post to the right, t = 0 at the deck, 1 at the
    top.

    Metres: `deck` and `rise` (height at t = 0, and from there to t = 1), `depth` (z of the sides at t =
    0), half widths and curves (how far the middle lies behind the sides) at t = 0 and t = 1, `crest` (arch
    of the top).
    """

    deck: float
    rise: float
    depth: float
    slope: float
    half: tuple[float, float]
    curve: tuple[float, float]
    crest: float

    @classmethod
    def of(cls, p: ChairProperties, outline: Outline) -> Lean:
        """The surface that stands on the seat of that outline, as far back as post or panel allow."""
        post = 0.5 * p.leg_thickness
        panel = 0.5 * p.back_thickness
        posted = p.back not in PANELS or framed(p)
        margin = (max(post, panel) if posted else panel) + 0.005
        half_top = p.back_width / 2
        rear = p.seat_depth / 2 - margin
        wanted = 0.86 * min(half_top, p.seat_width * p.seat_taper / 2)
        aside = post + 0.006 if posted else 0.0
        depth = rear - min(p.back_curve, 0.035)
        while outline.half_width(depth) - aside < wanted and depth > 0.25 * p.seat_depth:
            depth -= 0.004
        half_base = min(half_top, outline.half_width(depth) - aside)
        base_curve = max(rear - depth, 0.0)
        return cls(
            p.deck,
            p.back_height + p.cushion_thickness,
            depth,
            float(np.tan(np.radians(p.back_tilt))),
            (half_base, half_top),
            (min(base_curve, max(p.back_curve, 0.0) + 0.02), p.back_curve),
            0.0 if bowed(p) else p.back_arch,
        )

    def point(self, s: Floats | float, t: Floats | float) -> Floats:
        """Points [..., 3] of the middle surface."""
        s, t = np.broadcast_arrays(np.asarray(s, float), np.asarray(t, float))
        up = np.clip(t, 0.0, 1.0)
        half = self.half[0] + (self.half[1] - self.half[0]) * up
        curve = self.curve[0] + (self.curve[1] - self.curve[0]) * up
        y = self.deck + self.rise * t + self.crest * (1 - s**2) * up**2
        z = self.depth + self.slope * self.rise * (0.55 * up + 0.45 * up**2) + curve * (1 - s**2)
        return np.stack([half * s, y, z], axis=-1)

    def normal(self, s: Floats | float, t: Floats | float) -> Floats:
        """Unit normals [..., 3] towards the sitter."""
        step = 1e-3
        s, t = np.asarray(s, float), np.clip(np.asarray(t, float), 2 * step, 1.0 - step)
        across = self.point(s + step, t) - self.point(s - step, t)
        upward = self.point(s, t + step) - self.point(s, t - step)
        normals = np.cross(upward, across)
        unit: Floats = normals / np.linalg.norm(normals, axis=-1, keepdims=True)
        return unit

    def height(self, above_seat: float, p: ChairProperties) -> float:
        """t at so many metres above the sitting surface."""
        return (above_seat + p.cushion_thickness) / self.rise

    def clear_depth(self, p: ChairProperties) -> float:
        """z of the foremost place of the back at the height of a cushion's top; the seat's rear if there
        is no back."""
        if p.back == "none":
            return p.seat_depth / 2
        if p.back in PANELS and not framed(p):
            return self.depth - p.back_thickness / 2
        return self.depth - max(p.back_thickness, p.leg_thickness) / 2 + 0.004

    def between_posts(self, p: ChairProperties) -> tuple[float, float]:
        """Half the width that is free between the posts, and z of the foremost place there of what is between
        them; no width for a panel without posts."""
        if p.back == "none" or (p.back in PANELS and not framed(p)):
            return 0.0, 0.0
        members = self.depth + 0.64 * self.curve[0] - 0.5 * p.back_thickness
        return self.half[0] - 0.5 * p.leg_thickness - 0.006, members

    def bow(self, p: ChairProperties, s: Floats | float) -> Floats:
        """t of a bow above s."""
        exponent = bow_exponent(p)
        share: Floats = (1.0 - np.minimum(np.abs(np.asarray(s, float)), 1.0) ** exponent) ** (1.0 / exponent)
        return share

    def rim(self, p: ChairProperties, t: float) -> float:
        """s of the left side of the back at height t, where an arm can meet it."""
        if bowed(p):
            return -float(self.bow(p, min(t, 0.97)))
        if p.back == "planks":
            return -1.0 + 1.0 / p.back_members
        return -1.0


def panel_corner(p: ChairProperties) -> float:
    """Rounding of the upper corners of a panel, metres; wings and rolls need them nearly square."""
    if framed(p):
        return 0.012
    return min(p.back_corner, 0.06) if p.wings > 0 or p.tufting in {"channels", "ribs"} else p.back_corner
