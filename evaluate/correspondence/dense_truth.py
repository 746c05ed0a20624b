"""The true field between two parametric models at a view: the same (u, v) of the same part is the same place.

The one idea: a place of the first picture is a part and its coordinates; the second model's part of that name has those
coordinates at one point, and that point counts where nothing of the second model hides it. Nothing is matched and
nothing is estimated.

Shapes: pictures [h, w] of `Seen.size`; N places (x, y) in pixels, x right and y down, the first pixel covering 0 to 1.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from infra.errors import UserError
from render.modeller.cars.properties import CarProperties
from render.surface import Seen, Solid, centres

Floats = NDArray[np.float64]

EQUAL_DEPTH = 1e-6
"""World units (a picture shows about one) by which a point may lie behind what its own ray meets: both are reckoned in
double precision from the same vertices, so that this is room for rounding alone."""
SAME_MAKE = 0.95
"""Least share of a part's area that looks to the same side (within 90 degrees) at its coordinates on both models. A
crossed leg has its top on the other side of the table, a truck's number plate lies, a bracket is no post."""

_COUNTED = re.compile(r"(?:^|_)-?\d+(?:_|$)")
_LOOSE = re.compile(r"(base|tub|(rim|grille|headlamp|tail_lamp|indicator)(_.+)?)")
"""Parts whose one name covers several makes: what a column stands on (hub, disc or trumpet), a car's inside; rims turn
by their own number of spokes, and outlines of lamps and grilles begin at a corner or, round ones, in the middle."""


def compared(name: str) -> bool:
    """Whether a part of this name is one thing on two models: neither one of several that are only counted
    (`back_slat_3`), nor one of the loose ones (`base`, `tub`, rims, grilles, lamps)."""
    return _COUNTED.search(name) is None and _LOOSE.fullmatch(name) is None


def same_make(one: Solid, other: Solid, name: str) -> bool:
    """Whether a part that both models have is made alike, by the directions that its faces look (`SAME_MAKE`)."""
    faces = np.flatnonzero(one.owner == one.names.index(name))
    middle = np.full((len(faces), 3), 1 / 3)
    there, _ = other.find(name, one.coordinates(faces, middle))
    aside = (one.facing[faces] * other.facing[there]).sum(axis=1) <= 0
    area = np.linalg.norm(one.facing[faces], axis=1)
    return float(area[aside | (there < 0)].sum()) <= (1 - SAME_MAKE) * float(area.sum())


def same_plan(one: Solid, other: Solid, name: str, uv: Floats) -> NDArray[np.bool_]:
    """Which coordinates [N, 2] of a car's body, panes and ends mean the same on both; all of any other part.

    A body's v runs by landmarks (windscreen 0.3 to 0.4, backlight 0.65 to 0.75) that fall together where a car has no
    bonnet or no boot: before 0.4 both must have a bonnet or neither, behind it both be a pick-up, a convertible, a
    truck or none of these, and behind 0.65 have a boot or neither.
    """
    first, second = one.properties, other.properties
    if not isinstance(first, CarProperties) or not isinstance(second, CarProperties):
        return np.ones(len(uv), bool)
    before = first.cab_over == second.cab_over
    above = first.body == second.body or not {first.body, second.body} & _OPEN
    behind = above and first.steep_back == second.steep_back
    if name == "body":
        return np.where(uv[:, 1] < 0.4, before, np.where(uv[:, 1] < 0.65, above, behind))
    return np.full(len(uv), (before or name not in _BEFORE) and (behind or name not in _BEHIND))


_OPEN = {"pickup", "convertible", "truck"}
_BEFORE, _BEHIND = ("windscreen", "seam_bonnet"), ("backlight", "seam_boot", "bumper_back", "plate_back")
"""Parts of the ends that follow the body."""


def true_field(first: Seen, second: Seen) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where each pixel of the first picture lies in the second: flow [h, w, 2] in pixels, known [h, w].

    The pixel with centre (x, y) is at (x + u, y + v) of the second picture. Flow is NaN where the truth is not known:
    nothing is seen there; the second model has no part of that name; the parts of that name are not compared
    (`compared`) or made or laid out differently (`same_make`, `same_plan`); the point lies outside the second picture,
    or the second model hides it. Raises `UserError` for pictures of two sizes.
    """
    if first.size != second.size:
        raise UserError(f"a field leads between pictures of one size; these have {first.size} and {second.size} pixels")
    places = centres(first.size)
    there, known = true_places(first, second, places)
    shape = (first.size, first.size)
    flow = (there - places).astype(np.float32).reshape(*shape, 2)
    return flow, known.reshape(shape)


def true_places(first: Seen, second: Seen, places: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """The places [N, 2] of the second picture that show what the places [N, 2] of the first show (NaN: not known), and
    which are known [N]."""
    one, other = first.solid, second.solid
    there, known = np.full((len(places), 2), np.nan), np.zeros(len(places), bool)
    faces, weights, _ = first.first(places)
    hit = np.flatnonzero(faces >= 0)
    uv = one.coordinates(faces[hit], weights[hit])
    owner = one.owner[faces[hit]]
    target, share = np.full(len(hit), -1), np.zeros((len(hit), 3))
    for part in np.unique(owner):
        name = one.names[part]
        if name in other.names and compared(name) and same_make(one, other, name):
            own = np.flatnonzero(owner == part)
            own = own[same_plan(one, other, name, uv[own])]
            target[own], share[own] = other.find(name, uv[own])
    found = np.flatnonzero(target >= 0)
    found = found[other.opaque[target[found]]]
    pixels, depth = second.project(other.points(target[found], share[found]))
    inside = ((pixels >= 0) & (pixels < second.size)).all(axis=1)
    found, pixels, depth = found[inside], pixels[inside], depth[inside]
    seen = second.first(pixels)[2] >= depth - EQUAL_DEPTH
    at = hit[found[seen]]
    there[at], known[at] = pixels[seen], True
    return there, known
