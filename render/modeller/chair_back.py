"""Backs of chairs: one leaning surface, and the posts, rails, slats, spindles and panels laid on it.

The one idea: `Lean` maps (s across, t up) to the back's middle surface; every member is a path or a patch
on it, so a crest rail, a post and an armrest that share an (s, t) meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from render.modeller.chair_seat import within
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats, Mesh
from render.modeller.outlines import Outline, bar_section, disc, rounded_quad
from render.modeller.shapes import fillet, slab, sweep

if TYPE_CHECKING:
    from render.modeller.chair import ChairProperties

PANELS = ("solid", "curved", "upholstered")


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
        margin = (max(post, panel) if p.back not in PANELS or _framed(p) else panel) + 0.005
        half_top = p.back_width / 2
        rear = p.seat_depth / 2 - margin
        wanted = 0.86 * min(half_top, p.seat_width * p.seat_taper / 2)
        aside = 0.5 * p.leg_thickness + 0.006 if p.back not in PANELS or _framed(p) else 0.0
        depth = rear - min(p.back_curve, 0.035)
        while outline.half_width(depth) - aside < wanted and depth > 0.25 * p.seat_depth:
            depth -= 0.004
        half_base = min(half_top, outline.half_width(depth) - aside)
        base_curve = max(rear - depth, 0.0)
        crest = {"solid": 0.012, "upholstered": 0.012, "curved": 0.02, "spindle": 0.012}.get(p.back, 0.0)
        return cls(
            p.deck,
            p.back_height + p.cushion_thickness,
            depth,
            float(np.tan(np.radians(p.back_tilt))),
            (half_base, half_top),
            (min(base_curve, max(p.back_curve, 0.0) + 0.02), p.back_curve),
            crest * min(1.0, p.back_height / 0.3),
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
        thick = p.back_thickness if p.back in PANELS and not _framed(p) else max(p.back_thickness, p.leg_thickness)
        return self.depth - thick / 2 if p.back in PANELS and p.back_gap == 0 else self.depth - thick / 2 + 0.004


def _framed(p: ChairProperties) -> bool:
    """Whether posts stand at the two sides of the back."""
    return p.back in {"slatted", "ladder", "spindle"} or (p.back == "solid" and p.legs in {"straight", "tapered"})


def add_back(p: ChairProperties, assembly: Assembly, outline: Outline, lean: Lean) -> None:
    """Add the back and mark its keypoints."""
    if p.back == "none":
        return
    if _framed(p):
        _add_posts(p, assembly, lean, 1.0, 0.97 if p.back == "spindle" else 1.0)
    if p.back in PANELS:
        _add_panel(p, assembly, lean)
    elif p.back == "ladder":
        _add_ladder(p, assembly, lean)
    else:
        _add_uprights(p, assembly, lean)


def _add_posts(p: ChairProperties, assembly: Assembly, lean: Lean, s: float, top: float) -> Mesh:
    """The two posts at -s and s, from inside the seat up to t = `top`; returns the left one."""
    wide = p.leg_thickness * (0.8 if p.back == "spindle" else 1.0)
    section = disc(wide / 2) if p.leg_section == "round" else bar_section(wide, 0.86 * wide, 0.005)
    t = np.linspace(0.0, top, 10)
    path = lean.point(-s, t)
    if s < 1.0:
        sunk = min(0.6 * p.back_thickness, 0.5 * wide)
        behind = np.minimum(t / 0.3, 1.0) * (0.5 * (p.back_thickness + wide) - sunk)
        path = path - lean.normal(-s, t) * behind[:, None]
    foot = path[0].copy()
    foot[1] = within(p, foot[0], foot[2], 0.5)
    path = np.concatenate([[foot], path[1:]])
    taper = np.linspace(1.0, 0.8 if s == 1.0 else 0.95, len(path))
    post = sweep(path, section, (0.0, 0.0, 1.0), taper, edge=0.28 * wide)
    return assembly.add_pair("back_post", "back", post, material(p.frame_material))


def _rail(lean: Lean, t: float, reach: float, height: float, thickness: float, arch: float = 0.0) -> Mesh:
    """A rail across the back at height t from s = -`reach` to `reach`, higher in its middle by the share
    `arch`."""
    s = np.linspace(-reach, reach, 11)
    scale = np.stack([1.0 + arch * (1 - (s / reach) ** 2), np.ones_like(s)], axis=1)
    section = bar_section(height, thickness, 0.42 * thickness, 3)
    return sweep(lean.point(s, t), section, -lean.normal(0.0, t), scale, edge=0.004)


def _add_ladder(p: ChairProperties, assembly: Assembly, lean: Lean) -> None:
    low = max(0.30, lean.height(0.09, p))
    height = min(0.062, 0.62 * lean.rise * (0.95 - low) / max(p.back_members - 1, 1))
    rungs = []
    for k, t in enumerate(np.linspace(low, 1.0 - (0.5 * height + 0.018) / lean.rise, p.back_members)):
        last = k == p.back_members - 1
        rung = _rail(lean, float(t), 1.0, height * (1.12 if last else 1.0), p.back_thickness, 0.3)
        rungs.append(assembly.add(f"back_rung_{k + 1}", "back", rung, material(p.back_material)))
    assembly.mark_pair("back_top", _post_top(assembly))
    assembly.mark("back_top", rungs[-1].nearest(lean.point(0.0, 1.0) + np.array([0.0, 0.05, 0.0])))
    middle = rungs[len(rungs) // 2]
    centre = middle.vertices.mean(axis=0)
    assembly.mark("back_center", middle.nearest(centre + 0.5 * p.back_thickness * lean.normal(0.0, 0.5)))


def _post_top(assembly: Assembly) -> Floats:
    """The top of the left post."""
    return assembly.mesh("back_post_left").point(0.5, 1.0)


def _add_uprights(p: ChairProperties, assembly: Assembly, lean: Lean) -> None:
    """Slats or spindles between the seat (or a low rail) and a crest rail."""
    spindle = p.back == "spindle"
    crest_height = min(0.075 if spindle else 0.085, 0.25 * lean.rise)
    crest_t = 1.0 - 0.5 * crest_height / lean.rise
    thick = max(p.back_thickness, 0.018)
    crest_thick = max(thick, 0.86 * p.leg_thickness + 0.004) if spindle else min(thick, 0.8 * p.leg_thickness)
    reach = 1.0 + (0.6 * p.leg_thickness + 0.012) / lean.half[1] if spindle else 1.0
    crest = _rail(lean, crest_t, reach, crest_height, crest_thick, 0.22 if spindle else 0.15)
    assembly.add("back_crest", "back", crest, material(p.frame_material if spindle else p.back_material))
    low_t = lean.height(0.11, p)
    railed = not spindle and p.back_height > 0.3
    if railed:
        low_rail = _rail(lean, low_t, 1.0, 0.045, min(thick, 0.8 * p.leg_thickness))
        assembly.add("back_rail", "back", low_rail, material(p.back_material))
    pitch = 2.0 / (p.back_members + 1)
    width = 0.5 * pitch * lean.half[0]
    members = []
    for k in range(p.back_members):
        s = -1.0 + pitch * (k + 1)
        t = np.linspace(low_t if railed else 0.0, crest_t, 7)
        path = lean.point(s, t)
        if not railed:
            path[0, 1] = within(p, path[0, 0], path[0, 2], 0.5)
        if spindle:
            swell = np.interp(np.linspace(0, 1, 7), [0.0, 0.3, 0.6, 1.0], [0.8, 1.25, 1.0, 0.75])
            mesh = sweep(path, disc(min(0.4 * p.back_thickness, 0.3 * width + 0.004), 12), scale=swell)
        else:
            section = bar_section(min(width, 0.075), 0.62 * min(thick, 0.8 * p.leg_thickness), 0.004, 3)
            mesh = sweep(path, section, -lean.normal(s, 0.5))
        members.append(
            assembly.add(f"back_{'spindle' if spindle else 'slat'}_{k + 1}", "back", mesh, material(p.back_material))
        )
    ends = crest.point(0.0, 0.0) if spindle else _post_top(assembly)
    assembly.mark_pair("back_top", ends * (np.array([-1.0, 1.0, 1.0]) if ends[0] > 0 else 1.0))
    assembly.mark("back_top", crest.nearest(lean.point(0.0, 1.0) + np.array([0.0, 0.05, 0.0])))
    middle = members[len(members) // 2]
    assembly.mark("back_center", middle.nearest(lean.point(0.0, 0.55) + 0.5 * thick * lean.normal(0.0, 0.55)))


def _add_panel(p: ChairProperties, assembly: Assembly, lean: Lean) -> None:
    """A solid, curved or upholstered panel, and what carries it."""
    framed = _framed(p)
    wood = material(p.upholstery if p.back == "upholstered" else p.back_material)
    gap = p.back_gap
    low = lean.height(gap, p) if gap > 0 else -0.45 * p.seat_thickness / lean.rise
    if framed and gap == 0:
        low = max(low, -0.4 * p.seat_thickness / lean.rise)
    top = 1.0 - 0.035 * framed
    mesh = _panel(p, lean, low, top, 1.0)
    assembly.add("back", "back", mesh, wood, 60.0 if p.back == "upholstered" else 40.0)
    if gap > 0 and not framed:
        if p.legs in {"swivel", "pedestal"}:
            _add_spine(p, assembly, lean, low)
        else:
            _add_posts(p, assembly, lean, 0.66, min(0.8, low + 0.6 * (top - low)))
    assembly.mark_pair("back_top", _post_top(assembly) if framed else mesh.point(0.375, 0.6))
    assembly.mark("back_top", mesh.point(0.5, 0.6))
    assembly.mark("back_center", mesh.point(0.0, 1.0))


def _panel(p: ChairProperties, lean: Lean, low: float, top: float, reach: float) -> Mesh:
    """The patch s = -`reach`..`reach`, t = `low`..`top` of the back, `back_thickness` thick; its upper
    face (v > 0.6) looks at the sitter, u = 0 is the middle of its lower edge, 3/8 its upper left corner."""
    thick = p.back_thickness
    width, height = 2 * lean.half[1] * reach, lean.rise * (top - low)
    soft = p.back == "upholstered"
    framed = _framed(p)
    radius = 0.012 if framed else p.back_corner
    lower = radius if p.back_gap > 0 else 0.5 * thick + 0.012
    outline = rounded_quad(width, width, height, max(lower, 0.006), 7, 4, rear=max(radius, 0.006))
    edge = 0.46 * thick if not soft else min(0.45 * thick, 0.035)
    crown = 0.10 * thick if soft else 0.0
    flat = slab(outline, -0.5 * thick, 0.5 * thick - crown, edge, crown=crown, rings=6)

    def onto(v: Floats) -> Floats:
        s, t = reach * v[:, 0] / (width / 2), low + (top - low) * (v[:, 2] / height + 0.5)
        return lean.point(s, t) + v[:, 1:2] * lean.normal(s, t)

    return flat.warped(onto)


def _add_spine(p: ChairProperties, assembly: Assembly, lean: Lean, low: float) -> None:
    """A flat bar from under the seat round its rear and up behind the panel."""
    hold = low + 0.5 * (1.0 - low)
    meet = lean.point(0.0, hold) - lean.normal(0.0, hold) * (0.5 * p.back_thickness - 0.003)
    behind = max(p.seat_depth / 2 + 0.035, float(lean.point(0.0, 0.0)[2]) + 0.5 * p.back_thickness + 0.02)
    below = within(p, 0.0, 0.0, 0.0) - 0.012
    entry = lean.point(0.0, low + 0.02) - lean.normal(0.0, low) * (0.5 * p.back_thickness + 0.006)
    corner = np.array([0.0, below, max(behind, entry[2] - 0.01)])
    path = fillet(np.stack([[0.0, below, 0.0], corner, entry, meet]), 0.07, 8)
    side = sweep(path, bar_section(0.016, 0.075, 0.006, 3), (1.0, 0.0, 0.0), edge=0.004)
    assembly.add("back_spine", "back", side, material(p.frame_material))
