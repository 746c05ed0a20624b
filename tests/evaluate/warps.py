"""Textures and the pictures that known flows take to them: what matchers are tried on."""

from __future__ import annotations

import cv2
import numpy as np

from infra import rng


def texture(size: int = 64, seed: int = 3) -> np.ndarray:
    """A random texture with detail at several scales, float32 [size, size] in 0-255."""
    random = rng.generator(seed, "texture")
    layers = [cv2.GaussianBlur(random.standard_normal((size, size)), (0, 0), sigma) * sigma for sigma in (1.5, 4, 9)]
    total = np.sum(layers, axis=0)
    return (255 * (total - total.min()) / np.ptp(total)).astype(np.float32)


def scaling(size: int, factor: float) -> np.ndarray:
    """The flow that scales about the middle of a picture: float32 [size, size, 2]."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    return (factor - 1) * (np.stack([x, y], axis=-1) - np.float32((size - 1) / 2))


def translation(size: int, offset: tuple[float, float]) -> np.ndarray:
    """The flow that moves every pixel alike: float32 [size, size, 2]."""
    return np.broadcast_to(np.float32(offset), (size, size, 2))


def pulled_back(second: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The picture that `flow` takes to `second`."""
    y, x = np.mgrid[0 : len(second), 0 : second.shape[1]].astype(np.float32)
    where = x + flow[..., 0], y + flow[..., 1]
    first = cv2.remap(second, *where, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.clip(first, 0, 255)


def end_point_error(flow: np.ndarray, truth: np.ndarray, border: int = 12) -> float:
    """Mean distance in pixels of where two flows end, but for a border."""
    inside = slice(border, -border)
    return float(np.linalg.norm(flow - truth, axis=2)[inside, inside].mean())
