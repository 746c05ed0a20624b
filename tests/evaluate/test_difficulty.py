"""Simple is the third that is most alike."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.feature import hog

from evaluate.correspondence.difficulty import difficulties, unlikeness

Picture = tuple[np.ndarray, np.ndarray]


def disc(radius: float, x: float = 32.0) -> Picture:
    rows, columns = np.mgrid[0:64, 0:64] + 0.5
    mask = (np.hypot(columns - x, rows - 32) < radius).astype(np.float32)
    return np.repeat(0.4 * mask[..., None], 3, axis=2), mask


def test_ten_of_thirty_are_simple_as_in_the_paper() -> None:
    unlike = np.random.default_rng(0).permutation(30).astype(float)
    found = np.array(difficulties(unlike))
    assert (found == "simple").sum() == 10
    assert unlike[found == "simple"].max() < unlike[found == "difficult"].min()


@pytest.mark.parametrize(("pairs", "simple"), [(0, 0), (1, 0), (2, 1), (3, 1), (60, 20), (61, 20)])
def test_any_number_of_pairs_is_cut_at_a_third(pairs: int, simple: int) -> None:
    assert difficulties(np.ones(pairs)) == ["simple"] * simple + ["difficult"] * (pairs - simple)


def test_masks_are_unlike_by_what_they_do_not_share() -> None:
    small, large = disc(10), disc(20)
    assert unlikeness(small, small, "masks") == 0
    assert unlikeness(small, large, "masks") == pytest.approx(1 - 10**2 / 20**2, abs=0.01)
    assert unlikeness(disc(8, 16), disc(8, 48), "masks") == 1
    assert unlikeness(disc(0), disc(0), "masks") == 0


def test_hog_is_that_of_the_pictures_over_white() -> None:
    one, other = disc(10), disc(20)
    assert unlikeness(one, one, "hog") == 0
    white = [rgb + 1 - mask[..., None] for rgb, mask in (one, other)]
    expected = np.linalg.norm(np.subtract(*(hog(each, 9, (8, 8), (2, 2), channel_axis=-1) for each in white)))
    assert unlikeness(one, other, "hog") == pytest.approx(float(expected))
    assert unlikeness(one, disc(11), "hog") < unlikeness(one, other, "hog")
