"""Status tells what a workspace holds and how far its run is, whole or half made, near or far, in a moment."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from infra.errors import UserError
from infra.lease import held
from infra.storage import open_storage
from infra.storage.s3 import CONNECT_S, READ_S, _client
from pipeline.status import main, status
from pipeline.survey import trainings_of
from tests.infra.test_lease import another_job
from tests.pipeline.standin import RUN, copied, finished_world, half_world, journal_line, world_in

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["dataset", "generator", "reconstruction", "morph", "correspondence", "report.html"]


def test_a_finished_run_is_done_in_every_stage(tmp_path: Path) -> None:
    world = finished_world(tmp_path / "run")
    found = status(world.workspace)
    assert [(each.name, each.state) for each in found.stages] == [(name, "done") for name in NAMES]
    render, training, *_ = found.stages
    assert (render.done, render.total, render.facts["views"], render.facts["models"]) == (2, 2, 24, 4)
    assert (training.done, training.total, training.unit) == (60, 60, "steps")
    assert (found.recipe, found.plan, found.tenancy, found.failures.models) == ("smoke", True, None, 0)
    assert found.run["page"] == f"http://mlflow:5000/#/experiments/7/runs/{RUN['id']}"


def test_every_byte_is_counted_in_one_part(tmp_path: Path) -> None:
    world = half_world(tmp_path / "run")
    (world.folder / "notes.txt").write_text("mine")
    (world.folder / "mlflow.db").write_bytes(bytes(123))
    found = dict(status(world.workspace).bytes)
    on_disk = {path: path.stat().st_size for path in world.folder.rglob("*") if path.is_file()}
    assert found.pop("all") == sum(on_disk.values()) == sum(found.values())
    assert found["checkpoints"] == sum(size for path, size in on_disk.items() if "checkpoints-" in str(path))
    assert found["mlflow"] == 123
    assert found["training"] == found["evaluation"] == found["logs"] == 0


def test_a_killed_rendering_is_under_way_with_the_shards_that_are_there(tmp_path: Path) -> None:
    world = world_in(tmp_path / "run")
    world.record()
    assert world.states()["dataset"] == "not begun"
    world.add_shards(1)
    render, training, question, *_ = status(world.workspace).stages
    assert (render.state, render.done, render.total) == ("under way", 1, 2)
    assert (render.facts["views"], render.facts["views_expected"]) == (12, 24)
    assert (training.state, training.why) == ("not begun", "the dataset comes first")
    assert (question.state, question.why) == ("not begun", "training generator comes first")


def test_shards_of_earlier_settings_do_not_count(tmp_path: Path) -> None:
    world = world_in(tmp_path / "run")
    world.record()
    world.add_shards()
    for path in (world.folder / "dataset").rglob("*.*"):
        os.utime(path, (1e9, 1e9))
    lines = journal_line(time="2026-01-01T00:00:00Z", stage="render", event="begun")
    lines += journal_line(time="2026-01-01T00:00:01Z", stage="render", event="shards found", shards=["table-000000"])
    world.workspace.write_bytes("logs/render-20260101T000000.000Z.jsonl", lines)
    assert status(world.workspace).stages[0].done == 1  # the one that the run itself found to fit
    os.utime(world.folder / "dataset/parts/chair-000000.json")
    assert status(world.workspace).stages[0].done == 2  # and the one that it has made since


def test_a_killed_training_is_under_way_at_its_newest_whole_checkpoint(tmp_path: Path) -> None:
    world = half_world(tmp_path / "run")
    (each,) = trainings_of(world.recipe)
    world.add_checkpoint(each, 20)
    world.add_checkpoint(each, 40, whole=False)
    training = status(world.workspace).stages[1]
    assert (training.state, training.done, training.total) == ("under way", 30, 60)
    assert training.done == world.checkpoints(each).steps()[-1]


def test_what_is_of_other_settings_is_not_begun_and_says_why(tmp_path: Path) -> None:
    world = finished_world(tmp_path / "run")
    changed = world.changed("--train.steps", "70", "--evaluate.morph.frames", "11")
    changed.record()
    found = {each.name: each for each in status(world.workspace).stages}
    assert found["dataset"].state == "done"
    assert found["generator"].state == "not begun"
    assert found["generator"].why == "the generator there is of other settings: train.steps 60 -> 70"
    assert found["morph"].why == "training generator comes first (an answer of before is there)"
    assert found["report.html"].why == "the one there is of before"


def test_done_is_what_the_jobs_would_find(tmp_path: Path) -> None:
    world = finished_world(tmp_path / "run")
    for name in ("evaluation/morph/summary.json", "training/generator/history.csv", "dataset/manifest.json"):
        done = {each.name for each in status(world.workspace).stages if each.state == "done"}
        found = world.found_by_the_jobs()
        assert {key for key in NAMES[1:-1] if found[key] is not None} == done & set(NAMES[1:-1])
        assert ("dataset" in done) == (found["manifest"] is not None)
        kept = world.workspace.read_bytes(name)
        world.workspace.delete(name)
        after = {each.name for each in status(world.workspace).stages if each.state == "done"}
        assert after < done and "report.html" not in after
        world.workspace.write_bytes(name, kept)


def test_failures_come_with_their_reasons_from_the_table_of_a_finished_dataset(tmp_path: Path) -> None:
    world = world_in(tmp_path / "run")
    world.record()
    world.add_shards()
    world.add_manifest(["over the time limit", "no mesh", "over the time limit"])
    failures = status(world.workspace).failures
    assert failures.models == 3
    assert list(failures.reasons.items()) == [("over the time limit", 2), ("no mesh", 1)]
    assert failures.table == "dataset/failures.parquet"


def test_failures_of_a_dataset_under_way_come_from_the_journal_each_shard_once(tmp_path: Path) -> None:
    world = world_in(tmp_path / "run")
    world.record()

    def done(shard: str, *models: str) -> bytes:
        lines = journal_line(event="shard done", name=shard, failed=len(models))
        return lines + b"".join(
            journal_line(event="model failed", name=shard, model=model, reason="no mesh") for model in models
        )

    logs = world.workspace / "logs"
    logs.write_bytes("render-1.jsonl", done("chair-000000", "a", "b") + done("table-000000", "c"))
    logs.write_bytes("render-2.jsonl", done("chair-000000", "b"))  # rendered again: a was mended
    failures = status(world.workspace).failures
    assert (failures.models, dict(failures.reasons)) == (2, {"no mesh": 2})


def test_who_works_there_is_told_and_what_was_begun_is_under_way(tmp_path: Path) -> None:
    world = world_in(tmp_path / "run")
    world.record()
    begun = journal_line(time="2026-01-01T00:00:00Z", stage="render", event="begun")
    world.workspace.write_bytes("logs/render-1.jsonl", begun)
    assert status(world.workspace).stages[0].state == "not begun"  # of a run that is no more
    with another_job(world.workspace) as other:
        found = status(world.workspace)
        assert found.tenancy is not None and found.tenancy.lives is True
        assert (found.tenancy.holder.pid, found.stages[0].state) == (other.pid, "under way")
        assert found.plain()["held_by"]["since"].startswith("20")
        other.kill()
        other.wait()
        found = status(world.workspace)
        assert found.tenancy is not None and found.tenancy.lives is False
        assert found.stages[0].state == "not begun"
    ended = begun + journal_line(stage="render", event="interrupted", why="KeyboardInterrupt")
    world.workspace.write_bytes("logs/render-1.jsonl", ended)
    with held(world.workspace):
        assert status(world.workspace).stages[0].state == "not begun"
    assert status(world.workspace).tenancy is None


def test_a_workspace_that_says_nothing_of_its_recipe_shows_what_is_there(tmp_path: Path) -> None:
    world = finished_world(tmp_path / "run")
    world.workspace.delete("recipe.json")
    world.workspace.delete("evaluation/morph/summary.json")
    found = status(world.workspace)
    assert not found.plan
    states = {each.name: each.state for each in found.stages}
    assert states == {**dict.fromkeys(NAMES, "done"), "morph": "under way"}


def test_a_folder_that_is_no_workspace_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match=r"nowhere holds nothing \(no workspace\.json\); give the folder"):
        main(["--workspace", str(tmp_path / "nowhere")])
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(UserError, match="is no workspace"):
        main(["--workspace", str(tmp_path)])
    assert not (tmp_path / "nowhere").exists()


def test_people_read_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = half_world(tmp_path / "run")
    ended = journal_line(time="2026-01-01T00:00:00Z", stage="run", event="failed", why="no [room] left")
    world.workspace.write_bytes("logs/run-1.jsonl", ended)
    assert main(["--workspace", str(world.folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{world.folder}, recipe smoke"
    assert lines[1:3] == ["nobody works in it now", "last run  failed 2026-01-01T00:00:00Z: no [room] left"]
    rows = {" ".join(line.split()) for line in lines}
    assert "render dataset done 2 of 2 shards, 24 of 24 views" in rows
    assert any("under way" in line and "30 of 60 steps" in line for line in lines)
    assert lines[-1] == f"MLflow    http://mlflow:5000/#/experiments/7/runs/{RUN['id']}"


def test_the_command_is_quick_needs_nothing_heavy_and_prints_json(tmp_path: Path) -> None:
    world = finished_world(tmp_path / "run")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-X", "importtime", str(ROOT / "pipeline/run.py"), "status", "--json"]
    done = subprocess.run(
        [*command, "--workspace", str(world.folder)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = json.loads(done.stdout)
    assert [each["state"] for each in found["stages"]] == ["done"] * 6
    assert (found["held_by"], found["bytes"]["dataset"] > 10_000) == (None, True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "pydantic" in imported
    assert not imported & {"torch", "ray", "mlflow", "bpy", "pandas", "pyarrow", "cv2", "boto3"}
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2  # seconds of a processor


def test_no_secret_is_in_what_a_run_says_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-aws-secret")
    options = ["--tracking.uri", "http://mlflow:5000", "--cluster.address", "ray://planted-host:1"]
    # A URL with a password is refused (`infra.credentials`); a command line may hold one all the same.
    typed = ["--tracking.uri", "http://me:planted-word@mlflow:5000", "planted-aws-secret"]
    monkeypatch.setattr(sys, "argv", ["run.py", *typed])
    world = world_in(tmp_path / "run", *options)
    with held(world.workspace):
        world.record()
        assert "--tracking.uri http://me:…@mlflow:5000" in str(status(world.workspace).tenancy)
    text = b"".join(path.read_bytes() for path in world.folder.rglob("*.json") if "lease" not in str(path))
    assert b"planted" not in text
    lease = b"".join(path.read_bytes() for path in (world.folder / "lease").iterdir())
    assert b"planted-word" not in lease and b"planted-aws" not in lease


def test_it_is_the_same_on_s3_in_few_requests(tmp_path: Path, s3_bucket: str) -> None:
    world = half_world(tmp_path / "run")
    storage = copied(world, f"{s3_bucket}/status-half-made")
    environment = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
    client, requests = _client(os.getpid(), environment, (CONNECT_S, READ_S)), []

    def count(**kwargs: object) -> None:
        requests.append(1)

    client.meta.events.register("before-send.s3", count)
    found = status(storage)
    client.meta.events.unregister("before-send.s3", count)
    near = status(world.workspace)
    assert found.stages == near.stages
    assert found.bytes == near.bytes
    assert 1 <= len(requests) <= 8
    with pytest.raises(UserError, match="nothing-here holds nothing"):
        status(open_storage(f"{s3_bucket}/nothing-here"))
