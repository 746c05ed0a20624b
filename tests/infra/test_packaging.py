"""One list of exact versions, one command to install it, and a small upload for a cluster."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ray._private.ray_constants import get_runtime_env_default_excludes
from ray._private.runtime_env.packaging import create_package, get_uri_for_directory

from infra.doctor import pinned_versions

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("pipeline", "evaluate", "train", "render", "infra")
UPLOAD_LIMIT = 5 * 1000**2
MADE_BY_RUNS = (
    "docs/turntable.gif",
    "docs/tour.png",
    "picture.png",
    "workspace/demo/dataset/shards/chair-000000.tar",
    "workspace/demo/report.html",
    "mlflow.db",
    "infra/deploy/.env",
    "mlruns/0/a.bin",
    ".venv/lib/torch.so",
    ".git/objects/pack",
    ".mypy_cache/big.json",
    "turnery.egg-info/PKG-INFO",
    "render/__pycache__/job.pyc",
)


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def make(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run make as from a shell of its own, not as a part of the make that runs these tests."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    environment.pop("PYTHON", None)
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A clone before its installation, as far as make needs it."""
    (tmp_path / "infra").mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "infra/preflight.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_constraints_are_exact_versions_without_places_or_build_tags() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", pin)] == []
    names = [canonicalize_name(pin.partition("==")[0]) for pin in pins]
    assert len(names) == len(set(names))


def test_every_requirement_is_pinned_at_a_version_it_accepts(project: dict[str, Any]) -> None:
    pinned = {canonicalize_name(name): version for name, version in pinned_versions(ROOT / "constraints.txt").items()}
    texts = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["dev"]
    for requirement in map(Requirement, texts):
        name = canonicalize_name(requirement.name)
        assert name in pinned, f"{name} has no line in constraints.txt"
        assert requirement.specifier.contains(pinned[name]), f"{requirement}, but {pinned[name]} is pinned"


def test_files_that_are_not_python_go_with_their_package(project: dict[str, Any]) -> None:
    patterns = project["tool"]["setuptools"]["package-data"]
    taken = {path for floor, globs in patterns.items() for glob in globs for path in (ROOT / floor).glob(glob)}
    assert set(package_files()) - taken - {path for path in package_files() if path.suffix == ".py"} == set()


def test_a_ray_job_uploads_all_code_and_little_else(tmp_path: Path) -> None:
    names = uploaded(ROOT, tmp_path / "upload.zip")
    assert (tmp_path / "upload.zip").stat().st_size < UPLOAD_LIMIT
    assert {path.relative_to(ROOT).as_posix() for path in package_files()} <= names
    assert {name for name in names if name.startswith((".git/", ".venv/", "tests/", "docs/", "workspace"))} == set()


def test_workspaces_pictures_and_databases_stay_out_of_the_upload(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    for name in ("pipeline/run.py", "pipeline/recipes/demo.yaml", "pipeline/templates/report.html.j2"):
        write(repository / name, b"code")
    for name in MADE_BY_RUNS:
        write(repository / name, os.urandom(1 << 20))
    for name in (".gitignore", ".rayignore"):
        shutil.copy(ROOT / name, repository / name)
    names = uploaded(repository, tmp_path / "upload.zip")
    code = {"pipeline/run.py", "pipeline/recipes/demo.yaml", "pipeline/templates/report.html.j2"}
    assert {name for name in names if not name.endswith("/")} == code | {".gitignore", ".rayignore"}


def test_make_alone_lists_the_commands() -> None:
    listed = make().stdout
    for target in ("setup", "demo", "test", "test-all", "lint", "doctor", "clean"):
        assert re.search(rf"^  make {target} +\S", listed, re.MULTILINE)


def test_make_test_lints_checks_types_and_runs_all_but_the_long_tests() -> None:
    commands = make("-n", "test").stdout
    steps = ["ruff check", "ruff format --quiet --check", "bin/mypy", 'pytest -q -m "not long"']
    places = [commands.index(step) for step in steps]
    assert places == sorted(places)


def test_continuous_integration_calls_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == "exec make test"


def test_setup_is_one_pip_call_after_a_look_at_the_machine(bare: Path) -> None:
    commands = make("-n", "setup", folder=bare).stdout
    assert commands.count("pip install") == 1
    assert commands.index("infra/preflight.py") < commands.index("-m venv") < commands.index("pip install")
    assert "-c constraints.txt -e '.[dev]'" in commands


def test_setup_runs_again_only_when_its_lists_changed(bare: Path) -> None:
    stamp = bare / ".venv" / "turnery-setup"
    write(stamp, b"")
    os.utime(stamp, (2e9, 2e9))
    assert "pip" not in make("-n", "setup", folder=bare).stdout
    os.utime(bare / "constraints.txt", (2.1e9, 2.1e9))
    assert "pip install" in make("-n", "setup", folder=bare).stdout


def test_setup_without_python_ends_in_one_line_that_names_the_package(bare: Path) -> None:
    run = make("setup", "PYTHON=/nowhere/python3.11", folder=bare)
    assert run.returncode == 2
    told = [line for line in run.stderr.splitlines() if not line.startswith("make:")]
    assert told == ["turnery: no Python at '/nowhere/python3.11': apt-get install python3.11 python3.11-venv"]
    assert not (bare / ".venv").exists()


def package_files() -> list[Path]:
    found = (path for floor in FLOORS for path in (ROOT / floor).rglob("*") if path.is_file())
    return [path for path in found if "__pycache__" not in path.parts]


def uploaded(folder: Path, target: Path) -> set[str]:
    """What Ray itself packs of a working folder."""
    excludes = get_runtime_env_default_excludes()
    assert get_uri_for_directory(str(folder), include_gitignore=True, excludes=excludes).startswith("gcs://")
    create_package(str(folder), target, include_gitignore=True, excludes=excludes)
    with zipfile.ZipFile(target) as package:
        return set(package.namelist())


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
