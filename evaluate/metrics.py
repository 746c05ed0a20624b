"""Errors between pictures, the one place for them: one number a view, and how the numbers of many views are
pooled.

Shapes: n pictures, h x w pixels. Pictures are float32 [n, h, w, 3] in [0, 1], the object on black; masks are
float32 [n, h, w] in [0, 1], the share of a pixel that the object covers.
"""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd

MEASURES = ("mse", "mse_object", "ssim", "mask_iou")
"""Columns of per-view errors, as `measure` gives them."""

POOLED = ("mse", "mse_rgb_sum", "mse_object", "psnr_db", "psnr_object_db", "ssim", "mask_iou")
"""Numbers of a set of views, as `pooled` gives them."""

_SSIM_SIGMA = 1.5
_SSIM_RADIUS = 5
_SSIM_C1, _SSIM_C2 = 0.01**2, 0.03**2


def mse(rgb: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Squared error of each picture, averaged over height, width and RGB (the paper's per-pixel MSE): [n].

    Three times this is the error summed over RGB.
    """
    flat = (rgb - truth).reshape(len(rgb), -1)
    return np.einsum("ij,ij->i", flat, flat, dtype=np.float64) / flat.shape[1]


def mse_object(rgb: np.ndarray, truth: np.ndarray, truth_mask: np.ndarray) -> np.ndarray:
    """Squared error of each picture over the object's pixels alone, weighted by the true coverage: [n].

    NaN for a view that shows nothing of the object.
    """
    error = np.square(rgb - truth).mean(axis=3)
    weight = truth_mask.sum(axis=(1, 2), dtype=np.float64)
    total = (error * truth_mask).sum(axis=(1, 2), dtype=np.float64)
    return np.divide(total, weight, out=np.full(len(rgb), np.nan), where=weight > 0)


def psnr_db(mean_squared_error: float) -> float:
    """Peak signal-to-noise ratio in dB for a peak of 1; infinite for no error at all."""
    with np.errstate(divide="ignore"):
        return float(-10 * np.log10(np.float64(mean_squared_error)))


def ssim(rgb: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Structural similarity of each picture (Wang et al. 2004: Gaussian window of sigma 1.5, 11 pixels): [n].

    The mean over RGB and over the pixels whose window lies inside the picture.
    """
    return np.array([_ssim(x, y) for x, y in zip(rgb, truth, strict=True)])


def mask_iou(mask: np.ndarray, truth_mask: np.ndarray) -> np.ndarray:
    """Intersection over union of each pair of masks cut at 0.5: [n]; 1 where both are empty."""
    predicted, true = mask > 0.5, truth_mask > 0.5
    both = (predicted & true).sum(axis=(1, 2))
    either = (predicted | true).sum(axis=(1, 2))
    return np.divide(both, either, out=np.ones(len(mask)), where=either > 0)


def measure(
    rgb: np.ndarray, mask: np.ndarray, truth: np.ndarray, truth_mask: np.ndarray, with_ssim: bool = True
) -> pd.DataFrame:
    """All errors of n views, a row a view, columns `MEASURES` (ssim is NaN when not asked for)."""
    return pd.DataFrame(
        {
            "mse": mse(rgb, truth),
            "mse_object": mse_object(rgb, truth, truth_mask),
            "ssim": ssim(rgb, truth) if with_ssim else np.full(len(rgb), np.nan),
            "mask_iou": mask_iou(mask, truth_mask),
        }
    )


def pooled(errors: pd.DataFrame) -> dict[str, float]:
    """Metrics of a set of views from their per-view errors; one that no view has, or that is infinite, is
    left out.

    The paper does not define its per-pixel MSE. `mse` is the mean over height, width and RGB; `mse_rgb_sum` sums over
    RGB instead; `mse_object` is the mean over the views of the error on the object's pixels alone. PSNR is of
    the mean error over the views, not the mean of the views' PSNR.
    """
    mean = {name: float(errors[name].mean()) for name in MEASURES}
    values = {
        "mse": mean["mse"],
        "mse_rgb_sum": 3 * mean["mse"],
        "mse_object": mean["mse_object"],
        "psnr_db": psnr_db(mean["mse"]),
        "psnr_object_db": psnr_db(mean["mse_object"]),
        "ssim": mean["ssim"],
        "mask_iou": mean["mask_iou"],
    }
    return {name: value for name, value in values.items() if np.isfinite(value)}


def _ssim(x: np.ndarray, y: np.ndarray) -> float:
    mean_x, mean_y = _window(x), _window(y)
    variance_x = _window(x * x) - mean_x * mean_x
    variance_y = _window(y * y) - mean_y * mean_y
    covariance = _window(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _SSIM_C1) / (mean_x * mean_x + mean_y * mean_y + _SSIM_C1)
    structure = (2 * covariance + _SSIM_C2) / (variance_x + variance_y + _SSIM_C2)
    return float((luminance * structure).mean(dtype=np.float64))


def _window(x: np.ndarray) -> np.ndarray:
    side = 2 * _SSIM_RADIUS + 1
    blurred = cv2.GaussianBlur(x, (side, side), _SSIM_SIGMA, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred[_SSIM_RADIUS:-_SSIM_RADIUS, _SSIM_RADIUS:-_SSIM_RADIUS])
