"""The training loop, to be read from top to bottom: draw a batch, compute a step on it, now and then report.

The one idea: everything a step needs is a function of (state, step), so a training that was interrupted and
goes on from its state is the training that was not, bit for bit on a CPU. It knows neither Ray nor MLflow:
it reports through callbacks, and speaks to other workers through `torch.distributed` where that is up.
"""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, distributed

from train.accelerate import accelerated
from train.config import TrainConfig
from train.generator import Generator
from train.samples import Ahead, Batches
from train.step import Step, adam, set_rate, workers

Row = dict[str, float]


class Diverged(RuntimeError):
    """The loss or the weights are no longer finite."""

    def __init__(self, step: int, what: str) -> None:
        super().__init__(
            f"training diverged: {what} is not finite at step {step}; the last good checkpoint is kept, "
            "lower train.learning_rate or set train.precision fp32"
        )


@dataclass
class TrainState:
    """All that a training is between two steps. `average` is the running average of the weights, by name."""

    generator: Generator
    optimizer: torch.optim.Adam
    average: dict[str, Tensor] | None = None
    step: int = 0
    history: list[Row] = field(default_factory=list)

    def result(self) -> dict[str, Tensor]:
        """The weights that become the generator: the average where there is one."""
        return self.average if self.average is not None else self.generator.state_dict()


def start(config: TrainConfig, styles: int, seed: int, device: torch.device) -> TrainState:
    """The state before the first step: He-initialised weights, an optimiser that has seen nothing."""
    generator = Generator(config.network(styles))
    generator.initialise(seed)
    generator = generator.to(device).channels_last()
    optimizer = adam(generator, config.learning_rate, device)
    average = {name: p.detach().clone() for name, p in generator.state_dict().items()} if config.average else None
    return TrainState(generator, optimizer, average)


def train(
    state: TrainState,
    batches: Batches,
    config: TrainConfig,
    *,
    on_report: Callable[[Row], None] = lambda row: None,
    on_checkpoint: Callable[[TrainState], None] = lambda state: None,
) -> TrainState:
    """Train `state` up to `config.steps`, in place.

    `on_report` gets a row of means over the last `config.report_every` steps; `on_checkpoint` is called every
    `config.checkpoint_seconds` or `config.checkpoint_steps` and at the end. All workers call both at the same steps.
    Raises `Diverged`.
    """
    generator = state.generator
    device = next(generator.parameters()).device
    compute = accelerated(
        Step(config, generator, state.optimizer, batches.weight), config.accelerate, batches, state.step
    )

    ahead = Ahead(batches, device, config.steps)
    losses: list[Tensor] = []
    waited = 0.0
    reported = saved = time.monotonic()
    saved_step = state.step
    while state.step < config.steps:
        step = state.step
        began = time.monotonic()
        batch = ahead.draw(step)
        waited += time.monotonic() - began
        set_rate(state.optimizer, learning_rate(config, step))
        losses.append(compute(batch))
        if state.average is not None:
            _follow(state.average, generator, config.average, step)
        state.step = step + 1

        if state.step % config.report_every and state.step < config.steps:
            continue
        means = _finite_mean(losses, state.step, batches.weight)
        now = time.monotonic()
        row = report(config, state.step, means, images_per_s=len(losses) * config.batch / (now - reported))
        row |= {"data_wait_share": waited / (now - reported), "memory_gb": _memory_gb(device)}
        state.history.append(row)
        on_report(row)
        losses, waited, reported = [], 0.0, now
        due = state.step - saved_step >= (config.checkpoint_steps or config.steps) or state.step == config.steps
        if _agreed(due or now - saved > config.checkpoint_seconds, device):
            if not all(bool(torch.isfinite(p).all()) for p in generator.parameters()):
                raise Diverged(state.step, "a weight")
            on_checkpoint(state)
            reported = saved = time.monotonic()
            saved_step = state.step
    return state


def report(config: TrainConfig, step: int, means: list[float], images_per_s: float) -> Row:
    """A row of history. PSNR is of the mean squared error over whole pictures on black, as trained on."""
    loss, rgb_loss, mask_loss, divergence = means
    mse = rgb_loss / (3 * config.size**2 if config.rgb_over == "sum" else 1)
    return {
        "step": step,
        "loss": loss,
        "rgb_loss": rgb_loss,
        "mask_loss": mask_loss,
        **({"divergence_nats": divergence} if config.variational else {}),
        "psnr_db": -10 * math.log10(max(mse, 1e-12)),
        "learning_rate": learning_rate(config, step - 1),
        "images_per_s": images_per_s,
    }


def learning_rate(config: TrainConfig, step: int) -> float:
    """The learning rate of a step, counted from 0.

    "paper" is section 4.1's schedule as shares of the run: halved at 250, 350 and 450 k of 500 k iterations.
    """
    done = step / config.steps
    rising = min(1.0, (step + 1) / (config.warmup * config.steps)) if config.warmup else 1.0
    match config.schedule:
        case "paper":
            factor = 0.5 ** sum(done >= share for share in (0.5, 0.7, 0.9))
        case "cosine":
            factor = 0.5 * (1 + math.cos(math.pi * done))
        case "linear":
            factor = 1 - done
        case "constant":
            factor = 1.0
    return config.learning_rate * rising * factor


def _finite_mean(losses: list[Tensor], step: int, weight: float) -> list[float]:
    """Means of (total, rgb, mask, divergence) over steps and views; `step` is the number of the last one."""
    table = torch.stack(losses).double() * weight
    if workers() > 1:
        distributed.all_reduce(table)
        table /= workers()
    bad = torch.nonzero(~torch.isfinite(table).all(dim=1)).flatten().tolist()
    if bad:
        raise Diverged(step - len(losses) + 1 + bad[0], "the loss")
    means: list[float] = table.mean(dim=0).tolist()
    return means


def _agreed(wish: bool, device: torch.device) -> bool:
    """The first worker's wish, so that clocks that differ do not part the workers."""
    if workers() == 1:
        return wish
    flag = torch.tensor(int(wish), device=device)
    distributed.broadcast(flag, src=0)
    return bool(flag.item())


@torch.no_grad()
def _follow(average: dict[str, Tensor], generator: Generator, decay: float, step: int) -> None:
    """Running average of the weights; it follows faster at first, so that the start is forgotten."""
    share = 1 - min(decay, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(average.values()), [p.detach() for p in generator.state_dict().values()], share)


def _memory_gb(device: torch.device) -> float:
    """The most memory that this process has taken so far: of the GPU where it computes there, else resident."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
