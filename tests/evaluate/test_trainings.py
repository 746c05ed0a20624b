"""An experiment on a real Ray: what it needs is trained side by side, once, and checked before anything begins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from evaluate.config import EvaluateJob
from evaluate.plan import all_of, plan
from evaluate.stages import prepared, unprepared
from infra.cluster import connected
from infra.errors import UserError
from infra.settings import ClusterConfig
from infra.storage import FolderStorage
from infra.tracking import Run, open_run
from tests.train.toy import make_dataset

pytestmark = pytest.mark.timeout(600)  # starts of Ray and of its workers take long on a busy machine

TRAIN = {"size": 64, "width": 0.05, "batch": 8, "steps": 3, "report_every": 1}


def job(first: dict[str, Any], second: dict[str, Any], name: str = "toy") -> EvaluateJob:
    questions = {"reconstruction": {"trainings": {"generator": first}}, "morph": {"trainings": {"generator": second}}}
    evaluate = {"questions": ("reconstruction", "morph"), **questions}
    return EvaluateJob.model_validate({"name": name, "train": TRAIN, "evaluate": evaluate})


@pytest.fixture(scope="module")
def workspace(node_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FolderStorage]:
    folder = tmp_path_factory.mktemp("experiment")
    make_dataset(folder)
    with connected(ClusterConfig(cpus=2)):
        yield FolderStorage(folder)


def run_of(workspace: FolderStorage) -> Run:
    return open_run(f"sqlite:///{workspace.root}/mlflow.db", "toy", "run", "key", workspace / "mlflow")


def written(workspace: FolderStorage) -> dict[str, int]:
    return {path.parent.name: path.stat().st_mtime_ns for path in Path(workspace.url).glob("training/*/generator.json")}


@pytest.mark.long
def test_trainings_run_beside_each_other_once_and_stand_in_mlflow(workspace: FolderStorage) -> None:
    wanted = job({"select": {"classes": ["chair"]}}, {"select": {"classes": ["table"]}})
    run = run_of(workspace)
    assert unprepared(wanted, workspace)
    prepared(wanted, workspace, run)
    names = {each.name for each in all_of(plan(wanted))}
    made = written(workspace)
    assert set(made) == names
    assert not unprepared(wanted, workspace)

    third = job({"select": {"classes": ["chair"]}}, {})
    prepared(third, workspace, run)
    assert {name: time for name, time in written(workspace).items() if name in names} == made
    assert "generator" in written(workspace)

    client = MlflowClient(run.uri)
    children = client.search_runs([run.experiment], f"tags.`mlflow.parentRunId` = '{run.id}'")
    assert {child.info.run_name for child in children} == {f"train {name}" for name in {*names, "generator"}}
    assert all(child.info.status == "FINISHED" and "train/loss" in child.data.metrics for child in children)


def test_what_the_dataset_lacks_is_said_before_anything_is_trained(workspace: FolderStorage) -> None:
    before = written(workspace)
    with pytest.raises(UserError, match="no class lamp; it has chair, table"):
        prepared(job({"augment": 0.5}, {"select": {"classes": ["lamp"]}}), workspace, run_of(workspace))
    assert written(workspace) == before


def test_without_a_recipe_nothing_is_made(workspace: FolderStorage) -> None:
    with pytest.raises(UserError, match="no generator"):
        prepared(job({"augment": 0.7}, {}, name="unnamed"), workspace, run_of(workspace))
