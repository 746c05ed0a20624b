"""Which transformation of section 3 turns one picture into another.

The one idea: the transformation is found in the terms it is defined in. Its spatial part is the θ whose `resample` lays
one mask on the other, by damped least squares from coarse to fine; the colour part then has a closed form, because
brightness multiplies values, saturation multiplies chroma over value, and hue turns.

Shapes: n pictures, h = w side in pixels, T entries of θ.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from train.augment import BRIGHTNESS, SATURATION, THETA, TRANSLATION, resample, transform

TRANSFORMATIONS = ("rotation", "translate_x", "translate_y", "zoom", "stretch", "hue", "saturation", "brightness")
"""What θ says, with hue's two entries as one."""

_SIDE = 64
_SPATIAL = 5
_BLURS_PX = (4.0, 1.5, 0.7)
_STEPS = 12
_PROBE = 0.02
_DONE = 1e-3
_LEAST_CHROMA = 0.04
"""Below a mean chroma of this a picture is grey, and its hue and saturation are noise."""
_LIMIT = 3.0


def estimated_theta(rgb: Tensor, mask: Tensor, after_rgb: Tensor, after_mask: Tensor) -> Tensor:
    """θ [n, T] with T_θ(rgb, mask) closest to the pictures after.

    Pictures are rgb [n, 3, h, w] on black and mask [n, 1, h, w], both in [0, 1]. The first five entries follow from the
    masks alone, the colours from what both masks cover. Entries are held within three times the paper's ranges. Grey
    pictures have no hue and no saturation: 0.
    """
    theta = torch.zeros(len(rgb), len(THETA))
    theta[:, :_SPATIAL] = _spatial(mask, after_mask)
    moved, moved_mask = resample(rgb, mask, theta)
    both = (moved_mask * after_mask)[:, 0]
    value, chroma, hue = _hsv(moved)
    after_value, after_chroma, after_hue = _hsv(after_rgb)

    def total(x: Tensor) -> Tensor:
        return (both * x).sum(dim=(1, 2)).clamp(min=1e-6)

    brighter = total(after_value) / total(value)
    stronger = total(after_chroma) / total(chroma) / brighter
    turn = after_hue - hue
    weight = both * torch.minimum(chroma, after_chroma)
    angle = torch.atan2((weight * turn.sin()).sum(dim=(1, 2)), (weight * turn.cos()).sum(dim=(1, 2)))
    covered = both.sum(dim=(1, 2)).clamp(min=1e-6)
    coloured = torch.minimum(total(chroma), total(after_chroma)) / covered > _LEAST_CHROMA
    angle = torch.where(coloured, angle, 0)
    theta[:, 5], theta[:, 6] = angle.sin(), angle.cos() - 1
    theta[:, 7] = torch.where(coloured, stronger.log() / math.log(SATURATION[1]), 0)
    theta[:, 8] = brighter.log() / math.log(BRIGHTNESS[1])
    # A vanished object has no colour to compare.
    theta[:, 5:] = torch.where((both.mean(dim=(1, 2)) > 1e-3)[:, None], theta[:, 5:], 0)
    return theta.clamp(-_LIMIT, _LIMIT)


def unexplained(rgb: Tensor, mask: Tensor, after_rgb: Tensor, after_mask: Tensor, theta: Tensor) -> np.ndarray:
    """Share of the change of RGB and mask that is not T_θ's, [n]: |after - T_θ(before)|² / |after - before|²."""
    after, before = torch.cat([after_rgb, after_mask], dim=1), torch.cat([rgb, mask], dim=1)
    left = (after - torch.cat(transform(rgb, mask, theta), dim=1)).square().sum(dim=(1, 2, 3))
    change = (after - before).square().sum(dim=(1, 2, 3))
    # Worse than no transformation explains nothing.
    return np.asarray((left / change.clamp(min=1e-9)).clamp(max=1).double().numpy())


def visible(rgb: Tensor, mask: Tensor, theta: Tensor) -> np.ndarray:
    """What each of `TRANSFORMATIONS` in θ [n, T] alone does to pictures: root mean square change of RGB and mask with
    the sign of the transformation, [n, 8]. So shares of 10 % in stretch and in translation weigh as they are seen."""
    entries = [[i] for i in range(_SPATIAL)] + [[5, 6], [7], [8]]
    signs = np.sign(transformations(theta))
    changes = []
    for own in entries:
        alone = torch.zeros_like(theta)
        alone[:, own] = theta[:, own]
        after = torch.cat(transform(rgb, mask, alone), dim=1)
        changes.append((after - torch.cat([rgb, mask], dim=1)).square().mean(dim=(1, 2, 3)).sqrt())
    return np.asarray(signs * torch.stack(changes, dim=1).double().numpy())


