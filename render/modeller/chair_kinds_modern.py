"""Modern kinds of chair: shells, cantilevers, office, tulip, upholstered and lounge chairs.

The one idea: a kind fixes what belongs together and leaves to the dice what a maker would vary.
"""

from __future__ import annotations

from typing import Any

from render.modeller.colours import METALS, SHELLS, upholstery, wood
from render.modeller.drawing import Dice


def shell(dice: Dice) -> dict[str, Any]:
    """Shells of plastic or bent wood on all kinds of legs."""
    legs = dice.weighted("legs", {"splayed": 0.5, "sled": 0.2, "pedestal": 0.12, "tapered": 0.18})
    ply = dice.chance("ply", 0.3)
    shell = wood(dice) if ply else f"plastic:{dice.among('shell', SHELLS)}"
    wooden = legs in {"splayed", "tapered"}
    frame = wood(dice, "frame_wood") if wooden and dice.chance("wooden", 0.7) else dice.among("metal", METALS)
    width = dice.between("width", 0.43, 0.54)
    slim = not frame.startswith("wood")
    return {
        "seat": "saddle",
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.42, 0.48),
        "seat_height": dice.between("height", 0.42, 0.47),
        "seat_thickness": 0.018,
        "seat_taper": dice.between("taper", 0.84, 1.0),
        "seat_material": shell,
        "cushion": "thin" if dice.chance("cushion", 0.2) else "none",
        "upholstery": upholstery(dice, 0.2, shell),
        "back": "curved",
        "back_height": dice.between("back_height", 0.30, 0.44),
        "back_width": round(width * dice.between("back_width", 0.86, 1.12), 4),
        "back_tilt": dice.between("tilt", 10.0, 18.0),
        "back_curve": dice.between("curve", 0.05, 0.12),
        "back_gap": 0.0,
        "back_thickness": 0.014,
        "back_corner": dice.between("back_corner", 0.05, 0.22),
        "back_material": shell,
        "legs": legs,
        "leg_section": "round",
        "leg_thickness": dice.between("tube", 0.016, 0.024)
        if slim and legs != "pedestal"
        else dice.between("leg", 0.03, 0.04),
        "leg_splay": dice.between("splay", 8.0, 15.0) if legs == "splayed" else 0.0,
        "base": dice.weighted("base", {"cross": 0.6, "disc": 0.4}),
        "frame_material": frame,
        "arm_material": frame,
    }


def parsons(dice: Dice) -> dict[str, Any]:
    """Dining chairs upholstered all round."""
    cover = upholstery(dice, 0.3)
    width = dice.between("width", 0.45, 0.54)
    timber = wood(dice)
    return {
        "seat": "square",
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.44, 0.50),
        "seat_height": dice.between("height", 0.45, 0.49),
        "seat_thickness": dice.between("thickness", 0.075, 0.12),
        "seat_taper": dice.between("taper", 0.88, 1.0),
        "seat_material": cover,
        "upholstery": cover,
        "back": "upholstered",
        "back_height": dice.between("back_height", 0.36, 0.62),
        "back_width": round(width * dice.between("back_width", 0.86, 0.97), 4),
        "back_tilt": dice.between("tilt", 6.0, 12.0),
        "back_curve": dice.between("curve", 0.0, 0.09),
        "back_thickness": dice.between("back_thickness", 0.06, 0.085),
        "back_corner": dice.between("back_corner", 0.04, 0.10) if dice.chance("soft", 0.7) else 0.24,
        "legs": dice.weighted("legs", {"straight": 0.35, "tapered": 0.65}),
        "leg_section": dice.weighted("section", {"square": 0.6, "round": 0.4}),
        "leg_thickness": dice.between("leg", 0.036, 0.05),
        "frame_material": timber,
        "arm_material": cover,
        "arms": dice.weighted("arms", {"none": 0.75, "closed": 0.25}),
        "arm_height": dice.between("arm_height", 0.18, 0.23),
    }


