"""What stands in the way of an installation is said in one line with its mend, under any Python 3."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from infra import preflight

ROOT = Path(__file__).resolve().parents[2]


def test_a_ready_machine_gets_no_word() -> None:
    run = subprocess.run([sys.executable, ROOT / "infra/preflight.py"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["preflight", "doctor"])
def test_it_runs_before_anything_is_installed_under_python_3_8_on(name: str) -> None:
    tree = ast.parse((ROOT / f"infra/{name}.py").read_text(), feature_version=(3, 8))
    imported = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported <= sys.stdlib_module_names | {"infra"}


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 12), (3, 13)])
def test_a_wrong_python_is_told_with_the_package_of_the_right_one(version: tuple[int, int]) -> None:
    problem = preflight.python_problem(version)
    assert problem is not None
    assert f"{version[0]}.{version[1]}:" in problem
    assert "apt-get install python3.11 python3.11-venv" in problem
    assert "\n" not in problem


def test_python_3_11_with_venv_is_fine() -> None:
    assert preflight.python_problem((3, 11)) is None
    assert preflight.venv_problem() is None


def test_the_loader_itself_is_asked_for_libraries() -> None:
    assert preflight.missing_libraries(["libc.so.6", "libnowhere.so.7"]) == ["libnowhere.so.7"]


def test_missing_libraries_become_one_apt_command() -> None:
    assert preflight.libraries_problem([]) is None
    problem = preflight.libraries_problem(["libXi.so.6", "libGL.so.1"])
    assert problem == "Blender misses libXi.so.6, libGL.so.1: apt-get install libxi6 libgl1"


def test_blender_has_no_build_for_linux_on_arm() -> None:
    assert preflight.machine_problem("linux", "x86_64") is None
    assert preflight.machine_problem("darwin", "arm64") is None
    assert "x86-64" in (preflight.machine_problem("linux", "aarch64") or "")


def test_memory_is_the_machines_or_the_containers() -> None:
    assert 0 < preflight.memory_bytes() <= psutil.virtual_memory().total
    assert 0 < preflight.usable_cores() <= (psutil.cpu_count() or 1)


def test_little_memory_is_told_and_six_gibibytes_suffice() -> None:
    assert preflight.memory_problem(6 * preflight.GIB) is None
    assert preflight.memory_problem(2 * preflight.GIB) == (
        "2.0 GiB of memory, at least 4 GiB are needed: use a larger machine, or raise the container's memory limit"
    )


def test_a_full_disk_is_told_until_the_installation_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "NEEDED_DISK_GIB", 1e9)
    problem = preflight.disk_problem(tmp_path, tmp_path)
    assert problem is not None
    assert str(tmp_path) in problem
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/turnery-setup").touch()
    assert preflight.disk_problem(tmp_path, tmp_path) is None


def test_a_small_temporary_folder_is_told_with_tmpdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "NEEDED_DISK_GIB", 0)
    monkeypatch.setattr(preflight, "NEEDED_TEMPORARY_GIB", 1e9)
    assert "TMPDIR" in (preflight.disk_problem(tmp_path, tmp_path) or "")


def test_problems_end_with_status_2_and_a_line_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(preflight, "NEEDED_MEMORY_GIB", 1e9)
    assert preflight.main() == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("turnery: ")
