"""A user's fault is one line and status 2, wherever it was raised."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import ray

from infra.errors import UserError, user_error_in

ROOT = Path(__file__).resolve().parents[2]


def run(body: str) -> subprocess.CompletedProcess[str]:
    script = f"from infra.errors import UserError, guarded\ndef main():\n    {body}\nguarded(main)"
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_user_error_ends_with_one_line_and_status_2() -> None:
    ended = run("raise UserError('no folder x;\\n  make it')")
    assert (ended.returncode, ended.stderr) == (2, "turnery: no folder x; make it\n")


def test_the_status_of_main_is_the_status_of_the_command() -> None:
    assert run("return 0").returncode == 0
    assert run("return 3").returncode == 3


def test_a_programs_own_fault_keeps_its_traceback() -> None:
    ended = run("raise KeyError('x')")
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr


def test_a_user_error_is_found_behind_what_ray_wraps_around_it(local_ray: None) -> None:
    @ray.remote
    def fails() -> None:
        raise UserError("mend this")

    with pytest.raises(ray.exceptions.RayTaskError) as caught:
        ray.get(fails.remote())
    assert str(user_error_in(caught.value)) == "mend this"
    assert user_error_in(ValueError("another")) is None
