"""What things are made of: a small designer's palette, written `kind:colour`, as in `wood:oak` or
`paint:#8c9c82`.

The one idea: the kind says how a surface answers light (roughness, metallic), the colour says the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from infra.errors import UserError

ROUGHNESS: dict[str, float] = {
    "wood": 0.48,
    "paint": 0.42,
    "lacquer": 0.18,
    "metal": 0.30,
    "plastic": 0.32,
    "fabric": 0.92,
    "leather": 0.55,
    "stone": 0.25,
    "rubber": 0.80,
    "glass": 0.05,
    "lamp": 0.15,
}
"""Roughness of every kind of material, 0 a mirror, 1 matt."""

METALLIC: dict[str, float] = {"metal": 1.0}
"""How much of a metal every kind is; 0 where it is not named."""

OPACITY: dict[str, float] = {
    "glass:clear": 0.30,
    "glass:green": 0.45,
    "glass:bronze": 0.55,
    "glass:smoked": 0.75,
    "glass:privacy": 1.0,
}
"""How much of what is behind a material it hides; glass of other colours 0.45, all else 1."""

PALETTE: dict[str, dict[str, str]] = {
    "wood": {
        "birch": "#dcc39a",
        "ash": "#d3b283",
        "beech": "#c79c70",
        "oak": "#b58b5c",
        "smoked_oak": "#7d5a3b",
        "teak": "#9c6335",
        "cherry": "#8a5132",
        "walnut": "#69432a",
        "mahogany": "#5d2b1b",
        "wenge": "#3a2a23",
        "ebony": "#272220",
        "limed": "#d9d0c0",
    },
    "paint": {
        "white": "#efece4",
        "cream": "#e9dfc6",
        "stone": "#b9b2a4",
        "charcoal": "#34373a",
        "black": "#1d1d1e",
        "sage": "#8d9e85",
        "forest": "#2f4d3d",
        "teal": "#22686b",
        "sky": "#8fb4c8",
        "navy": "#26364f",
        "mustard": "#d0a03c",
        "terracotta": "#b65f40",
        "tomato": "#bd3f2c",
        "blush": "#d6a79c",
        "aubergine": "#56354a",
    },
    "lacquer": {
        "polar_white": "#ecedeb",
        "silver": "#a9adb0",
        "titanium": "#74777a",
        "anthracite": "#3a3d40",
        "black": "#17181a",
        "racing_red": "#b3231c",
        "burgundy": "#5c1a20",
        "orange": "#d2601f",
        "taxi_yellow": "#e0ab24",
        "sand": "#bfae8c",
        "olive": "#5e6340",
        "british_green": "#1f4030",
        "mint": "#8fb8a4",
        "petrol": "#1f5661",
        "sky": "#86afc9",
        "royal_blue": "#22468a",
        "midnight": "#1e2840",
        "bronze": "#6f5538",
    },
    "metal": {
        "chrome": "#c9ccd0",
        "steel": "#9b9fa3",
        "graphite": "#54575b",
        "brass": "#b8995e",
        "copper": "#bb7450",
    },
    "plastic": {
        "white": "#f0efec",
        "black": "#202123",
        "grey": "#8b8f92",
        "red": "#bf2f27",
        "orange": "#d8752c",
        "yellow": "#dcb43a",
        "green": "#6f9468",
        "blue": "#39648f",
        "sand": "#cdbfa6",
    },
    "fabric": {
        "linen": "#d8ccb6",
        "oatmeal": "#c2b49c",
        "silver": "#a9abab",
        "slate": "#5d666e",
        "charcoal": "#3d4043",
        "navy": "#2d3c55",
        "denim": "#55708c",
        "teal": "#2f6a6c",
        "bottle": "#2f5142",
        "olive": "#77774a",
        "moss": "#97a078",
        "ochre": "#c8963e",
        "rust": "#ac5635",
        "brick": "#8f3d30",
        "plum": "#63394d",
        "rose": "#c58f88",
    },
    "leather": {
        "cognac": "#94522b",
        "tan": "#b5804f",
        "oxblood": "#5a2622",
        "espresso": "#40302a",
        "black": "#222120",
        "ivory": "#ddd2bd",
    },
    "stone": {
        "marble": "#e4e2dd",
        "travertine": "#cdbda2",
        "slate": "#4f5457",
        "terrazzo": "#cfc9c0",
    },
    "rubber": {"black": "#1a1a1b", "grey": "#5b5d5f"},
    "glass": {
        "clear": "#dfe8e6",
        "green": "#a9c4b8",
        "bronze": "#8a7560",
        "smoked": "#3c4247",
        "privacy": "#15181b",
    },
    "lamp": {"white": "#eef0f0", "amber": "#e08a24", "red": "#a81d1d"},
}
"""Named sRGB colours of every kind."""


@dataclass(frozen=True)
class Material:
    """A material: `name` as in the MTL file, `colour` linear RGB in [0, 1], `roughness`, `metallic` and `opacity`
    in [0, 1]."""

    name: str
    colour: tuple[float, float, float]
    roughness: float
    metallic: float
    opacity: float = 1.0


@lru_cache(maxsize=1024)
def material(text: str) -> Material:
    """The material that `kind:colour` names; `UserError` for an unknown kind or colour."""
    kind, _, colour = text.partition(":")
    if kind not in PALETTE:
        raise UserError(f"material '{text}': unknown kind '{kind}'; write one of {', '.join(PALETTE)} before the ':'")
    srgb = PALETTE[kind].get(colour, colour)
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", srgb):
        names = ", ".join(PALETTE[kind])
        raise UserError(f"material '{text}': unknown colour '{colour}'; write one of {names}, or '#rrggbb'")
    red, green, blue = (_linear(int(srgb[k : k + 2], 16) / 255) for k in (1, 3, 5))
    name = f"{kind}_{colour.lstrip('#').lower()}"
    opacity = OPACITY.get(text, 0.45 if kind == "glass" else 1.0)
    return Material(name, (red, green, blue), ROUGHNESS[kind], METALLIC.get(kind, 0.0), opacity)


def _linear(value: float) -> float:
    """The sRGB transfer function, undone (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
