"""The evaluation stage on a real Ray and MLflow store: what it leaves, and what it does not do twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ray
from mlflow import MlflowClient

from evaluate.claims import Claim, read_claims, write_claims
from evaluate.config import ClaimConfig, EvaluateConfig, EvaluateJob
from evaluate.job import evaluate_generators, finished_evaluation, inputs_digest
from evaluate.question import Answer, here
from evaluate.reconstruction import reconstruction
from evaluate.subject import read_spec
from infra.cluster import connected
from infra.errors import UserError
from infra.settings import ClusterConfig
from infra.storage import Storage, open_storage
from infra.tracking import Run, open_run
from tests.evaluate.furniture import make_world, subject_of, write_training

CONFIG = EvaluateConfig.model_validate(
    {
        "views_per_task": 25,
        "reconstruction": {"columns": 3, "turntable_styles": 1, "turntable_frames": 8},
        "morph": {"pairs_per_class": 1, "frames": 9, "strip_frames": 3, "gif_frames": 8},
        "correspondence": {"pairs_per_class": 1, "path": {"frames": 10}},
    }
)
QUESTIONS = ("reconstruction", "morph", "correspondence")


def job_of(config: EvaluateConfig = CONFIG, training: str = "generator") -> EvaluateJob:
    return EvaluateJob.model_validate({"train": {"name": training}, "evaluate": config})


@dataclass
class Place:
    """A workspace that has been evaluated once, and what came back."""

    workspace: Storage
    run: Run
    found: dict[str, Any]

    def ask(self, config: EvaluateConfig = CONFIG, training: str = "generator") -> dict[str, Any]:
        return evaluate_generators(job_of(config, training), self.workspace, self.run)

    def times(self) -> dict[str, int]:
        folder = Path(self.workspace.url) / "evaluation"
        return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*.*")}


@pytest.fixture(scope="module")
def place(node_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("job")
    workspace = make_world(folder)
    run = open_run(f"sqlite:///{folder}/mlflow.db", "boxes", "run", "key", open_storage(folder / "mlflow"))
    with connected(ClusterConfig(cpus=2)):
        assert ray.is_initialized()
        place = Place(workspace, run, {})
        place.found = place.ask()
        yield place


def test_every_question_leaves_a_summary_whose_files_are_there(place: Place) -> None:
    for question in QUESTIONS:
        storage = place.workspace / "evaluation" / question
        summary = storage.read_json("summary.json")
        assert summary == place.found["questions"][question]
        of_answer, of_asking = {"question", "metrics", "figures", "text"}, {"seed", "trainings", "settings", "run"}
        assert set(summary) == {*of_answer, *of_asking, "inputs_digest", "generators"}
        assert (summary["seed"], summary["trainings"]) == (0, {"generator": "generator"})
        assert summary["text"].endswith(".")
        assert all(key.startswith(f"eval/{question}/") for key in summary["metrics"])
        files = set(storage.list())
        assert {figure["file"] for figure in summary["figures"]} <= files
        assert {str(Path(figure["file"]).with_suffix(".csv")) for figure in summary["figures"]} <= files


def test_work_spread_over_the_cluster_gives_what_one_process_gives(place: Place, tmp_path: Path) -> None:
    subject = subject_of(place.workspace)
    alone = Answer("reconstruction", tmp_path)
    reconstruction(subject, CONFIG.reconstruction, alone, here(subject))
    for key, value in alone.metrics.items():
        assert place.found["metrics"][key] == pytest.approx(value, rel=1e-4), key


def test_mlflow_has_a_child_run_a_question_and_all_metrics_on_the_parent(place: Place) -> None:
    client = MlflowClient(place.run.uri)
    parent = client.get_run(place.run.id)
    assert parent.data.metrics == pytest.approx(place.found["metrics"])
    children = client.search_runs([place.run.experiment], f"tags.`mlflow.parentRunId` = '{place.run.id}'")
    by_name = {child.info.run_name: child for child in children}
    assert set(by_name) >= set(QUESTIONS)
    for question in QUESTIONS:
        child = by_name[question]
        assert child.info.status == "FINISHED"
        summary = place.found["questions"][question]
        assert summary["run"] == {
            "uri": place.run.uri,
            "experiment": child.info.experiment_id,
            "id": child.info.run_id,
        }
        assert child.data.metrics == pytest.approx(summary["metrics"])
        logged = {item.path for item in client.list_artifacts(child.info.run_id)}
        assert {figure["file"] for figure in summary["figures"]} <= logged


def test_asked_again_nothing_is_done(place: Place) -> None:
    before = place.times()
    assert place.ask() == place.found
    assert place.times() == before
    assert finished_evaluation(job_of(), place.workspace) == place.found


def test_a_changed_setting_redoes_its_question_alone(place: Place) -> None:
    before = place.times()
    changed = CONFIG.model_copy(update={"morph": CONFIG.morph.model_copy(update={"frames": 11})})
    assert finished_evaluation(job_of(changed), place.workspace) is None
    place.ask(changed)
    after = place.times()
    touched = {name.split("/")[0] for name, time in after.items() if before.get(name) != time}
    assert touched == {"morph"}
    place.ask()


def test_an_interrupted_question_is_asked_again(place: Place) -> None:
    storage = place.workspace / "evaluation" / "correspondence"
    storage.delete("summary.json")
    storage.write_bytes("left-over.png", b"of an interrupted run")
    again, before = (
        {name: value for name, value in metrics.items() if not name.endswith("/seconds")}  # no two runs take the same
        for metrics in (place.ask()["metrics"], place.found["metrics"])
    )
    assert again == pytest.approx(before, rel=1e-4)
    assert "left-over.png" not in storage.list()


def test_how_the_work_is_spread_is_no_input(place: Place) -> None:
    spec = {"generator": read_spec(place.workspace, "generator")}
    spread = CONFIG.model_copy(update={"views_per_task": 7, "batch": 3, "gpus_per_task": 0.5})
    again = {"generator": spec["generator"].model_copy(update={"final": {"psnr_db": 1.0}})}
    for question in QUESTIONS:
        own = inputs_digest(question, CONFIG, 0, spec)
        assert inputs_digest(question, spread, 0, spec) == own
        assert inputs_digest(question, CONFIG, 1, spec) != own
        assert inputs_digest(question, CONFIG, 0, again) != own


def test_a_training_that_is_not_there_is_named(place: Place) -> None:
    with pytest.raises(UserError, match="no generator 'other'"):
        place.ask(training="other")


def test_a_morph_of_an_unknown_model_is_refused_before_anything_is_asked(place: Place) -> None:
    before = place.times()
    morph = CONFIG.morph.model_copy(update={"pairs": (("chair00", "chair99"),)})
    with pytest.raises(UserError, match="knows no model 'chair99'"):
        place.ask(CONFIG.model_copy(update={"morph": morph}))
    assert place.times() == before


def test_a_generator_of_another_dataset_is_refused(place: Place, tmp_path: Path) -> None:
    write_training(place.workspace, tmp_path, "stranger")
    storage = place.workspace / "training" / "stranger"
    spec = storage.read_json("generator.json")
    storage.write_json("generator.json", {**spec, "dataset_digest": "0" * 64})
    with pytest.raises(UserError, match="another dataset"):
        place.ask(training="stranger")


def test_a_damaged_generator_is_refused_in_one_line(place: Place, tmp_path: Path) -> None:
    write_training(place.workspace, tmp_path, "damaged")
    (place.workspace / "training" / "damaged").write_bytes("generator.json", json.dumps({"name": 3}).encode())
    with pytest.raises(UserError, match=r"generator\.json is damaged") as error:
        place.ask(training="damaged")
    assert "\n" not in str(error.value)


def test_claims_of_questions_that_are_not_asked_now_stay_in_the_table(tmp_path: Path) -> None:
    workspace = make_world(tmp_path)
    evaluation = workspace / "evaluation"
    says = ClaimConfig(section="5.4", says="smooth", effect="steps", margin=0.5)
    asked = EvaluateConfig.model_validate({"questions": ["morph"], "claims": {"morph/steps": says}})
    spec = {"generator": read_spec(workspace, "generator")}
    summary = {"inputs_digest": inputs_digest("morph", asked, 0, spec), "metrics": {}, "figures": [], "text": ""}
    evaluation.write_json("morph/summary.json", summary)
    evaluation.write_bytes("morph/claim-steps.csv", b"sample,value\na,1\nb,1\n")
    other = Claim("sampling", "new", "5.6", "new, all", "-", "below", 0.0, np.nan, -np.inf, np.inf, 0, 1, "open")
    write_claims(evaluation, [other, replace(other, question="morph", name="old")])
    for _ in range(2):
        found = finished_evaluation(job_of(asked), workspace)
        assert found is not None
        assert [claim["claim_holds"] for claim in found["claims"]] == ["holds"]
        first, second = read_claims(evaluation)
        assert repr(first) == repr(other)
        assert second == Claim("morph", "steps", "5.4", "smooth", "steps", "above", 0.5, 1, 1, 1, 2, 1, "holds")


def test_a_damaged_table_of_claims_is_named(tmp_path: Path) -> None:
    evaluation = open_storage(tmp_path)
    evaluation.write_bytes("claims.csv", b"question,name\nmorph,steps\n")
    with pytest.raises(UserError, match=r"claims\.csv: 0\.section: .*; remove it and evaluate again"):
        read_claims(evaluation)
