"""Which tables there are: kinds of table as a catalogue knows them, each with its proportions and colours.

The one idea: the same as for chairs; a kind fixes what belongs together, the dice vary the rest.
"""

from __future__ import annotations

from typing import Any

from render.modeller.drawing import Dice
from render.modeller.table import TableProperties

KINDS: dict[str, float] = {
    "dining": 0.17,
    "farmhouse": 0.10,
    "tulip": 0.10,
    "cafe": 0.09,
    "coffee": 0.14,
    "drum": 0.09,
    "desk": 0.11,
    "console": 0.07,
    "bedside": 0.06,
    "conference": 0.07,
}
"""Kinds of table and how often they are drawn."""

WOODS = ("birch", "ash", "beech", "oak", "oak", "smoked_oak", "teak", "cherry", "walnut", "walnut", "mahogany", "wenge", "limed")
PAINTS = ("white", "cream", "stone", "charcoal", "black", "sage", "forest", "teal", "sky", "navy", "mustard", "terracotta", "blush")
STONES = ("marble", "travertine", "slate", "terrazzo")
METALS = ("metal:chrome", "metal:steel", "metal:brass", "metal:graphite", "paint:black", "paint:black", "paint:white")
HANDLES = ("metal:brass", "metal:steel", "metal:graphite", "paint:black")


def draw_table(seed: int, index: int) -> TableProperties:
    """The table of a seed and an index."""
    dice = Dice("table", seed, index)
    kind = dice.weighted("kind", KINDS, spread=True)
    return TableProperties(**_DRAWS[kind](dice))


def _wood(dice: Dice) -> str:
    return f"wood:{dice.among('wood', WOODS)}"


def _paint(dice: Dice) -> str:
    return f"paint:{dice.among('paint', PAINTS)}"


def _top(dice: Dice, thick: tuple[float, float] = (0.022, 0.04)) -> dict[str, Any]:
    thickness = dice.between("thickness", *thick)
    bevelled = dice.chance("bevelled", 0.35)
    return {
        "top_thickness": thickness,
        "top_edge": "bevelled" if bevelled else "rounded",
        "edge_size": round(thickness * (dice.between("bevel", 0.4, 0.75) if bevelled else dice.between("round", 0.15, 0.48)), 4),
        "corner_radius": dice.between("soft_corner", 0.04, 0.16) if dice.chance("soft", 0.4) else dice.between("corner", 0.006, 0.03),
    }


def _round(dice: Dice, low: float, high: float) -> dict[str, Any]:
    size = dice.between("size", low, high)
    return {"width": size, "depth": size}


def _dining(dice: Dice) -> dict[str, Any]:
    wood = _wood(dice)
    two_tone = dice.chance("two_tone", 0.35)
    top = dice.weighted("top", {"long": 0.6, "square": 0.12, "oval": 0.16, "round": 0.12})
    legs = dice.weighted("legs", {"straight": 0.35, "tapered": 0.35, "splayed": 0.3})
    size = _round(dice, 0.85, 1.25) if top in {"square", "round"} else {
        "width": dice.between("width", 1.4, 2.3),
        "depth": dice.between("depth", 0.8, 1.0),
    }
    return _top(dice) | size | {
        "top": top,
        "height": dice.between("height", 0.72, 0.77),
        "top_material": wood,
        "legs": legs,
        "leg_section": dice.weighted("section", {"square": 0.6, "round": 0.4}),
        "leg_thickness": dice.between("leg", 0.05, 0.085),
        "leg_splay": dice.between("splay", 5.0, 11.0) if legs == "splayed" else 0.0,
        "leg_inset": dice.between("inset_splayed", 0.08, 0.18) if legs == "splayed" else dice.between("inset", 0.0, 0.06),
        "apron_height": dice.between("apron", 0.06, 0.1),
        "frame_material": _paint(dice) if two_tone else wood,
    }


def _farmhouse(dice: Dice) -> dict[str, Any]:
    wood = _wood(dice)
    return _top(dice, (0.035, 0.055)) | {
        "top": dice.weighted("top", {"long": 0.85, "oval": 0.15}),
        "width": dice.between("width", 1.6, 2.5),
        "depth": dice.between("depth", 0.8, 1.0),
        "height": dice.between("height", 0.73, 0.77),
        "top_material": wood,
        "legs": "trestle",
        "trestle": dice.weighted("trestle", {"post": 0.5, "cross": 0.5}),
        "leg_thickness": dice.between("leg", 0.075, 0.11),
        "leg_inset": dice.between("inset", 0.2, 0.34),
        "apron_height": 0.0,
        "frame_material": _paint(dice) if dice.chance("two_tone", 0.35) else wood,
    }


