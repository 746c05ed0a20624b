"""Untrusted model files: what is staged names nothing but staged files, and what must not be rendered is refused."""

from __future__ import annotations

import base64
import json
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from render import vetting
from render.child import ModelFailure
from render.config import LimitsConfig
from render.vetting import archives
from tests.conftest import box_obj

LIMITS = LimitsConfig()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of models with a secret beside it."""
    (tmp_path / "secret.png").write_bytes(png(7))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def png(grey: int = 90, width: int = 2, height: int = 2) -> bytes:
    return bytes(cv2.imencode(".png", np.full((height, width, 3), grey, np.uint8))[1])


def obj(root: Path, mtl: str, head: str = "mtllib m.mtl\n") -> Path:
    (root / "m.obj").write_text(head + "usemtl a\n" + box_obj(1, 1, 1))
    (root / "m.mtl").write_text("newmtl a\nKd 1 0 0\n" + mtl)
    return root / "m.obj"


def staged(path: Path, root: Path, limits: LimitsConfig = LIMITS) -> vetting.Staged:
    return vetting.stage(path, root.parent / "scratch", limits, root)


def materials(got: vetting.Staged) -> list[str]:
    return got.path.with_name("model.mtl").read_text().splitlines()


# --- OBJ and MTL ---


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
        "texture folder.png cannot be read",
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


# --- what is refused ---


def test_limits_are_stated_with_what_was_found(root: Path) -> None:
    (root / "a.png").write_bytes(png(90, 2000, 1000))
    path = obj(root, "map_Kd a.png\nmap_Ks b.png\n")
    (root / "b.png").write_bytes(png())
    for limits, line in (
        (LimitsConfig(texture_mpx=1.9), r"m\.obj has the texture a\.png of 2 megapixels, the limit is 1\.9"),
        (LimitsConfig(textures=1), r"m\.obj has more than 1 textures \(limits\.textures\)"),
        (LimitsConfig(faces=5), r"m\.obj has more than 5 faces \(limits\.faces\)"),
        (LimitsConfig(file_mb=0.0001), r"m\.obj is 0\.0 MB, the limit is 0\.0001 \(limits\.file_mb\)"),
    ):
        with pytest.raises(ModelFailure, match=line) as failure:
            staged(path, root, limits)
        assert "\n" not in failure.value.reason
    assert staged(path, root).notes == ()


def test_a_picture_of_a_billion_pixels_is_refused_by_its_header(root: Path) -> None:
    head = struct.pack(">I4sIIBBBBB", 13, b"IHDR", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = struct.pack(">I4s", 64, b"IDAT") + b"\0" * 64
    (root / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + head + struct.pack(">I", zlib_crc(head[4:])) + body)
    with pytest.raises(ModelFailure, match=r"the texture a\.png of 3,600 megapixels, the limit is 70"):
        staged(obj(root, "map_Kd a.png\n"), root)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", "holds no faces"),
        (b"v 0 0 0\nv 1 0 0\n", "holds no faces"),
        (b"v 0 0 0\0\nf 1 1 1\n", "is no text"),
        (bytes(range(1, 256)) * 1000, "holds no faces"),
        (b"v 0 0 0\n" * 3 + b"f" + b" 1" * 150_000, "has a line of more than 200000 bytes"),
        (b"x" * 9_000_000, "is no text in lines|has a line of more"),
    ],
)
def test_what_is_no_obj_is_refused(root: Path, data: bytes, line: str) -> None:
    (root / "m.obj").write_bytes(data)
    with pytest.raises(ModelFailure, match=line):
        staged(root / "m.obj", root)


@pytest.mark.parametrize("suffix", [".obj", ".glb", ".gltf"])
@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "socket", "nowhere", "loop", "missing"])
def test_what_is_no_file_is_refused_and_never_waited_for(root: Path, suffix: str, kind: str) -> None:
    path = root / f"m{suffix}"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        import socket

        with socket.socket(socket.AF_UNIX) as server:
            here = os.open(root, os.O_RDONLY)
            try:
                server.bind(f"/proc/self/fd/{here}/m{suffix}")
            finally:
                os.close(here)
    elif kind != "missing":
        path.symlink_to({"device": "/dev/zero", "nowhere": "gone", "loop": path.name}[kind])
    with pytest.raises(ModelFailure, match=r"m\.\w+ (is not a regular file|cannot be read)|zero is not a regular file"):
        staged(path, root)


def test_kinds_of_files_that_can_hold_programs_are_refused(root: Path) -> None:
    for name in ("m.blend", "m.py", "m.usdz", "m.fbx", "m"):
        (root / name).write_text("x")
        with pytest.raises(ModelFailure, match=r"is none of \.glb, \.gltf, \.obj"):
            staged(root / name, root)


# --- glTF ---


def triangle() -> dict[str, Any]:
    positions = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)
    uri = "data:application/octet-stream;base64," + base64.b64encode(positions).decode()
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "buffers": [{"byteLength": 36, "uri": uri}],
    }


def textured(*uris: str) -> dict[str, Any]:
    document = triangle()
    document["images"] = [{"uri": uri} for uri in uris]
    document["textures"] = [{"source": index} for index in range(len(uris))]
    document["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"] = {"index": 0}
    document["materials"][0]["normalTexture"] = {"index": len(uris) - 1}
    return document


def gltf(root: Path, document: object) -> Path:
    (root / "m.gltf").write_text(json.dumps(document))
    return root / "m.gltf"


def glb(root: Path, document: dict[str, Any], binary: bytes = b"") -> Path:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if binary:
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    (root / "m.glb").write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks)
    return root / "m.glb"


def read_back(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    if data[:4] == b"glTF":
        (length,) = struct.unpack("<I", data[12:16])
        data = data[20 : 20 + length]
    return dict(json.loads(data))


def test_a_file_that_needs_no_other_is_taken_as_it_is(root: Path) -> None:
    path = gltf(root, triangle())
    assert staged(path, root) == vetting.Staged(path)


def test_buffers_and_pictures_are_staged_under_plain_names(root: Path) -> None:
    document = textured("a%20b.png", "sub/c.png")
    (root / "d.bin").write_bytes(base64.b64decode(document["buffers"][0]["uri"].split(",")[1]))
    document["buffers"][0]["uri"] = "d.bin"
    (root / "sub").mkdir()
    (root / "a b.png").write_bytes(png(1))
    (root / "sub/c.png").write_bytes(png(2))
    got = staged(gltf(root, document), root)
    copy = read_back(got.path)
    assert got.notes == ()
    assert [copy["buffers"][0]["uri"], *(image["uri"] for image in copy["images"])] == [
        *("buffer-000.bin", "texture-001.png", "texture-002.png")
    ]
    assert (got.path.parent / "texture-002.png").read_bytes() == png(2)
    assert vetting.companions(root / "m.gltf", root, LIMITS) == [root / "d.bin", root / "a b.png", root / "sub/c.png"]


@pytest.mark.parametrize(
    "uri", ["gone.png", "../secret.png", "%2e%2e/secret.png", "file:///etc/passwd", "http://x.org/a.png", "ABSOLUTE"]
)
def test_a_picture_that_may_not_be_read_leaves_the_plain_colour(root: Path, uri: str) -> None:
    (root / "ok.png").write_bytes(png(1))
    uri = str(root.parent / "secret.png") if uri == "ABSOLUTE" else uri
    got = staged(gltf(root, textured(uri, "ok.png")), root)
    copy = read_back(got.path)
    assert len(got.notes) == 1
    material = copy["materials"][0]
    assert material["pbrMetallicRoughness"] == {"baseColorFactor": [1, 0, 0, 1]}
    assert material["normalTexture"] == {"index": 1}
    assert copy["images"][0]["uri"].startswith("data:image/png;base64,")
    assert all(path.read_bytes() != png(7) for path in got.path.parent.iterdir())


@pytest.mark.parametrize("uri", ["gone.bin", "../secret.png", "/etc/passwd", "file:///etc/passwd", "http://x/y"])
def test_a_buffer_that_may_not_be_read_refuses_the_model(root: Path, uri: str) -> None:
    document = triangle()
    document["buffers"][0]["uri"] = uri
    with pytest.raises(
        ModelFailure, match=r"names the buffer .*, which (is missing|lies outside of the model's folder)"
    ):
        staged(gltf(root, document), root)


def test_pictures_in_a_glb_are_judged_by_their_headers(root: Path) -> None:
    positions = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)
    picture = png(90, 40, 25)
    document = textured("x")
    document["images"] = [{"bufferView": 1, "mimeType": "image/png"}]
    document["bufferViews"].append({"buffer": 0, "byteOffset": 36, "byteLength": len(picture)})
    document["buffers"] = [{"byteLength": 36 + len(picture)}]
    path = glb(root, document, positions + picture + b"\0" * (-len(picture) % 4))
    assert staged(path, root) == vetting.Staged(path)
    with pytest.raises(ModelFailure, match=r"texture image 0 of 0 megapixels, the limit is 0\.0009"):
        staged(path, root, LimitsConfig(texture_mpx=0.0009))
    document["animations"] = [{"channels": []}]
    path = glb(root, document, positions + b"x" * len(picture) + b"\0" * (-len(picture) % 4))
    got = staged(path, root)
    copy = read_back(got.path)
    assert got.notes == ("texture image 0 is no picture of a kind that is read",)
    assert "baseColorTexture" not in copy["materials"][0]["pbrMetallicRoughness"] and "animations" not in copy
    assert got.path.read_bytes()[-len(positions + picture) - 3 :].find(positions) >= 0
    (total,) = struct.unpack("<I", got.path.read_bytes()[8:12])
    assert total == got.path.stat().st_size


def broken(change: str) -> dict[str, Any]:
    document = triangle()
    exec(change, {"d": document})
    return document


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("d['asset']['version'] = '1.0'", "glTF of version 1.0"),
        ("del d['asset']", "glTF of version None"),
        ("d['buffers'][0]['byteLength'] = 10**12", "is cut: buffer 0 says 1000000000000 bytes and has 36"),
        ("d['bufferViews'][0]['byteLength'] = 37", "bufferView 0 that ends beyond its buffer"),
        ("d['bufferViews'][0]['byteOffset'] = -4", "'byteOffset' that is no whole number"),
        ("d['bufferViews'][0]['buffer'] = 3", "bufferView 0 that points to no one of its buffers"),
        ("d['accessors'][0]['count'] = 4", "accessor 0 that ends beyond its bufferView"),
        ("d['accessors'][0].pop('bufferView'); d['accessors'][0]['count'] = 10**10", "10,000,000,000 elements"),
        ("d['nodes'] = [{'mesh': 0}] * 20_000_000 if False else [{'mesh': 0}] * 11", "draws 11 faces, the limit is 10"),
        ("d['nodes'] += [{'children': [2]}, {'children': [1]}]", "nodes that are their own ancestors"),
        ("d['nodes'] += [{'children': [0]}, {'children': [0]}]", "child that is missing or another's"),
        ("d['nodes'][0]['mesh'] = 5", "node 0 that points to no one of its meshes"),
        ("d['meshes'] = 3", "'meshes' that are no list of objects"),
        ("d['nodes'] = []", "holds no faces"),
        ("d['buffers'][0]['uri'] = 'data:;base64,AAA'", "not base64|is cut"),
    ],
)
def test_a_document_that_says_more_than_it_holds_is_refused(root: Path, change: str, line: str) -> None:
    with pytest.raises(ModelFailure, match=line):
        staged(gltf(root, broken(change)), root, LimitsConfig(faces=10))


def test_instances_count(root: Path) -> None:
    document = triangle()
    document["accessors"].append({"componentType": 5126, "count": 11, "type": "VEC3"})
    document["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": 1}}}
    with pytest.raises(ModelFailure, match="draws 11 faces, the limit is 10"):
        staged(gltf(root, document), root, LimitsConfig(faces=10))


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", "holds no JSON"),
        (b"glTF\2\0", "is cut: a GLB begins with 12 bytes"),
        (b"glTF\2\0\0\0\xff\xff\0\0", "is cut: it says 65535 bytes and has 12"),
        (b"glTF\1\0\0\0\x0c\0\0\0", "is GLB of version 1"),
        (b"glTF\2\0\0\0\x14\0\0\0\xff\0\0\0JSON", "is cut: a chunk says 255 bytes and 0 are left"),
        (b"glTF\2\0\0\0\x14\0\0\0\0\0\0\0BIN\0", "does not begin with JSON"),
        (b"[" * 100_000, "holds no JSON that can be read"),
        (b"[" + b"[]," * 3_000_000 + b"0]", "JSON of more than 4,000,000 values"),
        (b"\xff\xfe{", "holds no JSON"),
        (b"{" + b'"a":' + b"9" * 10_000 + b"}", "holds no JSON|of version"),
    ],
)
def test_what_is_no_gltf_is_refused(root: Path, data: bytes, line: str) -> None:
    (root / "m.glb").write_bytes(data)
    with pytest.raises(ModelFailure, match=line):
        staged(root / "m.glb", root)


# --- archives ---


def packed(path: Path, files: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def unpacked(path: Path, limits: LimitsConfig = LIMITS) -> Path:
    return archives.unpack(path, "c/m.obj", "c/", path.parent / "out", limits)


def test_only_the_models_own_folder_is_unpacked(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"c/m.obj": b"x", "c/t/a.png": b"y", "d/z": b"z", "../evil": b"e"})
    assert unpacked(path).read_bytes() == b"x"
    assert sorted(each.name for each in (tmp_path / "out").rglob("*")) == ["a.png", "c", "m.obj", "t"]


@pytest.mark.parametrize("name", ["c/../../evil", "c/..\\evil", "c/C:x", "c//../../evil"])
def test_names_that_lead_out_of_an_archive_are_refused(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "a.zip", {"c/m.obj": b"x", name: b"e"})
    with pytest.raises(ModelFailure, match=r"a\.zip holds the name .*, which leads out of its folder"):
        unpacked(path)
    assert not (tmp_path / "evil").exists()


def test_bombs_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"c/m.obj": b"\0" * 20_000_000})
    with pytest.raises(ModelFailure, match=r"unpacks to 1,0\d\d times its size, the limit is 300"):
        unpacked(path)
    with pytest.raises(ModelFailure, match=r"unpacks to 20 MB, the limit is 10 \(limits\.archive_mb\)"):
        unpacked(path, LimitsConfig(archive_mb=10))
    assert not (tmp_path / "out").exists()
    many = packed(tmp_path / "b.zip", {f"c/{index}": b"" for index in range(30)})
    with pytest.raises(ModelFailure, match=r"has 30 files in one model, the limit is 20"):
        unpacked(many, LimitsConfig(archive_members=20))


def test_an_archive_in_an_archive_counts_too(tmp_path: Path) -> None:
    inner = packed(tmp_path / "i.zip", {"m.obj": b"\0" * 20_000_000}).read_bytes()
    path = packed(tmp_path / "a.zip", {"c/m.zip": inner})
    with pytest.raises(ModelFailure, match=r"m\.zip unpacks to 1,0\d\d times its size"):
        archives.unpack(path, "c/m.zip", "c/", tmp_path / "out", LIMITS)


def test_an_entry_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"c/m.obj": b"0123456789" * 1000}, zipfile.ZIP_STORED)
    data = path.read_bytes().replace(struct.pack("<II", 10_000, 10_000), struct.pack("<II", 10_000, 10))
    path.write_bytes(data)
    with pytest.raises(ModelFailure, match=r"is damaged|unpacks to more"):
        unpacked(path)


def test_encrypted_foreign_and_linking_entries_are_refused(tmp_path: Path) -> None:
    data = packed(tmp_path / "a.zip", {"c/m.obj": b"x"}, zipfile.ZIP_STORED).read_bytes()
    encrypted = bytearray(data)
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        encrypted[data.index(mark) + at] |= 1
    (tmp_path / "e.zip").write_bytes(encrypted)
    with pytest.raises(ModelFailure, match=r"e\.zip is encrypted at c/m\.obj"):
        unpacked(tmp_path / "e.zip")
    with pytest.raises(ModelFailure, match=r"l\.zip is packed in a way that is not read"):
        unpacked(packed(tmp_path / "l.zip", {"c/m.obj": b"x"}, zipfile.ZIP_LZMA))
    link = zipfile.ZipInfo("c/m.obj")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ModelFailure, match=r"s\.zip holds a link or device at c/m\.obj"):
        unpacked(tmp_path / "s.zip")


def zlib_crc(data: bytes) -> int:
    import zlib

    return zlib.crc32(data)
