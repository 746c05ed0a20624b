"""Tables: their typed description, tops, shelves and drawers.

The one idea: the top's outline is laid out first; legs stand at places taken from it, and aprons, cases
and shelves reach from leg to leg.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from render.modeller import table_legs
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Model
from render.modeller.outlines import Outline, ellipse, rounded_quad
from render.modeller.properties import MaterialName, Properties, count, degrees, metres
from render.modeller.shapes import box, fillet, lathe, slab

Top = Literal["round", "oval", "square", "long"]
Legs = Literal["straight", "tapered", "splayed", "pedestal", "trestle", "sled", "drum"]

KEYPOINTS = (
    "top_front_left",
    "top_front_right",
    "top_back_left",
    "top_back_right",
    "top_front",
    "top_back",
    "top_left",
    "top_right",
    "top_center",
    "foot_front_left",
    "foot_front_right",
    "foot_back_left",
    "foot_back_right",
    "leg_top_front_left",
    "leg_top_front_right",
    "leg_top_back_left",
    "leg_top_back_right",
    "base_center",
    "shelf_center",
    "handle",
)
"""Named points, the same on every table; left is -x. `top_*` lie on the rim of the top (`top_center` on
its face), `foot_*` on the floor, `leg_top_*` where legs meet the top, `base_center` under a column or
drum, `handle` on the leftmost drawer's."""

FOUR_LEGS = ("straight", "tapered", "splayed")


