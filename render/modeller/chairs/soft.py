"""Upholstered kinds of chair: parsons, lounge, wing, club and tub chairs, chairs to swivel in, and poufs.

The one idea: a kind fixes what belongs together and leaves to the dice what a maker would vary.
"""

from __future__ import annotations

from typing import Any

from render.modeller.colours import METALS, upholstery, wood
from render.modeller.drawing import Dice


def covered(cover: str) -> dict[str, str]:
    """Seat, back, cushions and arms in one cloth."""
    return dict.fromkeys(("seat_material", "back_material", "upholstery", "arm_material"), cover)


def parsons(dice: Dice) -> dict[str, Any]:
    """Dining chairs upholstered all round."""
    width = dice.between("width", 0.42, 0.56)
    legs = dice.weighted("legs", {"straight": 0.25, "tapered": 0.5, "hairpin": 0.1, "sled": 0.15})
    thin = legs in {"hairpin", "sled"}
    seat = dice.weighted("seat", {"square": 0.75, "round": 0.25})
    tall = dice.chance("tall", 0.35)
    return covered(upholstery(dice, 0.3)) | {
        "seat": seat,
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.42, 0.50),
        "seat_height": dice.between("height", 0.45, 0.49),
        "seat_thickness": dice.between("thickness", 0.065, 0.13),
        "seat_taper": dice.between("taper", 0.84, 1.0),
        "back": "upholstered",
        "back_height": dice.between("tall_back", 0.55, 0.75) if tall else dice.between("back_height", 0.32, 0.52),
        "back_width": round(width * dice.between("back_width", 0.76, 0.97), 4),
        "back_tilt": dice.between("tilt", 4.0, 12.0),
        "back_curve": dice.between("curve", 0.0, 0.10),
        "back_arch": dice.between("arch", 0.0, 0.02)
        if dice.chance("level", 0.6)
        else dice.between("arched", 0.04, 0.1),
        "back_thickness": dice.between("back_thickness", 0.045, 0.085),
        "back_corner": dice.between("back_corner", 0.02, 0.10) if dice.chance("soft", 0.7) else 0.24,
        "tufting": dice.weighted("tufting", {"none": 0.45, "channels": 0.25, "buttons": 0.2, "ribs": 0.1}),
        "legs": legs,
        "leg_section": dice.weighted("section", {"square": 0.5, "round": 0.3, "turned": 0.2}),
        "leg_thickness": 0.018 if thin else dice.between("leg", 0.036, 0.05),
        "frame_material": dice.among("metal", METALS) if thin else wood(dice),
        # Closed sides go with the straight edges of a square seat, and with a back about as wide.
        "arms": "closed" if seat == "square" and not tall and dice.chance("armed", 0.45) else "none",
        "arm_height": dice.between("arm_height", 0.16, 0.24),
    }


def _easy(dice: Dice, cover: str) -> dict[str, Any]:
    """What all easy chairs share."""
    width = dice.between("width", 0.54, 0.76)
    return covered(cover) | {
        "seat": "square",
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.54, 0.70),
        "seat_height": dice.between("height", 0.385, 0.44),
        "seat_taper": dice.between("taper", 0.86, 1.0),
        "cushion": "thick",
        "back": "upholstered",
        "back_height": dice.between("back_height", 0.36, 0.60),
        "back_width": round(width * dice.between("back_width", 0.9, 0.98), 4),
        "back_tilt": dice.between("tilt", 10.0, 22.0),
        "back_curve": dice.between("curve", 0.0, 0.07),
        "back_arch": dice.between("arch", 0.0, 0.02)
        if dice.chance("level", 0.7)
        else dice.between("arched", 0.05, 0.1),
        "back_thickness": dice.between("back_thickness", 0.09, 0.16),
        "back_corner": dice.between("back_corner", 0.03, 0.10) if dice.chance("square", 0.7) else 0.2,
        "arm_height": dice.between("arm_height", 0.15, 0.24),
        "leg_section": dice.weighted("section", {"round": 0.45, "square": 0.35, "turned": 0.2}),
        "leg_thickness": dice.between("leg", 0.034, 0.05),
        "frame_material": wood(dice),
    }


