"""The typed description of a table.

The one idea: the top, what it stands on and what it holds are chosen apart; `faults` says what cannot go together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from render.modeller.properties import MaterialName, Properties, count, degrees, metres
from render.modeller.tables.faults import check_table

Top = Literal["round", "oval", "square", "long", "boat", "half_round"]
Legs = Literal[
    "straight",
    "tapered",
    "splayed",
    "turned",
    "cabriole",
    "hairpin",
    "tripod",
    "crossed",
    "slab",
    "c_frame",
    "pedestal",
    "trestle",
    "sled",
    "drum",
]

WITH_APRON = ("straight", "tapered", "splayed", "turned", "cabriole", "hairpin", "sled", "slab")
"""Legs that rails or drawers under the top can go between."""


class TableProperties(Properties):
    """A table. Its long side runs left to right; these are its own, as of one who sits where it stands and looks
    where its front looks."""

    class_name: Literal["table"] = "table"

    top: Top = Field(
        "long",
        description="outline of the top; round and square ones are as deep as wide; a boat is widest at its middle, "
        "a half_round is straight at the back",
    )
    width: float = metres(1.6, 0.28, 3.2, "width of the top")
    depth: float = metres(0.85, 0.25, 1.8, "depth of the top")
    height: float = metres(0.74, 0.28, 1.12, "height of the top's upper face above the floor")
    top_thickness: float = metres(0.028, 0.012, 0.10, "thickness of the top")
    top_edge: Literal["rounded", "bevelled"] = Field("rounded", description="edge of the top")
    edge_size: float = metres(0.006, 0.002, 0.04, "rounding of the top's rim, or height of its lower bevel")
    corner_radius: float = metres(0.03, 0.005, 0.6, "rounding of the corners of a top in one piece")
    planks: int = count(0, 0, 9, "planks of a square or long top, with grooves between; 0 for one piece")
    breadboard: bool = Field(False, description="boards across the two ends of a planked top")
    rim_height: float = metres(0.0, 0.0, 0.08, "height of a tray's rim above the top; 0 for none")
    frame_width: float = metres(0.0, 0.0, 0.2, "width of a frame round a pane let into the top; 0 for none")
    top_material: MaterialName = Field("wood:oak", description="material of the top")
    pane_material: MaterialName = Field("glass:clear", description="material of a pane let into the top")

    legs: Legs = Field("straight", description="what it stands on")
    leg_section: Literal["square", "round"] = Field("square", description="section of legs")
    leg_thickness: float = metres(0.06, 0.014, 0.20, "thickness of legs, rods, slabs, beams, tubes or column")
    leg_splay: float = degrees(0.0, 0.0, 20.0, "outward lean of splayed legs")
    leg_inset: float = metres(0.02, 0.0, 0.4, "from the rim of the top to the legs; a drum has drum_share instead")
    apron_height: float = metres(0.08, 0.0, 0.20, "height of the rails or drawers under the top; 0 for none")
    base: Literal["trumpet", "disc", "cross", "tripod"] = Field("disc", description="foot of a pedestal")
    trestle: Literal["post", "cross", "a_frame"] = Field(
        "post", description="frames of a trestle: upright, crossed or leaning beams"
    )
    drum_shape: Literal["straight", "hourglass", "cone", "bowl"] = Field("straight", description="shape of a drum")
    drum_wall: Literal["plain", "fluted", "rods"] = Field("plain", description="wall of a drum: closed, or a cage")
    drum_share: float = Field(
        0.7, ge=0.3, le=0.98, description="width of a drum at its widest over the top's, 0.3 to 0.98"
    )
    stretchers: Literal["none", "h", "box", "cross", "brace"] = Field(
        "none", description="bars between four legs near the floor; brace: crossed at the two ends, up to the top"
    )
    stretcher_height: float = metres(0.14, 0.05, 0.6, "height of the stretchers above the floor")
    frame_material: MaterialName = Field("wood:oak", description="material of what carries the top")

    shelf: bool = Field(False, description="a shelf between four legs or slabs")
    shelf_height: float = metres(0.15, 0.06, 0.6, "height of the shelf above the floor")
    drawers: int = count(0, 0, 4, "drawers side by side in the apron")
    cabinet: Literal["none", "left", "right", "both"] = Field(
        "none",
        description="where a cabinet of drawers hangs between the legs of a desk; to one who looks at the drawers the "
        "table's left is on the right",
    )
    hutch_height: float = metres(0.0, 0.0, 0.5, "height of a set of pigeonholes on the back of the top; 0 for none")
    nested: int = count(0, 0, 2, "smaller tables that are drawn out from under this one")
    drawer_material: MaterialName = Field("wood:oak", description="material of drawer fronts")
    handle_material: MaterialName = Field("metal:brass", description="material of handles")

    @classmethod
    def usual(cls, said: Mapping[str, Any]) -> dict[str, Any]:
        legs = said.get("legs", "straight")
        found: dict[str, Any] = {} if legs in WITH_APRON else {"apron_height": 0.0}
        if legs == "hairpin":
            found["leg_thickness"] = 0.02
        if said.get("top") in {"round", "square"} and "width" not in said:
            found["width"] = said.get("depth", cls.model_fields["depth"].default)
        return found

    def check(self) -> None:
        check_table(self)

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
        """How far what carries the top reaches into it, metres; under a pane, into the pane."""
        if self.frame_width > 0:
            return self.top_thickness - self.pane_drop - 0.4 * self.pane_thickness
        return 0.35 * self.top_thickness

    @property
    def pane_thickness(self) -> float:
        """Thickness of a pane, metres."""
        return min(0.008, 0.4 * self.top_thickness)

    @property
    def pane_drop(self) -> float:
        """How far a pane lies below the face of its frame, metres."""
        return 0.12 * self.pane_thickness

    @property
    def round_top(self) -> bool:
        """Whether the outline is an ellipse."""
        return self.top in {"round", "oval"}

    @property
    def squared_top(self) -> bool:
        """Whether the outline is a rectangle."""
        return self.top in {"square", "long"}

    @property
    def four_legs(self) -> bool:
        """Whether it stands on four legs, slender or broad, that other things can reach between."""
        return self.legs in {"straight", "tapered", "splayed", "turned", "cabriole", "hairpin"}

    @property
    def takes_apron(self) -> bool:
        """Whether rails or drawers can go under the top."""
        return self.legs in WITH_APRON

    @property
    def smaller(self) -> dict[str, float]:
        """What a nested table changes of this one."""
        side = 2 * (self.leg_inset + 1.75 * self.leg_thickness + 0.012)
        width = round(self.width - max(side, 0.12), 4)
        depth = width if self.top == "square" else round(min(0.94 * self.depth, width), 4)
        height = round(self.underside - self.apron_height - 0.018, 4)
        return {"width": width, "depth": depth, "height": height, "nested": self.nested - 1}
