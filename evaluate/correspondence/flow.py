"""Optical flow between two pictures, by the method that the settings choose.

The one idea: every method can go on from a flow that is given. The variational one refines it; the others see the
second picture drawn back by it, and what they find is put before it.

Shapes: pictures are float32 grey [h, w] in 0-255. A flow is float32 [h, w, 2]: the pixel (x, y) of the first picture is
at (x + u, y + v) of the second.
"""

from __future__ import annotations

import cv2
import numpy as np
from skimage.registration import optical_flow_tvl1

from evaluate.correspondence.fields import concatenated
from evaluate.correspondence.method_configs import FlowConfig


def optical_flow(
    first: np.ndarray, second: np.ndarray, config: FlowConfig, start: np.ndarray | None = None
) -> np.ndarray:
    """Flow from one picture to another of the same size; with a start, only what that leaves is looked for.

    The variational method minimises the energy of Brox et al. 2004 coarse to fine, levels smaller by `pyramid_scale`;
    a start it refines at full size. Raises ValueError if the sizes differ.
    """
    if first.shape != second.shape:
        raise ValueError(f"flow is between pictures of one size, not {first.shape} and {second.shape}")
    if config.method == "variational":
        return _pyramid(first, second, config) if start is None else _refined(first, second, start, config)
    find = _dis if config.method == "dis" else _tvl1
    if start is None:
        return find(first, second, config)
    return concatenated(find(first, drawn_back(second, start), config), start)


def drawn_back(second: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The first picture as the second and the flow between them would have it: [h, w] or [h, w, 3] in 0-255."""
    height, width = second.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    where = x + flow[..., 0], y + flow[..., 1]
    return np.clip(cv2.remap(second, *where, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), 0, 255)


def _pyramid(first: np.ndarray, second: np.ndarray, config: FlowConfig) -> np.ndarray:
    flow = None
    for size in _levels(first.shape, config):
        coarse = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in (first, second)]
        flow = np.zeros((size[1], size[0], 2), np.float32) if flow is None else _resized(flow, size)
        flow = _refined(coarse[0], coarse[1], flow, config)
    assert flow is not None
    return flow


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


def _dis(first: np.ndarray, second: np.ndarray, config: FlowConfig) -> np.ndarray:
    search = cv2.DISOpticalFlow.create()
    search.setFinestScale(config.dis.finest_scale)
    search.setPatchSize(config.dis.patch_px)
    search.setPatchStride(config.dis.patch_stride_px)
    search.setGradientDescentIterations(config.dis.descent_iterations)
    search.setVariationalRefinementIterations(config.dis.refinements)
    search.setVariationalRefinementAlpha(config.alpha)
    search.setVariationalRefinementDelta(config.delta)
    search.setVariationalRefinementGamma(config.gamma)
    one, other = (np.clip(np.rint(picture), 0, 255).astype(np.uint8) for picture in (first, second))
    return np.asarray(search.calc(one, other, np.zeros((*first.shape, 2), np.float32)))


def _tvl1(first: np.ndarray, second: np.ndarray, config: FlowConfig) -> np.ndarray:
    settings = config.tvl1
    v, u = optical_flow_tvl1(
        np.float32(first) / 255,
        np.float32(second) / 255,
        attachment=settings.attachment,
        tightness=settings.tightness,
        num_warp=settings.warps,
        num_iter=settings.iterations,
        tol=settings.tolerance,
        prefilter=settings.prefilter,
    )
    return np.stack([u, v], axis=-1).astype(np.float32)
