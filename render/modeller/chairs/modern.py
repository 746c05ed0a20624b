"""Modern kinds of chair: shells, buckets, cantilevers, wire, stacking, office and tulip chairs.

The one idea: a kind fixes what belongs together and leaves to the dice what a maker would vary.
"""

from __future__ import annotations

from typing import Any

from render.modeller.colours import METALS, SHELLS, upholstery, wood
from render.modeller.drawing import Dice


def shell(dice: Dice) -> dict[str, Any]:
    """Shells of plastic or bent wood on all kinds of legs."""
    legs = dice.weighted(
        "legs", {"splayed": 0.4, "sled": 0.15, "pedestal": 0.12, "tapered": 0.13, "hairpin": 0.1, "rocker": 0.1}
    )
    ply = dice.chance("ply", 0.3)
    shell = wood(dice) if ply else f"plastic:{dice.among('shell', SHELLS)}"
    wooden = legs in {"splayed", "tapered", "rocker"}
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
        "back_height": dice.between("back_height", 0.24, 0.50),
        "back_width": round(width * dice.between("back_width", 0.74, 1.16), 4),
        "back_tilt": dice.between("tilt", 8.0, 20.0),
        "back_curve": dice.between("curve", 0.04, 0.13),
        "back_arch": dice.between("arch", 0.0, 0.09),
        "back_gap": 0.0,
        "back_thickness": 0.014,
        "back_corner": dice.between("back_corner", 0.05, 0.22),
        "back_material": shell,
        "legs": legs,
        "leg_section": "round",
        "leg_thickness": dice.between("tube", 0.016, 0.024)
        if (slim and legs not in {"pedestal", "rocker"}) or legs == "hairpin"
        else dice.between("leg", 0.03, 0.04),
        "leg_splay": dice.between("splay", 8.0, 15.0) if legs == "splayed" else 0.0,
        "base": dice.weighted("base", {"cross": 0.6, "disc": 0.4}),
        "frame_material": frame,
        "arm_material": frame,
    }


def bucket(dice: Dice) -> dict[str, Any]:
    """Armchairs whose seat, back and sides are one shell."""
    legs = dice.weighted(
        "legs", {"splayed": 0.35, "sled": 0.15, "pedestal": 0.2, "rocker": 0.1, "hairpin": 0.08, "swivel": 0.12}
    )
    shell = wood(dice) if dice.chance("ply", 0.2) else f"plastic:{dice.among('shell', SHELLS)}"
    wooden = legs in {"splayed", "rocker"} and dice.chance("wooden", 0.6)
    thick = {"pedestal": 0.05, "swivel": 0.05, "splayed": 0.034, "rocker": 0.034}.get(legs, 0.018)
    width = dice.between("width", 0.44, 0.56)
    return {
        "seat": dice.weighted("seat", {"saddle": 0.6, "round": 0.4}),
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.42, 0.50),
        "seat_height": dice.between("height", 0.42, 0.48),
        "seat_thickness": 0.022,
        "seat_taper": dice.between("taper", 0.84, 1.0),
        "seat_material": shell,
        "cushion": "thin" if dice.chance("cushion", 0.3) else "none",
        "upholstery": upholstery(dice, 0.2, shell),
        "back": "tub",
        "back_height": dice.between("back_height", 0.28, 0.46),
        "back_tilt": dice.between("tilt", 6.0, 20.0),
        "back_thickness": 0.015,
        "back_corner": dice.between("back_corner", 0.03, 0.09),
        "back_material": shell,
        "legs": legs,
        "leg_section": "round",
        "leg_thickness": thick,
        "leg_splay": dice.between("splay", 7.0, 14.0) if legs == "splayed" else 0.0,
        "base": dice.weighted("base", {"cross": 0.4, "disc": 0.3, "trumpet": 0.3}),
        "frame_material": wood(dice, "frame_wood") if wooden else dice.among("metal", METALS),
        "arms": dice.weighted("arms", {"closed": 0.75, "none": 0.25}),
        "arm_height": dice.between("arm_height", 0.15, 0.25),
    }


