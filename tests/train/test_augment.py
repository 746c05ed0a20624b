"""T_θ against OpenCV and colorsys, one transformation at a time, and its ranges against section 3."""

import colorsys
import math

import cv2
import numpy as np
import pytest
import torch

from train.augment import THETA, draw_theta, recolour, resample, theta, transform

SIZE = 48


def scene() -> tuple[torch.Tensor, torch.Tensor]:
    """A smooth coloured object on black, and its mask: rgb [1, 3, h, w], mask [1, 1, h, w]."""
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    mask = np.clip(1.6 - 4 * np.hypot(x - 0.45, 1.3 * (y - 0.55)), 0, 1)
    colour = np.stack([0.3 + 0.5 * x, 0.6 - 0.4 * y, 0.4 + 0.3 * np.sin(9 * x)])
    return torch.tensor(colour * mask, dtype=torch.float32)[None], torch.tensor(mask, dtype=torch.float32)[None, None]


def warped(picture: torch.Tensor, forward: np.ndarray) -> np.ndarray:
    """OpenCV's bilinear warp by a 2 x 3 matrix that takes input to output pixels, floats [h, w, channels]."""
    pixels = np.ascontiguousarray(picture[0].permute(1, 2, 0).numpy())
    out = cv2.warpAffine(pixels, forward, (SIZE, SIZE), flags=cv2.INTER_LINEAR, borderValue=0)
    return out.reshape(SIZE, SIZE, -1)


def about_centre(matrix: np.ndarray, shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """A 2 x 2 matrix about the picture's middle, then a shift in pixels; pixel centres at whole numbers."""
    centre = np.full(2, (SIZE - 1) / 2)
    return np.column_stack([matrix, centre - matrix @ centre + np.array(shift)])


def turn(degrees: float) -> np.ndarray:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, -s], [s, c]])  # y points down: positive is clockwise to the eye


SPATIAL = {
    "rotation": ({"rotation_deg": 12.0}, about_centre(turn(12))),
    "translation": (
        {"translate_x": 0.1, "translate_y": -0.05},
        about_centre(np.eye(2), (0.1 * SIZE, -0.05 * SIZE)),
    ),
    "zoom": ({"zoom": 1.35}, about_centre(np.eye(2) * 1.35)),
    "zoom out": ({"zoom": 0.7}, about_centre(np.eye(2) * 0.7)),
    "stretch x": ({"stretch_x": 1.1}, about_centre(np.diag([1.1, 1.0]))),
    "stretch y": ({"stretch_y": 1.1}, about_centre(np.diag([1.0, 1.1]))),
    "all": (
        {"rotation_deg": -8.0, "translate_x": 0.06, "translate_y": 0.03, "zoom": 1.2, "stretch_y": 1.05},
        about_centre(turn(-8) @ np.diag([1.2, 1.2 * 1.05]), (0.06 * SIZE, 0.03 * SIZE)),
    ),
}


@pytest.mark.parametrize("name", list(SPATIAL))
def test_the_resampling_is_opencvs_affine_warp(name: str) -> None:
    quantities, forward = SPATIAL[name]
    rgb, mask = scene()
    moved_rgb, moved_mask = resample(rgb, mask, theta(**quantities))
    # OpenCV rounds places to 1/32 pixel.
    np.testing.assert_allclose(moved_rgb[0].permute(1, 2, 0).numpy(), warped(rgb, forward), atol=0.02)
    np.testing.assert_allclose(moved_mask[0].permute(1, 2, 0).numpy(), warped(mask, forward), atol=0.02)


@pytest.mark.parametrize(
    ("hue_deg", "saturation", "brightness"),
    [(70.0, 1, 1), (-150.0, 1, 1), (0, 0.25, 1), (0, 4.0, 1), (0, 1, 0.35), (0, 1, 3.0), (33.0, 1.7, 0.8)],
)
def test_colours_are_colorsyss(hue_deg: float, saturation: float, brightness: float) -> None:
    random = np.random.default_rng(0)
    colours = random.uniform(0, 1, size=(40, 3))
    colours[:3] = [[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5]]
    rgb = torch.tensor(colours.T, dtype=torch.float32).reshape(1, 3, 5, 8)
    opaque = torch.ones(1, 1, 5, 8)
    moved = recolour(rgb, opaque, theta(hue_deg=hue_deg, saturation=saturation, brightness=brightness))
    for before, after in zip(colours, moved.reshape(3, 40).T.numpy(), strict=True):
        h, s, v = colorsys.rgb_to_hsv(*before)
        changed = ((h + hue_deg / 360) % 1, min(1, s * saturation), min(1, v * brightness))
        expected = colorsys.hsv_to_rgb(*changed)
        np.testing.assert_allclose(after, expected, atol=2e-5)