def transformations(theta: Tensor) -> np.ndarray:
    """θ [n, T] as `TRANSFORMATIONS` [n, 8], in the same units; hue is the chord of its turn with the turn's sign."""
    hue = torch.hypot(theta[:, 5], theta[:, 6]) * torch.where(theta[:, 5] < 0, -1.0, 1.0)
    columns = [*theta[:, :_SPATIAL].unbind(dim=1), hue, theta[:, 7], theta[:, 8]]
    return np.asarray(torch.stack(columns, dim=1).double().numpy())


def _spatial(mask: Tensor, after: Tensor) -> Tensor:
    mask, after = _small(mask), _small(after)
    theta = torch.zeros(len(mask), len(THETA))
    # The centres of mass give a start from which the coarse masks overlap.
    theta[:, 1:3] = ((_centre(after) - _centre(mask)) / TRANSLATION).clamp(-_LIMIT, _LIMIT)
    for blur in _BLURS_PX:
        theta = _laid(_blurred(mask, blur), _blurred(after, blur), theta)
    return theta[:, :_SPATIAL]


def _laid(mask: Tensor, after: Tensor, theta: Tensor) -> Tensor:
    """Levenberg and Marquardt's steps on the five spatial entries, each picture with a damping of its own."""

    def residual(at: Tensor) -> Tensor:
        return (resample(mask.expand(-1, 3, -1, -1), mask, at)[1] - after).flatten(1)

    damping = torch.full((len(mask), 1, 1), 0.01)
    now = residual(theta)
    for _ in range(_STEPS):
        slopes = []
        for entry in range(_SPATIAL):
            side = torch.zeros(len(THETA))
            side[entry] = _PROBE
            slopes.append((residual(theta + side) - residual(theta - side)) / (2 * _PROBE))
        jacobian = torch.stack(slopes, dim=2)
        normal = jacobian.transpose(1, 2) @ jacobian
        gradient = jacobian.transpose(1, 2) @ now[..., None]
        diagonal = torch.diag_embed(normal.diagonal(dim1=1, dim2=2) + 1e-3)
        step = torch.linalg.solve(normal + damping * diagonal, -gradient)[..., 0]
        if float(step.abs().max()) < _DONE:
            break
        trial = theta.clone()
        trial[:, :_SPATIAL] = (theta[:, :_SPATIAL] + step).clamp(-_LIMIT, _LIMIT)
        then = residual(trial)
        better = then.square().sum(dim=1) < now.square().sum(dim=1)
        theta, now = torch.where(better[:, None], trial, theta), torch.where(better[:, None], then, now)
        damping = torch.where(better[:, None, None], damping / 3, damping * 5)
    return theta


def _small(mask: Tensor) -> Tensor:
    """A mask at 64 px: a transformation is said in shares of the side, whatever that is."""
    return mask if mask.shape[-1] <= _SIDE else functional.interpolate(mask, size=(_SIDE, _SIDE), mode="area")


def _blurred(mask: Tensor, sigma_px: float) -> Tensor:
    reach = math.ceil(3 * sigma_px)
    x = torch.arange(-reach, reach + 1)
    taps = torch.exp(-x.square() / (2 * sigma_px**2))
    taps = taps / taps.sum()
    across = functional.conv2d(mask, taps[None, None, None], padding=(0, reach))
    return functional.conv2d(across, taps[None, None, :, None], padding=(reach, 0))


def _centre(mask: Tensor) -> Tensor:
    """Centre of mass in shares of the side, x and y: [n, 2]; the middle where a mask is empty."""
    side = mask.shape[-1]
    place = (torch.arange(side) + 0.5) / side - 0.5
    total = mask.sum(dim=(1, 2, 3)).clamp(min=1e-6)
    x, y = (mask.sum(dim=(1, 2)) * place).sum(dim=1), (mask.sum(dim=(1, 3)) * place).sum(dim=1)
    return torch.stack([x, y], dim=1) / total[:, None]


def _hsv(rgb: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Value, chroma and hue (an angle in the hexagon, radians) of [n, 3, h, w]: [n, h, w] each."""
    red, green, blue = rgb.unbind(dim=1)
    value = rgb.amax(dim=1)
    chroma = value - rgb.amin(dim=1)
    safe = chroma.clamp(min=1e-8)
    sixth = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    return value, chroma, sixth * (math.pi / 3)
