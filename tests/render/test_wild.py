"""Models as they are in the wild, in pictures: what would come out striped, black, magenta or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray
from trimesh.visual.material import PBRMaterial
from trimesh.visual.texture import TextureVisuals

from render.catalog import Model
from render.child import Blender, ModelFailure
from render.config import RenderConfig
from render.pictures import Picture
from render.shooting import order_of, ordered
from render.vetting.files import Staged
from render.viewpoints import View, view_grid
from tests.render.shots import shots

SIZE = 96
CONFIG = RenderConfig(size=SIZE, azimuths=4, elevations=[25], samples=8)
VIEWS = view_grid([35.0], [25.0])
SEAT = trimesh.creation.box([2, 0.6, 2])


@pytest.fixture(scope="module")
def blender() -> Iterator[Blender]:
    with Blender() as process:
        yield process


def seen(blender: Blender, path: Path, mend: bool = True) -> Picture:
    order = order_of(Staged(path), Model("m", "c", "f", file=str(path)), CONFIG, VIEWS)
    (picture,) = ordered(blender, order | {"mend": mend}, CONFIG.timeout_s)
    return picture


def inside(*pictures: Picture) -> NDArray[np.bool_]:
    full = np.all([picture.pixels[..., 3] == 255 for picture in pictures], axis=0)
    return cv2.erode(full.astype(np.uint8), np.ones((5, 5))) > 0


def difference(a: Picture, b: Picture) -> float:
    """RMSE in 255ths inside both objects."""
    where = inside(a, b)
    assert where.sum() > 300
    return float(np.sqrt(((a.pixels.astype(float) - b.pixels)[where, :3] ** 2).mean()))


def obj(path: Path, vertices: NDArray[np.float64], faces: list[list[int]], head: str = "") -> Path:
    lines = [head, *(f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices)]
    path.write_text("\n".join(lines + ["f " + " ".join(str(i + 1) for i in face) for face in faces]) + "\n")
    return path


CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-0.3, 0.3) for z in (-1, 1)], float)
QUADS = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]


def test_a_seat_drawn_from_both_sides_shows_no_zebra(blender: Blender, tmp_path: Path) -> None:
    """Outside and inside faces on each other, cut along different diagonals, as in ShapeNetCore v2."""
    outer = [[q[i] for i in t] for q in QUADS for t in ([0, 1, 2], [0, 2, 3])]
    inner = [[q[i] for i in t] for q in QUADS for t in ([3, 1, 0], [3, 2, 1])]
    clean = seen(blender, obj(tmp_path / "clean.obj", CORNERS, outer))
    doubled = obj(tmp_path / "doubled.obj", CORNERS, inner + outer)
    zebra, mended = seen(blender, doubled, mend=False), seen(blender, doubled)
    assert difference(zebra, clean) > 40
    assert difference(mended, clean) < 1.5
    assert mended.model["mends"] == ["24 coincident faces moved apart"]
    assert clean.model["mends"] == []


def test_a_ball_with_normals_turned_inwards_is_lit_and_stays_smooth(blender: Blender, tmp_path: Path) -> None:
    ball = trimesh.creation.icosphere(subdivisions=2)
    paths = {}
    for name, sign, order in (("clean", 1, 1), ("normals", -1, 1), ("winding", 1, -1)):
        lines = [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in ball.vertices]
        lines += [f"vn {x:.6f} {y:.6f} {z:.6f}" for x, y, z in sign * ball.vertices]
        lines += ["f " + " ".join(f"{i + 1}//{i + 1}" for i in face[::order]) for face in ball.faces]
        paths[name] = tmp_path / f"{name}.obj"
        paths[name].write_text("\n".join(lines) + "\n")
    clean = seen(blender, paths["clean"])
    assert difference(seen(blender, paths["normals"], mend=False), clean) > 20
    for name in ("normals", "winding"):
        assert difference(seen(blender, paths[name]), clean) < 1.5
    # 320 faces shaded flat would look otherwise.
    facets = seen(blender, obj(tmp_path / "flat.obj", ball.vertices, ball.faces.tolist()))
    assert difference(facets, clean) > 1.5


def textured(tmp_path: Path, mtl: str, name: str = "t.obj") -> Path:
    head = f"mtllib {name}.mtl\nusemtl stuff\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1"
    (tmp_path / f"{name}.mtl").write_text(f"newmtl stuff\n{mtl}\n")
    lines = [f"v {x} {y} {z}" for x, y, z in CORNERS]
    lines += ["f " + " ".join(f"{corner + 1}/{k + 1}" for k, corner in enumerate(quad)) for quad in QUADS]
    (tmp_path / name).write_text(head + "\n" + "\n".join(lines) + "\n")
    return tmp_path / name


@pytest.mark.parametrize("where", ["gone.png", "f:/maps/foto.jpg", "../images/gone.png", "empty.png", "text.jpg"])
def test_a_texture_that_is_not_there_leaves_the_materials_colour(blender: Blender, tmp_path: Path, where: str) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("this is no picture")
    plain = seen(blender, textured(tmp_path, "Kd 0.1 0.5 0.1", "plain.obj"))
    lost = seen(blender, textured(tmp_path, f"Kd 0.1 0.5 0.1\nmap_Kd {where}"))
    assert difference(plain, lost) < 1
    assert lost.model["mends"] == ["1 missing texture replaced by the material's colour"]


def test_a_material_of_nothing_but_a_lost_texture_is_grey(blender: Blender, tmp_path: Path) -> None:
    rgb = seen(blender, textured(tmp_path, "Kd 0 0 0\nmap_Kd gone.png")).pixels[..., :3]
    middle = rgb[SIZE // 2 - 5 : SIZE // 2 + 5, SIZE // 2 - 5 : SIZE // 2 + 5].reshape(-1, 3).mean(axis=0)
    assert middle.min() > 90
    assert np.ptp(middle) < 4


def test_a_glb_without_its_texture_keeps_factor_and_finish(blender: Blender, tmp_path: Path) -> None:
    """The factor beside a glTF texture is the material's colour; metal and roughness stay as stated."""
    box = SEAT.copy()
    made = PBRMaterial(baseColorFactor=[200, 60, 40, 255], metallicFactor=0.0, roughnessFactor=0.9)
    box.visual = TextureVisuals(uv=np.zeros((len(box.vertices), 2)), material=made)
    files = trimesh.exchange.gltf.export_gltf(trimesh.Scene(box))
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    tree = json.loads(files["model.gltf"])
    (tmp_path / "plain.gltf").write_text(json.dumps(tree))
    tree["images"], tree["textures"] = [{"uri": "gone.png"}], [{"source": 0}]
    look = tree["materials"][0]["pbrMetallicRoughness"]
    look["baseColorTexture"] = look["metallicRoughnessTexture"] = {"index": 0}
    tree["materials"][0]["normalTexture"] = {"index": 0}
    tree["materials"][0]["alphaMode"] = "BLEND"
    (tmp_path / "lost.gltf").write_text(json.dumps(tree))
    assert difference(seen(blender, tmp_path / "plain.gltf"), seen(blender, tmp_path / "lost.gltf")) < 1.5


