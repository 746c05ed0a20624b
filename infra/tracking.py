"""One door to MLflow. The driver opens runs; any process joins one by its id, so a restart appends to it.

Nothing here keeps MLflow's global state: a `Run` is an id, a tracking URI and a client made on use.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from infra.credentials import refuse_credentials, without_secrets
from infra.errors import UserError
from infra.settings import JobSettings, digest
from infra.storage import FolderStorage, Storage

if TYPE_CHECKING:
    from mlflow import MlflowClient

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")


TensorShape = tuple[str, type, tuple[int, ...]]


@dataclass(frozen=True)
class Run:
    """One MLflow run, usable from every process that reaches the tracking store."""

    uri: str
    experiment: str
    id: str

    @property
    def address(self) -> dict[str, str]:
        """Where the run is found, as plain data for a file: uri (without its password), experiment, id."""
        return {"uri": without_secrets(self.uri), "experiment": self.experiment, "id": self.id}

    def params(self, flat: Mapping[str, object]) -> None:
        """Log parameters; one that is there already with the same value is left."""
        from mlflow.entities import Param

        have = self._client.get_run(self.id).data.params
        new = [Param(key, _text(value)) for key, value in flat.items() if have.get(key) != _text(value)]
        for start in range(0, len(new), 100):
            self._client.log_batch(self.id, params=new[start : start + 100])

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Log finite metrics at a step; one that is not finite is left out."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        finite = {key: float(value) for key, value in values.items() if np.isfinite(value)}
        metrics = [Metric(key, value, now, step or 0) for key, value in finite.items()]
        for start in range(0, len(metrics), 500):
            self._client.log_batch(self.id, metrics=metrics[start : start + 500])

    def steps(self, metric: str) -> set[int]:
        """Steps at which a metric is logged already."""
        return {point.step for point in self._client.get_metric_history(self.id, metric)}

    def image(self, picture: np.ndarray, key: str, step: int | None = None) -> None:
        """Log a picture, uint8 [H, W, 3]; with a step it joins the slider of pictures in MLflow's page."""
        self._client.log_image(self.id, picture, key=key, step=step or 0)

    def artifact(self, path: Path, folder: str = "") -> None:
        """Log a file below a folder of the run's artifacts."""
        self._client.log_artifact(self.id, str(path), artifact_path=folder or None)

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags."""
        for key, value in values.items():
            self._client.set_tag(self.id, key, value)

    def dataset(self, name: str, digest: str, source: str, profile: Mapping[str, object]) -> None:
        """Log a dataset as the run's input; MLflow shows at most 36 characters of a digest."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        data = Dataset(
            name=name,
            digest=digest[:36],
            source_type="local" if "://" not in source else source.partition("://")[0],
            source=json.dumps({"uri": source}),
            profile=json.dumps(dict(profile)),
        )
        self._client.log_inputs(self.id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])

    def onnx_model(
        self,
        path: Path,
        name: str,
        inputs: Sequence[TensorShape],
        outputs: Sequence[TensorShape],
        facts: Mapping[str, object],
    ) -> str:
        """Log an ONNX file as a model of the run, register it, point the alias `current` to it; returns its version.

        `inputs` and `outputs` are (name, type, shape), -1 for a free length. Nothing is pickled.
        """
        import mlflow.onnx
        import onnx
        from mlflow.models import Model, ModelSignature
        from mlflow.types import Schema, TensorSpec

        def schema(tensors: Sequence[TensorShape]) -> Schema:
            return Schema([TensorSpec(np.dtype(kind), shape, tensor) for tensor, kind, shape in tensors])

        with _tracking_uri(self.uri):
            info = Model.log(
                artifact_path=None,
                name=name,
                flavor=mlflow.onnx,
                registered_model_name=name,
                run_id=self.id,
                metadata=dict(facts),
                onnx_model=onnx.load(str(path)),
                signature=ModelSignature(schema(inputs), schema(outputs)),
                pip_requirements=["onnxruntime", "numpy"],
            )
        version = str(info.registered_model_version)
        self._client.set_registered_model_alias(name, "current", version)
        return version

    def child(self, name: str) -> Run:
        """The child run of that name, made anew or, after a restart, joined again while it is unfinished."""
        return _open(self._client, self.uri, self.experiment, name, {"mlflow.parentRunId": self.id})

    def finish(self, status: str = "FINISHED") -> None:
        """End the run: FINISHED, FAILED or KILLED."""
        self._client.set_terminated(self.id, status)

    @contextmanager
    def recording(self) -> Iterator[Run]:
        """End the run with the block: FINISHED, or FAILED when the block raised."""
        try:
            yield self
        except BaseException:
            with suppress(Exception):  # the block's own error must not be hidden by a store that is away
                self.finish("FAILED")
            raise
        self.finish()

    @property
    def _client(self) -> MlflowClient:
        return _connect(self.uri)


