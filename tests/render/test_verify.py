"""`python -m render verify`: every way in which a stored dataset can be spoilt is found and named."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from infra.errors import UserError
from infra.storage import open_storage
from render.catalog import Catalog, Model
from render.config import RenderConfig
from render.dataset import dataset_digest, read_manifest
from render.finishing import finish_dataset
from render.turntables import render_shard
from render.verify import dataset_of, verify
from tests.conftest import box_obj

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, str(ROOT / "tests/render/misbehaving.py"))
SECOND = "shards/thing-000001.tar"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a dataset of three shards of two models, as a rendering leaves it (its pictures are noise)."""
    folder = tmp_path_factory.mktemp("verify")
    names = [f"model{number}" for number in range(6)]
    for name in names:
        (folder / f"{name}.obj").write_text(box_obj(1, 1, 1))
    catalog = Catalog(tuple(Model(name, "thing", "f", file=str(folder / f"{name}.obj")) for name in names))
    config = RenderConfig(size=16, azimuths=3, elevations=[0], models_per_shard=2, threads=1)
    storage = open_storage(folder / "workspace/dataset")
    parts = [render_shard(plan, config, storage, lambda _: None, COMMAND) for plan in catalog.shards(2)]
    finish_dataset(config, catalog, parts, storage)
    return folder / "workspace"


@pytest.fixture
def dataset(whole: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    shutil.copytree(whole, tmp_path / "workspace")
    return tmp_path / "workspace/dataset"


def faults(dataset: Path) -> list[str]:
    return verify(open_storage(dataset), jobs=2)


def change(path: Path, edit: Callable[[bytearray], None]) -> None:
    data = bytearray(path.read_bytes())
    edit(data)
    path.write_bytes(bytes(data))


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(member)
    assert content is not None
    return content.read()


def rewrite(dataset: Path, edit: Callable[[str, bytes], bytes | None]) -> None:
    """Make the second shard anew with changed members, and a manifest that knows its bytes: the inside alone tells."""
    path = dataset / SECOND
    with tarfile.open(path) as tar:
        members = [(member.name, _content(tar, member)) for member in tar]
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            if (changed := edit(name, data)) is not None:
                entry = tarfile.TarInfo(name)
                entry.size = len(changed)
                tar.addfile(entry, io.BytesIO(changed))
    storage = open_storage(dataset)
    manifest = read_manifest(storage)
    assert manifest is not None
    data = path.read_bytes()
    known = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    shards = [shard.model_copy(update=known) if shard.name in SECOND else shard for shard in manifest.shards]
    fitting = manifest.model_copy(update={"shards": shards, "digest": dataset_digest(shards)})
    storage.write_json("manifest.json", fitting.model_dump(mode="json"))


def test_a_whole_dataset_has_no_faults_and_every_shard_is_counted(dataset: Path) -> None:
    told: list[tuple[int, int]] = []
    assert verify(open_storage(dataset), 2, lambda done, total: told.append((done, total))) == []
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_flipped_bit_anywhere_in_a_shard_is_found(dataset: Path) -> None:
    path = dataset / SECOND
    original = path.read_bytes()
    for place in np.random.default_rng(0).integers(len(original), size=25):
        spoilt = bytearray(original)
        spoilt[place] ^= 4
        path.write_bytes(bytes(spoilt))
        found = faults(dataset)
        assert found[0] == f"{SECOND}: its SHA-256 is not the manifest's: some of its bytes have changed", place
        assert all(fault.startswith(SECOND) for fault in found)


def test_a_flipped_bit_in_a_picture_names_the_picture(dataset: Path) -> None:
    place = (dataset / SECOND).read_bytes().index(b"IDAT") + 20
    change(dataset / SECOND, lambda data: data.__setitem__(place, data[place] ^ 1))
    assert faults(dataset)[1:] == [f"{SECOND}: thing_model2_v000.mask.png cannot be decoded"]


def test_a_missing_shard_a_truncated_one_and_a_stray_one_are_told_apart(dataset: Path) -> None:
    shards = dataset / "shards"
    (shards / "thing-000000.tar").unlink()
    size = (dataset / SECOND).stat().st_size
    with open(dataset / SECOND, "r+b") as handle:
        handle.truncate(size // 2 + 100)
    shutil.copy(shards / "thing-000002.tar", shards / "thing-000009.tar")
    stray, missing, truncated, *more = faults(dataset)
    assert stray == "shards/thing-000009.tar is in no manifest"
    assert missing == "shards/thing-000000.tar is missing"
    assert truncated == f"{SECOND}: {size // 2 + 100} bytes, the manifest says {size} (truncated)"
    assert any("not a whole tar after sample" in fault for fault in more)


@pytest.mark.parametrize("name", ["views.parquet", "models.parquet", "failures.parquet"])
def test_tables_are_read_and_counted(name: str, dataset: Path) -> None:
    table = pq.read_table(dataset / name)
    more = table.slice(0, 1).to_pylist() or [dict.fromkeys(table.column_names, "x")]
    pq.write_table(type(table).from_pylist(table.to_pylist() + more, schema=table.schema), dataset / name)
    assert f"{name} has {table.num_rows + 1} rows, the manifest says {table.num_rows}" in faults(dataset)
    change(dataset / name, lambda data: data.__setitem__(slice(-30, None), bytes(30)))
    assert any(fault.startswith(f"{name} cannot be read") for fault in faults(dataset))
    pq.write_table(table.drop_columns([table.column_names[0]]), dataset / name)
    assert f"{name} has no column '{table.column_names[0]}'" in faults(dataset)
    (dataset / name).unlink()
    assert faults(dataset) == [f"{name} is missing"]


def small_picture(name: str, data: bytes) -> bytes:
    return cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes() if name.endswith("v001.rgb.png") else data


def pale_mask(name: str, data: bytes) -> bytes:
    return cv2.imencode(".png", np.zeros((16, 16), np.uint8))[1].tobytes() if name.endswith("v001.mask.png") else data


def other_facts(name: str, data: bytes) -> bytes:
    return json.dumps(json.loads(data) | {"azimuth_deg": 7.0}).encode() if name.endswith("model3_v002.json") else data


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (small_picture, "thing_model2_v001.rgb.png is 8 x 8 pixels, the manifest says 16"),
        (pale_mask, "thing_model2_v001.mask.png covers 0.000000, views.parquet says 0."),
        (other_facts, "thing_model3_v002.json says azimuth_deg 7.0, views.parquet 240.0"),
        (
            lambda name, data: b"{" if name.endswith("model3_v002.json") else data,
            "thing_model3_v002.json cannot be read",
        ),
        (lambda name, data: None if name.endswith("model3_v002.mask.png") else data, "v002 has no mask.png"),
        (lambda name, data: None if "model3_v002" in name else data, "5 samples, the manifest says 6"),
    ],
)
def test_what_is_inside_a_shard_is_held_against_its_rows(
    edit: Callable[[str, bytes], bytes | None], fault: str, dataset: Path
) -> None:
    rewrite(dataset, edit)
    found = faults(dataset)
    assert any(fault in line for line in found), found
    assert all(line.startswith(SECOND) for line in found)


