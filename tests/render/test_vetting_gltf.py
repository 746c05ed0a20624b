"""glTF files: what is staged names nothing but staged files, and what says more than it holds is refused."""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from typing import Any

import pytest

from render import vetting
from render.child import ModelFailure
from render.config import LimitsConfig
from tests.render.hostile import LIMITS, glb, gltf, png, read_back, staged, textured, triangle, with_a_secret


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return with_a_secret(tmp_path)


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
        ("d['nodes'] = [{'mesh': 0}] * 11", "draws 11 faces, the limit is 10"),
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


def test_files_that_extensions_name_are_left_out(root: Path) -> None:
    document = triangle() | {"extensions": {"MPEG_audio": {"sources": [{"uri": "../secret.png"}]}}}
    got = staged(gltf(root, document), root)
    assert read_back(got.path)["extensions"] == {"MPEG_audio": {"sources": [{}]}}
    assert got.notes == ("a file that an extension names is left out",)


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
