"""Training over a cluster: Ray Data decodes the shards once, Ray Train runs the loop and restarts it.

The one idea: a training's place on disk carries the digest of its inputs, so the same command goes on from
the last checkpoint, whichever process died, and other settings start anew. With its board this is the only module
of the floor that knows Ray.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import ray
import ray.data
import ray.train
import torch
from ray.train import Checkpoint, DataConfig
from ray.train.torch import get_device
from ray.train.v2.api.config import CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
from ray.train.v2.torch.torch_trainer import TorchTrainer
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from torch import distributed

from infra.errors import UserError, user_error_in
from infra.storage import FolderStorage, Storage, open_storage
from infra.tracking import Run
from render.dataset import Dataset, Shard, open_dataset
from train.board import Board, shown
from train.checkpoint import (
    SPEC_FILE,
    GeneratorSpec,
    TrainedGenerator,
    load_state,
    save_state,
)
from train.config import TrainConfig
from train.export import register
from train.generator import Generator
from train.loop import Diverged, Row, TrainState, start, train
from train.result import TrainResult, finished, finished_training, inputs_digest, write_result
from train.samples import Batches, decode, open_samples, pack, packed_file
from train.selection import Selection, select
from train.watch import Watcher

__all__ = ["TrainResult", "finished_training", "train_generator"]

_WORKER_ENVIRONMENT = {"GOMP_SPINCOUNT": "10000"}
"""OpenMP's threads spin while they wait. By default so long that one busy neighbour costs two thirds of the speed, two
all but a twentieth; asleep at once they lose a third on a quiet machine. This is between (docs/results.md)."""


@dataclass(frozen=True)
class _Plan:
    """What travels to every worker."""

    config: TrainConfig
    seed: int
    inputs_digest: str
    selection: Selection
    angles: np.ndarray
    packed: Path
    starts: list[int]
    run: Run
    board: Any


def train_generator(
    config: TrainConfig, *, seed: int, workspace: Storage, recipe: dict[str, Any], run: Run
) -> TrainResult:
    """Train a generator on the workspace's dataset, on the Ray that is connected; a finished one is left as it is.

    Goes on from the last checkpoint of the same inputs. Raises `UserError` for what the user can mend: no
    dataset, an empty selection, too few processors, a training that diverged.
    """
    dataset = open_dataset(workspace / "dataset")
    folder = workspace / "training" / config.name
    selection = select(dataset.views, config.select, seed)
    inputs = inputs_digest(config, seed, dataset.manifest)
    spec = finished(folder, inputs)
    if spec is not None:
        return TrainResult(folder, spec, done_before=True)
    folder.delete(SPEC_FILE)

    board = ray.remote(num_cpus=0)(Board).remote()
    packed = packed_file(dataset.manifest.digest, config.size)
    decoded = None if _on_every_node(packed) else _decoded(dataset, config.size, board)
    samples = [shard.samples for shard in dataset.manifest.shards]
    plan = _Plan(
        config=config,
        seed=seed,
        inputs_digest=inputs,
        selection=selection,
        angles=dataset.views[["azimuth_deg", "elevation_deg"]].to_numpy(dtype=np.float64),
        packed=packed,
        starts=np.cumsum([0, *samples]).tolist(),
        run=run,
        board=board,
    )
    checkpoints = f"checkpoints-{inputs[:16]}"
    with shown(f"train {config.name}", config.steps, "steps", board):
        state = _fit(plan, decoded, folder, checkpoints)

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
    _remove(folder, keep=None)
    return TrainResult(folder, spec, done_before=False)


def _fit(plan: _Plan, decoded: ray.data.Dataset | None, folder: Storage, checkpoints: str) -> TrainState:
    """Run the workers to the end of the training and return its last state."""
    config = plan.config
    _remove(folder, keep=checkpoints)
    folder.check_writable()
    on_gpu = _on_gpu(config)
    trainer = TorchTrainer(
        _work,
        train_loop_config={"plan": plan},
        scaling_config=ScalingConfig(
            num_workers=config.workers,
            use_gpu=on_gpu,
            resources_per_worker={"CPU": config.threads or 1, **({"GPU": 1} if on_gpu else {})},
        ),
        datasets={} if decoded is None else {"samples": decoded},
        dataset_config=DataConfig(datasets_to_split=[]),
        run_config=RunConfig(
            name=checkpoints,
            worker_runtime_env={"env_vars": _WORKER_ENVIRONMENT},
            storage_path=folder.url,
            failure_config=FailureConfig(max_failures=config.max_failures),
            checkpoint_config=CheckpointConfig(num_to_keep=2),
        ),
    )
    try:
        result = trainer.fit()
    except ray.train.TrainingFailedError as error:
        fault = user_error_in(error)
        if fault is not None:
            raise fault from None
        raise
    fault_text = ray.get(plan.board.fault.remote())
    if fault_text is not None:
        raise UserError(fault_text)
    if result.checkpoint is None:
        raise RuntimeError(f"training '{config.name}' ended without a checkpoint in {folder.url}/{checkpoints}")
    state = start(config, len(plan.selection.models), plan.seed, torch.device("cpu"))
    with result.checkpoint.as_directory() as checkpoint:
        load_state(Path(checkpoint), state, plan.inputs_digest)
    return state


def _work(settings: dict[str, _Plan]) -> None:
    """What every worker runs. Faults of the user's end the training at once instead of being tried again."""
    plan = settings["plan"]
    try:
        _train_here(plan)
    except (UserError, Diverged) as fault:
        ray.get(plan.board.fail.remote(str(fault)))


