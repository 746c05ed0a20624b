"""Cars for people: city cars, hatchbacks, saloons old and new, estates, off-roaders, people carriers, sports cars.

The one idea: a kind fixes what belongs together and leaves to the dice what a maker would vary.
"""

from __future__ import annotations

from typing import Any

from render.modeller.cars.colours import MODERN, OLD, painted
from render.modeller.drawing import Dice, sizes

_NEW_RIMS = ("five_spoke", "split_spoke", "multi_spoke", "turbine")


def _modern(dice: Dice) -> dict[str, Any]:
    """What modern cars share."""
    return {
        "roundness": dice.between("round", 0.45, 0.8),
        "headlights": dice.weighted("lights", {"almond": 0.5, "slim": 0.35, "round": 0.15}),
        "grille": dice.weighted("grille", {"wide": 0.4, "bar": 0.25, "tall": 0.25, "none": 0.1}),
        "rim": dice.among("rims", _NEW_RIMS),
        "rim_share": dice.between("rim_share", 0.66, 0.76),
        "belt_rise": dice.between("rise", 0.02, 0.1),
        "nose_lean": dice.between("lean", 0.05, 0.16),
        "crease": dice.between("crease", 0.008, 0.03),
    }


def city(dice: Dice) -> dict[str, Any]:
    """Small upright cars for town."""
    doors = 2 if dice.chance("two_doors", 0.35) else 4
    body = sizes(
        dice, length=(3.35, 3.75), width=(1.58, 1.68), height=(1.46, 1.56), front_overhang=(0.62, 0.68),
        bonnet_length=(0.78, 0.95), bonnet_height=(0.96, 1.02), nose_height=(0.76, 0.84), belt_height=(0.93, 0.98),
        windscreen_rake_deg=(48.0, 58.0), rear_rake_deg=(12.0, 26.0), wheel_radius=(0.275, 0.3), roof_arch=(0.04, 0.1),
        tumblehome_deg=(14.0, 20.0),
    )  # fmt: skip
    extra = {
        "body": "hatchback",
        "wheelbase": round(body["length"] - body["front_overhang"] - 0.58, 4),
        "doors": doors if body["length"] > 3.56 else 2,
    }
    extra |= {"tyre_width": 0.175, "roof": dice.weighted("roof", {"plain": 0.5, "contrast": 0.35, "sunroof": 0.15})}
    return _modern(dice) | painted(dice, OLD) | body | extra


def hatch(dice: Dice) -> dict[str, Any]:
    """Compact hatchbacks."""
    body = sizes(
        dice, length=(4.0, 4.4), width=(1.74, 1.82), height=(1.4, 1.5),
        front_overhang=(0.8, 0.88), bonnet_length=(1.08, 1.28), bonnet_height=(0.94, 1.0), nose_height=(0.72, 0.8),
        belt_height=(0.92, 0.96), windscreen_rake_deg=(56.0, 63.0), rear_rake_deg=(22.0, 44.0),
        wheel_radius=(0.305, 0.335), roof_arch=(0.05, 0.12), tumblehome_deg=(18.0, 24.0), flare=(0.01, 0.03),
    )  # fmt: skip
    extra = {"body": "hatchback", "wheelbase": round(0.62 * body["length"], 4)}
    extra |= {"doors": 2 if dice.chance("two_doors", 0.25) else 4}
    extra |= {"spoiler": dice.chance("spoiler", 0.5), "side_glass": 3 if dice.chance("quarter", 0.4) else 2}
    extra |= {"roof": dice.weighted("roof", {"plain": 0.6, "sunroof": 0.25, "contrast": 0.15})}
    return _modern(dice) | painted(dice, MODERN) | body | extra


def saloon(dice: Dice) -> dict[str, Any]:
    """Modern saloons."""
    body = sizes(
        dice, length=(4.5, 5.05), width=(1.8, 1.9), height=(1.42, 1.49), front_overhang=(0.84, 0.92),
        bonnet_height=(0.95, 1.0), nose_height=(0.7, 0.78), belt_height=(0.92, 0.96), boot_height=(1.0, 1.08),
        boot_length=(0.4, 0.72), windscreen_rake_deg=(58.0, 64.0), rear_rake_deg=(58.0, 67.0),
        wheel_radius=(0.32, 0.345), roof_arch=(0.06, 0.11), tumblehome_deg=(20.0, 27.0), flare=(0.01, 0.03),
    )  # fmt: skip
    wheelbase = round(0.595 * body["length"] + dice.between("longer", -0.02, 0.08), 4)
    bonnet = round(body["front_overhang"] + dice.between("bonnet", 0.42, 0.66), 4)
    extra = {"body": "sedan", "wheelbase": wheelbase, "bonnet_length": bonnet}
    extra |= {"roof": dice.weighted("roof", {"plain": 0.7, "sunroof": 0.3})}
    return _modern(dice) | painted(dice, MODERN) | body | extra


