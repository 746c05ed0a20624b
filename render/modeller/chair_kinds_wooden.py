"""Wooden kinds of chair: dining, Windsor, bistro, bar stools and stools.

The one idea: a kind fixes what belongs together and leaves to the dice what a maker would vary.
"""

from __future__ import annotations

from typing import Any

from render.modeller.colours import METALS, upholstery, wood, wood_or_paint
from render.modeller.drawing import Dice


def dining(dice: Dice) -> dict[str, Any]:
    """Dining chairs of wood: ladder, slatted, panelled or padded backs."""
    timber = wood_or_paint(dice)
    back = dice.weighted("back", {"ladder": 0.32, "slatted": 0.32, "solid": 0.16, "upholstered": 0.20})
    woven = dice.chance("woven", 0.45)
    width = dice.between("width", 0.42, 0.50)
    legs = dice.weighted("legs", {"straight": 0.5, "tapered": 0.5})
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
        "back_height": dice.between("back_height", 0.40, 0.62),
        "back_width": round(width * dice.between("back_width", 0.86, 0.98), 4),
        "back_tilt": dice.between("tilt", 6.0, 12.0),
        "back_curve": dice.between("curve", 0.01, 0.04),
        "back_gap": dice.between("gap", 0.08, 0.16) if back in {"solid", "upholstered"} else 0.0,
        "back_thickness": 0.045 if upholstered else dice.between("slat", 0.014, 0.022),
        "back_corner": dice.between("back_corner", 0.02, 0.07),
        "back_members": dice.whole("members", 2, 5) if back == "ladder" else dice.whole("members", 3, 7),
        "legs": legs,
        "leg_section": dice.weighted("section", {"square": 0.7, "round": 0.3}),
        "leg_thickness": dice.between("leg", 0.032, 0.044),
        "stretchers": dice.weighted("stretchers", {"none": 0.45, "box": 0.3, "h": 0.25}),
        "apron_height": dice.between("apron", 0.045, 0.07),
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
        "back": "spindle",
        "back_height": dice.between("back_height", 0.38, 0.66),
        "back_width": round(width * dice.between("back_width", 0.86, 1.02), 4),
        "back_tilt": dice.between("tilt", 9.0, 16.0),
        "back_curve": dice.between("curve", 0.03, 0.065),
        "back_thickness": dice.between("slat", 0.026, 0.036),
        "back_members": dice.whole("members", 5, 9),
        "legs": "splayed",
        "leg_section": "round",
        "leg_thickness": dice.between("leg", 0.032, 0.042),
        "leg_splay": dice.between("splay", 8.0, 14.0),
        "stretchers": dice.weighted("stretchers", {"h": 0.8, "none": 0.2}),
        "arms": dice.weighted("arms", {"none": 0.6, "straight": 0.25, "curved": 0.15}),
        "arm_height": dice.between("arm_height", 0.19, 0.23),
    }


