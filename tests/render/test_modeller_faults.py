"""What people write: other names are understood, and every fault is one line that names the thing and the mend."""

from __future__ import annotations

from typing import Any

import pytest

from infra.errors import UserError
from render import modeller


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"class_name": "sofa"}, ["sofa", "chair, table, car"]),
        ({"class_name": "chair", "seat_width": -1}, ["chair", "seat_width", "-1", "0.28"]),
        ({"class_name": "chair", "armrest": "none"}, ["armrest", "arms"]),
        ({"class_name": "chair", "back": "wicker"}, ["back", "wicker", "ladder"]),
        ({"class_name": "chair", "back": "none", "arms": "curved"}, ["arms", "curved", "back"]),
        ({"class_name": "chair", "legs": "pedestal", "stretchers": "h"}, ["stretchers", "pedestal"]),
        ({"class_name": "chair", "seat_height": 0.26, "cushion": "thick"}, ["seat_height", "0.26"]),
        ({"class_name": "chair", "arms": "straight", "back_height": 0.2}, ["arm_height", "back_height"]),
        ({"class_name": "chair", "back": "ladder", "tufting": "buttons"}, ["tufting", "buttons", "ladder"]),
        ({"class_name": "chair", "back": "tub", "arms": "straight"}, ["arms", "straight", "tub", "closed"]),
        ({"class_name": "chair", "legs": "hairpin", "leg_thickness": 0.05}, ["leg_thickness", "0.05", "hairpin"]),
        ({"class_name": "chair", "back": "solid", "wings": 0.1}, ["wings", "0.1", "upholstered"]),
        ({"class_name": "chair", "seat_material": "wood:plasticine"}, ["seat_material", "plasticine", "oak"]),
        ({"class_name": "chair", "seat_material": "jelly:red"}, ["jelly", "wood"]),
        ({"class_name": "table", "top": "round", "width": 1.0, "depth": 0.6}, ["round", "width", "0.6"]),
        ({"class_name": "table", "legs": "none"}, ["legs", "none", "pedestal"]),
        ({"class_name": "table", "legs": "sled", "stretchers": "h"}, ["stretchers", "'h'", "sled"]),
        ({"class_name": "table", "top": "oval", "planks": 4}, ["planks", "oval"]),
        ({"class_name": "table", "legs": "hairpin", "leg_thickness": 0.06}, ["leg_thickness", "0.06", "hairpin"]),
        ({"class_name": "table", "cabinet": "both", "width": 0.9}, ["cabinet", "0.75"]),
        ({"class_name": "table", "nested": 1, "height": 0.3, "depth": 0.5}, ["nested", "height"]),
        ({"class_name": "table", "legs": "drum", "apron_height": 0.0, "shelf": True}, ["shelf", "drum"]),
        ({"class_name": "table", "drawers": 2, "apron_height": 0.03}, ["drawers", "apron_height"]),
        ({"class_name": "table", "height": float("nan")}, ["height", "nan"]),
    ],
)
def test_a_fault_is_one_line_that_names_the_thing(values: dict[str, Any], names: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        modeller.describe(values)
    message = str(caught.value)
    assert "\n" not in message
    for name in names:
        assert name in message


def test_people_may_say_armrests_and_are_told_what_they_may_have_meant() -> None:
    assert modeller.describe({"class_name": "chair", "armrests": "curved"}) == modeller.describe(
        {"class_name": "chair", "arms": "curved"}
    )
    with pytest.raises(UserError, match=r"hight.*did you mean 'height'"):
        modeller.describe({"class_name": "table", "hight": 0.7})
