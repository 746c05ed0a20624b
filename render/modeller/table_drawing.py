"""Which tables there are: kinds of table as a catalogue knows them, and how often each is drawn.

The one idea: the kind walks through the list with the index, so that any few tables in a row differ.
"""

from __future__ import annotations

from render.modeller import table_kinds_dining as dining, table_kinds_small as small
from render.modeller.drawing import Dice
from render.modeller.table import TableProperties

KINDS: dict[str, float] = {
    "dining": 0.17,
    "farmhouse": 0.10,
    "tulip": 0.10,
    "cafe": 0.09,
    "coffee": 0.14,
    "drum": 0.09,
    "desk": 0.11,
    "console": 0.07,
    "bedside": 0.06,
    "conference": 0.07,
}
"""Kinds of table and how often they are drawn."""

_DRAWS = {
    "dining": dining.dining,
    "farmhouse": dining.farmhouse,
    "tulip": dining.tulip,
    "cafe": dining.cafe,
    "conference": dining.conference,
    "coffee": small.coffee,
    "drum": small.drum,
    "desk": small.desk,
    "console": small.console,
    "bedside": small.bedside,
}


def draw_table(seed: int, index: int) -> TableProperties:
    """The table of a seed and an index."""
    dice = Dice("table", seed, index)
    kind = dice.weighted("kind", KINDS, spread=True)
    return TableProperties(**_DRAWS[kind](dice))
