"""Cars for work: vans, campers, pick-ups and small trucks.

The one idea: upright and roomy; what differs is where the driver sits and what stands behind him.
"""

from __future__ import annotations

from typing import Any

from render.modeller.cars.colours import MODERN, OLD, WORK, painted
from render.modeller.drawing import Dice, sizes


def delivery_van(dice: Dice) -> dict[str, Any]:
    """Panel vans with a short bonnet."""
    body = sizes(
        dice, length=(4.4, 5.6), width=(1.84, 2.0), height=(1.84, 2.4), front_overhang=(0.88, 0.98),
        ground_clearance=(0.17, 0.21), roundness=(0.25, 0.5), bonnet_height=(1.14, 1.24), nose_height=(0.92, 1.0),
        nose_lean=(0.04, 0.12), belt_height=(1.12, 1.18), belt_rise=(0.0, 0.0), windscreen_rake_deg=(40.0, 52.0),
        rear_rake_deg=(2.0, 7.0), wheel_radius=(0.325, 0.345), roof_arch=(0.02, 0.05), tumblehome_deg=(5.0, 10.0),
    )  # fmt: skip
    windows = dice.chance("windows", 0.3)
    extra = {
        "body": "van",
        "wheelbase": round(0.6 * body["length"], 4),
        "bonnet_length": round(body["front_overhang"] + dice.between("bonnet", 0.02, 0.2), 4),
        "side_glass": 3 if windows else 1,
        "doors": 4,
        "headlights": dice.weighted("lights", {"almond": 0.7, "square": 0.3}),
        "grille": dice.weighted("grille", {"wide": 0.5, "bar": 0.5}),
        "bumpers": dice.weighted("bumpers", {"black": 0.7, "body": 0.3}),
        "cladding": dice.chance("cladding", 0.3),
        "rim": dice.weighted("rims", {"steel": 0.6, "dish": 0.25, "five_spoke": 0.15}),
        "rim_share": 0.62,
    }
    return painted(dice, WORK, 0.2, 0.2) | body | extra


def microvan(dice: Dice) -> dict[str, Any]:
    """Small vans and campers whose driver sits over the front wheels."""
    camper = dice.chance("camper", 0.5)
    body = sizes(
        dice, length=(3.4, 4.6), width=(1.5, 1.74), height=(1.8, 1.95), front_overhang=(0.62, 0.76),
        ground_clearance=(0.17, 0.2), bonnet_length=(0.05, 0.2), bonnet_height=(1.04, 1.12), nose_height=(0.88, 0.98),
        nose_lean=(0.0, 0.05), belt_height=(1.02, 1.1), belt_rise=(0.0, 0.0), windscreen_rake_deg=(8.0, 24.0),
        rear_rake_deg=(2.0, 9.0), wheel_radius=(0.275, 0.32), tyre_width=(0.16, 0.18), tumblehome_deg=(5.0, 10.0),
    )  # fmt: skip
    extra = {
        "body": "van",
        "wheelbase": round(body["length"] - body["front_overhang"] - dice.between("tail", 0.65, 0.9), 4),
        "roundness": dice.between("round", 0.7, 1.0) if camper else dice.between("boxy", 0.12, 0.35),
        "roof_arch": dice.between("arch", 0.05, 0.1) if camper else 0.02,
        "side_glass": 3,
        "doors": 4 if body["length"] > 3.9 else 2,
        "headlights": "round" if camper else dice.weighted("lights", {"square": 0.6, "round": 0.4}),
        "grille": "none" if camper else dice.weighted("grille", {"bar": 0.6, "none": 0.4}),
        "bumpers": "chrome" if camper else dice.weighted("bumpers", {"black": 0.6, "body": 0.4}),
        "rim": dice.weighted("rims", {"steel": 0.5, "dish": 0.5}),
        "rim_share": 0.6,
        "roof": "contrast" if camper else "plain",
    }
    return painted(dice, OLD, 0.0, 0.6) | body | extra


