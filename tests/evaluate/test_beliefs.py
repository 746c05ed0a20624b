"""Belief propagation over cells, against every labelling there is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from evaluate.correspondence.beliefs import least_labels, message, node_energy
from evaluate.correspondence.dsp import quadtree
from infra import rng

PYRAMID = quadtree(8, 8, levels=2).edges
"""A root, four cells, and eight edges: four to the root and four in a ring."""
TREES = {
    "star": np.array([[0, 1], [0, 2], [0, 3], [0, 4]]),
    "chain": np.array([[0, 1], [1, 2], [2, 3], [3, 4]]),
    "branches": np.array([[0, 1], [1, 2], [0, 3], [3, 4]]),
}
SLOPE, LIMIT = 0.2, 0.5


def random_costs(nodes: int, grid: tuple[int, int], index: int) -> np.ndarray:
    return rng.generator(5, "costs", index).random((nodes, *grid))


def least_of_all(costs: np.ndarray, edges: np.ndarray, slope: float, limit: float) -> float:
    """The lowest energy of all labellings, summed term by term."""
    nodes, rows, columns = costs.shape
    v, u = np.divmod(np.arange(rows * columns), columns)
    between = np.minimum(slope * (np.abs(v[:, None] - v) + np.abs(u[:, None] - u)), limit)
    energy = np.zeros((rows * columns,) * nodes)  # an axis a node
    for node in range(nodes):
        energy += np.expand_dims(costs[node].ravel(), [axis for axis in range(nodes) if axis != node])
    for a, b in edges:
        energy += np.expand_dims(between, [axis for axis in range(nodes) if axis not in (a, b)])
    return float(energy.min())


@pytest.mark.parametrize(("slope", "limit"), [(0.1, 0.3), (0.02, 5.0), (0.0, 1.0), (0.5, 0.0)])
def test_a_message_is_the_cheapest_way_from_any_translation(slope: float, limit: float) -> None:
    costs = random_costs(1, (6, 9), index=0)[0]
    expected = np.full_like(costs, np.inf)
    for v, u, v_from, u_from in itertools.product(range(6), range(9), range(6), range(9)):
        way = min(slope * (abs(v - v_from) + abs(u - u_from)), limit)
        expected[v, u] = min(expected[v, u], costs[v_from, u_from] + way)
    before = costs.copy()
    np.testing.assert_allclose(message(costs, slope, limit), expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(costs, before)


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("index", range(5))
def test_on_a_tree_the_least_energy_of_all_labellings_is_found(tree: str, index: int) -> None:
    costs = random_costs(5, (3, 3), index)
    labels, energy = least_labels(costs, TREES[tree], SLOPE, LIMIT, iterations=10)
    assert energy == pytest.approx(least_of_all(costs, TREES[tree], SLOPE, LIMIT), abs=1e-9)
    assert node_energy(costs, TREES[tree], labels, SLOPE, LIMIT) == pytest.approx(energy)


@pytest.mark.parametrize(
    ("slope", "limit", "exact", "mean_excess", "worst_excess"),
    [(0.02, 0.1, 1.0, 1e-9, 1e-9), (0.05, 0.25, 0.95, 1e-3, 0.01), (0.2, 0.5, 0.65, 0.05, 0.6)],
)
def test_on_a_pyramid_it_is_missed_by_a_hair_where_costs_outweigh_smoothness(
    slope: float, limit: float, exact: float, mean_excess: float, worst_excess: float
) -> None:
    excess = []
    for index in range(40):
        costs = random_costs(5, (3, 3), index)
        least = least_of_all(costs, PYRAMID, slope, limit)
        excess.append(least_labels(costs, PYRAMID, slope, limit, iterations=50)[1] / least - 1)
    assert min(excess) > -1e-9
    assert np.mean(np.array(excess) < 1e-9) >= exact
    assert np.mean(excess) < mean_excess
    assert max(excess) < worst_excess


def test_an_energy_is_the_cost_of_each_node_and_of_each_edge() -> None:
    costs = np.arange(12.0).reshape(2, 2, 3)
    labels = np.array([[0, 2], [1, 0]])  # 2 + 9, three steps apart
    assert node_energy(costs, np.array([[0, 1]]), labels, slope=0.25, limit=10) == 11.75
    assert node_energy(costs, np.array([[0, 1]]), labels, slope=0.25, limit=0.5) == 11.5


@pytest.mark.parametrize("iterations", [1, 2, 50])
def test_the_energy_never_rises_above_that_of_cells_on_their_own(iterations: int) -> None:
    edges = quadtree(16, 16, levels=3).edges
    falls = 0
    for index in range(10):
        costs = random_costs(21, (5, 5), index)
        own = np.stack(np.divmod(costs.reshape(21, -1).argmin(axis=1), 5), axis=1)
        before = node_energy(costs, edges, own, SLOPE, LIMIT)
        energy = least_labels(costs, edges, SLOPE, LIMIT, iterations)[1]
        assert energy <= before
        falls += energy < 0.9 * before
    assert falls == 10


def test_without_edges_every_node_takes_its_cheapest_label() -> None:
    costs = random_costs(4, (3, 5), index=1)
    labels, energy = least_labels(costs, np.empty((0, 2), int), SLOPE, LIMIT, iterations=3)
    np.testing.assert_array_equal(costs[np.arange(4), labels[:, 0], labels[:, 1]], costs.min(axis=(1, 2)))
    assert energy == pytest.approx(costs.min(axis=(1, 2)).sum())
