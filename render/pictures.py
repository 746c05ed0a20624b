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


def with_even_glass(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Straight-alpha RGBA [H, W, 4] whose coverage is smoothed where it is grainy without an outline.

    Cycles decides by chance, sample by sample, whether a ray goes through a see-through surface, and no denoiser
    smooths the coverage that comes of it. Where the mean over 5 x 5 pixels hardly changes, that mean is the coverage;
    at outlines, where it changes, all stays. For models with see-through materials alone.
    """
    coverage = rgba[..., 3].astype(np.float32) / 255
    mean = cv2.blur(coverage, (5, 5))
    across, down = (np.abs(cv2.filter2D(mean, -1, kernel)) for kernel in (_STEP, _STEP.T))
    # 8 samples of a half-open surface leave slopes of some 0.06; an outline of a quarter has 0.2.
    even = np.clip((0.2 - across - down) / 0.1, 0, 1) * np.clip((0.98 - mean) / 0.05, 0, 1)
    weighted = cv2.blur(rgba[..., :3] * coverage[..., None], (5, 5)) / np.maximum(mean, 1e-4)[..., None]
    smooth = rgba.copy()
    smooth[..., 3] = np.rint(255 * (even * mean + (1 - even) * coverage))
    mixed = even[..., None] * weighted + (1 - even[..., None]) * rgba[..., :3]
    smooth[..., :3] = np.rint(mixed).clip(0, 255)
    return smooth


_STEP = np.array([[-1, 0, 0, 0, 1]], np.float32)
