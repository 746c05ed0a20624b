"""Which chairs there are: kinds of chair as a catalogue knows them, each with its proportions and colours.

The one idea: a kind (Windsor, tulip, office, ...) fixes what belongs together, and leaves to the dice what a maker
would vary.
"""

from __future__ import annotations

from typing import Any

from render.modeller.chair import ChairProperties
from render.modeller.drawing import Dice

KINDS: dict[str, float] = {
    "dining": 0.17,
    "windsor": 0.11,
    "shell": 0.12,
    "bistro": 0.08,
    "parsons": 0.07,
    "cantilever": 0.07,
    "stacking": 0.07,
    "office": 0.10,
    "tulip": 0.06,
    "lounge": 0.10,
    "bar": 0.08,
    "stool": 0.05,
}
"""Kinds of chair and how often they are drawn."""

WOODS = ("birch", "ash", "beech", "oak", "oak", "smoked_oak", "teak", "cherry", "walnut", "walnut", "mahogany", "wenge")
PAINTS = ("white", "cream", "charcoal", "black", "sage", "forest", "teal", "sky", "navy", "mustard", "terracotta", "tomato", "blush")
SHELLS = ("white", "white", "black", "grey", "red", "orange", "yellow", "green", "blue", "sand")
WARM = ("linen", "oatmeal", "rust", "ochre", "brick", "olive", "moss", "rose")
COOL = ("silver", "slate", "charcoal", "navy", "denim", "teal", "bottle", "plum")
LEATHERS = ("cognac", "tan", "oxblood", "espresso", "black", "ivory")
METALS = ("metal:chrome", "metal:steel", "metal:brass", "metal:graphite", "paint:black", "paint:black", "paint:white")


def draw_chair(seed: int, index: int) -> ChairProperties:
    """The chair of a seed and an index."""
    dice = Dice("chair", seed, index)
    kind = dice.weighted("kind", KINDS, spread=True)
    return ChairProperties(**_DRAWS[kind](dice))


def _wood(dice: Dice, painted: float = 0.25) -> str:
    if dice.chance("painted", painted):
        return f"paint:{dice.among('paint', PAINTS)}"
    return f"wood:{dice.among('wood', WOODS)}"


def _upholstery(dice: Dice, leather: float = 0.2) -> str:
    if dice.chance("leather", leather):
        return f"leather:{dice.among('hide', LEATHERS)}"
    return f"fabric:{dice.among('fabric', WARM + COOL)}"


def _all(wood: str) -> dict[str, str]:
    return {"seat_material": wood, "back_material": wood, "frame_material": wood, "arm_material": wood}


def _dining(dice: Dice) -> dict[str, Any]:
    wood = _wood(dice)
    back = dice.weighted("back", {"ladder": 0.32, "slatted": 0.32, "solid": 0.16, "upholstered": 0.20})
    woven = dice.chance("woven", 0.45)
    width = dice.between("width", 0.42, 0.50)
    legs = dice.weighted("legs", {"straight": 0.5, "tapered": 0.5})
    upholstered = back == "upholstered"
    return _all(wood) | {
        "seat": "square",
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.40, 0.46),
        "seat_height": dice.between("height", 0.44, 0.48),
        "seat_thickness": 0.05 if upholstered or woven else dice.between("thickness", 0.022, 0.034),
        "seat_taper": dice.between("taper", 0.82, 0.98),
        "seat_material": _upholstery(dice) if upholstered or woven else wood,
        "upholstery": _upholstery(dice),
        "cushion": "thin" if not (upholstered or woven) and dice.chance("cushion", 0.35) else "none",
        "back": back,
        "back_height": dice.between("back_height", 0.40, 0.62),
        "back_width": round(width * dice.between("back_width", 0.86, 0.98), 4),
        "back_tilt": dice.between("tilt", 6.0, 12.0),
        "back_curve": dice.between("curve", 0.01, 0.04),
        "back_gap": dice.between("gap", 0.08, 0.16) if back in {"solid", "upholstered"} else 0.0,
        "back_thickness": 0.045 if upholstered else dice.between("slat", 0.014, 0.022),
        "back_members": dice.whole("members", 2, 5) if back == "ladder" else dice.whole("members", 3, 7),
        "legs": legs,
        "leg_section": dice.weighted("section", {"square": 0.7, "round": 0.3}),
        "leg_thickness": dice.between("leg", 0.032, 0.044),
        "stretchers": dice.weighted("stretchers", {"none": 0.45, "box": 0.3, "h": 0.25}),
        "apron_height": dice.between("apron", 0.045, 0.07),
        "arms": dice.weighted("arms", {"none": 0.68, "straight": 0.2, "curved": 0.12}),
        "arm_height": dice.between("arm_height", 0.19, 0.24),
    }