def opacity(picture: Picture) -> float:
    middle = picture.pixels[SIZE // 2 - 4 : SIZE // 2 + 4, SIZE // 2 - 4 : SIZE // 2 + 4, 3]
    return float(middle.mean() / 255)


@pytest.mark.parametrize(
    ("mtl", "expected"),
    [
        ("d 1", 1.0),
        ("d 0.5", 0.75),  # two walls of a half
        ("Tr 0.5", 0.75),
        ("d 1\nTr 1", 1.0),  # d is the clear one
        ("Tr 1", 1.0),
        ("d 0", 1.0),  # a model of nothing but invisible stuff
        ("d -halo 0.5", 0.75),
    ],
)
def test_opacity_of_an_mtl_is_read_as_it_was_meant(blender: Blender, tmp_path: Path, mtl: str, expected: float) -> None:
    picture = seen(blender, textured(tmp_path, f"Kd 0.5 0.5 0.5\n{mtl}"))
    assert opacity(picture) == pytest.approx(expected, abs=0.12)


@pytest.mark.parametrize(("mode", "expected"), [("OPAQUE", 1.0), ("BLEND", 0.64), ("MASK", 0.0)])
def test_alpha_modes_of_gltf_are_kept(blender: Blender, tmp_path: Path, mode: str, expected: float) -> None:
    """Opacity 0.4: seen as it is, not at all, or cut off at a half; a small post keeps the model from vanishing."""
    glass = PBRMaterial(baseColorFactor=[120, 160, 200, 102], alphaMode=mode, alphaCutoff=0.5, metallicFactor=0.0)
    pane, post = SEAT.copy(), trimesh.creation.box([0.05, 0.6, 0.05]).apply_translation([0.97, 0, 0.97])
    pane.visual = TextureVisuals(material=glass)
    post.visual = TextureVisuals(material=PBRMaterial(baseColorFactor=[30, 30, 30, 255]))
    trimesh.Scene([pane, post]).export(tmp_path / "pane.glb")
    assert opacity(seen(blender, tmp_path / "pane.glb")) == pytest.approx(expected, abs=0.12)


def test_nested_transforms_mirrors_instances_and_loose_points_make_the_same_chair(
    blender: Blender, tmp_path: Path
) -> None:
    """Four legs as instances of one, mirrored and scaled by nested nodes, beside points and lines: as one baked."""
    leg = trimesh.creation.cylinder(0.1, 1.0, sections=12)
    leg.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0]))
    leg.apply_translation([0.5, 0.0, 0.2])
    scene, baked = trimesh.Scene(), []
    scene.add_geometry(SEAT, node_name="seat", geom_name="seat")
    baked.append(SEAT)
    root = np.diag([2.0, 2.0, 2.0, 1.0])
    scene.graph.update(frame_to="root", frame_from="world", matrix=root)
    for k, signs in enumerate([(1, 1, 1), (-1, 1, 1), (1, 1, -1), (-1, 1, -1)]):
        matrix = np.diag([*signs, 1.0])
        matrix[1, 3] = -0.6
        scene.add_geometry(leg, node_name=f"leg{k}", geom_name="leg", parent_node_name="root", transform=matrix)
        baked.append(leg.copy().apply_transform(root @ matrix))
    scene.add_geometry(trimesh.PointCloud(np.random.default_rng(0).uniform(-9, 9, (50, 3))))
    scene.add_geometry(trimesh.load_path(np.array([[[-8, 0, 0], [8, 0, 0.0]]])))
    scene.export(tmp_path / "nested.glb")
    trimesh.util.concatenate(baked).export(tmp_path / "baked.obj", include_normals=False)
    nested, plain = seen(blender, tmp_path / "nested.glb"), seen(blender, tmp_path / "baked.obj")
    assert np.abs(nested.pixels[..., 3].astype(int) - plain.pixels[..., 3]).mean() < 1
    assert nested.model["faces"] > 12 + 4 * 40