def test_a_soft_edge_takes_the_colour_of_the_object_at_its_coverage() -> None:
    coverage = 0.25
    colour = torch.tensor([0.9, 0.5, 0.1]).reshape(1, 3, 1, 1)
    change = theta(hue_deg=40, saturation=0.6, brightness=2.0)
    whole = recolour(colour, torch.ones(1, 1, 1, 1), change)
    edge = recolour(colour * coverage, torch.full((1, 1, 1, 1), coverage), change)
    torch.testing.assert_close(edge, whole * coverage)


def test_no_transformation_is_theta_zero_and_changes_nothing() -> None:
    assert torch.equal(theta(), torch.zeros(1, len(THETA)))
    rgb, mask = scene()
    same_rgb, same_mask = transform(rgb, mask, torch.zeros(1, len(THETA)))
    torch.testing.assert_close(same_rgb, rgb, rtol=0, atol=1e-5)
    torch.testing.assert_close(same_mask, mask, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [64, 128, 256])
def test_theta_zero_leaves_every_8_bit_picture_as_it_is(size: int) -> None:
    random = torch.Generator().manual_seed(size)
    mask = torch.randint(256, (2, 1, size, size), generator=random) / 255
    rgb = torch.floor(torch.rand(2, 3, size, size, generator=random) * (mask * 255 + 1)) / 255
    same_rgb, same_mask = transform(rgb, mask, torch.zeros(2, len(THETA)))
    assert torch.equal(torch.round(same_rgb * 255), torch.round(rgb * 255))
    assert torch.equal(torch.round(same_mask * 255), torch.round(mask * 255))


def test_the_transformations_are_drawn_independently_of_each_other_and_from_all_of_their_ranges() -> None:
    drawn = draw_theta(np.random.default_rng(3), 20_000)
    apart = np.corrcoef(drawn.T) - np.eye(len(THETA))
    assert np.abs(apart).max() < 0.04
    turn = np.degrees(np.arctan2(drawn[:, THETA.index("hue_sin")], drawn[:, THETA.index("hue_cos")] + 1))
    drawn = np.column_stack([drawn, turn])
    for index, name in enumerate((*THETA, "hue")):
        if not name.startswith("hue_"):
            counts, _ = np.histogram(drawn[:, index], bins=10)
            assert counts.min() > 1800 and counts.max() < 2200, name


def test_a_batch_is_transformed_as_each_of_its_pictures_alone() -> None:
    rgb, mask = scene()
    changes = torch.from_numpy(draw_theta(np.random.default_rng(2), 3))
    together = transform(rgb.expand(3, -1, -1, -1), mask.expand(3, -1, -1, -1), changes)
    for index in range(3):
        alone = transform(rgb, mask, changes[index : index + 1])
        torch.testing.assert_close(together[0][index], alone[0][0], rtol=0, atol=1e-6)
        torch.testing.assert_close(together[1][index], alone[1][0], rtol=0, atol=1e-6)


def test_the_object_never_shows_where_the_mask_is_empty() -> None:
    rgb, mask = scene()
    changes = torch.from_numpy(draw_theta(np.random.default_rng(5), 64))
    moved, coverage = transform(rgb.expand(64, -1, -1, -1), mask.expand(64, -1, -1, -1), changes)
    assert float((moved - coverage).max()) <= 1e-6
    assert float(moved.min()) >= 0


def test_the_ranges_are_those_of_section_3() -> None:
    drawn = draw_theta(np.random.default_rng(1), 20_000)
    columns = dict(zip(THETA, drawn.T, strict=True))
    limits = {
        "rotation": (theta(rotation_deg=-12), theta(rotation_deg=12)),
        "translate_x": (theta(translate_x=-0.1), theta(translate_x=0.1)),
        "translate_y": (theta(translate_y=-0.1), theta(translate_y=0.1)),
        "zoom": (theta(zoom=1.0), theta(zoom=1.35)),
        "stretch": (theta(stretch_y=1.1), theta(stretch_x=1.1)),
        "saturation": (theta(saturation=0.25), theta(saturation=4.0)),
        "brightness": (theta(brightness=0.35), theta(brightness=3.0)),
    }
    for name, (low, high) in limits.items():
        column = THETA.index(name)
        np.testing.assert_allclose(columns[name].min(), float(low[0, column]), atol=0.01, err_msg=name)
        np.testing.assert_allclose(columns[name].max(), float(high[0, column]), atol=0.01, err_msg=name)
    angle = np.degrees(np.arctan2(columns["hue_sin"], columns["hue_cos"] + 1))
    assert angle.min() < -179 and angle.max() > 179


def test_strength_narrows_the_ranges_down_to_nothing() -> None:
    half = draw_theta(np.random.default_rng(1), 5_000, strength=0.5)
    assert abs(half[:, 0]).max() == pytest.approx(0.5, abs=0.01)
    assert not draw_theta(np.random.default_rng(1), 10, strength=0.0).any()


def test_factors_must_be_positive_and_one_stretch_at_a_time() -> None:
    with pytest.raises(ValueError, match="above 0"):
        theta(zoom=0)
    with pytest.raises(ValueError, match="one direction"):
        theta(stretch_x=1.1, stretch_y=1.1)
