"""The true field between two models: against projection, against itself, against the sparse truth."""

from __future__ import annotations

import time
from functools import cache

import numpy as np
import pytest

from evaluate.correspondence.dense_truth import compared, same_make, same_plan, true_field, true_places
from infra.errors import UserError
from render.modeller.cars.properties import CarProperties
from render.modeller.mesh import Model
from render.sources.parametric import built
from render.surface import Seen, Solid, centres, solid, standing
from render.viewpoints import view_grid, world_to_camera

SIZE = 128
GRID = view_grid(range(0, 360, 60), [0, 20, 40])


@cache
def stood(class_name: str, model_id: str) -> tuple[Model, Solid]:
    model = built(class_name, model_id)
    return model, standing(model, GRID)


def seen(class_name: str, model_id: str, azimuth_deg: float = 30.0, elevation_deg: float = 20.0) -> Seen:
    return Seen(stood(class_name, model_id)[1], azimuth_deg, elevation_deg, SIZE)


@pytest.mark.parametrize("class_name", ["chair", "table", "car"])
def test_a_model_against_itself_does_not_move(class_name: str) -> None:
    for index in range(3):
        one = seen(class_name, f"s0n{index:04d}")
        flow, known = true_field(one, one)
        # What is seen is seen: all but what is never compared is known, and stays where it is.
        expected = np.isin(one.maps.part, [k for k, name in enumerate(one.solid.names) if compared(name)])
        np.testing.assert_array_equal(known, expected)
        assert np.abs(flow[known]).max() < 1e-3
        assert np.isnan(flow[~known]).all()


@pytest.mark.parametrize("class_name", ["chair", "table", "car"])
def test_a_second_view_agrees_with_projecting_the_points_seen_in_the_first(class_name: str) -> None:
    """Places by the positions in the file; hidden or not by a brute-force ray in another way (Möller and Trumbore)."""
    one, other = (seen(class_name, "s0n0001", azimuth, 20.0) for azimuth in (20.0, 65.0))
    flow, known = true_field(one, other)
    hit = np.isin(one.maps.part, [k for k, name in enumerate(one.solid.names) if compared(name)])
    place = one.solid.file_to_world
    world = one.maps.point[hit].astype(float) @ place[:3, :3].T + place[:3, 3]
    pixels, _ = other.project(world)
    there = (flow + centres(SIZE).reshape(SIZE, SIZE, 2))[hit]
    mine = known[hit]
    np.testing.assert_allclose(there[mine], pixels[mine], atol=2e-3)
    eye = _eye(other)
    sample = np.random.default_rng(0).choice(len(world), 300, replace=False)
    triangles = one.solid.corners[one.solid.opaque]
    free = np.array([not _blocked(eye, point, triangles) for point in world[sample]])
    assert (free == mine[sample]).mean() >= 0.99
    assert 0.1 < mine.mean() < 0.98


def test_an_occluded_point_is_not_known() -> None:
    """From the side a chair's seat is behind its closed arm."""
    closed, bare = seen("chair", "s0n0006-arms-closed", 90.0, 5.0), seen("chair", "s0n0006-arms-none", 90.0, 5.0)
    seat = bare.solid.names.index("seat")
    on_seat = bare.maps.part == seat
    assert on_seat.sum() > 50
    assert true_field(bare, bare)[1][on_seat].all()
    _, known = true_field(bare, closed)
    front = closed.solid.names.index("arm_side_left")
    hidden = closed.maps.part[on_seat] == front
    assert hidden.sum() > 30
    assert known[on_seat][hidden].mean() < 0.05


def test_a_twin_keeps_the_truth_of_what_did_not_change() -> None:
    """Without its arms the same chair stands in the same place: all but the arms stays where it is."""
    model, own = stood("chair", "s0n0006-arms-straight")
    twin = built("chair", "s0n0006-arms-none")
    armed = Seen(own, 30.0, 20.0, SIZE)
    bounds = [tuple(np.round(each.bounds.ravel(), 9)) for each in (model, twin)]
    # Both in the armed chair's frame, whatever the arms did to the box.
    scale = [np.linalg.norm(each.bounds[1] - each.bounds[0]) for each in (model, twin)]
    middle = [each.bounds.mean(axis=0) for each in (model, twin)]
    move = np.diag([*[scale[1] / scale[0]] * 3, 1.0])
    move[:3, 3] = (middle[1] - middle[0]) / scale[0]
    bare = Seen(solid(twin, own.file_to_world @ move), 30.0, 20.0, SIZE)
    flow, known = true_field(armed, bare)
    arms = np.array([name.startswith("arm") for name in own.names] + [False])[armed.maps.part]
    counted = np.array([not compared(name) for name in own.names] + [True])[armed.maps.part]
    assert arms.sum() > 100
    assert not known[arms].any()
    rest = ~arms & ~counted
    assert known[rest].all()
    assert np.abs(flow[rest]).max() < 1e-2, bounds


