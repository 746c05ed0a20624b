"""`python -m evaluate` as a person runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.evaluate.furniture import make_world

ROOT = Path(__file__).resolve().parents[2]
QUICK = ["--evaluate.questions", '["morph"]', "--evaluate.morph.pairs_per_class", "1", "--cluster.cpus", "1"]


def evaluate(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evaluate", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)


def test_a_workspace_is_evaluated_once(tmp_path: Path) -> None:
    workspace = make_world(tmp_path)
    first = evaluate("--workspace", workspace.url, *QUICK)
    assert first.returncode == 0, first.stderr
    assert "3 morphs" in first.stdout
    assert f"{workspace.url}/evaluation/morph" in first.stdout
    summary = Path(workspace.url) / "evaluation" / "morph" / "summary.json"
    written = summary.stat().st_mtime_ns
    second = evaluate("--workspace", workspace.url, *QUICK)
    assert second.returncode == 0, second.stderr
    assert summary.stat().st_mtime_ns == written


def test_a_workspace_without_a_generator_is_refused_in_one_line(tmp_path: Path) -> None:
    refused = evaluate("--workspace", str(tmp_path))
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "no generator 'generator'" in refused.stderr


def test_a_question_that_does_not_exist_is_refused_in_one_line(tmp_path: Path) -> None:
    refused = evaluate("--workspace", str(tmp_path), "--evaluate.questions", '["meaning"]')
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "meaning" in refused.stderr
