"""What tests of vetting build: small models that name other files, and a look at what was staged of them."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from render import vetting
from render.config import LimitsConfig
from tests.conftest import box_obj

LIMITS = LimitsConfig()


def with_a_secret(folder: Path) -> Path:
    """A folder for models, with a picture beside it that none of them may show: `png(7)`."""
    (folder / "secret.png").write_bytes(png(7))
    (folder / "models").mkdir()
    return folder / "models"


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