def _windsor(dice: Dice) -> dict[str, Any]:
    wood = _wood(dice, 0.4)
    width = dice.between("width", 0.42, 0.50)
    return _all(wood) | {
        "seat": dice.weighted("seat", {"saddle": 0.75, "round": 0.25}),
        "seat_width": width,
        "seat_depth": dice.between("depth", 0.40, 0.45),
        "seat_height": dice.between("height", 0.43, 0.47),
        "seat_thickness": dice.between("thickness", 0.034, 0.044),
        "seat_taper": dice.between("taper", 0.82, 0.95),
        "seat_material": "wood:" + dice.among("seat_wood", WOODS) if dice.chance("two_tone", 0.3) else wood,
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


def _shell(dice: Dice) -> dict[str, Any]:
    legs = dice.weighted("legs", {"splayed": 0.5, "sled": 0.2, "pedestal": 0.12, "tapered": 0.18})
    ply = dice.chance("ply", 0.3)
    shell = f"wood:{dice.among('wood', WOODS)}" if ply else f"plastic:{dice.among('shell', SHELLS)}"
    wooden = legs in {"splayed", "tapered"}
    frame = f"wood:{dice.among('frame_wood', WOODS)}" if wooden and dice.chance("wooden", 0.7) else dice.among("metal", METALS)
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
        "upholstery": _upholstery(dice),
        "back": "curved",
        "back_height": dice.between("back_height", 0.30, 0.44),
        "back_width": round(width * dice.between("back_width", 0.86, 1.12), 4),
        "back_tilt": dice.between("tilt", 10.0, 18.0),
        "back_curve": dice.between("curve", 0.05, 0.12),
        "back_gap": 0.0,
        "back_thickness": 0.014,
        "back_material": shell,
        "legs": legs,
        "leg_section": "round",
        "leg_thickness": dice.between("tube", 0.016, 0.024) if slim and legs != "pedestal" else dice.between("leg", 0.03, 0.04),
        "leg_splay": dice.between("splay", 8.0, 15.0) if legs == "splayed" else 0.0,
        "base": dice.weighted("base", {"cross": 0.6, "disc": 0.4}),
        "frame_material": frame,
        "arm_material": frame,
    }


def _bistro(dice: Dice) -> dict[str, Any]:
    wood = _wood(dice, 0.45)
    width = dice.between("width", 0.39, 0.45)
    back = dice.weighted("back", {"curved": 0.5, "spindle": 0.25, "ladder": 0.25})
    seat = wood if dice.chance("plain", 0.6) else _upholstery(dice, 0.5)
    return _all(wood) | {
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
        "back_members": dice.whole("members", 2, 4) if back == "ladder" else dice.whole("members", 3, 7),
        "legs": "splayed",
        "leg_section": "round",
        "leg_thickness": dice.between("leg", 0.028, 0.036),
        "leg_splay": dice.between("splay", 4.0, 9.0),
        "stretchers": dice.weighted("stretchers", {"box": 0.5, "none": 0.5}),
        "arms": dice.weighted("arms", {"none": 0.8, "curved": 0.2}),
        "arm_height": dice.between("arm_height", 0.2, 0.23),
    }


def _parsons(dice: Dice) -> dict[str, Any]:
    cover = _upholstery(dice, 0.3)
    width = dice.between("width", 0.45, 0.54)
    wood = f"wood:{dice.among('wood', WOODS)}"
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
        "legs": dice.weighted("legs", {"straight": 0.35, "tapered": 0.65}),
        "leg_section": dice.weighted("section", {"square": 0.6, "round": 0.4}),
        "leg_thickness": dice.between("leg", 0.036, 0.05),
        "frame_material": wood,
        "arm_material": cover,
        "arms": dice.weighted("arms", {"none": 0.75, "closed": 0.25}),
        "arm_height": dice.between("arm_height", 0.18, 0.23),
    }


def _cantilever(dice: Dice) -> dict[str, Any]:
    back = dice.weighted("back", {"solid": 0.35, "curved": 0.2, "upholstered": 0.45})
    soft = back == "upholstered"
    cover = _upholstery(dice, 0.5) if soft else f"wood:{dice.among('wood', WOODS)}"
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
        "back_material": cover,
        "legs": "cantilever",
        "leg_section": "round",
        "leg_thickness": dice.between("tube", 0.022, 0.027),
        "frame_material": dice.among("metal", METALS),
        "arm_material": dice.among("metal", METALS),
        "arms": dice.weighted("arms", {"none": 0.7, "straight": 0.3}),
        "arm_height": dice.between("arm_height", 0.20, 0.23),
    } | ({"arm_material": "plastic:black"})


def _stacking(dice: Dice) -> dict[str, Any]:
    ply = dice.chance("ply", 0.45)
    shell = f"wood:{dice.among('wood', WOODS)}" if ply else f"plastic:{dice.among('shell', SHELLS)}"
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
        "back_material": shell,
        "legs": dice.weighted("legs", {"sled": 0.6, "splayed": 0.4}),
        "leg_section": "round",
        "leg_thickness": dice.between("tube", 0.016, 0.024),
        "frame_material": dice.among("metal", METALS),
    }


