"""Which tables there are: kinds of table as a catalogue knows them, and how often each is drawn."""

from __future__ import annotations

from render.modeller.drawing import Kind
from render.modeller.tables import dining, small, work
from render.modeller.tables.making import fitted

_DRAWN = {
    "dining": (0.12, dining.dining),
    "drum": (0.08, small.drum),
    "desk": (0.08, work.desk),
    "farmhouse": (0.07, dining.farmhouse),
    "side": (0.09, small.side),
    "tulip": (0.05, dining.tulip),
    "coffee": (0.09, small.coffee),
    "console": (0.07, work.console),
    "star": (0.05, dining.star),
    "cafe": (0.05, dining.cafe),
    "nest": (0.05, small.nest),
    "bar": (0.05, dining.bar_table),
    "waterfall": (0.04, small.waterfall),
    "bedside": (0.05, small.bedside),
    "drum_dining": (0.05, dining.drum_dining),
    "pane": (0.04, small.pane),
    "writing": (0.03, work.writing),
    "conference": (0.05, dining.conference),
}

KINDS = {name: Kind(weight, fitted(draw)) for name, (weight, draw) in _DRAWN.items()}
"""Kinds of table."""
