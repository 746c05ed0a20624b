"""A generator leaves the house as ONNX and as an MLflow model that a server answers with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from infra.storage import open_storage
from infra.tracking import open_run
from tests.conftest import free_port
from train.architectures import ArchitectureName
from train.augment import THETA
from train.checkpoint import GeneratorSpec, TrainedGenerator
from train.export import export_onnx, register
from train.generator import Generator


def made(architecture: ArchitectureName, variational: bool = False) -> TrainedGenerator:
    spec = GeneratorSpec(
        name="g",
        architecture=architecture,
        size=64,
        width=0.1,
        styles=list("abcde"),
        style_classes=["chair"] * 5,
        dataset_digest="0" * 64,
        variational=variational,
    )
    return TrainedGenerator(spec, Generator(spec.network))


@pytest.mark.parametrize(("architecture", "variational"), [("1s-S-deep", False), ("2s-E", False), ("1s-S", True)])
def test_the_onnx_file_draws_what_the_generator_draws(
    architecture: ArchitectureName, variational: bool, tmp_path: Path
) -> None:
    generator = made(architecture, variational)
    export_onnx(generator, tmp_path / "g.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "g.onnx")
    random = np.random.default_rng(0)
    for count in (1, 7):
        style, theta = np.arange(count) % 5, random.normal(size=(count, len(THETA))).astype(np.float32)
        azimuth = random.uniform(0, 360, count).astype(np.float32)
        elevation = np.full(count, 20, np.float32)
        given = {"style": style, "azimuth": azimuth, "elevation": elevation, "theta": theta}
        for ours, theirs in zip(
            generator.generate(style, azimuth, elevation, theta), session.run(["rgb", "mask"], given), strict=True
        ):
            np.testing.assert_allclose(theirs, ours.numpy(), atol=2e-6)


def test_a_registered_generator_is_served_and_answers_a_request_in_degrees(tmp_path: Path) -> None:
    generator = made("1s-S-deep")
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    run = open_run(uri, "tests", "train", "key", open_storage(tmp_path / "mlflow"))
    assert register(generator, "chairs", run) == "1"
    assert register(generator, "chairs", run) == "2"
    port = free_port()
    mlflow = str(Path(sys.executable).with_name("mlflow"))
    command = [mlflow, "models", "serve", "-m", "models:/chairs@current", "--env-manager", "local"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = {**os.environ, "MLFLOW_TRACKING_URI": uri, "PATH": path}
    with open(tmp_path / "log", "wb") as log:
        server = subprocess.Popen(command, env=settings, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        inputs = {"style": [3], "azimuth": [40.0], "elevation": [20.0], "theta": [[0.0] * len(THETA)]}
        answer = _posted(f"http://127.0.0.1:{port}/invocations", {"inputs": inputs}, tmp_path / "log")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
    rgb, mask = generator.generate(3, 40.0, 20.0)
    np.testing.assert_allclose(np.array(answer["predictions"]["rgb"]), rgb.numpy(), atol=2e-6)
    np.testing.assert_allclose(np.array(answer["predictions"]["mask"]), mask.numpy(), atol=2e-6)


def _posted(url: str, body: dict[str, object], log: Path) -> dict[str, dict[str, object]]:
    """The answer of a server that is only just starting."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                answer: dict[str, dict[str, object]] = json.load(response)
                return answer
        except (urllib.error.URLError, ConnectionError) as error:
            if isinstance(error, urllib.error.HTTPError) or time.monotonic() > deadline:
                raise AssertionError(f"{error}\n{log.read_text()}") from None
            time.sleep(0.5)
