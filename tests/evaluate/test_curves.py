"""Curves: names at their ends stay apart, and what is drawn is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluate.curves import Curve, draw_curves, kept_apart


def test_names_that_do_not_touch_stay_where_they_are() -> None:
    assert kept_apart([3.0, 1.0, 2.0], 0.9) == [3.0, 1.0, 2.0]


def test_names_that_touch_are_spread_about_their_middle_in_their_order() -> None:
    assert kept_apart([1.0, 1.0], 0.5) == [0.75, 1.25]
    placed = kept_apart([0.0, 5.0, 5.1, 4.9, 5.4], 1.0)
    assert placed[0] == 0
    crowd = np.array(placed)[[3, 1, 2, 4]]
    np.testing.assert_allclose(np.diff(crowd), 1)
    assert crowd.mean() == pytest.approx(5.1)


def test_a_crowd_that_grows_into_another_takes_it_in() -> None:
    placed = kept_apart([0.0, 0.1, 0.9], 1.0)
    np.testing.assert_allclose(np.diff(placed), 1)
    assert np.mean(placed) == pytest.approx(1 / 3)


def test_curves_are_drawn_in_their_colours(tmp_path: Path) -> None:
    curves = [
        Curve("one", [1, 2, 4], [3, 2, 1], "#4363d8"),
        Curve("other", [1, 2, 4], [1, 1, 1], "#2e8b57", dashed=True, hollow=[True, False, True]),
    ]
    draw_curves(tmp_path / "curves.png", curves, "views", "error", log_x=True)
    canvas = np.asarray(Image.open(tmp_path / "curves.png").convert("RGB"))
    for colour in ((0x43, 0x63, 0xD8), (0x2E, 0x8B, 0x57)):
        assert (canvas == colour).all(axis=2).sum() > 50
    assert (canvas[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()