def bistro(dice: Dice) -> dict[str, Any]:
    """Small round chairs of cafés."""
    timber = wood_or_paint(dice, 0.45)
    width = dice.between("width", 0.39, 0.45)
    back = dice.weighted("back", {"curved": 0.5, "spindle": 0.25, "ladder": 0.25})
    seat = timber if dice.chance("plain", 0.6) else upholstery(dice, 0.5, timber)
    return all_of(timber) | {
        "seat": "round",
        "seat_width": width,
        "seat_depth": round(width * dice.between("depth", 0.94, 1.02), 4),
        "seat_height": dice.between("height", 0.44, 0.48),
        "seat_thickness": dice.between("thickness", 0.026, 0.045),
        "seat_material": seat,
        "back": back,
        "back_height": dice.between("back_height", 0.32, 0.46),
        "back_width": round(width * dice.between("back_width", 0.86, 1.02), 4),
        "back_tilt": dice.between("tilt", 8.0, 15.0),
        "back_curve": dice.between("curve", 0.07, 0.11) if back == "curved" else dice.between("curve", 0.03, 0.06),
        "back_gap": dice.between("gap", 0.14, 0.19) if back == "curved" else 0.0,
        "back_thickness": dice.between("slat", 0.014, 0.02),
        "back_corner": dice.between("back_corner", 0.03, 0.12),
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
    legs = dice.weighted("legs", {"splayed": 0.45, "straight": 0.25, "pedestal": 0.3})
    timber = wood_or_paint(dice, 0.35)
    column = legs == "pedestal"
    frame = dice.among("metal", METALS) if column or dice.chance("metal", 0.4) else timber
    slim = frame.startswith("metal") or frame in {"paint:black", "paint:white"}
    width = dice.between("width", 0.34, 0.42)
    back = dice.weighted("back", {"none": 0.5, "curved": 0.3, "ladder": 0.2})
    if back == "ladder" and column:
        back = "curved"
    soft = dice.chance("soft", 0.45)
    return {
        "seat": dice.weighted("seat", {"round": 0.5, "saddle": 0.25, "square": 0.25}),
        "seat_width": width,
        "seat_depth": round(width * dice.between("depth", 0.9, 1.0), 4),
        "seat_height": dice.between("height", 0.63, 0.79),
        "seat_thickness": dice.between("pad", 0.045, 0.075) if soft else dice.between("thickness", 0.028, 0.04),
        "seat_taper": dice.between("taper", 0.9, 1.0),
        "seat_material": upholstery(dice, 0.5, timber) if soft else timber,
        "back": back,
        "back_height": dice.between("back_height", 0.2, 0.32),
        "back_width": round(width * dice.between("back_width", 0.9, 1.05), 4),
        "back_tilt": dice.between("tilt", 6.0, 12.0),
        "back_curve": dice.between("curve", 0.05, 0.09) if back == "curved" else 0.03,
        "back_gap": 0.10 if back == "curved" else 0.0,
        "back_thickness": 0.016,
        "back_corner": dice.between("back_corner", 0.03, 0.09),
        "back_members": 2,
        "back_material": timber,
        "legs": legs,
        "leg_section": "round" if column else dice.weighted("section", {"round": 0.6, "square": 0.4}),
        "leg_thickness": 0.048 if column else (0.022 if slim else dice.between("leg", 0.032, 0.038)),
        "leg_splay": dice.between("splay", 4.0, 8.0) if legs == "splayed" else 0.0,
        "stretchers": "ring" if column else "box",
        "base": dice.weighted("base", {"disc": 0.7, "trumpet": 0.3}),
        "frame_material": frame,
    }


def stool(dice: Dice) -> dict[str, Any]:
    """Low stools."""
    timber = wood_or_paint(dice, 0.4)
    width = dice.between("width", 0.33, 0.46)
    legs = dice.weighted("legs", {"splayed": 0.6, "tapered": 0.25, "pedestal": 0.15})
    soft = dice.chance("soft", 0.4)
    return all_of(timber) | {
        "seat": dice.weighted("seat", {"round": 0.55, "square": 0.2, "saddle": 0.25}),
        "seat_width": width,
        "seat_depth": round(width * dice.between("depth", 0.86, 1.0), 4),
        "seat_height": dice.between("height", 0.38, 0.50),
        "seat_thickness": dice.between("pad", 0.07, 0.12) if soft else dice.between("thickness", 0.028, 0.045),
        "seat_material": upholstery(dice, 0.3, timber) if soft else timber,
        "back": "none",
        "legs": legs,
        "leg_section": dice.weighted("section", {"round": 0.75, "square": 0.25}),
        "leg_thickness": 0.06 if legs == "pedestal" else dice.between("leg", 0.03, 0.042),
        "leg_splay": dice.between("splay", 5.0, 13.0) if legs == "splayed" else 0.0,
        "stretchers": dice.weighted("stretchers", {"none": 0.6, "box": 0.4}) if legs != "pedestal" else "none",
        "base": dice.weighted("base", {"disc": 0.5, "trumpet": 0.5}),
    }


def all_of(timber: str) -> dict[str, str]:
    """Seat, back, frame and arms of one material."""
    return dict.fromkeys(("seat_material", "back_material", "frame_material", "arm_material"), timber)