def test_an_animation_is_ignored_the_nodes_rest_where_the_file_puts_them(blender: Blender, tmp_path: Path) -> None:
    scene = trimesh.Scene()
    scene.add_geometry(SEAT, node_name="seat")
    scene.add_geometry(trimesh.creation.box([0.4, 2, 0.4]), node_name="post")
    files = trimesh.exchange.gltf.export_gltf(scene)
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    tree = json.loads(files["model.gltf"])
    (tmp_path / "still.gltf").write_text(json.dumps(tree))
    times, places = np.array([0, 1], "<f4").tobytes(), np.array([[5, 5, 5], [9, 9, 9]], "<f4").tobytes()
    (tmp_path / "moves.bin").write_bytes(times + places)
    buffer, view, accessor = len(tree["buffers"]), len(tree["bufferViews"]), len(tree["accessors"])
    tree["buffers"].append({"uri": "moves.bin", "byteLength": 32})
    tree["bufferViews"] += [
        {"buffer": buffer, "byteOffset": 0, "byteLength": 8},
        {"buffer": buffer, "byteOffset": 8, "byteLength": 24},
    ]
    tree["accessors"] += [
        {"bufferView": view, "componentType": 5126, "count": 2, "type": "SCALAR", "min": [0], "max": [1]},
        {"bufferView": view + 1, "componentType": 5126, "count": 2, "type": "VEC3"},
    ]
    post = next(i for i, node in enumerate(tree["nodes"]) if node.get("name") == "post")
    channel = {"sampler": 0, "target": {"node": post, "path": "translation"}}
    tree["animations"] = [{"channels": [channel], "samplers": [{"input": accessor, "output": accessor + 1}]}]
    (tmp_path / "moving.gltf").write_text(json.dumps(tree))
    still, moving = seen(blender, tmp_path / "still.gltf"), seen(blender, tmp_path / "moving.gltf")
    np.testing.assert_array_equal(still.pixels, moving.pixels)


