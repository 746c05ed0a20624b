"""Wooden kinds of chair: dining, Windsor, rocking, bistro, deck and director's chairs, bar stools and stools.

The one idea: a kind fixes what belongs together and leaves to the dice what a maker would vary.
"""

from __future__ import annotations

from typing import Any

from render.modeller.colours import METALS, upholstery, wood, wood_or_paint
from render.modeller.drawing import Dice


def dining(dice: Dice) -> dict[str, Any]:
    """Dining chairs of wood: ladder, slatted, panelled or padded backs."""
    timber = wood_or_paint(dice)
    back = dice.weighted("back", {"ladder": 0.26, "slatted": 0.26, "solid": 0.12, "upholstered": 0.16, "cross": 0.2})
    woven = dice.chance("woven", 0.45)
    width = dice.between("width", 0.40, 0.54)
    tall = dice.between("back_height", 0.28, 0.76)
    legs = dice.weighted("legs", {"straight": 0.4, "tapered": 0.35, "splayed": 0.15, "panel": 0.1})
    upholstered = back == "upholstered"
    return all_of(timber) | {
        "seat": "square",
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.40, 0.46),
        "seat_height": dice.between("height", 0.44, 0.48),
        "seat_thickness": 0.05 if upholstered or woven else dice.between("thickness", 0.022, 0.034),
        "seat_taper": dice.between("taper", 0.82, 0.98),
        "seat_material": upholstery(dice, 0.2, timber) if upholstered or woven else timber,
        "upholstery": upholstery(dice, 0.2, timber),
        "cushion": "thin" if not (upholstered or woven) and dice.chance("cushion", 0.35) else "none",
        "back": back,
        "back_height": tall,
        "back_width": round(width * dice.between("back_width", 0.76, 1.0), 4),
        "back_tilt": dice.between("tilt", 6.0, 12.0),
        "back_curve": dice.between("curve", 0.01, 0.04),
        "back_arch": dice.between("arch", 0.0, 0.012)
        if dice.chance("level", 0.5)
        else dice.between("arched", 0.02, 0.08),
        "back_gap": dice.between("gap", 0.08, 0.16) if back in {"solid", "upholstered"} else 0.0,
        "back_thickness": 0.045 if upholstered else dice.between("slat", 0.014, 0.022),
        "back_corner": dice.between("back_corner", 0.02, 0.07),
        "back_members": dice.whole("members", 3 if tall > 0.5 else 2, 5)
        if back == "ladder"
        else dice.whole("members", 3, 7),
        "legs": legs,
        "leg_section": dice.weighted("section", {"square": 0.6, "round": 0.2, "turned": 0.2}),
        "leg_thickness": dice.between("leg", 0.032, 0.044),
        "leg_splay": dice.between("splay", 3.0, 7.0) if legs == "splayed" else 0.0,
        "stretchers": "none" if legs == "panel" else dice.weighted("stretchers", {"none": 0.45, "box": 0.3, "h": 0.25}),
        "apron_height": dice.between("apron", 0.045, 0.07) if legs in {"straight", "tapered"} else 0.0,
        "arm_width": dice.between("arm_width", 0.04, 0.08),
        "arms": dice.weighted("arms", {"none": 0.68, "straight": 0.2, "curved": 0.12}),
        "arm_height": dice.between("arm_height", 0.19, 0.24),
    }


