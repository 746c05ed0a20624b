"""SIFT Flow, on motions that are known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.correspondence.method_configs import SiftFlowConfig
from evaluate.correspondence.siftflow import cut_off, data_costs, descriptor_flow, energy, sift_flow, sift_image
from infra import rng
from tests.evaluate.warps import end_point_error, pulled_back, scaling, texture, translation

CONFIG = SiftFlowConfig()


def with_changes(**changes: object) -> SiftFlowConfig:
    return SiftFlowConfig.model_validate({**CONFIG.model_dump(), **changes})


def test_constants_are_the_published_ones() -> None:
    assert (CONFIG.alpha, CONFIG.d, CONFIG.gamma) == (2 * 255, 40 * 255, 0.005 * 255)
    assert (CONFIG.levels, CONFIG.top_radius_px, CONFIG.radius_px) == (4, 10, 2)
    assert (CONFIG.top_iterations, CONFIG.iterations) == (60, 30)


def test_descriptors_have_the_length_that_the_constants_are_meant_for() -> None:
    np.testing.assert_allclose(np.linalg.norm(sift_image(texture(), CONFIG), axis=2), 255, rtol=0.01)


@pytest.mark.parametrize("offset", [(0, 0), (1, -2), (-9, 7), (20, 16)])
def test_a_translation_is_recovered(offset: tuple[int, int]) -> None:
    truth = translation(64, offset)
    flow = sift_flow(pulled_back(texture(), truth), texture(), CONFIG)
    assert flow.dtype == np.float32
    np.testing.assert_array_equal(flow, np.rint(flow))
    assert end_point_error(flow, truth, border=22) < 0.02


def test_a_coarser_level_takes_the_search_beyond_its_window() -> None:
    truth = translation(64, (7, -7))
    first = pulled_back(texture(), truth)
    window = {"top_radius_px": 3, "radius_px": 2}
    one, two = (sift_flow(first, texture(), with_changes(levels=levels, **window)) for levels in (1, 2))
    assert end_point_error(two, truth) < 0.05
    assert end_point_error(one, truth) > 4
    assert np.abs(one).max() <= 3


@pytest.mark.parametrize("factor", [0.85, 1.2])
def test_a_scaling_is_recovered_to_within_a_pixel(factor: float) -> None:
    truth = scaling(96, factor)
    flow = sift_flow(pulled_back(texture(96), truth), texture(96), CONFIG)
    assert end_point_error(flow, truth) < 1


def test_a_part_that_moves_by_itself_keeps_its_edge() -> None:
    still, moving = texture(64, seed=1), texture(64, seed=2)
    first, second = still.copy(), still.copy()
    first[20:44, 16:40] = moving[20:44, 16:40]
    second[20:44, 24:48] = moving[20:44, 16:40]
    flow = sift_flow(first, second, CONFIG)
    assert np.median(flow[26:38, 22:34, 0]) == 8
    assert np.linalg.norm(flow[26:38, 22:34] - np.float32([8, 0]), axis=2).mean() < 0.5
    assert np.abs(flow[:12]).mean() < 0.1


def test_pictures_of_odd_sides_are_matched() -> None:
    second = texture()[:37, :51]
    first = np.roll(second, (-2, 3), axis=(0, 1))
    flow = sift_flow(first, second, CONFIG)
    assert flow.shape == (37, 51, 2)
    assert end_point_error(flow, np.float32([-3, 2]) + 0 * flow, border=10) < 0.05


def test_nothing_moves_where_there_is_nothing() -> None:
    flat = np.full((24, 24), 255, np.float32)
    assert not sift_flow(flat, flat, CONFIG).any()


def test_the_energy_falls_to_that_of_the_truth() -> None:
    truth = translation(64, (5, -3))
    first, second = (sift_image(each, CONFIG) for each in (pulled_back(texture(), truth), texture()))
    one_level = with_changes(levels=1, top_radius_px=6)
    flow = descriptor_flow(first, second, one_level)
    most = cut_off(data_costs(first, second, np.zeros((64, 64, 2), np.int64), 6), one_level.data_quantile)
    found, still, true = (energy(each, first, second, one_level, most) for each in (flow, 0 * truth, truth))
    assert found < 0.6 * still
    assert found < 1.0001 * true


def test_messages_weighed_by_trees_find_lower_energies_than_plain_ones() -> None:
    truth = translation(64, (-9, 7))
    first, second = (sift_image(each, CONFIG) for each in (pulled_back(texture(), truth), texture()))
    flows = [descriptor_flow(first, second, with_changes(reweighted=reweighted)) for reweighted in (True, False)]
    weighed, plain = (energy(flow, first, second, CONFIG, most=1000) for flow in flows)
    assert weighed < 0.8 * plain
    assert end_point_error(flows[0], truth, border=22) < 0.02


def test_the_energy_is_what_the_paper_writes_down() -> None:
    random = rng.generator(0, "energy")
    first, second = random.random((2, 4, 5, 6)) * 100
    flow = random.integers(-1, 2, (4, 5, 2)) * 3
    config = with_changes(alpha=2.0, d=5.0, gamma=0.5)
    expected = 0.0
    for y in range(4):
        for x in range(5):
            u, v = flow[y, x]
            inside = 0 <= x + u < 5 and 0 <= y + v < 4
            expected += min(np.abs(first[y, x] - second[y + v, x + u]).sum(), 150) if inside else 150
            expected += 0.5 * (abs(u) + abs(v))
            expected += sum(min(2.0 * abs(step), 5.0) for step in (flow[y, x] - flow[y, min(x + 1, 4)]))
            expected += sum(min(2.0 * abs(step), 5.0) for step in (flow[y, x] - flow[min(y + 1, 3), x]))
    assert energy(flow, first, second, config, most=150) == pytest.approx(expected)
    assert energy(flow, first, second, config) == np.inf
    assert energy(flow + 0.3, first, second, config, most=150) == pytest.approx(expected)


def test_costs_are_distances_of_the_pixels_in_each_window() -> None:
    random = rng.generator(1, "costs")
    first, second = random.random((2, 5, 6, 9), dtype=np.float32)
    centre = random.integers(-2, 3, (5, 6, 2))
    costs = data_costs(first, second, centre, 1)
    assert costs.shape == (5, 6, 3, 3)
    for y, x, j, i in np.ndindex(costs.shape):
        to_x, to_y = x + centre[y, x, 0] + i - 1, y + centre[y, x, 1] + j - 1
        inside = 0 <= to_x < 6 and 0 <= to_y < 5
        expected = np.abs(first[y, x] - second[to_y, to_x]).sum() if inside else -1
        assert costs[y, x, j, i] == pytest.approx(expected, rel=1e-5)


def test_costs_are_cut_off_among_those_that_cost_anything() -> None:
    costs = np.array([0, 0, 0, 0, 1, 2, 3, 4, 5, -1], np.float32)
    assert cut_off(costs, 0.5) == 3
    np.testing.assert_array_equal(costs, [0, 0, 0, 0, 1, 2, 3, 3, 3, 3])


def test_the_same_pictures_give_the_same_flow() -> None:
    first, second = pulled_back(texture(48), scaling(48, 1.2)), texture(48)
    once, again = (sift_flow(first, second, CONFIG) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert once.any()


def test_pictures_of_unequal_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(64, 64\) and \(32, 48\)"):
        sift_flow(texture(), texture()[:32, :48], CONFIG)


def test_coloured_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(8, 8, 3\)"):
        sift_flow(np.zeros((8, 8, 3)), np.zeros((8, 8, 3)), CONFIG)


def test_an_object_before_white_is_followed() -> None:
    """Most costs are next to nothing there, and a cut-off at their median would let nothing move."""
    truth = translation(64, (6, -4))
    second = np.full((64, 64), 255, np.float32)
    for rows, columns in (
        (slice(20, 50), slice(24, 27)),
        (slice(34, 37), slice(24, 44)),
        (slice(34, 50), slice(41, 44)),
    ):
        second[rows, columns] = 90
    flow = sift_flow(pulled_back(second, truth), second, CONFIG)
    moved = pulled_back(second, truth) < 200
    assert np.linalg.norm(flow - truth, axis=2)[moved].mean() < 0.5
