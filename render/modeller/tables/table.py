"""Tables: the order they are built in, and the points named on them.

The one idea: the top's outline is laid out first; what carries the top takes its places from it, and aprons, cases
and shelves reach from leg to leg.
"""

from __future__ import annotations

from render.modeller.bases import Frame
from render.modeller.mesh import Assembly, Model
from render.modeller.outlines import Outline
from render.modeller.tables import drums, legs, stands, storage
from render.modeller.tables.properties import TableProperties
from render.modeller.tables.tops import add_top, top_outline

KEYPOINTS = (
    "top_front_left",
    "top_front_right",
    "top_back_left",
    "top_back_right",
    "top_front",
    "top_back",
    "top_left",
    "top_right",
    "top_center",
    "foot_front_left",
    "foot_front_right",
    "foot_back_left",
    "foot_back_right",
    "leg_top_front_left",
    "leg_top_front_right",
    "leg_top_back_left",
    "leg_top_back_right",
    "base_center",
    "shelf_center",
    "handle",
)
"""Named points, the same on every table; left is -x. A point is absent where its thing is.

- `top_*`: on the rim of the top, or of a tray; `top_center` on its face. On every table.
- `foot_*`: where it stands on the floor, towards the four corners; of three feet the two at the back.
- `leg_top_*`: where four legs, beams, slabs, sleds or the rods of a cage meet the top. A tripod has the two back ones;
  pedestals, closed drums and C-frames have none.
- `base_center`: under one column or a closed drum. `shelf_center`: on a shelf.
- `handle`: on the leftmost drawer's, the uppermost of a cabinet. Of nested tables the largest has the points.
"""


def build_table(p: TableProperties) -> Model:
    """The table that the properties describe."""
    assembly = Assembly(KEYPOINTS)
    outline = top_outline(p)
    add_top(p, assembly, outline)
    frame = _add_stand(p, assembly, outline)
    if frame is not None:
        if p.drawers > 0:
            storage.add_drawers(p, assembly, frame)
        elif p.apron_height > 0:
            legs.add_rails(p, assembly, frame)
        if p.shelf:
            storage.add_shelf(p, assembly, frame)
        if p.stretchers != "none":
            legs.add_stretchers(p, assembly, frame)
        if p.cabinet != "none":
            storage.add_cabinets(p, assembly, frame)
    if p.hutch_height > 0:
        storage.add_hutch(p, assembly)
    if p.nested > 0:
        _add_nested(p, assembly)
    return Model("table", p, tuple(assembly.parts), assembly.keypoints)


def _add_stand(p: TableProperties, assembly: Assembly, outline: Outline) -> Frame | None:
    """Add what the table stands on; the frame of legs where there is one."""
    if p.four_legs:
        return legs.add_four(p, assembly, outline)
    if p.legs == "slab":
        return stands.add_slabs(p, assembly, outline)
    if p.legs == "sled":
        return stands.add_sled(p, assembly, outline)
    if p.legs == "pedestal":
        stands.add_column(p, assembly)
    elif p.legs == "drum":
        drums.add_drum(p, assembly)
    else:
        add = {
            "trestle": stands.add_trestle,
            "crossed": stands.add_crossed,
            "tripod": stands.add_tripod,
            "c_frame": stands.add_c_frame,
        }[p.legs]
        add(p, assembly, outline)
    return None


def _add_nested(p: TableProperties, assembly: Assembly) -> None:
    """The next smaller table, drawn half out to the front."""
    inner = build_table(TableProperties(**(p.model_dump() | p.smaller)))
    for part in inner.parts:
        mesh = part.mesh.moved(z=-0.42 * p.depth)
        assembly.add(f"nested_{part.name}", part.label, mesh, part.material, part.crease_deg)
