"""The typed description of a chair or stool, and what cannot go together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from render.modeller.properties import MaterialName, Properties, count, degrees, metres

Seat = Literal["square", "round", "saddle"]
Back = Literal[
    "none",
    "solid",
    "slatted",
    "ladder",
    "spindle",
    "curved",
    "upholstered",
    "hoop",
    "cross",
    "lattice",
    "planks",
    "tub",
]
Legs = Literal[
    "straight",
    "tapered",
    "splayed",
    "sled",
    "cantilever",
    "pedestal",
    "swivel",
    "rocker",
    "folding",
    "hairpin",
    "panel",
    "plinth",
]
Arms = Literal["none", "straight", "closed", "curved", "rolled"]

FOUR_LEGS = ("straight", "tapered", "splayed", "rocker")


class ChairProperties(Properties):
    """A chair or stool. Left and right are the sitter's."""

    also_called: ClassVar[Mapping[str, str]] = {"armrests": "arms"}

    class_name: Literal["chair"] = "chair"

    seat: Seat = Field("square", description="outline of the seat: square, round, or saddle (hollowed and rounded)")
    seat_width: float = metres(0.44, 0.28, 0.90, "width of the seat at its front")
    seat_depth: float = metres(0.43, 0.28, 0.80, "depth of the seat")
    seat_height: float = metres(0.45, 0.25, 0.85, "height of the sitting surface above the floor")
    seat_thickness: float = metres(0.028, 0.015, 0.20, "thickness of the seat")
    seat_taper: float = Field(0.9, ge=0.6, le=1.0, description="width at the seat's back over that at its front")
    seat_material: MaterialName = Field("wood:oak", description="material of the seat")

    cushion: Literal["none", "thin", "thick"] = Field("none", description="loose cushion on the seat")
    upholstery: MaterialName = Field("fabric:linen", description="material of cushions and upholstered backs")

    back: Back = Field(
        "ladder",
        description="kind of back; hoop: a bow round spindles; cross: an X in a bow (legs of round section) or between "
        "posts (square); lattice: a bow round a grid of rods; planks: upright boards; tub: a wall round the seat, "
        "which arms 'closed' lead to its front",
    )
    back_height: float = metres(0.42, 0.12, 0.95, "height of the back above the sitting surface")
    back_width: float = metres(0.40, 0.20, 0.95, "width of the back at its top")
    back_tilt: float = degrees(9.0, 0.0, 32.0, "lean of the back from upright")
    back_curve: float = metres(0.03, 0.0, 0.22, "how far the middle of the back lies behind its sides")
    back_arch: float = metres(0.01, 0.0, 0.14, "how much higher the middle of the back's top is (no bows, no tubs)")
    back_gap: float = metres(0.0, 0.0, 0.35, "open height between seat and back panel (solid, curved, upholstered)")
    back_corner: float = metres(
        0.05, 0.006, 0.3, "rounding of a bow, or of a panel without posts (with wings or rolls at most 0.06)"
    )
    back_thickness: float = metres(0.02, 0.010, 0.18, "thickness of the panel, slats or rungs of the back")
    back_members: int = count(4, 2, 12, "number of slats, spindles, planks or rods, or of rungs (at most 6)")
    back_material: MaterialName = Field("wood:oak", description="material of a panel, slats, rungs, spindles or planks")
    tufting: Literal["none", "channels", "ribs", "buttons"] = Field(
        "none", description="padding of an upholstered back: upright rolls (of a tub too), level rolls, or buttons"
    )
    wings: float = metres(0.0, 0.0, 0.22, "how far wings beside an upholstered back reach forward; 0 for none")
    headrest: float = metres(0.0, 0.0, 0.16, "height of a pad above a solid, curved or upholstered back; 0 for none")

    legs: Legs = Field(
        "straight",
        description="what it stands on; rocker: four legs on runners; folding: crossed bars in front and behind; "
        "hairpin: bent rods; panel: a board at each side; plinth: a body down to the floor",
    )
    leg_section: Literal["square", "round", "turned"] = Field(
        "square", description="section of legs and posts; turned: round, with beads on four legs"
    )
    leg_thickness: float = metres(0.036, 0.012, 0.09, "thickness of legs, posts, tubes or column")
    leg_splay: float = degrees(0.0, 0.0, 18.0, "outward lean of splayed legs")
    stretchers: Literal["none", "box", "h", "ring"] = Field("none", description="bars between legs, or a foot ring")
    apron_height: float = metres(0.0, 0.0, 0.10, "height of the rails under the seat of four legs; 0 for none")
    base: Literal["trumpet", "disc", "cross"] = Field("disc", description="foot of a pedestal")
    frame_material: MaterialName = Field("wood:oak", description="material of legs, posts and arms")

    arms: Arms = Field("none", description="armrests")
    arm_height: float = metres(0.22, 0.12, 0.34, "height of the armrests above the sitting surface")
    arm_width: float = metres(0.055, 0.03, 0.14, "width of straight armrests")
    arm_material: MaterialName = Field("wood:oak", description="material of the armrests' tops or sides")

    @classmethod
    def usual(cls, said: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if said.get("tufting", "none") != "none":
            found["back"] = "upholstered"
        if said.get("stretchers") == "ring":
            found["legs"] = "pedestal"
        if said.get("legs") == "hairpin":
            found["leg_thickness"] = 0.016
        return found

    def check(self) -> None:
        self._check_back()
        self._check_arms()
        self._check_legs()

    def _check_back(self) -> None:
        panel = self.back in {"solid", "curved", "upholstered"}
        self.refuse(
            panel and self.back_gap > 0.6 * self.back_height,
            f"back_gap {self.back_gap:g} is too much for back_height {self.back_height:g}; at most 0.6 of it",
        )
        self.refuse(
            self.back_width > 1.35 * self.seat_width,
            f"back_width {self.back_width:g} overhangs seat_width {self.seat_width:g}; at most 1.35 of it",
        )
        self.refuse(
            self.back_curve > 0.4 * self.back_width,
            f"back_curve {self.back_curve:g} is more than 0.4 of back_width {self.back_width:g}",
        )
        self.refuse(
            not panel and self.back not in {"none", "tub"} and self.back_curve > 0.08,
            f"back_curve {self.back_curve:g} is too much for back '{self.back}'; at most 0.08",
        )
        self.refuse(
            self.back == "ladder" and self.back_members > 6,
            f"back_members {self.back_members} is too many for a ladder; at most 6",
        )
        self.refuse(
            self.tufting != "none" and self.back != "upholstered" and (self.tufting, self.back) != ("channels", "tub"),
            f"tufting '{self.tufting}' needs back 'upholstered', not '{self.back}'; set it to none",
        )
        self.refuse(
            self.wings > 0 and self.back != "upholstered",
            f"wings {self.wings:g} need back 'upholstered', not '{self.back}'; set them to 0",
        )
        self.refuse(
            0 < self.headrest < 0.05, f"headrest {self.headrest:g} is too low for a pad; write 0 or at least 0.05"
        )
        self.refuse(
            self.headrest > 0 and not panel,
            f"headrest {self.headrest:g} needs a solid, curved or upholstered back, not '{self.back}'; set it to 0",
        )

    def _check_arms(self) -> None:
        self.refuse(self.arms != "none" and self.back == "none", f"arms '{self.arms}' need a back; set arms to none")
        self.refuse(
            self.arms != "none" and self.arm_height > self.back_height - 0.02,
            f"arm_height {self.arm_height:g} must stay 0.02 below back_height {self.back_height:g}",
        )
        self.refuse(
            self.back == "tub" and self.arms not in {"none", "closed"},
            f"arms '{self.arms}' have no place beside back 'tub'; write none or closed",
        )

    def _check_legs(self) -> None:
        self.refuse(
            self.deck - self.seat_thickness < 0.14,
            f"seat_height {self.seat_height:g} leaves no room for legs under seat and cushion; raise it",
        )
        self.refuse(
            self.apron_height > 0 and self.legs not in FOUR_LEGS,
            f"apron_height needs four legs ({', '.join(FOUR_LEGS)}), not '{self.legs}'; set it to 0",
        )
        self.refuse(
            0 < self.apron_height < 0.015,
            f"apron_height {self.apron_height:g} is too low for a rail; write 0 or at least 0.015",
        )
        self.refuse(
            self.stretchers in {"box", "h"} and self.legs not in FOUR_LEGS,
            f"stretchers '{self.stretchers}' need four legs ({', '.join(FOUR_LEGS)}), not '{self.legs}'",
        )
        self.refuse(
            self.stretchers == "ring" and self.legs != "pedestal",
            f"stretchers 'ring' need legs 'pedestal', not '{self.legs}'",
        )
        self.refuse(
            self.leg_splay > 0 and self.legs not in {"splayed", "hairpin"},
            f"leg_splay {self.leg_splay:g} needs legs 'splayed' or 'hairpin', not '{self.legs}'; set it to 0",
        )
        self.refuse(
            self.legs in FOUR_LEGS and self.leg_thickness > 0.2 * min(self.seat_width, self.seat_depth),
            f"leg_thickness {self.leg_thickness:g} is too much for four legs under a seat of "
            f"{self.seat_width:g} x {self.seat_depth:g}; at most 0.2 of its smaller side",
        )
        limit = {"cantilever": 0.04, "sled": 0.05, "hairpin": 0.03, "folding": 0.06, "panel": 0.06}.get(self.legs, 1.0)
        self.refuse(
            self.leg_thickness > limit,
            f"leg_thickness {self.leg_thickness:g} is too much for legs '{self.legs}'; at most {limit:g}",
        )
        self.refuse(
            self.stretchers != "none" and self.apron_height > 0.25 * self.underside,
            f"stretchers '{self.stretchers}' have no room under an apron_height of {self.apron_height:g}",
        )
        self.refuse(
            self.legs == "swivel" and self.seat_height < 0.36,
            f"seat_height {self.seat_height:g} leaves no room for castors and column; at least 0.36",
        )

    @property
    def round_section(self) -> bool:
        """Whether legs and posts are round."""
        return self.leg_section != "square"

    @property
    def cushion_thickness(self) -> float:
        """Thickness of the loose cushion, metres."""
        return {"none": 0.0, "thin": 0.035, "thick": 0.11}[self.cushion]

    @property
    def deck(self) -> float:
        """Height of the seat's upper face, which a cushion lies on, metres."""
        return self.seat_height - self.cushion_thickness

    @property
    def underside(self) -> float:
        """Height of the seat's lower face, metres."""
        return self.deck - self.seat_thickness
