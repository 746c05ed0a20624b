"""Every fault a user can make at the main job: one line that names the thing and the mend, status 2, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def refused(tmp_path: Path, *options: str) -> str:
    """What the command prints on standard error, after checking that it is one line and nothing else happened."""
    command = [sys.executable, str(ROOT / "pipeline" / "run.py"), *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("turnery: ")
    return done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--recipe", "dmeo"], ["no recipe 'dmeo'", "did you mean 'demo'"]),
        (["--recipe", "smoke", "--train.stesp", "5"], ["--train.stesp", "did you mean '--train.steps'"]),
        (["--recipe", "smoke", "--train.steps", "0"], ["train.steps", "'0'", "greater than or equal to 1"]),
        (["--recipe", "smoke", "--train.augment", "2"], ["train.augment", "'2'", "less than or equal to 1"]),
        (["--recipe", "smoke", "--render.elevations", "91"], ["render.elevations", "-90 to 90"]),
        (["--recipe", "models"], ["--render.source.path DIR"]),
        (
            ["--recipe", "models", "--render.source.path", "nowhere"],
            ["no folder", "nowhere", "--render.source.path"],
        ),
        (["--recipe", "models", "--render.source.path", "."], ["holds no models", "<class>/<name>.glb"]),
        (["--recipe", "smoke", "--render.source.classes", "sofa"], ["no class 'sofa'", "chair"]),
        (
            ["--recipe", "smoke", "--workspace", "file/below"],
            ["cannot write to", "file/below", "--workspace"],
        ),
        (["--recipe", "smoke", "--workspace", "gs://x/y"], ["gs://x/y", "s3://bucket/prefix"]),
        (["--recipe", "smoke", "--tracking.uri", "odd://x"], ["MLflow at odd://x", "--tracking.uri"]),
    ],
)
def test_a_wrong_option_is_one_line(tmp_path: Path, options: list[str], said: list[str]) -> None:
    (tmp_path / "file").write_text("")
    line = refused(tmp_path, *options)
    assert all(part in line for part in said), line


def test_an_unknown_key_in_a_recipe_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: smoke\ntrain: {step: 3}\n")
    line = refused(tmp_path, "--recipe", str(tmp_path / "mine.yaml"))
    assert "unknown key 'train.step' (value 3); did you mean 'train.steps'?" in line


def test_a_workspace_of_another_recipe_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "workspace.json").write_text(json.dumps({"recipe": "demo"}))
    line = refused(tmp_path, "--recipe", "smoke", "--workspace", "theirs")
    assert "theirs was made by recipe 'demo', not 'smoke'; choose another --workspace" in line
    assert os.listdir(tmp_path / "theirs") == ["workspace.json"]


@pytest.mark.parametrize("floor", ["render", "train", "evaluate"])
def test_the_floors_commands_speak_the_same_way(tmp_path: Path, floor: str) -> None:
    command = [
        sys.executable,
        "-m",
        floor,
        "--recipe",
        "smoke",
        "--workspace",
        str(tmp_path / "w"),
        "--sed",
        "1",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"turnery: no option --sed; did you mean '--seed'?; see python -m {floor} --help\n"


# Given a recipe, an evaluation makes what it stands on; without one it asks what is there.
@pytest.mark.parametrize("arguments", [("train", "--recipe", "smoke"), ("evaluate",)])
def test_a_floor_without_what_it_stands_on_says_so(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", *arguments, "--workspace", str(tmp_path / "w")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("turnery: no ")
    assert "python -m" in done.stderr
