"""Low and small tables: coffee, drum, tray, side, nested and bedside tables.

The one idea: a kind fixes what belongs together and leaves to the dice what a maker would vary.
"""

from __future__ import annotations

from typing import Any

from render.modeller.colours import HANDLES, drawer_paint, paint, stone, wood, wood_or_paint
from render.modeller.drawing import Dice
from render.modeller.tables.making import any_top, glass, metal, planked, round_of, sized, top_of, two_tone


def coffee(dice: Dice) -> dict[str, Any]:
    """Low tables on four legs or sleds."""
    top = dice.weighted("top", {"long": 0.4, "round": 0.25, "oval": 0.2, "square": 0.15})
    legs = dice.weighted("legs", {"splayed": 0.3, "straight": 0.2, "tapered": 0.12, "sled": 0.18, "hairpin": 0.2})
    if legs == "sled" and top in {"round", "oval"}:
        legs = "hairpin"
    rods = legs in {"sled", "hairpin"}
    steel = rods or dice.chance("metal_legs", 0.2)
    timber = wood(dice)
    shelf = legs != "sled" and dice.chance("shelf", 0.4)
    leg = dice.between("slim", 0.02, 0.034) if steel else dice.between("leg", 0.034, 0.062)
    if legs == "hairpin":
        leg = dice.between("rod", 0.014, 0.018)
    return (
        top_of(dice, (0.018, 0.05))
        | sized(dice, top, (0.55, 1.0), (0.9, 1.4), (0.42, 0.64))
        | (two_tone(dice, timber) if not steel else {"top_material": any_top(dice), "frame_material": metal(dice)})
        | (planked(dice, 0.25) if top in {"long", "square"} and not steel else {})
        | {
            "top": top,
            "height": dice.between("height", 0.32, 0.52),
            "legs": legs,
            "leg_section": "square" if legs == "sled" else dice.weighted("section", {"round": 0.65, "square": 0.35}),
            "leg_thickness": leg,
            "leg_splay": dice.between("splay", 6.0, 18.0) if legs == "splayed" else 0.0,
            "leg_inset": dice.between("inset", 0.03, 0.07) if legs == "splayed" else dice.between("flush", 0.0, 0.04),
            "apron_height": 0.0 if steel or dice.chance("bare", 0.5) else dice.between("apron", 0.04, 0.08),
            "shelf": shelf,
            "shelf_height": dice.between("shelf_height", 0.08, 0.13),
        }
    )


def pane(dice: Dice) -> dict[str, Any]:
    """Low tables with a pane of glass in a frame."""
    top = dice.weighted("top", {"square": 0.35, "long": 0.35, "round": 0.15, "oval": 0.15})
    legs = dice.weighted("legs", {"straight": 0.6, "tapered": 0.4})
    timber = wood(dice) if dice.chance("timber", 0.6) else metal(dice)
    width = dice.between("frame_width", 0.03, 0.11)
    return (
        top_of(dice, (0.026, 0.06))
        | sized(dice, top, (0.6, 0.95), (0.95, 1.35), (0.48, 0.66))
        | {
            "top": top,
            "height": dice.between("height", 0.36, 0.5),
            "frame_width": width,
            "top_material": timber,
            "pane_material": glass(dice) if dice.chance("glassy", 0.75) else stone(dice),
            "legs": legs,
            "leg_thickness": dice.between("leg", 0.03, 0.06),
            "leg_inset": 0.0,
            "apron_height": dice.between("apron", 0.03, 0.07),
            "frame_material": timber,
            "shelf": dice.chance("shelf", 0.6),
            "shelf_height": dice.between("shelf_height", 0.1, 0.17),
        }
    )


def waterfall(dice: Dice) -> dict[str, Any]:
    """Tables whose sides are slabs."""
    thick = dice.between("slab", 0.022, 0.07)
    body = dice.among("body", (wood(dice), wood(dice), paint(dice), stone(dice), glass(dice)))
    high = dice.chance("high", 0.3)
    wide = dice.between("width", 0.9, 1.4)
    return top_of(dice) | {
        "top": "long",
        "width": wide,
        "depth": dice.between("console", 0.3, 0.4) if high else round(wide * dice.between("share", 0.4, 0.65), 4),
        "height": dice.between("high_height", 0.72, 0.85) if high else dice.between("height", 0.33, 0.46),
        "top_thickness": thick,
        "top_edge": "rounded",
        "edge_size": round(0.12 * thick, 4),
        "corner_radius": 0.006,
        "top_material": body,
        "legs": "slab",
        "leg_thickness": thick,
        "leg_inset": 0.0 if dice.chance("flush", 0.7) else dice.between("inset", 0.06, 0.16),
        "apron_height": 0.0,
        "frame_material": body,
        "shelf": dice.chance("shelf", 0.55),
        "shelf_height": dice.between("shelf_height", 0.08, 0.2),
    }


