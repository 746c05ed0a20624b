"""Optical flow along a morph: small steps are easy to follow, and refined over larger ones they do not drift.

After section 5.7: flow from frame to frame, concatenated, recomputed at a larger step from the concatenated
flow, and concatenated again. The flow between two pictures minimises the energy of Brox et al. 2004, coarse
to fine.

Shapes: pictures are float32 grey [h, w] in 0-255. A flow is float32 [h, w, 2]: the pixel (x, y) of the first
picture is at (x + u, y + v) of the second. Points are [n, 2] in pixels, x right and y down, the first pixel
covering 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from evaluate.config import FlowConfig


def optical_flow(
    first: np.ndarray, second: np.ndarray, config: FlowConfig, start: np.ndarray | None = None
) -> np.ndarray:
    """Flow from one picture to another of the same size.

    Without a start it is found coarse to fine, levels smaller by `pyramid_scale`; with one it is refined at
    full size.
    """
    if start is not None:
        return _refined(first, second, start, config)
    flow = None
    for size in _levels(first.shape, config):
        coarse = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in (first, second)]
        flow = np.zeros((size[1], size[0], 2), np.float32) if flow is None else _resized(flow, size)
        flow = _refined(coarse[0], coarse[1], flow, config)
    assert flow is not None
    return flow


def concatenated(flow: np.ndarray, then: np.ndarray) -> np.ndarray:
    """The flow that goes along one flow and then along another."""
    height, width = flow.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    onward = cv2.remap(then, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return flow + onward


def morph_flow(frames: Sequence[np.ndarray], config: FlowConfig, refine_step: int = 9) -> np.ndarray:
    """Flow from the first to the last frame of a morph (section 5.7: 64 frames, refined at a step of 9).

    The last step is shorter when the frames do not divide evenly.
    """
    total = np.zeros((*frames[0].shape, 2), np.float32)
    for begin in range(0, len(frames) - 1, refine_step):
        end = min(begin + refine_step, len(frames) - 1)
        steps = [optical_flow(frames[i], frames[i + 1], config) for i in range(begin, end)]
        flow = steps[0]
        for step in steps[1:]:
            flow = concatenated(flow, step)
        if end - begin > 1:
            flow = optical_flow(frames[begin], frames[end], config, start=flow)
        total = concatenated(total, flow)
    return total


def moved(points: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Where a flow takes points: [n, 2] in pixels. Between pixels the flow is interpolated, outside it is
    held."""
    x = (points[:, 0] - 0.5).astype(np.float32)[None]
    y = (points[:, 1] - 0.5).astype(np.float32)[None]
    there = cv2.remap(flow, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
    return points + there


def grey(pictures: np.ndarray) -> list[np.ndarray]:
    """Pictures uint8 [n, h, w, 3] as grey float32 [h, w] in 0-255, the form in which they are followed."""
    return [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in pictures]


def _levels(shape: tuple[int, ...], config: FlowConfig) -> list[tuple[int, int]]:
    """Sizes (width, height) of the pyramid, coarsest first."""
    height, width = shape[:2]
    sizes = [(width, height)]
    scale = config.pyramid_scale
    while min(height, width) * scale >= config.coarsest_px:
        sizes.append((round(width * scale), round(height * scale)))
        scale *= config.pyramid_scale
    return sizes[::-1]


def _resized(flow: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    ratio = np.array([size[0] / flow.shape[1], size[1] / flow.shape[0]], np.float32)
    return np.asarray(cv2.resize(flow, size, interpolation=cv2.INTER_LINEAR) * ratio)


def _refined(first: np.ndarray, second: np.ndarray, start: np.ndarray, config: FlowConfig) -> np.ndarray:
    refinement = cv2.VariationalRefinement.create()
    refinement.setAlpha(config.alpha)
    refinement.setDelta(config.delta)
    refinement.setGamma(config.gamma)
    refinement.setFixedPointIterations(config.fixed_point_iterations)
    refinement.setSorIterations(config.sor_iterations)
    u, v = np.ascontiguousarray(start[..., 0]), np.ascontiguousarray(start[..., 1])
    # One call linearises the pictures around its start: warping again lets the flow go further than a pixel.
    for _ in range(config.warps):
        u, v = refinement.calcUV(first, second, u, v)
    return np.stack([u, v], axis=-1)
