"""What a generator minimises: equation (1) of the paper, section 3.2.

RGB is always the squared Euclidean distance, summed over the picture and not halved. The mask is the negative
log-likelihood of a two-way softmax, averaged over the pixels, x 100; or a squared distance, summed, x 0.1.
Summed, the likelihood would drown RGB several hundred times; averaged, its share is a few per cent.

A departure for short trainings: most of a picture's squared distance is brightness. How green a chair is makes about a
hundredth of it and is learnt last, so a brief training paints olive as brown. `chroma_weight` multiplies the part of
the distance that is not brightness; at 1 the objective is the paper's.

The variational network's bound (Appendix A, eq. 5) is the same sum and β times the divergence of q(z | style) from the
prior N(0, I).

Shapes: b batch, h = w side in pixels, z units of the latent layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from train.architectures import MaskLoss

Over = Literal["sum", "mean"]

MASK_OVER: dict[MaskLoss, Over] = {"nll": "mean", "squared": "sum"}
MASK_WEIGHT: dict[MaskLoss, float] = {"nll": 100.0, "squared": 0.1}
"""λ of the paper for either loss of the mask."""


@dataclass(frozen=True)
class Loss:
    """Means over the batch: `total` = `rgb` + λ `mask` + β `divergence`, where chroma weighs 1; `rgb` is unweighted.
    Scalars."""

    total: Tensor
    rgb: Tensor
    mask: Tensor
    divergence: Tensor


def object_on_black(rgba: Tensor) -> tuple[Tensor, Tensor]:
    """Training targets of samples uint8 [b, h, w, 4] (RGB over white, coverage): rgb [b, 3, h, w], mask [b, 1, h, w].

    With coverage a, an object over white is a·colour + (1 - a), so rgb - (1 - a) is exactly the object on
    black; a product with the mask would darken its edges. Floats in [0, 1], channels last in memory.
    """
    floats = rgba.permute(0, 3, 1, 2).float().div_(255)
    rgb, mask = floats[:, :3], floats[:, 3:]
    return (rgb + mask).sub_(1).clamp_(min=0), mask


@dataclass(frozen=True)
class Objective:
    """How raw outputs (see `train.generator.Generator`) are held against targets in [0, 1]. Defaults are the paper's.

    `mask_weight` None is 100 for the likelihood and 0.1 for the squared distance. `rgb_over` and `mask_over` say
    whether an error is summed or averaged over the picture, None as this module's head says; `divergence_weight` is β.
    """

    mask_loss: MaskLoss
    mask_weight: float | None = None
    chroma_weight: float = 1.0
    rgb_over: Over = "sum"
    mask_over: Over | None = None
    divergence_weight: float = 1.0

    def __call__(
        self, rgb: Tensor, mask: Tensor, target_rgb: Tensor, target_mask: Tensor, divergence: Tensor | None = None
    ) -> Loss:
        """Loss of rgb [b, 3, h, w] and mask [b, 1 or 2, h, w]; `divergence` [b] of a variational network's z.

        The mask's target may be soft: the likelihood is then the expected one.
        """
        apart = rgb.float() - target_rgb
        rgb_loss = learnt = _over(torch.square(apart), self.rgb_over)
        if self.chroma_weight != 1:
            # Of a difference (r, g, b), its mean is brightness; what remains is orthogonal to it.
            chroma = _over(torch.square(apart - apart.mean(dim=1, keepdim=True)), self.rgb_over)
            learnt = rgb_loss + (self.chroma_weight - 1) * chroma
        if self.mask_loss == "nll":
            # A softmax over (background, object) is a sigmoid of the difference of its logits.
            odds = mask[:, 1:2].float() - mask[:, 0:1].float()
            wrong = functional.binary_cross_entropy_with_logits(odds, target_mask, reduction="none")
        else:
            wrong = torch.square(mask.float() - target_mask)
        mask_error = _over(wrong, self.mask_over or MASK_OVER[self.mask_loss])
        weight = MASK_WEIGHT[self.mask_loss] if self.mask_weight is None else self.mask_weight
        total = learnt + weight * mask_error
        if divergence is None:
            return Loss(total, rgb_loss, mask_error, torch.zeros_like(total))
        apart_from_prior = divergence.float().mean()
        return Loss(total + self.divergence_weight * apart_from_prior, rgb_loss, mask_error, apart_from_prior)


def divergence_from_prior(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, I)) [b] in nats, of both [b, z]."""
    mean, log_variance = mean.float(), log_variance.float()
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(dim=1)


def _over(errors: Tensor, how: Over) -> Tensor:
    """Errors [b, c, h, w] summed or averaged over the picture, then averaged over the batch."""
    return errors.mean() if how == "mean" else errors.sum() / len(errors)
