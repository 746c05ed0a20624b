"""Nothing listens beyond loopback, nothing is unpickled, YAML is loaded safely, and secrets are written nowhere."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import credentials, doctor, tracking
from infra.errors import UserError
from infra.lease import held
from infra.settings import RECIPES, flatten, parse
from infra.storage import open_storage
from infra.workspace import open_workspace
from pipeline.config import Recipe
from tests.conftest import free_port
from tests.infra.test_packaging import FLOORS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
EVERYTHING = sorted([*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")])
PLANTED = {
    "AWS_ACCESS_KEY_ID": "AKIAPLANTEDPLANTED00",
    "AWS_SECRET_ACCESS_KEY": "planted/Secret+Key/0123456789",
    "MLFLOW_TRACKING_PASSWORD": "planted-mlflow-password",
    "PGPASSWORD": "planted-database-password",
    "RAY_AUTH_TOKEN": "planted-ray-token-0123456789",
}

UNSAFE_CALLS = {
    "yaml.load": "yaml.safe_load",
    "yaml.load_all": "yaml.safe_load_all",
    "yaml.full_load": "yaml.safe_load",
    "yaml.unsafe_load": "yaml.safe_load",
    "pickle.load": "safetensors or JSON",
    "pickle.loads": "safetensors or JSON",
    "pickle.Unpickler": "safetensors or JSON",
    "cloudpickle.load": "safetensors or JSON",
    "cloudpickle.loads": "safetensors or JSON",
    "dill.load": "safetensors or JSON",
    "joblib.load": "safetensors or JSON",
    "marshal.loads": "safetensors or JSON",
    "shelve.open": "JSON",
    "pd.read_pickle": "Parquet",
    "eval": "ast.literal_eval",
    "exec": "an import",
    "os.system": "subprocess.run with a list",
}


def name_of(node: ast.expr) -> str:
    """`a.b.c` of an expression, else nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return ""


def unsafe_calls(source: str) -> list[str]:
    """Calls that run what a file or a text says, by line."""
    faults = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            faults += [
                f"{node.lineno}: import {name}" for name in names if name in ("pickle", "dill", "shelve", "marshal")
            ]
        if not isinstance(node, ast.Call):
            continue
        name, given = name_of(node.func), {keyword.arg: keyword.value for keyword in node.keywords}
        said = {key: value.value for key, value in given.items() if isinstance(value, ast.Constant)}
        if name in UNSAFE_CALLS:
            faults.append(f"{node.lineno}: {name}; {UNSAFE_CALLS[name]} does it")
        if name == "torch.load" and said.get("weights_only") is not True:
            faults.append(f"{node.lineno}: torch.load without weights_only=True")
        if name in ("np.load", "numpy.load") and said.get("allow_pickle", False) is not False:
            faults.append(f"{node.lineno}: {name} with pickles")
        if name.startswith("subprocess.") and said.get("shell", False) is not False:
            faults.append(f"{node.lineno}: {name} through a shell")
    return faults


@pytest.mark.parametrize(
    "source",
    [
        "import yaml\nyaml.load(text, Loader=yaml.Loader)",
        "import pickle",
        "from pickle import loads",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
        "subprocess.run(f'ls {name}', shell=True)",
        "eval(text)",
    ],
)
def test_an_unsafe_call_is_found(source: str) -> None:
    assert unsafe_calls(source) != []


def test_a_safe_call_is_not() -> None:
    assert unsafe_calls("torch.load(path, weights_only=True); np.load(path); yaml.safe_load(text)") == []


def test_nothing_is_unpickled_and_yaml_is_loaded_safely() -> None:
    assert len(SOURCES) > 100
    faults = {path.relative_to(ROOT).as_posix(): unsafe_calls(path.read_text()) for path in EVERYTHING}
    of_tests = "tests/render/test_vetting_gltf.py"  # it plants changes that it wrote itself
    assert [line.partition(": ")[2][:5] for line in faults.pop(of_tests)] == ["exec;"]
    assert {path: found for path, found in faults.items() if found} == {}


def open_addresses(source: str) -> list[str]:
    """Texts of a module, but for what it says of itself, that name every address of a machine."""
    tree = ast.parse(source)
    told = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [f"{text.lineno}: {text.value}" for text in texts if "0.0.0.0" in text.value and id(text) not in told]


def test_no_module_names_every_address() -> None:
    assert open_addresses("server(host='0.0.0.0')") == ["1: 0.0.0.0"]
    found = {path.name: open_addresses(path.read_text()) for path in SOURCES}
    assert {name: lines for name, lines in found.items() if lines} == {}


LISTENERS = """
import json, psutil, ray
from contextlib import suppress
from infra.cluster import connected
from infra.settings import ClusterConfig
with connected(ClusterConfig(cpus=1)):
    ray.get(ray.remote(lambda: 1).remote())
    addresses = {}
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        with suppress(psutil.Error):  # gone by now
            sockets = process.net_connections("inet")
            addresses[process.name()] = [c.laddr.ip for c in sockets if c.status == psutil.CONN_LISTEN]
    print(json.dumps(addresses))
"""


def test_a_ray_of_its_own_listens_on_loopback_alone() -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    command = [sys.executable, "-c", LISTENERS]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    addresses = json.loads(done.stdout.splitlines()[-1])
    assert addresses["gcs_server"]
    assert addresses["raylet"]
    assert {ip for ips in addresses.values() for ip in ips} <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of somebody with secrets."""
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    return


def files_with(folder: Path, secrets: list[str]) -> list[str]:
    """Files below a folder that hold one of the secrets."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path.name for path in files if any(secret.encode() in path.read_bytes() for secret in secrets)]