def windsor(dice: Dice) -> dict[str, Any]:
    """Windsor chairs: spindles and splayed legs in a thick seat."""
    timber = wood_or_paint(dice, 0.4)
    width = dice.between("width", 0.42, 0.50)
    return all_of(timber) | {
        "seat": dice.weighted("seat", {"saddle": 0.75, "round": 0.25}),
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.40, 0.45),
        "seat_height": dice.between("height", 0.43, 0.47),
        "seat_thickness": dice.between("thickness", 0.034, 0.044),
        "seat_taper": dice.between("taper", 0.82, 0.95),
        "seat_material": wood(dice, "seat_wood") if dice.chance("two_tone", 0.3) else timber,
        "back": dice.weighted("back", {"spindle": 0.45, "hoop": 0.55}),
        "back_height": dice.between("back_height", 0.30, 0.72),
        "back_width": round(width * dice.between("back_width", 0.8, 1.1), 4),
        "back_arch": dice.between("arch", 0.0, 0.06),
        "back_corner": dice.between("bow", 0.1, 0.3),
        "back_tilt": dice.between("tilt", 9.0, 16.0),
        "back_curve": dice.between("curve", 0.03, 0.065),
        "back_thickness": dice.between("slat", 0.026, 0.036),
        "back_members": dice.whole("members", 4, 10),
        "legs": "splayed",
        "leg_section": dice.weighted("section", {"round": 0.5, "turned": 0.5}),
        "leg_thickness": dice.between("leg", 0.032, 0.042),
        "leg_splay": dice.between("splay", 8.0, 14.0),
        "stretchers": dice.weighted("stretchers", {"h": 0.8, "none": 0.2}),
        "arms": dice.weighted("arms", {"none": 0.6, "straight": 0.25, "curved": 0.15}),
        "arm_height": dice.between("arm_height", 0.19, 0.23),
    }


def rocking(dice: Dice) -> dict[str, Any]:
    """Rocking chairs."""
    timber = wood_or_paint(dice, 0.35)
    back = dice.weighted("back", {"slatted": 0.3, "hoop": 0.25, "spindle": 0.25, "ladder": 0.2})
    width = dice.between("width", 0.46, 0.56)
    return all_of(timber) | {
        "seat": "saddle" if back in {"hoop", "spindle"} else "square",
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.43, 0.50),
        "seat_height": dice.between("height", 0.38, 0.44),
        "seat_thickness": dice.between("thickness", 0.03, 0.042),
        "seat_taper": dice.between("taper", 0.86, 0.96),
        "cushion": dice.weighted("cushion", {"none": 0.6, "thin": 0.4}),
        "upholstery": upholstery(dice, 0.1, timber),
        "back": back,
        "back_height": dice.between("back_height", 0.54, 0.76),
        "back_width": round(width * dice.between("back_width", 0.84, 1.02), 4),
        "back_tilt": dice.between("tilt", 12.0, 20.0),
        "back_curve": dice.between("curve", 0.02, 0.06),
        "back_arch": dice.between("arch", 0.0, 0.06),
        "back_corner": dice.between("bow", 0.12, 0.3),
        "back_thickness": dice.between("slat", 0.02, 0.03),
        "back_members": dice.whole("members", 4, 6) if back == "ladder" else dice.whole("members", 5, 8),
        "legs": "rocker",
        "leg_section": dice.weighted("section", {"square": 0.3, "round": 0.3, "turned": 0.4}),
        "leg_thickness": dice.between("leg", 0.032, 0.042),
        "stretchers": dice.weighted("stretchers", {"h": 0.6, "none": 0.4}),
        "arms": dice.weighted("arms", {"straight": 0.6, "curved": 0.25, "none": 0.15}),
        "arm_height": dice.between("arm_height", 0.19, 0.24),
        "arm_width": dice.between("arm_width", 0.05, 0.09),
    }


def deck(dice: Dice) -> dict[str, Any]:
    """Low garden chairs of boards."""
    timber = wood_or_paint(dice, 0.6)
    width = dice.between("width", 0.50, 0.62)
    legs = dice.weighted("legs", {"straight": 0.55, "panel": 0.25, "rocker": 0.2})
    return all_of(timber) | {
        "seat": "square",
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.46, 0.56),
        "seat_height": dice.between("height", 0.32, 0.42),
        "seat_thickness": dice.between("thickness", 0.024, 0.034),
        "seat_taper": dice.between("taper", 0.8, 0.95),
        "back": "planks",
        "back_height": dice.between("back_height", 0.46, 0.80),
        "back_width": round(width * dice.between("back_width", 0.8, 1.2), 4),
        "back_tilt": dice.between("tilt", 14.0, 28.0),
        "back_curve": dice.between("curve", 0.0, 0.04),
        "back_arch": dice.between("arch", 0.0, 0.14),
        "back_thickness": dice.between("slat", 0.018, 0.024),
        "back_members": dice.whole("members", 4, 7),
        "legs": legs,
        "leg_thickness": dice.between("leg", 0.034, 0.05),
        "apron_height": 0.0 if legs == "panel" else 0.06,
        "arms": dice.weighted("arms", {"straight": 0.85, "none": 0.15}),
        "arm_height": dice.between("arm_height", 0.19, 0.26),
        "arm_width": dice.between("arm_width", 0.09, 0.14),
    }