def wire(dice: Dice) -> dict[str, Any]:
    """Chairs of bent wire or of rods in a bow."""
    legs = dice.weighted("legs", {"hairpin": 0.35, "sled": 0.35, "cantilever": 0.15, "rocker": 0.15})
    frame = dice.among("metal", METALS)
    width = dice.between("width", 0.42, 0.54)
    padded = dice.chance("padded", 0.5)
    seat = upholstery(dice, 0.4) if padded else (wood(dice) if dice.chance("wooden", 0.5) else frame)
    return {
        "seat": dice.weighted("seat", {"square": 0.4, "saddle": 0.3, "round": 0.3}),
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.40, 0.48),
        "seat_height": dice.between("height", 0.42, 0.47),
        "seat_thickness": dice.between("pad", 0.035, 0.055) if padded else 0.02,
        "seat_taper": dice.between("taper", 0.86, 1.0),
        "seat_material": seat,
        "back": "lattice",
        "back_height": dice.between("back_height", 0.28, 0.52),
        "back_width": round(width * dice.between("back_width", 0.86, 1.15), 4),
        "back_tilt": dice.between("tilt", 8.0, 18.0),
        "back_curve": dice.between("curve", 0.03, 0.08),
        "back_gap": dice.between("gap", 0.0, 0.12),
        "back_corner": dice.between("back_corner", 0.04, 0.3),
        "back_thickness": dice.between("rod", 0.015, 0.025),
        "back_members": dice.whole("members", 5, 11),
        "back_material": frame,
        "legs": legs,
        "leg_section": "round",
        "leg_thickness": dice.between("tube", 0.024, 0.03) if legs == "rocker" else dice.between("wire", 0.015, 0.024),
        "leg_splay": dice.between("splay", 2.0, 10.0) if legs == "hairpin" else 0.0,
        "frame_material": frame,
        "arms": dice.weighted("arms", {"none": 0.8, "curved": 0.2}),
        "arm_height": dice.between("arm_height", 0.18, 0.22),
        "arm_material": frame,
    }


def cantilever(dice: Dice) -> dict[str, Any]:
    """Chairs on one bent tube."""
    back = dice.weighted("back", {"solid": 0.25, "curved": 0.15, "upholstered": 0.35, "lattice": 0.25})
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
        "back_height": dice.between("back_height", 0.34, 0.58),
        "back_width": round(width * dice.between("back_width", 0.84, 0.98), 4),
        "back_tilt": dice.between("tilt", 8.0, 16.0),
        "back_curve": dice.between("curve", 0.02, 0.06),
        "back_gap": dice.between("gap", 0.08, 0.20),
        "back_members": 10,
        "tufting": dice.weighted("tufting", {"none": 0.4, "channels": 0.3, "ribs": 0.3}) if soft else "none",
        "back_thickness": 0.04 if soft else 0.016,
        "back_corner": dice.between("back_corner", 0.02, 0.10),
        "back_material": cover,
        "legs": "cantilever",
        "leg_section": "round",
        "leg_thickness": dice.between("tube", 0.022, 0.027),
        "frame_material": dice.among("metal", METALS),
        "arm_material": "plastic:black",
        "arms": dice.weighted("arms", {"none": 0.6, "straight": 0.25, "curved": 0.15}),
        "arm_height": dice.between("arm_height", 0.18, 0.24),
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
        "back_height": dice.between("back_height", 0.30, 0.46),
        "back_width": round(width * dice.between("back_width", 0.8, 1.06), 4),
        "back_tilt": dice.between("tilt", 10.0, 15.0),
        "back_curve": dice.between("curve", 0.03, 0.07),
        "back_arch": dice.between("arch", 0.0, 0.05),
        "back_gap": dice.between("gap", 0.1, 0.18),
        "back_thickness": 0.014,
        "back_corner": dice.between("back_corner", 0.03, 0.11),
        "back_material": shell,
        "legs": dice.weighted("legs", {"sled": 0.45, "splayed": 0.3, "straight": 0.25}),
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
    soft = back == "upholstered" and executive
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
        "back_height": dice.between("tall", 0.62, 0.76) if executive else dice.between("back_height", 0.34, 0.62),
        "back_width": round(width * dice.between("back_width", 0.7, 1.02), 4),
        "back_tilt": dice.between("tilt", 8.0, 16.0),
        "back_curve": dice.between("curve", 0.03, 0.08),
        "back_gap": 0.04 if executive else dice.between("gap", 0.08, 0.16),
        "back_thickness": 0.09 if executive else (0.055 if back == "upholstered" else 0.018),
        "tufting": dice.weighted("tufting", {"none": 0.4, "ribs": 0.35, "buttons": 0.25}) if soft else "none",
        "headrest": dice.between("headrest", 0.09, 0.15) if dice.chance("head", 0.35) else 0.0,
        "arm_width": dice.between("arm_width", 0.045, 0.08),
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
