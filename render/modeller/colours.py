"""Which colours go together: the choices of wood, paint, fabric, metal and stone that the kinds of furniture
share.

The one idea: one strong colour a piece; beside coloured paint, fabrics are neutral.
"""

from __future__ import annotations

from render.modeller.drawing import Dice

WOODS = (
    "birch",
    "ash",
    "beech",
    "oak",
    "oak",
    "smoked_oak",
    "teak",
    "cherry",
    "walnut",
    "walnut",
    "mahogany",
    "wenge",
    "limed",
)
PAINTS = (
    "white",
    "white",
    "cream",
    "stone",
    "charcoal",
    "black",
    "sage",
    "forest",
    "teal",
    "sky",
    "navy",
    "mustard",
    "terracotta",
    "tomato",
    "blush",
)
NEUTRAL_PAINTS = ("white", "cream", "stone", "charcoal", "black")
SHELLS = ("white", "white", "black", "grey", "red", "orange", "yellow", "green", "blue", "sand")
FABRICS = (
    "linen",
    "oatmeal",
    "rust",
    "ochre",
    "brick",
    "olive",
    "moss",
    "rose",
    "silver",
    "slate",
    "charcoal",
    "navy",
    "denim",
    "teal",
    "bottle",
    "plum",
)
NEUTRAL_FABRICS = ("linen", "oatmeal", "silver", "slate", "charcoal")
LEATHERS = ("cognac", "tan", "oxblood", "espresso", "black", "ivory")
NEUTRAL_LEATHERS = ("tan", "espresso", "black", "ivory")
STONES = ("marble", "travertine", "slate", "terrazzo")
METALS = (
    "metal:chrome",
    "metal:steel",
    "metal:brass",
    "metal:graphite",
    "paint:black",
    "paint:black",
    "paint:white",
)
HANDLES = ("metal:brass", "metal:steel", "metal:graphite", "paint:black")


def wood(dice: Dice, decision: str = "wood") -> str:
    """A wood."""
    return f"wood:{dice.among(decision, WOODS)}"


def paint(dice: Dice) -> str:
    """A paint."""
    return f"paint:{dice.among('paint', PAINTS)}"


def stone(dice: Dice, decision: str = "stone") -> str:
    """A stone."""
    return f"stone:{dice.among(decision, STONES)}"


def wood_or_paint(dice: Dice, painted: float = 0.25) -> str:
    """A wood, or with the probability `painted` a paint."""
    return paint(dice) if dice.chance("painted", painted) else wood(dice)


def upholstery(dice: Dice, leather: float = 0.2, beside: str = "wood:oak") -> str:
    """A fabric, or with the probability `leather` a leather, that goes beside a frame of that material."""
    kind, colour = beside.split(":")
    quiet = kind in {"paint", "plastic"} and colour not in NEUTRAL_PAINTS
    if dice.chance("leather", leather):
        return f"leather:{dice.among('hide', NEUTRAL_LEATHERS if quiet else LEATHERS)}"
    return f"fabric:{dice.among('fabric', NEUTRAL_FABRICS if quiet else FABRICS)}"


def drawer_paint(dice: Dice, beside: str) -> str:
    """A paint for drawers in a body of that material: strong on wood, white on paint."""
    return paint(dice) if beside.startswith("wood") else "paint:white"
