"""What is special to chairs: any description that is accepted builds soundly, and styles keep their points."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
from annotated_types import Ge, Le

from infra.errors import UserError
from render import modeller
from render.modeller.chairs.properties import ChairProperties
from render.modeller.mesh import Model
from tests.render.soundness import faults

SIZES = {"seat_width", "seat_depth", "seat_height"}


def _random_value(rng: np.random.Generator, name: str) -> Any:
    """A value anywhere in a property's range; half of the lengths and angles keep their default, or hardly any
    description would be accepted."""
    field = ChairProperties.model_fields[name]
    if get_origin(field.annotation) is Literal:
        return rng.choice(get_args(field.annotation)).item()
    limits: dict[type[Any], Any] = {type(limit): limit for limit in field.metadata}
    if Ge not in limits:
        return field.default
    low, high = limits[Ge].ge, limits[Le].le
    if field.annotation is int:
        return int(rng.integers(low, high + 1))
    if field.annotation is float and (name in SIZES or rng.random() < 0.5):
        return float(rng.uniform(low, high))
    return field.default


def _random_chairs(seed: int) -> Iterator[modeller.Properties]:
    """Chairs of random properties, as far as they are accepted, for ever."""
    rng = np.random.default_rng(seed)
    while True:
        values = {name: _random_value(rng, name) for name in ChairProperties.model_fields}
        with contextlib.suppress(UserError):
            yield modeller.describe(values)


def test_whatever_is_accepted_builds_soundly() -> None:
    found = {}
    for index, properties in zip(range(60), _random_chairs(0), strict=False):
        if wrong := faults(modeller.build(properties)):
            found[index] = (wrong, properties)
    assert found == {}


def _chair(**values: Any) -> Model:
    return modeller.build(modeller.describe({"class_name": "chair", **values}))


def test_a_swivel_chair_stands_on_the_castors_nearest_to_its_corners() -> None:
    chair = _chair(legs="swivel")
    feet = {name: point for name, point in chair.keypoints.items() if name.startswith("foot_")}
    assert len(feet) == 4
    for name, point in feet.items():
        assert point is not None
        assert point[1] < 0.002
        assert (point[0] < 0) == name.endswith("left")
        assert (point[2] < 0) == ("front" in name)


@pytest.mark.parametrize("legs", ["straight", "sled", "folding", "hairpin", "panel"])
def test_only_columns_and_plinths_have_a_middle_of_the_base(legs: str) -> None:
    thin = {"leg_thickness": 0.02} if legs == "hairpin" else {}
    assert _chair(legs=legs, **thin).keypoints["base_center"] is None
    for column in ("pedestal", "swivel", "plinth"):
        assert _chair(legs=column).keypoints["base_center"] is not None


def test_a_typical_chair_has_a_dozen_points() -> None:
    counts = []
    for index in range(60):
        properties = modeller.draw("chair", 4, index)
        points = modeller.build(properties).keypoints.values()
        counts.append(sum(point is not None for point in points))
        assert counts[-1] >= 12 or properties.model_dump()["back"] == "none"
    assert np.mean(np.array(counts) >= 12) > 0.85


def test_a_cushion_ends_before_the_posts_of_arms() -> None:
    without, armed = (
        _chair(arms=arms, cushion="thick", seat_width=0.6, seat_depth=0.6).part("cushion").mesh.vertices
        for arms in ("none", "straight")
    )
    assert armed[:, 0].max() < without[:, 0].max() - 0.02


def test_the_shape_of_a_back_is_what_its_name_says() -> None:
    low, arched = (_chair(back="solid", back_arch=arch).keypoints["back_top"] for arch in (0.0, 0.1))
    assert low is not None
    assert arched is not None
    assert arched[1] - low[1] == pytest.approx(0.1, abs=0.015)
    plain, winged = (_chair(back="upholstered", wings=wings, back_thickness=0.08) for wings in (0.0, 0.15))
    front = winged.part("wing_left").mesh.vertices[:, 2].min()
    assert plain.part("back").mesh.vertices[:, 2].min() - front > 0.1
    tub = _chair(back="tub", arms="closed", back_height=0.4, arm_height=0.2, back_tilt=0.0)
    for name, height in (("arm_front_left", 0.2), ("back_top", 0.4)):
        point = tub.keypoints[name]
        assert point is not None
        assert point[1] - 0.45 == pytest.approx(height, abs=0.02)
