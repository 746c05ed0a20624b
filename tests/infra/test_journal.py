"""A journal tells what happened, in lines; it costs a run nothing, and gives nothing away."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra import journal as journal_room
from infra.credentials import without_secrets
from infra.errors import UserError
from infra.journal import SILENT, Journal, read_events
from infra.storage import FolderStorage, Storage, StorageError, open_storage


@pytest.fixture(params=["folder", "s3"])
def logs(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return open_storage(tmp_path / "logs")
    bucket = request.getfixturevalue("s3_bucket")
    return open_storage(f"{bucket}/{request.node.name.partition('[')[0]}/logs")


def events(logs: Storage) -> list[dict[str, Any]]:
    return list(read_events(logs, logs.list(".jsonl")))


def test_a_stage_is_a_file_of_lines_in_order_with_times_in_utc(logs: Storage) -> None:
    before = datetime.now(UTC)
    with Journal(logs) as journal:
        with journal.stage("render", why={"dataset": "no dataset yet"}) as counts:
            journal.event("render", "shard done", name="chair-000000", views=12)
            counts["views"] = 24
        journal.event("train", "checkpoint", step=30)
    render, train = logs.list(".jsonl")
    assert render.startswith("render-") and train.startswith("train-")
    lines = [json.loads(line) for line in logs.read_bytes(render).splitlines()]
    assert [line["event"] for line in lines] == ["begun", "shard done", "finished"]
    assert lines[0]["why"] == {"dataset": "no dataset yet"}
    assert (lines[1]["name"], lines[1]["views"]) == ("chair-000000", 12)
    assert lines[2]["views"] == 24 and lines[2]["seconds"] >= 0
    for line in lines:
        assert line["stage"] == "render" and line["time"].endswith("Z")
        assert -0.01 <= (datetime.fromisoformat(line["time"]) - before).total_seconds() < 60
    assert [event["event"] for event in read_events(logs, [train])] == ["checkpoint"]


def test_a_run_that_fails_ends_with_its_one_line_and_one_that_is_stopped_says_so(tmp_path: Path) -> None:
    for error, ending, why in (
        (UserError("no room left; free some"), "failed", "no room left; free some"),
        (ValueError("first\nsecond"), "failed", "ValueError: first"),
        (KeyboardInterrupt(), "interrupted", "KeyboardInterrupt"),
    ):
        logs = open_storage(tmp_path / ending / type(error).__name__)
        with pytest.raises(type(error)), Journal(logs) as journal, journal.stage("run"):
            raise error
        last = events(logs)[-1]
        assert (last["event"], last["why"]) == (ending, why)


def test_lines_are_there_while_the_run_goes_on(tmp_path: Path) -> None:
    logs = open_storage(tmp_path)
    journal = Journal(logs, every_s=0.05)
    journal.event("run", "begun")
    deadline = time.monotonic() + 30
    while not logs.list() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [event["event"] for event in events(logs)] == ["begun"]
    journal.close()


def test_a_storage_that_is_away_loses_no_line_and_stops_no_run(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")
    logs = FolderStorage(tmp_path / "logs")
    with pytest.raises(StorageError):
        logs.write_bytes("x", b"")
    journal = Journal(logs, every_s=0.02)
    for number in range(3):
        journal.event("run", "step", number=number)
        time.sleep(0.1)
    (tmp_path / "logs").unlink()
    journal.event("run", "step", number=3)
    journal.close()
    assert [event["number"] for event in events(logs)] == [0, 1, 2, 3]


def test_a_storage_that_never_answers_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(FolderStorage):
        def write_bytes(self, name: str, data: bytes) -> None:
            threading.Event().wait(30)

    monkeypatch.setattr(journal_room, "LAST_S", 0.2)
    start = time.monotonic()
    with Journal(Hanging(tmp_path)) as journal:
        journal.event("run", "begun")
    assert time.monotonic() - start < 10


def test_two_runs_leave_a_file_each(tmp_path: Path) -> None:
    logs = open_storage(tmp_path)
    for _ in range(2):
        with Journal(logs) as journal:
            journal.event("run", "begun")
        time.sleep(0.01)
    assert len(logs.list()) == 2


def test_many_threads_tell_whole_lines(tmp_path: Path) -> None:
    logs = open_storage(tmp_path)

    def tell(journal: Journal, thread: int) -> None:
        for number in range(200):
            journal.event("train", "step", thread=thread, number=number)

    with Journal(logs, every_s=0.01) as journal:
        threads = [threading.Thread(target=tell, args=(journal, each)) for each in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    found = events(logs)
    for thread in range(4):
        assert [event["number"] for event in found if event["thread"] == thread] == list(range(200))


def test_whatever_is_told_becomes_json(tmp_path: Path) -> None:
    logs = open_storage(tmp_path)
    with Journal(logs) as journal:
        journal.event("run", "odd", nan=float("nan"), inf=float("-inf"), path=tmp_path, none=None, big="x" * 100_000)
    (line,) = logs.read_bytes(logs.list()[0]).splitlines()
    event = json.loads(line, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    assert (event["nan"], event["inf"], event["path"]) == ("nan", "-inf", str(tmp_path))
    assert "none" not in event and len(event["big"]) <= journal_room.LINE_CHARACTERS


def test_damaged_lines_are_passed_over(tmp_path: Path) -> None:
    logs = open_storage(tmp_path)
    logs.write_bytes("run-1.jsonl", b'{"event": "begun"}\n{"event": "fin\n[1]\n\xff\n{"event": "finished"}\n')
    assert [event["event"] for event in read_events(logs, ["run-1.jsonl", "gone.jsonl"])] == ["begun", "finished"]


def test_a_silent_journal_keeps_nothing() -> None:
    with SILENT.stage("run"):
        SILENT.event("run", "odd")
    assert SILENT._thread is None and not SILENT._files


def test_no_secret_gets_into_a_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = {"AWS_SECRET_ACCESS_KEY": "planted-aws-secret", "MLFLOW_TRACKING_PASSWORD": "planted-mlflow-word"}
    for name, value in planted.items():
        monkeypatch.setenv(name, value)
    line = "MLflow at https://me:planted-url-word@host:5000/x does not answer to planted-aws-secret"
    logs = open_storage(tmp_path)
    with pytest.raises(UserError), Journal(logs) as journal, journal.stage("run", why={"planted-mlflow-word": [line]}):
        raise UserError(line)
    written = logs.read_bytes(logs.list()[0]).decode()
    assert "planted" not in written
    assert "https://me:" in written and "@host:5000/x does not answer" in written


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://u:p@ss@host/db", "postgresql://u:…@host/db"),
        ("https://host/x?token=abc&page=2", "https://host/x?token=…&page=2"),
        ("https://b.s3/k?X-Amz-Signature=abc&X-Amz-Date=1", "https://b.s3/k?X-Amz-Signature=…&X-Amz-Date=…"),
        ("s3://bucket/a:b@c", "s3://bucket/a:b@c"),
        ("sqlite:////home/me/mlflow.db at 12:30", "sqlite:////home/me/mlflow.db at 12:30"),
    ],
)
def test_passwords_are_taken_out_of_urls_and_nothing_else(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
