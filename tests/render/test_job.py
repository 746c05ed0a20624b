"""Rendering over a real Ray: the dataset follows from models and settings alone, and what is there is kept."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import ray

from infra.errors import UserError
from infra.settings import digest
from infra.storage import open_storage
from infra.tracking import open_run
from render import sources
from render.catalog import Catalog, Model
from render.config import RenderConfig, SourceConfig
from render.dataset import Manifest, dataset_digest, decode_shard, open_dataset
from render.finishing import inputs_digest
from render.job import _await, placed, render_dataset
from render.viewpoints import project

ROOT = Path(__file__).resolve().parents[2]


def config(folder: Path, **settings: object) -> RenderConfig:
    source = SourceConfig(kind="folder", path=str(folder))
    base = {"size": 32, "azimuths": 4, "elevations": [10, 30], "samples": 2, "models_per_shard": 1}
    return RenderConfig(source=source, **{**base, **settings})


def render(folder: Path, workspace: Path, **settings: object) -> Manifest:
    wanted = config(folder, **settings)
    catalog = sources.catalog(wanted.source, seed=0)
    store = f"sqlite:///{workspace.parent}/mlflow.db"
    run = open_run(store, "render", "render", digest(wanted), open_storage(workspace.parent / "mlflow"))
    return render_dataset(wanted, catalog=catalog, storage=open_storage(workspace), run=run)


@pytest.fixture(scope="module")
def rendered(local_ray: None, box_models: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    folder = tmp_path_factory.mktemp("dataset")
    return folder, render(box_models, folder)


def test_the_dataset_is_what_its_contract_says(rendered: tuple[Path, Manifest]) -> None:
    folder, manifest = rendered
    dataset = open_dataset(open_storage(folder))
    assert [shard.name for shard in manifest.shards] == [
        "crate-000000.tar",
        "crate-000001.tar",
        "post-000000.tar",
    ]
    assert manifest.digest == dataset_digest(manifest.shards)
    assert len(dataset.views) == manifest.views == 3 * 8
    assert dataset.views.key.iloc[0] == "crate_cube_v000"
    assert pq.read_table(folder / "failures.parquet").num_rows == 0
    assert sorted(path.name for path in (folder / "preview").iterdir()) == ["crate.png", "post.png"]
    for shard in manifest.shards:
        keys, pictures = decode_shard(folder / "shards" / shard.name, 32)
        rows = dataset.views[dataset.views.shard == shard.name]
        assert keys == list(rows.key)
        np.testing.assert_allclose(pictures[..., 3].mean(axis=(1, 2)) / 255, rows.coverage, atol=1e-5)


def test_a_samples_json_holds_a_camera_that_projects(rendered: tuple[Path, Manifest]) -> None:
    import webdataset

    folder, _ = rendered
    samples = webdataset.WebDataset(str(folder / "shards/post-000000.tar"), shardshuffle=False).decode()
    for sample in samples:
        facts = sample["json"]
        point = np.array([[0.1, -0.2, 0.3]])
        pixels, _ = project(point, 32, facts["azimuth_deg"], facts["elevation_deg"])
        camera = np.array(facts["K"]) @ (np.array(facts["world_to_camera"]) @ [*point[0], 1])[:3]
        np.testing.assert_allclose(camera[:2] / camera[2], pixels[0], atol=1e-4)


def test_the_same_again_renders_nothing(rendered: tuple[Path, Manifest], box_models: Path) -> None:
    folder, manifest = rendered
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert render(box_models, folder, threads=1, retries=5) == manifest
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before


def test_a_lost_shard_is_made_again_byte_by_byte_and_the_others_are_kept(
    rendered: tuple[Path, Manifest], box_models: Path, tmp_path: Path
) -> None:
    folder, manifest = rendered
    shutil.copytree(folder, tmp_path / "copy")
    shards = tmp_path / "copy" / "shards"
    (tmp_path / "copy" / "manifest.json").unlink()
    (shards / "crate-000001.tar").unlink()
    kept = (shards / "crate-000000.tar").stat().st_mtime_ns
    assert render(box_models, tmp_path / "copy") == manifest
    assert (shards / "crate-000000.tar").stat().st_mtime_ns == kept


def test_another_model_redoes_its_own_shard_only_and_leaves_no_strays(
    rendered: tuple[Path, Manifest], box_models: Path, tmp_path: Path
) -> None:
    folder, manifest = rendered
    shutil.copytree(folder, tmp_path / "copy")
    shutil.copytree(box_models, tmp_path / "models")
    (tmp_path / "models/post/pole.obj").unlink()
    (tmp_path / "models/post/stump.obj").write_text((box_models / "crate/slab.obj").read_text())
    (tmp_path / "models/crate/slab.obj").unlink()
    kept = (tmp_path / "copy/shards/crate-000000.tar").stat().st_mtime_ns
    fewer = render(tmp_path / "models", tmp_path / "copy")
    assert [shard.name for shard in fewer.shards] == ["crate-000000.tar", "post-000000.tar"]
    assert fewer.shards[0] == manifest.shards[0]
    assert (tmp_path / "copy/shards/crate-000000.tar").stat().st_mtime_ns == kept
    assert sorted(path.name for path in (tmp_path / "copy/shards").iterdir()) == [s.name for s in fewer.shards]


def test_a_broken_model_is_a_row_and_too_many_are_an_error(local_ray: None, box_models: Path, tmp_path: Path) -> None:
    shutil.copytree(box_models, tmp_path / "models")
    (tmp_path / "models/crate/broken.glb").write_bytes(b"glTF\2\0\0\0\xff\xff\0\0")
    manifest = render(tmp_path / "models", tmp_path / "one")
    assert (manifest.failed_models, manifest.views) == (1, 24)
    (row,) = pq.read_table(tmp_path / "one" / "failures.parquet").to_pylist()
    assert (row["class_name"], row["model"]) == ("crate", "broken")
    assert row["reason"]
    assert [style.id for style in manifest.styles] == ["cube", "slab", "pole"]

    (tmp_path / "models/crate/worse.obj").write_text("")
    with pytest.raises(UserError, match=r"2 of 5 models could not be rendered.*--render\.failures_allowed"):
        render(tmp_path / "models", tmp_path / "one")
    assert not (tmp_path / "one" / "manifest.json").exists()
    assert pq.read_table(tmp_path / "one" / "failures.parquet").num_rows == 2
    assert render(tmp_path / "models", tmp_path / "one", failures_allowed=0.5).failed_models == 2


def test_a_shard_whose_workers_always_die_ends_in_one_line(local_ray: None) -> None:
    (plan,) = Catalog((Model("chair-7", "chair", "f"),)).shards(8)
    dying = ray.remote(max_retries=0)(lambda: os._exit(1)).remote()
    with pytest.raises(UserError, match=r"shard chair-000000 lost its worker .*chair-7.*--render\.memory_gb"):
        _await(dying, plan)


def test_work_is_placed_as_the_cluster_can_serve_it(
    local_ray: None, box_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cluster of one node with two processors and no GPU."""
    assert (placed(config(box_models)).device, placed(config(box_models, threads=16)).threads) == ("cpu", 2)
    assert placed(config(box_models, threads=1)).threads == 1
    assert placed(config(box_models, device="optix")).device == "optix"
    assert "the cluster has no GPU yet" in capsys.readouterr().out


