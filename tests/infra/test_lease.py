"""A workspace is worked in by one job: the second is told who, and the dead are found out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra import lease
from infra.errors import UserError
from infra.lease import held
from infra.storage import Storage, open_storage

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["folder", "s3"])
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return open_storage(tmp_path / "store")
    bucket = request.getfixturevalue("s3_bucket")
    return open_storage(f"{bucket}/{request.node.name.partition('[')[0]}")


@contextmanager
def another_job(workspace: Storage) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lease until its standard input ends."""
    script = f"""
import sys
from infra.lease import held
from infra.storage import open_storage
with held(open_storage({workspace.url!r})):
    print("in", flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        try:
            yield process
        finally:
            process.kill()


def written(workspace: Storage) -> tuple[str, dict[str, Any]]:
    name = workspace.list(".json")[-1]
    return name, workspace.read_json(name)


def test_a_second_job_is_told_who_works_there_and_one_that_was_killed_is_in_nobodys_way(workspace: Storage) -> None:
    with another_job(workspace) as first:
        with pytest.raises(UserError) as refused, held(workspace):
            pass
        line = str(refused.value)
        assert f"process {first.pid} on " in line
        assert "since 20" in line
        assert "choose another --workspace" in line
        first.send_signal(signal.SIGKILL)
        first.wait()
        start = time.monotonic()
        with held(workspace):
            assert time.monotonic() - start < 5
            assert written(workspace)[1]["pid"] == os.getpid()


def test_a_lease_is_given_back_at_the_end_and_numbers_go_up(workspace: Storage) -> None:
    for number in (1, 2, 3):
        with held(workspace):
            assert workspace.list() == [f"lease/{number:06d}.json"]
        assert written(workspace)[1]["released"] is True
    with pytest.raises(ZeroDivisionError), held(workspace):
        _ = 1 / 0
    assert written(workspace)[1]["released"] is True


def test_of_many_jobs_at_once_one_works_and_the_others_are_refused(workspace: Storage) -> None:
    with another_job(workspace) as first:
        first.kill()
    start, end = threading.Barrier(6), threading.Event()

    def job(_: int) -> bool:
        start.wait()
        try:
            with held(workspace):
                end.wait(20)
                return True
        except UserError:
            return False

    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(job, number) for number in range(6)]
        deadline = time.monotonic() + 20
        while sum(each.done() for each in running) < 5 and time.monotonic() < deadline:
            time.sleep(0.05)
        end.set()
        assert sum(each.result() for each in running) == 1


def test_a_holder_of_another_machine_is_waited_for_and_then_taken_for_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lease, "DEAD_AFTER_S", 1.0)
    workspace = open_storage(tmp_path)
    with held(workspace):
        name, holder = written(workspace)
    far = holder | {"machine": "another", "host": "far.example", "released": False}
    workspace.write_json(name, far)
    start = time.monotonic()
    with held(workspace):
        assert 1 <= time.monotonic() - start < 3
    assert "on far.example" in (said := capsys.readouterr().out)
    assert "waiting up to 1 s for a sign of life" in said

    # One that writes its lease again lives, whatever its clock says.
    monkeypatch.setattr(lease, "DEAD_AFTER_S", 10.0)
    workspace.write_json("lease/000009.json", far)
    renewal = threading.Timer(0.5, lambda: workspace.write_json("lease/000009.json", far | {"renewals": 1}))
    renewal.start()
    with pytest.raises(UserError, match=r"on far\.example .*--workspace"), held(workspace):
        pass
    renewal.join()


def test_a_process_number_that_came_again_is_another_process(tmp_path: Path) -> None:
    workspace = open_storage(tmp_path)
    with held(workspace):
        name, holder = written(workspace)
    workspace.write_json(name, holder | {"released": False, "started": holder["started"] - 100})
    with held(workspace):
        pass
    workspace.write_json(written(workspace)[0], holder | {"released": False})
    with pytest.raises(UserError, match=rf"process {os.getpid()} on"), held(workspace):
        pass


def test_a_held_lease_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW_S", 0.05)
    workspace = open_storage(tmp_path)
    with held(workspace):
        time.sleep(0.5)
        assert written(workspace)[1]["renewals"] >= 3


def test_a_job_that_stood_still_and_lost_its_lease_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW_S", 0.1)
    workspace = open_storage(tmp_path)
    far: dict[str, Any] = {}

    def work() -> None:
        with held(workspace):
            name, holder = written(workspace)
            assert name == "lease/000001.json"
            far.update(holder | {"nonce": "x", "machine": "another", "host": "far.example", "pid": 7})
            assert workspace.create("lease/000002.json", json.dumps(far).encode())
            time.sleep(20)

    start = time.monotonic()
    with pytest.raises(UserError, match=r"was taken over .*now in the hands of process 7 on far\.example"):
        work()
    assert time.monotonic() - start < 5
    assert written(workspace)[1] == far  # the loser does not give back what is another's