class TableProperties(Properties):
    """A table. Its long side runs left to right."""

    class_name: Literal["table"] = "table"

    top: Top = Field("long", description="outline of the top; round and square ones are as deep as wide")
    width: float = metres(1.6, 0.28, 3.2, "width of the top")
    depth: float = metres(0.85, 0.25, 1.8, "depth of the top")
    height: float = metres(0.74, 0.28, 1.12, "height of the top's upper face above the floor")
    top_thickness: float = metres(0.028, 0.012, 0.10, "thickness of the top")
    top_edge: Literal["rounded", "bevelled"] = Field("rounded", description="edge of the top")
    edge_size: float = metres(0.006, 0.002, 0.04, "rounding of the top's rim, or height of its lower bevel")
    corner_radius: float = metres(0.03, 0.005, 0.6, "rounding of the corners of a square or long top")
    top_material: MaterialName = Field("wood:oak", description="material of the top")

    legs: Legs = Field("straight", description="what it stands on")
    leg_section: Literal["square", "round"] = Field("square", description="section of legs")
    leg_thickness: float = metres(0.06, 0.014, 0.20, "thickness of legs, beams, tubes or column")
    leg_splay: float = degrees(0.0, 0.0, 20.0, "outward lean of splayed legs")
    leg_inset: float = metres(0.02, 0.0, 0.4, "from the rim of the top to the legs")
    apron_height: float = metres(0.08, 0.0, 0.20, "height of the rails or drawers under the top; 0 for none")
    base: Literal["trumpet", "disc", "cross"] = Field("disc", description="foot of a pedestal")
    trestle: Literal["post", "cross"] = Field("post", description="frames of a trestle: upright or crossed beams")
    fluted: bool = Field(False, description="whether a drum is fluted")
    frame_material: MaterialName = Field("wood:oak", description="material of what carries the top")

    shelf: bool = Field(False, description="a shelf between four legs")
    shelf_height: float = metres(0.15, 0.06, 0.6, "height of the shelf above the floor")
    drawers: int = count(0, 0, 4, "drawers side by side in the apron")
    drawer_material: MaterialName = Field("wood:oak", description="material of drawer fronts")
    handle_material: MaterialName = Field("metal:brass", description="material of handles")

    def check(self) -> None:
        four = self.legs in FOUR_LEGS
        self.refuse(
            self.top in {"round", "square"} and abs(self.width - self.depth) > 1e-6,
            f"top '{self.top}' is as deep as wide, but width is {self.width:g} and depth {self.depth:g}",
        )
        self.refuse(
            self.top in {"oval", "long"} and self.depth > self.width,
            f"depth {self.depth:g} is more than width {self.width:g}; the long side runs left to right",
        )
        self.refuse(
            not four and self.legs != "sled" and self.apron_height > 0,
            f"apron_height needs four legs or a sled, not '{self.legs}'; set it to 0",
        )
        self.refuse(
            self.shelf and not four,
            f"a shelf needs four legs (straight, tapered, splayed), not '{self.legs}'",
        )
        self.refuse(
            self.shelf and self.shelf_height > self.height - self.top_thickness - self.apron_height - 0.06,
            f"shelf_height {self.shelf_height:g} leaves no room under a top at {self.height:g}",
        )
        self.refuse(
            self.drawers > 0 and self.apron_height < 0.07,
            f"drawers need apron_height of 0.07 or more, not {self.apron_height:g}",
        )
        self.refuse(
            self.drawers > 0 and self.top in {"round", "oval"},
            f"drawers need a square or long top, not '{self.top}'",
        )
        self.refuse(
            self.leg_splay > 0 and self.legs != "splayed",
            f"leg_splay {self.leg_splay:g} needs legs 'splayed', not '{self.legs}'; set it to 0",
        )
        side, share = (self.width, 0.42) if self.legs == "trestle" else (self.depth, 0.46)
        if self.top in {"round", "oval"}:
            share = 0.33
        self.refuse(
            (four or self.legs in {"sled", "trestle"}) and self.leg_inset + 1.3 * self.leg_thickness > share * side,
            f"leg_inset {self.leg_inset:g} and leg_thickness {self.leg_thickness:g} are too much for "
            f"a top of {self.width:g} x {self.depth:g}",
        )
        self.refuse(
            self.legs == "trestle" and self.leg_thickness > 0.2 * self.depth,
            f"leg_thickness {self.leg_thickness:g} of the trestle is more than 0.2 of depth {self.depth:g}",
        )
        self.refuse(
            self.legs == "pedestal" and self.leg_thickness > 0.3 * self.depth,
            f"leg_thickness {self.leg_thickness:g} of the column is more than 0.3 of depth {self.depth:g}",
        )
        inner = self.width - 2 * (self.leg_inset + self.leg_thickness + 0.02)
        self.refuse(
            self.drawers > 0 and inner < 0.12 * self.drawers,
            f"drawers: {self.drawers} do not fit between legs {max(inner, 0.0):.2g} apart; 0.12 each",
        )
        self.refuse(
            self.apron_height + self.top_thickness > 0.6 * self.height,
            f"apron_height {self.apron_height:g} is too much for height {self.height:g}",
        )
        self.refuse(
            self.legs in {"trestle", "sled"} and self.top in {"round", "oval"} and self.width < 0.7,
            f"legs '{self.legs}' under a top '{self.top}' need a width of 0.7 or more, not {self.width:g}",
        )

    @property
    def underside(self) -> float:
        """Height of the top's lower face, metres."""
        return self.height - self.top_thickness

    @property
    def bevel_reach(self) -> float:
        """How far a bevel runs in under the top, metres."""
        return 1.6 * self.edge_size if self.top_edge == "bevelled" else 0.0

    @property
    def bite(self) -> float:
        """How far what carries the top reaches into it, metres."""
        return 0.35 * self.top_thickness


def top_outline(p: TableProperties) -> Outline:
    """The outline of the top seen from above."""
    if p.top in {"round", "oval"}:
        return ellipse(p.width, p.depth, 72, 2.0 if p.top == "round" else 2.3)
    return rounded_quad(p.width, p.width, p.depth, p.corner_radius, 9, 1)


def build_table(p: TableProperties) -> Model:
    """The table that the properties describe."""
    assembly = Assembly(KEYPOINTS)
    outline = top_outline(p)
    _add_top(p, assembly, outline)
    frame = table_legs.add_legs(p, assembly, outline)
    if p.drawers > 0 and frame is not None:
        _add_drawers(p, assembly, frame)
    elif p.apron_height > 0 and frame is not None:
        table_legs.add_apron(p, assembly, frame)
    if p.shelf and frame is not None:
        _add_shelf(p, assembly, frame)
    return Model("table", p, tuple(assembly.parts), assembly.keypoints)


