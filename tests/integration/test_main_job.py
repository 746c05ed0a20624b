"""The main job as its user runs it: from another folder, again, after kills, with changed settings, as a Ray job."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import mlflow
import psutil
import pytest

from tests.conftest import free_port

pytestmark = pytest.mark.timeout(900)  # whole runs, several in a test

ROOT = Path(__file__).resolve().parents[2]
RUN = [sys.executable, str(ROOT / "pipeline" / "run.py"), "--recipe", "smoke"]


def environment(cache: Path) -> dict[str, str]:
    return {**os.environ, "TURNERY_CACHE": str(cache), "COLUMNS": "200"}


def run(workspace: Path, *options: str) -> str:
    command = [*RUN, "--workspace", str(workspace), *options]
    cache = workspace.parent / "cache"
    done = subprocess.run(
        command, cwd=workspace.parent, env=environment(cache), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def digest_of(workspace: Path) -> str:
    digest: str = json.loads((workspace / "dataset/manifest.json").read_text())["digest"]
    return digest


def runs(workspace: Path) -> list[mlflow.entities.Run]:
    client = mlflow.MlflowClient(f"sqlite:///{workspace}/mlflow.db")
    experiment = client.get_experiment_by_name("smoke")
    return list(client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"]))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A workspace that the smoke recipe ran through, and what it printed."""
    workspace = tmp_path_factory.mktemp("main") / "workspace"
    return workspace, run(workspace)


def test_it_ends_with_metrics_and_where_to_look_next(finished: tuple[Path, str]) -> None:
    workspace, output = finished
    *_, report, store, following = output.strip().splitlines()
    assert report == f"report    {workspace}/report.html"
    assert "mlflow ui --backend-store-uri" in store
    assert "--recipe models --render.source.path" in following
    assert re.search(r"unseen views, nearest training view +\d", output)
    assert re.search(r"rendering: 24/24 views in", output)
    assert "images/s" in output


def test_the_workspace_is_laid_out_as_promised(finished: tuple[Path, str]) -> None:
    workspace, _ = finished
    for name in (
        "dataset/manifest.json",
        "dataset/views.parquet",
        "dataset/failures.parquet",
        "dataset/preview/chair.png",
        "training/generator/generator.json",
        "training/generator/generator.safetensors",
        "training/generator/run.json",
        "evaluation/reconstruction/summary.json",
        "evaluation/morph/summary.json",
        "evaluation/correspondence/summary.json",
        "report.html",
        "recipe.json",
    ):
        assert (workspace / name).is_file(), name
    figures = [path for path in (workspace / "evaluation").rglob("*") if path.suffix in (".png", ".gif")]
    assert figures
    assert all(path.with_suffix(".csv").is_file() for path in figures)
    assert not [path for path in workspace.rglob("*") if "partial" in path.name]
    page = (workspace / "report.html").read_text()
    assert "data:image/gif;base64" in page
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)


