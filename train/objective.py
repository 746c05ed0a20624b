"""What a generator minimises: equation (1) of the paper, section 3.2.

RGB is always the squared Euclidean distance, summed over the picture and not halved. The mask is the negative
log-likelihood of a two-way softmax, averaged over the pixels, x 100; or a squared distance, summed, x 0.1.
Summed, the likelihood would drown RGB several hundred times; averaged, its share is a few per cent.

A departure for short trainings: most of a picture's squared distance is brightness. How green a chair is makes about a
hundredth of it and is learnt last, so a brief training paints olive as brown. `chroma_weight` multiplies the part of
the distance that is not brightness; at 1 the objective is the paper's.

Shapes: b batch, h = w side in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from train.architectures import MaskLoss

MASK_WEIGHT: dict[MaskLoss, float] = {"nll": 100.0, "squared": 0.1}
"""λ of the paper for either loss of the mask."""


@dataclass(frozen=True)
class Loss:
    """Means over the batch: `total` = `rgb` + λ `mask`, where chroma weighs 1; `rgb` is unweighted. Scalars."""

    total: Tensor
    rgb: Tensor
    mask: Tensor


def object_on_black(rgba: Tensor) -> tuple[Tensor, Tensor]:
    """Training targets of samples uint8 [b, h, w, 4] (RGB over white, coverage): rgb [b, 3, h, w], mask [b, 1, h, w].

    With coverage a, an object over white is a·colour + (1 - a), so rgb - (1 - a) is exactly the object on
    black; a product with the mask would darken its edges. Floats in [0, 1], channels last in memory.
    """
    floats = rgba.permute(0, 3, 1, 2).float().div_(255)
    rgb, mask = floats[:, :3], floats[:, 3:]
    return (rgb + mask).sub_(1).clamp_(min=0), mask


def objective(
    rgb: Tensor,
    mask: Tensor,
    target_rgb: Tensor,
    target_mask: Tensor,
    mask_loss: MaskLoss,
    mask_weight: float | None,
    chroma_weight: float = 1.0,
) -> Loss:
    """Loss of raw outputs (see `train.generator.Generator`) against targets in [0, 1].

    `mask_weight` None is the paper's; so is `chroma_weight` 1. The mask's target may be soft: the likelihood is then
    the expected one.
    """
    batch = rgb.shape[0]
    apart = rgb.float() - target_rgb
    rgb_loss = learnt = torch.sum(torch.square(apart)) / batch
    if chroma_weight != 1:
        # Of a difference (r, g, b), its mean is brightness; what remains is orthogonal to it.
        chroma = torch.sum(torch.square(apart - apart.mean(dim=1, keepdim=True))) / batch
        learnt = rgb_loss + (chroma_weight - 1) * chroma
    if mask_loss == "nll":
        # A softmax over (background, object) is a sigmoid of the difference of its logits.
        odds = mask[:, 1:2].float() - mask[:, 0:1].float()
        mask_error = functional.binary_cross_entropy_with_logits(odds, target_mask)
    else:
        mask_error = torch.sum(torch.square(mask.float() - target_mask)) / batch
    weight = MASK_WEIGHT[mask_loss] if mask_weight is None else mask_weight
    return Loss(learnt + weight * mask_error, rgb_loss, mask_error)
