"""The doctor finds what is there, says how to mend what is not, and works where nothing is installed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from infra import doctor
from infra.doctor import MISSING, OK, WARNING, Check

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def only(rows: list[Check]) -> Check:
    assert len(rows) == 1
    return rows[0]


def test_this_machine_is_fit_and_blender_imports() -> None:
    rows = doctor.examine(environment={})
    assert [row for row in rows if row.state == MISSING] == []
    blender = next(row for row in rows if row.name == "Blender")
    assert blender.found.startswith("4.5")


def test_without_any_package_it_still_prints_what_to_do() -> None:
    run = subprocess.run(
        [sys.executable, "-S", "-m", "infra.doctor"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert run.stderr == ""
    assert "make setup" in run.stdout


def test_versions_are_held_against_the_pins_and_build_tags_do_not_count(tmp_path: Path) -> None:
    pins = tmp_path / "constraints.txt"
    pins.write_text("# pins\ntorch==2.13.0\n")
    assert only(doctor.check_packages(pins)).state == OK
    pins.write_text("rich==0.0.1\n")
    row = only(doctor.check_packages(pins))
    assert (row.state, row.mend) == (WARNING, "make clean setup")
    assert "(pinned 0.0.1)" in row.found
    pins.write_text("no-such-lathe==1.0\n")
    assert only(doctor.check_packages(pins)).state == MISSING


def test_the_table_shows_brackets_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    doctor.show([Check("Ray", MISSING, "[Errno 2]", "pip install 'ray[data]'")])
    printed = capsys.readouterr().out
    assert "[Errno 2]" in printed
    assert "ray[data]" in printed


def test_a_workspace_that_cannot_be_written_is_missing(tmp_path: Path) -> None:
    assert only(doctor.check_disk(str(tmp_path / "not" / "yet"))).state == OK
    assert only(doctor.check_disk("/proc/workspace")).state == MISSING
    assert doctor.check_disk("s3://bucket/prefix") == []


def test_no_shared_memory_is_a_warning(tmp_path: Path) -> None:
    assert doctor.check_shared_memory(tmp_path / "shm", 8 * doctor.GIB).state == WARNING


def test_services_that_are_not_configured_are_not_looked_for() -> None:
    assert doctor.check_s3("/a/folder", {}) == []
    assert doctor.check_mlflow({}) == []


def test_an_s3_server_that_is_away_is_told_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tester-secret")
    endpoint = f"http://127.0.0.1:{free_port()}"
    start = time.monotonic()
    row = only(doctor.check_s3("s3://lab/run", {"AWS_ENDPOINT_URL": endpoint}))
    assert row.state == MISSING
    assert endpoint in row.found
    assert time.monotonic() - start < 20


def test_buckets_and_keys_are_tried_on_the_server(s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "TIMEOUT_S", 60.0)  # a busy machine is not what is tested here
    assert only(doctor.check_s3(f"{s3_bucket}/run", os.environ)).state == OK

    row = only(doctor.check_s3("s3://no-such-bucket/run", os.environ))
    assert row.state == MISSING
    assert "no such bucket" in row.found

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    row = only(doctor.check_s3(f"{s3_bucket}/run", os.environ))
    assert row.state == MISSING
    assert "access denied" in row.found


def test_mlflow_in_a_file_needs_its_folder(tmp_path: Path) -> None:
    assert only(doctor.check_mlflow({"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db"})).state == OK
    row = only(doctor.check_mlflow({"TURNERY_TRACKING__URI": f"sqlite:///{tmp_path}/no/mlflow.db"}))
    assert row.state == MISSING


@pytest.mark.parametrize(("status", "state"), [(200, OK), (401, WARNING), (500, MISSING)])
def test_an_mlflow_server_is_asked_for_its_health(status: int, state: str) -> None:
    asked = []

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        row = only(doctor.check_mlflow({"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{server.server_port}"}))
    assert asked == ["/health"]
    assert row.state == state


def test_an_mlflow_server_that_is_away_is_missing() -> None:
    row = only(doctor.check_mlflow({"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{free_port()}"}))
    assert row.state == MISSING
    assert "mlflow server" in row.mend


def test_passwords_are_not_printed() -> None:
    row = only(doctor.check_mlflow({"MLFLOW_TRACKING_URI": f"postgresql://u:hidden@127.0.0.1:{free_port()}/db"}))
    assert row.state == MISSING
    assert "hidden" not in row.found + row.mend