def cantilever(dice: Dice) -> dict[str, Any]:
    """Chairs on one bent tube."""
    back = dice.weighted("back", {"solid": 0.35, "curved": 0.2, "upholstered": 0.45})
    soft = back == "upholstered"
    cover = upholstery(dice, 0.5) if soft else wood(dice)
    width = dice.between("width", 0.44, 0.50)
    return {
        "seat": "square",
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.43, 0.48),
        "seat_height": dice.between("height", 0.44, 0.47),
        "seat_thickness": 0.05 if soft else 0.024,
        "seat_taper": dice.between("taper", 0.94, 1.0),
        "seat_material": cover,
        "upholstery": cover,
        "back": back,
        "back_height": dice.between("back_height", 0.36, 0.46),
        "back_width": round(width * dice.between("back_width", 0.9, 0.98), 4),
        "back_tilt": dice.between("tilt", 8.0, 13.0),
        "back_curve": dice.between("curve", 0.02, 0.06),
        "back_gap": dice.between("gap", 0.12, 0.20),
        "back_thickness": 0.04 if soft else 0.016,
        "back_corner": dice.between("back_corner", 0.02, 0.10),
        "back_material": cover,
        "legs": "cantilever",
        "leg_section": "round",
        "leg_thickness": dice.between("tube", 0.022, 0.027),
        "frame_material": dice.among("metal", METALS),
        "arm_material": "plastic:black",
        "arms": dice.weighted("arms", {"none": 0.7, "straight": 0.3}),
        "arm_height": dice.between("arm_height", 0.20, 0.23),
    }


def stacking(dice: Dice) -> dict[str, Any]:
    """Stacking chairs on thin steel."""
    ply = dice.chance("ply", 0.45)
    shell = wood(dice) if ply else f"plastic:{dice.among('shell', SHELLS)}"
    width = dice.between("width", 0.42, 0.47)
    return {
        "seat": dice.weighted("seat", {"square": 0.5, "saddle": 0.5}),
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.40, 0.44),
        "seat_height": dice.between("height", 0.43, 0.46),
        "seat_thickness": 0.018,
        "seat_taper": dice.between("taper", 0.9, 1.0),
        "seat_material": shell,
        "back": dice.weighted("back", {"solid": 0.5, "curved": 0.5}),
        "back_height": dice.between("back_height", 0.34, 0.42),
        "back_width": round(width * dice.between("back_width", 0.88, 1.0), 4),
        "back_tilt": dice.between("tilt", 10.0, 15.0),
        "back_curve": dice.between("curve", 0.03, 0.07),
        "back_gap": dice.between("gap", 0.14, 0.2),
        "back_thickness": 0.014,
        "back_corner": dice.between("back_corner", 0.03, 0.11),
        "back_material": shell,
        "legs": dice.weighted("legs", {"sled": 0.6, "splayed": 0.4}),
        "leg_section": "round",
        "leg_thickness": dice.between("tube", 0.016, 0.024),
        "frame_material": dice.among("metal", METALS),
    }


def office(dice: Dice) -> dict[str, Any]:
    """Office and executive chairs on five castors."""
    executive = dice.chance("executive", 0.35)
    cover = upholstery(dice, 0.75 if executive else 0.1)
    width = dice.between("width", 0.46, 0.53)
    back = "upholstered" if executive else dice.weighted("back", {"upholstered": 0.6, "curved": 0.4})
    return {
        "seat": dice.weighted("seat", {"square": 0.5, "saddle": 0.5}),
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.45, 0.50),
        "seat_height": dice.between("height", 0.45, 0.53),
        "seat_thickness": 0.11 if executive else dice.between("thickness", 0.062, 0.085),
        "seat_taper": dice.between("taper", 0.86, 0.96),
        "seat_material": cover,
        "upholstery": cover,
        "back": back,
        "back_height": dice.between("tall", 0.62, 0.76) if executive else dice.between("back_height", 0.40, 0.58),
        "back_width": round(width * dice.between("back_width", 0.82, 1.0), 4),
        "back_tilt": dice.between("tilt", 8.0, 16.0),
        "back_curve": dice.between("curve", 0.03, 0.08),
        "back_gap": 0.04 if executive else dice.between("gap", 0.08, 0.16),
        "back_thickness": 0.09 if executive else (0.055 if back == "upholstered" else 0.018),
        "back_corner": dice.between("back_corner", 0.04, 0.16),
        "back_material": f"plastic:{dice.among('shell', ('black', 'grey', 'white'))}",
        "legs": "swivel",
        "leg_thickness": 0.05,
        "frame_material": dice.among(
            "star", ("metal:chrome", "metal:steel", "plastic:black", "plastic:black", "paint:white")
        ),
        "arms": dice.weighted("arms", {"none": 0.3, "straight": 0.7}),
        "arm_height": dice.between("arm_height", 0.19, 0.24),
        "arm_material": "plastic:black",
    }


