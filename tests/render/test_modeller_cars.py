"""What is special to cars: open arches, named places in their order, twins, proportions that cannot be."""

from __future__ import annotations

import random
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest

from infra.errors import UserError
from render import modeller
from render.modeller.cars.kinds import KINDS
from render.modeller.cars.properties import CarProperties
from render.modeller.drawing import Dice
from tests.render.soundness import faults


def _car(**values: Any) -> CarProperties:
    described = modeller.describe({"class_name": "car", **values})
    assert isinstance(described, CarProperties)
    return described


@pytest.mark.parametrize("kind", KINDS)
def test_every_draw_of_a_kind_can_be_built(kind: str) -> None:
    for index in range(200):
        _car(**KINDS[kind].draw(Dice("car", 5, index)))


@pytest.mark.parametrize("kind", KINDS)
def test_wheels_turn_free_in_arches_and_places_stand_in_their_order(kind: str) -> None:
    p = _car(**KINDS[kind].draw(Dice("car", 1, 1)))
    model = modeller.build(p)
    body = model.part("body").mesh.vertices
    for axle in (p.front_axle, p.rear_axle):
        away = np.hypot(body[:, 2] - axle, body[:, 1] - p.wheel_radius)
        beside = np.abs(body[:, 0]) > p.width / 2 - p.flare - p.tyre_width - 0.02
        assert not ((away < p.wheel_radius + 0.005) & beside).any()
    points = model.keypoints
    order = ("bumper_front", "wheel_front_left", "wheel_back_left", "bumper_back")
    depths = [point[2] for name in order if (point := points[name]) is not None]
    assert depths == sorted(depths)
    assert len(depths) == 4
    foot, top, nose = points["windscreen_foot_left"], points["windscreen_top_left"], points["nose"]
    assert foot is not None
    assert nose is not None
    assert nose[2] <= foot[2] + 0.06
    if top is not None:
        assert top[1] > foot[1]
        assert abs(top[0]) < p.width / 2
    tail = points["tail"]
    assert tail is not None
    assert abs(tail[0]) < 1e-6
    assert tail[2] > p.rear_axle, "of a truck it is the load's, not the cab's"
    mirror = points["mirror_left"]
    assert mirror is not None
    assert mirror[0] < body[:, 0].min() + 0.1


def test_the_same_surface_coordinates_are_the_same_place_on_two_cars() -> None:
    for kind in ("city", "saloon", "estate", "pickup", "coupe"):
        p = _car(**KINDS[kind].draw(Dice("car", 2, 3)))
        model = modeller.build(p)
        body = model.part("body").mesh
        top = model.keypoints["windscreen_top_left"]
        assert top is not None
        roof, bonnet, floor = (body.point(*place) for place in ((0.5, 0.4), (0.5, 0.2), (0.0, 0.5)))
        assert abs(roof[2] - top[2]) < 0.12
        assert roof[1] > p.height - p.roof_arch - 0.15
        assert bonnet[1] < roof[1] - 0.2
        assert floor[1] < p.ground_clearance + 0.1
        assert abs(body.point(0.26, 0.5)[0]) > 0.4 * p.width


def test_other_rims_and_lamps_leave_the_body_as_it_was() -> None:
    one = _car(body="sedan", boot_length=0.5, boot_height=1.0, rear_rake_deg=60.0, length=4.6, wheelbase=2.75)
    two = one.twin(rim="turbine", headlights="round", grille="tall", paint="lacquer:racing_red")
    before, after = modeller.build(one), modeller.build(two)
    for name in ("body", "windscreen", "tyre_front_left", "seam_bonnet"):
        np.testing.assert_array_equal(before.part(name).mesh.vertices, after.part(name).mesh.vertices)
    assert not np.array_equal(before.part("rim_front_left").mesh.uv, after.part("rim_front_left").mesh.uv)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"wheelbase": 3.3}, ["wheelbase", "3.3", "4.1"]),
        ({"wheelbase": 1.7}, ["doors", "wheelbase", "2.15"]),
        ({"wheel_radius": 0.4}, ["wheel_radius", "0.4", "bonnet"]),
        ({"bonnet_length": 2.0}, ["bonnet_length", "2"]),
        ({"bonnet_length": 0.1}, ["bonnet_length", "cab-over"]),
        ({"cargo": "sand"}, ["cargo", "sand", "tipper"]),
        ({"boot_length": 0.5}, ["boot_length", "hatchback"]),
        ({"height": 1.1}, ["height", "1.1", "belt_height"]),
        ({"ground_clearance": 0.4}, ["ground_clearance", "wheel_radius"]),
        ({"doors": 3}, ["doors", "3"]),
        ({"spare_wheel": True}, ["spare_wheel", "estate"]),
        ({"glazing": "lacquer:pane"}, ["glazing", "pane"]),
    ],
)
def test_a_car_that_cannot_be_is_refused_in_one_line(values: dict[str, Any], names: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        _car(**values)
    message = str(caught.value)
    assert "\n" not in message
    for name in names:
        assert name in message


def test_whatever_is_accepted_builds_soundly() -> None:
    """Drawn cars, each with up to twenty properties replaced by others of their whole range."""
    dice = random.Random(7)
    for index in range(20):
        values = modeller.draw("car", 9, index).model_dump()
        for name in dice.sample(list(CarProperties.model_fields)[1:-5], dice.choice([2, 5, 10, 20])):
            changed = values | {name: _any(name, dice)}
            try:
                modeller.describe(changed)
            except UserError:
                continue
            values = changed
        assert faults(modeller.build(modeller.describe(values))) == [], values


def _any(name: str, dice: random.Random) -> Any:
    """A value from the whole range of a property."""
    field = CarProperties.model_fields[name]
    if get_origin(field.annotation) is Literal:
        return dice.choice(get_args(field.annotation))
    if field.annotation is bool:
        return dice.random() < 0.5
    low = next(mark.ge for mark in field.metadata if hasattr(mark, "ge"))
    high = next(mark.le for mark in field.metadata if hasattr(mark, "le"))
    return dice.randint(low, high) if field.annotation is int else dice.uniform(low, high)
