"""Which chairs there are: kinds of chair as a catalogue knows them, and how often each is drawn."""

from __future__ import annotations

from render.modeller.chairs import modern, soft, wooden
from render.modeller.drawing import Kind

KINDS = {
    "dining": Kind(0.13, wooden.dining),
    "tub": Kind(0.06, soft.tub),
    "windsor": Kind(0.08, wooden.windsor),
    "shell": Kind(0.06, modern.shell),
    "club": Kind(0.06, soft.club),
    "bistro": Kind(0.06, wooden.bistro),
    "parsons": Kind(0.06, soft.parsons),
    "cantilever": Kind(0.05, modern.cantilever),
    "deck": Kind(0.03, wooden.deck),
    "office": Kind(0.07, modern.office),
    "rocking": Kind(0.04, wooden.rocking),
    "stacking": Kind(0.04, modern.stacking),
    "lounge": Kind(0.06, soft.lounge),
    "bucket": Kind(0.05, modern.bucket),
    "director": Kind(0.03, wooden.director),
    "wing": Kind(0.04, soft.wing),
    "wire": Kind(0.04, modern.wire),
    "bar": Kind(0.08, wooden.bar),
    "reclined": Kind(0.03, soft.reclined),
    "tulip": Kind(0.03, modern.tulip),
    "stool": Kind(0.05, wooden.stool),
    "pouf": Kind(0.02, soft.pouf),
}
"""Kinds of chair."""
