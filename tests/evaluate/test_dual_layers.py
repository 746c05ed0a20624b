"""Belief propagation, against trying everything."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from evaluate.correspondence.dual_layers import message, solve
from infra import rng

GAMMA, ALPHA, D = 0.1, 0.6, 1.5


def energies_of(flows: np.ndarray, costs: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Energy of each flow [n, h, w, 2], written down from its definition."""
    height, width, labels = costs.shape[:3]
    label = flows - centre + labels // 2
    y, x = np.mgrid[0:height, 0:width]
    total = costs[y, x, label[..., 1], label[..., 0]].sum(axis=(1, 2)) + GAMMA * np.abs(flows).sum(axis=(1, 2, 3))
    for axis in (1, 2):
        total += np.minimum(ALPHA * np.abs(np.diff(flows, axis=axis)), D).sum(axis=(1, 2, 3))
    return total


def least_energy(costs: np.ndarray, centre: np.ndarray) -> float:
    """The least energy of all flows: every state of a column is tried with every state of the column before."""
    height, width, labels = costs.shape[:3]
    states = np.array(list(itertools.product(np.ndindex(labels, labels), repeat=height))) - labels // 2
    least = np.zeros(1)
    for x in range(width):
        flows = states + centre[:, x]
        if x > 0:
            away = np.abs(flows[:, None] - (states + centre[:, x - 1])[None])
            least = (least + np.minimum(ALPHA * away, D).sum(axis=(2, 3))).min(axis=1)
        column = np.s_[:, x : x + 1]
        least = least + energies_of(flows[:, :, None], costs[column], centre[column])
    return float(least.min())


def random_problem(shape: tuple[int, int], labels: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random costs, and centres that differ from pixel to pixel by up to two."""
    random = rng.generator(seed, "problem")
    return random.random((*shape, labels, labels)).astype(np.float32), random.integers(-1, 2, (*shape, 2))


@pytest.mark.parametrize("shift", [-9, -2, 0, 1, 4])
@pytest.mark.parametrize("d", [0.0, 0.4, 2.0, 100.0])
def test_a_message_is_the_least_over_all_labels_of_the_sender(shift: int, d: float) -> None:
    belief = rng.generator(shift + 20, "belief").random(7).astype(np.float32) * 3
    i, j = np.mgrid[0:7, 0:7]
    expected = (belief[:, None] + np.minimum(0.3 * np.abs(i - j - shift), d)).min(axis=0)
    out = np.empty(7, np.float32)
    message(belief, shift, np.float32(0.3), np.float32(d), np.empty(7, np.float32), out)
    np.testing.assert_allclose(out, expected - expected.min(), atol=1e-5)


@pytest.mark.parametrize("reweighted", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_a_chain_whose_costs_tie_no_layers_is_solved_exactly(reweighted: bool, seed: int) -> None:
    costs, centre = random_problem((1, 6), 3, seed)
    costs = 2 * (costs[:, :, :1, :] + costs[:, :, :, :1])
    least = least_energy(costs, centre)
    for turned in (np.asarray, lambda each: each.swapaxes(0, 1)):
        across, its_centre = turned(costs), turned(centre)
        flow, _ = solve(across, its_centre, GAMMA, ALPHA, D, iterations=50, reweighted=reweighted)
        assert energies_of(flow[None], across, its_centre)[0] == pytest.approx(least, abs=1e-4)


def test_trying_column_by_column_is_trying_everything() -> None:
    costs, centre = random_problem((2, 2), 3, 0)
    one = np.array(list(itertools.product(np.ndindex(3, 3), repeat=4))).reshape(-1, 2, 2, 2) - 1 + centre
    assert len(one) == 9**4
    assert least_energy(costs, centre) == pytest.approx(energies_of(one, costs, centre).min())


@pytest.mark.parametrize("strength", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("reweighted", [False, True])
def test_tiny_grids_are_solved_to_a_hair(strength: float, reweighted: bool) -> None:
    gaps = []
    for seed in range(4):
        costs, centre = random_problem((2, 5), 3, seed)
        costs *= np.float32(strength)
        flow, _ = solve(costs, centre, GAMMA, ALPHA, D, iterations=60, reweighted=reweighted)
        gaps.append(energies_of(flow[None], costs, centre)[0] / least_energy(costs, centre) - 1)
    assert min(gaps) > -1e-5
    assert max(gaps) < 0.01


def test_the_flow_returned_is_the_best_that_was_met() -> None:
    costs, centre = random_problem((9, 8), 5, 0)
    flow, energies = solve(costs, centre, GAMMA, ALPHA, D, iterations=20)
    assert energies_of(flow[None], costs, centre)[0] == pytest.approx(energies.min(), rel=1e-6)
    assert energies.min() < energies[0]
    assert energies.min() < energies_of(centre[None], costs, centre)[0]


def test_what_is_best_to_begin_with_is_left() -> None:
    costs = np.ones((5, 6, 3, 3), np.float32)
    costs[:, :, 1, 1] = 0
    centre = np.zeros((5, 6, 2), np.int64)
    flow, energies = solve(costs, centre, GAMMA, ALPHA, D, iterations=3)
    assert not flow.any()
    np.testing.assert_allclose(energies, 0, atol=1e-6)


def test_one_label_has_no_choice() -> None:
    costs, centre = random_problem((3, 4), 1, 0)
    flow, _ = solve(costs, centre, GAMMA, ALPHA, D, iterations=2)
    np.testing.assert_array_equal(flow, centre)
