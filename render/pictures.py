"""What rendering makes of a model: a picture a view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from render.viewpoints import View


@dataclass(frozen=True)
class Picture:
    """One view of a model: uint8 [H, W, 4] RGB over white with soft mask, and the world points of its keypoints.

    `layers`: further pictures by name as `RenderConfig.passes` asks for them. `model`: what is known of the model as a
    whole (how it was placed and mended), the same for all its views.
    """

    view: View
    pixels: NDArray[np.uint8]
    keypoints: dict[str, tuple[float, float, float, bool]]
    layers: dict[str, NDArray[Any]] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)


def with_settled_edges(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Straight-alpha RGBA [H, W, 4] of a denoised render with its edge colours put right; the mask stays.

    A denoiser smooths colours times coverage and leaves the coverage as noisy as it was, so the colour of a partly
    covered pixel, the one divided by the other, comes out too light or too dark: fringes. Over 3 x 3 pixels the noise
    of the coverage evens out, so the colour is taken as the ratio of the sums.
    """
    coverage = rgba[..., 3].astype(np.float32)
    weighted = rgba[..., :3] * coverage[..., None]
    sums = (cv2.blur(values, (3, 3), borderType=cv2.BORDER_CONSTANT) for values in (weighted, coverage))
    colours, weights = sums
    partly = (rgba[..., 3] > 0) & (rgba[..., 3] < 255)
    settled = rgba.copy()
    settled[partly, :3] = np.rint(colours[partly] / np.maximum(weights[partly, None], 1e-3)).clip(0, 255)
    return settled