def tulip(dice: Dice) -> dict[str, Any]:
    """Shells on a trumpet foot."""
    shell = dice.among("shell", ("plastic:white", "plastic:white", "plastic:black", "plastic:sand", "plastic:red"))
    width = dice.between("width", 0.46, 0.54)
    return {
        "seat": dice.weighted("seat", {"round": 0.5, "saddle": 0.5}),
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.44, 0.50),
        "seat_height": dice.between("height", 0.45, 0.49),
        "seat_thickness": 0.026,
        "seat_taper": 0.9,
        "seat_material": shell,
        "cushion": "thin" if dice.chance("cushion", 0.7) else "none",
        "upholstery": upholstery(dice, 0.2, shell),
        "back": "curved",
        "back_height": dice.between("back_height", 0.30, 0.40),
        "back_width": round(width * dice.between("back_width", 0.94, 1.12), 4),
        "back_tilt": dice.between("tilt", 8.0, 14.0),
        "back_curve": dice.between("curve", 0.10, 0.16),
        "back_thickness": 0.016,
        "back_corner": dice.between("back_corner", 0.08, 0.22),
        "back_material": shell,
        "legs": "pedestal",
        "leg_thickness": 0.05,
        "base": "trumpet",
        "frame_material": shell
        if dice.chance("same", 0.7)
        else dice.among("metal", ("metal:chrome", "metal:brass", "paint:black")),
    }


def lounge(dice: Dice) -> dict[str, Any]:
    """Armchairs and easy chairs."""
    cover = upholstery(dice, 0.3)
    width = dice.between("width", 0.58, 0.74)
    closed = dice.chance("closed", 0.55)
    timber = wood(dice)
    common: dict[str, Any] = {
        "seat": "square",
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.58, 0.70),
        "seat_height": dice.between("height", 0.38, 0.43),
        "seat_taper": dice.between("taper", 0.9, 1.0),
        "cushion": "thick",
        "upholstery": cover,
        "back": "upholstered",
        "back_height": dice.between("back_height", 0.38, 0.56),
        "back_width": round(width * 0.97, 4),
        "back_tilt": dice.between("tilt", 12.0, 22.0),
        "back_curve": dice.between("curve", 0.0, 0.07),
        "back_thickness": dice.between("back_thickness", 0.10, 0.16),
        "back_corner": dice.between("back_corner", 0.05, 0.10) if dice.chance("square", 0.7) else 0.2,
        "frame_material": timber,
        "arm_height": dice.between("arm_height", 0.17, 0.23),
    }
    if closed:
        return common | {
            "seat_thickness": dice.between("thickness", 0.08, 0.12),
            "seat_material": cover,
            "legs": dice.weighted("legs", {"tapered": 0.6, "straight": 0.2, "splayed": 0.2}),
            "leg_section": dice.weighted("section", {"round": 0.6, "square": 0.4}),
            "leg_thickness": dice.between("leg", 0.034, 0.05),
            "leg_splay": 0.0,
            "arms": "closed",
            "arm_material": cover,
        }
    return common | {
        "seat_thickness": 0.03,
        "seat_material": timber,
        "legs": "splayed" if dice.chance("splayed", 0.7) else "sled",
        "leg_section": "round",
        "leg_thickness": dice.between("leg", 0.032, 0.042),
        "arms": dice.weighted("arms", {"straight": 0.5, "curved": 0.35, "none": 0.15}),
        "arm_material": timber,
    }
