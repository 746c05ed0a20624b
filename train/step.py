"""What a step of training computes: the network's picture of a batch, its errors, their gradients, Adam.

The one idea: all of it happens on tensors that stay on the device, the learning rate among them, and nothing is read
back, so that the host runs ahead and a GPU can record a step once and replay it (`train.accelerate`).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from train.augment import transform
from train.config import TrainConfig
from train.generator import Generator
from train.objective import Objective, divergence_from_prior, object_on_black
from train.samples import Batch

BETAS = (0.9, 0.999)
EPSILON = 1e-6
"""Adam's constants of section 4.1."""

TENSOR_CORE_CHANNELS = 8
"""Channels of a convolution come in multiples of this on a GPU; CPUs gain nothing by it (docs/speed.md)."""


class Step:
    """One step of a training on one batch, in place; to be called on all workers at once.

    The loss is a mean over this worker's views; gradients are averaged over the workers, this one's times `weight`.
    """

    def __init__(
        self, config: TrainConfig, generator: Generator, optimizer: torch.optim.Adam, weight: float = 1.0
    ) -> None:
        self.weight = weight
        self.generator, self.optimizer = generator, optimizer
        self.device = next(generator.parameters()).device
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
            torch.backends.cudnn.allow_tf32 = True
            torch.set_float32_matmul_precision("high")
        multiple = TENSOR_CORE_CHANNELS if self.device.type == "cuda" else 1
        self.network: nn.Module = _Drawing(generator, multiple)
        if workers() > 1:
            self.network = DistributedDataParallel(self.network, gradient_as_bucket_view=True, static_graph=True)
        self.bf16 = computes_bf16(config.precision, self.device)
        self.compare: Callable[..., Tensor] = _Comparison(objective_of(config, generator), bool(config.augment))

    def __call__(self, batch: Batch) -> Tensor:
        """Losses [4] of the batch before the step: total, rgb, mask, divergence. They stay on the device."""
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            rgb, mask, divergence = self.network(batch)
        losses = self.compare(rgb, mask, divergence, batch.rgba, batch.theta)
        self.optimizer.zero_grad(set_to_none=True)
        (losses[0] * self.weight).backward()
        self.optimizer.step()
        return losses.detach()


class _Drawing(nn.Module):
    """What a step asks of a network, in the one forward pass that workers' gradients are joined behind."""

    def __init__(self, generator: Generator, multiple: int) -> None:
        super().__init__()
        self.generator, self.multiple = generator, multiple

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor | None]:
        """Raw rgb and mask, and the divergence [b] of z from the prior where the network is variational."""
        given = {"style": batch.style, "view": batch.view, "theta": batch.theta}
        if not self.generator.spec.variational:
            values = self.generator.run(("rgb", "mask"), given, self.multiple)
            return values["rgb"], values["mask"], None
        wanted = ("rgb", "mask", "mean", "log_variance")
        values = self.generator.run(wanted, {**given, "noise": batch.noise}, self.multiple)
        divergence = divergence_from_prior(values["mean"], values["log_variance"])
        return values["rgb"], values["mask"], divergence


class _Comparison(nn.Module):
    """What was drawn against the transformed truth: work on single pixels, much of it, that a compiler may fuse."""

    def __init__(self, objective: Objective, augment: bool) -> None:
        super().__init__()
        self.objective, self.augment = objective, augment

    def forward(self, rgb: Tensor, mask: Tensor, divergence: Tensor | None, rgba: Tensor, theta: Tensor) -> Tensor:
        """Losses [4] of raw outputs against samples uint8 [b, h, w, 4]: total, rgb, mask, divergence."""
        target_rgb, target_mask = object_on_black(rgba)
        if self.augment:
            target_rgb, target_mask = transform(target_rgb, target_mask, theta)
        loss = self.objective(rgb, mask, target_rgb, target_mask, divergence)
        return torch.stack((loss.total, loss.rgb, loss.mask, loss.divergence))


def adam(generator: Generator, rate: float, device: torch.device) -> torch.optim.Adam:
    """Section 4.1's Adam in one pass over the weights; on a GPU its rate and count of steps live there."""
    on_gpu = device.type == "cuda"
    first_rate = torch.tensor(rate, device=device) if on_gpu else rate
    return torch.optim.Adam(
        generator.parameters(), lr=first_rate, betas=BETAS, eps=EPSILON, fused=True, capturable=on_gpu
    )


def set_rate(optimizer: torch.optim.Adam, rate: float) -> None:
    """Set the learning rate, in place where it lies on a GPU."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def computes_bf16(precision: str, device: torch.device) -> bool:
    """Whether to compute in bfloat16: only where it is native, because emulation is slower than fp32."""
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities()
    return any(bool(capabilities.get(name)) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def objective_of(config: TrainConfig, generator: Generator) -> Objective:
    """The objective that the settings ask for."""
    return Objective(
        generator.spec.mask_loss,
        config.mask_weight,
        config.chroma_weight,
        config.rgb_over,
        config.mask_over,
        config.divergence_weight,
    )


def workers() -> int:
    """Number of training processes."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1
