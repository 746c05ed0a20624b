"""Tables to work at and for a wall: desks, writing desks and consoles.

The one idea: a kind fixes what belongs together and leaves to the dice what a maker would vary.
"""

from __future__ import annotations

from typing import Any

from render.modeller.colours import HANDLES, drawer_paint, stone, wood, wood_or_paint
from render.modeller.drawing import Dice
from render.modeller.tables.making import glass, metal, planked, top_of, two_tone


def desk(dice: Dice) -> dict[str, Any]:
    """Desks with drawers under the top, in a cabinet or in two."""
    timber = wood_or_paint(dice, 0.25)
    legs = dice.weighted("legs", {"tapered": 0.3, "splayed": 0.2, "straight": 0.2, "sled": 0.2, "hairpin": 0.1})
    steel = legs in {"sled", "hairpin"} or (legs == "straight" and dice.chance("metal_legs", 0.5))
    cabinet = "none"
    if legs not in {"sled", "hairpin"}:
        cabinet = dice.weighted("cabinet", {"none": 0.3, "left": 0.22, "right": 0.22, "both": 0.26})
    bare = cabinet != "none" and dice.chance("bare", 0.5)
    thick = dice.between("slim", 0.028, 0.045) if steel else dice.between("leg", 0.038, 0.065)
    return top_of(dice, (0.02, 0.04)) | {
        "top": "long",
        "width": dice.between("width", 1.15, 1.8),
        "depth": dice.between("depth", 0.52, 0.82),
        "height": dice.between("height", 0.71, 0.78),
        "top_edge": "rounded",
        "edge_size": dice.between("edge", 0.003, 0.009),
        "top_material": timber,
        "legs": legs,
        "leg_section": "square" if steel else dice.weighted("section", {"square": 0.6, "round": 0.4}),
        "leg_thickness": dice.between("rod", 0.014, 0.02) if legs == "hairpin" else thick,
        "leg_splay": dice.between("splay", 4.0, 10.0) if legs == "splayed" else 0.0,
        "leg_inset": dice.between("inset", 0.01, 0.05),
        "apron_height": 0.0 if bare else dice.between("case", 0.08, 0.15),
        "drawers": 0 if bare else dice.whole("drawers", 1, 3),
        "cabinet": cabinet,
        "drawer_material": drawer_paint(dice, timber) if dice.chance("coloured", 0.45) else timber,
        "frame_material": metal(dice) if steel and cabinet == "none" else timber,
        "handle_material": dice.among("handle", HANDLES),
    }


def writing(dice: Dice) -> dict[str, Any]:
    """Writing desks with pigeonholes on the top."""
    timber = wood_or_paint(dice, 0.35)
    legs = dice.weighted("legs", {"tapered": 0.4, "straight": 0.15, "turned": 0.25, "splayed": 0.2})
    cabinet = dice.weighted("cabinet", {"none": 0.7, "left": 0.15, "right": 0.15})
    return top_of(dice, (0.02, 0.032)) | {
        "top": "long",
        "width": dice.between("width", 0.9 if cabinet == "none" else 1.15, 1.45),
        "depth": dice.between("depth", 0.5, 0.72),
        "height": dice.between("height", 0.72, 0.77),
        "top_edge": "rounded",
        "edge_size": dice.between("edge", 0.003, 0.009),
        "corner_radius": dice.between("corner", 0.006, 0.03),
        "top_material": timber,
        "legs": legs,
        "leg_thickness": dice.between("leg", 0.038, 0.055),
        "leg_splay": dice.between("splay", 4.0, 8.0) if legs == "splayed" else 0.0,
        "leg_inset": dice.between("inset", 0.005, 0.03),
        "apron_height": dice.between("case", 0.08, 0.13),
        "drawers": dice.whole("drawers", 1, 3),
        "cabinet": cabinet,
        "hutch_height": dice.between("hutch", 0.16, 0.42),
        "drawer_material": drawer_paint(dice, timber) if dice.chance("coloured", 0.35) else timber,
        "frame_material": timber,
        "handle_material": dice.among("handle", HANDLES),
    }


def console(dice: Dice) -> dict[str, Any]:
    """Narrow tables for a wall."""
    timber = wood(dice)
    top = dice.weighted("top", {"long": 0.65, "half_round": 0.35})
    legs = dice.weighted("legs", {"straight": 0.4, "tapered": 0.25, "turned": 0.2, "cabriole": 0.15})
    drawers = dice.whole("drawers", 0, 3) if top == "long" else 0
    shelf = legs != "cabriole" and dice.chance("shelf", 0.6)
    braced = top == "long" and legs == "straight" and dice.chance("braced", 0.6)
    colours = two_tone(dice, timber, 0.65)
    if drawers == 0 and dice.chance("fine_top", 0.25):
        colours |= {"top_material": glass(dice) if dice.chance("glassy", 0.5) else stone(dice, "fine")}
    return (
        top_of(dice, (0.018, 0.045))
        | colours
        | (planked(dice, 0.3) if top == "long" and not colours["top_material"].startswith(("glass", "stone")) else {})
        | {
            "top": top,
            "width": dice.between("width", 0.8, 1.6),
            "depth": dice.between("depth", 0.32, 0.45),
            "height": dice.between("height", 0.74, 0.92),
            "top_edge": "rounded",
            "edge_size": dice.between("edge", 0.003, 0.009),
            "legs": legs,
            "leg_section": "square",
            "leg_thickness": dice.between("leg", 0.034, 0.06 if top == "long" else 0.046),
            "leg_inset": dice.between("inset", 0.0, 0.02),
            "apron_height": dice.between("case", 0.09, 0.15) if drawers else dice.between("apron", 0.04, 0.09),
            "drawers": drawers,
            "drawer_material": colours["frame_material"],
            "stretchers": "brace" if braced else "none",
            "stretcher_height": 0.12 if not shelf else 0.26,
            "shelf": shelf,
            "shelf_height": dice.between("shelf_height", 0.1, 0.24),
            "handle_material": dice.among("handle", HANDLES),
        }
    )