def _train_here(plan: _Plan) -> None:
    config, context = plan.config, ray.train.get_context()
    rank, workers = context.get_world_rank(), context.get_world_size()
    # Ray gives a worker as many threads as it has processors of the cluster; here the workers share the
    # node's.
    torch.set_num_threads(config.threads or max(1, len(os.sched_getaffinity(0)) // context.get_local_world_size()))
    torch.set_flush_denormal(True)
    device = get_device()
    assert isinstance(device, torch.device)
    _fill_node(plan, context.get_local_rank(), device)
    samples = open_samples(plan.packed, plan.selection, plan.angles)
    state = start(config, len(plan.selection.models), plan.seed, device)
    latent_units = state.generator.latent_units
    batches = Batches(samples, config.batch, config.augment, plan.seed, rank, workers, latent_units)
    checkpoint = ray.train.get_checkpoint()
    if checkpoint is not None:
        with checkpoint.as_directory() as folder:
            load_state(Path(folder), state, plan.inputs_digest)

    watcher = None
    if rank == 0:
        plan.board.begin.remote(state.step)
        watcher = Watcher(config, plan.run, state, samples, plan.board.put.remote)

    def on_report(row: Row) -> None:
        if watcher is not None:
            watcher.report(row)

    def on_checkpoint(state: TrainState) -> None:
        metrics = dict(state.history[-1])
        if rank != 0:
            ray.train.report(metrics)
            return
        with tempfile.TemporaryDirectory(prefix="turnery-state-") as folder:
            save_state(Path(folder), state, plan.inputs_digest)
            ray.train.report(metrics, checkpoint=Checkpoint.from_directory(folder))

    train(state, batches, config, on_report=on_report, on_checkpoint=on_checkpoint)
    if watcher is not None:
        watcher.close()


def _fill_node(plan: _Plan, local_rank: int, device: torch.device) -> None:
    """Give this node its packed file, written by one of its workers while the others wait."""
    fault: UserError | None = None
    if local_rank == 0 and not plan.packed.exists():
        try:
            rows = ray.train.get_dataset_shard("samples").iter_rows()
            shape = (-1, plan.config.size, plan.config.size, 4)
            parts = (
                (plan.starts[int(row["index"])], np.frombuffer(row["rgba"], np.uint8).reshape(shape)) for row in rows
            )
            pack(plan.packed, parts, len(plan.angles), plan.config.size)
        except UserError as error:
            fault = error
    if distributed.is_initialized():
        # All or none go on: a worker that left would keep the others waiting.
        good = torch.tensor(int(fault is None), device=device)
        distributed.all_reduce(good, op=distributed.ReduceOp.MIN)
        if not good.item() and fault is None:
            fault = UserError("another node could not keep the decoded samples")
    if fault is not None:
        raise fault


def _decoded(dataset: Dataset, size: int, board: Any) -> ray.data.Dataset:
    """Every shard decoded, a row a shard: index, rgba as bytes. Done before workers take processors."""
    shards = dataset.manifest.shards
    of_shard = dataset.views.groupby("shard", sort=False)["key"].agg(list)
    rows = [
        {"index": index, "shard": shard.model_dump(), "keys": of_shard.get(shard.name, []), "size": size}
        for index, shard in enumerate(shards)
    ]
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    for name in ("progress", "execution.streaming_executor"):  # plans of execution, and that bars are off
        logging.getLogger(f"ray.data._internal.{name}").setLevel(logging.ERROR)
    views, url = len(dataset.views), dataset.storage.url
    with shown("decode samples", views, "views", board):
        source = ray.data.from_items(rows, override_num_blocks=len(rows))
        try:
            return source.map(lambda row: _decode_shard(row, url, board)).materialize()
        except ray.exceptions.RayError as error:
            fault = user_error_in(error)
            if fault is None:
                raise
            raise fault from None


def _decode_shard(row: dict[str, Any], url: str, board: Any) -> dict[str, Any]:
    shard = Shard.model_validate(row["shard"])
    path = open_storage(url).fetch(f"shards/{shard.name}")
    keys, rgba = decode(path, shard, int(row["size"]))
    if keys != list(row["keys"]):
        raise UserError(f"shard {shard.name} holds other views than views.parquet says; render the dataset again")
    board.add.remote(len(keys))
    return {"index": row["index"], "rgba": rgba.tobytes()}


def _on_every_node(path: Path) -> bool:
    """Whether every node of the cluster has the packed file already."""

    @ray.remote(num_cpus=0)
    def there() -> bool:
        return path.exists()

    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    pinned = [NodeAffinitySchedulingStrategy(node, soft=False) for node in nodes]
    return all(ray.get([there.options(scheduling_strategy=place).remote() for place in pinned]))


def _on_gpu(config: TrainConfig) -> bool:
    """Whether workers get a GPU each. Raises `UserError` when the cluster is too small for them."""
    have = ray.cluster_resources()
    gpus, cpus = have.get("GPU", 0), have.get("CPU", 0)
    if config.device == "cuda" and gpus < config.workers:
        raise UserError(f"train.workers {config.workers} on CUDA need as many GPUs, the cluster has {gpus:g}")
    if cpus < config.workers:
        raise UserError(f"train.workers {config.workers} need as many processors, the cluster has {cpus:g}")
    return config.device != "cpu" and gpus >= config.workers


def _remove(folder: Storage, keep: str | None) -> None:
    """Remove checkpoints of this training, all but those of one set of inputs."""
    names = {name.split("/")[0] for name in folder.list() if name.startswith("checkpoints-")}
    for name in names - {keep}:
        (folder / name).clear()
        if isinstance(folder, FolderStorage):
            shutil.rmtree(folder.root / name, ignore_errors=True)