def director(dice: Dice) -> dict[str, Any]:
    """Folding chairs of cloth between crossed bars, and small folding chairs of slats."""
    cloth = dice.chance("cloth", 0.6)
    timber = wood_or_paint(dice, 0.3)
    cover = upholstery(dice, 0.2, timber)
    width = dice.between("width", 0.48, 0.58) if cloth else dice.between("narrow", 0.38, 0.46)
    back = "solid" if cloth else dice.weighted("back", {"slatted": 0.4, "ladder": 0.3, "planks": 0.3})
    return all_of(timber) | {
        "seat": "square",
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.38, 0.45),
        "seat_height": dice.between("height", 0.42, 0.50),
        "seat_thickness": 0.016 if cloth else 0.024,
        "seat_taper": dice.between("taper", 0.94, 1.0),
        "seat_material": cover if cloth else timber,
        "back": back,
        "back_height": dice.between("back_height", 0.36, 0.50),
        "back_width": round(width * 0.96, 4),
        "back_tilt": dice.between("tilt", 5.0, 14.0),
        "back_curve": dice.between("curve", 0.01, 0.04),
        "back_gap": dice.between("gap", 0.16, 0.21) if cloth else 0.0,
        "back_thickness": 0.012 if cloth else 0.018,
        "back_corner": 0.015,
        "back_members": dice.whole("members", 3, 5),
        "back_material": cover if cloth else timber,
        "legs": "folding",
        "leg_thickness": dice.between("leg", 0.026, 0.034),
        "arms": "straight" if cloth and dice.chance("armed", 0.8) else "none",
        "arm_height": dice.between("arm_height", 0.18, 0.22),
        "arm_width": dice.between("arm_width", 0.045, 0.07),
    }


def bistro(dice: Dice) -> dict[str, Any]:
    """Small round chairs of cafés."""
    timber = wood_or_paint(dice, 0.45)
    width = dice.between("width", 0.39, 0.45)
    back = dice.weighted("back", {"curved": 0.25, "spindle": 0.15, "ladder": 0.15, "cross": 0.3, "lattice": 0.15})
    seat = timber if dice.chance("plain", 0.6) else upholstery(dice, 0.5, timber)
    return all_of(timber) | {
        "seat": "round",
        "seat_width": width,
        "seat_depth": round(width * dice.between("depth", 0.94, 1.02), 4),
        "seat_height": dice.between("height", 0.44, 0.48),
        "seat_thickness": dice.between("thickness", 0.026, 0.045),
        "seat_material": seat,
        "back": back,
        "back_height": dice.between("back_height", 0.30, 0.52),
        "back_width": round(width * dice.between("back_width", 0.8, 1.02), 4),
        "back_tilt": dice.between("tilt", 8.0, 15.0),
        "back_curve": dice.between("curve", 0.07, 0.11) if back == "curved" else dice.between("curve", 0.03, 0.06),
        "back_gap": dice.between("gap", 0.14, 0.19) if back == "curved" else 0.0,
        "back_thickness": dice.between("slat", 0.014, 0.02),
        "back_corner": dice.between("bow", 0.1, 0.28) if back == "cross" else dice.between("back_corner", 0.03, 0.12),
        "back_members": dice.whole("members", 2, 4) if back == "ladder" else dice.whole("members", 3, 7),
        "legs": "splayed",
        "leg_section": "round",
        "leg_thickness": dice.between("leg", 0.028, 0.036),
        "leg_splay": dice.between("splay", 4.0, 9.0),
        "stretchers": dice.weighted("stretchers", {"box": 0.5, "none": 0.5}),
        "arms": dice.weighted("arms", {"none": 0.8, "curved": 0.2}),
        "arm_height": dice.between("arm_height", 0.2, 0.23),
    }