@pytest.mark.usefixtures("planted")
def test_what_a_job_writes_holds_no_secret_of_its_environment(tmp_path: Path) -> None:
    recipe = parse(Recipe, ["--recipe", "smoke", "--workspace", str(tmp_path / "work")], "test")
    workspace = open_workspace(recipe)
    with held(workspace):
        run = tracking.run_of(recipe, workspace, recipe.name)
        with run.recording():
            run.params(flatten(recipe.experiment()))
            child = run.child("render")
            child.params(flatten({"render": recipe.render.model_dump(mode="json")}))
            child.dataset("chairs", "d" * 64, workspace.url, {"views": 3})
            child.finish()
        workspace.write_json("result.json", {"run": run.address, "settings": recipe.model_dump(mode="json")})
        assert (tmp_path / "work" / "lease").is_dir()
    assert (tmp_path / "work" / "mlflow.db").stat().st_size > 1000
    assert files_with(tmp_path, list(PLANTED.values())) == []

    run.tags({"note": PLANTED["AWS_SECRET_ACCESS_KEY"]})  # and it would have been found
    assert files_with(tmp_path, list(PLANTED.values())) != []


def test_no_recipe_has_a_place_for_secrets() -> None:
    from tests.infra.deployment import SECRET

    fields = {key for key, _ in _fields(Recipe().model_dump(), "")}
    assert [key for key in fields if SECRET.search(key)] == []
    texts = {path.name: path.read_text() for path in RECIPES.glob("*.yaml")}
    assert {name for name, text in texts.items() if "AWS_" in text or "password" in text.lower()} == set()


def _fields(value: object, key: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _fields(item, f"{key}.{name}")
    else:
        yield key, value


WITH_CREDENTIALS = {
    "s3://AKIAPLANTED:hush@bucket/prefix": "AWS_SECRET_ACCESS_KEY",
    "s3://AKIAPLANTED@bucket": "AWS_SECRET_ACCESS_KEY",
    "https://me:hush@mlflow.example": "MLFLOW_TRACKING_PASSWORD",
    "postgresql://mlflow:hush@db/mlflow": "PGPASSWORD",
    "postgresql+psycopg2://mlflow:hu@sh@db/mlflow": "PGPASSWORD",
    "mysql://mlflow:hush@db/mlflow": "leave it out",
}


@pytest.mark.parametrize(("url", "mend"), WITH_CREDENTIALS.items())
@pytest.mark.parametrize("key", ["--workspace", "--tracking.uri", "--render.source.path"])
def test_a_url_with_credentials_is_refused_in_one_line_that_does_not_repeat_them(key: str, url: str, mend: str) -> None:
    with pytest.raises(UserError, match=mend) as caught:
        parse(Recipe, ["--recipe", "smoke", key, url], "test")
    assert "\n" not in str(caught.value)
    assert key.removeprefix("--") in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("hush", "hu@sh", "AKIAPLANTED"))


def test_it_is_refused_wherever_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "s3://AKIAPLANTED:hush@bucket/prefix"
    file = tmp_path / "mine.yaml"
    file.write_text(f"extends: smoke\nworkspace: {url}\n")
    with pytest.raises(UserError, match="workspace carries credentials"):
        parse(Recipe, ["--recipe", str(file)], "test")
    with pytest.raises(UserError, match="URL carries credentials"):
        open_storage(url)
    monkeypatch.setenv("TURNERY_WORKSPACE", url)
    with pytest.raises(UserError, match="workspace carries credentials"):
        parse(Recipe, ["--recipe", "smoke"], "test")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hush@127.0.0.1:5000")
    with pytest.raises(UserError, match="MLFLOW_TRACKING_URI carries a password"):
        tracking.default_uri(open_storage(tmp_path))
    with pytest.raises(UserError, match="tracking URI carries a password"):
        tracking.open_run("http://me:hush@127.0.0.1:5000", "e", "n", "k", open_storage(tmp_path))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://me:hush@127.0.0.1:8333")
    with pytest.raises(UserError, match="AWS_ENDPOINT_URL carries a password"):
        open_storage("s3://bucket/prefix")


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/prefix",
        "s3://bucket/me@home:1",
        "sqlite:////tmp/a:b@c/mlflow.db",
        "http://mlflow:5000",
        "postgresql+psycopg2://mlflow@postgres:5432/mlflow",
        "http://[::1]:5000",
        "http://[half",
        "/home/me:you@here",
    ],
)
def test_a_url_without_credentials_is_taken(url: str) -> None:
    credentials.refuse_credentials(url, "it")
    assert credentials.without_secrets(url) == url


@pytest.mark.usefixtures("planted")
def test_a_command_refuses_it_before_anything_is_written(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "pipeline" / "run.py"), "--recipe", "smoke"]
    command += ["--workspace", str(tmp_path / "work"), "--tracking.uri", "postgresql://me:hush@127.0.0.1/db"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "tracking.uri carries a password" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "hush" not in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("planted")
def test_the_doctor_shows_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    environment = {**PLANTED, "MLFLOW_TRACKING_URI": f"http://me:hush@127.0.0.1:{port}"}
    environment["AWS_ENDPOINT_URL"] = f"http://me:hush@127.0.0.1:{port}"
    monkeypatch.setattr(doctor, "TIMEOUT_S", 0.5)
    rows = [*doctor.check_mlflow(environment), *doctor.check_s3("s3://bucket/prefix", environment)]
    assert len(rows) == 2
    assert all("hush" not in f"{row.found} {row.mend}" for row in rows)
    assert all(secret not in str(rows) for secret in PLANTED.values())
