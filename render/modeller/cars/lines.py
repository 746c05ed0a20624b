"""The lines of a car as a designer draws them: side view, plan and the shape of a section, as functions of z.

The one idea: every line is a polyline with rounded corners, laid out from the properties and read at stations along
the car; the ends are closed by curves that meet the line with an upright tangent.

Shapes: R stations along z, from the nose (-z) to the tail.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from render.modeller.cars.properties import CarProperties
from render.modeller.mesh import Floats
from render.modeller.shapes import fillet


@dataclass(frozen=True)
class Lines:
    """The lines of one car; `tail` is z of the body's rear end (a truck's body ends behind its cab)."""

    p: CarProperties

    @cached_property
    def tail(self) -> float:
        """z of the body's rear end."""
        p = self.p
        if p.body != "truck":
            return p.length / 2
        return p.nose + 1.72 if self.cab_over else self.cowl + self.screen_run + 0.95

    @cached_property
    def cab_over(self) -> bool:
        """Whether the windscreen stands in the front face."""
        return self.p.cab_over

    @cached_property
    def steep_back(self) -> bool:
        """Whether the backlight stands in the rear face."""
        return self.p.steep_back

    @cached_property
    def screen_run(self) -> float:
        """How far the top of the windscreen lies behind its foot."""
        p = self.p
        rise = p.height - p.roof_arch - p.bonnet_height
        return float(rise * np.tan(np.radians(p.windscreen_rake_deg)))

    @cached_property
    def cowl(self) -> float:
        """z of the foot of the windscreen."""
        return self.p.nose + self.p.bonnet_length

    @cached_property
    def roof_front(self) -> float:
        """z of the top of the windscreen."""
        return self.p.nose + self.bow_front if self.cab_over else self.cowl + self.screen_run

    @cached_property
    def deck_front(self) -> float:
        """z of the foot of the backlight (of the tail for steep backs)."""
        return self.tail if self.steep_back else self.tail - self.p.boot_length

    @cached_property
    def roof_rear(self) -> float:
        """z of the top of the backlight."""
        p = self.p
        if self.steep_back:
            return self.tail
        rise = p.height - p.roof_arch - p.boot_height
        return float(self.deck_front - rise * np.tan(np.radians(p.rear_rake_deg)))

    @cached_property
    def bow_front(self) -> float:
        """How far the middle of the nose stands before its corners."""
        return (0.05 + 0.13 * self.p.roundness) * (0.4 if self.cab_over else 1.0)

    @cached_property
    def bow_rear(self) -> float:
        """How far the middle of the tail stands behind its corners."""
        if self.p.body in {"truck", "pickup"}:
            return 0.03
        return 0.03 + 0.09 * self.p.roundness

    @cached_property
    def ends(self) -> tuple[float, float]:
        """z of the first and the last station."""
        return self.p.nose + self.bow_front, self.tail - self.bow_rear

    @cached_property
    def open_top(self) -> tuple[float, float] | None:
        """z range of an open bed or cockpit, or None."""
        p = self.p
        if p.body == "pickup":
            return self.deck_front + 0.06, self.tail - 0.09
        if p.body == "convertible":
            return self.cowl + 0.38, self.deck_front - 0.05
        return None

    @cached_property
    def _top(self) -> Floats:
        """The side view's upper line [N, 2] as (z, y)."""
        p = self.p
        ends, soft = self.ends, p.roundness
        low = p.height - p.roof_arch
        radii = 0.12 + 0.5 * soft
        if self.cab_over:
            front = [(ends[0] - 0.2, low - 0.02), (ends[0] + 0.15, low)]
        else:
            bulge = 0.012 + 0.05 * soft
            middle = 0.5 * (p.nose_height + p.bonnet_height) + bulge
            half = 0.5 * (ends[0] + self.cowl)
            front = [(ends[0] - 0.2, p.nose_height - 0.05), (ends[0], p.nose_height)]
            front += [(half, middle), (self.cowl, p.bonnet_height)]
        if p.body == "convertible":
            back = [(self.cowl + 0.02, p.bonnet_height), (self.deck_front, p.boot_height + 0.01)]
            back += [(ends[1] + 0.2, p.boot_height)]
            return fillet([*front, *back], 0.1, 6)
        front += [] if self.cab_over else [(self.roof_front, low)]
        span = self.roof_rear - self.roof_front
        crest = [(self.roof_front + 0.38 * span, p.height)] if span > 0.25 else []
        if self.steep_back:
            back = [*crest, (ends[1] + 0.25, low)]
        else:
            back = [*crest, (self.roof_rear, low), (self.deck_front, p.boot_height + 0.012)]
            back += [(ends[1] + 0.25, p.boot_height - 0.01)]
        line = np.array([*front, *back])
        radius = np.full(len(line), radii)
        cowl = [k for k, (z, _) in enumerate(line) if z == self.cowl]
        radius[cowl] = 0.12
        if not self.steep_back:
            radius[-2] = 0.06 if p.body == "pickup" else 0.2 + 0.5 * soft
        corners = [fillet(line[k - 1 : k + 2], float(radius[k]), 6)[1:-1] for k in range(1, len(line) - 1)]
        made = np.concatenate([line[:1], *corners, line[-1:]])
        return made[np.concatenate([[True], np.diff(made[:, 0]) > 1e-6])]

    def end_closing(self, z: Floats, front: float, rear: float) -> Floats:
        """How closed [R] the section is, 0 amidships to 1 at the ends, over `front` and `rear` metres."""
        d0 = np.clip((z - self.ends[0]) / front, 0.0, 1.0)
        d1 = np.clip((self.ends[1] - z) / rear, 0.0, 1.0)
        quarter = [1.0 - (1.0 - (1.0 - d) ** 2.3) ** (1 / 2.3) for d in (d0, d1)]
        return np.asarray(np.maximum(*quarter))

    @cached_property
    def rounding(self) -> float:
        """Radius of the body's edges at nose and tail, seen from the side."""
        return 0.03 + 0.14 * self.p.roundness

    @cached_property
    def plan_rounding(self) -> float:
        """Radius of the body's corners at nose and tail, seen from above."""
        return (0.05 + 0.22 * self.p.roundness) * (0.6 if self.cab_over else 1.0)

    def top(self, z: Floats) -> Floats:
        """Height [R] of the body on the centre line."""
        line = self._top
        y = np.interp(z, line[:, 0], line[:, 1])
        if self.p.body == "coupe":
            # A ducktail.
            y = y + 0.045 * np.clip((z - self.ends[1] + 0.3) / 0.3, 0.0, 1.0) ** 2
        edge = self.rounding
        return np.asarray(y - edge * self.end_closing(z, 1.1 * edge, 0.8 * edge))

    def belt(self, z: Floats) -> Floats:
        """Height [R] of the belt line: where the sides end and bonnet, glass or deck begin."""
        p = self.p
        share = (z - self.cowl) / max(self.tail - self.cowl, 0.5)
        rise = p.belt_rise * np.clip(share, 0.0, 1.0)
        y = p.belt_height + rise
        drop = np.clip((self.cowl - z) / max(p.bonnet_length, 0.3), 0.0, 1.0)
        y = y - max(p.belt_height - p.nose_height + 0.02, 0.0) * drop**1.6
        if not self.steep_back and p.body != "pickup":
            behind = np.clip((z - self.deck_front + 0.5) / max(self.tail - self.deck_front + 0.5, 0.2), 0.0, 1.0)
            y = y + (min(p.boot_height - 0.035, p.belt_height + p.belt_rise) - p.belt_height - p.belt_rise) * behind
        for axle in (p.front_axle, p.rear_axle):
            hump = np.sqrt(np.maximum((p.arch_radius + 0.13) ** 2 - (z - axle) ** 2, 0.0)) + p.wheel_radius
            y = np.logaddexp(y / 0.03, np.where(hump > p.wheel_radius, hump, -1.0) / 0.03) * 0.03
        return np.asarray(np.minimum(y, self.top(z) - 0.035))

    def bottom(self, z: Floats) -> Floats:
        """Height [R] of the floor."""
        p = self.p
        front, rear = self.ends
        wheel = p.wheel_radius
        marks = [front, p.front_axle - 0.9 * wheel, p.front_axle, p.rear_axle, p.rear_axle + 0.9 * wheel, rear]
        if p.body == "truck":
            marks[3:] = [rear - 0.2, rear - 0.1, rear]
        high = p.ground_clearance
        y = np.interp(z, marks, [high + 0.05, high + 0.01, high, high, high + 0.02, high + 0.10])
        return np.asarray(y + 0.05 * self.end_closing(z, 0.12, 0.12))

    def half_width(self, z: Floats) -> Floats:
        """Half width [R] of the body's side at its widest."""
        p = self.p
        half = p.width / 2 - p.flare
        nose, tail = 1.0 - 0.10 * p.roundness, 1.0 - 0.07 * p.roundness
        front, rear = self.ends
        marks = [front, p.front_axle + 0.2, 0.5 * (p.front_axle + p.rear_axle), p.rear_axle - 0.1, rear]
        if p.body == "truck":
            marks[2:] = [marks[1] + 0.1, marks[1] + 0.2, max(rear, marks[1] + 0.3)]
            tail = 1.0
        line = fillet(np.stack([marks, half * np.array([nose, 0.985, 1.0, 0.99, tail])], axis=1), 3.0, 5)
        w = np.interp(z, line[:, 0], line[:, 1])
        edge = self.plan_rounding
        return np.asarray(w - 0.75 * edge * self.end_closing(z, edge, 0.75 * edge))

    def bow(self, z: Floats) -> Floats:
        """How far [R] the centre line stands before (-) the sides, or behind them (+)."""
        front, rear = self.ends
        z0 = max(self.cowl, front + 0.3)
        marks = [front, z0, max(self.roof_front, z0 + 0.05), 0.0, 0.0, rear]
        marks[3] = marks[2] + 0.45 * (rear - marks[2])
        marks[4] = marks[2] + 0.55 * (rear - marks[2])
        screen = min(0.10, 0.75 * self.bow_front)
        return np.interp(z, marks, [-self.bow_front, -screen, -0.8 * screen, 0.0, 0.0, self.bow_rear])

    def warp(self, points: Floats) -> Floats:
        """Points [..., 3] of the straight car with its plan bowed and its faces leant and bulged."""
        p = self.p
        x, y, z = points[..., 0], points[..., 1], points[..., 2]
        front, rear = self.ends
        across = np.clip((2 * x / p.width) ** 2, 0.0, 1.0)
        shift = self.bow(z) * (1.0 - across)
        near = np.clip(1.0 - (z - front) / 0.5, 0.0, 1.0) ** 2
        bumper = self.bumper_height
        above = np.clip((y - bumper - 0.06) / max(p.nose_height - bumper, 0.15), 0.0, 1.15)
        below = np.clip((bumper - 0.06 - y) / 0.25, 0.0, 1.2)
        shift = shift + near * (p.nose_lean * above**1.5 + 0.07 * below**1.7)
        if self.cab_over:
            lean = _kinked(y - p.bonnet_height) * np.tan(np.radians(p.windscreen_rake_deg))
            shift = shift + lean * _ramp(z, front + max(1.0, 2.4 * self._most(p.windscreen_rake_deg)), front)
        near = np.clip(1.0 - (rear - z) / 0.5, 0.0, 1.0) ** 2
        shift = shift - near * (0.03 * np.clip((y - bumper - 0.1) / 0.3, 0.0, 1.0) ** 1.5 + 0.05 * below**1.7)
        if self.steep_back:
            lean = _kinked(y - self.rear_kink) * np.tan(np.radians(p.rear_rake_deg))
            shift = shift - lean * _ramp(z, rear - max(0.9, 2.4 * self._most(p.rear_rake_deg)), rear)
        return np.stack([x, y, z + shift], axis=-1)

    def _most(self, rake_deg: float) -> float:
        """The furthest that a face with that rake leans."""
        return float((self.p.height - self.p.belt_height + 0.1) * np.tan(np.radians(rake_deg)))

    @cached_property
    def bumper_height(self) -> float:
        """Height at which nose and tail stand out most."""
        return self.p.ground_clearance + 0.5 * (self.p.nose_height - self.p.ground_clearance) + 0.02

    @cached_property
    def rear_kink(self) -> float:
        """Height above which a steep back leans."""
        return self.p.belt_height + self.p.belt_rise - 0.06


def _kinked(rise: Floats) -> Floats:
    """Zero below zero and rising by one above it, with a soft corner."""
    return np.asarray(0.03 * np.logaddexp(0.0, rise / 0.03))


def _ramp(z: Floats, start: float, end: float) -> Floats:
    """0 at `start` to 1 at `end`, smoothly."""
    t = np.clip((z - start) / (end - start), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))
