"""What of a table cannot go together, each said in one line.

The one idea: whatever passes here builds, so that only what no joiner could make is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from render.modeller.tables.properties import TableProperties


def check_table(p: TableProperties) -> None:
    """Raise `UserError` where properties that are fine alone cannot go together."""
    _check_top(p)
    _check_stand(p)
    _check_room(p)
    _check_between(p)
    _check_storage(p)
    _check_nested(p)


def _check_top(p: TableProperties) -> None:
    p.refuse(
        p.top in {"round", "square"} and abs(p.width - p.depth) > 1e-6,
        f"top '{p.top}' is as deep as wide, but width is {p.width:g} and depth {p.depth:g}",
    )
    p.refuse(
        p.top not in {"round", "square"} and p.depth > p.width,
        f"depth {p.depth:g} is more than width {p.width:g}; the long side runs left to right",
    )
    p.refuse(p.planks > 0 and not p.squared_top, f"planks need a square or long top, not '{p.top}'")
    p.refuse(
        p.planks > 0 and p.depth / max(p.planks, 1) < 0.05,
        f"planks: {p.planks} of a depth of {p.depth:g} are narrower than 0.05",
    )
    p.refuse(p.breadboard and p.planks == 0, "breadboard ends need a top of planks; set planks to 1 or more")
    p.refuse(p.planks > 0 and p.frame_width > 0, "a top is of planks or has a pane in a frame_width, not both")
    p.refuse(
        p.frame_width > 0 and not 0.02 <= p.frame_width <= 0.3 * p.depth,
        f"frame_width {p.frame_width:g} must be 0, or from 0.02 to 0.3 of depth {p.depth:g}",
    )
    p.refuse(0 < p.rim_height < 0.005, f"rim_height {p.rim_height:g} must be 0, or from 0.005")


def _check_stand(p: TableProperties) -> None:
    p.refuse(
        not p.takes_apron and p.apron_height > 0,
        f"apron_height needs four legs, slabs or a sled, not '{p.legs}'; set it to 0",
    )
    p.refuse(
        p.leg_splay > 0 and p.legs not in {"splayed", "tripod"},
        f"leg_splay {p.leg_splay:g} needs legs 'splayed' or 'tripod', not '{p.legs}'; set it to 0",
    )
    p.refuse(
        p.top == "half_round" and not p.four_legs and p.legs not in {"drum", "pedestal"},
        f"top 'half_round' stands on four legs, a pedestal or a drum, not '{p.legs}'",
    )
    p.refuse(
        p.legs == "hairpin" and p.leg_thickness > 0.03,
        f"leg_thickness {p.leg_thickness:g} is too much for the rods of hairpin legs; 0.03 or less",
    )
    p.refuse(
        p.legs == "trestle" and p.leg_thickness > 0.2 * p.depth,
        f"leg_thickness {p.leg_thickness:g} of the trestle is more than 0.2 of depth {p.depth:g}",
    )
    p.refuse(
        p.legs == "pedestal" and p.leg_thickness > 0.3 * p.depth,
        f"leg_thickness {p.leg_thickness:g} of the column is more than 0.3 of depth {p.depth:g}",
    )
    p.refuse(
        p.legs in {"trestle", "sled", "slab"} and not p.squared_top and p.width < 0.7,
        f"legs '{p.legs}' under a top '{p.top}' need a width of 0.7 or more, not {p.width:g}",
    )
    p.refuse(
        p.leg_thickness > 0.3 * p.height,
        f"leg_thickness {p.leg_thickness:g} is too much for height {p.height:g}",
    )


def leg_room(top: str, legs: str, width: float, depth: float, corner: float) -> tuple[float, float]:
    """How far in from the rim legs may reach, metres, and by how many times their thickness they do.

    `corner` is the rounding of the corners, metres: 0.29 of it is clear of the sides.
    """
    side, share = (width, 0.42) if legs in {"trestle", "slab"} else (depth, 0.46)
    room = share * side - 0.29 * min(corner, 0.46 * depth)
    if top not in {"square", "long"}:
        room = 0.33 * side
    return room, {"hairpin": 3.0, "cabriole": 2.0, "tripod": 2.0, "crossed": 2.5}.get(legs, 1.3)


def _check_room(p: TableProperties) -> None:
    room, times = leg_room(p.top, p.legs, p.width, p.depth, 0.0 if p.planks > 0 else p.corner_radius)
    p.refuse(
        p.legs not in {"pedestal", "drum"} and p.leg_inset + p.bevel_reach + times * p.leg_thickness > room,
        f"leg_inset {p.leg_inset:g} and leg_thickness {p.leg_thickness:g} are too much for "
        f"a top of {p.width:g} x {p.depth:g} with corner_radius {p.corner_radius:g}",
    )
    p.refuse(
        p.apron_height + p.top_thickness > 0.6 * p.height,
        f"apron_height {p.apron_height:g} is too much for height {p.height:g}",
    )
    p.refuse(0 < p.apron_height < 0.015, f"apron_height {p.apron_height:g} must be 0, or from 0.015")


def _check_between(p: TableProperties) -> None:
    clear = p.underside - p.apron_height - 0.06
    p.refuse(
        p.shelf and (not p.four_legs or p.legs == "cabriole") and p.legs != "slab",
        f"a shelf needs four legs or slabs that stay in line, not '{p.legs}'",
    )
    p.refuse(
        p.shelf and p.shelf_height > clear,
        f"shelf_height {p.shelf_height:g} leaves no room under a top at {p.height:g}",
    )
    p.refuse(
        p.stretchers != "none" and p.legs not in {"straight", "tapered", "splayed", "turned"},
        f"stretchers '{p.stretchers}' need straight, tapered, splayed or turned legs, not '{p.legs}'",
    )
    p.refuse(
        p.stretchers != "none" and p.stretcher_height > clear,
        f"stretcher_height {p.stretcher_height:g} leaves no room under a top at {p.height:g}",
    )
    p.refuse(
        p.stretchers not in {"none", "brace"} and p.shelf and abs(p.stretcher_height - p.shelf_height) < 0.06,
        f"stretchers at {p.stretcher_height:g} run into the shelf at {p.shelf_height:g}",
    )


def _check_storage(p: TableProperties) -> None:
    p.refuse(
        p.drawers > 0 and p.apron_height < 0.07,
        f"drawers need apron_height of 0.07 or more, not {p.apron_height:g}",
    )
    boxed = [name for name, wanted in (("drawers", p.drawers), ("cabinet", p.cabinet != "none")) if wanted]
    p.refuse(bool(boxed) and not p.squared_top, f"{' and '.join(boxed)} need a square or long top, not '{p.top}'")
    inner = p.width - 2 * (p.leg_inset + p.leg_thickness + p.bevel_reach + 0.02)
    p.refuse(
        p.drawers > 0 and inner < 0.12 * p.drawers,
        f"drawers: {p.drawers} do not fit between legs {max(inner, 0.0):.2g} apart; 0.12 each",
    )
    p.refuse(
        p.cabinet != "none" and (not p.four_legs or p.legs in {"cabriole", "hairpin"}),
        f"a cabinet hangs between straight, tapered, splayed or turned legs, not '{p.legs}'",
    )
    p.refuse(
        p.cabinet != "none" and (p.shelf or p.stretchers != "none"),
        "a cabinet leaves no place for a shelf or stretchers",
    )
    p.refuse(
        p.cabinet != "none" and (inner < 0.75 or p.underside - p.apron_height < 0.4),
        f"a cabinet needs 0.75 between the legs and 0.4 under the apron, not {max(inner, 0.0):.2g} "
        f"and {p.underside - p.apron_height:.2g}",
    )
    p.refuse(p.hutch_height > 0 and not p.squared_top, f"a hutch needs a square or long top, not '{p.top}'")
    p.refuse(
        p.hutch_height > 0 and (p.rim_height > 0 or p.frame_width > 0),
        "a hutch stands on a plain top; set rim_height and frame_width to 0",
    )
    p.refuse(
        p.hutch_height > 0 and (p.hutch_height < 0.12 or p.depth < 0.4 or p.width < 0.5),
        f"hutch_height {p.hutch_height:g} must be 0, or from 0.12 on a top of at least 0.5 x 0.4",
    )


def _check_nested(p: TableProperties) -> None:
    if p.nested == 0:
        return
    p.refuse(
        not p.squared_top or p.legs not in {"straight", "tapered", "hairpin", "sled", "slab"},
        f"nested tables need a square or long top on legs that stand upright, not '{p.top}' on '{p.legs}'",
    )
    p.refuse(
        p.shelf or p.drawers > 0 or p.cabinet != "none" or p.hutch_height > 0 or p.stretchers != "none",
        "nested tables leave no place for shelf, drawers, cabinet, hutch or stretchers",
    )
    low = {"width": 0.28, "depth": 0.25, "height": 0.28}
    short = [f"{name} {p.smaller[name]:g}" for name, least in low.items() if p.smaller[name] < least]
    p.refuse(bool(short), f"nested: {p.nested} do not fit; the next would have {', '.join(short)}")
    p.twin(**p.smaller)