def _tulip(dice: Dice) -> dict[str, Any]:
    top = dice.weighted("top", {"round": 0.55, "oval": 0.3, "square": 0.15})
    wide = dice.between("width", 1.3, 1.9)
    size = {"width": wide, "depth": round(wide * dice.between("depth", 0.58, 0.7), 4)} if top == "oval" else _round(dice, 0.75, 1.3)
    frame = dice.among("frame", ("paint:white", "paint:white", "paint:black", "metal:chrome", "metal:brass"))
    tops = (f"stone:{dice.among('stone', STONES)}", _wood(dice), frame if frame.startswith("paint") else "paint:white")
    return _top(dice, (0.018, 0.03)) | size | {
        "top": top,
        "height": dice.between("height", 0.71, 0.75),
        "top_edge": "bevelled",
        "edge_size": 0.014,
        "top_material": dice.among("top_kind", tops),
        "legs": "pedestal",
        "base": dice.weighted("base", {"trumpet": 0.8, "disc": 0.2}),
        "leg_thickness": dice.between("column", 0.07, 0.12),
        "apron_height": 0.0,
        "frame_material": frame,
    }


def _cafe(dice: Dice) -> dict[str, Any]:
    top = dice.weighted("top", {"round": 0.5, "square": 0.5})
    tall = dice.chance("tall", 0.3)
    tops = (f"stone:{dice.among('stone', STONES)}", _wood(dice), _wood(dice), _paint(dice))
    return _top(dice, (0.018, 0.03)) | _round(dice, 0.58, 0.8) | {
        "top": top,
        "height": dice.between("bar", 1.0, 1.1) if tall else dice.between("height", 0.71, 0.76),
        "top_material": dice.among("top_kind", tops),
        "legs": "pedestal",
        "base": dice.weighted("base", {"disc": 0.45, "cross": 0.55}),
        "leg_thickness": dice.between("column", 0.05, 0.076),
        "apron_height": 0.0,
        "frame_material": dice.among("metal", METALS),
    }


