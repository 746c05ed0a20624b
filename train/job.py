"""Training over a cluster: the shards are decoded once, Ray Train runs the loop and restarts it.

The one idea: a training's checkpoints carry the digest of its inputs, so the same command goes on from the newest of
them, whichever process or node died, and other settings start anew beside what is there. With `worker.py` (what Ray
Train runs), `decoding.py` (how nodes come by their samples) and `board.py` this is all of the floor that knows Ray.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import ray
import ray.train
import torch
from ray.train.v2.api.callback import UserCallback
from ray.train.v2.api.config import FailureConfig, RunConfig, ScalingConfig
from ray.train.v2.torch.torch_trainer import TorchTrainer

from infra.cluster import Tally, nodes_for
from infra.errors import UserError, user_error_in
from infra.progress import console
from infra.storage import Storage
from infra.tracking import Run
from render.dataset import Dataset, open_dataset
from train.board import shown
from train.checkpoint import GeneratorSpec, TrainedGenerator
from train.config import TrainConfig
from train.decoding import supplied
from train.export import register
from train.generator import Generator
from train.loop import TrainState
from train.packed import check_against_manifest
from train.result import TrainResult, finished, finished_training, inputs_digest, other_result, write_result
from train.selection import Selection, select
from train.state import Checkpoints
from train.watch import delivered
from train.worker import Plan, work

__all__ = ["TrainResult", "finished_training", "train_generator"]

_WORKER_ENVIRONMENT = {
    # OpenMP's threads spin while they wait. By default so long that one busy neighbour costs two thirds of the speed,
    # two all but a twentieth; asleep at once they lose a third on a quiet machine. This is between (docs/results.md).
    "GOMP_SPINCOUNT": "10000",
    # The reports' own patience is better than the client's, which waits longer and longer.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}


def train_generator(
    config: TrainConfig,
    *,
    seed: int,
    workspace: Storage,
    recipe: dict[str, Any],
    run: Run,
    tell: Callable[[str], None] = lambda news: None,
) -> TrainResult:
    """Train a generator on the workspace's dataset, on the Ray that is connected; a finished one is left as it is.

    `tell` gets news of its workers, such as that they go on from a step. Goes on from the newest checkpoint of the same
    inputs. A generator of other inputs stays until the new one is there. Raises `UserError` for what the user can mend:
    no dataset or a damaged one, an empty selection, too few processors, a storage that cannot be written, too little
    memory, workers that die again and again, a training that diverged.
    """
    dataset = open_dataset(workspace / "dataset")
    folder = workspace / "training" / config.name
    selection = select(dataset.views, config.select, seed)
    inputs = inputs_digest(config, seed, dataset.manifest)
    spec = finished(folder, inputs)
    if spec is not None:
        return TrainResult(folder, spec, done_before=True)
    _check(config, dataset, selection)
    with nodes_for(_bundle(config), config.workers, config.workers_to_start, config.wait_s):
        on_gpu = _on_gpu(config)
        folder.check_writable()
        other = other_result(folder, config)
        if other:
            console.print(other)
        plan = Plan(
            config=config,
            seed=seed,
            selection=selection,
            angles=dataset.views[["azimuth_deg", "elevation_deg"]].to_numpy(dtype=np.float64),
            supply=supplied(dataset, selection, config, on_gpu),
            checkpoints=Checkpoints(
                folder / config.checkpoints_folder(seed, dataset.manifest.digest), inputs, config.keep_checkpoints
            ),
            run=run,
            tally=Tally(),
        )
        with shown(f"train {config.name}", config.steps, "steps", plan.tally, tell):
            _fit(plan, on_gpu)
    state = _last(plan)
    missing = delivered(run, state.history)
    if missing:
        console.print(f"MLflow does not have all reports ({missing}); history.csv has them")

    spec = GeneratorSpec(
        name=config.name,
        architecture=config.architecture,
        size=config.size,
        width=config.width,
        styles=selection.models,
        style_classes=selection.classes,
        dataset_digest=dataset.manifest.digest,
        variational=config.variational,
        augment=config.augment,
        steps=state.step,
        inputs_digest=inputs,
        final=state.history[-1],
        recipe=recipe,
    )
    if config.registry:
        network = Generator(spec.network)
        network.load_state_dict(state.result())
        register(TrainedGenerator(spec, network), config.registry, run)
    write_result(folder, spec, state, selection)
    for name in {name.split("/")[0] for name in folder.list() if name.startswith("checkpoints-")}:
        Checkpoints(folder / name, inputs).clear()
    return TrainResult(folder, spec, done_before=False)


def _check(config: TrainConfig, dataset: Dataset, selection: Selection) -> None:
    """Refuse what would fail later, and less plainly."""
    check_against_manifest(dataset)
    missing = {shard.name for shard in dataset.manifest.shards} - set((dataset.storage / "shards").list())
    if missing:
        mend = "delete the dataset's manifest.json and render again"
        raise UserError(f"{dataset.storage.url} lacks {len(missing)} of its shards ({min(missing)}); {mend}")
    learnt = len(selection.rows("train"))
    if learnt < config.workers:
        line = f"train.workers {config.workers} are more than the {learnt} views to learn from"
        raise UserError(f"{line}; lower train.workers, or select more views")


def _bundle(config: TrainConfig) -> dict[str, float]:
    """What a worker takes of a node, as far as the settings say it."""
    return {"CPU": config.threads or 1, **({"GPU": 1} if config.device == "cuda" else {})}


def _on_gpu(config: TrainConfig) -> bool:
    """Whether workers get a GPU each. Raises `UserError` when the cluster is too small for them."""
    have, needed = ray.cluster_resources(), config.workers_to_start
    gpus, cpus = have.get("GPU", 0), have.get("CPU", 0)
    name = "train.workers" if config.min_workers is None else "train.min_workers"
    if config.device == "cuda" and gpus < needed:
        raise UserError(f"{name} {needed} on CUDA need as many GPUs, the cluster has {gpus:g}; lower it")
    if cpus < needed:
        raise UserError(f"{name} {needed} need as many processors, the cluster has {cpus:g}; lower it")
    return config.device != "cpu" and gpus >= needed


class _EndAtOnce(UserCallback):
    """Ends a training on a fault of the user's, which would only happen again, instead of trying it again."""

    def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:
        for error in worker_exceptions.values():
            fault = user_error_in(error)
            if fault is not None:
                raise fault


