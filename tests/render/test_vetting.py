"""Model files that must not be rendered are refused in one line: over a limit, of another kind, or no files at all."""

from __future__ import annotations

import os
import socket
import struct
import zlib
from pathlib import Path

import pytest

from render.child import ModelFailure
from render.config import LimitsConfig
from tests.render.hostile import obj, png, staged, with_a_secret


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return with_a_secret(tmp_path)


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
    (root / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + head + struct.pack(">I", zlib.crc32(head[4:])) + body)
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
