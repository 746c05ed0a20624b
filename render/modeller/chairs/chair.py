"""Chairs: the order they are built in, and the points named on them.

The one idea: a seat's outline and a surface for the back (`lean.Lean`) are laid out first; legs, posts, slats
and arms are then placed on these two, so that everything touches what carries it.
"""

from __future__ import annotations

from render.modeller.chairs import arms, back, legs, seat
from render.modeller.chairs.lean import Lean
from render.modeller.chairs.properties import ChairProperties
from render.modeller.mesh import Assembly, Model

KEYPOINTS = (
    "seat_front_left",
    "seat_front_right",
    "seat_back_left",
    "seat_back_right",
    "seat_front",
    "seat_center",
    "back_top_left",
    "back_top_right",
    "back_top",
    "back_center",
    "arm_front_left",
    "arm_front_right",
    "arm_back_left",
    "arm_back_right",
    "foot_front_left",
    "foot_front_right",
    "foot_back_left",
    "foot_back_right",
    "leg_top_front_left",
    "leg_top_front_right",
    "leg_top_back_left",
    "leg_top_back_right",
    "base_center",
)
"""Named points, the same on every chair; left is the sitter's.

`seat_*` lie on the upper rim of the seat (`seat_center`: on what one sits on), `back_*` on the back's face towards the
sitter and on its top (headrests apart), `arm_*` on top of the armrests, at a tub where its rim runs level.
`foot_*` are where the base is nearest to the floor at its four corners: feet, runners under the feet, ends of a sled or
a cross, places of a disc's rim, or of a star the castors nearest to these corners. `leg_top_*` are where a leg, a tube,
a board or a plinth meets the seat; columns have none. `base_center` is the middle of what stands under a column or is a
plinth; four legs and sleds have nothing there, so it is None.
"""


def build_chair(p: ChairProperties) -> Model:
    """The chair that the properties describe."""
    assembly = Assembly(KEYPOINTS)
    outline = seat.seat_outline(p)
    lean = Lean.of(p, outline)
    top = seat.add_seat(p, assembly, outline, lean)
    legs.add_legs(p, assembly, outline)
    back.add_back(p, assembly, outline, lean)
    arms.add_arms(p, assembly, outline, lean)
    assembly.mark("seat_center", top.point(0.0, 1.0))
    return Model("chair", p, tuple(assembly.parts), assembly.keypoints)
