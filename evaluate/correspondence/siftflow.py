"""SIFT Flow: pixels are matched by dense SIFT, and neighbours go to neighbours (Liu, Yuen, Torralba 2011).

The one idea: matching two scenes is optical flow with descriptors in place of brightness, as a discrete energy that is
minimised coarse to fine: a wide search where pictures are small, then a narrow one about what was found.

Shapes: pictures are grey [h, w] in 0-255, descriptors float32 [h, w, 128] of length 255. A flow is float32 [h, w, 2] of
whole numbers: the pixel (x, y) of the first picture is at (x + u, y + v) of the second.
"""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit

from evaluate.correspondence.descriptors import dense_sift
from evaluate.correspondence.dual_layers import solve
from evaluate.correspondence.method_configs import SiftFlowConfig

_DESCRIPTOR_SCALE = 255 / 512
"""From OpenCV's length of a descriptor to the one that the published constants are meant for."""
_SMOOTHING_SIGMA_PX = 0.67
"""Blur of a level's descriptors before every other pixel of them is dropped."""


def sift_flow(first: np.ndarray, second: np.ndarray, config: SiftFlowConfig) -> np.ndarray:
    """Flow from one picture [h, w] to another of the same size.

    Raises `ValueError` for pictures that are not grey or of unequal size.
    """
    return descriptor_flow(sift_image(first, config), sift_image(second, config), config)


def sift_image(picture: np.ndarray, config: SiftFlowConfig) -> np.ndarray:
    """The picture's descriptors in the units of the energy: [h, w, 128], of length 255 or, where it is flat, 0."""
    if picture.ndim != 2:
        raise ValueError(f"a grey picture [h, w] is matched, not one of shape {picture.shape}")
    return dense_sift(picture, config.bin_px) * np.float32(_DESCRIPTOR_SCALE)


def descriptor_flow(first: np.ndarray, second: np.ndarray, config: SiftFlowConfig) -> np.ndarray:
    """Flow between pictures of descriptors [h, w, c] of the same size, as `sift_image` gives them.

    Raises `ValueError` for pictures of unequal size.
    """
    _check_shapes(first, second)
    pyramid = [(first, second)]
    while len(pyramid) < config.levels:
        pyramid.append((_halved(pyramid[-1][0]), _halved(pyramid[-1][1])))
    flow = None
    for level in reversed(range(config.levels)):
        here, there = (np.ascontiguousarray(each, np.float32) for each in pyramid[level])
        top = flow is None
        centre = np.zeros((*here.shape[:2], 2), np.int64) if flow is None else _doubled(flow, here.shape)
        costs = data_costs(here, there, centre, config.top_radius_px if top else config.radius_px)
        cut_off(costs, config.data_quantile)
        flow, _ = solve(
            costs,
            centre,
            gamma=config.gamma * 2**level,  # of a level's pixel, that is as long as so many of the picture's
            alpha=config.alpha,
            d=config.d,
            iterations=config.top_iterations if top else config.iterations,
            reweighted=config.reweighted,
        )
    assert flow is not None
    return flow.astype(np.float32)


def energy(
    flow: np.ndarray,
    first_descriptors: np.ndarray,
    second_descriptors: np.ndarray,
    config: SiftFlowConfig,
    most: float = np.inf,
) -> float:
    """Energy of a flow [h, w, 2] between pictures of descriptors [h, w, c] as `sift_image` gives them, at full size.

    The flow is rounded to whole pixels. `most` is what two descriptors cost at most, and what it costs to leave the
    second picture: without it, a flow that does so has an infinite energy.
    """
    _check_shapes(first_descriptors, second_descriptors)
    height, width = first_descriptors.shape[:2]
    whole = np.rint(flow).astype(np.int64)
    y, x = np.mgrid[0:height, 0:width]
    to_x, to_y = x + whole[..., 0], y + whole[..., 1]
    inside = (to_x >= 0) & (to_x < width) & (to_y >= 0) & (to_y < height)
    reached = second_descriptors[np.clip(to_y, 0, height - 1), np.clip(to_x, 0, width - 1)]
    data = np.where(inside, np.abs(first_descriptors - reached).sum(axis=2, dtype=np.float64), np.inf)
    total = np.minimum(data, most).sum() + config.gamma * np.abs(whole).sum()
    for axis in (0, 1):
        total += np.minimum(config.alpha * np.abs(np.diff(whole, axis=axis)), config.d).sum()
    return float(total)


@njit(cache=True, nogil=True, fastmath={"reassoc"})
def data_costs(first: np.ndarray, second: np.ndarray, centre: np.ndarray, radius: int) -> np.ndarray:
    """L1 distance of each pixel's descriptor from those in its window: float32 [h, w, L of v, L of u].

    The window of L = 2 `radius` + 1 pixels a side lies about the pixel moved by its `centre` [h, w, 2]; outside the
    second picture -1 is written.
    """
    height, width, channels = first.shape
    costs = np.full((height, width, 2 * radius + 1, 2 * radius + 1), np.float32(-1))
    for y in range(height):
        for x in range(width):
            left, top = x + centre[y, x, 0] - radius, y + centre[y, x, 1] - radius
            for to_y in range(max(top, 0), min(top + 2 * radius + 1, height)):
                for to_x in range(max(left, 0), min(left + 2 * radius + 1, width)):
                    total = np.float32(0)
                    for channel in range(channels):
                        total += abs(first[y, x, channel] - second[to_y, to_x, channel])
                    costs[y, x, to_y - top, to_x - left] = total
    return costs


def cut_off(costs: np.ndarray, quantile: float) -> float:
    """Cut costs off, in place, at a quantile of those inside the picture, and let what is outside cost as much.

    Costs of zero are not counted: else nothing would cost anything in pictures of which more than half is empty.
    """
    unlike = costs[costs > 0]
    most = np.float32(np.quantile(unlike, quantile)) if len(unlike) else np.float32(0)
    np.minimum(np.where(costs < 0, most, costs), most, out=costs)
    return float(most)


def _halved(descriptors: np.ndarray) -> np.ndarray:
    """Blurred and half as large, an odd side rounded up: each pixel is the mean of 2 x 2."""
    height, width = descriptors.shape[:2]
    blurred = cv2.GaussianBlur(descriptors, (5, 5), _SMOOTHING_SIGMA_PX, borderType=cv2.BORDER_REPLICATE)
    even = np.pad(blurred, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4


def _doubled(flow: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A coarser level's flow at a level of this shape, in whole pixels of it."""
    size = 2 * flow.shape[1], 2 * flow.shape[0]
    larger = cv2.resize(2 * flow.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return np.rint(larger[: shape[0], : shape[1]]).astype(np.int64)


def _check_shapes(first: np.ndarray, second: np.ndarray) -> None:
    if first.shape != second.shape:
        raise ValueError(f"pictures of one size are matched, not of {first.shape[:2]} and {second.shape[:2]}")