def _office(dice: Dice) -> dict[str, Any]:
    executive = dice.chance("executive", 0.35)
    cover = _upholstery(dice, 0.75 if executive else 0.1)
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
        "back_material": f"plastic:{dice.among('shell', ('black', 'grey', 'white'))}",
        "legs": "swivel",
        "leg_thickness": 0.05,
        "frame_material": dice.among("star", ("metal:chrome", "metal:steel", "plastic:black", "plastic:black", "paint:white")),
        "arms": dice.weighted("arms", {"none": 0.3, "straight": 0.7}),
        "arm_height": dice.between("arm_height", 0.19, 0.24),
        "arm_material": "plastic:black",
    }


def _tulip(dice: Dice) -> dict[str, Any]:
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
        "upholstery": _upholstery(dice, 0.2),
        "back": "curved",
        "back_height": dice.between("back_height", 0.30, 0.40),
        "back_width": round(width * dice.between("back_width", 0.94, 1.12), 4),
        "back_tilt": dice.between("tilt", 8.0, 14.0),
        "back_curve": dice.between("curve", 0.10, 0.16),
        "back_thickness": 0.016,
        "back_material": shell,
        "legs": "pedestal",
        "leg_thickness": 0.05,
        "base": "trumpet",
        "frame_material": shell if dice.chance("same", 0.7) else dice.among("metal", ("metal:chrome", "metal:brass", "paint:black")),
    }


def _lounge(dice: Dice) -> dict[str, Any]:
    cover = _upholstery(dice, 0.3)
    width = dice.between("width", 0.58, 0.74)
    closed = dice.chance("closed", 0.55)
    wood = f"wood:{dice.among('wood', WOODS)}"
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
        "frame_material": wood,
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
        "seat_material": wood,
        "legs": "splayed" if dice.chance("splayed", 0.7) else "sled",
        "leg_section": "round",
        "leg_thickness": dice.between("leg", 0.032, 0.042),
        "arms": dice.weighted("arms", {"straight": 0.5, "curved": 0.35, "none": 0.15}),
        "arm_material": wood,
    }


def _bar(dice: Dice) -> dict[str, Any]:
    legs = dice.weighted("legs", {"splayed": 0.45, "straight": 0.25, "pedestal": 0.3})
    wood = _wood(dice, 0.35)
    column = legs == "pedestal"
    frame = dice.among("metal", METALS) if column or dice.chance("metal", 0.4) else wood
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
        "seat_material": _upholstery(dice, 0.5) if soft else wood,
        "back": back,
        "back_height": dice.between("back_height", 0.2, 0.32),
        "back_width": round(width * dice.between("back_width", 0.9, 1.05), 4),
        "back_tilt": dice.between("tilt", 6.0, 12.0),
        "back_curve": dice.between("curve", 0.05, 0.09) if back == "curved" else 0.03,
        "back_gap": 0.10 if back == "curved" else 0.0,
        "back_thickness": 0.016,
        "back_members": 2,
        "back_material": wood,
        "legs": legs,
        "leg_section": "round" if column else dice.weighted("section", {"round": 0.6, "square": 0.4}),
        "leg_thickness": 0.048 if column else (0.022 if slim else dice.between("leg", 0.032, 0.038)),
        "leg_splay": dice.between("splay", 4.0, 8.0) if legs == "splayed" else 0.0,
        "stretchers": "ring" if column else "box",
        "base": dice.weighted("base", {"disc": 0.7, "trumpet": 0.3}),
        "frame_material": frame,
    }


def _stool(dice: Dice) -> dict[str, Any]:
    wood = _wood(dice, 0.4)
    width = dice.between("width", 0.33, 0.46)
    legs = dice.weighted("legs", {"splayed": 0.6, "tapered": 0.25, "pedestal": 0.15})
    soft = dice.chance("soft", 0.4)
    return _all(wood) | {
        "seat": dice.weighted("seat", {"round": 0.55, "square": 0.2, "saddle": 0.25}),
        "seat_width": width,
        "seat_depth": round(width * dice.between("depth", 0.8, 1.0), 4),
        "seat_height": dice.between("height", 0.38, 0.50),
        "seat_thickness": dice.between("pad", 0.07, 0.12) if soft else dice.between("thickness", 0.028, 0.045),
        "seat_material": _upholstery(dice, 0.3) if soft else wood,
        "back": "none",
        "legs": legs,
        "leg_section": dice.weighted("section", {"round": 0.75, "square": 0.25}),
        "leg_thickness": 0.06 if legs == "pedestal" else dice.between("leg", 0.03, 0.042),
        "leg_splay": dice.between("splay", 5.0, 13.0) if legs == "splayed" else 0.0,
        "stretchers": dice.weighted("stretchers", {"none": 0.6, "box": 0.4}) if legs != "pedestal" else "none",
        "base": dice.weighted("base", {"disc": 0.5, "trumpet": 0.5}),
    }


_DRAWS = {
    "dining": _dining,
    "windsor": _windsor,
    "shell": _shell,
    "bistro": _bistro,
    "parsons": _parsons,
    "cantilever": _cantilever,
    "stacking": _stacking,
    "office": _office,
    "tulip": _tulip,
    "lounge": _lounge,
    "bar": _bar,
    "stool": _stool,
}