@pytest.mark.parametrize("suffix", ["obj", "glb"])
@pytest.mark.parametrize("size", [1e-3, 1e3])
def test_a_millimetre_and_a_kilometre_look_alike(blender: Blender, tmp_path: Path, suffix: str, size: float) -> None:
    ball = trimesh.creation.icosphere(subdivisions=3)
    ball.export(tmp_path / "one.obj", include_normals=False)
    scaled = ball.copy().apply_scale(size)
    scaled.export(tmp_path / f"scaled.{suffix}", **({"include_normals": False, "digits": 9} if suffix == "obj" else {}))
    one, other = seen(blender, tmp_path / "one.obj"), seen(blender, tmp_path / f"scaled.{suffix}")
    assert difference(one, other) < 3
    assert np.array(other.model["file_to_world"])[0, 0] * size == pytest.approx(
        np.array(one.model["file_to_world"])[0, 0], rel=1e-4
    )


def test_a_model_far_from_its_files_origin_is_as_exact_as_the_file(blender: Blender, tmp_path: Path) -> None:
    scene = trimesh.Scene()
    far = np.eye(4)
    far[:3, 3] = [4e5, -3e5, 7e5]
    scene.add_geometry(trimesh.creation.icosphere(subdivisions=3), node_name="ball", transform=far)
    scene.export(tmp_path / "far.glb")
    trimesh.Scene(trimesh.creation.icosphere(subdivisions=3)).export(tmp_path / "near.glb")
    assert difference(seen(blender, tmp_path / "far.glb"), seen(blender, tmp_path / "near.glb")) < 1


def test_faces_without_area_are_dropped_and_said(blender: Blender, tmp_path: Path) -> None:
    needle = trimesh.Trimesh([[0, 0, 0], [0.5, 0.1, 0.5], [1, 0.2, 1]], [[0, 1, 2]], process=False)
    trimesh.Scene([SEAT, needle]).export(tmp_path / "needle.glb")
    trimesh.Scene([SEAT]).export(tmp_path / "seat.glb")
    picture = seen(blender, tmp_path / "needle.glb")
    np.testing.assert_array_equal(picture.pixels, seen(blender, tmp_path / "seat.glb").pixels)
    assert picture.model["mends"] == ["1 face without area dropped"]
    trimesh.Scene([needle]).export(tmp_path / "nothing.glb")
    with pytest.raises(ModelFailure, match="none of the model's faces has an area"):
        shots(blender, tmp_path / "nothing.glb", CONFIG, [View(0, 0, 0)])


def test_a_coordinate_that_is_no_number_costs_its_face_and_no_more(blender: Blender, tmp_path: Path) -> None:
    speck = trimesh.Trimesh([[7.25, 0, 0], [0, 3, 0], [0.5, 3, 0]], [[0, 1, 2]], process=False)

    def write(name: str, *meshes: trimesh.Trimesh) -> Path:
        scene = trimesh.Scene()
        for k, mesh in enumerate(meshes):
            scene.add_geometry(mesh, node_name=f"m{k}", geom_name=f"m{k}")
        (tmp_path / name).mkdir()
        for file, data in trimesh.exchange.gltf.export_gltf(scene).items():
            broken = data if file.endswith(".gltf") else data.replace(np.float32(7.25).tobytes(), b"\0\0\xc0\x7f")
            (tmp_path / name / file).write_bytes(broken)
        return tmp_path / name / "model.gltf"

    picture = seen(blender, write("bad", SEAT, speck))
    np.testing.assert_array_equal(picture.pixels, seen(blender, write("good", SEAT)).pixels)
    assert picture.model["mends"] == ["1 face with coordinates that are not finite dropped"]
    with pytest.raises(ModelFailure, match="none of the model's faces has finite coordinates"):
        shots(blender, write("nothing", speck), CONFIG, [View(0, 0, 0)])
    text = obj(tmp_path / "text.obj", np.vstack([CORNERS, [[np.nan, 0, 0]]]), [*QUADS, [0, 1, 8]])
    with pytest.raises(ModelFailure, match="not finite numbers"):
        shots(blender, text, CONFIG, [View(0, 0, 0)])