def test_samples_in_another_order_than_the_rows_are_found(dataset: Path) -> None:
    table = pq.read_table(dataset / "views.parquet")
    order = [1, 0, *range(2, table.num_rows)]
    pq.write_table(table.take(order), dataset / "views.parquet")
    first, second = faults(dataset)
    assert first == "shards/thing-000000.tar: sample 0 is thing_model0_v000, views.parquet says thing_model0_v001"
    assert second == "shards/thing-000000.tar: sample 1 is thing_model0_v001, views.parquet says thing_model0_v000"


def test_a_manifest_that_does_not_agree_with_itself_is_found(dataset: Path) -> None:
    values: dict[str, Any] = json.loads((dataset / "manifest.json").read_text())
    (dataset / "manifest.json").write_text(json.dumps(values | {"digest": "0" * 64}))
    assert faults(dataset) == ["manifest.json: its digest is not that of the shards it names"]
    (dataset / "manifest.json").write_text(json.dumps(values)[:-20])
    (only,) = faults(dataset)
    assert "manifest.json is not JSON" in only
    (dataset / "manifest.json").unlink()
    with pytest.raises(UserError, match=r"no finished dataset"):
        dataset_of(open_storage(dataset))


def test_the_command_takes_a_workspace_or_a_dataset_and_its_status_says_the_outcome(
    whole: Path, dataset: Path, s3_bucket: str
) -> None:
    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        full = [sys.executable, "-m", "render", "verify", *arguments]
        return subprocess.run(full, cwd=ROOT, capture_output=True, text=True, check=False)

    done = command(str(whole), "--jobs", "1")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"{whole}/dataset: whole")
    (dataset / SECOND).unlink()
    done = command(str(dataset))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-2:] == [f"{SECOND} is missing", f"{dataset}: 1 faults"]
    done = command(str(dataset / "nowhere"))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)

    remote = open_storage(f"{s3_bucket}/verify")
    for path in (path for path in whole.rglob("*") if path.is_file()):
        remote.put(path, path.relative_to(whole).as_posix())
    assert verify(dataset_of(remote)) == []
    spoilt = bytearray(remote.read_bytes(f"dataset/{SECOND}"))
    spoilt[2000] ^= 1
    remote.write_bytes(f"dataset/{SECOND}", bytes(spoilt))
    assert any("SHA-256" in fault for fault in verify(dataset_of(remote)))
