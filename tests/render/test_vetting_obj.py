"""OBJ files: what is staged names nothing but staged files, and old files' names of textures are understood."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import pytest

from tests.conftest import box_obj
from tests.render.hostile import materials, obj, png, staged, with_a_secret


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return with_a_secret(tmp_path)


@pytest.mark.parametrize(
    ("name", "lies_at"),
    [
        ("a.png", "a.png"),
        ("A B c.PNG", "a b C.png"),
        ("sub\\a.png", "Sub/a.png"),
        ("../images/a.png", "images/a.png"),
        ("f:/old/disk/a.png", "images/a.png"),
        ("/home/someone/a.png", "textures/a.png"),
        ("-s 2 2 -o 0.5 0 0 -blendu on a.png", "a.png"),
        ("-bm 0.3 -clamp off my picture.png", "my picture.png"),
        ('"a.png"', "a.png"),
        ("file:///x/a.png", "a.png"),
    ],
)
def test_a_texture_is_found_under_the_names_that_old_files_give_it(root: Path, name: str, lies_at: str) -> None:
    (root / lies_at).parent.mkdir(exist_ok=True)
    (root / lies_at).write_bytes(png())
    got = staged(obj(root, f"map_Kd {name}\n"), root)
    assert got.notes == ()
    (line,) = [line for line in materials(got) if line.startswith("map_Kd")]
    assert (got.path.parent / line.split()[-1]).read_bytes() == png()
    assert line.split()[-1] == "texture-001.png"


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tga", "tif", "webp"])
def test_kinds_of_pictures_are_known_by_their_headers(root: Path, suffix: str) -> None:
    from PIL import Image

    Image.new("RGB", (3, 2), (200, 10, 10)).save(root / f"a.{suffix}")
    (root / f"a.{suffix}").rename(root / "a.xyz")
    assert materials(staged(obj(root, "map_Kd a.xyz\n"), root))[-1] == f"map_Kd texture-001.{suffix}"


def test_options_that_place_a_texture_stay(root: Path) -> None:
    (root / "a.png").write_bytes(png())
    got = staged(obj(root, "map_Kd -s 2 3 -o .5 a.png\nbump -bm 0.25 a.png\nmap_opacity a.png\n"), root)
    assert materials(got)[2:] == [
        "map_Kd -s 2 3 1 -o 0.5 0 0 texture-001.png",
        "map_Bump -bm 0.25 texture-001.png",
        "map_d texture-001.png",
    ]


def test_a_missing_or_broken_texture_is_noted_and_its_colour_stays(root: Path) -> None:
    (root / "broken.png").write_bytes(b"no picture")
    (root / "folder.png").mkdir()
    os.mkfifo(root / "pipe.png")
    lines = "".join(f"map_Kd {name}.png\n" for name in ("gone", "broken", "folder", "pipe"))
    got = staged(obj(root, lines), root)
    assert materials(got) == ["newmtl a", "Kd 1 0 0"]
    assert got.notes == (
        "texture gone.png is missing",
        "texture broken.png is no picture of a kind that is read",
        "texture folder.png is not a regular file",
        "texture pipe.png is not a regular file",
    )


@pytest.mark.parametrize("how", ["dots", "absolute", "link", "folder link", "link to a link", "backslashes"])
def test_no_texture_lies_outside_of_the_root(root: Path, how: str) -> None:
    name = "x.png"
    if how == "dots":
        name = "../secret.png"
    elif how == "absolute":
        name = str(root.parent / "secret.png")
    elif how == "backslashes":
        name = "..\\secret.png"
    elif how == "folder link":
        (root / "up").symlink_to(root.parent)
        name = "up/secret.png"
    else:
        (root / "y.png").symlink_to("../secret.png")
        (root / "x.png").symlink_to("y.png" if how == "link to a link" else "../secret.png")
    got = staged(obj(root, f"map_Kd {name}\n"), root)
    assert got.notes == (f"texture {name} lies outside of the model's folder",)
    assert all(path.read_bytes() != png(7) for path in got.path.parent.iterdir())


def test_no_material_library_lies_outside_of_the_root(root: Path) -> None:
    (root.parent / "other.mtl").write_text("newmtl stolen\n")
    path = obj(root, "", head="mtllib ../other.mtl\n")
    (root / "m.mtl").unlink()
    got = staged(path, root)
    assert got.notes == ("material library ../other.mtl lies outside of the model's folder",)
    assert materials(got) == []


def test_the_root_may_be_wider_than_the_models_folder(root: Path) -> None:
    (root / "chair").mkdir()
    (root / "shared.png").write_bytes(png())
    assert staged(obj(root / "chair", "map_Kd ../shared.png\n"), root).notes == ()


def test_a_linked_model_stands_where_it_really_lies(root: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    real.mkdir()
    (real / "a.png").write_bytes(png())
    obj(real, "map_Kd a.png\nmap_Ks ../secret.png\n")
    (root / "m.obj").symlink_to(real / "m.obj")
    got = staged(root / "m.obj", root)
    assert materials(got)[-1] == "map_Kd texture-001.png"
    assert got.notes == ("texture ../secret.png lies outside of the model's folder",)


def test_only_statements_that_draw_are_copied(root: Path) -> None:
    lines = [
        *(
            "mtllib m.mtl",
            "v 0 0 0",
            "\tv 1 0 0",
            "v\t0 1 0",
            "vt 0 0",
            "vn 0 0 1",
            "g a b",
            "o c",
            "s off",
            "usemtl a",
        ),
        *(
            "f 1 2 \\",
            "3",
            "call ../evil.obj",
            "csh rm -rf /",
            "maplib x",
            "shadow_obj y",
            "l 1 2",
            "p 1",
            "curv 0 1 1 2",
        ),
        *("\x0bmtllib ../../x.mtl", "xmtllib y"),
    ]
    (root / "m.mtl").write_text("newmtl a\nKd 1 0 0\nKd spectral secret.rfl\nmap_aat on\nsharpness 60\nPr 0.5\n")
    (root / "m.obj").write_text("\n".join(lines))
    got = staged(root / "m.obj", root)
    kept = [line.strip() for line in got.path.read_text().splitlines() if line.strip()]
    assert kept == [
        *(
            "mtllib model.mtl",
            "v 0 0 0",
            "v 1 0 0",
            "v 0 1 0",
            "vt 0 0",
            "vn 0 0 1",
            "g a b",
            "o c",
            "s off",
            "usemtl a",
        ),
        "f 1 2  3",
    ]
    assert materials(got) == ["newmtl a", "Kd 1 0 0", "Pr 0.5"]


def test_names_of_materials_keep_their_bytes(root: Path) -> None:
    path = obj(root, "")
    path.write_bytes(b"mtllib m.mtl\nusemtl caf\xe9\n" + box_obj(1, 1, 1).encode())
    (root / "m.mtl").write_bytes(b"newmtl caf\xe9\nKd 1 0 0\n")
    got = staged(path, root)
    assert b"usemtl caf\xe9\n" in got.path.read_bytes()
    assert b"newmtl caf\xe9\n" in got.path.with_name("model.mtl").read_bytes()


def test_a_gif_becomes_a_picture_that_blender_reads(root: Path) -> None:
    from PIL import Image

    Image.new("RGB", (3, 2), (200, 10, 10)).save(root / "a.gif")
    got = staged(obj(root, "map_Kd a.gif\n"), root)
    picture = cv2.imread(str(got.path.with_name("texture-001.png")))
    assert picture.shape == (2, 3, 3) and picture[0, 0].tolist() == [10, 10, 200]
