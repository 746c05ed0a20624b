"""Errors between pictures, against scikit-image and against sums done by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity
from torchmetrics.functional import mean_squared_error as torchmetrics_mse
from torchmetrics.functional.classification import binary_jaccard_index
from torchmetrics.functional.image import peak_signal_noise_ratio as torchmetrics_psnr

from evaluate import metrics
from infra import rng


def pictures(count: int = 4, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Smooth random pictures and noisy copies of them, float32 [n, size, size, 3]."""
    random = rng.generator(0, "pictures")
    x, y = np.meshgrid(np.linspace(0, 6, size), np.linspace(0, 6, size))
    phase = random.uniform(0, 6, (count, 1, 1, 3))
    truth = 0.5 + 0.5 * np.sin(x[None, ..., None] + phase) * np.cos(y[None, ..., None])
    noisy = np.clip(truth + 0.1 * random.standard_normal(truth.shape), 0, 1)
    return noisy.astype(np.float32), truth.astype(np.float32)


def test_mse_and_psnr_are_scikit_images() -> None:
    rgb, truth = pictures()
    for own, x, y in zip(metrics.mse(rgb, truth), rgb, truth, strict=True):
        assert own == pytest.approx(mean_squared_error(x, y), rel=1e-5)
        assert metrics.psnr_db(own) == pytest.approx(peak_signal_noise_ratio(y, x, data_range=1.0), abs=1e-3)


def test_the_papers_best_error_is_25_4_db() -> None:
    assert metrics.psnr_db(2.90e-3) == pytest.approx(25.4, abs=0.03)


def test_ssim_is_scikit_images_with_the_original_papers_window() -> None:
    rgb, truth = pictures()
    how = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    expected = [
        structural_similarity(x, y, channel_axis=2, data_range=1.0, **how) for x, y in zip(rgb, truth, strict=True)
    ]
    np.testing.assert_allclose(metrics.ssim(rgb, truth), expected, atol=1e-5)
    np.testing.assert_allclose(metrics.ssim(truth, truth), 1, atol=1e-6)


def test_the_objects_error_counts_its_pixels_alone_by_their_coverage() -> None:
    truth = np.zeros((1, 4, 4, 3), np.float32)
    rgb, mask = truth.copy(), np.zeros((1, 4, 4), np.float32)
    rgb[0, 0, 0], mask[0, 0, 0] = 0.2, 1.0
    rgb[0, 0, 1], mask[0, 0, 1] = 0.4, 0.5
    rgb[0, 3, 3] = 1.0  # off the object
    assert metrics.mse_object(rgb, truth, mask)[0] == pytest.approx((0.2**2 + 0.5 * 0.4**2) / 1.5)
    assert np.isnan(metrics.mse_object(rgb, truth, np.zeros_like(mask))[0])


def test_a_hard_masks_object_error_is_scikit_images_of_the_objects_pixels() -> None:
    rgb, truth = pictures()
    mask = np.zeros(rgb.shape[:3], np.float32)
    mask[:, 5:20, 8:25] = 1
    for own, x, y in zip(metrics.mse_object(rgb, truth, mask), rgb, truth, strict=True):
        assert own == pytest.approx(mean_squared_error(x[5:20, 8:25], y[5:20, 8:25]), rel=1e-5)


def test_pooled_errors_of_equal_pictures_are_those_of_all_their_pixels() -> None:
    rgb, truth = pictures()
    mask = (truth[..., 0] > 0.5).astype(np.float32)
    pooled = metrics.pooled(metrics.measure(rgb, mask, truth, mask))
    assert tuple(pooled) == metrics.POOLED
    one, other = torch.from_numpy(rgb), torch.from_numpy(truth)
    assert pooled["mse"] == pytest.approx(float(torchmetrics_mse(one, other)), rel=1e-4)
    of_channels = [mean_squared_error(rgb[..., c], truth[..., c]) for c in range(3)]
    assert pooled["mse_rgb_sum"] == pytest.approx(sum(of_channels), rel=1e-4)
    assert pooled["psnr_db"] == pytest.approx(float(torchmetrics_psnr(one, other, data_range=1.0)), rel=1e-4)


def test_mask_iou_is_torchmetrics() -> None:
    random = rng.generator(2, "masks")
    masks = random.uniform(size=(2, 3, 16, 16)).astype(np.float32)
    for own, x, y in zip(metrics.mask_iou(*masks), *masks, strict=True):
        expected = binary_jaccard_index(torch.from_numpy(x), torch.from_numpy(y > 0.5).int())
        assert own == pytest.approx(float(expected))


def test_mask_iou_is_counted_on_sets_of_pixels() -> None:
    random = rng.generator(1, "masks")
    a, b = random.uniform(size=(2, 5, 16, 16))
    for own, x, y in zip(metrics.mask_iou(a, b), a, b, strict=True):
        one, other = ({tuple(p) for p in np.argwhere(m > 0.5)} for m in (x, y))
        assert own == pytest.approx(len(one & other) / len(one | other))
    nothing = np.zeros((1, 4, 4))
    assert metrics.mask_iou(nothing, nothing)[0] == 1
    assert metrics.mask_iou(nothing, nothing + 1)[0] == 0


def test_psnr_is_of_the_mean_error_not_the_mean_of_psnrs() -> None:
    errors = pd.DataFrame({"mse": [1e-2, 1e-4], "mse_object": [1e-1, np.nan], "ssim": np.nan, "mask_iou": [0.5, 1]})
    pooled = metrics.pooled(errors)
    assert pooled["psnr_db"] == pytest.approx(-10 * np.log10(0.00505))
    assert pooled["psnr_object_db"] == pytest.approx(10)
    assert pooled["mask_iou"] == pytest.approx(0.75)
    assert "ssim" not in pooled


def test_measuring_many_views_at_once_is_measuring_each() -> None:
    rgb, truth = pictures()
    mask = truth[..., 0]
    together = metrics.measure(rgb, mask, truth, mask)
    assert tuple(together.columns) == metrics.MEASURES
    for i in range(len(rgb)):
        one = slice(i, i + 1)
        alone = metrics.measure(rgb[one], mask[one], truth[one], mask[one])
        np.testing.assert_allclose(alone.to_numpy()[0], together.to_numpy()[i])