@pytest.mark.parametrize(("class_name", "least"), [("chair", 60), ("table", 60), ("car", 60)])
def test_dense_truth_carries_keypoints_onto_keypoints(class_name: str, least: int) -> None:
    """Sparse and dense truth agree: to rounding where a keypoint is given by its coordinates, to the spacing of
    vertices where it is one (corners of a car's roof, ends of arms)."""
    errors = []
    random = np.random.default_rng(1)
    for _ in range(16):
        ids = [f"s0n{index:04d}" for index in random.choice(12, 2, replace=False)]
        (one, first), (other, second) = (stood(class_name, name) for name in ids)
        here, there = Seen(first, 30.0, 20.0, SIZE), Seen(second, 30.0, 20.0, SIZE)
        names = [n for n, point in one.keypoints.items() if point is not None and other.keypoints[n] is not None]
        places, depths = here.project(_world(one, first, names))
        true, _ = there.project(_world(other, second, names))
        visible = here.first(places)[2] >= depths - 1e-3
        carried, known = true_places(here, there, places)
        errors += np.linalg.norm(carried - true, axis=1)[known & visible].tolist()
    assert len(errors) >= least
    assert np.median(errors) < 0.2
    near, share = (3.0, 0.9) if class_name == "car" else (0.5, 0.95)
    assert np.mean(np.array(errors) < near) >= share


def test_what_is_made_otherwise_is_not_compared() -> None:
    assert not any(map(compared, ("back_slat_3", "side_glass_1_left", "door_bar_-1", "base", "rim_front_left", "tub")))
    assert not any(
        map(compared, ("headlamp_left", "tail_lamp_housing_right", "grille", "grille_bar_2", "castor_left_3"))
    )
    assert all(
        map(compared, ("seat", "back", "leg_front_left", "body", "windscreen", "base_front_left", "tyre_back_left"))
    )
    legs = {kind: stood("table", f"s0n0009-legs-{kind}")[1] for kind in ("crossed", "tapered", "straight")}
    assert same_make(legs["tapered"], legs["straight"], "leg_front_left")
    assert not same_make(legs["crossed"], legs["straight"], "leg_front_left")
    cars = {body: stood("car", name)[1] for body, name in _bodies().items()}
    places = np.array([[0.5, 0.2], [0.5, 0.5], [0.5, 0.8]])
    assert same_plan(cars["sedan"], cars["sedan"], "body", places).all()
    assert same_plan(cars["sedan"], cars["hatchback"], "body", places).tolist() == [True, True, False]
    assert same_plan(cars["sedan"], cars["pickup"], "body", places).tolist()[1:] == [False, False]


def test_pictures_of_two_sizes_are_refused() -> None:
    one = stood("table", "s0n0001")[1]
    with pytest.raises(UserError, match="these have 64 and 128 pixels"):
        true_field(Seen(one, 30.0, 20.0, 64), Seen(one, 30.0, 20.0, 128))


def test_a_pair_takes_less_than_half_a_second() -> None:
    one, other = seen("car", "s0n0001", 31.0), seen("car", "s0n0002", 31.0)
    true_field(one, other)  # compiles
    start = time.process_time()
    true_field(seen("car", "s0n0001", 32.0), seen("car", "s0n0002", 32.0))
    assert time.process_time() - start < 0.5


def _bodies() -> dict[str, str]:
    found: dict[str, str] = {}
    for index in range(40):
        name = f"s0n{index:04d}"
        properties = stood("car", name)[0].properties
        assert isinstance(properties, CarProperties)
        found.setdefault(properties.body, name)
        if {"sedan", "hatchback", "pickup"} <= set(found):
            break
    return found


def _world(model: Model, where: Solid, names: list[str]) -> np.ndarray:
    points = model.normalise(np.array([model.keypoints[name] for name in names]))
    return points @ where.file_to_world[:3, :3].T + where.file_to_world[:3, 3]


def _eye(view: Seen) -> np.ndarray:
    return np.linalg.inv(world_to_camera(view.azimuth_deg, view.elevation_deg))[:3, 3]


def _blocked(eye: np.ndarray, point: np.ndarray, triangles: np.ndarray) -> bool:
    """Whether a triangle [F, 3, 3] lies on the way from the eye to a little before a point (Möller and Trumbore)."""
    way = point - eye
    first, second = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    cross = np.cross(way, second)
    volume = np.einsum("fd,fd->f", first, cross)
    volume = np.where(np.abs(volume) < 1e-18, np.inf, volume)
    offset = eye - triangles[:, 0]
    u = np.einsum("fd,fd->f", offset, cross) / volume
    turned = np.cross(offset, first)
    v = turned @ way / volume
    t = np.einsum("fd,fd->f", second, turned) / volume
    return bool(((u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0) & (t < 1 - 1e-5)).any())
