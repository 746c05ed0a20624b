"""Tables that stand on a drum: a body that follows the top's outline, closed, fluted or a cage of rods.

The one idea: the shape is a width over the height; every wall is that shape in another matter.
"""

from __future__ import annotations

import numpy as np

from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats
from render.modeller.outlines import Outline, disc
from render.modeller.shapes import loft, slab, sweep
from render.modeller.tables.properties import TableProperties
from render.modeller.tables.tops import top_outline

_LOW = 0.012
"""Height at which a closed wall begins, above its plinth, metres."""
_FLUTES = 36


def add_drum(p: TableProperties, assembly: Assembly) -> None:
    """Add the drum and mark where it stands."""
    # A bevelled rim leaves less of the top's lower face to stand under.
    share = min(p.drum_share, 1.0 - 2.1 * p.bevel_reach / min(p.width, p.depth))
    outline = top_outline(p, least=0.05 if p.drum_wall == "rods" else 0.015)
    shape = Outline(outline.points * share, outline.normals, outline.u, outline.radius * share)
    if p.drum_wall == "rods":
        _add_cage(p, assembly, shape)
        return
    foot_scale = _width(p, 0.0)
    small = Outline(shape.points * foot_scale, shape.normals, shape.u, shape.radius * foot_scale)
    foot = slab(small.grown(-min(0.02, 0.5 * small.radius)), 0.0, _LOW + 0.004, 0.002)
    assembly.add("plinth", "legs", foot, material("paint:black"))
    if p.drum_wall == "plain" and p.drum_shape == "straight":
        mesh = slab(shape, _LOW, p.underside + p.bite, 0.003)
    else:
        points, u = (shape.points, shape.u) if p.drum_wall == "plain" else _fluted(shape)
        inner = np.linspace(0.0, 1.0, 2 if p.drum_shape == "straight" else 14)
        heights = _LOW + 0.003 + (p.underside + p.bite - _LOW - 0.003) * inner
        levels = [(_LOW, 0.985 * foot_scale), *zip(heights, _scale(p, inner), strict=True)]
        mesh = loft(np.stack([np.insert(points * scale, 1, y, axis=1) for y, scale in levels]), u)
    assembly.add("drum", "legs", mesh, material(p.frame_material))
    assembly.mark("base_center", foot.nearest(np.zeros(3)))
    for name, turn in (("front", 0.125), ("back", 0.375)):
        assembly.mark_pair(f"foot_{name}", foot.nearest(np.insert(small.at(turn), 1, 0.0)))


def _scale(p: TableProperties, t: Floats) -> Floats:
    """Width of the drum at the shares t of its height, over its widest."""
    if p.drum_shape == "hourglass":
        return np.asarray(0.58 + 0.42 * np.abs(2 * t - 1.05) ** 1.8 / 1.05**1.8)
    if p.drum_shape == "cone":
        return np.asarray(1.0 - 0.45 * t)
    if p.drum_shape == "bowl":
        return np.asarray(0.5 + 0.5 * np.sin(np.pi / 2 * t) ** 0.9)
    return np.ones_like(t)


def _width(p: TableProperties, t: float) -> float:
    """As `_scale`, at one height."""
    return float(_scale(p, np.array([t]))[0])


def _fluted(shape: Outline) -> tuple[Floats, Floats]:
    """The shape's points [N, 2] with flutes cut in, and their u [N]."""
    u = np.arange(_FLUTES * 6) / (_FLUTES * 6)
    points = np.stack([shape.at(float(x)) for x in u])
    return points * (1.0 - 0.022 * (1.0 - np.abs(np.sin(np.pi * _FLUTES * u))))[:, None], u


def _add_cage(p: TableProperties, assembly: Assembly, shape: Outline) -> None:
    """Upright rods between a ring on the floor and one under the top."""
    matter = material(p.frame_material)
    radius = float(np.clip(0.012 * min(p.width, p.depth), 0.004, 0.009))
    high = p.underside + (p.bite if p.frame_width > 0 else min(p.bite, 0.6 * radius)) - radius
    rings = {}
    for name, y, share in (("floor", radius, 0.0), ("top", high, 1.0)):
        path = np.insert(shape.points * _width(p, share), 1, y, axis=1)
        mesh = sweep(path, disc(radius, 10), (0.0, 1.0, 0.0), closed=True)
        rings[name] = assembly.add(f"ring_{name}", "legs", mesh, matter)
    steps = np.linalg.norm(np.diff(shape.points, axis=0, append=shape.points[:1]), axis=1)
    way = np.concatenate([[0.0], np.cumsum(steps)])
    rods = 2 * int(np.clip(way[-1] / 0.12, 8, 20))
    t = np.linspace(0.0, 1.0, 2 if p.drum_shape in {"straight", "cone"} else 9)
    ys = radius + (high - radius) * t
    for k in range(rods):
        at = shape.at(float(np.interp((k + 0.5) / rods * way[-1], way, np.append(shape.u, 1.0))))
        path = np.stack([at[0] * _scale(p, t), ys, at[1] * _scale(p, t)], axis=1)
        rod = sweep(path, disc(0.62 * radius, 8), np.array([-at[1], 0.0, at[0]]) / np.linalg.norm(at))
        assembly.add(f"rod_{k + 1}", "legs", rod, matter)
    for name, u in (("front", 0.125), ("back", 0.375)):
        assembly.mark_pair(f"foot_{name}", rings["floor"].nearest(np.insert(shape.at(u) * _width(p, 0.0), 1, 0.0)))
        assembly.mark_pair(f"leg_top_{name}", rings["top"].nearest(np.insert(shape.at(u) * _width(p, 1.0), 1, high)))
