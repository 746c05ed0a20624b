"""What several backs are made of: side posts and rails across.

The one idea: a post follows one s of the back's surface, a rail one t.
"""

from __future__ import annotations

import numpy as np

from render.modeller.chairs.lean import Lean
from render.modeller.chairs.properties import ChairProperties
from render.modeller.chairs.seat import within
from render.modeller.materials import material
from render.modeller.mesh import Assembly, Floats, Mesh
from render.modeller.outlines import bar_section, disc
from render.modeller.shapes import sweep


def add_posts(p: ChairProperties, assembly: Assembly, lean: Lean, s: float, top: float) -> Mesh:
    """The two posts at -s and s, from inside the seat up to t = `top`; those within the width run behind a
    panel. Returns the left one."""
    wide = p.leg_thickness * (0.8 if p.back == "spindle" else 1.0)
    section = disc(wide / 2) if p.round_section else bar_section(wide, 0.86 * wide, 0.005)
    t = np.linspace(0.0, top, 10)
    path = lean.point(-s, t)
    if s < 1.0:
        sunk = min(0.6 * p.back_thickness, 0.5 * wide)
        behind = np.minimum(t / 0.3, 1.0) * (0.5 * (p.back_thickness + wide) - sunk)
        path = path - lean.normal(-s, t) * behind[:, None]
    foot = path[0].copy()
    foot[1] = within(p, foot[0], foot[2], 0.5)
    path = np.concatenate([[foot], path[1:]])
    taper = np.linspace(1.0, 0.8 if s == 1.0 else 0.95, len(path))
    post = sweep(path, section, (0.0, 0.0, 1.0), taper, edge=0.28 * wide)
    return assembly.add_pair("back_post", "back", post, material(p.frame_material))


def post_top(assembly: Assembly) -> Floats:
    """The top [3] of the left post."""
    return assembly.mesh("back_post_left").point(0.5, 1.0)


def rail(lean: Lean, t: float, reach: float, height: float, thickness: float, arch: float = 0.0) -> Mesh:
    """A rail across the back at height t from s = -`reach` to `reach`, higher in its middle by the share
    `arch`."""
    s = np.linspace(-reach, reach, 11)
    scale = np.stack([1.0 + arch * (1 - (s / reach) ** 2), np.ones_like(s)], axis=1)
    section = bar_section(height, thickness, 0.42 * thickness, 3)
    return sweep(lean.point(s, t), section, -lean.normal(0.0, t), scale, edge=0.004)
