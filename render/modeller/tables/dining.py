"""Tables to sit at: dining, farmhouse, star, tulip, café, bar and conference tables.

The one idea: a kind fixes what belongs together and leaves to the dice what a maker would vary.
"""

from __future__ import annotations

from typing import Any

from render.modeller.colours import paint, stone, wood
from render.modeller.drawing import Dice
from render.modeller.tables.making import any_top, glass, metal, planked, round_of, sized, top_of, two_tone


def dining(dice: Dice) -> dict[str, Any]:
    """Dining tables on four legs, slender or stout."""
    timber = wood(dice)
    top = dice.weighted("top", {"long": 0.45, "square": 0.15, "oval": 0.15, "round": 0.15, "boat": 0.1})
    legs = dice.weighted("legs", {"straight": 0.26, "tapered": 0.2, "splayed": 0.2, "turned": 0.24, "hairpin": 0.1})
    slim = legs in {"hairpin", "splayed"}
    thin = {
        "turned": dice.between("turned", 0.075, 0.13),
        "hairpin": dice.between("rod", 0.014, 0.02),
        "splayed": dice.between("leaning", 0.045, 0.075),
    }.get(legs, dice.between("leg", 0.045, 0.12))
    squared = top in {"long", "square"}
    return (
        top_of(dice, (0.02, 0.055))
        | sized(dice, top, (0.75, 1.35), (1.25, 2.5), (0.4, 0.62))
        | two_tone(dice, timber)
        | ({"frame_material": metal(dice)} if legs == "hairpin" else {})
        | (planked(dice, 0.4) if squared else {})
        | {
            "top": top,
            "height": dice.between("height", 0.71, 0.78),
            "legs": legs,
            "leg_section": dice.weighted("section", {"square": 0.6, "round": 0.4}),
            "leg_thickness": thin,
            "leg_splay": dice.between("splay", 5.0, 14.0) if legs == "splayed" else 0.0,
            "leg_inset": dice.between("inset_slim", 0.04, 0.12) if slim else dice.between("inset", 0.0, 0.05),
            "apron_height": 0.0 if slim and dice.chance("bare", 0.6) else dice.between("apron", 0.05, 0.13),
            "stretchers": dice.weighted("stretchers", {"none": 0.6, "h": 0.25, "box": 0.15})
            if legs in {"straight", "turned"}
            else "none",
            "stretcher_height": dice.between("stretcher_height", 0.09, 0.2),
        }
    )


def farmhouse(dice: Dice) -> dict[str, Any]:
    """Long tables on trestles, and desks and counters on lighter ones."""
    timber = wood(dice)
    top = dice.weighted("top", {"long": 0.85, "oval": 0.15})
    light = dice.chance("light", 0.4)
    size = {"width": dice.between("width", 1.5, 2.7), "depth": dice.between("depth", 0.75, 1.1)}
    if light:
        size = {"width": dice.between("short", 0.95, 1.6), "depth": dice.between("narrow", 0.5, 0.8)}
    return (
        top_of(dice, (0.024, 0.07))
        | size
        | two_tone(dice, timber)
        | (planked(dice, 0.55) if top == "long" else {})
        | {
            "top": top,
            "height": dice.between("counter", 0.86, 1.05)
            if light and dice.chance("high", 0.35)
            else dice.between("height", 0.7, 0.78),
            "legs": "trestle",
            "trestle": dice.weighted("trestle", {"post": 0.3, "cross": 0.35, "a_frame": 0.35}),
            "leg_thickness": dice.between("slim", 0.04, 0.075) if light else dice.between("leg", 0.065, 0.15),
            "leg_inset": dice.between("inset", 0.08, 0.2 if light else 0.4),
            "apron_height": 0.0,
        }
    )


def star(dice: Dice) -> dict[str, Any]:
    """Tables on crossed beams, often under glass."""
    top = dice.weighted("top", {"round": 0.5, "square": 0.15, "oval": 0.2, "long": 0.15})
    low = dice.chance("low", 0.35)
    beam = dice.between("beam", 0.045, 0.075 if low else 0.1)
    frame = wood(dice) if dice.chance("timber", 0.55) else metal(dice)
    size = ((0.7, 1.0), (1.0, 1.3)) if low else ((0.95, 1.4), (1.5, 2.1))
    return (
        top_of(dice, (0.014, 0.034))
        | sized(dice, top, *size, (0.55, 0.7))
        | {
            "top": top,
            "height": dice.between("low_height", 0.36, 0.46) if low else dice.between("height", 0.72, 0.77),
            "top_edge": "rounded",
            "top_material": glass(dice) if dice.chance("glassy", 0.5) else any_top(dice),
            "legs": "crossed",
            "leg_section": dice.weighted("section", {"square": 0.6, "round": 0.4}),
            "leg_thickness": beam,
            "leg_inset": dice.between("inset", 0.02, 0.09),
            "apron_height": 0.0,
            "frame_material": frame,
        }
    )


def tulip(dice: Dice) -> dict[str, Any]:
    """Tables on a trumpet foot."""
    top = dice.weighted("top", {"round": 0.5, "oval": 0.3, "square": 0.2})
    frames = ("paint:white", "paint:black", "metal:chrome", "metal:brass", paint(dice), paint(dice))
    frame = dice.among("frame", frames)
    tops = (stone(dice), wood(dice), glass(dice), frame if frame.startswith("paint") else "paint:white")
    low = dice.chance("low", 0.25)
    size = ((0.55, 1.0), (0.9, 1.3)) if low else ((0.6, 1.45), (1.2, 2.2))
    return (
        top_of(dice, (0.018, 0.034))
        | sized(dice, top, *size, (0.55, 0.7))
        | {
            "top": top,
            "height": dice.between("low_height", 0.34, 0.46) if low else dice.between("height", 0.71, 0.75),
            "top_edge": "bevelled",
            "edge_size": 0.014,
            "top_material": dice.among("top_kind", tops),
            "legs": "pedestal",
            "base": dice.weighted("base", {"trumpet": 0.85, "disc": 0.15}),
            "leg_thickness": dice.between("slim", 0.04, 0.1) if low else dice.between("column", 0.05, 0.16),
            "apron_height": 0.0,
            "frame_material": frame,
        }
    )


