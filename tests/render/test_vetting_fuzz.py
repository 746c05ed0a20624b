"""Whatever is done to a model file, vetting ends soon: with a staged file in its own folder, or a clean refusal."""

from __future__ import annotations

import copy
import io
import json
import random
import shutil
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from render import vetting
from render.child import ModelFailure
from render.config import LimitsConfig
from render.vetting import archives
from tests.conftest import box_obj
from tests.render.hostile import glb, gltf, png, textured

LIMITS = LimitsConfig(file_mb=4, faces=10_000, textures=8, texture_mpx=1, archive_mb=4, archive_members=50)
HOSTILE: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2**31, 2**64, 10**30, 1.5, float("nan"), "", "x", "../x", "/etc/passwd", "data:,", "\0"),
    *("data:;base64,!", "é" * 300, [], {}, [[]], [0], [-1], {"index": []}, {"uri": "../../x"}, {"source": "a"}),
)
PIECES = (
    b"\0",
    b"../",
    b"\\\n",
    b"\nmtllib ../x\n",
    b"\nmap_Kd /etc/passwd\n",
    b"-s ",
    b"9" * 400,
    b"\xff",
    b"\r",
    b'"',
    b"{",
)


def mutated(data: bytes, draw: random.Random) -> bytes:
    """Bytes with a few of them changed, cut, doubled or mixed with what is known to hurt."""
    changed = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(changed) + 1)
        match draw.randrange(5):
            case 0:
                changed[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                del changed[at : at + draw.randint(1, 40)]
            case 2:
                changed[at:at] = draw.choice(PIECES)
            case 3:
                start = draw.randrange(len(changed) + 1)
                changed[at:at] = changed[start : start + 60]
            case _:
                changed = changed[: draw.randrange(len(changed) + 1)] if draw.random() < 0.2 else changed
    return bytes(changed)


def twisted(document: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """A document with a few values replaced, removed or added."""
    changed = copy.deepcopy(document)
    for _ in range(draw.randint(1, 3)):
        here: Any = changed
        while True:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            if not keys:
                break
            key = draw.choice(keys)
            if isinstance(here[key], dict | list) and draw.random() < 0.85:
                here = here[key]
                continue
            if draw.random() < 0.2:
                del here[key]
            else:
                here[key] = copy.deepcopy(draw.choice(HOSTILE))
            break
    return changed


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "root" / name).write_bytes(png())
    (tmp_path / "root/d.bin").write_bytes(b"\0" * 64)
    return tmp_path


def survives(home: Path, path: Path) -> bool:
    """Stage a file; True when it was taken. But for the file itself, all that it names must be staged."""
    scratch = home / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    start = time.monotonic()
    vetting.companions(path, home / "root", LIMITS)
    try:
        got = vetting.stage(path, scratch, LIMITS, home / "root")
    except ModelFailure as failure:
        return refused(failure)
    finally:
        assert time.monotonic() - start < 5
    assert got.path.parent in (scratch, home / "root")
    if path.suffix == ".obj":
        for line in got.path.with_name("model.mtl").read_bytes().splitlines():
            word, _, rest = line.partition(b" ")
            if word.lower().startswith((b"map_", b"bump", b"disp", b"norm", b"refl", b"decal")):
                assert (scratch / rest.split()[-1].decode()).is_file()
        words = [line.split()[0] for line in got.path.read_bytes().split(b"\n") if line.split()]
        assert set(words) <= {b"mtllib", b"v", b"vn", b"vt", b"f", b"o", b"g", b"s", b"usemtl"}
        assert words.count(b"mtllib") == 1
    elif path.suffix == ".gltf":
        for kind in ("buffers", "images"):
            for item in json.loads(got.path.read_bytes()).get(kind, []):
                uri = item.get("uri")
                assert uri is None or uri.startswith("data:") or (scratch / uri).is_file()
    return True


def refused(failure: ModelFailure) -> bool:
    """False; a refusal is one line that can be shown."""
    assert failure.reason.isprintable() and len(failure.reason) < 400
    return False


def seeds(count: int) -> Iterator[random.Random]:
    return (random.Random(seed) for seed in range(count))


def test_mutated_obj_and_mtl_files(home: Path) -> None:
    obj = f"mtllib m.mtl\no a\nusemtl a\n{box_obj(1, 1, 1)}vt 0 0\nvn 0 0 1\nf 1/1/1 2/1/1 3/1/1 \\\n 4/1/1\n".encode()
    mtl = b"newmtl a\nKd 1 0 0\nmap_Kd -s 1 1 1 a.png\nbump -bm 0.5 b.png\nrefl -type sphere a.png\nd 0.5\n"
    taken = 0
    for draw in seeds(200):
        (home / "root/m.obj").write_bytes(mutated(obj, draw) if draw.random() < 0.6 else obj)
        (home / "root/m.mtl").write_bytes(mutated(mtl, draw))
        taken += survives(home, home / "root/m.obj")
    assert 50 < taken < 200


def test_twisted_gltf_documents(home: Path) -> None:
    document = textured("a.png", "b.png")
    document["buffers"].append({"uri": "d.bin", "byteLength": 64})
    document["bufferViews"].append({"buffer": 1, "byteLength": 64, "byteStride": 16})
    document["accessors"] += [
        {"bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR"},
        {
            "componentType": 5126,
            "count": 3,
            "type": "VEC3",
            "sparse": {
                "count": 1,
                "indices": {"bufferView": 1, "componentType": 5123},
                "values": {"bufferView": 1},
            },
        },
    ]
    document["meshes"][0]["primitives"][0] |= {"indices": 1, "targets": [{"POSITION": 2}]}
    document["nodes"][0] |= {"children": [1], "extensions": {"EXT_mesh_gpu_instancing": {"attributes": {"SCALE": 2}}}}
    document["nodes"].append({"mesh": 0})
    document["images"].append({"bufferView": 1, "mimeType": "image/png"})
    document["textures"].append({"extensions": {"EXT_texture_webp": {"source": 2}}})
    assert survives(home, gltf(home / "root", document))
    taken = sum(survives(home, gltf(home / "root", twisted(document, draw))) for draw in seeds(400))
    assert 40 < taken < 400


def test_mutated_glb_files(home: Path) -> None:
    document = textured("a.png")
    document["buffers"] = [{"byteLength": 64}]
    whole = glb(home / "root", document, b"\0" * 64).read_bytes()
    taken = 0
    for draw in seeds(200):
        (home / "root/m.glb").write_bytes(mutated(whole, draw))
        taken += survives(home, home / "root/m.glb")
    assert 2 < taken < 200


def test_mutated_archives(home: Path) -> None:
    store = io.BytesIO()
    with zipfile.ZipFile(store, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("c/m.obj", "c/m.mtl", "d/other"):
            archive.writestr(name, box_obj(1, 1, 1))
    whole, taken = store.getvalue(), 0
    for draw in seeds(200):
        (home / "a.zip").write_bytes(mutated(whole, draw))
        shutil.rmtree(home / "out", ignore_errors=True)
        try:
            archives.unpack(home / "a.zip", "c/m.obj", "c/", home / "out", LIMITS)
            taken += 1
        except ModelFailure as failure:
            refused(failure)
    assert {path.name for path in home.iterdir()} <= {"root", "a.zip", "out", "scratch"}
    assert 2 < taken < 200
