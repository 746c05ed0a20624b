"""Other tables: coffee, drum, desk, console and bedside tables.

The one idea: a kind fixes what belongs together and leaves to the dice what a maker would vary.
"""

from __future__ import annotations

from typing import Any

from render.modeller.colours import HANDLES, METALS, drawer_paint, paint, stone, wood, wood_or_paint
from render.modeller.drawing import Dice
from render.modeller.table_kinds_dining import round_of, top_of


def coffee(dice: Dice) -> dict[str, Any]:
    """Low tables."""
    top = dice.weighted("top", {"long": 0.4, "round": 0.25, "oval": 0.2, "square": 0.15})
    legs = dice.weighted("legs", {"splayed": 0.4, "straight": 0.2, "tapered": 0.15, "sled": 0.25})
    if legs == "sled" and top in {"round", "oval"}:
        legs = "splayed"
    wide = dice.between("width", 0.9, 1.35)
    size = (
        {"width": wide, "depth": round(wide * dice.between("depth", 0.45, 0.62), 4)}
        if top in {"long", "oval"}
        else round_of(dice, 0.6, 0.95)
    )
    timber = wood(dice)
    metal = legs == "sled" or dice.chance("metal_legs", 0.25)
    frame = dice.among("metal", METALS) if metal else (paint(dice) if dice.chance("two_tone", 0.2) else timber)
    tops = (timber, timber, stone(dice), paint(dice))
    shelf = legs != "sled" and dice.chance("shelf", 0.45)
    return (
        top_of(dice, (0.018, 0.034))
        | size
        | {
            "top": top,
            "height": dice.between("height", 0.36, 0.46),
            "top_material": dice.among("top_kind", tops),
            "legs": legs,
            "leg_section": "square" if legs == "sled" else dice.weighted("section", {"round": 0.65, "square": 0.35}),
            "leg_thickness": dice.between("slim", 0.02, 0.034) if metal else dice.between("leg", 0.034, 0.05),
            "leg_splay": dice.between("splay", 6.0, 15.0) if legs == "splayed" else 0.0,
            "leg_inset": dice.between("inset", 0.05, 0.1) if legs == "splayed" else dice.between("flush", 0.0, 0.05),
            "apron_height": 0.0 if metal or dice.chance("bare", 0.5) else dice.between("apron", 0.04, 0.06),
            "frame_material": frame,
            "shelf": shelf,
            "shelf_height": dice.between("shelf_height", 0.12, 0.18),
        }
    )


def drum(dice: Dice) -> dict[str, Any]:
    """Tables whose body is a drum."""
    top = dice.weighted("top", {"round": 0.75, "oval": 0.25})
    low = dice.chance("low", 0.6)
    wide = dice.between("width", 0.9, 1.3)
    size = {"width": wide, "depth": round(wide * 0.64, 4)} if top == "oval" else round_of(dice, 0.42, 0.8)
    if not low:
        size = {"width": 1.9, "depth": 1.05} if top == "oval" else round_of(dice, 0.95, 1.35)
    body = dice.among(
        "body",
        (wood(dice), wood(dice), paint(dice), stone(dice), "metal:brass"),
    )
    return (
        top_of(dice, (0.022, 0.04))
        | size
        | {
            "top": top,
            "height": dice.between("height", 0.36, 0.52) if low else dice.between("tall", 0.72, 0.76),
            "top_material": body if dice.chance("same", 0.5) else stone(dice, "top_stone"),
            "legs": "drum",
            "fluted": dice.chance("fluted", 0.55),
            "apron_height": 0.0,
            "frame_material": body,
        }
    )


def desk(dice: Dice) -> dict[str, Any]:
    """Desks with drawers."""
    timber = wood(dice)
    legs = dice.weighted("legs", {"tapered": 0.35, "splayed": 0.25, "straight": 0.15, "sled": 0.25})
    metal = legs == "sled" or (legs == "straight" and dice.chance("metal_legs", 0.6))
    drawers = dice.whole("drawers", 1, 3)
    return top_of(dice, (0.02, 0.03)) | {
        "top": "long",
        "width": dice.between("width", 1.1, 1.6),
        "depth": dice.between("depth", 0.55, 0.75),
        "height": dice.between("height", 0.72, 0.77),
        "top_material": timber,
        "legs": legs,
        "leg_section": "square" if metal else dice.weighted("section", {"square": 0.6, "round": 0.4}),
        "leg_thickness": dice.between("slim", 0.028, 0.04) if metal else dice.between("leg", 0.042, 0.056),
        "leg_splay": dice.between("splay", 4.0, 9.0) if legs == "splayed" else 0.0,
        "leg_inset": dice.between("inset", 0.02, 0.06),
        "apron_height": dice.between("case", 0.09, 0.14),
        "drawers": drawers,
        "drawer_material": drawer_paint(dice, timber) if dice.chance("coloured", 0.35) else timber,
        "frame_material": dice.among("metal", METALS) if metal else timber,
        "handle_material": dice.among("handle", HANDLES),
    }


def console(dice: Dice) -> dict[str, Any]:
    """Narrow tables for a wall."""
    timber = wood_or_paint(dice, 0.4)
    legs = dice.weighted("legs", {"straight": 0.4, "tapered": 0.6})
    drawers = dice.whole("drawers", 0, 3)
    return top_of(dice, (0.02, 0.03)) | {
        "top": "long",
        "width": dice.between("width", 0.9, 1.5),
        "depth": dice.between("depth", 0.32, 0.42),
        "height": dice.between("height", 0.76, 0.88),
        "top_material": timber,
        "legs": legs,
        "leg_section": "square",
        "leg_thickness": dice.between("leg", 0.036, 0.05),
        "leg_inset": dice.between("inset", 0.0, 0.03),
        "apron_height": dice.between("case", 0.1, 0.14) if drawers else dice.between("apron", 0.05, 0.08),
        "drawers": drawers,
        "drawer_material": timber,
        "shelf": dice.chance("shelf", 0.65),
        "shelf_height": dice.between("shelf_height", 0.14, 0.24),
        "frame_material": timber,
        "handle_material": dice.among("handle", HANDLES),
    }


def bedside(dice: Dice) -> dict[str, Any]:
    """Small tables with a drawer."""
    timber = wood_or_paint(dice, 0.4)
    legs = dice.weighted("legs", {"tapered": 0.5, "splayed": 0.3, "straight": 0.2})
    return (
        top_of(dice, (0.018, 0.026))
        | round_of(dice, 0.40, 0.52)
        | {
            "top": "square",
            "height": dice.between("height", 0.48, 0.60),
            "corner_radius": dice.between("corner", 0.006, 0.03),
            "top_material": timber,
            "legs": legs,
            "leg_section": dice.weighted("section", {"square": 0.5, "round": 0.5}),
            "leg_thickness": dice.between("leg", 0.032, 0.042),
            "leg_splay": dice.between("splay", 4.0, 8.0) if legs == "splayed" else 0.0,
            "leg_inset": dice.between("inset", 0.01, 0.03),
            "apron_height": dice.between("case", 0.12, 0.18),
            "drawers": 1,
            "drawer_material": drawer_paint(dice, timber) if dice.chance("coloured", 0.35) else timber,
            "shelf": dice.chance("shelf", 0.5),
            "shelf_height": dice.between("shelf_height", 0.10, 0.16),
            "frame_material": timber,
            "handle_material": dice.among("handle", HANDLES),
        }
    )
