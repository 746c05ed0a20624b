"""A dry run says what a run would do and why; it starts nothing and leaves no trace."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.dry_run import dry_run
from pipeline.survey import trainings_of
from tests.pipeline.standin import World, finished_world, half_world, tracking_of, world_in

ROOT = Path(__file__).resolve().parents[2]


def said(world: World, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What a dry run prints: the line of every stage by name, and the rest."""
    capsys.readouterr()
    before = tree(world.folder)
    dry_run(world.recipe, world.workspace, world.catalog, world.key)
    assert tree(world.folder) == before
    output = capsys.readouterr().out
    names = "dataset|generator|reconstruction|morph|correspondence|report.html"
    lines = {}
    for line in output.splitlines():
        match = re.match(rf"(?:render|train|evaluate|report)? +({names}) +(.*)", line)
        lines |= {match[1]: re.sub("  +", ": ", match[2])} if match else {"rest": lines.get("rest", "") + line + "\n"}
    return lines


def tree(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_of_nothing_everything_would_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(world_in(tmp_path / "run"), capsys)
    assert lines["dataset"] == "would be rendered, 2 of 2 shards: no dataset yet"
    assert lines["generator"] == "would be trained, 60 of 60 steps: the dataset comes first"
    assert lines["morph"] == "would be asked: training generator comes first"
    assert lines["report.html"] == "would be written: comes last"
    assert "nothing was started and nothing written" in lines["rest"]


def test_of_a_finished_run_nothing_would_be_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(finished_world(tmp_path / "run"), capsys)
    assert all(line.startswith("there already") for name, line in lines.items() if name != "rest")
    assert "everything is there already" in lines["rest"] and "cost" not in lines["rest"]


def test_of_a_killed_run_the_rest_would_be_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(half_world(tmp_path / "run"), capsys)
    assert lines["dataset"] == "there already, 2 shards"
    assert lines["generator"] == "would be trained, 30 of 60 steps: goes on from step 30 of 60"
    assert "rendering none, training < 1 min" in lines["rest"]


def test_of_changed_pictures_every_shard_is_looked_into(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = finished_world(tmp_path / "run").changed("--render.size", "96", "--render.samples", "5")
    lines = said(world, capsys)
    other = "the dataset there is of other settings: render.samples 4 -> 5, render.size 64 -> 96"
    assert lines["dataset"] == f"would be rendered, 2 of 2 shards: {other}"
    assert lines["generator"].endswith("the dataset comes first (a generator will be held against it)")


def test_shards_that_a_changed_source_leaves_alone_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = finished_world(tmp_path / "run").changed("--render.source.classes", '["chair"]')
    lines = said(world, capsys)
    assert lines["dataset"].startswith("would be rendered, 0 of 1 shards: the dataset there is of other settings: ")
    assert "render.source.classes ['chair', 'table'] -> ['chair']" in lines["dataset"]
    assert "models 4 -> 2" in lines["dataset"]


def test_how_the_work_is_spread_is_no_other_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--render.memory_gb", "4", "--render.threads", "1", "--train.checkpoint_seconds", "9"]
    lines = said(finished_world(tmp_path / "run").changed(*options, "--evaluate.views_per_task", "7"), capsys)
    stages = {name: line for name, line in lines.items() if name not in ("rest", "report.html")}
    assert all(line.startswith("there already") for line in stages.values())
    assert lines["report.html"] == "would be written: the one there is of other settings or another MLflow"


def test_of_a_changed_training_the_settings_are_named_old_and_new(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = finished_world(tmp_path / "run").changed("--train.steps", "70", "--train.select.holdout_every_azimuth", "3")
    lines = said(world, capsys)
    changed = "train.select.holdout_every_azimuth 6 -> 3, train.steps 60 -> 70"
    assert lines["generator"].endswith(f": the generator there is of other settings: {changed}")
    (each,) = trainings_of(world.recipe)
    world.add_checkpoint(each, 40)
    assert said(world, capsys)["generator"] == "would be trained, 30 of 70 steps: goes on from step 40 of 70"


def test_of_another_seed_all_is_made_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(finished_world(tmp_path / "run").changed("--seed", "5"), capsys)
    assert lines["dataset"].endswith("other models: the seed, the source's files or the way of rendering changed")


def test_of_a_question_the_reason_is_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = finished_world(tmp_path / "run")
    lines = said(world.changed("--evaluate.morph.frames", "11"), capsys)
    assert lines["morph"] == "would be asked: the answer there is of evaluate.morph.frames 9 -> 11"
    assert lines["correspondence"] == "there already"

    lines = said(world.changed("--evaluate.questions", '["morph", "sampling"]'), capsys)
    assert lines["morph"] == "there already"
    assert re.search(r"sampling +would be asked +new", lines["rest"])

    spec = world.workspace.read_json("training/generator/generator.json")
    world.workspace.write_json("training/generator/generator.json", {**spec, "final": {"psnr_db": 3.0}})
    lines = said(world, capsys)
    assert lines["morph"] == "would be asked: the answer there is of another generator (generator)"

    summary = world.workspace.read_json("evaluation/morph/summary.json")
    old = {key: value for key, value in summary.items() if key not in ("settings", "generators")}
    world.workspace.write_json("evaluation/morph/summary.json", old)
    assert said(world, capsys)["morph"].endswith("of other settings or another generator")

    world.workspace.delete("evaluation/morph/summary.json")
    assert said(world, capsys)["morph"] == "would be asked: was begun and not answered"


def test_a_longer_training_costs_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def hours(*options: str) -> float:
        rest = said(world_in(tmp_path / "run", "--cluster.cpus", "2", *options), capsys)["rest"]
        match = re.search(r"rendering .*, training ([\d.]+) h \(2 cores; starts and questions come on top\)", rest)
        assert match is not None, rest
        return float(match[1])

    once = hours("--train.steps", "2000000")
    assert hours("--train.steps", "4000000") == pytest.approx(2 * once, rel=0.06)


def command(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-X", "importtime", str(ROOT / "pipeline/run.py"), "--recipe", "smoke", "--dry-run"]
    options = ("--workspace", str(folder / "run"), *options)
    return subprocess.run([*run, *options], cwd=folder, capture_output=True, text=True, check=False)


def test_the_command_goes_by_the_run_s_own_key_starts_no_ray_and_ends_well(tmp_path: Path) -> None:
    world = finished_world(tmp_path / "run")
    before = tree(tmp_path)
    done = command(tmp_path, "--tracking.uri", tracking_of(world.folder))
    assert done.returncode == 0
    assert "everything is there already" in done.stdout
    assert tree(tmp_path) == before
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "pydantic" in imported
    assert not imported & {"ray", "mlflow", "bpy"}


def test_a_workspace_of_another_recipe_is_refused_as_a_run_is(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/workspace.json").write_text('{"recipe": "demo"}')
    done = command(tmp_path)
    assert done.returncode == 2
    assert "was made by recipe 'demo', not 'smoke'; choose another --workspace" in done.stderr


def test_help_shows_the_commands_and_an_unknown_one_is_one_line(tmp_path: Path) -> None:
    run = [sys.executable, str(ROOT / "pipeline/run.py")]
    shown = subprocess.run([*run, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    for words in ("--dry-run", "run.py status --workspace DIR", "run.py cleanup --workspace DIR"):
        assert words in shown
    done = subprocess.run([*run, "statsu"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "turnery: no command 'statsu'; there are status and cleanup, and a run begins with --recipe NAME"
    )
