"""The modeller's promises: the same models for ever, every property reachable, truth that holds, faults in
one line."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
import trimesh

from infra.errors import UserError
from render import modeller
from render.modeller.cars.properties import CarProperties
from render.modeller.chairs.properties import ChairProperties
from render.modeller.drawing import Dice
from render.modeller.materials import PALETTE, material
from render.modeller.mesh import Floats, Model
from render.modeller.tables.properties import TableProperties

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {"chair": ChairProperties, "table": TableProperties, "car": CarProperties}


def _choices(schema: type[Any]) -> dict[str, tuple[Any, ...]]:
    """Field -> its choices, for the fields that have a closed list of them."""
    fields = schema.model_fields.items()
    return {name: get_args(field.annotation) for name, field in fields if get_origin(field.annotation) is Literal}


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


@pytest.mark.parametrize("class_name", modeller.CLASSES)
def test_another_process_writes_the_same_bytes(class_name: str, tmp_path: Path) -> None:
    for index in range(3):
        modeller.write(modeller.build(modeller.draw(class_name, 5, index)), tmp_path / "here" / str(index))
    script = (
        "import sys; from render import modeller as m\n"
        "for i in (2, 0, 1): m.write(m.build(m.draw(sys.argv[1], 5, i)), f'{sys.argv[2]}/{i}')"
    )
    command = [sys.executable, "-c", script, class_name, str(tmp_path / "there")]
    subprocess.run(command, cwd=ROOT, check=True, env={"PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT)})
    here, there = _files(tmp_path / "here"), _files(tmp_path / "there")
    assert len(here) == 15
    assert here == there


@pytest.mark.parametrize("class_name", modeller.CLASSES)
def test_neighbours_seeds_and_indices_differ(class_name: str) -> None:
    drawn = [modeller.draw(class_name, seed, index) for seed in (0, 1) for index in range(100)]
    assert len(set(map(str, drawn))) == len(drawn)


@pytest.mark.parametrize("class_name", modeller.CLASSES)
def test_draws_reach_every_choice(class_name: str) -> None:
    drawn = [modeller.draw(class_name, 0, index).model_dump() for index in range(400)]
    for field, choices in _choices(SCHEMAS[class_name]).items():
        assert {properties[field] for properties in drawn} == set(choices), field


def test_a_drawn_description_builds_the_same_model_by_hand() -> None:
    drawn = modeller.draw("chair", 3, 4)
    by_hand = modeller.describe(json.loads(drawn.model_dump_json()))
    assert by_hand == drawn
    one, two = modeller.build(drawn), modeller.build(by_hand)
    for part, other in zip(one.parts, two.parts, strict=True):
        np.testing.assert_array_equal(part.mesh.vertices, other.mesh.vertices)


@pytest.mark.parametrize("class_name", modeller.CLASSES)
def test_one_choice_said_alone_is_enough_for_a_model(class_name: str) -> None:
    for field, choices in _choices(SCHEMAS[class_name]).items():
        for choice in choices:
            properties = modeller.describe({"class_name": class_name, field: choice})
            assert getattr(properties, field) == choice
            modeller.build(properties)


GRID = {
    "chair": ("seat", "back", "legs", "arms", "leg_section", "cushion", "base", "stretchers", "tufting"),
    "table": ("top", "legs", "leg_section", "top_edge", "base", "trestle", "drum_shape", "drum_wall", "stretchers"),
}
MENDS: dict[str, dict[str, Any]] = {
    "chair": {"seat_height": 0.5, "leg_thickness": 0.03},
    "table": {"width": 0.8, "depth": 0.8, "leg_thickness": 0.05, "apron_height": 0.0},
    "car": {},
}


def _described(values: dict[str, Any]) -> modeller.Properties | None:
    """The properties, or None where they are refused, as only what cannot be built may be."""
    try:
        return modeller.describe(values)
    except UserError:
        return None


@pytest.mark.parametrize(
    ("class_name", "first", "second"),
    [(name, a, b) for name, axes in GRID.items() for k, a in enumerate(axes) for b in axes[k + 1 :]],
)
def test_every_pair_of_choices_builds_or_says_why_not(class_name: str, first: str, second: str) -> None:
    choices = _choices(SCHEMAS[class_name])
    built = 0
    for a in choices[first]:
        for b in choices[second]:
            wanted = {"class_name": class_name, **MENDS[class_name], first: a, second: b}
            if (properties := _described(wanted)) is None:
                continue
            model = modeller.build(properties)
            built += 1
            assert 1_000 <= model.triangles <= 20_000
            assert np.isfinite(model.bounds).all()
    assert built > 0


@pytest.mark.parametrize(("back", "members"), [("ladder", 6), ("slatted", 12), ("spindle", 12)])
def test_the_heaviest_chair_stays_below_the_limit(back: str, members: int) -> None:
    rich = {"legs": "swivel", "arms": "closed", "arm_height": 0.2, "seat": "round", "cushion": "thick"}
    values = {"class_name": "chair", "back": back, "back_members": members, **rich}
    assert modeller.build(modeller.describe(values)).triangles <= 20_000


def test_an_unknown_class_cannot_be_drawn() -> None:
    with pytest.raises(UserError, match=r"spaceship.*chair, table, car"):
        modeller.draw("spaceship", 0, 0)


def test_a_twin_differs_in_what_was_changed_alone() -> None:
    chair = modeller.describe({"class_name": "chair", "arms": "none"})
    twin = chair.twin(arms="curved")
    assert {k: v for k, v in twin.model_dump().items() if k != "arms"} == {
        k: v for k, v in chair.model_dump().items() if k != "arms"
    }
    one, two = modeller.build(chair), modeller.build(twin)
    for part in one.parts:
        np.testing.assert_array_equal(part.mesh.vertices, two.part(part.name).mesh.vertices)
    assert {part.label for part in two.parts} - {part.label for part in one.parts} == {"arms"}
    with pytest.raises(UserError):
        chair.twin(back="none", arms="closed")


@pytest.mark.parametrize("class_name", modeller.CLASSES)
def test_keypoints_lie_on_the_surface_and_where_their_names_say(class_name: str) -> None:
    names: set[str] | None = None
    for index in range(40):
        model = modeller.build(modeller.draw(class_name, 2, index))
        assert names in (None, set(model.keypoints))
        names = set(model.keypoints)
        assert len(names) >= 12
        assert sum(point is not None for point in model.keypoints.values()) >= 6
        low, high = model.bounds
        for name, point in model.keypoints.items():
            if point is None:
                continue
            where = f"{class_name} {index} {name}"
            assert (point >= low - 1e-6).all(), where
            assert (point <= high + 1e-6).all(), where
            assert _distance(model, point) < 1e-6, where
            if name.endswith("_left"):
                assert point[0] < 0, where
                right = model.keypoints[name.removesuffix("_left") + "_right"]
                assert right is not None, where
                np.testing.assert_allclose(right, point * [-1, 1, 1], atol=0.02, err_msg=where)
            if name.startswith("foot_"):
                assert point[1] < 0.05, where
        for kind in ("foot", "seat", "leg_top", "top"):
            front, back = (model.keypoints.get(f"{kind}_{side}_left") for side in ("front", "back"))
            assert front is None or back is None or front[2] < back[2]


def _distance(model: Model, point: Floats) -> float:
    """From a point to the nearest surface of any part."""
    best = np.inf
    for part in model.parts:
        low, high = part.mesh.vertices.min(axis=0) - 1e-3, part.mesh.vertices.max(axis=0) + 1e-3
        if (point < low).any() or (point > high).any():
            continue
        triangles = part.mesh.vertices[part.mesh.faces]
        nearest = trimesh.triangles.closest_point(triangles, np.repeat(point[None], len(triangles), axis=0))
        best = min(best, float(np.linalg.norm(nearest - point, axis=1).min()))
    return best


def test_the_written_files_say_what_was_built(tmp_path: Path) -> None:
    for class_name in modeller.CLASSES:
        model = modeller.build(modeller.draw(class_name, 1, 6))
        modeller.write(model, tmp_path / class_name)
        obj = _read_obj(tmp_path / class_name / "models" / "model_normalized.obj")
        assert len(obj["f"]) == model.triangles
        assert obj["o"] == [part.name for part in model.parts]
        v, vt, vn = (np.array(obj[key]) for key in ("v", "vt", "vn"))
        assert np.linalg.norm(v.max(axis=0) - v.min(axis=0)) == pytest.approx(1.0, abs=5e-6)
        np.testing.assert_allclose(v.max(axis=0) + v.min(axis=0), 0.0, atol=3e-6)
        np.testing.assert_allclose(np.linalg.norm(vn, axis=1), 1.0, atol=2e-4)
        assert vt.min() >= 0
        assert vt.max() <= 1
        corners = np.array(obj["f"]) - 1
        metres = np.concatenate([part.mesh.vertices[part.mesh.faces] for part in model.parts])
        np.testing.assert_allclose(v[corners[:, :, 0]], model.normalise(metres), atol=1e-6)
        uv = np.concatenate([part.mesh.uv for part in model.parts])
        np.testing.assert_allclose(vt[corners[:, :, 1]], uv, atol=1e-5)
        outwards = np.cross(metres[:, 1] - metres[:, 0], metres[:, 2] - metres[:, 0])
        shading = vn[corners[:, :, 2]]
        assert (np.einsum("fd,fkd->fk", outwards, shading) > 0).all()


def test_truth_lies_beside_the_mesh(tmp_path: Path) -> None:
    properties = modeller.draw("table", 1, 2)
    model = modeller.build(properties)
    modeller.write(model, tmp_path)
    assert modeller.describe(json.loads((tmp_path / "properties.json").read_text())) == properties
    points = json.loads((tmp_path / "keypoints.json").read_text())
    assert set(points) == set(model.keypoints)
    for name, point in model.keypoints.items():
        assert (points[name] is None) == (point is None)
        if point is not None:
            np.testing.assert_allclose(points[name], model.normalise(point), atol=1e-6)
    parts = json.loads((tmp_path / "parts.json").read_text())
    ranges = [parts[part.name]["faces"] for part in model.parts]
    assert ranges[0][0] == 0
    assert ranges[-1][1] == model.triangles
    assert all(one[1] == two[0] for one, two in itertools.pairwise(ranges))
    library = (tmp_path / "models" / "model_normalized.mtl").read_text()
    for part in model.parts:
        assert parts[part.name]["material"] == part.material.name
        assert f"newmtl {part.material.name}\n" in library
    assert "Pr " in library
    assert "Pm " in library


def test_materials_are_linear_light_of_the_palette() -> None:
    grey = material("paint:#808080")
    np.testing.assert_allclose(grey.colour, 0.21586, atol=1e-4)  # IEC 61966-2-1 at 128/255
    assert material("metal:chrome").metallic == 1.0
    assert material("fabric:linen").roughness > material("plastic:red").roughness
    names = {material(f"{kind}:{colour}").name for kind, colours in PALETTE.items() for colour in colours}
    assert len(names) == sum(map(len, PALETTE.values()))


def test_a_decision_does_not_depend_on_the_ones_before_it() -> None:
    one, two = Dice("chair", 1, 2), Dice("chair", 1, 2)
    one.unit("something else")
    assert one.between("width", 0.4, 0.5) == two.between("width", 0.4, 0.5)
    assert Dice("chair", 1, 3).unit("width") != two.unit("width")
    kinds = {Dice("chair", 1, index).weighted("kind", {"a": 1, "b": 1, "c": 1}, spread=True) for index in range(3)}
    assert kinds == {"a", "b", "c"}


def _read_obj(path: Path) -> dict[str, list[Any]]:
    """The lines of an OBJ by keyword: v, vt, vn as numbers, f as [3][vertex, vt, vn] counted from 1, o as
    names."""
    table: dict[str, list[Any]] = {"v": [], "vt": [], "vn": [], "f": [], "o": []}
    for line in path.read_text().splitlines():
        key, _, rest = line.partition(" ")
        if key in {"v", "vt", "vn"}:
            table[key].append([float(x) for x in rest.split()])
        elif key == "f":
            table[key].append([[int(x) for x in corner.split("/")] for corner in rest.split()])
        elif key == "o":
            table[key].append(rest)
    return table
