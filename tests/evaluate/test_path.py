"""The way of a morph through the styles: shortest by brute force, straight where it should be, whole at every place."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from evaluate.correspondence.config import CorrespondenceConfig, PathConfig
from evaluate.correspondence.methods import Sight
from evaluate.correspondence.pairs import drawn
from evaluate.correspondence.path import likenesses, mixtures, morph, route
from evaluate.question import Subject


@pytest.mark.parametrize("detour", [1.0, 2.0, 4.0])
def test_a_route_is_the_cheapest_of_all(detour: float) -> None:
    looks = np.random.default_rng(3).normal(size=(6, 2))

    def cost(stops: tuple[int, ...]) -> float:
        return float(np.sum(np.linalg.norm(np.diff(looks[list(stops)], axis=0), axis=1) ** detour))

    ways = [(0, *middle, 5) for count in range(5) for middle in permutations(range(1, 5), count)]
    assert tuple(route(looks, 0, 5, detour)) == min(ways, key=cost)


def test_a_route_is_straight_at_power_1_and_takes_every_small_hop_above() -> None:
    line = np.array([[0, 0], [1, 0.1], [2, -0.1], [3, 0.1], [4, 0]])
    assert route(line, 0, 4, 1.0) == [0, 4]
    assert route(line, 0, 4, 2.0) == [0, 1, 2, 3, 4]
    assert route(line, 4, 0, 2.0) == [4, 3, 2, 1, 0]


def test_mixtures_pass_whole_through_every_stop() -> None:
    found = mixtures([4, 0, 2], np.array([0, 0.25, 0.5, 0.75, 1.0]), 5)
    expected = [[0, 0, 0, 0, 1], [0.5, 0, 0, 0, 0.5], [1, 0, 0, 0, 0], [0.5, 0, 0.5, 0, 0], [0, 0, 1, 0, 0]]
    np.testing.assert_allclose(found, expected)


def test_outlines_weigh_more_than_colours_in_likeness() -> None:
    mask = np.zeros((3, 32, 32), np.float32)
    mask[:2, 4:20, 8:24] = 1
    mask[2, 4:28, 8:24] = 1
    rgb = np.array([[1, 0, 0], [0, 0, 1], [1, 0, 0]], np.float32)[:, None, None] * mask[..., None]
    looks = likenesses(rgb, mask)
    recoloured, grown = np.linalg.norm(looks[1:] - looks[0], axis=1)
    assert 0 < recoloured < grown


def test_a_morph_with_detours_moves_in_smaller_steps_between_the_same_ends(subject: Subject) -> None:
    pair = max(
        drawn(subject, CorrespondenceConfig(pairs_per_class=6, validation_share=0), "test"),
        key=lambda each: np.abs(np.diff(Sight(subject, each).masks, axis=0)).sum(),
    )
    straight, led = (morph(subject, pair, PathConfig(frames=31, detour=detour, pace="change"))[1] for detour in (1, 6))
    np.testing.assert_allclose(straight[[0, -1]], led[[0, -1]], atol=1e-5)
    assert len(straight) == len(led) == 31
    own = subject.styles_by_class[pair.class_name]
    learnt = subject.draw(own, pair.azimuth_deg, pair.elevation_deg)[1]
    between = [np.abs(learnt[None] - film[:, None]).mean(axis=(2, 3)).min(axis=1).max() for film in (straight, led)]
    assert between[1] <= between[0]  # never farther from a learnt outline than the straight way