def drum(dice: Dice) -> dict[str, Any]:
    """Low tables whose body is a drum, a block or a cage."""
    top = dice.weighted("top", {"round": 0.6, "oval": 0.12, "square": 0.18, "long": 0.1})
    shape = dice.weighted("shape", {"straight": 0.35, "hourglass": 0.28, "cone": 0.12, "bowl": 0.25})
    wall = dice.weighted("wall", {"plain": 0.35, "fluted": 0.3, "rods": 0.35})
    if top in {"square", "long"} and wall == "fluted":
        wall = "plain"
    steel = wall == "rods" or dice.chance("steel", 0.12)
    body = metal(dice) if steel else dice.among("body", (wood(dice), paint(dice), paint(dice), stone(dice)))
    return (
        top_of(dice, (0.016, 0.05))
        | sized(dice, top, (0.36, 0.85), (0.85, 1.25), (0.5, 0.7))
        | {
            "top": top,
            "height": dice.between("height", 0.34, 0.58),
            "top_material": body if wall != "rods" and dice.chance("same", 0.5) else any_top(dice),
            "rim_height": dice.between("rim", 0.015, 0.05) if dice.chance("tray", 0.2) else 0.0,
            "legs": "drum",
            "drum_shape": shape,
            "drum_wall": wall,
            "drum_share": dice.between("drum_share", 0.6, 0.98),
            "apron_height": 0.0,
            "frame_material": body,
        }
    )


def side(dice: Dice) -> dict[str, Any]:
    """Small tables beside a seat: on three legs, on a turned column, reaching over the seat, or with bent legs."""
    legs = dice.weighted("legs", {"tripod": 0.3, "pedestal": 0.25, "c_frame": 0.25, "cabriole": 0.2})
    top = dice.weighted("top", {"round": 0.6, "square": 0.25, "oval": 0.15})
    if legs == "c_frame":
        top = dice.weighted("c_top", {"long": 0.6, "square": 0.2, "oval": 0.2})
    timber = wood(dice)
    steel = legs == "c_frame"
    thick = {"tripod": (0.026, 0.045), "pedestal": (0.055, 0.085), "c_frame": (0.018, 0.032), "cabriole": (0.04, 0.055)}
    wide = dice.between("wide", 0.72, 0.9) if steel and top == "oval" else dice.between("width", 0.42, 0.7)
    size = {"width": wide, "depth": round(wide * dice.between("share", 0.62, 0.85), 4)}
    tray = not steel and dice.chance("tray", 0.4)
    return (
        top_of(dice, (0.016, 0.032))
        | (round_of(dice, 0.4, 0.66) if top in {"round", "square"} else size)
        | ({"top_material": any_top(dice), "frame_material": metal(dice)} if steel else two_tone(dice, timber))
        | {
            "top": top,
            "height": dice.between("height", 0.44, 0.7),
            "top_edge": "rounded",
            "edge_size": 0.006,
            "rim_height": dice.between("rim", 0.012, 0.04) if tray else 0.0,
            "legs": legs,
            "base": "tripod",
            "leg_section": dice.weighted("section", {"round": 0.6, "square": 0.4}),
            "leg_thickness": dice.between("leg", *thick[legs]),
            "leg_splay": dice.between("splay", 5.0, 15.0) if legs == "tripod" else 0.0,
            "leg_inset": dice.between("inset", 0.01, 0.05) if legs == "tripod" else 0.0,
            "apron_height": dice.between("apron", 0.05, 0.08) if legs == "cabriole" else 0.0,
        }
    )


def nest(dice: Dice) -> dict[str, Any]:
    """Small tables that go one under the other."""
    legs = dice.weighted("legs", {"straight": 0.35, "sled": 0.35, "slab": 0.15, "hairpin": 0.15})
    timber = wood_or_paint(dice, 0.3)
    steel = legs in {"sled", "hairpin"}
    thick = {"hairpin": (0.014, 0.016), "sled": (0.016, 0.024)}.get(legs, (0.022, 0.036))
    top = dice.weighted("top", {"long": 0.7, "square": 0.3})
    size = sized(dice, top, (0.6, 0.8), (0.66, 1.0), (0.55, 0.72))
    return (
        top_of(dice, (0.016, 0.026))
        | size
        | {
            "top": top,
            "height": dice.between("height", 0.42, 0.6),
            "top_edge": "rounded",
            "top_material": any_top(dice) if steel else timber,
            "legs": legs,
            "leg_thickness": dice.between("leg", *thick),
            "leg_inset": dice.between("inset", 0.0, 0.012),
            "apron_height": 0.0,
            "frame_material": metal(dice) if steel else timber,
            "nested": 2 if size["width"] > 0.72 and dice.chance("two", 0.65) else 1,
        }
    )


def bedside(dice: Dice) -> dict[str, Any]:
    """Small tables with a drawer."""
    timber = wood_or_paint(dice, 0.5)
    legs = dice.weighted("legs", {"tapered": 0.3, "splayed": 0.25, "straight": 0.2, "turned": 0.25})
    shelf = dice.chance("shelf", 0.5)
    return (
        top_of(dice, (0.018, 0.034))
        | round_of(dice, 0.36, 0.56)
        | {
            "top": "square",
            "height": dice.between("height", 0.44, 0.66),
            "corner_radius": dice.between("corner", 0.006, 0.03),
            "top_material": stone(dice) if dice.chance("stone_top", 0.15) else timber,
            "legs": legs,
            "leg_section": dice.weighted("section", {"square": 0.5, "round": 0.5}),
            "leg_thickness": dice.between("leg", 0.032, 0.05),
            "leg_splay": dice.between("splay", 4.0, 11.0) if legs == "splayed" else 0.0,
            "leg_inset": dice.between("inset", 0.01, 0.03),
            "apron_height": dice.between("case", 0.1, 0.18),
            "drawers": 1,
            "drawer_material": drawer_paint(dice, timber) if dice.chance("coloured", 0.35) else timber,
            "shelf": shelf,
            "shelf_height": dice.between("shelf_height", 0.08, 0.16),
            "frame_material": timber,
            "handle_material": dice.among("handle", HANDLES),
        }
    )
