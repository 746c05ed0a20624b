"""Deformable Spatial Pyramid matching (Kim, Liu, Sha and Grauman, CVPR 2013): a rival of morphs.

The one idea: a large cell's translation is safe and coarse, a pixel's is fine and doubtful, so the cells of a
quadtree agree with each other first, and every pixel then looks for its match around its cell's. The single-scale
matcher of section 3.2, whose parts are

- cells: E(t) = Σᵢ D̂ᵢ(tᵢ) + Σᵢⱼ min(coefficient · |tᵢ − tⱼ|₁ / stride, truncation), where Dᵢ(t) is the mean over the
  cell's pixels p of min(|d₁(p) − d₂(p + t)|₁, cap), and D̂ is D divided by its mean over the level; i and j are cells of
  a level that share a side, or a cell and the one it is a quarter of; belief propagation over translations every
  `stride` pixels;
- pixels: min(|d₁(p) − d₂(p + t)|₁, cap) + min(weight · |t − t_cell|₁, cap), each on its own, every t near its cell's.

A match outside the second picture costs the cap.

Shapes: pictures are grey float32 [h, w] in 0-255, descriptors float32 [h, w, c]. A flow is float32 [h, w, 2]: the pixel
(x, y) of the first picture is at (x + u, y + v) of the second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from evaluate.correspondence.beliefs import least_labels
from evaluate.correspondence.descriptors import dense_sift
from evaluate.correspondence.method_configs import DspConfig


@dataclass(frozen=True)
class Quadtree:
    """Cells of all levels, coarsest first and row by row, so that the finest are the last.

    cells int64 [n, 4] as top, bottom, left and right, each end outside; level int64 [n]; edges int64 [e, 2], from the
    root on.
    """

    cells: np.ndarray
    level: np.ndarray
    edges: np.ndarray

    @property
    def per_side(self) -> int:
        """How many of the finest cells lie along a side."""
        return int(2 ** self.level[-1])


@dataclass(frozen=True)
class Translations:
    """The translations tried for a cell in pixels: downwards int64 [V], to the right int64 [U]."""

    v: np.ndarray
    u: np.ndarray

    def at(self, labels: np.ndarray) -> np.ndarray:
        """Places (v, u) in the grid [n, 2] as translations (u, v) in pixels [n, 2]."""
        return np.stack([self.u[labels[:, 1]], self.v[labels[:, 0]]], axis=1)


def deformable_spatial_pyramid(first: np.ndarray, second: np.ndarray, config: DspConfig) -> np.ndarray:
    """Flow from one picture to another of the same size, in whole pixels.

    Raises ValueError if the sizes differ, or if the quadtree has more levels than the picture has room for.
    """
    if first.shape != second.shape:
        raise ValueError(f"pictures of one size are matched, not {first.shape} and {second.shape}")
    one, other = dense_sift(first, config.bin_px), dense_sift(second, config.bin_px)
    tree = quadtree(first.shape[0], first.shape[1], config.levels)
    tried = translations(first.shape[0], first.shape[1], config)
    costs = cell_costs(one, other, tree, tried, config.cap)
    labels, _ = least_labels(costs, tree.edges, config.coefficient, config.truncation, config.iterations)
    coarse = cell_flow(tree, tried.at(labels))
    return pixel_flow(one, other, coarse, config)


def quadtree(height: int, width: int, levels: int) -> Quadtree:
    """Cells that halve from level to level, with an edge between cells that share a side, and to each one's parent."""
    if 2 ** (levels - 1) > min(height, width):
        raise ValueError(f"a picture of {height} x {width} pixels has no room for {levels} levels of cells")
    cells: list[tuple[int, int, int, int]] = []
    level: list[int] = []
    edges: list[tuple[int, int]] = []
    for depth in range(levels):
        side, start, parents = 2**depth, len(cells), len(cells) - 4**depth // 4
        rows, columns = (_cuts(length, side, 2 ** (levels - 1)) for length in (height, width))
        for j in range(side):
            for i in range(side):
                cells.append((rows[j], rows[j + 1], columns[i], columns[i + 1]))
                level.append(depth)
                here = start + j * side + i
                if depth:
                    edges.append((parents + (j // 2) * (side // 2) + i // 2, here))
                if i:
                    edges.append((here - 1, here))
                if j:
                    edges.append((here - side, here))
    return Quadtree(np.array(cells), np.array(level), np.array(edges, np.int64).reshape(-1, 2))


def translations(height: int, width: int, config: DspConfig) -> Translations:
    """Every `stride_px` from no motion to the share `search` of each side, both ways."""
    v, u = (
        np.arange(-reach, reach + 1) * config.stride_px
        for reach in (int(config.search * side) // config.stride_px for side in (height, width))
    )
    return Translations(v, u)


def cell_costs(first: np.ndarray, second: np.ndarray, tree: Quadtree, tried: Translations, cap: float) -> np.ndarray:
    """What each cell pays for each translation, of mean 1 over each level: float64 [n, V, U].

    Descriptors [h, w, c] that fit everywhere leave costs of 0.
    """
    leaves = tree.cells[-(tree.per_side**2) :]
    sums = _leaf_sums(first, second, leaves, tried.v, tried.u, float(cap))
    costs = np.empty((len(tree.cells), *sums.shape[1:]))
    for node, (top, bottom, left, right) in enumerate(tree.cells):
        within = (leaves[:, 0] >= top) & (leaves[:, 1] <= bottom) & (leaves[:, 2] >= left) & (leaves[:, 3] <= right)
        costs[node] = sums[within].sum(axis=0) / ((bottom - top) * (right - left))
    for level in range(tree.level[-1] + 1):
        mean = costs[tree.level == level].mean()
        costs[tree.level == level] /= mean or 1.0
    return costs


def cell_flow(tree: Quadtree, moved: np.ndarray) -> np.ndarray:
    """The flow in which each pixel moves as its finest cell does; moved [n, 2] are the cells' (u, v) in pixels."""
    height, width = tree.cells[0, 1], tree.cells[0, 3]
    flow = np.zeros((height, width, 2), np.float32)
    for (top, bottom, left, right), translation in zip(tree.cells, moved, strict=True):
        flow[top:bottom, left:right] = translation
    return flow


def pixel_flow(first: np.ndarray, second: np.ndarray, coarse: np.ndarray, config: DspConfig) -> np.ndarray:
    """Every pixel's best translation within `pixel_search_px` of the flow in whole pixels that it starts from.

    Of translations that cost the same the one it starts from wins, then the first row by row.
    """
    start = np.rint(coarse).astype(np.int64)
    return np.asarray(_pixel_flow(first, second, start, config.pixel_search_px, config.pixel_weight, config.cap))


def _cuts(length: int, parts: int, finest: int) -> np.ndarray:
    """Where a length is cut into parts, so that the cuts of `finest` parts are among them all."""
    return (np.arange(finest + 1) * length // finest)[:: finest // parts]


@njit(cache=True, fastmath=True)
def _distance(one: np.ndarray, other: np.ndarray, cap: float) -> float:
    total = np.float32(0)
    for k in range(one.shape[0]):
        total += abs(one[k] - other[k])
    return min(float(total), cap)


@njit(cache=True, fastmath=True)
def _leaf_sums(
    first: np.ndarray, second: np.ndarray, leaves: np.ndarray, vs: np.ndarray, us: np.ndarray, cap: float
) -> np.ndarray:
    height, width = first.shape[:2]
    sums = np.zeros((len(leaves), len(vs), len(us)))
    for a in range(len(vs)):
        for b in range(len(us)):
            for leaf in range(len(leaves)):
                total = 0.0
                for y in range(leaves[leaf, 0], leaves[leaf, 1]):
                    for x in range(leaves[leaf, 2], leaves[leaf, 3]):
                        there_y, there_x = y + vs[a], x + us[b]
                        if 0 <= there_y < height and 0 <= there_x < width:
                            total += _distance(first[y, x], second[there_y, there_x], cap)
                        else:
                            total += cap
                sums[leaf, a, b] = total
    return sums


@njit(cache=True, fastmath=True)
def _pixel_flow(
    first: np.ndarray, second: np.ndarray, start: np.ndarray, radius: int, weight: float, cap: float
) -> np.ndarray:
    height, width = first.shape[:2]
    flow = np.empty((height, width, 2), np.float32)
    for y in range(height):
        for x in range(width):
            u, v = start[y, x]
            here_y, here_x = y + v, x + u
            least = cap
            if 0 <= here_y < height and 0 <= here_x < width:
                least = _distance(first[y, x], second[here_y, here_x], cap)
            best_u, best_v = u, v
            for there_y in range(max(here_y - radius, 0), min(here_y + radius + 1, height)):
                for there_x in range(max(here_x - radius, 0), min(here_x + radius + 1, width)):
                    cost = min(weight * (abs(there_y - here_y) + abs(there_x - here_x)), cap)
                    if cost < least:
                        cost += _distance(first[y, x], second[there_y, there_x], cap)
                    if cost < least:
                        least, best_u, best_v = cost, there_x - x, there_y - y
            flow[y, x, 0], flow[y, x, 1] = best_u, best_v
    return flow