def test_its_journal_tells_what_happened_and_status_that_all_is_done(finished: tuple[Path, str]) -> None:
    workspace, _ = finished
    logs = sorted((workspace / "logs").glob("*.jsonl"))
    events = [json.loads(line) for path in logs for line in path.read_text().splitlines()]
    told = {f"{event['stage']}: {event['event']}" for event in events}
    stages = ("run", "render", "train", "evaluate", "report")
    assert told >= {f"{stage}: {word}" for stage in stages for word in ("begun", "finished")}
    assert told >= {"render: shards found", "train: training begun", "train: training finished"}
    assert told >= {"evaluate: question begun", "evaluate: question answered"}
    assert sum(event["views"] for event in events if event["event"] == "shard done") == 24
    (begun,) = (event for event in events if (event["stage"], event["event"]) == ("render", "begun"))
    assert begun["why"] == {"dataset": "no dataset yet"}

    command = [RUN[0], RUN[1], "status", "--workspace", str(workspace), "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert {each["state"] for each in found["stages"]} == {"done"}
    assert found["held_by"] is None


def test_mlflow_has_a_parent_with_a_child_a_stage_and_a_question(finished: tuple[Path, str]) -> None:
    workspace, _ = finished
    parent, *children = runs(workspace)
    assert {child.info.run_name for child in children} == {
        "render",
        "train generator",
        "reconstruction",
        "morph",
        "correspondence",
    }
    assert all(child.data.tags["mlflow.parentRunId"] == parent.info.run_id for child in children)
    assert {found.info.status for found in (parent, *children)} == {"FINISHED"}
    assert parent.data.params["train.steps"] == "60"
    assert parent.inputs.dataset_inputs[0].dataset.digest == digest_of(workspace)[:36]
    for split in ("train", "unseen"):
        for name in ("mse", "psnr_db", "psnr_object_db", "ssim", "mask_iou"):
            assert f"eval/reconstruction/{split}/{name}" in parent.data.metrics
            assert f"eval/reconstruction/{split}/chair/{name}" in parent.data.metrics
        assert f"eval/reconstruction/{split}/mean_image/psnr_db" in parent.data.metrics
        assert f"eval/reconstruction/{split}/nearest_view/psnr_db" in parent.data.metrics
    assert "eval/correspondence/zero/aepe_px/all" in parent.data.metrics

    client = mlflow.MlflowClient(f"sqlite:///{workspace}/mlflow.db")
    (training,) = (child for child in children if child.info.run_name == "train generator")
    losses = client.get_metric_history(training.info.run_id, "train/loss")
    assert [point.step for point in losses] == [10, 20, 30, 40, 50, 60]
    assert losses[-1].value < losses[0].value
    pictures = [item.path for item in client.list_artifacts(training.info.run_id, "images")]
    assert len([path for path in pictures if path.endswith(".png")]) >= 2


def test_the_same_again_finishes_in_seconds_and_touches_nothing(finished: tuple[Path, str]) -> None:
    workspace, _ = finished
    before = {path: path.stat().st_mtime_ns for path in workspace.rglob("*") if path.is_file()}
    start = time.monotonic()
    output = run(workspace)
    assert time.monotonic() - start < 15
    assert "everything is there already" in output
    after = {path: path.stat().st_mtime_ns for path in workspace.rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.long
def test_a_changed_setting_redoes_only_what_it_touches(finished: tuple[Path, str], tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    shutil.copytree(finished[0], workspace)
    shutil.copytree(finished[0].parent / "cache", tmp_path / "cache")
    shards = {path: path.stat().st_mtime_ns for path in (workspace / "dataset/shards").iterdir()}
    generator = (workspace / "training/generator/generator.safetensors").stat().st_mtime_ns
    morph = (workspace / "evaluation/morph/summary.json").stat().st_mtime_ns

    output = run(workspace, "--evaluate.reconstruction.worst", "3")
    assert re.search(r"^render +there already$", output, re.MULTILINE)
    assert re.search(r"^train +there already$", output, re.MULTILINE)
    assert (workspace / "training/generator/generator.safetensors").stat().st_mtime_ns == generator
    assert (workspace / "evaluation/morph/summary.json").stat().st_mtime_ns == morph

    output = run(workspace, "--train.steps", "70")
    assert re.search(r"^render +there already$", output, re.MULTILINE)
    assert "70/70 steps" in output
    assert {path: path.stat().st_mtime_ns for path in (workspace / "dataset/shards").iterdir()} == shards
    parents = [found for found in runs(workspace) if "mlflow.parentRunId" not in found.data.tags]
    assert [found.data.params["train.steps"] for found in parents] == ["60", "60", "70"]


def test_a_driver_killed_in_every_stage_goes_on_and_ends_the_same(finished: tuple[Path, str], tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    steps = ["--train.checkpoint_seconds", "0.2"]
    left: list[psutil.Process] = []
    for landmark in (r"^rendering: \d", r"^train generator: [1-9]\d/60", r"^evaluate +recon"):
        left += kill_after(landmark, workspace, *steps)
        assert not (workspace / "report.html").exists()
    output = run(workspace, *steps)
    # Agents of a Ray that was killed end by themselves, in minutes; until then the agents of others lack their port.
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert re.search(r"^render +there already$", output, re.MULTILINE)
    assert re.search(r"^train +there already$", output, re.MULTILINE)

    assert digest_of(workspace) == digest_of(finished[0])
    weights = "training/generator/generator.safetensors"
    assert (workspace / weights).read_bytes() == (finished[0] / weights).read_bytes()
    found = runs(workspace)
    names = sorted(one.info.run_name for one in found)
    assert names == sorted(["smoke", "render", "train generator", "reconstruction", "morph", "correspondence"])
    assert {one.info.status for one in found} == {"FINISHED"}
    (training,) = (one for one in found if one.info.run_name == "train generator")
    client = mlflow.MlflowClient(f"sqlite:///{workspace}/mlflow.db")
    logged = {point.step for point in client.get_metric_history(training.info.run_id, "train/loss")}
    assert logged == {10, 20, 30, 40, 50, 60}


def kill_after(landmark: str, workspace: Path, *options: str) -> list[psutil.Process]:
    """Start the job and `kill -9` its driver once a line of its output matches; returns what it had started."""
    command = [*RUN, "--workspace", str(workspace), *options]
    cache = workspace.parent / "cache"
    with subprocess.Popen(
        command,
        cwd=workspace.parent,
        env=environment(cache) | {"TURNERY_SECONDS_BETWEEN_LINES": "0.1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as driver:
        assert driver.stdout is not None
        output, started = "", list[psutil.Process]()
        for line in driver.stdout:
            output += line
            if re.search(landmark, line):
                started = psutil.Process(driver.pid).children(recursive=True)
                driver.send_signal(signal.SIGKILL)
                break
        assert driver.wait() == -signal.SIGKILL, f"no line matched {landmark}:\n{output}"
    return started


@pytest.fixture(scope="module")
def ray_head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """A cluster as `ray start --head` makes it; the address of its jobs and the environment to reach it."""
    home = tmp_path_factory.mktemp("home")
    ray = str(Path(sys.executable).with_name("ray"))
    gcs, dashboard = free_port(), free_port()
    settings = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "TURNERY_CACHE": str(home / "cache"),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
    }
    subprocess.run([ray, "get-auth-token", "--generate"], env=settings, check=True, capture_output=True)
    command = [
        ray,
        "start",
        "--head",
        "--num-cpus=2",
        f"--port={gcs}",
        f"--dashboard-port={dashboard}",
        f"--dashboard-agent-listen-port={free_port()}",  # without it the agent of another Ray shuts this one's out
        "--block",
    ]
    command += [
        "--node-ip-address=127.0.0.1",
        "--dashboard-host=127.0.0.1",
        "--object-store-memory=400000000",
    ]
    command += [f"--temp-dir={tmp_path_factory.mktemp('ray')}", "--disable-usage-stats"]
    with open(home / "log", "wb") as log:
        head = subprocess.Popen(command, env=settings, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            yield f"http://127.0.0.1:{dashboard}", settings
        finally:
            os.killpg(head.pid, signal.SIGTERM)
            head.wait(60)


def test_it_runs_as_a_ray_job_and_the_upload_is_small(
    ray_head: tuple[str, dict[str, str]], finished: tuple[Path, str], tmp_path: Path
) -> None:
    address, settings = ray_head
    ray = str(Path(sys.executable).with_name("ray"))
    command = [ray, "job", "submit", "--address", address, "--working-dir", ".", "--"]
    command += ["python", "pipeline/run.py", "--recipe", "smoke", "--workspace", str(tmp_path / "workspace")]
    deadline = time.monotonic() + 120
    while True:  # the dashboard answers a little after the head is up, and takes jobs a little after that
        done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)
        not_yet = ("Failed to connect", "No available agent to submit job")
        if not any(line in done.stdout + done.stderr for line in not_yet) or time.monotonic() > deadline:
            break
        time.sleep(1)
    assert done.returncode == 0, done.stdout + done.stderr
    upload = re.search(r"\(([\d.]+)MiB\)", done.stdout + done.stderr)
    assert upload is None or float(upload.group(1)) < 5
    assert "succeeded" in done.stdout
    assert digest_of(tmp_path / "workspace") == digest_of(finished[0])