def lounge(dice: Dice) -> dict[str, Any]:
    """Easy chairs in an open frame of wood or steel."""
    cover = upholstery(dice, 0.3)
    legs = dice.weighted("legs", {"splayed": 0.45, "sled": 0.2, "straight": 0.15, "panel": 0.1, "rocker": 0.1})
    timber = wood(dice) if legs != "sled" or dice.chance("wooden", 0.5) else dice.among("metal", METALS)
    return _easy(dice, cover) | {
        "seat_thickness": 0.03,
        "seat_material": timber,
        "legs": legs,
        "leg_thickness": dice.between("leg", 0.026, 0.042),
        "leg_splay": dice.between("splay", 2.0, 12.0) if legs == "splayed" else 0.0,
        "frame_material": timber,
        "back_height": dice.between("back_height", 0.36, 0.72),
        "tufting": dice.weighted("tufting", {"none": 0.55, "ribs": 0.2, "buttons": 0.15, "channels": 0.1}),
        "arms": dice.weighted("arms", {"straight": 0.5, "curved": 0.3, "none": 0.2}),
        "arm_width": dice.between("arm_width", 0.04, 0.11),
        "arm_material": timber,
    }


def club(dice: Dice) -> dict[str, Any]:
    """Armchairs with closed or rolled sides."""
    rolled = dice.chance("rolled", 0.45)
    legs = dice.weighted("legs", {"tapered": 0.5, "straight": 0.15, "plinth": 0.25, "splayed": 0.1})
    cover = upholstery(dice, 0.45 if rolled else 0.25)
    timber = cover if legs == "plinth" and dice.chance("skirt", 0.6) else wood(dice)
    return _easy(dice, cover) | {
        "seat_thickness": dice.between("thickness", 0.08, 0.13),
        "legs": legs,
        "leg_splay": 5.0 if legs == "splayed" else 0.0,
        "frame_material": timber,
        "tufting": dice.weighted("tufting", {"none": 0.45, "buttons": 0.3, "channels": 0.25}),
        "arms": "rolled" if rolled else "closed",
    }


def wing(dice: Dice) -> dict[str, Any]:
    """High easy chairs with wings beside the head."""
    legs = dice.weighted("legs", {"tapered": 0.4, "splayed": 0.25, "straight": 0.15, "plinth": 0.1, "rocker": 0.1})
    cover = upholstery(dice, 0.35)
    return _easy(dice, cover) | {
        "seat_thickness": dice.between("thickness", 0.08, 0.12),
        "seat_height": dice.between("height", 0.42, 0.47),
        "back_height": dice.between("tall", 0.52, 0.84),
        "back_width": round(dice.between("width", 0.54, 0.76) * dice.between("narrow", 0.72, 0.98), 4),
        "back_tilt": dice.between("tilt", 6.0, 20.0),
        "back_thickness": dice.between("back_thickness", 0.08, 0.12),
        "wings": dice.between("wings", 0.10, 0.20),
        "frame_material": cover if legs == "plinth" else wood(dice),
        "legs": legs,
        "leg_splay": dice.between("splay", 4.0, 10.0) if legs == "splayed" else 0.0,
        "tufting": dice.weighted("tufting", {"none": 0.5, "buttons": 0.35, "channels": 0.15}),
        "arms": dice.weighted("arms", {"closed": 0.4, "rolled": 0.3, "none": 0.3}),
    }