@pytest.mark.long
def test_auto_takes_the_gpus_that_a_cluster_has() -> None:
    """On a Ray that is told of a GPU; whether there is one, only Blender finds out."""
    script = """
import ray
from render.config import RenderConfig
from render.job import placed
ray.init(num_cpus=1, num_gpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
print([placed(RenderConfig(device=device)).device for device in ("auto", "cpu", "cuda")])
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "['cuda', 'cpu', 'cuda']"


def test_what_a_device_resolves_to_does_not_change_what_a_dataset_is_made_from(box_models: Path) -> None:
    catalog = sources.catalog(config(box_models).source, seed=0)
    digests = {inputs_digest(config(box_models, device=name), catalog) for name in ("auto", "cpu", "cuda", "optix")}
    assert len(digests) == 1


def test_a_damaged_or_foreign_manifest_is_named(rendered: tuple[Path, Manifest], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no finished dataset at .*python -m render"):
        open_dataset(open_storage(tmp_path))
    values = json.loads((rendered[0] / "manifest.json").read_text())
    for text, line in (
        ("{", "is not JSON"),
        (json.dumps(values | {"schema_version": 99}), "has dataset schema 99, this is 1"),
        (json.dumps({key: value for key, value in values.items() if key != "shards"}), "damaged at 'shards'"),
    ):
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(UserError, match=line):
            open_dataset(open_storage(tmp_path))
