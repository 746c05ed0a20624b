"""Pictures and fields whose flow is known exactly, for the tests of what finds and uses flow.

Shapes: pictures are float32 [size, size] in 0-255, flows float32 [size, size, 2]; size is SIZE unless it is asked for.
"""

from __future__ import annotations

import cv2
import numpy as np

from infra import rng

SIZE = 64


def texture(size: int = SIZE, seed: int = 3) -> np.ndarray:
    """A random texture with detail at several scales, float32 [size, size] in 0-255."""
    random = rng.generator(seed, "texture")
    layers = [cv2.GaussianBlur(random.standard_normal((size, size)), (0, 0), sigma) * sigma for sigma in (1.5, 4, 9)]
    total = np.sum(layers, axis=0)
    return (255 * (total - total.min()) / np.ptp(total)).astype(np.float32)


def affine_field(matrix: np.ndarray, offset: tuple[float, float] = (0, 0)) -> np.ndarray:
    """The flow p -> centre + matrix (p - centre) + offset on pixel centres: float32 [SIZE, SIZE, 2]."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float64)
    p = np.stack([x, y], axis=-1) - (SIZE - 1) / 2
    return (p @ matrix.T - p + np.array(offset)).astype(np.float32)


def rotation(degrees: float, scale: float = 1.0) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return scale * np.array([[c, -s], [s, c]])


def scaling(size: int, factor: float) -> np.ndarray:
    """The flow that scales about the middle of a picture."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    return (factor - 1) * (np.stack([x, y], axis=-1) - np.float32((size - 1) / 2))


def translation(size: int, offset: tuple[float, float]) -> np.ndarray:
    """The flow that moves every pixel alike."""
    return np.broadcast_to(np.float32(offset), (size, size, 2))


def pulled_back(second: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The picture that `flow` takes to `second`."""
    y, x = np.mgrid[0 : second.shape[0], 0 : second.shape[1]].astype(np.float32)
    where = x + flow[..., 0], y + flow[..., 1]
    return np.clip(cv2.remap(second, *where, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101), 0, 255)


def end_point_error(flow: np.ndarray, truth: np.ndarray, border: int = 12) -> float:
    """Mean distance in pixels of where two flows end, but for a border."""
    inside = slice(border, -border)
    return float(np.linalg.norm(flow - truth, axis=2)[inside, inside].mean())


def smooth_field(peak_px: float, index: int) -> np.ndarray:
    """A random smooth flow whose longest vector has `peak_px` pixels."""
    random = rng.generator(7, "field", index)
    flow = np.stack([cv2.GaussianBlur(random.standard_normal((SIZE, SIZE)), (0, 0), SIZE / 8) for _ in range(2)], -1)
    return (peak_px * flow / np.linalg.norm(flow, axis=2).max()).astype(np.float32)
