"""The render command among faults: whatever is killed, full or away, the dataset comes out as if nothing had been."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pyarrow.parquet as pq
import pytest

from infra.storage import open_storage
from render.verify import dataset_of, verify
from tests.conftest import box_obj
from tests.infra.faulty_proxy import FaultyProxy

pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight boxes in two classes and a broken file: five shards of up to two models."""
    root = tmp_path_factory.mktemp("boxes")
    for number in range(8):
        path = root / ("crate", "post")[number % 2] / f"box{number}.obj"
        path.parent.mkdir(exist_ok=True)
        path.write_text(box_obj(1 + number / 4, 1, 2 - number / 8))
    (root / "crate/broken.glb").write_bytes(b"glTF\2\0\0\0\xff\xff\0\0")
    return root


@contextmanager
def rendering(
    models: Path, workspace: str | Path, *options: str, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """The render command, running; ended with the block."""
    command = [sys.executable, "-m", "render", "--workspace", str(workspace), *options]
    command += ["--render.source.kind", "folder", "--render.source.path", str(models), "--render.threads", "1"]
    command += ["--render.size", "32", "--render.samples", "2", "--render.models_per_shard", "2"]
    command += ["--render.azimuths", "16", "--render.elevations", "[10, 30]"]
    store = f"sqlite:///{models.parent}/mlflow-{Path(workspace).name}.db"
    settings = os.environ | {"MLFLOW_TRACKING_URI": store, "COLUMNS": "200"} | environment
    with subprocess.Popen(
        command, cwd=ROOT, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def rendered(models: Path, workspace: str | Path, *options: str, **environment: str) -> str:
    """The digest of a rendering that ends well and verifies."""
    with rendering(models, workspace, *options, **environment) as process:
        output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, output + errors
    return sound_digest(workspace)


def sound_digest(workspace: str | Path) -> str:
    dataset = dataset_of(open_storage(workspace))
    assert verify(dataset) == []
    digest: str = dataset.read_json("manifest.json")["digest"]
    return digest


@pytest.fixture(scope="module")
def undisturbed(models: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of the dataset when nothing goes wrong, with one worker."""
    return rendered(models, tmp_path_factory.mktemp("undisturbed") / "workspace", "--cluster.cpus", "1")


def blenders(driver: subprocess.Popen[str] | psutil.Process) -> list[psutil.Process]:
    """Blender processes below a process that are at work: with half a second of processor time."""
    found = []
    for process in psutil.Process(driver.pid).children(recursive=True):
        try:
            if "render.blender" in process.cmdline() and sum(process.cpu_times()[:2]) > 0.5:
                found.append(process)
        except psutil.Error:
            continue
    return found


def wait_for(what: Callable[[], object], driver: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not what():
        assert driver.poll() is None, driver.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_killed_workers_and_killed_blenders_cost_nothing_but_time(
    models: Path, undisturbed: str, tmp_path: Path
) -> None:
    workspace = tmp_path / "killed"
    with rendering(models, workspace, "--cluster.cpus", "2", TURNERY_SECONDS_BETWEEN_LINES="0") as driver:
        wait_for(lambda: blenders(driver), driver)
        child = blenders(driver)[0]
        worker = child.parent()
        assert worker is not None
        assert "_render_task" in " ".join(worker.cmdline())
        worker.send_signal(signal.SIGKILL)
        child.wait(10)  # dies with its worker
        wait_for(lambda: blenders(driver), driver)
        blenders(driver)[0].send_signal(signal.SIGKILL)
        output, errors = driver.communicate(timeout=300)
    assert driver.returncode == 0, output + errors
    assert sound_digest(workspace) == undisturbed
    (row,) = pq.read_table(workspace / "dataset/failures.parquet").to_pylist()
    assert row["model"] == "broken"  # by its own fault; the killed ones are all there
    # The last line of progress has views, pace, time left, models and failures; a lost model has left the total.
    *_, last, _ = (line for line in output.splitlines() if line.startswith("rendering: "))
    assert re.fullmatch(r"rendering: 256/256 views, .* views/\w+, 0:00 left, 8 of 9 models, 1 failed", last)
    assert json.loads((workspace / "dataset/manifest.json").read_text())["settings"]["device"] == "cpu"


@pytest.mark.long
def test_a_second_job_on_the_workspace_is_refused_and_a_killed_first_one_is_followed_by_the_same_command(
    models: Path, undisturbed: str, tmp_path: Path
) -> None:
    workspace = tmp_path / "twice"
    with rendering(models, workspace, "--cluster.cpus", "2") as first:
        wait_for((workspace / "lease").is_dir, first)
        with rendering(models, workspace) as second:
            _, errors = second.communicate(timeout=120)
        assert second.returncode == 2
        assert errors.count("\n") == 1
        assert f"process {first.pid} on " in errors
        assert "choose another --workspace" in errors
        wait_for(lambda: list(workspace.glob("dataset/parts/*.json")), first)
        first.send_signal(signal.SIGKILL)
    kept = {path: path.stat().st_mtime_ns for path in workspace.glob("dataset/shards/*.tar")}
    assert rendered(models, workspace) == undisturbed
    assert kept
    assert all(path.stat().st_mtime_ns == time_ns for path, time_ns in kept.items())


@pytest.mark.long
@pytest.mark.parametrize("workers", [2, 4])
def test_the_digest_does_not_depend_on_the_number_of_workers(
    workers: int, models: Path, undisturbed: str, tmp_path: Path
) -> None:
    assert rendered(models, tmp_path / f"workers{workers}", "--cluster.cpus", str(workers)) == undisturbed


@pytest.mark.long
def test_a_node_that_is_lost_costs_its_unfinished_shards_alone(models: Path, undisturbed: str, tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    workspace = tmp_path / "nodes"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        lost = cluster.add_node(num_cpus=1)
        cluster.add_node(num_cpus=1)
        with rendering(models, workspace, "--cluster.address", cluster.address) as driver:
            wait_for(lambda: list(workspace.glob("dataset/parts/*.json")), driver)
            kept = {path: path.stat().st_mtime_ns for path in workspace.glob("dataset/shards/*.tar")}
            cluster.remove_node(lost, allow_graceful=False)
            output, errors = driver.communicate(timeout=400)
        assert driver.returncode == 0, output + errors
    finally:
        cluster.shutdown()
    assert sound_digest(workspace) == undisturbed
    assert all(path.stat().st_mtime_ns == time_ns for path, time_ns in kept.items())


@pytest.fixture
def no_room(tmp_path: Path) -> Iterator[tuple[Path, Callable[[], None]]]:
    """A workspace whose disk is soon full, and what gives it room.

    A small file system of its own where this user may mount one; elsewhere a file in the place of the shards' folder.
    """
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        try:
            yield folder, lambda: subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
    else:
        (folder / "dataset").mkdir()
        (folder / "dataset/shards").write_text("")
        yield folder, (folder / "dataset/shards").unlink


@pytest.mark.long
def test_a_full_disk_stops_the_job_in_one_line_and_the_same_command_goes_on(
    models: Path, undisturbed: str, no_room: tuple[Path, Callable[[], None]]
) -> None:
    workspace, make_room = no_room
    with rendering(models, workspace) as driver:
        _, errors = driver.communicate(timeout=300)
    assert driver.returncode == 2, errors
    assert errors.count("\n") == 1
    assert f"turnery: cannot write to {workspace}" in errors
    assert not [path for path in workspace.rglob("*") if "partial" in path.name]
    assert not (workspace / "dataset/manifest.json").exists()
    make_room()
    assert rendered(models, workspace) == undisturbed


@pytest.mark.long
def test_a_workspace_on_s3_whose_server_goes_away_stops_in_one_line_and_goes_on_to_the_same_digest(
    models: Path, undisturbed: str, s3_bucket: str
) -> None:
    workspace = f"{s3_bucket}/away"
    storage = open_storage(workspace)
    port = urlsplit(os.environ["AWS_ENDPOINT_URL"]).port
    assert port is not None
    with FaultyProxy(port) as proxy, rendering(models, workspace, AWS_ENDPOINT_URL=proxy.url) as driver:
        wait_for((storage / "dataset/parts").list, driver)
        proxy.leave()
        start = time.monotonic()
        output, errors = driver.communicate(timeout=400)
        assert time.monotonic() - start < 150  # a minute of patience, and not another one for giving the lease back
    assert driver.returncode == 2, output + errors
    assert errors.count("\n") == 1
    assert proxy.url in errors
    assert not storage.exists("dataset/manifest.json")
    assert rendered(models, workspace) == undisturbed
