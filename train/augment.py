"""The random transformations T_θ of section 3: what the paper does to picture and mask alike while training.

The one idea: θ is normalised so that "nothing" is zero and the paper's ranges are about [-1, 1]; all of a
batch is done at once, in one resampling (rotation, translation, zoom, stretch) and one pass over colours
(hue, saturation, brightness). The network sees the θ that made its target.

Shapes: b batch, T = len(THETA), h = w side in pixels.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

THETA = (
    "rotation",
    "translate_x",
    "translate_y",
    "zoom",
    "stretch",
    "hue_sin",
    "hue_cos",
    "saturation",
    "brightness",
)
"""Entries of θ in order."""

ROTATION_DEG = 12.0
TRANSLATION = 0.10
ZOOM = (1.0, 1.35)
STRETCH = 1.10
SATURATION = (0.25, 4.0)
BRIGHTNESS = (0.35, 3.0)

THETA_DEFINITION: dict[str, str] = {
    "rotation": "in-plane rotation, 1 = 12 degrees clockwise as seen in the picture; drawn from -1 to 1",
    "translate_x": "shift to the right, 1 = 10 % of the picture's side; drawn from -1 to 1",
    "translate_y": "shift down, 1 = 10 % of the picture's side; drawn from -1 to 1",
    "zoom": "log of the zoom about the centre, 1 = 135 %; drawn from 0 (100 %) to 1; below 0 is a zoom out",
    "stretch": "log of the stretch, 1 = 110 % horizontally, -1 = 110 % vertically; drawn from -1 to 1",
    "hue_sin": "sine of the turn of hue; any angle is drawn",
    "hue_cos": "cosine of the turn of hue, minus 1",
    "saturation": "log of the factor on saturation, 1 = 400 %, -1 = 25 %; drawn from -1 to 1",
    "brightness": "log of the factor on brightness (HSV value), 1 = 300 %; drawn from 35 % to 300 %",
}


def draw_theta(random: np.random.Generator, count: int, strength: float = 1.0) -> np.ndarray:
    """θ of `count` pictures, float32 [count, T], in section 3's ranges; `strength` 0..1 narrows them all."""
    symmetric = random.uniform(-1, 1, size=(count, 5)) * strength
    zoom = random.uniform(0, 1, size=count) * strength
    turn = random.uniform(-math.pi, math.pi, size=count) * strength
    low = math.log(BRIGHTNESS[0]) / math.log(BRIGHTNESS[1])
    brightness = random.uniform(low, 1, size=count) * strength
    rotation, translate_x, translate_y, stretch, saturation = symmetric.T
    columns = (
        rotation, translate_x, translate_y, zoom, stretch, np.sin(turn), np.cos(turn) - 1, saturation,
        brightness,
    )  # fmt: skip
    return np.stack(columns, axis=1).astype(np.float32)


def theta(
    rotation_deg: float = 0.0,
    translate_x: float = 0.0,
    translate_y: float = 0.0,
    zoom: float = 1.0,
    stretch_x: float = 1.0,
    stretch_y: float = 1.0,
    hue_deg: float = 0.0,
    saturation: float = 1.0,
    brightness: float = 1.0,
) -> Tensor:
    """θ [1, T] from quantities with units: degrees, shares of the side, factors. One stretch at a time.

    Raises ValueError for a factor that is not positive or for both stretches at once.
    """
    if min(zoom, stretch_x, stretch_y, saturation, brightness) <= 0:
        raise ValueError("zoom, stretch, saturation and brightness are factors above 0")
    if stretch_x != 1 and stretch_y != 1:
        raise ValueError("stretch one direction; both at once is a zoom")
    turn = math.radians(hue_deg)
    values = (
        rotation_deg / ROTATION_DEG,
        translate_x / TRANSLATION,
        translate_y / TRANSLATION,
        math.log(zoom) / math.log(ZOOM[1]),
        (math.log(stretch_x) - math.log(stretch_y)) / math.log(STRETCH),
        math.sin(turn),
        math.cos(turn) - 1,
        math.log(saturation) / math.log(SATURATION[1]),
        math.log(brightness) / math.log(BRIGHTNESS[1]),
    )
    return torch.tensor([values], dtype=torch.float32)


def transform(rgb: Tensor, mask: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
    """T_θ of objects on black: rgb [b, 3, h, w], mask [b, 1, h, w] in [0, 1], θ [b, T] -> the same shapes.

    What comes in over the border is empty. Colour follows the resampling; a soft edge, colour times
    coverage, keeps its coverage.
    """
    rgb, mask = resample(rgb, mask, theta)
    return recolour(rgb, mask, theta), mask


def resample(rgb: Tensor, mask: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
    """The spatial part of T_θ, one bilinear resampling: stretch, zoom and rotation about the centre, shift."""
    angle = torch.deg2rad(theta[:, 0] * ROTATION_DEG)
    zoom = torch.exp(theta[:, 3] * math.log(ZOOM[1]))
    stretch = theta[:, 4] * math.log(STRETCH)
    scale_x = zoom * torch.exp(stretch.clamp(min=0))
    scale_y = zoom * torch.exp((-stretch).clamp(min=0))
    # Where each output pixel comes from: the inverse of "scale, turn, shift", in grid_sample's [-1, 1] units.
    shift_x, shift_y = 2 * TRANSLATION * theta[:, 1], 2 * TRANSLATION * theta[:, 2]
    cos, sin = angle.cos(), angle.sin()
    row_x = torch.stack([cos / scale_x, sin / scale_x, -(cos * shift_x + sin * shift_y) / scale_x], dim=1)
    row_y = torch.stack([-sin / scale_y, cos / scale_y, (sin * shift_x - cos * shift_y) / scale_y], dim=1)
    both = torch.cat([rgb, mask], dim=1)
    grid = functional.affine_grid(torch.stack([row_x, row_y], dim=1), list(both.shape), align_corners=False)
    both = functional.grid_sample(both, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return both[:, :3], both[:, 3:]


def recolour(rgb: Tensor, mask: Tensor, theta: Tensor) -> Tensor:
    """The colour part of T_θ: hue turned, saturation and value of HSV multiplied, on the object's own colour.

    rgb is colour times coverage. Hue and saturation are of ratios and do not mind the factor; only the cap
    of the value at 1 does, and becomes a cap at the coverage.
    """
    turn = torch.atan2(theta[:, 5], theta[:, 6] + 1) / (2 * math.pi)
    saturation_factor = torch.exp(theta[:, 7] * math.log(SATURATION[1]))
    value_factor = torch.exp(theta[:, 8] * math.log(BRIGHTNESS[1]))

    value, _ = rgb.max(dim=1)
    chroma = value - rgb.amin(dim=1)
    safe = chroma.clamp(min=1e-8)
    red, green, blue = rgb.unbind(dim=1)
    sixth = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    hue = sixth / 6 + turn[:, None, None]
    saturation = (chroma / value.clamp(min=1e-8) * saturation_factor[:, None, None]).clamp(max=1)
    value = torch.minimum(value * value_factor[:, None, None], mask[:, 0])

    # HSV to RGB in closed form: channel n is value less its share of the chroma at (n + 6 hue) mod 6.
    chroma = value * saturation
    corners = torch.arange(5.0, 0.0, -2.0, device=rgb.device)  # made there: a copy from the host would wait for it
    place = (corners[None, :, None, None] + 6 * hue[:, None]) % 6
    share = torch.minimum(place, 4 - place).clamp(0, 1)
    return value[:, None] - chroma[:, None] * share
