"""Deformable Spatial Pyramid matching, on motions that are known exactly and against plain loops."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
import pytest

from evaluate.correspondence.beliefs import least_labels, node_energy
from evaluate.correspondence.descriptors import dense_sift
from evaluate.correspondence.dsp import (
    cell_costs,
    cell_flow,
    deformable_spatial_pyramid,
    pixel_flow,
    quadtree,
    translations,
)
from evaluate.correspondence.method_configs import DspConfig
from infra import rng

SIZE = 96
CONFIG = DspConfig()
LOOSE = DspConfig(cap=2000)
"""On these textures descriptors a pixel apart are farther from each other than the published cap, so what is stretched,
or lies between the translations tried, is found with a larger one only."""


def texture(size: int) -> np.ndarray:
    """A random texture with detail at several scales, float32 [size, size] in 0-255."""
    random = rng.generator(4, "texture")
    layers = [cv2.GaussianBlur(random.standard_normal((size, size)), (0, 0), sigma) * sigma for sigma in (3, 6, 12)]
    total = np.sum(layers, axis=0)
    return (255 * (total - total.min()) / np.ptp(total)).astype(np.float32)


def shifted_pair(u: int, v: int) -> tuple[np.ndarray, np.ndarray]:
    """Two windows of a texture, whose pixel (x, y) of the first is (x + u, y + v) of the second."""
    margin = 64
    wide = texture(SIZE + 2 * margin)
    first = wide[margin : margin + SIZE, margin : margin + SIZE]
    return first, wide[margin - v : margin - v + SIZE, margin - u : margin - u + SIZE]


def matched(u: int, v: int, border: int = 10) -> tuple[slice, slice]:
    """Rows and columns of pixels whose match, and what its descriptor sees, lies in both pictures of a pair."""
    return (
        slice(border + max(0, -v), SIZE - border - max(0, v)),
        slice(border + max(0, -u), SIZE - border - max(0, u)),
    )


def stretched_pair(scale: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture, the same stretched about its centre, and the true flow."""
    second = texture(SIZE)
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    truth = (scale - 1) * (np.stack([x, y], axis=-1) - (SIZE - 1) / 2)
    return cv2.remap(second, x + truth[..., 0], y + truth[..., 1], cv2.INTER_CUBIC), second, truth


def random_descriptors(shape: tuple[int, int, int], index: int) -> np.ndarray:
    return rng.generator(6, "descriptors", index).integers(0, 40, shape).astype(np.float32)


def plain_distance(first: np.ndarray, second: np.ndarray, y: int, x: int, v: int, u: int, cap: float) -> float:
    if not (0 <= y + v < second.shape[0] and 0 <= x + u < second.shape[1]):
        return cap
    return min(float(np.abs(first[y, x] - second[y + v, x + u]).sum()), cap)


@pytest.mark.parametrize(
    ("u", "v", "config"),
    [(0, 0, CONFIG), (6, -3, CONFIG), (5, 30, CONFIG), (-40, 0, CONFIG), (-11, 8, LOOSE), (19, -37, LOOSE)],
)
def test_a_translation_is_recovered_to_the_pixel(u: int, v: int, config: DspConfig) -> None:
    flow = deformable_spatial_pyramid(*shifted_pair(u, v), config)
    assert flow.dtype == np.float32
    assert flow.shape == (SIZE, SIZE, 2)
    right = (flow[matched(u, v)] == (u, v)).all(axis=2)
    assert right.mean() > 0.99


def test_a_translation_beyond_the_search_is_not_found() -> None:
    flow = deformable_spatial_pyramid(*shifted_pair(-40, 0), DspConfig(search=0.2, pixel_search_px=4))
    assert np.abs(flow).max() <= 0.2 * SIZE + 4


@pytest.mark.parametrize("scale", [0.85, 1.15])
def test_a_scaling_is_recovered_to_a_pixel(scale: float) -> None:
    first, second, truth = stretched_pair(scale)
    inside = slice(10, -10)
    error = np.linalg.norm(deformable_spatial_pyramid(first, second, LOOSE) - truth, axis=2)[inside, inside].mean()
    still = np.linalg.norm(truth, axis=2)[inside, inside].mean()
    assert error < 1
    assert error < 0.25 * still


