"""Faster ways to run a step: recorded once as a CUDA graph and replayed, its pixel work fused by a compiler.

The one idea: nothing faster is believed. A few steps are run the plain way and the fast way from the same state; only
if both learn the same is the fast way taken, and the state is put back as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from torch import Tensor

from train.samples import Batch, Batches
from train.step import Step, workers

Compute = Callable[[Batch], Tensor]

TRIAL_STEPS = 4
WARMUP_STEPS = 3
"""Steps before a recording, in which libraries choose their kernels and take their memory."""

LOSS_TOLERANCE = 1e-2
UPDATE_TOLERANCE = 0.2
"""Largest relative difference of a loss, and of what the steps changed. Adam's first steps divide gradients by their
own size, so rounding shows in the update first; a stale batch or a lost gradient makes a difference near 1."""


def accelerated(step: Step, how: str, batches: Batches, first: int) -> Compute:
    """The step, run as `train.accelerate` says where that is possible and agrees with the plain way, else as it is.

    `first` is the number of the next step. Several workers always run eagerly: a graph would have to hold their
    exchange of gradients too.
    """
    on_gpu = step.device.type == "cuda"
    if how == "auto":
        how = "graph" if on_gpu else "eager"
    if how == "eager" or workers() > 1 or (how == "graph" and not on_gpu):
        return step
    plain = step.compare
    try:
        fault = trial(step, lambda batch: _fast(step, how, batch), batches, first)
    except RuntimeError as error:  # of a compiler or of CUDA: eager computation may still do
        fault = str(error).strip().partition("\n")[0] or type(error).__name__
    if isinstance(fault, str):
        step.compare = plain
        logging.getLogger(__name__).warning("train.accelerate %s is off, steps run eagerly: %s", how, fault)
        return step
    return fault


def trial(step: Step, make: Callable[[Batch], Compute], batches: Batches, first: int) -> Compute | str:
    """What `make` makes of a step, if it computes what the step does, else in what it differs.

    The state is the same before and after. `make` may train while it prepares.
    """
    drawn = [batches.draw(first + number).to(step.device) for number in range(TRIAL_STEPS)]
    kept = _Kept(step)
    try:
        expected = torch.stack([step(batch) for batch in drawn])
        learnt = [p.detach().clone() for p in step.generator.parameters()]
        kept.put_back()
        fast = make(drawn[0])
        kept.put_back()
        got = torch.stack([fast(batch) for batch in drawn])
        apart = _distance(list(step.generator.parameters()), learnt)
        update = _distance(kept.weights, learnt)
    finally:
        kept.put_back()
    off = float(((got - expected).abs() / expected.abs().clamp(min=1e-6)).max())
    if not off <= LOSS_TOLERANCE:
        return f"its losses differ by {off:.1%}"
    if not apart <= UPDATE_TOLERANCE * update:
        return f"its weights differ by {apart / update:.1%} of what {TRIAL_STEPS} steps change"
    return fast


class Recorded:
    """A step recorded as a CUDA graph: every call copies the batch to where the recorded one lay and replays."""

    def __init__(self, step: Step, batch: Batch) -> None:
        self._batch = Batch(*(part.clone() for part in parts(batch)))
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARMUP_STEPS):
                step(self._batch)
        torch.cuda.current_stream().wait_stream(aside)
        # Gradients that the recording makes lie in the graph's own memory, at the same place in every replay.
        step.optimizer.zero_grad(set_to_none=True)
        self._graph = torch.cuda.CUDAGraph()
        # Others of this process may use CUDA meanwhile: the next batch's memory is pinned in the background.
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._losses = step(self._batch)

    def __call__(self, batch: Batch) -> Tensor:
        for here, new in zip(parts(self._batch), parts(batch), strict=True):
            here.copy_(new, non_blocking=True)
        self._graph.replay()
        return self._losses.clone()


def parts(batch: Batch) -> tuple[Tensor, ...]:
    """The tensors of a batch, in the order of its fields."""
    return batch.rgba, batch.style, batch.view, batch.theta, batch.noise


def _fast(step: Step, how: str, batch: Batch) -> Compute:
    if how == "compile":
        # Only the work on pixels: chained transposed convolutions have open faults under the compiler.
        step.compare = torch.compile(step.compare, dynamic=False)
    return Recorded(step, batch) if step.device.type == "cuda" else step


class _Kept:
    """A copy of weights and Adam's state, to be put back in place: a recording knows tensors by where they lie."""

    def __init__(self, step: Step) -> None:
        self._parameters, self._optimizer = list(step.generator.parameters()), step.optimizer
        self.weights = [p.detach().clone() for p in self._parameters]
        self._moments = {
            p: {name: value.clone() for name, value in self._optimizer.state[p].items()}
            for p in self._parameters
            if p in self._optimizer.state
        }

    @torch.no_grad()
    def put_back(self) -> None:
        for parameter, weight in zip(self._parameters, self.weights, strict=True):
            parameter.copy_(weight)
            before = self._moments.get(parameter)
            for name, value in self._optimizer.state[parameter].items():
                # What Adam had not begun to count is zero.
                value.zero_() if before is None else value.copy_(before[name])


@torch.no_grad()
def _distance(ones: list[Tensor], others: list[Tensor]) -> float:
    return float(torch.stack([(a - b).double().norm() for a, b in zip(ones, others, strict=True)]).norm())
