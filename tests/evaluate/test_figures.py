"""Figures: pictures land where they are said to, animations keep their colours and loop without a jump."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluate import figures
from evaluate.question import Subject

COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (120, 60, 10), (10, 90, 120), (80, 10, 80)]


def plain(colour: tuple[int, int, int], size: int = 16) -> np.ndarray:
    return np.full((size, size, 3), colour, np.uint8)


def read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def test_a_true_view_composited_over_white_is_the_rendered_picture(subject: Subject) -> None:
    rows = subject.views.index[:8].to_numpy()
    over = figures.over_white(*subject.truth(rows)).astype(int)
    assert np.abs(over - subject.rgba[rows][..., :3]).max() <= 1


def test_pictures_of_a_grid_lie_where_the_grid_says(tmp_path: Path) -> None:
    pictures = [plain(colour) for colour in COLOURS]
    blocks = [
        figures.Block([figures.Row(pictures[:3], "a row", ["one", "two", "three"])], "seen"),
        figures.Block([figures.Row([*pictures[3:5], None], "another")], "unseen", unseen=True),
    ]
    grid = figures.grid(blocks, ["first", "second", "third"])
    grid.save(tmp_path / "grid.png")
    canvas = read(tmp_path / "grid.png")
    for index, colour in enumerate(COLOURS[:5]):
        for corner in (1, 8, 15):
            x, y = grid.at(index // 3, index % 3, corner, corner)
            np.testing.assert_array_equal(canvas[int(y), int(x)], colour)
    x, y = grid.at(1, 2, 8, 8)
    np.testing.assert_array_equal(canvas[int(y), int(x)], 255)
    np.testing.assert_array_equal(canvas[[0, 0, -1, -1], [0, -1, 0, -1]], 255)


def test_points_are_drawn_on_the_pixels_they_name(tmp_path: Path) -> None:
    grid = figures.grid([figures.Block([figures.Row([plain((255, 255, 255))] * 2)])], side=256)
    figures.mark(grid, [figures.Points(0, 1, np.array([[4.5, 10.5]]))])
    grid.save(tmp_path / "points.png")
    canvas = read(tmp_path / "points.png")
    x, y = grid.at(0, 1, 4.5, 10.5)
    assert tuple(canvas[round(float(y)), round(float(x))]) == (0xE6, 0x19, 0x4B)
    assert (canvas[:, : int(x) - 20] == 255).all()


def test_values_of_either_sign_are_shown_around_mid_grey() -> None:
    values = np.array([[-2.0, 0.0], [1.0, 9.0]])
    picture = figures.signed(values, 2.0)
    np.testing.assert_array_equal(picture[..., 0], [[0, 128], [191, 255]])
    np.testing.assert_array_equal(picture[..., 0], picture[..., 2])
    assert figures.signed(np.zeros((3, 4, 4, 3)), 1.0).shape == (3, 4, 4, 3)
    np.testing.assert_array_equal(figures.blocky(picture, 5)[:3, :3], np.broadcast_to(picture[0, 0], (3, 3, 3)))


def test_pictures_are_enlarged_by_whole_factors() -> None:
    assert figures.enlarged(plain((9, 9, 9), 64)).shape == (128, 128, 3)
    assert figures.enlarged(plain((9, 9, 9), 100)).shape == (200, 200, 3)
    assert figures.enlarged(plain((9, 9, 9), 256)).shape == (256, 256, 3)


def test_a_grid_without_pictures_is_refused() -> None:
    with pytest.raises(ValueError, match="picture"):
        figures.grid([figures.Block([figures.Row([None])])])


def test_a_gif_keeps_colours_white_and_time_and_loops_for_ever(tmp_path: Path) -> None:
    ramp = np.linspace(0, 250, 32).astype(np.uint8)
    frames = []
    for shift in range(6):
        frame = np.full((40, 48, 3), 255, np.uint8)
        frame[4:36, 4 + shift : 36 + shift] = np.stack(
            [np.tile(ramp, (32, 1)), np.tile(ramp[:, None], 32), np.full((32, 32), 40)], -1
        )
        frames.append(frame)
    figures.animate(tmp_path / "loop.gif", frames, seconds=0.6)
    gif = Image.open(tmp_path / "loop.gif")
    assert gif.info["loop"] == 0
    assert gif.n_frames == len(frames)
    for index, frame in enumerate(frames):
        gif.seek(index)
        assert gif.info["duration"] == 100
        shown = np.asarray(gif.convert("RGB"))
        white = (frame == 255).all(axis=2)
        assert (shown[white] == 255).all()
        assert np.abs(shown.astype(int) - frame).mean() < 4


def test_there_and_back_is_seamless() -> None:
    weights = figures.there_and_back(48)
    assert weights[0] == 0
    assert weights[24] == pytest.approx(1)
    np.testing.assert_allclose(weights[1:], weights[:0:-1], atol=1e-12)
    steps = np.abs(np.diff(np.append(weights, weights[0])))
    assert steps[0] == pytest.approx(steps[-1])
    assert steps[0] < steps.max() / 10


def test_a_heat_map_shows_larger_numbers_darker_and_frames_what_was_unseen(tmp_path: Path) -> None:
    values = np.array([[0.0, 1.0], [2.0, np.nan]])
    unseen = np.array([[False, True], [False, False]])
    one = figures.HeatMap("one", values, ["20°", "0°"], ["0°", "180°"], unseen)
    figures.heat_maps(tmp_path / "map.png", [one], "error")
    figures.heat_maps(tmp_path / "unmarked.png", [replace(one, marked=np.zeros_like(unseen))], "error")
    canvas, unmarked = read(tmp_path / "map.png").astype(int), read(tmp_path / "unmarked.png").astype(int)
    height, width = canvas.shape[:2]
    # Points inside the four cells, off the frame's lines.
    brightness = canvas[[height // 3, height * 2 // 3]][:, [width // 4, width * 5 // 8]].sum(axis=2)
    assert brightness[0, 0] > brightness[0, 1] > brightness[1, 0]
    assert brightness[1, 1] == 3 * 255
    green = (np.abs(canvas - (0x2E, 0x8B, 0x57)).sum(axis=2) < 10) & (np.abs(canvas - unmarked).sum(axis=2) > 0)
    rows, columns = np.nonzero(green)
    assert len(rows) > 100
    assert columns.min() > width * 0.4
    assert rows.max() < height * 0.6
