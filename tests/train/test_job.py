"""Training on a real Ray: two workers learn what one learns, a finished one is left alone, a killed one goes on."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import psutil
import pytest
import torch

from infra.cluster import ROOT, connected
from infra.errors import UserError
from infra.settings import ClusterConfig
from infra.storage import FolderStorage
from infra.tracking import Run, default_uri, open_run
from render.dataset import open_dataset
from tests.train.toy import make_dataset
from train.checkpoint import load_generator
from train.config import TrainConfig
from train.job import TrainResult, train_generator
from train.objective import object_on_black

pytestmark = pytest.mark.timeout(600)  # starts of Ray and of its workers take long on a busy machine

SETTINGS = {
    "size": 64,
    "width": 0.05,
    "batch": 9,  # two workers take four and five
    "steps": 12,
    "report_every": 4,
    "preview_every": 8,
    # At higher rates Adam makes full steps of the rounding noise in gradients that are all but zero.
    "learning_rate": 1e-4,
    "select": {"holdout_every_azimuth": 6},
    "augment": 0.3,
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FolderStorage]:
    folder = tmp_path_factory.mktemp("workspace")
    make_dataset(folder)
    os.environ["TURNERY_CACHE"] = str(folder / "cache")
    with connected(ClusterConfig(cpus=2)):
        yield FolderStorage(folder)
    del os.environ["TURNERY_CACHE"]


@pytest.fixture(scope="module")
def run(workspace: FolderStorage) -> Run:
    return open_run(default_uri(workspace), "tests", "train", "key", workspace / "mlflow")


@pytest.fixture(scope="module")
def one_worker(workspace: FolderStorage, run: Run) -> TrainResult:
    return trained("one", workspace, run)


def trained(name: str, workspace: FolderStorage, run: Run, **changes: Any) -> TrainResult:
    config = TrainConfig.model_validate({**SETTINGS, "name": name, **changes})
    return train_generator(config, seed=0, workspace=workspace, recipe={"name": "toy"}, run=run)


def test_two_workers_learn_what_one_learns(workspace: FolderStorage, run: Run, one_worker: TrainResult) -> None:
    two = trained("two", workspace, run, workers=2)
    histories = [pd.read_csv(result.folder.fetch("history.csv")) for result in (one_worker, two)]
    assert histories[0]["step"].tolist() == [4, 8, 12]
    for column in ("loss", "rgb_loss", "mask_loss"):
        np.testing.assert_allclose(histories[0][column], histories[1][column], rtol=1e-4)
    one, other = (load_generator(result.folder.fetch("generator.json")) for result in (one_worker, two))
    a, b = (generator.generate([0, 3], [0.0, 90.0], 10.0)[0].numpy() for generator in (one, other))
    np.testing.assert_allclose(a, b, atol=1e-3)


def test_the_result_says_what_it_learnt_from(workspace: FolderStorage, one_worker: TrainResult) -> None:
    folder = one_worker.folder
    assert folder.list() == ["generator.json", "generator.safetensors", "history.csv", "selection.parquet"]
    generator = load_generator(folder.fetch("generator.json"))
    dataset = open_dataset(workspace / "dataset")
    assert generator.spec.styles == ["a", "b", "c", "d", "e"]
    assert generator.spec.dataset_digest == dataset.manifest.digest
    assert generator.spec.recipe == {"name": "toy"}
    assert generator.spec.steps == 12
    table = pd.read_parquet(folder.fetch("selection.parquet"))
    assert table["key"].tolist() == dataset.views["key"].tolist()
    assert (table["split"] == "unseen").sum() == 5 * 2 * 2


def test_mlflow_has_losses_and_pictures_over_steps(run: Run, one_worker: TrainResult) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(run.uri)
    points = client.get_metric_history(run.id, "train/loss")
    assert {point.step for point in points} == {4, 8, 12}
    metrics = client.get_run(run.id).data.metrics
    expected = ("rgb_loss", "mask_loss", "psnr_db", "learning_rate", "images_per_s")
    assert all(f"train/{name}" in metrics for name in expected)
    assert any("preview" in file.path for file in client.list_artifacts(run.id, "images"))


def test_a_finished_training_is_left_as_it_is(workspace: FolderStorage, run: Run, one_worker: TrainResult) -> None:
    path = one_worker.folder.fetch("generator.safetensors")
    before = path.stat().st_mtime_ns
    again = trained("one", workspace, run, workers=2, checkpoint_seconds=7)
    assert again.done_before
    assert again.spec == one_worker.spec
    assert path.stat().st_mtime_ns == before


def test_what_cannot_work_is_said_in_one_line(workspace: FolderStorage, run: Run) -> None:
    with pytest.raises(UserError, match="no finished dataset"):
        train_generator(TrainConfig(), seed=0, workspace=workspace / "empty", recipe={}, run=run)
    with pytest.raises(UserError, match=r"train\.workers 64 need as many processors, the cluster has 2"):
        trained("many", workspace, run, workers=64, batch=64)


def test_a_result_of_other_settings_stays_until_the_new_one_is_there(
    workspace: FolderStorage, run: Run, one_worker: TrainResult, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(workspace.root / "training" / "one", workspace.root / "training" / "stays")
    with pytest.raises(UserError, match=r"training diverged: the loss is not finite at step 1;"):
        trained("stays", workspace, run, mask_weight=1e39, workers=2)
    assert "holds a generator of other settings" in capsys.readouterr().out
    kept = load_generator(workspace.root / "training" / "stays")
    assert kept.spec == one_worker.spec


def test_a_killed_worker_costs_one_interval_of_checkpoints_and_mlflow_shows_every_step_once(
    workspace: FolderStorage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = workspace.root / "training" / "killed"
    client, child = mlflow.MlflowClient(run.uri), run.child("killed")
    settings = {"steps": 600, "report_every": 10, "preview_every": 200, "checkpoint_steps": 10, "keep_checkpoints": 2}
    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(trained, "killed", workspace, child, **settings)
        kept = newest_step(folder, 40, result)
        workers = [p for p in psutil.Process().children(recursive=True) if p.name().startswith("ray::RayTrain")]
        assert len(workers) == 1
        workers[0].kill()
        final = result.result(timeout=300)
    found = re.search(r"train killed: goes on from step (\d+) with 1 worker", capsys.readouterr().out)
    assert found is not None
    assert kept <= int(found[1]) < 600
    history = pd.read_csv(final.folder.fetch("history.csv"))
    every = list(range(10, 601, 10))
    assert history["step"].tolist() == every
    points = client.get_metric_history(child.id, "train/loss")
    assert [point.step for point in points] == every
    np.testing.assert_allclose([point.value for point in points], history["loss"])
    assert final.folder.list() == ["generator.json", "generator.safetensors", "history.csv", "selection.parquet"]


def newest_step(folder: Path, at_least: int, going: Future[TrainResult]) -> int:
    """The newest checkpoint's step, once it is far enough."""
    while True:
        assert not going.done(), going.result()
        steps = [int(path.parent.name[5:]) for path in folder.glob("checkpoints-*/step-*/state.json")]
        if max(steps, default=0) >= at_least:
            return max(steps)
        time.sleep(0.02)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_training_killed_with_its_driver_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    make_dataset(tmp_path)
    command = [sys.executable, "-m", "train", "--workspace", str(tmp_path), "--train.size", "64"]
    command += ["--train.width", "0.05", "--train.batch", "8", "--train.steps", "1500"]
    command += ["--train.report_every", "10", "--train.checkpoint_seconds", "1", "--cluster.cpus", "2"]
    environment = {**os.environ, "TURNERY_CACHE": str(tmp_path / "cache")}
    folder = tmp_path / "training" / "generator"
    driver = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    deadline = time.monotonic() + 200
    while not list(folder.glob("checkpoints-*/*/state.json")):
        assert driver.poll() is None and time.monotonic() < deadline
        time.sleep(0.2)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    assert "1500/1500 steps" in done.stdout
    history = pd.read_csv(folder / "history.csv")
    assert history["step"].tolist() == list(range(10, 1501, 10))

    other = tmp_path / "uninterrupted"
    (other / "dataset").parent.mkdir()
    (other / "dataset").symlink_to(tmp_path / "dataset")
    command[command.index("--workspace") + 1] = str(other)
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    ours, theirs = (place / "generator.safetensors" for place in (folder, other / "training" / "generator"))
    assert ours.read_bytes() == theirs.read_bytes()


def test_a_generator_trained_through_the_job_draws_its_views(workspace: FolderStorage, run: Run) -> None:
    learning = {"steps": 300, "batch": 16, "width": 0.1, "learning_rate": 4e-3, "schedule": "cosine"}
    result = trained("learns", workspace, run, augment=0.0, report_every=50, registry="learner", **learning)
    generator = load_generator(result.folder.fetch("generator.json"))
    views = open_dataset(workspace / "dataset")
    chosen = views.views.iloc[::11]
    rgb, mask = object_on_black(torch.from_numpy(views.pictures(chosen["key"].tolist())))
    angles = (chosen[name].to_numpy() for name in ("azimuth_deg", "elevation_deg"))
    drawn, coverage = generator.generate(chosen["style"].tolist(), *angles)
    psnr = -10 * np.log10(float((drawn - rgb).square().mean()))
    assert psnr > 20
    both = ((coverage > 0.5) & (mask > 0.5)).sum() / ((coverage > 0.5) | (mask > 0.5)).sum()
    assert float(both) > 0.8
    registered = mlflow.MlflowClient(run.uri).get_model_version_by_alias("learner", "current")
    assert (str(registered.version), registered.run_id) == ("1", run.id)