def cafe(dice: Dice) -> dict[str, Any]:
    """Small tables on a column, also bar tables."""
    top = dice.weighted("top", {"round": 0.42, "square": 0.33, "long": 0.25})
    tall = dice.chance("tall", 0.35)
    return (
        top_of(dice, (0.018, 0.042))
        | sized(dice, top, (0.46, 1.05), (0.9, 1.7), (0.45, 0.75))
        | (planked(dice, 0.3) if top != "round" else {})
        | {
            "top": top,
            "height": dice.between("bar", 0.98, 1.1) if tall else dice.between("height", 0.7, 0.76),
            "top_material": dice.among("top_kind", (stone(dice), wood(dice), wood(dice), paint(dice))),
            "legs": "pedestal",
            "base": dice.weighted("base", {"disc": 0.45, "cross": 0.55}),
            "leg_thickness": dice.between("column", 0.04, 0.13),
            "apron_height": 0.0,
            "frame_material": metal(dice),
        }
    )


def bar_table(dice: Dice) -> dict[str, Any]:
    """High tables on four legs with bars for the feet."""
    top = dice.weighted("top", {"round": 0.35, "square": 0.25, "long": 0.4})
    legs = dice.weighted("legs", {"straight": 0.35, "tapered": 0.2, "splayed": 0.45})
    timber = wood(dice)
    return (
        top_of(dice, (0.022, 0.05))
        | sized(dice, top, (0.6, 0.85), (0.95, 1.6), (0.42, 0.6))
        | two_tone(dice, timber, 0.6)
        | (planked(dice, 0.4) if top != "round" else {})
        | {
            "top": top,
            "height": dice.between("height", 0.9, 1.1),
            "legs": legs,
            "leg_section": dice.weighted("section", {"square": 0.5, "round": 0.5}),
            "leg_thickness": dice.between("leg", 0.036, 0.07),
            "leg_splay": dice.between("splay", 4.0, 9.0) if legs == "splayed" else 0.0,
            "leg_inset": dice.between("inset", 0.02, 0.06),
            "apron_height": dice.between("apron", 0.04, 0.09),
            "stretchers": dice.weighted("stretchers", {"box": 0.5, "h": 0.25, "cross": 0.25}),
            "stretcher_height": dice.between("stretcher_height", 0.16, 0.34),
        }
    )


def conference(dice: Dice) -> dict[str, Any]:
    """Long tables on sleds, slabs or two columns."""
    legs = dice.weighted("legs", {"sled": 0.3, "pedestal": 0.3, "slab": 0.4})
    top = dice.weighted("top", {"long": 0.36, "oval": 0.28, "boat": 0.36})
    thick = {"pedestal": (0.09, 0.2), "sled": (0.045, 0.08), "slab": (0.04, 0.1)}[legs]
    frame = metal(dice)
    if legs == "slab":
        frame = dice.among("slab_frame", (wood(dice), paint(dice), stone(dice)))
    return top_of(dice, (0.024, 0.05)) | {
        "top": top,
        "width": dice.between("width", 1.6, 3.1),
        "depth": dice.between("depth", 0.8, 1.4),
        "height": dice.between("height", 0.72, 0.75),
        "corner_radius": dice.between("blunt", 0.02, 0.2),
        "top_material": dice.among("top_kind", (wood(dice), wood(dice), paint(dice), stone(dice), "paint:charcoal")),
        "legs": legs,
        "base": dice.weighted("base", {"disc": 0.6, "trumpet": 0.4}),
        "leg_section": dice.weighted("section", {"square": 0.7, "round": 0.3}),
        "leg_thickness": dice.between("column", *thick),
        "leg_inset": dice.between("inset", 0.04, 0.2),
        "apron_height": 0.0,
        "frame_material": frame,
    }


def drum_dining(dice: Dice) -> dict[str, Any]:
    """Dining tables on a drum."""
    top = dice.weighted("top", {"round": 0.55, "oval": 0.35, "boat": 0.1})
    shape = dice.weighted("shape", {"straight": 0.3, "hourglass": 0.3, "cone": 0.25, "bowl": 0.15})
    wall = dice.weighted("wall", {"plain": 0.35, "fluted": 0.4, "rods": 0.25})
    body = metal(dice) if wall == "rods" else dice.among("body", (wood(dice), wood(dice), paint(dice), stone(dice)))
    size = round_of(dice, 0.95, 1.45)
    if top != "round":
        wide = dice.between("width", 1.6, 2.4)
        size = {"width": wide, "depth": round(wide * dice.between("share", 0.45, 0.6), 4)}
    return (
        top_of(dice, (0.022, 0.05))
        | size
        | {
            "top": top,
            "height": dice.between("height", 0.72, 0.76),
            "top_material": body if wall != "rods" and dice.chance("same", 0.3) else any_top(dice),
            "legs": "drum",
            "drum_shape": shape,
            "drum_wall": wall,
            "drum_share": dice.between("drum_share", 0.38, 0.66),
            "apron_height": 0.0,
            "frame_material": body,
        }
    )