def pickup(dice: Dice) -> dict[str, Any]:
    """Pick-ups with single or double cab."""
    double = dice.chance("double", 0.55)
    body = sizes(
        dice, length=(5.0, 5.7), width=(1.82, 2.0), height=(1.72, 1.9), front_overhang=(0.86, 0.95),
        ground_clearance=(0.22, 0.3), roundness=(0.1, 0.5), bonnet_height=(1.12, 1.2), nose_height=(1.0, 1.1),
        nose_lean=(0.0, 0.06), belt_height=(1.1, 1.16), belt_rise=(-0.02, 0.03), windscreen_rake_deg=(42.0, 54.0),
        rear_rake_deg=(4.0, 14.0), boot_height=(1.1, 1.18), wheel_radius=(0.365, 0.41), tyre_width=(0.23, 0.27),
        roof_arch=(0.02, 0.05), tumblehome_deg=(14.0, 20.0), flare=(0.02, 0.05),
    )  # fmt: skip
    extra = {
        "body": "pickup",
        "wheelbase": round(0.595 * body["length"], 4),
        "bonnet_length": round(body["front_overhang"] + dice.between("bonnet", 0.4, 0.6), 4),
        "boot_length": dice.between("short_bed", 1.5, 1.65) if double else dice.between("long_bed", 1.8, 2.05),
        "doors": 4 if double else 2,
        "side_glass": 2 if double else 1,
        "headlights": dice.weighted("lights", {"square": 0.4, "almond": 0.4, "round": 0.2}),
        "grille": dice.weighted("grille", {"tall": 0.45, "wide": 0.4, "bar": 0.15}),
        "bumpers": dice.weighted("bumpers", {"chrome": 0.4, "black": 0.4, "body": 0.2}),
        "cladding": dice.chance("cladding", 0.4),
        "rim": dice.weighted("rims", {"five_spoke": 0.5, "steel": 0.3, "split_spoke": 0.2}),
        "rim_share": dice.between("rim_share", 0.56, 0.64),
        "roof": dice.weighted("roof", {"plain": 0.8, "rails": 0.2}),
    }
    return painted(dice, MODERN, 0.4) | body | extra


def truck(dice: Dice) -> dict[str, Any]:
    """Small trucks, cab-over or with a bonnet."""
    bonnet = dice.chance("bonnet", 0.35)
    cargo = dice.weighted("cargo", {"box": 0.5, "flatbed": 0.25, "tipper": 0.25})
    body = sizes(
        dice, length=(5.2, 7.0), width=(1.9, 2.25), height=(2.05, 2.35), front_overhang=(0.95, 1.1),
        ground_clearance=(0.24, 0.3), roundness=(0.1, 0.55), bonnet_height=(1.22, 1.36), nose_height=(1.05, 1.15),
        nose_lean=(0.0, 0.04), belt_rise=(0.0, 0.0), windscreen_rake_deg=(6.0, 20.0), rear_rake_deg=(0.0, 3.0),
        boot_height=(0.94, 1.02), wheel_radius=(0.36, 0.4), tyre_width=(0.22, 0.26), roof_arch=(0.02, 0.06),
        tumblehome_deg=(4.0, 9.0), flare=(0.01, 0.03), cargo_height=(1.4, 2.5),
    )  # fmt: skip
    extra = {
        "body": "truck",
        "cargo": cargo,
        "bonnet_length": dice.between("short_nose", 0.05, 0.2),
        "wheelbase": round(body["length"] - body["front_overhang"] - dice.between("tail", 1.2, 1.7), 4),
        "doors": 2,
        "side_glass": 1,
        "headlights": dice.weighted("lights", {"square": 0.6, "round": 0.4}),
        "grille": dice.weighted("grille", {"wide": 0.5, "bar": 0.3, "tall": 0.2}),
        "bumpers": dice.weighted("bumpers", {"black": 0.7, "chrome": 0.3}),
        "rim": dice.weighted("rims", {"steel": 0.8, "dish": 0.2}),
        "rim_share": 0.6,
    }
    if bonnet:
        overhang = dice.between("nose", 0.72, 0.82)
        extra |= {
            "front_overhang": overhang,
            "bonnet_length": dice.between("long_nose", 1.05, 1.25),
            "windscreen_rake_deg": dice.between("rake", 26.0, 36.0),
            "roundness": dice.between("soft", 0.2, 0.75),
        }
        extra["wheelbase"] = round(body["length"] - overhang - dice.between("tail", 1.0, 1.4), 4)
    made = painted(dice, WORK, 0.1, 0.3) | body | extra
    made["belt_height"] = round(made["bonnet_height"] - 0.02, 4)
    made["second_paint"] = dice.among(
        "load", ("lacquer:polar_white", "lacquer:polar_white", "lacquer:silver", made["paint"])
    )
    return made
