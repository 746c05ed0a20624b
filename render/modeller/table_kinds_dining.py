"""Tables to sit at: dining, farmhouse, tulip, café and conference tables.

The one idea: a kind fixes what belongs together and leaves to the dice what a maker would vary.
"""

from __future__ import annotations

from typing import Any

from render.modeller.colours import METALS, paint, stone, wood
from render.modeller.drawing import Dice


def top_of(dice: Dice, thick: tuple[float, float] = (0.022, 0.04)) -> dict[str, Any]:
    """Thickness, edge and corners of a top."""
    thickness = dice.between("thickness", *thick)
    bevelled = dice.chance("bevelled", 0.35)
    return {
        "top_thickness": thickness,
        "top_edge": "bevelled" if bevelled else "rounded",
        "edge_size": round(
            thickness * (dice.between("bevel", 0.4, 0.75) if bevelled else dice.between("round", 0.15, 0.48)),
            4,
        ),
        "corner_radius": dice.between("soft_corner", 0.04, 0.16)
        if dice.chance("soft", 0.4)
        else dice.between("corner", 0.006, 0.03),
    }


def round_of(dice: Dice, low: float, high: float) -> dict[str, Any]:
    """Width and depth alike."""
    size = dice.between("size", low, high)
    return {"width": size, "depth": size}


def dining(dice: Dice) -> dict[str, Any]:
    """Dining tables on four legs."""
    timber = wood(dice)
    two_tone = dice.chance("two_tone", 0.35)
    top = dice.weighted("top", {"long": 0.6, "square": 0.12, "oval": 0.16, "round": 0.12})
    legs = dice.weighted("legs", {"straight": 0.35, "tapered": 0.35, "splayed": 0.3})
    size = (
        round_of(dice, 0.85, 1.25)
        if top in {"square", "round"}
        else {
            "width": dice.between("width", 1.4, 2.3),
            "depth": dice.between("depth", 0.8, 1.0),
        }
    )
    return (
        top_of(dice)
        | size
        | {
            "top": top,
            "height": dice.between("height", 0.72, 0.77),
            "top_material": timber,
            "legs": legs,
            "leg_section": dice.weighted("section", {"square": 0.6, "round": 0.4}),
            "leg_thickness": dice.between("leg", 0.05, 0.085),
            "leg_splay": dice.between("splay", 5.0, 11.0) if legs == "splayed" else 0.0,
            "leg_inset": dice.between("inset_splayed", 0.08, 0.18)
            if legs == "splayed"
            else dice.between("inset", 0.0, 0.06),
            "apron_height": dice.between("apron", 0.06, 0.1),
            "frame_material": paint(dice) if two_tone else timber,
        }
    )


def farmhouse(dice: Dice) -> dict[str, Any]:
    """Long tables on trestles."""
    timber = wood(dice)
    return top_of(dice, (0.035, 0.055)) | {
        "top": dice.weighted("top", {"long": 0.85, "oval": 0.15}),
        "width": dice.between("width", 1.6, 2.5),
        "depth": dice.between("depth", 0.8, 1.0),
        "height": dice.between("height", 0.73, 0.77),
        "top_material": timber,
        "legs": "trestle",
        "trestle": dice.weighted("trestle", {"post": 0.5, "cross": 0.5}),
        "leg_thickness": dice.between("leg", 0.075, 0.11),
        "leg_inset": dice.between("inset", 0.2, 0.34),
        "apron_height": 0.0,
        "frame_material": paint(dice) if dice.chance("two_tone", 0.35) else timber,
    }


def tulip(dice: Dice) -> dict[str, Any]:
    """Tables on a trumpet foot."""
    top = dice.weighted("top", {"round": 0.55, "oval": 0.3, "square": 0.15})
    wide = dice.between("width", 1.3, 1.9)
    size = (
        {"width": wide, "depth": round(wide * dice.between("depth", 0.58, 0.7), 4)}
        if top == "oval"
        else round_of(dice, 0.75, 1.3)
    )
    frame = dice.among("frame", ("paint:white", "paint:white", "paint:black", "metal:chrome", "metal:brass"))
    tops = (
        stone(dice),
        wood(dice),
        frame if frame.startswith("paint") else "paint:white",
    )
    return (
        top_of(dice, (0.018, 0.03))
        | size
        | {
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
    )


def cafe(dice: Dice) -> dict[str, Any]:
    """Small tables on a column, also bar tables."""
    top = dice.weighted("top", {"round": 0.5, "square": 0.5})
    tall = dice.chance("tall", 0.3)
    tops = (stone(dice), wood(dice), wood(dice), paint(dice))
    return (
        top_of(dice, (0.018, 0.03))
        | round_of(dice, 0.58, 0.8)
        | {
            "top": top,
            "height": dice.between("bar", 1.0, 1.1) if tall else dice.between("height", 0.71, 0.76),
            "top_material": dice.among("top_kind", tops),
            "legs": "pedestal",
            "base": dice.weighted("base", {"disc": 0.45, "cross": 0.55}),
            "leg_thickness": dice.between("column", 0.05, 0.076),
            "apron_height": 0.0,
            "frame_material": dice.among("metal", METALS),
        }
    )


def conference(dice: Dice) -> dict[str, Any]:
    """Long tables on sleds or two columns."""
    legs = dice.weighted("legs", {"sled": 0.5, "pedestal": 0.5})
    top = dice.weighted("top", {"long": 0.6, "oval": 0.4})
    return top_of(dice, (0.024, 0.036)) | {
        "top": top,
        "width": dice.between("width", 2.1, 2.8),
        "depth": dice.between("depth", 0.95, 1.1),
        "height": dice.between("height", 0.72, 0.75),
        "top_material": dice.among("top_kind", (wood(dice), wood(dice), "paint:white", "paint:charcoal")),
        "legs": legs,
        "base": dice.weighted("base", {"disc": 0.6, "trumpet": 0.4}),
        "leg_section": "square",
        "leg_thickness": dice.between("column", 0.09, 0.13) if legs == "pedestal" else dice.between("bar", 0.045, 0.07),
        "leg_inset": dice.between("inset", 0.04, 0.16),
        "apron_height": 0.0,
        "frame_material": dice.among("metal", METALS),
    }
