"""The train command on a cluster whose nodes come and go, and on one that is short of memory."""

import os
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
from mlflow import MlflowClient
from ray.cluster_utils import Cluster

from infra.cluster import ROOT
from tests.train.toy import make_dataset

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]


class Command:
    """`python -m train`, running; `output` is what it has printed so far."""

    def __init__(self, workspace: Path | str, *options: str, cache: Path, **environment: str) -> None:
        command = [sys.executable, "-m", "train", "--workspace", str(workspace), "--train.size", "64"]
        command += ["--train.width", "0.05", "--train.batch", "8", "--train.learning_rate", "1e-4"]
        command += ["--train.report_every", "10", "--train.preview_every", "1000", *options]
        settings = {**os.environ, "TURNERY_CACHE": str(cache), "TURNERY_SECONDS_BETWEEN_LINES": "0"}
        settings |= {"RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "1", "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "20"}
        settings |= {"MLFLOW_TRACKING_URI": f"sqlite:///{cache}/mlflow.db", "COLUMNS": "200"}
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=settings | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = ""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line

    def wait_for(self, pattern: str, timeout_s: float = 300) -> re.Match[str]:
        deadline = time.monotonic() + timeout_s
        while (found := re.search(pattern, self.output)) is None:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, f"no '{pattern}' in:\n{self.output[-3000:]}"
            time.sleep(0.05)
        return found

    def end(self, timeout_s: float = 900) -> int:
        status = self.process.wait(timeout_s)
        self._thread.join(10)
        return status


@contextmanager
def training(*arguments: Any, **settings: Any) -> Iterator[Command]:
    command = Command(*arguments, **settings)
    try:
        yield command
    finally:
        command.process.kill()


def newest(workspace: Path) -> int:
    return max(
        (int(p.parent.name[5:]) for p in workspace.glob("training/*/checkpoints-*/step-*/state.json")), default=0
    )


def steps_in_mlflow(cache: Path) -> list[int]:
    client = MlflowClient(f"sqlite:///{cache}/mlflow.db")
    (run,) = client.search_runs([found.experiment_id for found in client.search_experiments()])
    assert run.info.status == "FINISHED"
    return [point.step for point in client.get_metric_history(run.info.run_id, "train/loss")]


def test_a_lost_node_leaves_fewer_workers_and_a_new_one_makes_them_more(tmp_path: Path) -> None:
    make_dataset(tmp_path)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        cluster.add_node(num_cpus=1)
        lost = cluster.add_node(num_cpus=1)
        options = ["--cluster.address", cluster.address, "--train.workers", "2", "--train.steps", "6000"]
        options += ["--train.checkpoint_steps", "100", "--train.checkpoint_seconds", "5"]
        with training(tmp_path, *options, cache=tmp_path / "cache") as command:
            command.wait_for(r"[3-9]\d\d/6000 steps")
            kept = newest(tmp_path)
            cluster.remove_node(lost, allow_graceful=False)
            began = time.monotonic()
            found = command.wait_for(r"goes on from step (\d+) with 1 worker\b")
            print(f"a lost node: {time.monotonic() - began:.0f} s")
            assert kept <= int(found[1])
            command.wait_for(rf"(?s)with 1 worker\b.*{int(found[1]) // 100 + 2}\d\d/6000 steps")
            kept = newest(tmp_path)
            cluster.add_node(num_cpus=1)
            found = command.wait_for(r"goes on from step (\d+) with 2 workers")
            assert kept <= int(found[1])
            assert command.end() == 0, command.output
    finally:
        cluster.shutdown()
    every = list(range(10, 6001, 10))
    assert pd.read_csv(tmp_path / "training/generator/history.csv")["step"].tolist() == every
    assert steps_in_mlflow(tmp_path / "cache") == every


def test_a_training_on_s3_whose_driver_was_killed_goes_on_from_its_newest_sound_checkpoint(
    s3_bucket: str, tmp_path: Path
) -> None:
    from infra.storage import open_storage

    make_dataset(tmp_path / "local")
    workspace = f"{s3_bucket}/train"
    storage = open_storage(workspace)
    for path in (tmp_path / "local" / "dataset").rglob("*"):
        if path.is_file():
            storage.put(path, path.relative_to(tmp_path / "local").as_posix())
    options = ["--cluster.cpus", "2", "--train.steps", "1500", "--train.checkpoint_steps", "50"]
    options += ["--train.keep_checkpoints", "3"]
    with training(workspace, *options, cache=tmp_path / "cache") as command:
        command.wait_for(r"[3-9]\d\d/1500 steps")
        command.process.kill()
        command.process.wait()
    time.sleep(5)  # its workers end by themselves
    place = storage / "training"
    states = [name.replace("state.json", "state.safetensors") for name in place.list("state.json")]
    assert len(states) == 3
    place.write_bytes(states[-1], place.read_bytes(states[-1])[:-1000])
    with training(workspace, *options, cache=tmp_path / "cache") as command:
        said = command.wait_for(r"the checkpoint of step (\d+) is damaged \(.*\); goes on from step (\d+)")
        assert 0 < int(said[2]) < int(said[1])
        assert command.end() == 0, command.output
    assert not [name for name in place.list() if "checkpoints-" in name]
    assert steps_in_mlflow(tmp_path / "cache") == list(range(10, 1501, 10))


def test_a_batch_that_no_memory_holds_ends_in_one_line(tmp_path: Path) -> None:
    make_dataset(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, before[1]))  # what the command starts inherits it
    try:
        options = ["--cluster.cpus", "1", "--train.width", "1", "--train.batch", "16000", "--train.steps", "3"]
        command = Command(tmp_path, *options, cache=tmp_path / "cache")
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert command.end() == 2, command.output
    assert "turnery: out of memory at train.batch 16000 (16000 a worker): try --train.batch 8000" in command.output
    assert "Traceback" not in command.output


def test_workers_that_die_again_and_again_end_in_one_line_and_lose_nothing(tmp_path: Path) -> None:
    make_dataset(tmp_path)
    options = ["--cluster.cpus", "1", "--train.steps", "100000", "--train.max_failures", "1"]
    options += ["--train.checkpoint_seconds", "3600"]
    with training(tmp_path, *options, cache=tmp_path / "cache") as command:
        for _ in range(2):
            kill_worker(command)
        assert command.end() == 2, command.output
    assert "turnery: training workers died 2 times in a row (train.max_failures)" in command.output
    assert "Traceback" not in command.output


def kill_worker(command: Command) -> None:
    """Kill a worker once it trains, which is when it has the packed samples before it."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        assert command.process.poll() is None, command.output
        for process in psutil.Process(command.process.pid).children(recursive=True):
            with suppress(psutil.Error):
                trains = process.cmdline()[0].startswith("ray::RayTrainWorker")
                if trains and any(part.path.endswith(".npy") for part in process.memory_maps()):
                    process.kill()
                    process.wait(30)
                    return
        time.sleep(0.5)
    raise AssertionError(command.output)
