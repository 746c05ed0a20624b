"""Which paints cars wear: by era and use, and what goes with them.

The one idea: most cars are grey, white or dark; small and old ones are the colourful ones.
"""

from __future__ import annotations

from typing import Any

from render.modeller.drawing import Dice

MODERN = (
    "polar_white", "polar_white", "silver", "silver", "titanium", "anthracite", "anthracite", "black", "racing_red",
    "burgundy", "royal_blue", "midnight", "petrol", "bronze", "sand", "orange", "sky", "olive",
)  # fmt: skip
OLD = (
    "polar_white", "sand", "mint", "sky", "racing_red", "burgundy", "british_green", "orange", "taxi_yellow", "olive",
    "bronze", "petrol", "midnight", "silver",
)  # fmt: skip
SPORTS = (
    "racing_red", "racing_red", "taxi_yellow", "orange", "royal_blue", "black", "polar_white", "silver",
    "british_green", "anthracite", "mint",
)  # fmt: skip
WORK = (
    "polar_white", "polar_white", "polar_white", "silver", "taxi_yellow", "royal_blue", "racing_red", "british_green",
    "orange", "anthracite", "sky",
)  # fmt: skip
_NEUTRAL = ("polar_white", "silver", "sand", "black")


def painted(dice: Dice, choices: tuple[str, ...], dark_rims: float = 0.25, chrome: float = 0.6) -> dict[str, Any]:
    """Materials of a car whose paint is one of the choices."""
    paint = dice.among("paint", choices)
    second = dice.among("second", [name for name in _NEUTRAL if name != paint])
    rim = (
        "metal:graphite" if dice.chance("dark_rims", dark_rims) else dice.among("rim", ("metal:steel", "metal:chrome"))
    )
    return {
        "paint": f"lacquer:{paint}",
        "second_paint": f"lacquer:{second}",
        "rim_material": rim,
        "trim_material": "metal:chrome" if dice.chance("chrome", chrome) else "plastic:black",
        "glazing": "glass:privacy" if dice.chance("privacy", 0.75) else "glass:smoked",
    }
