"""Pictures and layers against second opinions: projected corners, analytic spheres and an independent ray caster."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh
import webdataset
from numpy.typing import NDArray

from render import layers as layering, modeller
from render.catalog import Model
from render.child import Blender, ModelFailure
from render.config import RenderConfig
from render.dataset import read_layers
from render.pictures import Picture, with_even_glass, with_settled_edges
from render.records import facts
from render.shards import ShardWriter
from render.viewpoints import CAMERA_DISTANCE, View, project, view_grid, world_to_camera
from tests.render.shots import shots

SIZE = 96
PLAIN = RenderConfig(size=SIZE, azimuths=5, elevations=[20], samples=8)
LAYERED = PLAIN.model_copy(update={"passes": ["depth", "normal", "position"]})


@pytest.fixture(scope="module")
def blender() -> Iterator[Blender]:
    with Blender() as process:
        yield process


@pytest.fixture(scope="module")
def chair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chair")
    modeller.write(modeller.build(modeller.draw("chair", 0, 3)), folder)
    return folder / "models" / "model_normalized.obj"


@pytest.fixture(scope="module")
def ball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ball") / "ball.obj"
    trimesh.creation.icosphere(subdivisions=5, radius=250.0).apply_translation([1000.0, 0.0, -400.0]).export(path)
    return path


def placed(picture: Picture, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """World points [N, 3] of points of the file."""
    matrix = np.array(picture.model["file_to_world"])
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def cast(picture: Picture, path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Depth [H, W] (NaN: nothing) and normals [H, W, 3] at pixels' centres, triangle by triangle in NumPy."""
    mesh = trimesh.load(path, force="mesh", process=False)
    world = placed(picture, np.asarray(mesh.vertices))[mesh.faces]
    view = picture.view
    pixels, depths = project(world.reshape(-1, 3), SIZE, view.azimuth_deg, view.elevation_deg)
    normals = np.cross(world[:, 1] - world[:, 0], world[:, 2] - world[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    eye = np.linalg.inv(world_to_camera(view.azimuth_deg, view.elevation_deg))[:3, 3]
    normals *= np.sign(np.einsum("td,td->t", normals, eye - world[:, 0]))[:, None]
    depth, normal = np.full((SIZE, SIZE), np.nan), np.full((SIZE, SIZE, 3), np.nan)
    for corners, far, facing in zip(pixels.reshape(-1, 3, 2), depths.reshape(-1, 3), normals, strict=True):
        low = np.maximum(np.ceil(corners.min(axis=0) - 0.5), 0).astype(int)
        high = np.minimum(np.floor(corners.max(axis=0) - 0.5), SIZE - 1).astype(int)
        x, y = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
        frame = np.stack([*corners.T, np.ones(3)])
        if not x.size or abs(np.linalg.det(frame)) < 1e-12:
            continue
        weights = np.linalg.solve(frame, np.stack([x.ravel() + 0.5, y.ravel() + 0.5, np.ones(x.size)]))
        here = 1 / (weights / far[:, None]).sum(axis=0)  # what is straight in space is so in 1 / depth
        nearer = (weights >= 0).all(axis=0) & ~(here >= depth[y.ravel(), x.ravel()])
        at = y.ravel()[nearer], x.ravel()[nearer]
        depth[at], normal[at] = here[nearer], facing
    return depth, normal


def edges_of(mask: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Left, top, right and bottom of a soft mask in pixels, finer than a pixel.

    A line of pixels ends where its coverage, summed from its outermost full pixel on, says: the pixel filter blurs an
    edge evenly to both sides and leaves that sum as it is. Lines along a thin part are full at less than 1.
    """

    def last(coverage: NDArray[np.float64]) -> float:
        ends = []
        for line in coverage[coverage.max(axis=1) > 0.4]:
            full = np.flatnonzero(line > 0.9 * line.max())[-1]
            ends.append(full + 1 + line[full + 1 : full + 5].sum() / line.max())
        return float(max(ends))

    coverage, size = mask / 255.0, len(mask)
    left, right = size - last(coverage[:, ::-1]), last(coverage)
    top, bottom = size - last(coverage.T[:, ::-1]), last(coverage.T)
    return np.array([left, top, right, bottom])


def test_bounding_boxes_of_projected_vertices_agree_with_the_pixels_to_half_a_pixel(
    blender: Blender, chair: Path, box_models: Path
) -> None:
    for path in (chair, box_models / "crate/slab.obj", box_models / "post/pole.obj"):
        vertices = np.asarray(trimesh.load(path, force="mesh", process=False).vertices)
        for picture in shots(blender, path, PLAIN.model_copy(update={"samples": 32})):
            view = picture.view
            pixels, _ = project(placed(picture, vertices), SIZE, view.azimuth_deg, view.elevation_deg)
            truth = np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])
            assert np.abs(edges_of(picture.pixels[..., 3]) - truth).max() <= 0.5


def test_a_spheres_outline_is_the_circle_that_geometry_says(blender: Blender, ball: Path) -> None:
    (picture, *_) = shots(blender, ball, PLAIN)
    centre = placed(picture, np.array([[1000.0, 0.0, -400.0]]))[0]
    radius = 250 * np.linalg.norm(np.array(picture.model["file_to_world"])[:3, 0])
    seen = SIZE * 3 * radius / np.sqrt(CAMERA_DISTANCE**2 - radius**2)
    (pixel,), _ = project(centre[None], SIZE, picture.view.azimuth_deg, picture.view.elevation_deg)
    assert np.abs(edges_of(picture.pixels[..., 3]) - [*(pixel - seen), *(pixel + seen)]).max() <= 0.35
    assert picture.pixels[..., 3].sum() / 255 == pytest.approx(np.pi * seen**2, rel=5e-3)


def test_keypoints_lie_on_the_pixels_of_their_parts(blender: Blender, chair: Path) -> None:
    """A keypoint that the camera sees has the depth layer's depth at its pixel; K and pose say where that is."""
    checked = 0
    for picture in shots(blender, chair, LAYERED):
        depth = layering.depth_of(picture.layers["depth"])
        mask = picture.pixels[..., 3]
        for x, y, z, visible in picture.keypoints.values():
            view = picture.view
            (pixel,), (far,) = project(np.array([[x, y, z]]), SIZE, view.azimuth_deg, view.elevation_deg)
            column, line = np.floor(pixel).astype(int)
            around = np.s_[line - 1 : line + 2, column - 1 : column + 2]
            assert mask[around].max() > 0
            if visible:
                assert np.nanmin(np.abs(depth[around] - far)) < 0.03
                checked += 1
    assert checked > 20


def test_the_mask_agrees_with_rays_cast_by_another_program(blender: Blender, chair: Path) -> None:
    config = LAYERED.model_copy(update={"samples": 32})
    for picture in shots(blender, chair, config, view_grid(config.azimuths_deg, config.elevations)[:2]):
        depth, normal = cast(picture, chair)
        hit, soft = np.isfinite(depth), picture.pixels[..., 3] / 255
        # One ray a pixel knows nothing of the share that is covered: pixels of a half count either way.
        clear = np.abs(soft - 0.5) > 0.15
        both, either = (hit & (soft > 0.5) & clear).sum(), ((hit | (soft > 0.5)) & clear).sum()
        assert both / either >= 0.995
        layer = picture.layers["depth"] > 0
        assert (layer & hit).sum() / (layer | hit).sum() >= 0.995
        inner = layer & hit
        assert np.median(np.abs(layering.depth_of(picture.layers["depth"]) - depth)[inner]) < 1e-4
        turned = (layering.normal_of(picture.layers["normal"]) * normal).sum(axis=-1)[inner]
        assert np.median(turned) > 0.995


def test_depth_and_position_are_one_point_and_layers_lie_where_a_sphere_is(blender: Blender, ball: Path) -> None:
    (picture, *_) = shots(blender, ball, LAYERED)
    depth, position = picture.layers["depth"], picture.layers["position"]
    hit = depth > 0
    np.testing.assert_array_equal(hit, np.isfinite(position).all(axis=-1))
    np.testing.assert_array_equal(hit, picture.layers["normal"].any(axis=-1))
    view = picture.view
    world = placed(picture, position[hit].astype(np.float64))
    pixels, far = project(world, SIZE, view.azimuth_deg, view.elevation_deg)
    lines, columns = np.nonzero(hit)
    assert np.abs(pixels - np.stack([columns + 0.5, lines + 0.5], axis=1)).max() < 0.02
    assert np.abs(far - depth[hit] / layering.DEPTH_UNITS).max() <= 0.6 / layering.DEPTH_UNITS
    # Positions are of the file: on its sphere, in its units.
    from_centre = position[hit] - np.array([1000.0, 0.0, -400.0])
    assert np.abs(np.linalg.norm(from_centre, axis=1) - 250).max() < 0.25
    outward = placed(picture, position[hit]) - placed(picture, np.array([[1000.0, 0.0, -400.0]]))
    normals = layering.normal_of(picture.layers["normal"])[hit]
    assert ((outward / np.linalg.norm(outward, axis=1, keepdims=True)) * normals).sum(axis=1).min() > 0.995


def test_layers_change_neither_colours_nor_mask(blender: Blender, chair: Path) -> None:
    views = view_grid(PLAIN.azimuths_deg, PLAIN.elevations)[1:3]
    for plain, layered in zip(shots(blender, chair, PLAIN, views), shots(blender, chair, LAYERED, views), strict=True):
        np.testing.assert_array_equal(plain.pixels, layered.pixels)


def test_denoised_colours_are_nearer_to_the_truth_and_the_mask_stays(blender: Blender, chair: Path) -> None:
    view = [View(0, 40.0, 20.0)]
    (truth,) = shots(blender, chair, PLAIN.model_copy(update={"samples": 512, "denoise": False}), view)
    (noisy,) = shots(blender, chair, PLAIN.model_copy(update={"denoise": False}), view)
    (smooth,) = shots(blender, chair, PLAIN, view)
    np.testing.assert_array_equal(noisy.pixels[..., 3], smooth.pixels[..., 3])
    inside = cv2.erode((truth.pixels[..., 3] == 255).astype(np.uint8), np.ones((3, 3))) > 0

    def error(picture: Picture) -> float:
        return float(np.sqrt(((picture.pixels - truth.pixels.astype(float))[inside, :3] ** 2).mean()))

    assert error(smooth) < 0.8 * error(noisy)


def test_edges_of_one_colour_keep_it_however_noisy_their_coverage_is() -> None:
    rng = np.random.default_rng(0)
    mask = np.zeros((40, 40), np.float64)
    mask[8:32, 8:32] = 1
    smooth = cv2.blur(mask, (3, 3))
    noisy = np.clip(smooth + (smooth < 1) * (smooth > 0) * rng.uniform(-0.2, 0.2, mask.shape), 0.01, 1) * (smooth > 0)
    colour = np.array([160.0, 60.0, 30.0])
    # What a renderer writes: the smooth product divided by the noisy coverage.
    straight = np.clip(colour * (smooth / np.maximum(noisy, 1e-9))[..., None], 0, 255) * (noisy > 0)[..., None]
    rgba = np.rint(np.dstack([straight, 255 * noisy])).astype(np.uint8)
    settled = with_settled_edges(rgba)
    np.testing.assert_array_equal(settled[..., 3], rgba[..., 3])
    full = rgba[..., 3] == 255
    np.testing.assert_array_equal(settled[full], rgba[full])
    partly = (rgba[..., 3] > 0) & ~full

    def error(picture: NDArray[np.uint8]) -> float:
        return float(np.sqrt(((picture[partly, :3] - colour) ** 2).mean()))

    assert error(settled) < 0.4 * error(rgba)


def test_grainy_glass_becomes_even_and_outlines_stay() -> None:
    rng = np.random.default_rng(1)
    truth = np.zeros((60, 60))
    truth[10:50, 10:50] = 0.4
    truth[20:30, 20:50] = 1.0
    grain = rng.binomial(8, truth) / 8
    rgba = np.rint(np.dstack([np.full((60, 60, 3), 90.0), 255 * grain])).astype(np.uint8)
    even = with_even_glass(rgba)[..., 3] / 255
    pane = np.s_[34:46, 14:46]
    assert np.abs(even[pane] - 0.4).std() < 0.35 * np.abs(grain[pane] - 0.4).std()
    assert (even[22:28, 24:48] == 1).all()
    assert (even[:6] == 0).all()
    # A soft outline without glass behind it is not blurred.
    ring = cv2.GaussianBlur((truth > 0).astype(np.float32), (3, 3), 0)
    solid = np.rint(np.dstack([np.full((60, 60, 3), 90.0), 255 * ring])).astype(np.uint8)
    assert np.abs(with_even_glass(solid)[..., 3].astype(int) - solid[..., 3]).max() <= 12


@pytest.mark.parametrize("threads", [1, 3])
def test_pixels_do_not_depend_on_the_number_of_threads(chair: Path, threads: int) -> None:
    views = view_grid(LAYERED.azimuths_deg, LAYERED.elevations)[1:2]
    digests = set()
    for count in (2, threads):
        with Blender() as process:
            (picture,) = shots(process, chair, LAYERED.model_copy(update={"threads": count}), views)
        data = [picture.pixels.tobytes(), *(layer.tobytes() for layer in picture.layers.values())]
        digests.add(hashlib.sha256(b"".join(data)).hexdigest())
    assert len(digests) == 1


def test_layers_come_back_from_a_shard_and_equal_layers_are_equal_bytes(
    blender: Blender, ball: Path, tmp_path: Path
) -> None:
    (picture, *_) = shots(blender, ball, LAYERED)
    model = Model("m", "c", "f")
    for name in ("a.tar", "b.tar"):
        with ShardWriter(tmp_path / name, name) as writer:
            writer.add("c_m_v000", picture.pixels, facts(model, 0, picture, SIZE), picture.layers)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    ((key, back),) = read_layers(tmp_path / "a.tar")
    assert key == "c_m_v000"
    for name in LAYERED.passes:
        np.testing.assert_array_equal(back[name], picture.layers[name])
    (sample,) = webdataset.WebDataset(str(tmp_path / "a.tar"), shardshuffle=False)
    depth = cv2.imdecode(np.frombuffer(sample["depth.png"], np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(depth, picture.layers["depth"])
    with np.load(io.BytesIO(sample["position.npz"])) as arrays:
        assert arrays["position"].dtype == np.float32
    assert json.loads(sample["json"])["model_to_world"] == picture.model["file_to_world"]


@pytest.mark.parametrize(("up", "front"), [("+y", "+z"), ("+y", "-x"), ("+z", "-y"), ("-x", "+y")])
def test_the_front_looks_at_the_camera_of_azimuth_0_whatever_the_files_axes(
    blender: Blender, tmp_path: Path, up: str, front: str
) -> None:
    """A block with a tower on its back right: the picture from the front shows it to the left."""
    axes = {name: np.eye(3)["xyz".index(name[1])] * (1 if name[0] == "+" else -1) for name in (up, front)}
    left = np.cross(axes[up], axes[front])
    block = trimesh.creation.box([2, 2, 1])
    tower = trimesh.creation.box([0.5, 0.5, 1]).apply_translation([-0.75, 0.75, 1])
    mesh = trimesh.util.concatenate([block, tower])  # x to the model's left, -y to its front, z up
    mesh.vertices = mesh.vertices @ np.stack([left, -axes[front], axes[up]])
    mesh.export(tmp_path / "block.obj")
    (picture,) = shots(blender, tmp_path / "block.obj", PLAIN, [View(0, 0, 0)], up=up, front=front)
    mask = picture.pixels[..., 3] > 127
    top, whole = np.flatnonzero(mask.any(axis=1))[0], np.flatnonzero(mask.any(axis=0))
    tower_columns = np.flatnonzero(mask[top + 2])
    # Seen from the front, the model's right is the picture's left; the far tower looks a little nearer to the middle.
    assert tower_columns[-1] < 0.4 * SIZE
    assert 0 <= tower_columns[0] - whole[0] < 0.05 * SIZE


def test_framing_by_diagonal_keeps_sizes_comparable_and_by_sphere_touches_the_border(
    blender: Blender, ball: Path, box_models: Path
) -> None:
    for mode, diameter in (("diagonal", 2 / np.sqrt(12)), ("sphere", 1.0)):
        config = PLAIN.model_copy(update={"framing": mode})
        (picture, *_) = shots(blender, ball, config)
        left, _, right, _ = edges_of(picture.pixels[..., 3])
        assert picture.model["scale"] * (2 / np.sqrt(12)) == pytest.approx(diameter * 0.89, abs=0.005)
        if mode == "sphere":
            assert (right - left) / SIZE == pytest.approx(0.9, abs=0.01)
    diagonal = PLAIN.model_copy(update={"framing": "diagonal"})
    scales = {
        shots(blender, box_models / name, diagonal, [View(0, 0, 0)])[0].model["scale"]
        for name in ("crate/slab.obj", "post/pole.obj")
    }
    assert len(scales) == 1


def test_a_device_that_is_not_there_is_said_in_one_line(blender: Blender, box_models: Path) -> None:
    config = PLAIN.model_copy(update={"device": "optix"})
    with pytest.raises(ModelFailure, match=r"--render\.device optix: Blender sees no OPTIX device"):
        shots(blender, box_models / "crate/cube.obj", config)