def test_the_energy_falls_below_that_of_no_motion_and_of_cells_on_their_own() -> None:
    first, second, _ = stretched_pair(1.15)
    tree, tried = quadtree(SIZE, SIZE, 3), translations(SIZE, SIZE, LOOSE)
    costs = cell_costs(dense_sift(first), dense_sift(second), tree, tried, LOOSE.cap)
    _, energy = least_labels(costs, tree.edges, LOOSE.coefficient, LOOSE.truncation, LOOSE.iterations)
    cheapest = np.stack(np.divmod(costs.reshape(len(costs), -1).argmin(axis=1), costs.shape[2]), axis=1)
    still = np.full_like(cheapest, len(tried.v) // 2)
    assert not tried.at(still).any()
    for labels in (still, cheapest):
        assert energy < node_energy(costs, tree.edges, labels, LOOSE.coefficient, LOOSE.truncation)


def test_cells_pay_the_mean_capped_distance_over_that_of_their_level() -> None:
    first, second = (random_descriptors((7, 10, 5), index) for index in (0, 1))
    config = DspConfig(search=0.45, stride_px=2, cap=60)
    tree, tried = quadtree(7, 10, 3), translations(7, 10, config)
    assert tried.v.tolist() == [-2, 0, 2]
    assert tried.u.tolist() == [-4, -2, 0, 2, 4]
    expected = np.array(
        [
            [
                [
                    np.mean(
                        [plain_distance(first, second, y, x, v, u, 60) for y, x in product(range(t, b), range(le, r))]
                    )
                    for u in tried.u
                ]
                for v in tried.v
            ]
            for t, b, le, r in tree.cells.tolist()
        ]
    )
    for level in range(3):
        expected[tree.level == level] /= expected[tree.level == level].mean()
    np.testing.assert_allclose(cell_costs(first, second, tree, tried, 60), expected, rtol=1e-6)


@pytest.mark.parametrize(("weight", "cap"), [(2.5, 60.0), (30.0, 70.0), (0.0, 1e9)])
def test_every_pixel_takes_the_best_match_around_its_cells_translation(weight: float, cap: float) -> None:
    first, second = (random_descriptors((9, 8, 5), index) for index in (2, 3))
    coarse = rng.generator(6, "coarse").integers(-3, 4, (9, 8, 2)).astype(np.float32)
    config = DspConfig(pixel_search_px=2, pixel_weight=weight, cap=cap)
    flow = pixel_flow(first, second, coarse, config).astype(int)

    def cost(y: int, x: int, v: int, u: int) -> float:
        apart = abs(u - coarse[y, x, 0]) + abs(v - coarse[y, x, 1])
        return plain_distance(first, second, y, x, v, u, cap) + min(weight * apart, cap)

    for y, x in product(range(9), range(8)):
        start_u, start_v = coarse[y, x].astype(int)
        around = [cost(y, x, start_v + dv, start_u + du) for dv, du in product(range(-2, 3), repeat=2)]
        u, v = flow[y, x]
        assert max(abs(u - start_u), abs(v - start_v)) <= 2
        assert cost(y, x, v, u) == pytest.approx(min(around))


@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 50)])
def test_cells_halve_from_level_to_level_and_cover_the_picture(height: int, width: int) -> None:
    tree = quadtree(height, width, 3)
    assert np.bincount(tree.level).tolist() == [1, 4, 16]
    for level in range(3):
        seen = np.zeros((height, width), int)
        for top, bottom, left, right in tree.cells[tree.level == level]:
            seen[top:bottom, left:right] += 1
        assert (seen == 1).all()
    sizes = (tree.cells[5:, 1] - tree.cells[5:, 0], tree.cells[5:, 3] - tree.cells[5:, 2])
    assert max(np.ptp(size) for size in sizes) <= 1


def test_cells_are_tied_to_those_beside_them_and_to_their_quarters() -> None:
    tree = quadtree(64, 48, 3)
    expected = set()
    for a, b in product(range(21), repeat=2):
        (top, bottom, left, right), (t, bo, le, r) = tree.cells[a], tree.cells[b]
        if tree.level[a] == tree.level[b]:
            beside = (right == le and top == t) or (bottom == t and left == le)
        else:
            beside = tree.level[b] == tree.level[a] + 1 and top <= t and bo <= bottom and left <= le and r <= right
        if beside:
            expected.add((a, b))
    assert {tuple(edge) for edge in tree.edges.tolist()} == expected
    assert len(tree.edges) == len(expected) == 20 + 4 + 24


def test_pixels_start_from_the_finest_cell_that_they_lie_in() -> None:
    tree = quadtree(8, 8, 2)
    flow = cell_flow(tree, np.array([[9, 9], [1, 0], [2, 0], [3, 0], [4, 5]]))
    np.testing.assert_array_equal(flow[[0, 0, 7, 7], [0, 7, 0, 7]], [[1, 0], [2, 0], [3, 0], [4, 5]])


def test_equal_and_blank_pictures_do_not_move() -> None:
    for picture in (texture(32), np.full((32, 32), 255, np.float32)):
        assert not deformable_spatial_pyramid(picture, picture, CONFIG).any()


def test_pictures_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(32, 32\) and \(32, 40\)"):
        deformable_spatial_pyramid(np.zeros((32, 32), np.float32), np.zeros((32, 40), np.float32), CONFIG)
    with pytest.raises(ValueError, match="3 x 9 pixels has no room for 3 levels"):
        quadtree(3, 9, 3)
