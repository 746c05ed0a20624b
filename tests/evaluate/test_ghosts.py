"""Ghosts: a cross-fade has them, a moving object has not."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.imagination.ghosts import ghosting, sharpness

WEIGHTS = np.stack([1 - np.linspace(0, 1, 17), np.linspace(0, 1, 17)], axis=1)


def disc(x: float, size: int = 64, radius: float = 9.0) -> np.ndarray:
    """A disc with a soft edge at (x, size / 2), [size, size]."""
    across, down = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    return np.clip(radius - np.hypot(across - x, down - size / 2) + 0.5, 0, 1)


def test_a_cross_fade_is_all_ghosts() -> None:
    ends = np.stack([disc(15), disc(49)])
    assert ghosting(np.tensordot(WEIGHTS, ends, axes=1), ends, WEIGHTS) == pytest.approx(1)


def test_a_disc_that_moves_has_no_ghosts() -> None:
    ends = np.stack([disc(15), disc(49)])
    moving = np.stack([disc(15 * near + 49 * far) for near, far in WEIGHTS])
    assert abs(ghosting(moving, ends, WEIGHTS)) < 0.02


def test_a_disc_that_moves_while_half_of_it_fades_is_between() -> None:
    ends = np.stack([disc(15), disc(49)])
    fade = np.tensordot(WEIGHTS, ends, axes=1)
    moving = np.stack([disc(15 * near + 49 * far) for near, far in WEIGHTS])
    lower = np.arange(64)[:, None] < 32
    assert ghosting(np.where(lower, fade, moving), ends, WEIGHTS) == pytest.approx(0.5, abs=0.1)


def test_ends_of_one_silhouette_can_have_no_ghosts() -> None:
    ends = np.stack([disc(32), disc(32.2)])
    assert np.isnan(ghosting(np.tensordot(WEIGHTS, ends, axes=1), ends, WEIGHTS))


def test_a_cross_fade_of_two_discs_apart_keeps_the_squares_of_their_shares() -> None:
    ends = np.stack([disc(15), disc(49)])[..., None] * np.ones(3)
    fade = np.tensordot(WEIGHTS, ends, axes=1)
    shares = np.square(WEIGHTS).sum() / len(WEIGHTS)
    assert sharpness(fade, ends, WEIGHTS) == pytest.approx(shares, rel=1e-3)
    moving = np.stack([disc(15 * near + 49 * far) for near, far in WEIGHTS])[..., None] * np.ones(3)
    assert sharpness(moving, ends, WEIGHTS) == pytest.approx(1, abs=0.05)