def boxy_saloon(dice: Dice) -> dict[str, Any]:
    """Saloons of the seventies and eighties."""
    body = sizes(
        dice, length=(4.2, 4.9), width=(1.64, 1.76), height=(1.38, 1.46), front_overhang=(0.78, 0.86),
        roundness=(0.05, 0.22), bonnet_height=(0.93, 0.97), nose_height=(0.8, 0.86), nose_lean=(0.0, 0.06),
        belt_height=(0.92, 0.95), belt_rise=(-0.02, 0.02), boot_length=(0.75, 1.05), boot_height=(0.93, 0.98),
        windscreen_rake_deg=(44.0, 54.0), rear_rake_deg=(40.0, 55.0), wheel_radius=(0.29, 0.31), roof_arch=(0.03, 0.05),
        tumblehome_deg=(18.0, 25.0), flare=(0.0, 0.01),
    )  # fmt: skip
    extra = {
        "body": "sedan",
        "wheelbase": round(0.58 * body["length"], 4),
        "bonnet_length": round(body["front_overhang"] + dice.between("bonnet", 0.45, 0.75), 4),
        "headlights": dice.weighted("lights", {"square": 0.6, "round": 0.4}),
        "grille": dice.weighted("grille", {"bar": 0.6, "tall": 0.2, "wide": 0.2}),
        "bumpers": dice.weighted("bumpers", {"chrome": 0.55, "black": 0.45}),
        "rim": dice.weighted("rims", {"steel": 0.6, "multi_spoke": 0.2, "dish": 0.2}),
        "rim_share": dice.between("rim_share", 0.58, 0.64),
        "tyre_width": 0.18,
        "doors": 2 if dice.chance("two_doors", 0.3) else 4,
        "roof": dice.weighted("roof", {"plain": 0.7, "contrast": 0.3}),
    }
    return painted(dice, OLD, 0.1, 0.85) | body | extra


def classic(dice: Dice) -> dict[str, Any]:
    """Rounded small cars of the fifties and sixties."""
    body = sizes(
        dice, length=(3.3, 4.1), width=(1.5, 1.6), height=(1.44, 1.54), front_overhang=(0.68, 0.76),
        roundness=(0.85, 1.0), bonnet_height=(0.95, 1.0), nose_height=(0.72, 0.8), nose_lean=(0.04, 0.12),
        belt_height=(0.92, 0.95), belt_rise=(-0.03, 0.02), windscreen_rake_deg=(32.0, 46.0), rear_rake_deg=(46.0, 56.0),
        boot_length=(0.2, 0.5), boot_height=(0.84, 0.9), wheel_radius=(0.285, 0.31), roof_arch=(0.1, 0.19),
        tumblehome_deg=(14.0, 20.0), flare=(0.02, 0.05),
    )  # fmt: skip
    extra = {
        "body": "sedan",
        "wheelbase": round(body["length"] - body["front_overhang"] - dice.between("tail", 0.66, 0.8), 4),
        "bonnet_length": round(body["front_overhang"] + dice.between("bonnet", 0.3, 0.5), 4),
        "headlights": "round",
        "grille": dice.weighted("grille", {"none": 0.35, "wide": 0.4, "tall": 0.25}),
        "bumpers": "chrome",
        "rim": dice.weighted("rims", {"steel": 0.5, "dish": 0.5}),
        "rim_share": dice.between("rim_share", 0.56, 0.62),
        "tyre_width": 0.16,
        "doors": 2,
        "roof": dice.weighted("roof", {"plain": 0.6, "contrast": 0.4}),
    }
    return painted(dice, OLD, 0.0, 1.0) | body | extra


def estate(dice: Dice) -> dict[str, Any]:
    """Estate cars, new or boxy."""
    body = sizes(
        dice, length=(4.55, 5.0), width=(1.78, 1.88), height=(1.44, 1.52), front_overhang=(0.84, 0.9),
        bonnet_height=(0.95, 1.0), nose_height=(0.73, 0.8), belt_height=(0.92, 0.96), windscreen_rake_deg=(54.0, 62.0),
        rear_rake_deg=(18.0, 42.0), wheel_radius=(0.315, 0.335), roof_arch=(0.04, 0.08), tumblehome_deg=(18.0, 24.0),
    )  # fmt: skip
    boxy = dice.chance("boxy", 0.35)
    extra = {
        "body": "estate",
        "wheelbase": round(0.59 * body["length"], 4),
        "bonnet_length": round(body["front_overhang"] + dice.between("bonnet", 0.42, 0.65), 4),
        "side_glass": 3,
        "roof": dice.weighted("roof", {"plain": 0.3, "rails": 0.55, "sunroof": 0.15}),
    }
    if boxy:
        extra |= {
            "roundness": dice.between("square", 0.05, 0.2),
            "nose_height": dice.between("square_nose", 0.82, 0.86),
            "windscreen_rake_deg": dice.between("square_rake", 44.0, 52.0),
            "headlights": "square",
            "grille": "bar",
            "bumpers": dice.weighted("bumpers", {"black": 0.7, "chrome": 0.3}),
            "rim": dice.weighted("old_rims", {"steel": 0.5, "multi_spoke": 0.5}),
            "rim_share": 0.62,
            "belt_rise": 0.0,
        }
    return _modern(dice) | painted(dice, OLD if boxy else MODERN) | body | extra


