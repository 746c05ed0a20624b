"""What a training reports is in MLflow once and whole, whoever was away in between."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from infra.errors import UserError
from infra.storage import FolderStorage
from infra.tracking import Run, open_run
from tests.conftest import free_port
from train.health import check_loss
from train.loop import Row
from train.watch import DEAD, LOSS, Entry, Ledger, delivered, entry_of


def rows(*steps: int) -> list[Row]:
    return [{"step": float(step), "loss": 100.0 / step, "psnr_db": 10.0} for step in steps]


def logged(run: Run, metric: str = LOSS) -> list[tuple[int, float]]:
    points = MlflowClient(run.uri).get_metric_history(run.id, metric)
    return sorted((point.step, point.value) for point in points)


def expected(*steps: int) -> list[tuple[int, float]]:
    return [(step, 100.0 / step) for step in steps]


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('watch')}/mlflow.db"


def a_run(uri: str, name: str, folder: Path) -> Run:
    return open_run(uri, "watch", name, name, FolderStorage(folder))


def test_a_restarted_training_has_whole_curves_without_double_steps(uri: str, tmp_path: Path) -> None:
    run = a_run(uri, "restarted", tmp_path)
    first = Ledger(run)
    for row in rows(10, 20, 30):
        first.put(entry_of(row))
    first.put(Entry(DEAD, 30, {DEAD: 0.25}, np.zeros((8, 8, 3), np.uint8)))
    assert first.close(60)
    # Killed at 30 with a checkpoint of 10: the next worker remembers 10 and does 20 and 30 again.
    second = Ledger(run)
    for row in rows(10, 20, 30, 40):
        second.put(entry_of(row))
    second.put(Entry(DEAD, 30, {DEAD: 0.25}, np.zeros((8, 8, 3), np.uint8)))
    assert second.close(60)
    assert logged(run) == expected(10, 20, 30, 40)
    assert logged(run, DEAD) == [(30, 0.25)]
    pictures = [item.path for item in MlflowClient(run.uri).list_artifacts(run.id, "images")]
    assert len([path for path in pictures if path.endswith(".png")]) == 1
    # A worker that took its last reports with it: the driver sees to them.
    assert delivered(run, rows(10, 20, 30, 40, 50)) == ""
    assert logged(run) == expected(10, 20, 30, 40, 50)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_server_that_is_away_for_30_seconds_costs_no_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db", "--artifacts-destination", str(tmp_path)]

    def serve() -> subprocess.Popen[bytes]:
        with open(tmp_path / "log", "ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

    server = serve()
    try:
        run = None
        deadline = time.monotonic() + 200
        while run is None:
            assert server.poll() is None and time.monotonic() < deadline
            try:
                run = a_run(f"http://127.0.0.1:{port}", "away", tmp_path)
            except UserError:
                time.sleep(1)
        ledger = Ledger(run)
        steps = list(range(10, 410, 10))
        for number, row in enumerate(rows(*steps)):
            ledger.put(entry_of(row))
            if number == 10:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
            time.sleep(1)
            if number == 20:
                assert "MLflow is away" in ledger.complaint()
        assert "reports wait" in ledger.complaint()
        server = serve()
        assert ledger.close(240)
        assert logged(run) == expected(*steps)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def test_a_loss_that_explodes_is_told_from_one_that_has_a_bad_hour() -> None:
    calm = rows(10, 20, 30, 40)  # 10, 5, 3.3, 2.5
    bad: Row = {"step": 50.0, "loss": 60.0}
    check_loss([*calm, bad])
    for loss, said in ((101.0, "101 by step 50, 10 times its first report (10)"), (1e9, "1e+09 by step 50")):
        with pytest.raises(UserError) as caught:
            check_loss([*calm, {**bad, "loss": loss}])
        assert f"training diverged: the loss exploded to {said}" in str(caught.value)
        assert "the last good checkpoint is kept, lower train.learning_rate" in str(caught.value)
    learnt: list[Row] = [{"step": 10.0, "loss": 5000.0}, *({"step": float(n), "loss": 5.0} for n in range(20, 400, 10))]
    with pytest.raises(UserError, match=r"exploded to 600 by step 400, 120 times its median of late \(5\)"):
        check_loss([*learnt, {"step": 400.0, "loss": 600.0}])
