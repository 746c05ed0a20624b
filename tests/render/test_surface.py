"""What is seen of a model, against geometry worked out by hand and against Blender's own rays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infra.errors import UserError
from infra.storage import open_storage
from render import modeller, records
from render.catalog import Model as Catalogued
from render.child import Blender
from render.config import RenderConfig
from render.dataset import MODEL_SCHEMA, MODELS, read_models
from render.modeller.mesh import Assembly, Mesh, Model
from render.modeller.shapes import box, lathe
from render.pictures import Picture
from render.sources.parametric import built
from render.surface import Seen, centres, solid, standing
from render.viewpoints import View, file_axes, intrinsics, project, view_grid, world_to_camera
from tests.render.shots import shots

SIZE = 128
CONFIG = RenderConfig(size=SIZE, azimuths=5, elevations=[20], samples=1, denoise=False, passes=["position", "depth"])
GRID = view_grid(CONFIG.azimuths_deg, CONFIG.elevations)


def model_of(*parts: tuple[str, Mesh, str]) -> Model:
    assembly = Assembly(())
    for name, mesh, matter in parts:
        assembly.add(name, "part", mesh, modeller.materials.material(matter))
    return Model("chair", modeller.draw("chair", 0, 0), tuple(assembly.parts), {})


def rays(azimuth_deg: float, elevation_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """The eye [3] and directions [N, 3], one deep along the camera's axis, of the rays through the pixels' centres."""
    to_world = np.linalg.inv(world_to_camera(azimuth_deg, elevation_deg))
    ahead = np.column_stack([centres(SIZE), np.ones(SIZE**2)]) @ np.linalg.inv(intrinsics(SIZE)).T
    return to_world[:3, 3], ahead @ to_world[:3, :3].T


def test_a_ball_is_where_the_quadratic_says_and_carries_its_latitudes() -> None:
    """A ball's ray has two roots; a lathe lies between its ball and one smaller by the rise of its facets.

    v along it is the way along the meridian."""
    angle = np.linspace(0.001, np.pi - 0.001, 200)
    ball = lathe(np.stack([np.sin(angle), -np.cos(angle)], axis=1), 200)
    seen = Seen(standing(model_of(("ball", ball, "wood:oak")), GRID, framing="sphere"), 37.0, 25.0, SIZE)
    eye, way = rays(37.0, 25.0)
    radius = np.linalg.norm(seen.solid.corners[0, 0])
    square, half = (way**2).sum(axis=1), way @ eye
    root = half**2 - square * (eye @ eye - radius**2)
    inside, near = root > 2e-3, root > -2e-3
    maps = seen.maps
    hit = (maps.part >= 0).ravel()
    assert hit[inside].all()
    assert not hit[~near].any()
    depth = ((-half - np.sqrt(np.where(inside, root, 0))) / square)[inside]
    facets = radius * (np.cos(np.pi / 200) + np.cos(np.pi / 398) - 1)
    smaller = (half**2 - square * (eye @ eye - facets**2))[inside]
    latest = (-half[inside] - np.sqrt(smaller)) / square[inside]
    found = maps.depth.ravel()[inside]
    assert (found >= depth - 1e-6).all()
    assert (found <= latest + 1e-6).all()
    point = eye + depth[:, None] * way[inside]
    expected = seen.solid.in_file(point)
    apart = np.linalg.norm(maps.point.reshape(-1, 3)[inside] - expected, axis=1)
    farthest = np.linalg.norm(seen.solid.in_file(eye + latest[:, None] * way[inside]) - expected, axis=1)
    assert (apart <= farthest + 1e-6).all()
    latitude = np.arccos(np.clip(-point[:, 2] / radius, -1, 1)) / np.pi
    np.testing.assert_allclose(maps.uv.reshape(-1, 2)[inside, 1], 0.05 + 0.9 * latitude, atol=2e-3)
    # u runs front, left, back: in the file front is -z and left -x.
    around = np.arctan2(-expected[:, 0], -expected[:, 2]) / (2 * np.pi) % 1
    gap = np.abs(maps.uv.reshape(-1, 2)[inside, 0] - around)
    assert np.minimum(gap, 1 - gap).max() < 2e-3


def test_a_level_plane_is_met_where_its_equation_says() -> None:
    table = model_of(("top", box((-1, 0.0, -0.7), (1, 0.1, 0.7), edge=1e-4), "wood:oak"))
    seen = Seen(standing(table, GRID), 20.0, 40.0, SIZE)
    eye, way = rays(20.0, 40.0)
    height = seen.solid.corners[..., 2].max()
    depth = (height - eye[2]) / way[:, 2]
    point = seen.solid.in_file(eye + depth[:, None] * way)
    reach = np.abs(seen.solid.in_file(seen.solid.corners)).max(axis=(0, 1))
    upper = (np.abs(point[:, [0, 2]]) < reach[[0, 2]] - 1e-3).all(axis=1)
    assert upper.mean() > 0.1
    np.testing.assert_allclose(seen.maps.depth.ravel()[upper], depth[upper], atol=1e-6)
    np.testing.assert_allclose(seen.maps.point.reshape(-1, 3)[upper], point[upper], atol=1e-6)
    assert (seen.maps.uv.reshape(-1, 2)[upper, 1] >= 0.6).all()  # of a slab the upper face


def test_rays_pass_through_what_is_less_than_half_opaque() -> None:
    behind = ("behind", box((-1, -1, 1), (1, 1, 1.1)), "wood:oak")
    for matter, first in (("glass:clear", "behind"), ("glass:bronze", "before"), ("wood:oak", "before")):
        pane = ("before", box((-1, -1, -1.1), (1, 1, -1)), matter)
        seen = Seen(standing(model_of(pane, behind), GRID), 0.0, 0.0, SIZE)
        middle = seen.maps.part[SIZE // 2, SIZE // 2]
        assert seen.solid.names[middle] == first


def test_a_nearer_part_hides_a_farther_one_whatever_their_order() -> None:
    near, far = ("near", box((-1, 0, -2), (1, 1, -1)), "wood:oak"), ("far", box((-3, 0, 1), (3, 3, 2)), "wood:oak")
    for parts in ((near, far), (far, near)):
        seen = Seen(standing(model_of(*parts), GRID), 0.0, 10.0, SIZE)
        names = np.array([*seen.solid.names, "nothing"])[seen.maps.part]
        both = [(names == name).sum() for name in ("near", "far")]
        assert min(both) > 500
        assert np.nanmax(seen.maps.depth[names == "near"]) < np.nanmin(seen.maps.depth[names == "far"])


@pytest.mark.parametrize("class_name", modeller.CLASSES)
def test_coordinates_lead_back_to_the_place_they_were_read_at(class_name: str) -> None:
    """Every place seen of every part, poles and seams too, is found again by its (u, v)."""
    for index in range(3):
        model = modeller.build(modeller.draw(class_name, 0, index))
        seen = Seen(solid(model, file_axes("+y", "-z")), 30.0, 30.0, SIZE)
        faces, weights, _ = seen.first(centres(SIZE))
        hit = faces >= 0
        faces, weights = faces[hit], weights[hit]
        uv, point = seen.solid.coordinates(faces, weights), seen.solid.points(faces, weights)
        for part in np.unique(seen.solid.owner[faces]):
            own = seen.solid.owner[faces] == part
            again, there = seen.solid.find(seen.solid.names[part], uv[own])
            assert (again >= 0).all()
            away = np.linalg.norm(seen.solid.points(again, there) - point[own], axis=1)
            assert away.max() < 1e-6, (index, seen.solid.names[part])


def test_blender_sees_the_same_points_in_the_same_pixels(tmp_path: Path) -> None:
    """A chair and a car with panes: 999 in 1000 pixels of both to 1e-3, outlines but for a pixel in 500."""
    with Blender() as blender:
        for class_name, index in (("chair", 3), ("car", 1)):
            model = modeller.build(modeller.draw(class_name, 0, index))
            folder = tmp_path / class_name
            modeller.write(model, folder)
            path = folder / "models" / "model_normalized.obj"
            (picture,) = shots(blender, path, CONFIG, [View(1, 72.0, 20.0)], front="-z")
            seen = Seen(standing(model, GRID, CONFIG.border, CONFIG.framing), 72.0, 20.0, SIZE)
            np.testing.assert_allclose(picture.model["file_to_world"], seen.solid.file_to_world, atol=2e-6)
            theirs, ours = picture.layers["position"], seen.maps.point
            hit, mine = np.isfinite(theirs[..., 0]), seen.maps.part >= 0
            assert (hit != mine).sum() <= hit.sum() / 500
            both = hit & mine
            away = np.linalg.norm(theirs[both] - ours[both], axis=1)
            assert (away < 1e-3).mean() >= 0.999
            depth = picture.layers["depth"][both] / 10_000
            assert (np.abs(depth - seen.maps.depth[both]) < 1e-3).mean() >= 0.999


def test_a_datasets_table_puts_a_model_where_its_pictures_show_it(tmp_path: Path) -> None:
    """What models.parquet holds of a placement is what the surface is seen with, to the last bit."""
    model = modeller.build(modeller.draw("chair", 0, 1))
    own = standing(model, GRID)
    view = Picture(GRID[0], np.zeros((SIZE, SIZE, 4), np.uint8), {}, {}, {"file_to_world": own.file_to_world.tolist()})
    row = records.model_row(Catalogued("s0n0001", "chair", "f", drawn=(0, 1)), 0, [view])
    with pytest.raises(UserError, match=r"has no models\.parquet; render it"):
        read_models(open_storage(str(tmp_path)))
    pq.write_table(pa.Table.from_pylist([row], MODEL_SCHEMA), tmp_path / MODELS)
    (read,) = read_models(open_storage(str(tmp_path))).itertuples()
    again = solid(built(read.class_name, read.model), np.stack(read.file_to_world))
    np.testing.assert_array_equal(again.corners, own.corners)


def test_projections_of_seen_points_are_their_pixels() -> None:
    seen = Seen(standing(modeller.build(modeller.draw("table", 0, 1)), GRID), 200.0, 15.0, SIZE)
    hit = seen.maps.part >= 0
    place = seen.solid.file_to_world
    world = seen.maps.point[hit].astype(float) @ place[:3, :3].T + place[:3, 3]
    pixels, depth = project(world, SIZE, 200.0, 15.0)
    np.testing.assert_allclose(pixels, centres(SIZE)[hit.ravel()], atol=1e-3)
    np.testing.assert_allclose(depth, seen.maps.depth[hit], atol=1e-5)