def bar(dice: Dice) -> dict[str, Any]:
    """Bar stools, with or without a low back."""
    legs = dice.weighted("legs", {"splayed": 0.4, "straight": 0.2, "pedestal": 0.25, "sled": 0.15})
    timber = wood_or_paint(dice, 0.35)
    column = legs == "pedestal"
    frame = dice.among("metal", METALS) if column or legs == "sled" or dice.chance("metal", 0.4) else timber
    slim = legs == "sled" or frame.startswith("metal") or frame in {"paint:black", "paint:white"}
    width = dice.between("width", 0.32, 0.44)
    back = dice.weighted("back", {"none": 0.35, "curved": 0.25, "ladder": 0.15, "tub": 0.15, "hoop": 0.1})
    if back in {"ladder", "hoop"} and column:
        back = "curved"
    soft = dice.chance("soft", 0.45)
    return {
        "seat": dice.weighted("seat", {"round": 0.5, "saddle": 0.25, "square": 0.25}),
        "seat_width": width,
        "seat_depth": round(width * dice.between("depth", 0.9, 1.0), 4),
        "seat_height": dice.between("height", 0.58, 0.82),
        "seat_thickness": dice.between("pad", 0.045, 0.075) if soft else dice.between("thickness", 0.028, 0.04),
        "seat_taper": dice.between("taper", 0.9, 1.0),
        "seat_material": upholstery(dice, 0.5, timber) if soft else timber,
        "back": back,
        "back_height": dice.between("back_height", 0.2, 0.32),
        "back_width": round(width * dice.between("back_width", 0.9, 1.05), 4),
        "back_tilt": dice.between("tilt", 6.0, 12.0),
        "back_curve": dice.between("curve", 0.05, 0.09) if back == "curved" else 0.03,
        "back_gap": 0.10 if back == "curved" else 0.0,
        "back_thickness": 0.022 if back == "hoop" else 0.016,
        "back_corner": dice.between("back_corner", 0.03, 0.09),
        "back_members": 5 if back == "hoop" else 2,
        "back_material": timber,
        "legs": legs,
        "leg_section": "round" if column else dice.weighted("section", {"round": 0.6, "square": 0.4}),
        "leg_thickness": 0.048 if column else (0.022 if slim else dice.between("leg", 0.032, 0.038)),
        "leg_splay": dice.between("splay", 4.0, 8.0) if legs == "splayed" else 0.0,
        "stretchers": "ring" if column else ("none" if legs == "sled" else "box"),
        "base": dice.weighted("base", {"disc": 0.7, "trumpet": 0.3}),
        "frame_material": frame,
    }


def stool(dice: Dice) -> dict[str, Any]:
    """Low stools."""
    timber = wood_or_paint(dice, 0.4)
    width = dice.between("width", 0.31, 0.52)
    legs = dice.weighted(
        "legs", {"splayed": 0.4, "tapered": 0.15, "pedestal": 0.1, "panel": 0.15, "folding": 0.1, "hairpin": 0.1}
    )
    soft = dice.chance("soft", 0.4)
    four = legs in {"splayed", "tapered"}
    return all_of(timber) | {
        "seat": dice.weighted("seat", {"round": 0.55, "square": 0.2, "saddle": 0.25}),
        "seat_width": width,
        "seat_depth": round(max(width * dice.between("depth", 0.72, 1.0), 0.29), 4),
        "seat_height": dice.between("height", 0.30, 0.52),
        "seat_thickness": dice.between("pad", 0.07, 0.12) if soft else dice.between("thickness", 0.028, 0.045),
        "seat_material": upholstery(dice, 0.3, timber) if soft else timber,
        "back": "none",
        "legs": legs,
        "leg_section": dice.weighted("section", {"round": 0.45, "turned": 0.3, "square": 0.25}),
        "leg_thickness": {"pedestal": 0.06, "hairpin": 0.013}.get(legs, dice.between("leg", 0.026, 0.042)),
        "leg_splay": dice.between("splay", 5.0, 13.0) if legs == "splayed" else 0.0,
        "stretchers": dice.weighted("stretchers", {"none": 0.5, "box": 0.3, "h": 0.2}) if four else "none",
        "base": dice.weighted("base", {"disc": 0.5, "trumpet": 0.5}),
    }


def all_of(timber: str) -> dict[str, str]:
    """Seat, back, frame and arms of one material."""
    return dict.fromkeys(("seat_material", "back_material", "frame_material", "arm_material"), timber)
