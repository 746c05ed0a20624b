"""What every training worker runs, on whichever node Ray started it: go on from the newest checkpoint to the end.

The one idea: a worker knows nothing of what was before it. Workers that died, were added or taken away are a new set of
workers that reads the newest checkpoint and agrees on its step.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import ray.train
import torch
from ray.train.torch import get_device
from torch import distributed

from infra.cluster import Tally
from infra.errors import UserError
from infra.tracking import Run
from train.board import Standing
from train.config import TrainConfig
from train.decoding import Supply, samples_here
from train.health import check_loss
from train.loop import Diverged, Row, TrainState, start, train
from train.samples import Batches
from train.selection import Selection
from train.state import Checkpoints
from train.watch import Watcher


@dataclass(frozen=True)
class Plan:
    """What travels to every worker."""

    config: TrainConfig
    seed: int
    selection: Selection
    angles: np.ndarray
    supply: Supply
    checkpoints: Checkpoints
    run: Run
    tally: Tally

    def begin(self, device: torch.device) -> TrainState:
        """The state before the first step."""
        return start(self.config, len(self.selection.models), self.seed, device)


def work(settings: dict[str, Plan]) -> None:
    """Train. Raises `UserError` for what would only happen again, so that it is not tried again."""
    plan = settings["plan"]
    try:
        _train_here(plan)
    except Diverged as fault:
        raise UserError(str(fault)) from None
    except (MemoryError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise out_of_memory(plan.config) from None
        raise


def _train_here(plan: Plan) -> None:
    config, context = plan.config, ray.train.get_context()
    rank, workers = context.get_world_rank(), context.get_world_size()
    # Ray gives a worker as many threads as it has processors of the cluster; here the workers share the
    # node's.
    torch.set_num_threads(config.threads or max(1, len(os.sched_getaffinity(0)) // context.get_local_world_size()))
    torch.set_flush_denormal(True)
    device = get_device()
    assert isinstance(device, torch.device)
    samples, part = samples_here(plan.supply, plan.selection, plan.angles, device)
    state = plan.begin(device)
    latent_units = state.generator.latent_units
    batches = Batches(samples, config.batch, config.augment, plan.seed, rank, workers, latent_units, part)
    damaged = plan.checkpoints.load(state)
    _agree(state.step, device)

    watcher = None
    if rank == 0:
        begun = state.step
        news = [*damaged, f"goes on from step {begun} with {workers} worker{'s' * (workers > 1)}"]
        told = "; ".join(news) if damaged or begun else ""
        plan.tally.put("training", Standing(begun, begun=begun, news=told))
        watcher = Watcher(
            config,
            plan.run,
            state,
            samples,
            lambda step, note: plan.tally.put("training", Standing(step, note, begun, told)),
        )

    def on_report(row: Row) -> None:
        check_loss(state.history)  # the same on every worker, and before the checkpoint of this step
        if watcher is not None:
            watcher.report(row)

    def on_checkpoint(state: TrainState) -> None:
        if rank == 0:
            plan.checkpoints.save(state)

    train(state, batches, config, on_report=on_report, on_checkpoint=on_checkpoint)
    if watcher is not None:
        watcher.close()


def _agree(step: int, device: torch.device) -> None:
    """Workers that read different checkpoints (a storage that failed one of them) are started again."""
    if not distributed.is_initialized():
        return
    ends = torch.tensor([step, -step], device=device)
    distributed.all_reduce(ends, op=distributed.ReduceOp.MAX)
    if int(ends[0]) != -int(ends[1]):
        raise RuntimeError(f"workers read checkpoints of steps {-int(ends[1])} to {int(ends[0])}")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory was short: of a GPU, of NumPy, or of PyTorch's allocator on the CPU."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def out_of_memory(config: TrainConfig) -> UserError:
    """The line that says so."""
    each = -(-config.batch // config.workers)
    half = max(config.batch // 2, 1)
    return UserError(
        f"out of memory at train.batch {config.batch} ({each} a worker): try --train.batch {half}, "
        "more --train.workers on other nodes, or a smaller --train.width"
    )