def _add_top(p: TableProperties, assembly: Assembly, outline: Outline) -> None:
    size = min(p.edge_size, 0.8 * p.top_thickness, 0.6 * outline.radius)
    if p.top_edge == "rounded":
        mesh = slab(outline, p.underside, p.height, min(size, 0.49 * p.top_thickness))
    else:
        mesh = slab(
            outline,
            p.underside,
            p.height,
            min(0.0025, 0.1 * p.top_thickness),
            size,
            reach=1.6 * size,
            bevel=True,
        )
    assembly.add("top", "top", mesh, material(p.top_material))
    for name, u in (("top_front", 0.125), ("top_back", 0.375)):
        assembly.mark_pair(name, mesh.point(u, 0.599))
    for name, u in (("top_front", 0.0), ("top_left", 0.25), ("top_back", 0.5), ("top_right", 0.75)):
        assembly.mark(name, mesh.point(u, 0.599))
    assembly.mark("top_center", mesh.point(0.0, 1.0))


def _add_shelf(p: TableProperties, assembly: Assembly, frame: table_legs.Frame) -> None:
    """A board whose corners (or rim, under a round top) lie in the four legs."""
    corner = frame.at("front", p.shelf_height)
    back = frame.at("back", p.shelf_height)
    thick = min(0.022, p.top_thickness)
    if p.top in {"round", "oval"}:
        shape = ellipse(-2 * corner[0] * 2**0.5, -2 * corner[2] * 2**0.5, 64)
    else:
        more = 0.3 * p.leg_thickness
        shape = rounded_quad(more - 2 * corner[0], more - 2 * corner[0], back[2] - corner[2] + more, 0.006, 3)
    mesh = slab(shape, p.shelf_height - thick, p.shelf_height, 0.003)
    assembly.add("shelf", "shelf", mesh, material(p.top_material))
    assembly.mark("shelf_center", mesh.point(0.0, 1.0))


def _add_drawers(p: TableProperties, assembly: Assembly, frame: table_legs.Frame) -> None:
    """A case between the legs, with fronts that stand out a little and a knob or bar on each."""
    y = p.underside - p.apron_height
    front, back = frame.at("front", p.underside), frame.at("back", p.underside)
    out = 0.36 * p.leg_thickness
    low = (front[0] - out, y, front[2] - out)
    high = (-front[0] + out, p.underside + 0.003, back[2] + out)
    assembly.add("case", "apron", box(low, high, 0.003), material(p.frame_material))
    inner = -front[0] - 0.5 * p.leg_thickness - 0.004
    gap = 0.006
    width = (2 * inner - gap * (p.drawers + 1)) / p.drawers
    knobs = width < 0.32
    for k in range(p.drawers):
        x = -inner + gap + k * (width + gap)
        face = low[2] - 0.008
        panel = box((x, y + gap, face), (x + width, p.underside - gap, low[2] + 0.01), 0.0025)
        assembly.add(f"drawer_{k + 1}", "drawers", panel, material(p.drawer_material))
        middle, height = x + width / 2, y + p.apron_height / 2
        if knobs:
            profile = [
                (0.0015, 0.0),
                (0.006, 0.0),
                (0.006, 0.01),
                (0.014, 0.015),
                (0.013, 0.024),
                (0.0015, 0.026),
            ]
            knob = lathe(fillet(profile, 0.004, 3), 20).warped(lambda v: v[:, [0, 2, 1]] * [1.0, 1.0, -1.0])
            handle = knob.moved(middle, height, face + 0.003)
        else:
            reach = min(0.09, 0.22 * width)
            handle = table_legs.bar_handle(reach).moved(middle, height, face)
        assembly.add(f"handle_{k + 1}", "drawers", handle, material(p.handle_material))
        if k == 0:
            assembly.mark("handle", handle.nearest(np.array([middle, height, face - 0.05])))
