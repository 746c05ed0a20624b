"""Sports cars: coupés, supercars and open two-seaters.

The one idea: low, wide and on large wheels; what differs is where the cabin sits.
"""

from __future__ import annotations

from typing import Any

from render.modeller.cars.colours import OLD, SPORTS, painted
from render.modeller.drawing import Dice, sizes


def coupe(dice: Dice) -> dict[str, Any]:
    """Long bonnet, fast back."""
    body = sizes(
        dice, length=(4.25, 4.75), width=(1.82, 1.92), height=(1.28, 1.37), front_overhang=(0.84, 0.92),
        ground_clearance=(0.11, 0.14), roundness=(0.3, 0.85), bonnet_height=(0.91, 0.96), nose_height=(0.7, 0.76),
        nose_lean=(0.06, 0.18), belt_height=(0.88, 0.91), belt_rise=(0.02, 0.07), boot_height=(0.92, 0.96),
        boot_length=(0.2, 0.5), windscreen_rake_deg=(58.0, 64.0), rear_rake_deg=(66.0, 72.0), wheel_radius=(0.315,
        0.335),
        tyre_width=(0.24, 0.28), roof_arch=(0.05, 0.1), tumblehome_deg=(24.0, 30.0), flare=(0.02, 0.05),
        rim_share=(0.68, 0.78),
    )  # fmt: skip
    extra = {
        "body": "coupe",
        "wheelbase": round(0.585 * body["length"], 4),
        "bonnet_length": round(body["front_overhang"] + dice.between("bonnet", 0.5, 0.8), 4),
        "headlights": dice.weighted("lights", {"slim": 0.4, "almond": 0.3, "round": 0.3}),
        "grille": dice.weighted("grille", {"wide": 0.5, "bar": 0.3, "none": 0.2}),
        "rim": dice.weighted("rims", {"five_spoke": 0.4, "split_spoke": 0.3, "turbine": 0.15, "multi_spoke": 0.15}),
        "doors": 2,
        "spoiler": dice.chance("spoiler", 0.4),
        "roof": dice.weighted("roof", {"plain": 0.6, "contrast": 0.2, "sunroof": 0.2}),
    }
    return painted(dice, SPORTS, 0.5, 0.3) | body | extra


def supercar(dice: Dice) -> dict[str, Any]:
    """Wedges with the engine behind the seats."""
    body = sizes(
        dice, length=(4.3, 4.65), width=(1.9, 2.02), height=(1.14, 1.21), front_overhang=(0.98, 1.1),
        ground_clearance=(0.09, 0.11), roundness=(0.15, 0.6), bonnet_height=(0.86, 0.9), nose_height=(0.6, 0.66),
        nose_lean=(0.1, 0.25), belt_height=(0.8, 0.82), belt_rise=(0.02, 0.06), boot_height=(0.85, 0.92),
        boot_length=(0.2, 0.5), windscreen_rake_deg=(62.0, 68.0), rear_rake_deg=(70.0, 75.0), wheel_radius=(0.32,
        0.335),
        tyre_width=(0.27, 0.32), roof_arch=(0.01, 0.04), tumblehome_deg=(25.0, 31.0), flare=(0.02, 0.06),
        rim_share=(0.72, 0.8),
    )  # fmt: skip
    extra = {
        "body": "coupe",
        "wheelbase": round(0.58 * body["length"], 4),
        "bonnet_length": round(body["front_overhang"] + dice.between("bonnet", 0.12, 0.4), 4),
        "headlights": "slim",
        "grille": dice.weighted("grille", {"none": 0.7, "wide": 0.3}),
        "rim": dice.weighted("rims", {"five_spoke": 0.35, "split_spoke": 0.4, "turbine": 0.25}),
        "doors": 2,
        "side_glass": 2 if dice.chance("quarter", 0.3) else 1,
        "spoiler": dice.chance("spoiler", 0.6),
        "roof": dice.weighted("roof", {"plain": 0.6, "contrast": 0.4}),
        "second_paint": "lacquer:black",
    }
    return painted(dice, SPORTS, 0.6, 0.2) | body | extra


def roadster(dice: Dice) -> dict[str, Any]:
    """Open cars, old or new."""
    old = dice.chance("old", 0.45)
    body = sizes(
        dice, length=(3.85, 4.6), width=(1.66, 1.82), height=(1.2, 1.28), front_overhang=(0.76, 0.86),
        ground_clearance=(0.12, 0.15), bonnet_height=(0.88, 0.92), nose_height=(0.69, 0.74), nose_lean=(0.05, 0.16),
        belt_height=(0.84, 0.87), belt_rise=(0.0, 0.05), boot_height=(0.88, 0.94), boot_length=(0.75, 1.05),
        windscreen_rake_deg=(48.0, 58.0), wheel_radius=(0.3, 0.325), roof_arch=(0.0, 0.0), tumblehome_deg=(14.0,
        20.0),
        flare=(0.01, 0.04),
    )  # fmt: skip
    extra = {
        "body": "convertible",
        "wheelbase": round(0.58 * body["length"], 4),
        "bonnet_length": round(body["front_overhang"] + dice.between("bonnet", 0.45, 0.7), 4),
        "rear_rake_deg": 50.0,
        "roundness": dice.between("round", 0.6, 1.0) if old else dice.between("newer", 0.35, 0.75),
        "headlights": "round" if old else dice.weighted("lights", {"slim": 0.4, "almond": 0.6}),
        "grille": dice.weighted("grille", {"wide": 0.6, "none": 0.2, "bar": 0.2}),
        "bumpers": "chrome" if old else "body",
        "rim": dice.weighted(
            "rims",
            {"multi_spoke": 0.5, "steel": 0.3, "dish": 0.2}
            if old
            else {"five_spoke": 0.5, "split_spoke": 0.3, "turbine": 0.2},
        ),
        "rim_share": 0.62 if old else 0.72,
        "tyre_width": 0.17 if old else 0.22,
        "doors": 2,
    }
    return painted(dice, OLD if old else SPORTS, 0.2, 0.8) | body | extra
