"""Which chairs there are: kinds of chair as a catalogue knows them, and how often each is drawn.

The one idea: the kind walks through the list with the index, so that any few chairs in a row differ.
"""

from __future__ import annotations

from render.modeller import chair_kinds_modern as modern, chair_kinds_wooden as wooden
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

_DRAWS = {
    "dining": wooden.dining,
    "windsor": wooden.windsor,
    "bistro": wooden.bistro,
    "bar": wooden.bar,
    "stool": wooden.stool,
    "shell": modern.shell,
    "parsons": modern.parsons,
    "cantilever": modern.cantilever,
    "stacking": modern.stacking,
    "office": modern.office,
    "tulip": modern.tulip,
    "lounge": modern.lounge,
}


def draw_chair(seed: int, index: int) -> ChairProperties:
    """The chair of a seed and an index."""
    dice = Dice("chair", seed, index)
    kind = dice.weighted("kind", KINDS, spread=True)
    return ChairProperties(**_DRAWS[kind](dice))