def crossover(dice: Dice) -> dict[str, Any]:
    """Crossovers and sport utility vehicles."""
    body = sizes(
        dice, length=(4.2, 4.9), width=(1.82, 1.96), height=(1.6, 1.75), front_overhang=(0.82, 0.9),
        ground_clearance=(0.19, 0.24), bonnet_height=(1.1, 1.16), nose_height=(0.92, 1.02), nose_lean=(0.02, 0.1),
        belt_height=(1.08, 1.14), windscreen_rake_deg=(50.0, 60.0), rear_rake_deg=(20.0, 42.0),
        wheel_radius=(0.35, 0.39), tyre_width=(0.225, 0.255), roof_arch=(0.05, 0.12), tumblehome_deg=(16.0, 23.0),
        flare=(0.02, 0.04),
    )  # fmt: skip
    extra = {
        "body": "hatchback" if body["length"] < 4.5 else "estate",
        "wheelbase": round(0.595 * body["length"], 4),
        "bonnet_length": round(body["front_overhang"] + dice.between("bonnet", 0.36, 0.6), 4),
        "cladding": dice.chance("cladding", 0.65),
        "spoiler": dice.chance("spoiler", 0.5),
        "side_glass": 3 if dice.chance("quarter", 0.5) else 2,
        "roof": dice.weighted("roof", {"rails": 0.5, "contrast": 0.25, "sunroof": 0.15, "plain": 0.1}),
    }
    return _modern(dice) | painted(dice, MODERN, 0.4) | body | extra


def offroader(dice: Dice) -> dict[str, Any]:
    """Upright off-roaders."""
    body = sizes(
        dice, length=(3.8, 4.7), width=(1.72, 1.86), height=(1.82, 1.98), front_overhang=(0.66, 0.76),
        ground_clearance=(0.24, 0.3), roundness=(0.04, 0.2), bonnet_height=(1.16, 1.24), nose_height=(1.08, 1.14),
        nose_lean=(0.0, 0.03), belt_height=(1.14, 1.2), belt_rise=(-0.02, 0.02), windscreen_rake_deg=(16.0, 32.0),
        rear_rake_deg=(2.0, 8.0), wheel_radius=(0.37, 0.42), tyre_width=(0.22, 0.26), roof_arch=(0.01, 0.03),
        tumblehome_deg=(5.0, 10.0), flare=(0.03, 0.06),
    )  # fmt: skip
    extra = {
        "body": "estate",
        "wheelbase": round(body["length"] - body["front_overhang"] - dice.between("tail", 0.72, 0.85), 4),
        "bonnet_length": round(body["front_overhang"] + dice.between("bonnet", 0.45, 0.65), 4),
        "headlights": dice.weighted("lights", {"round": 0.7, "square": 0.3}),
        "grille": dice.weighted("grille", {"tall": 0.4, "wide": 0.4, "bar": 0.2}),
        "bumpers": dice.weighted("bumpers", {"black": 0.8, "chrome": 0.2}),
        "cladding": dice.chance("cladding", 0.6),
        "rim": dice.weighted("rims", {"steel": 0.5, "five_spoke": 0.3, "multi_spoke": 0.2}),
        "rim_share": dice.between("rim_share", 0.54, 0.6),
        "spare_wheel": dice.chance("spare", 0.6),
        "crease": 0.004,
        "doors": 2 if body["length"] < 4.2 else 4,
        "side_glass": 2 if body["length"] < 4.2 else 3,
        "roof": dice.weighted("roof", {"contrast": 0.4, "rails": 0.4, "plain": 0.2}),
    }
    return painted(dice, OLD, 0.5, 0.3) | body | extra


def people_carrier(dice: Dice) -> dict[str, Any]:
    """People carriers with one long line from nose to roof."""
    body = sizes(
        dice, length=(4.4, 4.95), width=(1.8, 1.95), height=(1.62, 1.8), front_overhang=(0.86, 0.94),
        bonnet_height=(1.08, 1.16), nose_height=(0.8, 0.88), belt_height=(1.0, 1.06), belt_rise=(0.0, 0.06),
        windscreen_rake_deg=(56.0, 64.0), rear_rake_deg=(10.0, 24.0), wheel_radius=(0.315, 0.34), roof_arch=(0.06,
        0.12),
        tumblehome_deg=(11.0, 17.0),
    )  # fmt: skip
    extra = {
        "body": "van",
        "wheelbase": round(0.605 * body["length"], 4),
        "bonnet_length": round(body["front_overhang"] + dice.between("bonnet", 0.08, 0.26), 4),
        "side_glass": 3,
        "roof": dice.weighted("roof", {"rails": 0.5, "plain": 0.3, "sunroof": 0.2}),
    }
    return _modern(dice) | painted(dice, MODERN) | extra | body
