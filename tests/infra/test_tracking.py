"""Runs in a real MLflow store: a parent, children joined by id, and a restart that appends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow.entities import Run as MlflowRun

from infra import tracking
from infra.errors import UserError
from infra.storage import open_storage

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


def open_run(uri: str, key: str) -> tracking.Run:
    folder = Path(uri.removeprefix("sqlite:///")).parent
    return tracking.open_run(uri, "chairs", "a run", key, open_storage(folder / "files"))


def stored(uri: str, run: tracking.Run) -> MlflowRun:
    return mlflow.MlflowClient(uri).get_run(run.id)


def test_children_hang_below_their_parent_and_carry_what_is_logged(uri: str, tmp_path: Path) -> None:
    parent = open_run(uri, "tree")
    child = parent.child("train")
    child.params({"train.steps": 500, "train.name": "x"})
    child.params({"train.steps": 500, "seed": 0})
    child.metrics({"train/loss": 2.0, "bad": float("nan")}, step=10)
    child.metrics({"train/loss": 1.0}, step=20)
    child.image(np.zeros((4, 6, 3), np.uint8), "preview", step=20)
    (tmp_path / "a.txt").write_text("hello")
    child.artifact(tmp_path / "a.txt", "notes")
    child.dataset("chairs", "d" * 64, "/data", {"views": 3})
    child.finish()

    client, found = mlflow.MlflowClient(uri), stored(uri, child)
    assert found.data.tags["mlflow.parentRunId"] == parent.id
    assert found.data.params == {"train.steps": "500", "train.name": "x", "seed": "0"}
    assert [(m.step, m.value) for m in client.get_metric_history(child.id, "train/loss")] == [
        (10, 2.0),
        (20, 1.0),
    ]
    assert "bad" not in found.data.metrics
    assert found.inputs.dataset_inputs[0].dataset.digest == "d" * 36
    assert [item.path for item in client.list_artifacts(child.id, "notes")] == ["notes/a.txt"]
    assert any(item.path.endswith(".png") for item in client.list_artifacts(child.id, "images"))
    assert found.info.status == "FINISHED"


def test_an_unfinished_run_is_joined_again_and_a_finished_one_is_not(uri: str) -> None:
    first = open_run(uri, "restart")
    first.child("train").metrics({"train/loss": 3.0}, step=1)
    again = open_run(uri, "restart")
    assert again == first
    assert again.child("train") == first.child("train")
    assert again.child("render") != first.child("train")
    again.finish()
    assert open_run(uri, "restart").id != first.id


def test_a_block_that_raises_marks_its_run_failed_and_the_next_try_joins_it(uri: str) -> None:
    run = open_run(uri, "raises")
    with pytest.raises(ZeroDivisionError), run.recording():
        raise ZeroDivisionError
    assert stored(uri, run).info.status == "FAILED"
    with open_run(uri, "raises").recording() as second:
        assert second == run
    assert stored(uri, run).info.status == "FINISHED"


def test_another_process_appends_by_id(uri: str) -> None:
    run = open_run(uri, "join")
    script = f"from infra import tracking; tracking.join({uri!r}, {run.id!r}).metrics({{'m': 4.0}}, 7)"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
    assert stored(uri, run).data.metrics == {"m": 4.0}


def test_a_store_that_does_not_answer_is_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"MLflow at nonsense://x does not answer: .*--tracking.uri"):
        tracking.open_run("nonsense://x", "e", "n", "k", open_storage(tmp_path))


def test_the_default_store_is_the_environments_else_the_workspaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert tracking.default_uri(open_storage(tmp_path)) == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    assert tracking.default_uri(open_storage(tmp_path)) == "http://127.0.0.1:1"
