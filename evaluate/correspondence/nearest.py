"""Nearest neighbours of dense SIFT: each pixel goes where a descriptor is most like its own, whatever others do.

The one idea: squared distances between all descriptors are one matrix product, a block of pixels at a time. SIFT's
entries are whole numbers and a descriptor's squared length is below 2^19, so float32 holds distances, and ties,
exactly; of equals the one least far away in the picture is taken.

Shapes: pictures are grey [h, w] in 0-255, masks [h, w] in 0-1, descriptors [h, w, c]. A flow is float32 [h, w, 2]: the
pixel (x, y) of the first picture is at (x + u, y + v) of the second.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from evaluate.correspondence.descriptors import dense_sift
from evaluate.correspondence.method_configs import NearestConfig

_BLOCK = 256
"""Pixels of the first picture whose distances are held at once: 16 MiB against a picture of 128 x 128."""


def nearest_flow(
    first: np.ndarray,
    second: np.ndarray,
    config: NearestConfig,
    first_mask: np.ndarray | None = None,
    second_mask: np.ndarray | None = None,
) -> np.ndarray:
    """Flow from one picture [h, w] to another of the same size.

    Of a picture with a mask only the pixels that it covers by more than half are matched. A pixel that has no match,
    or one that does not stand, moves with the nearest that has; where none has any, nothing moves.

    Raises `ValueError` for pictures and masks that are not all of one shape.
    """
    shapes = {"first": first, "second": second, "first mask": first_mask, "second mask": second_mask}
    for name, each in shapes.items():
        if each is not None and each.shape != first.shape:
            raise ValueError(f"pictures of one size are matched, not of {first.shape} and ({name}) {each.shape}")
    here, there = dense_sift(first, config.bin_px), dense_sift(second, config.bin_px)
    covered, candidates = (_covered(mask, first.shape) for mask in (first_mask, second_mask))
    flow, known = matches(here, there, covered, candidates, config.radius_px)
    if config.forward_backward_px is not None:
        back, _ = matches(there, here, candidates, covered, config.radius_px)
        known &= round_trip_px(flow, back) <= config.forward_backward_px
    return smoothed(spread(flow, known), config.median_px)


def matches(
    first: np.ndarray,
    second: np.ndarray,
    covered: np.ndarray,
    candidates: np.ndarray,
    radius_px: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Displacement of each covered pixel to the nearest descriptor among the candidates, and where there is one.

    Descriptors are [h, w, c], `covered` (of the first) and `candidates` (of the second) bool [h, w]; displacements are
    float32 [h, w, 2], zero where there is none, and no longer than the radius. Nearest is by Euclidean distance; of
    equally near descriptors the one least far away in the picture is taken.
    """
    flow = np.zeros((*covered.shape, 2), np.float32)
    known = np.zeros(covered.shape, bool)
    from_yx, to_yx = np.argwhere(covered), np.argwhere(candidates)
    for begin in range(0, len(from_yx), _BLOCK):
        block = from_yx[begin : begin + _BLOCK]
        within = to_yx
        if radius_px is not None:
            far = np.floor(radius_px)
            rows = np.searchsorted(to_yx[:, 0], [block[0, 0] - far, block[-1, 0] + far + 1])
            within = to_yx[rows[0] : rows[1]]
        if len(within) == 0:
            continue
        found, some = _nearest(first[tuple(block.T)], second[tuple(within.T)], block, within, radius_px)
        at = tuple(block[some].T)
        flow[at] = (within[found[some]] - block[some])[:, ::-1]
        known[at] = True
    return flow, known


def round_trip_px(flow: np.ndarray, back: np.ndarray) -> np.ndarray:
    """How far from itself each pixel ends that goes along a flow of whole pixels and back along another: [h, w]."""
    height, width = flow.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    to_x = np.clip(x + flow[..., 0].astype(int), 0, width - 1)
    to_y = np.clip(y + flow[..., 1].astype(int), 0, height - 1)
    return np.asarray(np.linalg.norm(flow + back[to_y, to_x], axis=2))


def spread(flow: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The flow with what is not known [h, w] taken from the nearest pixel that is; zero if none is."""
    if not known.any():
        return np.zeros_like(flow)
    y, x = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(flow[y, x])


def smoothed(flow: np.ndarray, median_px: int) -> np.ndarray:
    """Each component's median in a window of `median_px` pixels a side; one pixel leaves the flow as it is."""
    return np.asarray(ndimage.median_filter(flow, size=(median_px, median_px, 1), mode="nearest"))


def _nearest(
    descriptors: np.ndarray, others: np.ndarray, at: np.ndarray, others_at: np.ndarray, radius_px: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Index of the nearest of the others [m, c] to each descriptor [n, c], and whether one is within the radius: [n].

    `at` [n, 2] and `others_at` [m, 2] are their places.
    """
    distance = _squared_distances(descriptors, others)
    if radius_px is not None:
        distance[_squared_distances(at, others_at) > radius_px**2] = np.inf
    found = distance.argmin(axis=1)
    least = distance[np.arange(len(found)), found]
    several = np.flatnonzero((distance == least[:, None]).sum(axis=1) > 1)
    length = _squared_distances(at[several], others_at)
    length[distance[several] > least[several, None]] = np.inf
    found[several] = length.argmin(axis=1)
    return found, np.isfinite(least)


def _squared_distances(vectors: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances between vectors [n, c] and [m, c] of whole numbers, exact below 2^24: [n, m]."""
    vectors, others = vectors.astype(np.float32), others.astype(np.float32)
    distance = -2 * vectors @ others.T
    distance += np.square(vectors).sum(axis=1)[:, None]
    distance += np.square(others).sum(axis=1)
    return np.asarray(distance)


def _covered(mask: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    return np.ones(shape, bool) if mask is None else np.asarray(mask > 0.5)
