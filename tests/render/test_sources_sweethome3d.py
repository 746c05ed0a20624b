"""Furniture libraries: their catalogue, the class of a piece, its upright rotation, its author and licence."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from infra.errors import UserError
from render import sources
from render.catalog import Catalog
from render.child import ModelFailure
from render.config import LimitsConfig, SourceConfig
from render.sources.properties import parse
from render.sources.sweethome3d import CATALOG, class_of
from tests.conftest import box_obj

HEAD = "id=Lib\nname=A library\nlicense=Public \\\n   domain \\u00a9 \xe9\n"


def piece(number: int, name: str, model: str, **more: str) -> str:
    values = {"id": f"Lib#{name} {number}", "name": name, "category": "Living room", "model": model, **more}
    return "".join(f"{key}#{number}={value}\n" for key, value in values.items())


def library(path: Path, properties: str, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(CATALOG, properties.encode("latin-1"))
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def catalog(path: Path, **settings: object) -> Catalog:
    return sources.catalog(SourceConfig(kind="sweethome3d", path=str(path), **settings), seed=0)


def test_property_files_are_read_as_java_writes_them() -> None:
    text = b"# a remark\n! another\n\na=1\nb : 2\nc 3\n"
    text += b"d\\=e\\ f = g\\\n   h\\u20ac \\\\ \\t|\ni\nj=k=l\nm=\xe9\na=4\nlast=x\\"
    assert parse(text) == {
        "a": "4",
        "b": "2",
        "c": "3",
        "d=e f": "gh€ \\ \t|",
        "i": "",
        "j": "k=l",
        "m": "é",
        "last": "x",
    }
    assert parse(b"x=\\ud83e\\ude91") == {"x": "🪑"}


@pytest.mark.parametrize(
    ("name", "category", "tags", "expected"),
    [
        ("Oak chair", "Living room", "Seat", "chair"),
        ("Chair with cushion", "Living room", "", "chair"),
        ("Stool", "Kitchen", "Chair", "chair"),
        ("Armchair ottoman", "Living room", "Seat", "living-room"),
        ("Desk", "Office", "", "table"),
        ("Desk table", "Office", "", "table"),
        ("Desk lamp", "Lights", "", "lamp"),
        ("Table lamp", "Lights", "", "lamp"),
        ("Table fan", "Miscellaneous", "", "miscellaneous"),
        ("Table on trestles", "Living room", "", "table"),
        ("Table tennis", "Miscellaneous", "Game", "table"),
        ("Table tennis bat", "Miscellaneous", "Game", "miscellaneous"),
        ("Piano bench", "Living room", "", "bench"),
        ("Sofa 3 seats", "Living room", "Couch", "sofa"),
        ("Tablet", "Miscellaneous", "", "miscellaneous"),
        ("Ford Focus", "Vehicles", "Blend Swap, Car", "car"),
        ("Seat Leon", "Vehicles", "Car", "car"),
        ("Smart car", "Vehicles", "", "car"),
        ("Bus", "Vehicles", "Car", "vehicles"),
        ("Truck", "Vehicles", "Car", "vehicles"),
        ("Van", "Vehicles", "Car, Truck", "car"),
        ("Toy car", "Bedroom", "", "bedroom"),
    ],
)
def test_a_class_follows_from_the_english_name(name: str, category: str, tags: str, expected: str) -> None:
    assert class_of(name, category, tags) == expected


def test_a_library_becomes_classes_with_authors_and_licences(tmp_path: Path) -> None:
    box = box_obj(1, 1, 1)
    properties = (
        HEAD
        + piece(1, "Table", "/t/t.obj", creator="Ann")
        + piece(2, "Chair", "/c/c.obj", creator="Bob")
        + piece(10, "Chair", "c2/c.obj")
        + piece(3, "Chair", "/d/d.dae")
    )
    library(tmp_path / "a.sh3f", properties, {"t/t.obj": box, "c/c.obj": box, "c2/c.obj": box, "d/d.dae": "x"})
    models = catalog(tmp_path).models
    assert [(model.class_name, model.id, model.creator) for model in models] == [
        ("chair", "Lib-Chair-2", "Bob"),
        ("chair", "Lib-Chair-10", ""),
        ("table", "Lib-Table-1", "Ann"),
    ]
    assert {model.licence for model in models} == {"Public domain © é"}
    assert catalog(tmp_path / "a.sh3f").digest() == catalog(tmp_path).digest()
    assert catalog(tmp_path, classes=["table"]).classes == ["table"]
    shutil.copy(tmp_path / "a.sh3f", tmp_path / "b.sh3f")
    with pytest.raises(UserError, match=r"b\.sh3f describes 'Lib-\w+-\d+' a second time"):
        catalog(tmp_path)


def test_a_rotation_turns_the_file_upright(tmp_path: Path) -> None:
    lying = "v 1 2 3\nv 4 5 6\nv 7 8 10\nvn 0 0 1\nf 1//1 2//1 3//1\n"
    upright = "1 0 0 0 0 1 0 -1 0"
    properties = HEAD + piece(1, "Chair", "/c/c.obj", modelRotation=upright) + piece(2, "Chair", "/d/d.obj")
    library(tmp_path / "a.sh3f", properties, {"c/c.obj": lying, "d/d.obj": lying})
    turned, plain = catalog(tmp_path).models
    assert turned.fingerprint != plain.fingerprint
    text = sources.materialise(turned, tmp_path / "scratch", LimitsConfig()).path.read_text().splitlines()
    vertices = np.array([line.split()[1:] for line in text if line.startswith("v ")], float)
    normals = np.array([line.split()[1:] for line in text if line.startswith("vn ")], float)
    # The library's matrix, row by row, applied to a column: (x, y, z) becomes (x, z, -y).
    np.testing.assert_allclose(vertices, [[1, 3, -2], [4, 6, -5], [7, 10, -8]])
    np.testing.assert_allclose(normals, [[0, 1, 0]])
    assert "f 1//1 2//1 3//1" in text


def test_materials_come_from_the_pieces_own_folder_and_from_no_other(tmp_path: Path) -> None:
    obj = "mtllib c.mtl\n" + box_obj(1, 1, 1)
    mtl = "newmtl a\nKd 1 0 0\nmap_Kd wood.png\nnewmtl b\nmap_Kd ../other/secret.png\n"
    files = {"c/c.obj": obj, "c/c.mtl": mtl, "c/wood.png": png(), "other/secret.png": png()}
    library(tmp_path / "a.sh3f", HEAD + piece(1, "Chair", "/c/c.obj"), files)
    (model,) = catalog(tmp_path).models
    staged = sources.materialise(model, tmp_path / "scratch", LimitsConfig())
    materials = staged.path.with_name("model.mtl").read_text()
    assert "map_Kd texture-001.png" in materials and "secret" not in materials
    assert staged.path.with_name("texture-001.png").read_bytes() == png()
    assert staged.notes == ("texture ../other/secret.png is missing",)


def test_a_model_may_be_a_zip_in_the_library(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("deep/model.obj", "mtllib m.mtl\n" + box_obj(1, 1, 1))
        archive.writestr("deep/m.mtl", "newmtl a\nKd 1 0 0\n")
    library(tmp_path / "a.sh3f", HEAD + piece(1, "Chair", "/c.zip"), {"c.zip": inner.getvalue()})
    (model,) = catalog(tmp_path).models
    staged = sources.materialise(model, tmp_path / "scratch", LimitsConfig())
    assert (staged.notes, staged.path.with_name("model.mtl").read_text()) == ((), "newmtl a\nKd 1 0 0\n")


def test_a_piece_whose_model_is_not_there_fails_alone(tmp_path: Path) -> None:
    library(tmp_path / "a.sh3f", HEAD + piece(1, "Chair", "/c/gone.obj"), {"c/x.txt": "x"})
    (model,) = catalog(tmp_path).models
    with pytest.raises(ModelFailure, match=r"a\.sh3f holds no c/gone\.obj"):
        sources.materialise(model, tmp_path / "scratch", LimitsConfig())


def test_what_is_no_library_is_named_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no furniture libraries .* at .*; apt-get install sweethome3d-furniture"):
        catalog(tmp_path / "nowhere")
    with pytest.raises(UserError, match="no furniture libraries"):
        catalog(tmp_path)
    (tmp_path / "a.sh3f").write_text("no zip")
    with pytest.raises(UserError, match=r"a\.sh3f is no zip archive"):
        catalog(tmp_path)
    with zipfile.ZipFile(tmp_path / "a.sh3f", "w") as archive:
        archive.writestr("x.txt", "x")
    with pytest.raises(UserError, match=r"a\.sh3f is no furniture library: it holds no PluginFurnitureCatalog"):
        catalog(tmp_path)


def png() -> bytes:
    import cv2

    return bytes(cv2.imencode(".png", np.full((2, 2, 3), 90, np.uint8))[1])