def _fit(plan: Plan, on_gpu: bool) -> None:
    """Run the workers to the end of the training, anew as long as they get further."""
    config = plan.config
    least = min(config.min_workers or 1, config.workers)
    with tempfile.TemporaryDirectory(prefix="turnery-ray-") as scratch:  # Ray's own notes; ours are the checkpoints
        while True:
            before = plan.checkpoints.steps()[-1:]
            trainer = TorchTrainer(
                work,
                train_loop_config={"plan": plan},
                scaling_config=ScalingConfig(
                    num_workers=config.workers if least == config.workers else (least, config.workers),
                    use_gpu=on_gpu,
                    resources_per_worker={"CPU": config.threads or 1, **({"GPU": 1} if on_gpu else {})},
                    # Growing costs what was done since the last checkpoint, so it is no use to look more often.
                    elastic_resize_monitor_interval_s=config.checkpoint_seconds,
                ),
                run_config=RunConfig(
                    name=config.name,
                    storage_path=scratch,
                    worker_runtime_env={"env_vars": _WORKER_ENVIRONMENT},
                    failure_config=FailureConfig(max_failures=config.max_failures),
                    callbacks=[_EndAtOnce()],
                ),
            )
            try:
                trainer.fit()
                return
            except (ray.train.TrainingFailedError, ray.exceptions.RayActorError) as error:  # the latter: the controller
                fault = user_error_in(error) or _lost_workers(error, config)
                if fault is None:
                    raise
                if user_error_in(error) or plan.checkpoints.steps()[-1:] == before:
                    raise fault from None


def _lost_workers(error: Exception, config: TrainConfig) -> UserError | None:
    """A line when workers were killed, again and again; None for what went wrong in our own code."""
    text = f"{type(error).__name__}: {error}"
    # Ray's words for any death suggest the kernel's OOM killer, too; these are of its own memory monitor.
    if any(words in text for words in ("OutOfMemoryError", "running low on memory", "memory usage threshold")):
        half = max(config.batch // 2, 1)
        mend = f"try --train.batch {half}, fewer train.workers on a node, or nodes with more memory"
        return UserError(f"a training worker was killed because its node was short of memory: {mend}")
    if "RayActorError" not in text and "ActorDiedError" not in text and "died" not in text:
        return None
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    tries = f"{config.max_failures + 1} times in a row (train.max_failures)"
    return UserError(f"training workers died {tries}: {last.strip()[:200]}; the same command goes on from here")


def _last(plan: Plan) -> TrainState:
    """The state after the last step, from its checkpoint."""
    state = plan.begin(torch.device("cpu"))
    damaged = plan.checkpoints.load(state)
    if state.step != plan.config.steps:
        why = "; ".join(damaged) or f"the newest checkpoint is of step {state.step}"
        raise UserError(f"training '{plan.config.name}' lost its end: {why}; run the same command again")
    return state
