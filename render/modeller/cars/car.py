"""Cars: the order they are built in, and the points named on them.

The one idea: lines, then the body along them, then everything that lies on it.
"""

from __future__ import annotations

import numpy as np

from render.modeller.cars.body import EDGE, TOP, Body, build_body
from render.modeller.cars.cabin import add_cockpit, add_tub
from render.modeller.cars.cargo import add_cargo
from render.modeller.cars.ends import add_ends
from render.modeller.cars.flanks import add_flanks
from render.modeller.cars.glazing import add_glazing
from render.modeller.cars.lines import Lines
from render.modeller.cars.properties import CarProperties
from render.modeller.cars.surface import Surface
from render.modeller.cars.wheels import add_wheels
from render.modeller.materials import material
from render.modeller.mesh import MIRROR, Assembly, Model

_PAIRS = (
    "wheel_front",
    "wheel_back",
    "headlamp",
    "tail_lamp",
    "mirror",
    "handle_front",
    "windscreen_foot",
    "windscreen_top",
    "roof_back",
)
KEYPOINTS = (
    *(f"{name}_{side}" for name in _PAIRS for side in ("left", "right")),
    "nose",
    "bonnet_back",
    "roof_center",
    "tail",
    "bumper_front",
    "bumper_back",
)
"""Named points, the same on every car; left is -x. `wheel_*` are the hubs' outer faces, `windscreen_*` and
`roof_back_*` the corners of windscreen and backlight, `nose` the bonnet's front edge and `bonnet_back` its rear, `tail`
the upper edge of the rear face (of a truck's load), all three on the centre line, `bumper_*` the middle of nose and
tail at the height of the bumpers."""


def build_car(p: CarProperties) -> Model:
    """The car that the properties describe."""
    assembly = Assembly(KEYPOINTS)
    lines = Lines(p)
    body = build_body(lines)
    assembly.add("body", "body", body.mesh, material(p.paint), 32.0)
    surface = Surface(body.mesh)
    _mark(assembly, body, surface)
    add_glazing(assembly, body, surface)
    add_ends(assembly, body, surface)
    add_flanks(assembly, body, surface)
    if lines.open_top is not None:
        add_tub(assembly, body)
    if p.body == "convertible":
        add_cockpit(assembly, body)
    if p.body == "truck":
        add_cargo(assembly, lines)
    add_wheels(assembly, p)
    return Model("car", p, tuple(assembly.parts), assembly.keypoints)


def _mark(assembly: Assembly, body: Body, surface: Surface) -> None:
    """The points that lie on the body itself."""
    lines = body.lines
    front, rear = lines.ends

    def station(z: float) -> int:
        return int(np.argmin(np.abs(body.z - z)))

    foot = station(min(max(lines.cowl, front), rear))
    assembly.mark("tail", body.grid[-1, TOP])
    if lines.cab_over:
        _mark_face(assembly, lines, surface)
    else:
        assembly.mark("nose", body.grid[0, TOP])
        assembly.mark("bonnet_back", body.grid[foot, TOP])
        assembly.mark_pair("windscreen_foot", body.grid[foot, EDGE] * MIRROR)
    if lines.p.body != "convertible":
        assembly.mark_pair("windscreen_top", body.grid[station(lines.roof_front), EDGE] * MIRROR)
        assembly.mark_pair("roof_back", body.grid[station(min(lines.roof_rear, rear - 0.05)), EDGE] * MIRROR)
        assembly.mark("roof_center", body.grid[station(0.5 * (lines.roof_front + lines.roof_rear)), TOP])
    for name, way in (("bumper_front", 1.0), ("bumper_back", -1.0)):
        place = np.array([[0.0, lines.bumper_height, 0.0]])
        if assembly.keypoints[name] is None:
            assembly.mark(name, surface.throw(place, np.array([0.0, 0.0, way]))[0][0])


def _mark_face(assembly: Assembly, lines: Lines, surface: Surface) -> None:
    """The points of a cab-over's nose and windscreen that a bonnet would have: all lie in its face."""
    p = lines.p
    side = 0.36 * p.width
    names = ("nose", "bonnet_back", "windscreen_foot_left", "windscreen_foot_right")
    places = [(0.0, p.nose_height), (0.0, p.bonnet_height), (-side, p.bonnet_height), (side, p.bonnet_height)]
    hits, _ = surface.throw(np.array([[x, y, 0.0] for x, y in places]), np.array([0.0, 0.0, 1.0]))
    for name, hit in zip(names, hits, strict=True):
        assembly.mark(name, hit)