def join(uri: str, run_id: str) -> Run:
    """A run that another process opened."""
    info = _connect(uri).get_run(run_id).info
    return Run(uri, info.experiment_id, run_id)


def open_run(uri: str, experiment: str, name: str, key: str, artifacts: Storage) -> Run:
    """The parent run for `key` (a digest of all settings): a new one, or the unfinished one of that key.

    `artifacts` is where a new experiment in a local database keeps its files; a server decides by itself.
    Raises `UserError` when the tracking store does not answer, or its URI carries a password.
    """
    refuse_credentials(uri, "the tracking URI")
    from mlflow.exceptions import MlflowException

    try:
        client = _connect(uri)
        found = client.get_experiment_by_name(experiment)
        if found is None:
            place = (artifacts / experiment).url if uri.startswith("sqlite:") else None
            if place is not None and isinstance(artifacts, FolderStorage):
                place = Path(place).as_uri()
            experiment_id = client.create_experiment(experiment, artifact_location=place)
        else:
            experiment_id = found.experiment_id
        return _open(client, uri, experiment_id, name, {"turnery.key": key})
    except (MlflowException, OSError) as error:
        first = str(error).splitlines()[0]
        raise UserError(f"MLflow at {uri} does not answer: {first}; set --tracking.uri") from None


def run_of(job: JobSettings, workspace: Storage, name: str, key: str | None = None) -> Run:
    """The parent run of a command: in its experiment and store, the unfinished one of the same settings if any.

    `key` tells settings apart; by default the digest of all that the job says but where it runs and is recorded.
    """
    uri = job.tracking.uri or default_uri(workspace)
    settings = job.model_dump(mode="json", exclude={"workspace", "cluster", "tracking"})
    experiment = job.tracking.experiment or job.name
    return open_run(uri, experiment, name, key or digest(settings), workspace / "mlflow")


def default_uri(workspace: Storage) -> str:
    """$MLFLOW_TRACKING_URI, else a SQLite file in the workspace (in this folder for a workspace on S3).

    Raises `UserError` when the variable carries a password.
    """
    configured = os.environ.get("MLFLOW_TRACKING_URI")
    if configured:
        refuse_credentials(configured, "MLFLOW_TRACKING_URI")
        return configured
    folder = workspace.root if isinstance(workspace, FolderStorage) else Path.cwd()
    return f"sqlite:///{folder / 'mlflow.db'}"


def _open(client: MlflowClient, uri: str, experiment_id: str, name: str, tags: Mapping[str, str]) -> Run:
    wanted = {**tags, "mlflow.runName": name}
    clauses = [f"tags.`{key}` = '{value}'" for key, value in wanted.items()]
    unfinished = client.search_runs(
        [experiment_id], " and ".join([*clauses, "attributes.status != 'FINISHED'"]), max_results=1
    )
    if unfinished:
        run_id = unfinished[0].info.run_id
        client.update_run(run_id, status="RUNNING")
    else:
        run_id = client.create_run(experiment_id, tags=dict(tags), run_name=name).info.run_id
    return Run(uri, experiment_id, run_id)


@contextmanager
def _tracking_uri(uri: str) -> Iterator[None]:
    """MLflow's own tracking URI for the length of the block, for the calls that take none."""
    import mlflow

    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)


def _connect(uri: str) -> MlflowClient:
    for name in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from mlflow import MlflowClient

    if uri.startswith("sqlite:///"):
        Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return MlflowClient(tracking_uri=uri)


def _text(value: object) -> str:
    """At most 6000 characters, MLflow's own limit for a parameter."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text[:6000]
