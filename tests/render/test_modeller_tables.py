"""What is special to tables: every style stands, random descriptions build soundly, points keep their meaning."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest

from infra.errors import UserError
from render import modeller
from render.modeller.drawing import Dice
from render.modeller.tables.properties import TableProperties
from tests.render.soundness import faults

LEGS = get_args(TableProperties.model_fields["legs"].annotation)
SIZES = {"top", "width", "depth", "height", "top_thickness", "leg_thickness"}


def _random(dice: Dice, attempt: int, legs: str) -> dict[str, Any]:
    """Values from the whole range of every property, its ends included; about half of them are left out."""
    values: dict[str, Any] = {"class_name": "table", "legs": legs, "apron_height": 0.0}
    for name, field in TableProperties.model_fields.items():
        key = f"{name}/{attempt}"
        if name in values or name.endswith("material") or (name not in SIZES and dice.chance(f"default/{key}", 0.6)):
            continue
        if get_origin(field.annotation) is Literal:
            values[name] = dice.among(key, get_args(field.annotation))
        elif field.annotation is bool:
            values[name] = dice.chance(key, 0.5)
        else:
            low, high = (next(getattr(m, end) for m in field.metadata if hasattr(m, end)) for end in ("ge", "le"))
            if field.annotation is int:
                values[name] = dice.whole(key, low, high)
            else:
                values[name] = dice.among(f"end/{key}", (low, high, *[dice.between(key, low, high)] * 2))
    if values["top"] in {"round", "square"}:
        values["width"] = values["depth"] = max(values["depth"], 0.28)
    return values


@pytest.mark.parametrize("legs", LEGS)
def test_random_descriptions_are_refused_in_a_line_or_build_soundly(legs: str) -> None:
    built, lines = 0, list[str]()
    dice = Dice("table", 77, LEGS.index(legs))
    for attempt in range(2000):
        values = _random(dice, attempt, legs)
        try:
            properties = modeller.describe(values)
        except UserError as error:
            lines.append(str(error))
            continue
        assert faults(modeller.build(properties)) == [], values
        built += 1
        if built == 5:
            break
    assert built == 5
    assert not any("\n" in line for line in lines)


STYLES: dict[str, dict[str, Any]] = {
    "breadboard": {"planks": 5, "breadboard": True, "legs": "turned"},
    "even planks": {"planks": 4, "stretchers": "cross"},
    "tray": {"top": "round", "width": 0.6, "depth": 0.6, "rim_height": 0.03, "legs": "tripod", "leg_splay": 9.0},
    "pane": {"frame_width": 0.08, "shelf": True},
    "boat": {"top": "boat", "legs": "slab", "width": 2.2},
    "half round": {"top": "half_round", "legs": "cabriole", "width": 1.1, "depth": 0.5, "leg_thickness": 0.04},
    "hourglass cage": {"legs": "drum", "drum_shape": "hourglass", "drum_wall": "rods", "top": "oval"},
    "over a sofa": {"legs": "c_frame", "width": 0.5, "depth": 0.35, "leg_thickness": 0.02},
    "writing desk": {"drawers": 2, "cabinet": "right", "hutch_height": 0.3},
    "nested": {"nested": 2, "leg_thickness": 0.03, "width": 0.8, "depth": 0.5},
}


@pytest.mark.parametrize("style", STYLES)
def test_points_of_the_top_lie_where_they_lie_on_a_plain_one(style: str) -> None:
    legs = STYLES[style].get("legs", "straight")
    bare = {"apron_height": 0.0} if legs in {"drum", "c_frame", "tripod", "slab"} or style == "nested" else {}
    properties = modeller.describe({"class_name": "table"} | STYLES[style] | bare)
    assert isinstance(properties, TableProperties)
    model = modeller.build(properties)
    assert faults(model) == []
    width, depth, height = properties.width / 2, properties.depth / 2, properties.height + properties.rim_height
    middles = {"front": (0, -depth), "left": (-width, 0), "back": (0, depth), "right": (width, 0), "center": (0, 0)}
    for name, (x, z) in middles.items():
        point = model.keypoints[f"top_{name}"]
        assert point is not None
        if name == "center":
            assert point[1] == pytest.approx(properties.height, abs=0.005)
        elif properties.top != "half_round":
            assert height - point[1] < properties.top_thickness
        np.testing.assert_allclose(point[0], x, atol=0.01)
        if properties.top != "half_round" or name in {"front", "back", "center"}:
            np.testing.assert_allclose(point[2], z, atol=0.08 if name == "center" else 0.01)
    assert sum(point is not None for point in model.keypoints.values()) >= 12


def test_points_are_absent_where_their_thing_is() -> None:
    def absent(**values: Any) -> set[str]:
        points = modeller.build(modeller.describe({"class_name": "table"} | values)).keypoints
        return {name for name, point in points.items() if point is None}

    assert absent() == {"base_center", "shelf_center", "handle"}
    assert absent(drawers=1, shelf=True) == {"base_center"}
    corners = {f"{end}_{side}" for end in ("front", "back") for side in ("left", "right")}
    leg_tops = {f"leg_top_{corner}" for corner in corners}
    pedestal = {"legs": "pedestal", "apron_height": 0.0, "width": 1.0}
    assert absent(**pedestal) == {"shelf_center", "handle"} | leg_tops
    front_feet = {"foot_front_left", "foot_front_right"}
    assert absent(**pedestal, base="tripod") == {"shelf_center", "handle"} | leg_tops | front_feet


def test_twins_on_other_legs_keep_their_top() -> None:
    table = modeller.describe({"class_name": "table", "apron_height": 0.0, "planks": 3})
    for legs in ("tapered", "turned", "trestle", "slab", "crossed", "pedestal"):
        one, two = modeller.build(table), modeller.build(table.twin(legs=legs))
        for part in one.parts:
            if part.label == "top":
                np.testing.assert_array_equal(part.mesh.vertices, two.part(part.name).mesh.vertices)
