"""What the kinds of table share: tops, sizes and the colours that go together.

The one idea: a strong colour is for the top or for what carries it, the other stays quiet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from render.modeller.colours import METALS, paint, stone, wood
from render.modeller.drawing import Dice
from render.modeller.tables.faults import leg_room


def top_of(dice: Dice, thick: tuple[float, float] = (0.022, 0.04)) -> dict[str, Any]:
    """Thickness, edge and corners of a top."""
    thickness = dice.between("thickness", *thick)
    bevelled = dice.chance("bevelled", 0.35)
    return {
        "top_thickness": thickness,
        "top_edge": "bevelled" if bevelled else "rounded",
        "edge_size": round(
            min(thickness * dice.between("bevel", 0.4, 0.75), 0.038)
            if bevelled
            else thickness * dice.between("round", 0.15, 0.48),
            4,
        ),
        "corner_radius": dice.between("soft_corner", 0.04, 0.16)
        if dice.chance("soft", 0.4)
        else dice.between("corner", 0.006, 0.03),
    }


def round_of(dice: Dice, low: float, high: float) -> dict[str, Any]:
    """Width and depth alike."""
    size = dice.between("size", low, high)
    return {"width": size, "depth": size}


def sized(
    dice: Dice, top: str, small: tuple[float, float], wide: tuple[float, float], share: tuple[float, float]
) -> dict[str, Any]:
    """Width and depth: `small` for a round or square top, else `wide`, and `share` of that deep."""
    if top in {"round", "square"}:
        return round_of(dice, *small)
    width = dice.between("width", *wide)
    return {"width": width, "depth": round(width * dice.between("share", *share), 4)}


def planked(dice: Dice, probability: float) -> dict[str, Any]:
    """Planks for a square or long top, sometimes with boards across the ends."""
    if not dice.chance("planked", probability):
        return {}
    return {"planks": dice.whole("planks", 3, 6), "breadboard": dice.chance("breadboard", 0.5)}


def glass(dice: Dice) -> str:
    """A glass."""
    return dice.weighted("glass", {"glass:clear": 0.5, "glass:smoked": 0.3, "glass:bronze": 0.2})


def metal(dice: Dice) -> str:
    """A metal, or a tube that is painted, now and then in a strong colour."""
    return paint(dice) if dice.chance("painted_metal", 0.25) else dice.among("metal", METALS)


def two_tone(dice: Dice, timber: str, probability: float = 0.45) -> dict[str, Any]:
    """Top and frame of one wood, or one of them painted, or the top of stone."""
    if not dice.chance("two_tone", probability):
        return {"top_material": timber, "frame_material": timber}
    way = dice.weighted("way", {"frame": 0.5, "top": 0.15, "both": 0.2, "stone": 0.15})
    colour = paint(dice)
    return {
        "top_material": {"frame": timber, "top": colour, "both": colour, "stone": stone(dice)}[way],
        "frame_material": colour if way in {"frame", "both"} else timber,
    }


def any_top(dice: Dice) -> str:
    """A wood, a stone, a paint or a glass."""
    kind = dice.weighted("top_kind", {"wood": 0.4, "stone": 0.25, "paint": 0.2, "glass": 0.15})
    return {"wood": wood, "stone": stone, "paint": paint, "glass": glass}[kind](dice)


def fitted(draw: Callable[[Dice], dict[str, Any]]) -> Callable[[Dice], dict[str, Any]]:
    """The same kind, with legs no stouter and no further in than the drawn top has room for."""

    def fit(dice: Dice) -> dict[str, Any]:
        values = draw(dice)
        if values["legs"] in {"pedestal", "drum"}:
            return values
        room, times = leg_room(*(values[name] for name in ("top", "legs", "width", "depth", "corner_radius")))
        bevel = 1.6 * values["edge_size"] if values["top_edge"] == "bevelled" else 0.0
        free, thick, inset = 0.97 * room - bevel, values["leg_thickness"], values["leg_inset"]
        if inset + times * thick > free:
            thick = min(thick, 0.8 * free / times)
            inset = min(inset, free - times * thick)
            values |= {"leg_thickness": round(thick, 4), "leg_inset": round(inset, 4)}
        return values

    return fit
