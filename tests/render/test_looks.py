"""Near-duplicates are found whatever their colour, and the models that are drawn are none."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from render import looks, modeller
from render.catalog import Model
from render.config import SourceConfig
from render.duplicates import VIEWS, DuplicatesConfig, limits
from render.looks import AZIMUTHS, ELEVATIONS, SIZE, describe, likenesses, near_duplicates
from render.portraits import portraits
from render.sources import parametric
from render.viewpoints import view_grid

LIMITS = limits(DuplicatesConfig())


def seen(models: list[Model]) -> NDArray[np.uint8]:
    return np.stack(list(portraits(models, view_grid(AZIMUTHS, ELEVATIONS), SIZE, DuplicatesConfig().samples)))


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("class_name", modeller.CLASSES)
def test_of_a_hundred_drawn_models_ninety_five_are_no_near_duplicates(class_name: str) -> None:
    source = SourceConfig(classes=[class_name], models_per_class=100)
    pictures = seen(list(parametric.catalog(source, seed=0).models))
    alike, _ = near_duplicates(describe(pictures), LIMITS)
    assert len(alike) <= 5, [(pair.later, pair.earlier) for pair in alike]


def stool(
    wide: float = 1.0, high: float = 1.0, left: float = 0.0, rungs: int = 1, legs: int = 80, seat: int = 140
) -> NDArray[np.uint8]:
    """A stool drawn flat, the same from all sides, uint8 [V, SIZE, SIZE, 4]; greys of its legs and its seat."""
    fine = 8
    picture = np.full((SIZE * fine, SIZE * fine, 4), [255, 255, 255, 0], np.uint8)

    def bar(x: float, y: float, w: float, h: float, grey: int) -> None:
        x0, x1 = (round(SIZE * fine * (0.5 + left + wide * e)) for e in (x, x + w))
        y0, y1 = (round(SIZE * fine * (0.5 + high * e)) for e in (y, y + h))
        picture[y0:y1, x0:x1] = [grey, grey, grey, 255]

    for rung in range(rungs):
        bar(-0.22, 0.05 + 0.14 * rung, 0.44, 0.04, legs)
    for x in (-0.25, 0.19):
        bar(x, -0.2, 0.06, 0.6, legs)
    bar(-0.3, -0.28, 0.6, 0.12, seat)
    small = cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return np.tile(small, (VIEWS, 1, 1, 1))


@pytest.mark.parametrize(
    "copy",
    [
        lambda: stool(wide=1.03),
        lambda: stool(high=0.97),
        lambda: stool(wide=1.03, high=1.03),
        lambda: stool(left=0.05),
        lambda: stool(legs=20, seat=220),
        lambda: stool(legs=200, seat=90),
    ],
)
def test_a_stretched_shifted_or_repainted_copy_is_alike(copy: Callable[[], NDArray[np.uint8]]) -> None:
    (pair,), stayed = near_duplicates(describe(np.stack([stool(), copy()])), LIMITS)
    assert (pair.later, pair.earlier, stayed) == (1, 0, [])
    together = np.hypot(pair.silhouette / LIMITS.silhouette, pair.gradients / LIMITS.gradients)
    assert pair.score == pytest.approx(max(together, pair.proportions / LIMITS.proportions))


@pytest.mark.parametrize(
    "other",
    [lambda: stool(rungs=2), lambda: stool(rungs=0), lambda: stool(high=0.85), lambda: stool(wide=1.15)],
)
def test_a_rung_more_or_less_or_other_proportions_are_another_model(other: Callable[[], NDArray[np.uint8]]) -> None:
    dropped, _ = near_duplicates(describe(np.stack([stool(), other()])), LIMITS)
    assert dropped == []


def test_paint_shows_in_the_distance_of_colours_alone() -> None:
    described = describe(np.stack([stool(), stool(wide=1.02), stool(legs=20, seat=220)]))
    stretched, repainted = (likenesses(described, k, np.array([0]), LIMITS)[0] for k in (1, 2))
    assert stretched.colours < DuplicatesConfig().colours / 2
    assert repainted.colours > DuplicatesConfig().colours * 2
    assert repainted.silhouette == 0


def test_the_first_of_a_group_is_kept_and_the_nearest_that_stays_is_told() -> None:
    models = [stool(), stool(rungs=0), stool(wide=1.02), stool(rungs=0, high=0.98), stool(wide=1.03)]
    dropped, stayed = near_duplicates(describe(np.stack(models)), LIMITS)
    assert [(pair.later, pair.earlier) for pair in dropped] == [(2, 0), (3, 1), (4, 0)]
    assert [(pair.later, pair.earlier) for pair in stayed] == [(1, 0)]
    assert stayed[0].score > 1


def test_blocks_of_products_find_what_comparing_each_with_each_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    drawn = [
        stool(*random.uniform(0.9, 1.1, 2), rungs=int(random.integers(3)), seat=int(random.integers(60, 200)))
        for _ in range(90)
    ]
    described = describe(np.stack(drawn))
    kept: list[int] = []
    expected = []
    for model in range(len(described)):
        pairs = likenesses(described, model, np.array(kept, np.int64), LIMITS)
        best = min(pairs, key=lambda pair: pair.score, default=None)
        if best is not None and best.score < 1:
            expected.append(best)
        else:
            kept.append(model)
    assert 20 < len(expected) < 85
    for block in (1, 7, 512):
        monkeypatch.setattr(looks, "BLOCK", block)
        told: list[int] = []
        assert near_duplicates(described, LIMITS, told.append)[0] == expected
        assert told[-1] == 90
