"""Padding of upholstered backs: rolls upright or level, and buttons.

The one idea: padding is laid out on the flat panel, in metres across and up, and goes through the same bending
as the panel itself.
"""

from __future__ import annotations

import numpy as np

from render.modeller.chairs.properties import ChairProperties
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats, Warp
from render.modeller.outlines import Outline, disc, ellipse
from render.modeller.shapes import bar, sweep

_DIMPLE = 0.024
_SPREAD = 0.034
_MARGIN = 0.012


def add_tufting(p: ChairProperties, assembly: Assembly, outline: Outline, bend: Warp) -> None:
    """Padding on a flat panel of that outline; `bend` takes [N, 3] (across, out, up from its middle) onto the back."""
    width, height = float(np.ptp(outline.points[:, 0])), float(np.ptp(outline.points[:, 1]))
    if p.tufting == "buttons":
        _add_buttons(p, assembly, width, height, bend)
        return
    upright = p.tufting == "channels"
    span = width if upright else height
    count = int(np.clip(round(span / 0.075), 3, 8))
    pitch = (span - 2 * _MARGIN) / count
    points = outline.points if upright else outline.points[:, ::-1]
    for k in range(count):
        at = -span / 2 + _MARGIN + pitch * (k + 0.5)
        # Where the panel is rounded, a roll ends with the shorter of its two sides.
        sides = [_extent(points, at + aside * pitch) for aside in (-0.4, 0.4)]
        low, high = max(side[0] for side in sides), min(side[1] for side in sides)
        way = np.linspace(low + _MARGIN, high - _MARGIN, 8) + stagger(k)
        rest = np.full(8, at)
        out = np.full(8, 0.5 * p.back_thickness - 0.002)
        flat = np.stack([rest, out, way] if upright else [way, out, rest], axis=1)
        add_roll(assembly, f"back_roll_{k + 1}", bend(flat), bend(flat - [0.0, 0.02, 0.0]), pitch, p.upholstery)


def stagger(k: int) -> float:
    """A hair by which every second roll is shifted, metres, so that no two ends lie in one plane."""
    return 0.0011 * (k % 2)


def add_roll(assembly: Assembly, name: str, path: Floats, inner: Floats, pitch: float, cover: str) -> None:
    """A padded roll `pitch` wide along `path` [N, 3]; `inner` [N, 3] lies below it in the padding."""
    depth = (path - inner).mean(axis=0) / np.linalg.norm((path - inner).mean(axis=0))
    section = ellipse(1.03 * pitch, float(np.clip(0.6 * pitch, 0.02, 0.05)), 12)
    assembly.add(name, "back", sweep(path, section, -depth, edge=0.008), material(cover), 60.0)


def _extent(points: Floats, at: float) -> tuple[float, float]:
    """Lowest and highest second coordinate of a closed convex outline [M, 2] where the first is `at`."""
    ends = []
    for half in (points[points[:, 1] < 0], points[points[:, 1] > 0]):
        order = np.argsort(half[:, 0], kind="stable")
        ends.append(float(np.interp(at, half[order, 0], half[order, 1])))
    return ends[0], ends[1]


def _places(width: float, height: float) -> Floats:
    """Where buttons sit [N, 2] on a flat panel: across, up; every second row is shifted by half a step."""
    columns = int(np.clip(round(width / 0.13), 2, 4))
    rows = int(np.clip(round((height - 0.06) / 0.13), 1, 4))
    step, rise = width / (columns + 0.6), height / (rows + 0.8)
    places = []
    for row in range(rows):
        inner = columns - row % 2
        places += [(step * (k - (inner - 1) / 2), rise * (row - (rows - 1) / 2)) for k in range(inner)]
    return np.array(places)


def dimpled(flat: Floats, width: float, height: float, thick: float) -> Floats:
    """Points [N, 3] of a flat panel with the face towards the sitter drawn in at every button."""
    away = flat[:, None, [0, 2]] - _places(width, height)[None]
    pull = np.exp(-(away**2).sum(axis=2) / _SPREAD**2).max(axis=1)
    moved = flat.copy()
    moved[:, 1] -= np.where(flat[:, 1] > 0.05 * thick, min(_DIMPLE, 0.4 * thick), 0.0) * pull
    return moved


def _add_buttons(p: ChairProperties, assembly: Assembly, width: float, height: float, bend: Warp) -> None:
    thick = p.back_thickness
    top = 0.5 * thick - 0.6 * min(_DIMPLE, 0.4 * thick)
    for k, (across, up) in enumerate(_places(width, height)):
        ends = bend(np.array([[across, 0.1 * thick, up], [across, top, up]]))
        button = bar(ends[0], ends[1], disc(0.014, 7), edge=0.2 * (top - 0.1 * thick))
        assembly.add(f"back_button_{k + 1}", "back", button, material(p.upholstery))