def tub(dice: Dice) -> dict[str, Any]:
    """Barrel and cocktail chairs: one padded wall round the seat."""
    cover = upholstery(dice, 0.25)
    legs = dice.weighted(
        "legs", {"tapered": 0.3, "splayed": 0.2, "plinth": 0.15, "pedestal": 0.15, "sled": 0.1, "hairpin": 0.1}
    )
    thin = legs in {"sled", "hairpin"}
    width = dice.between("width", 0.46, 0.66)
    armed = dice.chance("armed", 0.65)
    return covered(cover) | {
        "seat": dice.weighted("seat", {"square": 0.5, "round": 0.5}),
        "seat_width": width,
        "seat_depth": round(width * dice.between("depth", 0.9, 1.02), 4),
        "seat_height": dice.between("height", 0.40, 0.46),
        "seat_thickness": dice.between("thickness", 0.07, 0.13),
        "seat_taper": dice.between("taper", 0.84, 1.0),
        "cushion": dice.weighted("cushion", {"none": 0.6, "thick": 0.4}),
        "back": "tub",
        "back_height": dice.between("back_height", 0.28, 0.50),
        "back_tilt": dice.between("tilt", 2.0, 14.0),
        "back_thickness": dice.between("back_thickness", 0.05, 0.11),
        "back_corner": dice.between("back_corner", 0.04, 0.1),
        "tufting": dice.weighted("tufting", {"none": 0.55, "channels": 0.45}),
        "legs": legs,
        "leg_section": "round",
        "leg_thickness": 0.016 if thin else dice.between("leg", 0.034, 0.05),
        "leg_splay": dice.between("splay", 6.0, 12.0) if legs == "splayed" else 0.0,
        "base": dice.weighted("base", {"disc": 0.4, "trumpet": 0.3, "cross": 0.3}),
        "frame_material": dice.among("metal", METALS)
        if thin or legs == "pedestal"
        else (cover if legs == "plinth" else wood(dice)),
        "arms": "closed" if armed else "none",
        "arm_height": dice.between("arm_height", 0.15, 0.25),
    }


def reclined(dice: Dice) -> dict[str, Any]:
    """Easy chairs that turn on a star of four arms or on a disc, with a head cushion."""
    width = dice.between("width", 0.52, 0.64)
    cover = upholstery(dice, 0.6)
    return covered(cover) | {
        "seat": dice.weighted("seat", {"square": 0.6, "saddle": 0.4}),
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.48, 0.58),
        "seat_height": dice.between("height", 0.38, 0.44),
        "seat_thickness": dice.between("thickness", 0.07, 0.12),
        "back": "upholstered",
        "back_height": dice.between("back_height", 0.48, 0.70),
        "back_width": round(width * dice.between("back_width", 0.8, 1.0), 4),
        "back_tilt": dice.between("tilt", 18.0, 30.0),
        "back_curve": dice.between("curve", 0.03, 0.12),
        "back_gap": dice.between("gap", 0.02, 0.08),
        "back_thickness": dice.between("back_thickness", 0.06, 0.10),
        "back_corner": dice.between("back_corner", 0.05, 0.2),
        "tufting": dice.weighted("tufting", {"ribs": 0.4, "buttons": 0.25, "none": 0.35}),
        "headrest": dice.between("headrest", 0.1, 0.15) if dice.chance("head", 0.5) else 0.0,
        "legs": "pedestal",
        "leg_thickness": dice.between("column", 0.045, 0.07),
        "base": dice.weighted("base", {"cross": 0.75, "disc": 0.25}),
        "frame_material": dice.among("metal", METALS),
        "arms": dice.weighted("arms", {"straight": 0.55, "none": 0.45}),
        "arm_height": dice.between("arm_height", 0.18, 0.24),
        "arm_width": dice.between("arm_width", 0.06, 0.1),
        "arm_material": dice.among("pads", ("plastic:black", cover)),
    }


def pouf(dice: Dice) -> dict[str, Any]:
    """Poufs and padded cubes."""
    cover = upholstery(dice, 0.35)
    width = dice.between("width", 0.38, 0.56)
    below = cover if dice.chance("whole", 0.5) else wood(dice)
    return covered(cover) | {
        "seat": dice.weighted("seat", {"round": 0.6, "square": 0.4}),
        "seat_width": width,
        "seat_depth": round(width * dice.between("depth", 0.8, 1.0), 4),
        "seat_height": dice.between("height", 0.36, 0.46),
        "seat_thickness": dice.between("thickness", 0.08, 0.2),
        "seat_taper": 1.0,
        "back": "none",
        "legs": "plinth",
        "leg_thickness": dice.between("inset", 0.03, 0.09),
        "frame_material": below,
    }
