"""The back of a truck: a ladder frame with its axle, and on it a box, a flatbed or a tipper.

The one idea: the frame runs in under the cab; what it carries stands on two bearers.
"""

from __future__ import annotations

import numpy as np

from render.modeller.cars.lines import Lines
from render.modeller.materials import Material, material
from render.modeller.mesh import Assembly, Floats, Mesh
from render.modeller.shapes import box


def add_cargo(assembly: Assembly, lines: Lines) -> None:
    """Frame, guards, lamps and load of a truck."""
    p = lines.p
    black = material("plastic:black")
    back, deck = p.length / 2, p.boot_height
    rail_high = deck - 0.07
    rail_low = max(rail_high - 0.2, p.wheel_radius + 0.06)
    start = lines.tail - 0.5
    assembly.add_pair(
        "frame_rail",
        "chassis",
        box((-0.46, rail_low, start), (-0.38, rail_high, back - 0.04), 0.008, bevel=True),
        black,
    )
    spring = box(
        (-0.49, p.wheel_radius - 0.05, p.rear_axle - 0.45),
        (-0.39, rail_low + 0.03, p.rear_axle + 0.45),
        0.02,
        bevel=True,
    )
    assembly.add_pair("spring", "chassis", spring, black)
    half = p.width / 2
    cross = box(
        (-half + 0.08, rail_low - 0.03, back - 0.09), (half - 0.08, rail_low + 0.11, back + 0.0), 0.012, bevel=True
    )
    assembly.add("bumper_back", "bumpers", cross, black)
    assembly.mark("bumper_back", cross.nearest(np.array([0.0, rail_low + 0.04, back + 1.0])))
    lamp = box(
        (-half + 0.14, rail_low - 0.0, back - 0.03), (-half + 0.42, rail_low + 0.085, back + 0.018), 0.012, bevel=True
    )
    assembly.add_pair("tail_lamp", "lamps", lamp, material("lamp:red"))
    assembly.mark_pair("tail_lamp", lamp.nearest(lamp.vertices.mean(axis=0) + np.array([0.0, 0.0, 1.0])))
    plate = box((-0.25, rail_low - 0.09, back - 0.02), (0.25, rail_low + 0.02, back + 0.012), 0.004, bevel=True)
    assembly.add("plate_back", "trim", plate, material("plastic:white"))
    tank = box(
        (-half + 0.12, rail_low - 0.22, p.front_axle + 0.75),
        (-0.36, rail_high - 0.05, p.front_axle + 1.35),
        0.05,
        bevel=True,
    )
    if p.rear_axle - p.front_axle - p.wheel_radius > 1.6:
        assembly.add_pair("tank", "chassis", tank, material("metal:steel"))
    flap_z = p.rear_axle + p.wheel_radius + 0.07
    if flap_z < back - 0.05:
        flap = box(
            (-half + 0.02, 0.3 * p.wheel_radius, flap_z),
            (-half + p.tyre_width + 0.08, deck + 0.014, flap_z + 0.018),
            0.004,
            bevel=True,
        )
        assembly.add_pair("mudflap", "chassis", flap, material("rubber:black"))
    load = material(p.second_paint)
    front = lines.tail + 0.09
    bearer = box((-0.47, rail_high - 0.02, front + 0.05), (-0.37, deck + 0.02, back - 0.05), 0.006, bevel=True)
    assembly.add_pair("bearer", "chassis", bearer, black)
    wide = half - 0.01
    if p.cargo == "box":
        _add_box(assembly, (-wide, deck, front), (wide, deck + p.cargo_height, back), load, p.trim_material)
        return
    floor = box((-wide, deck, front), (wide, deck + 0.1, back - 0.005), 0.012, bevel=True)
    assembly.add("bed", "bed", floor, black if p.cargo == "flatbed" else load)
    high = deck + (0.42 if p.cargo == "flatbed" else max(0.5, 0.45 * p.cargo_height))
    lean = 0.0 if p.cargo == "flatbed" else 0.07
    boards = {
        "board_left": box(
            (-wide - 0.004, deck + 0.03, front + 0.02), (-wide + 0.04, high, back + 0.004), 0.01, bevel=True
        ),
        "board_back": box(
            (-wide + 0.015, deck + 0.035, back - 0.045), (wide - 0.015, high - 0.012, back + 0.012), 0.01, bevel=True
        ),
    }
    tall = p.height + 0.04 if p.cargo == "tipper" else high + 0.35
    boards["board_front"] = box(
        (-wide + 0.02, deck + 0.033, front - 0.01), (wide - 0.02, tall, front + 0.05), 0.01, bevel=True
    )

    def outwards(v: Floats) -> Floats:
        rise = np.maximum(v[:, 1] - deck - 0.03, 0.0)
        return v + np.stack([np.sign(v[:, 0]) * lean * rise, 0 * rise, 0 * rise], axis=1)

    left = boards["board_left"].warped(outwards)
    assembly.add_pair("board", "bed", left, load)
    for name in ("board_back", "board_front"):
        assembly.add(name, "bed", boards[name].warped(outwards), load)
    assembly.mark("tail", assembly.mesh("board_back").point(0.5, 0.6))
    for k, z in enumerate(np.linspace(front + 0.25, back - 0.25, 5 if p.cargo == "tipper" else 4)):
        post = box((-wide - 0.035, deck + 0.02, z - 0.03), (-wide + 0.01, high - 0.03, z + 0.03), 0.008, bevel=True)
        post_paint = load if p.cargo == "tipper" else black
        assembly.add_pair(f"post_{k + 1}", "bed", post.warped(outwards), post_paint)


def _add_box(
    assembly: Assembly, low: tuple[float, float, float], high: tuple[float, float, float], load: Material, trim: str
) -> None:
    """A box body with edge mouldings and rear doors."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    body = assembly.add("cargo", "cargo", box(low, high, 0.025, bevel=True), load)
    assembly.mark("tail", body.point(0.5, 0.6))
    edge = material(trim)
    mould: list[tuple[str, Mesh]] = [
        ("moulding_low", box((x0 - 0.008, y0 - 0.01, z0 + 0.03), (x0 + 0.05, y0 + 0.09, z1 - 0.03), 0.006, bevel=True)),
        (
            "moulding_top",
            box((x0 - 0.008, y1 - 0.07, z0 + 0.03), (x0 + 0.05, y1 + 0.007, z1 - 0.03), 0.006, bevel=True),
        ),
        (
            "moulding_back",
            box((x0 - 0.009, y0 + 0.03, z1 - 0.055), (x0 + 0.046, y1 - 0.03, z1 + 0.009), 0.006, bevel=True),
        ),
        (
            "moulding_front",
            box((x0 - 0.009, y0 + 0.03, z0 - 0.009), (x0 + 0.046, y1 - 0.03, z0 + 0.055), 0.006, bevel=True),
        ),
    ]
    for name, mesh in mould:
        assembly.add_pair(name, "cargo", mesh, edge)
    for x in (-0.008, -0.3 * x1, 0.3 * x1):
        bar = box((x - 0.01, y0 + 0.06, z1 - 0.01), (x + 0.01, y1 - 0.06, z1 + 0.02), 0.006, bevel=True)
        assembly.add(f"door_bar_{round(100 * x)}", "cargo", bar, material("rubber:black" if abs(x) < 0.1 else trim))
