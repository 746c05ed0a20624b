"""What tests share: a small Ray, a real S3 server, and tiny models with known geometry."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

# Tests never write into the user's cache or tracking store.
os.environ.pop("MLFLOW_TRACKING_URI", None)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TURNERY_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def local_ray() -> Iterator[None]:
    """Ray with two processors on this machine, for the length of a module."""
    from infra.cluster import connected
    from infra.settings import ClusterConfig

    with connected(ClusterConfig(cpus=2)):
        yield


@pytest.fixture(scope="session")
def box_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models: `crate/cube.obj`, `crate/slab.obj` (2 x 0.5 x 1, y up) and `post/pole.obj`."""
    root = tmp_path_factory.mktemp("models")
    for name, size in {
        "crate/cube": (1, 1, 1),
        "crate/slab": (2, 0.5, 1),
        "post/pole": (0.2, 2, 0.2),
    }.items():
        path = root / f"{name}.obj"
        path.parent.mkdir(exist_ok=True)
        path.write_text(box_obj(*size))
    return root


def box_obj(width: float, height: float, depth: float) -> str:
    """An OBJ box centred at the origin, outward faces."""
    signs = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    lines = [f"v {x * width / 2} {y * height / 2} {z * depth / 2}" for x, y, z in signs]
    faces = ["1 2 4 3", "5 7 8 6", "1 5 6 2", "3 4 8 7", "1 3 7 5", "2 6 8 4"]
    return "\n".join(lines + [f"f {face}" for face in faces]) + "\n"


def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def s3_bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`s3://turnery-test` on a SeaweedFS server of the tests' own; the environment points boto3 to it.

    Its user `reader` (secret `reader-secret`) may read and list only.
    """
    folder = tmp_path_factory.mktemp("seaweed")
    credentials = {"accessKey": "tester", "secretKey": "tester-secret"}
    reader = {"accessKey": "reader", "secretKey": "reader-secret"}
    identities = [
        {"name": "tester", "credentials": [credentials], "actions": ["Admin", "Read", "Write", "List"]},
        {"name": "reader", "credentials": [reader], "actions": ["Read", "List"]},
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", credentials["accessKey"])
        patch.setenv("AWS_SECRET_ACCESS_KEY", credentials["secretKey"])
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        for attempt in range(3):  # a port that was free a moment ago may be another's by now
            server, port = _start_seaweed(folder / str(attempt), folder / "s3.json")
            try:
                patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
                if _made_bucket("turnery-test", server):
                    yield "s3://turnery-test"
                    return
            finally:
                server.kill()
                server.wait()
        raise RuntimeError(f"SeaweedFS did not start three times; its logs are below {folder}")


def _start_seaweed(folder: Path, identities: Path) -> tuple[subprocess.Popen[bytes], int]:
    """A server on ports of its own, and the port of its S3."""
    folder.mkdir()
    port = free_port()
    command = [str(Path(sys.executable).with_name("weed")), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    command += [f"-dir={folder}", "-s3", f"-s3.port={port}", f"-s3.config={identities}"]
    for part in ("master", "volume", "filer"):
        command += [f"-{part}.port={free_port()}", f"-{part}.port.grpc={free_port()}"]
    command += [f"-s3.port.grpc={free_port()}", "-master.volumeSizeLimitMB=64"]
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]  # two such servers on one machine do not meet
    with open(folder / "log", "wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT), port


def _made_bucket(name: str, server: subprocess.Popen[bytes]) -> bool:
    """Whether the server came up and has the bucket now; False when it ended."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            boto3.session.Session().client("s3").create_bucket(Bucket=name)
            return True
        except (BotoCoreError, ClientError):
            time.sleep(0.3)
    return False