def _coffee(dice: Dice) -> dict[str, Any]:
    top = dice.weighted("top", {"long": 0.4, "round": 0.25, "oval": 0.2, "square": 0.15})
    legs = dice.weighted("legs", {"splayed": 0.4, "straight": 0.2, "tapered": 0.15, "sled": 0.25})
    if legs == "sled" and top in {"round", "oval"}:
        legs = "splayed"
    wide = dice.between("width", 0.9, 1.35)
    size = {"width": wide, "depth": round(wide * dice.between("depth", 0.45, 0.62), 4)} if top in {"long", "oval"} else _round(dice, 0.6, 0.95)
    wood = _wood(dice)
    metal = legs == "sled" or dice.chance("metal_legs", 0.25)
    frame = dice.among("metal", METALS) if metal else (_paint(dice) if dice.chance("two_tone", 0.2) else wood)
    tops = (wood, wood, f"stone:{dice.among('stone', STONES)}", _paint(dice))
    shelf = legs != "sled" and dice.chance("shelf", 0.45)
    return _top(dice, (0.018, 0.034)) | size | {
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


def _drum(dice: Dice) -> dict[str, Any]:
    top = dice.weighted("top", {"round": 0.75, "oval": 0.25})
    low = dice.chance("low", 0.6)
    wide = dice.between("width", 0.9, 1.3)
    size = {"width": wide, "depth": round(wide * 0.64, 4)} if top == "oval" else _round(dice, 0.42, 0.8)
    if not low:
        size = {"width": 1.9, "depth": 1.05} if top == "oval" else _round(dice, 0.95, 1.35)
    body = dice.among("body", (_wood(dice), _wood(dice), _paint(dice), f"stone:{dice.among('stone', STONES)}", "metal:brass"))
    return _top(dice, (0.022, 0.04)) | size | {
        "top": top,
        "height": dice.between("height", 0.36, 0.52) if low else dice.between("tall", 0.72, 0.76),
        "top_material": body if dice.chance("same", 0.5) else f"stone:{dice.among('top_stone', STONES)}",
        "legs": "drum",
        "fluted": dice.chance("fluted", 0.55),
        "apron_height": 0.0,
        "frame_material": body,
    }


def _desk(dice: Dice) -> dict[str, Any]:
    wood = _wood(dice)
    legs = dice.weighted("legs", {"tapered": 0.35, "splayed": 0.25, "straight": 0.15, "sled": 0.25})
    metal = legs == "sled" or (legs == "straight" and dice.chance("metal_legs", 0.6))
    drawers = dice.whole("drawers", 1, 3)
    return _top(dice, (0.02, 0.03)) | {
        "top": "long",
        "width": dice.between("width", 1.1, 1.6),
        "depth": dice.between("depth", 0.55, 0.75),
        "height": dice.between("height", 0.72, 0.77),
        "top_material": wood,
        "legs": legs,
        "leg_section": "square" if metal else dice.weighted("section", {"square": 0.6, "round": 0.4}),
        "leg_thickness": dice.between("slim", 0.028, 0.04) if metal else dice.between("leg", 0.042, 0.056),
        "leg_splay": dice.between("splay", 4.0, 9.0) if legs == "splayed" else 0.0,
        "leg_inset": dice.between("inset", 0.02, 0.06),
        "apron_height": dice.between("case", 0.09, 0.14),
        "drawers": drawers,
        "drawer_material": _paint(dice) if dice.chance("coloured", 0.35) else wood,
        "frame_material": dice.among("metal", METALS) if metal else wood,
        "handle_material": dice.among("handle", HANDLES),
    }


def _console(dice: Dice) -> dict[str, Any]:
    wood = _wood(dice) if dice.chance("wooden", 0.6) else _paint(dice)
    legs = dice.weighted("legs", {"straight": 0.4, "tapered": 0.6})
    drawers = dice.whole("drawers", 0, 3)
    return _top(dice, (0.02, 0.03)) | {
        "top": "long",
        "width": dice.between("width", 0.9, 1.5),
        "depth": dice.between("depth", 0.32, 0.42),
        "height": dice.between("height", 0.76, 0.88),
        "top_material": wood,
        "legs": legs,
        "leg_section": "square",
        "leg_thickness": dice.between("leg", 0.036, 0.05),
        "leg_inset": dice.between("inset", 0.0, 0.03),
        "apron_height": dice.between("case", 0.1, 0.14) if drawers else dice.between("apron", 0.05, 0.08),
        "drawers": drawers,
        "drawer_material": wood,
        "shelf": dice.chance("shelf", 0.65),
        "shelf_height": dice.between("shelf_height", 0.14, 0.24),
        "frame_material": wood,
        "handle_material": dice.among("handle", HANDLES),
    }


def _bedside(dice: Dice) -> dict[str, Any]:
    wood = _wood(dice) if dice.chance("wooden", 0.6) else _paint(dice)
    legs = dice.weighted("legs", {"tapered": 0.5, "splayed": 0.3, "straight": 0.2})
    return _top(dice, (0.018, 0.026)) | _round(dice, 0.40, 0.52) | {
        "top": "square",
        "height": dice.between("height", 0.48, 0.60),
        "corner_radius": dice.between("corner", 0.006, 0.03),
        "top_material": wood,
        "legs": legs,
        "leg_section": dice.weighted("section", {"square": 0.5, "round": 0.5}),
        "leg_thickness": dice.between("leg", 0.032, 0.042),
        "leg_splay": dice.between("splay", 4.0, 8.0) if legs == "splayed" else 0.0,
        "leg_inset": dice.between("inset", 0.01, 0.03),
        "apron_height": dice.between("case", 0.12, 0.18),
        "drawers": 1,
        "drawer_material": _paint(dice) if dice.chance("coloured", 0.35) else wood,
        "shelf": dice.chance("shelf", 0.5),
        "shelf_height": dice.between("shelf_height", 0.10, 0.16),
        "frame_material": wood,
        "handle_material": dice.among("handle", HANDLES),
    }


def _conference(dice: Dice) -> dict[str, Any]:
    legs = dice.weighted("legs", {"sled": 0.5, "pedestal": 0.5})
    top = dice.weighted("top", {"long": 0.6, "oval": 0.4})
    return _top(dice, (0.024, 0.036)) | {
        "top": top,
        "width": dice.between("width", 2.1, 2.8),
        "depth": dice.between("depth", 0.95, 1.1),
        "height": dice.between("height", 0.72, 0.75),
        "top_material": dice.among("top_kind", (_wood(dice), _wood(dice), "paint:white", "paint:charcoal")),
        "legs": legs,
        "base": dice.weighted("base", {"disc": 0.6, "trumpet": 0.4}),
        "leg_section": "square",
        "leg_thickness": dice.between("column", 0.09, 0.13) if legs == "pedestal" else dice.between("bar", 0.045, 0.07),
        "leg_inset": dice.between("inset", 0.04, 0.16),
        "apron_height": 0.0,
        "frame_material": dice.among("metal", METALS),
    }


_DRAWS = {
    "dining": _dining,
    "farmhouse": _farmhouse,
    "tulip": _tulip,
    "cafe": _cafe,
    "coffee": _coffee,
    "drum": _drum,
    "desk": _desk,
    "console": _console,
    "bedside": _bedside,
    "conference": _conference,
}
