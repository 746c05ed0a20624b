"""What cannot be trained ends the command in one line that names the thing and the mend, with status 2."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from infra.errors import guarded
from infra.lease import held
from infra.storage import FolderStorage, open_storage
from tests.train.toy import make_dataset
from train.__main__ import main
from train.config import TrainConfig
from train.worker import is_out_of_memory, out_of_memory

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("local_ray")]

Train = Callable[..., str]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    make_dataset(folder)
    return folder


@pytest.fixture
def workspace(good: Path, tmp_path: Path) -> Path:
    """A workspace of its own, to be spoilt."""
    shutil.copytree(good / "dataset", tmp_path / "w" / "dataset")
    return tmp_path / "w"


@pytest.fixture
def refused(good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Train:
    """Runs `python -m train` in this process and returns its one line."""

    def train(workspace: Path | str, *options: str) -> str:
        command = ["train", "--workspace", str(workspace), "--tracking.uri", f"sqlite:///{good}/mlflow.db"]
        command += ["--train.size", "64", "--train.width", "0.05", "--train.batch", "8", "--train.steps", "8"]
        monkeypatch.setattr(sys, "argv", [*command, *options])
        with pytest.raises(SystemExit) as ended:
            guarded(main)
        captured = capsys.readouterr()
        assert ended.value.code == 2, captured
        assert captured.err.count("\n") == 1, captured.err
        assert captured.err.startswith("turnery: ")
        return captured.err

    return train


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--train.workers", "64"], "batch 8 leaves some of 64 workers without a view"),
        (["--train.workers", "2", "--train.min_workers", "3"], "min_workers 3 is more than workers 2; lower one"),
        (["--train.workers", "8"], "train.workers 8 need as many processors, the cluster has 2; lower it"),
        (["--train.workers", "8", "--train.min_workers", "3"], "train.min_workers 3 need as many processors"),
        (["--train.device", "cuda"], "train.workers 1 on CUDA need as many GPUs, the cluster has 0; lower it"),
        (
            ["--train.workers", "6", "--train.select.azimuths_deg", "[0]", "--train.select.elevations_deg", "[10]"],
            "train.workers 6 are more than the 5 views to learn from; lower train.workers, or select more views",
        ),
    ],
)
def test_numbers_that_do_not_go_together(refused: Train, good: Path, options: list[str], said: str) -> None:
    assert said in refused(good, *options)


def test_a_workspace_without_a_dataset(refused: Train, tmp_path: Path) -> None:
    assert "no finished dataset at" in refused(tmp_path / "w")


def test_a_manifest_that_does_not_name_its_shards(refused: Train, workspace: Path) -> None:
    path = workspace / "dataset/manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"digest": "0" * 64}))
    line = refused(workspace)
    assert f"{workspace}/dataset/manifest.json names shards that do not give its digest" in line
    assert "delete the dataset's manifest.json and render again" in line


def test_a_shard_that_is_gone(refused: Train, workspace: Path) -> None:
    (workspace / "dataset/shards/table-000000.tar").unlink()
    assert "lacks 1 of its shards (table-000000.tar)" in refused(workspace)


def test_a_shard_that_was_changed(
    refused: Train, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workspace / "dataset/shards/table-000000.tar"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    line = refused(workspace)
    assert "shard table-000000.tar differs from its SHA-256 in manifest.json" in line
    assert not (workspace / "training/generator/generator.json").exists()


def test_a_workspace_where_another_training_is_at_work(refused: Train, workspace: Path) -> None:
    with held(FolderStorage(workspace)):
        assert "works in this workspace; wait for its end, stop it, or choose another --workspace" in refused(workspace)


def test_a_storage_that_may_only_be_read(
    refused: Train, s3_bucket: str, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_storage(f"{s3_bucket}/unwritable").write_bytes("dataset/manifest.json", b"{}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "reader")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "reader-secret")
    line = refused(f"{s3_bucket}/unwritable")
    assert f"{s3_bucket}/unwritable" in line
    (workspace / "training").write_text("a file where a folder should be")
    assert f"{workspace}/training/generator: Not a directory" in refused(workspace)


def test_every_kind_of_too_little_memory_is_known_and_half_the_batch_suggested() -> None:
    with pytest.raises(RuntimeError) as torchs:
        torch.empty(1 << 55)
    with pytest.raises(MemoryError) as numpys:
        np.empty(1 << 60, np.uint8)
    kinds = (torchs.value, numpys.value, torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."))
    assert all(is_out_of_memory(error) for error in kinds)
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
    assert "out of memory at train.batch 129 (65 a worker): try --train.batch 64, more --train.workers" in str(
        out_of_memory(TrainConfig(batch=129, workers=2))
    )
