"""Transformation neurons: found where they were planted, and what raising them does is read off the pictures."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from evaluate.inside import probe
from evaluate.inside.config import NeuronsConfig
from evaluate.inside.registration import (
    TRANSFORMATIONS,
    estimated_theta,
    transformations,
    unexplained,
    visible,
)
from evaluate.inside.transformations import Neuron, NeuronPart, correlations, raised, transformation_neurons
from evaluate.question import Answer, Subject, here
from infra import rng
from infra.errors import UserError
from tests.evaluate.furniture import SIZE, drawn, furniture
from tests.evaluate.planted import COLOUR, Planted
from train.architectures import ArchitectureName
from train.augment import BRIGHTNESS, THETA, theta, transform

ARCHITECTURES: tuple[ArchitectureName, ...] = ("1s-S-deep", "2s-E")
BRIGHT, SHIFT = 3, 5
CONFIG = NeuronsConfig(samples=256, models=2, strength=2, steps=3, channels=4)


def chairs(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Chairs made of boxes as float pictures, rgb [n, 3, h, w] on black and mask [n, 1, h, w]."""
    rgba = torch.tensor(np.stack([drawn(furniture("chair", i)[0], SIZE, 30, 20) for i in range(count)])) / 255
    mask = rgba[..., 3][:, None]
    return (rgba[..., :3].permute(0, 3, 1, 2) - (1 - mask)).clamp(0, 1), mask


def planted(architecture: ArchitectureName) -> tuple[Subject, dict[str, Neuron]]:
    """A generator with a unit that brightens and one that moves the box a cell to the right when fully raised."""
    plan = Planted(architecture)
    plan.wire("brightness", BRIGHT)
    plan.wire("translate_x", SHIFT)
    subject = plan.subject()
    inputs = probe.random_inputs(subject, CONFIG.samples, "transformation-neurons")
    tops = probe.run(subject, ["fc4"], inputs)["fc4"].amax(dim=0)
    high = CONFIG.strength * tops
    body, right, left = torch.zeros(8, 8), torch.zeros(8, 8), torch.zeros(8, 8)
    body[2:6, 2:6], right[2:6, 6], left[2:6, 2] = 1, 1, 1
    plan.fc5_weight(BRIGHT, 0, 0.15 * body / high[BRIGHT])
    for channel, level in ((0, 0.3), (1, 1.0)):
        plan.fc5_weight(SHIFT, channel, level * (right - left) / high[SHIFT])
    neurons = {
        entry: Neuron(unit, entry, 1, 1.0, float(tops[unit]))
        for entry, unit in (("brightness", BRIGHT), ("translate_x", SHIFT))
    }
    return subject, neurons


def test_a_transformation_is_read_off_the_pictures_it_made() -> None:
    rgb, mask = chairs(4)
    made = torch.cat(
        [
            theta(rotation_deg=8, translate_x=0.06, brightness=0.7),
            theta(rotation_deg=-5, translate_y=-0.05, zoom=1.2, hue_deg=40),
            theta(zoom=1.1, stretch_x=1.08, saturation=0.5),
            theta(translate_x=-0.08, translate_y=0.03, hue_deg=-100, brightness=0.8),
        ]
    )
    after = transform(rgb, mask, made)
    found = estimated_theta(rgb, mask, *after)
    np.testing.assert_allclose(found.numpy(), made.numpy(), atol=0.03)
    assert unexplained(rgb, mask, *after, found).max() < 0.02


def test_between_a_picture_and_itself_there_is_no_transformation() -> None:
    rgb, mask = chairs(2)
    np.testing.assert_allclose(estimated_theta(rgb, mask, rgb, mask).numpy(), 0, atol=1e-3)


def test_grey_pictures_show_no_hue_and_no_saturation() -> None:
    rgb, mask = chairs(2)
    grey = rgb.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
    found = transformations(estimated_theta(grey, mask, 0.9 * grey, mask))
    np.testing.assert_array_equal(found[:, [TRANSFORMATIONS.index("hue"), TRANSFORMATIONS.index("saturation")]], 0)
    np.testing.assert_allclose(found[:, -1], math.log(0.9) / math.log(BRIGHTNESS[1]), atol=1e-3)


def test_each_transformation_is_weighed_by_what_it_does_to_the_picture() -> None:
    rgb, mask = chairs(1)
    both = theta(translate_x=-0.1, stretch_x=1.1)
    seen = dict(zip(TRANSFORMATIONS, visible(rgb, mask, both)[0], strict=True))
    alone = torch.cat(transform(rgb, mask, theta(translate_x=-0.1)), dim=1) - torch.cat([rgb, mask], dim=1)
    assert seen["translate_x"] == pytest.approx(-float(alone.square().mean().sqrt()), rel=1e-5)
    assert 0 < seen["stretch"] < -seen["translate_x"]
    assert seen["hue"] == seen["rotation"] == 0


def test_correlations_are_pearsons() -> None:
    random = rng.generator(0, "correlations")
    values, entries = random.normal(size=(50, 3)), random.normal(size=(50, 2))
    values[:, 2] = 4
    expected = np.corrcoef(values[:, :2].T, entries.T)[:2, 2:]
    np.testing.assert_allclose(correlations(values, entries)[:2], expected, atol=1e-12)
    np.testing.assert_array_equal(correlations(values, entries)[2], 0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_unit_that_brightens_is_measured_as_brightness_alone(architecture: ArchitectureName) -> None:
    subject, neurons = planted(architecture)
    table = raised(subject, NeuronPart(neurons["brightness"], np.array([0, 1]), CONFIG))
    factor = (0.3 + 0.15) / 0.3
    np.testing.assert_allclose(table["brightness"], math.log(factor) / math.log(BRIGHTNESS[1]), rtol=0.01)
    assert table["share"].min() > 0.98
    assert table["unexplained"].max() < 0.01


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_unit_that_moves_the_object_is_measured_as_translation_alone(architecture: ArchitectureName) -> None:
    subject, neurons = planted(architecture)
    table = raised(subject, NeuronPart(neurons["translate_x"], np.array([0, 2]), CONFIG))
    np.testing.assert_allclose(table["translate_x"], 1.25, atol=0.02)  # a cell is an eighth of the side
    assert table["share"].min() > 0.9
    assert table["unexplained"].max() < 0.05


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_planted_units_are_found_and_told_from_others(architecture: ArchitectureName, tmp_path: Path) -> None:
    subject, _ = planted(architecture)
    answer = Answer("transformation-neurons", tmp_path)
    transformation_neurons(subject, CONFIG, answer, here(subject))
    table = pd.read_csv(tmp_path / "transformation-neurons.csv").set_index("entry")
    assert (table.loc["brightness", "unit"], table.loc["translate_x", "unit"]) == (BRIGHT, SHIFT)
    assert table.loc[["brightness", "translate_x"], "correlation"].min() > 0.8
    others = table.drop(index=["brightness", "translate_x"])
    assert others["correlation"].abs().max() < 0.35
    claim = pd.read_csv(tmp_path / "claim-every-transformation-has-its-unit.csv")
    assert claim["sample"].tolist() == list(THETA)
    against = pd.read_csv(tmp_path / "claim-unit-against-other-units.csv")
    share = pd.read_csv(tmp_path / "claim-raising-a-unit-does-its-transformation.csv")
    assert len(share) == 2
    # The control's units lead nowhere, so their share is nought.
    np.testing.assert_allclose(against["value"], share["value"], atol=1e-3)
    for figure in answer.figures:
        assert (tmp_path / figure["file"]).exists()
    assert answer.metrics["eval/transformation-neurons/brightness/share"] > 0.98


def test_a_generator_that_never_saw_theta_is_refused_at_once(subject: Subject, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="without transformations"):
        transformation_neurons(subject, CONFIG, Answer("transformation-neurons", tmp_path), here(subject))
    assert list(tmp_path.iterdir()) == []


def test_the_planted_box_has_its_colour() -> None:
    subject, _ = planted("1s-S-deep")
    rgb, mask = probe.pictures(subject, probe.plain_inputs(subject, np.array([0]), 0, 20))
    np.testing.assert_allclose(rgb[0, 16:48, 16:48], 0.3 * np.broadcast_to(COLOUR, (32, 32, 3)), atol=1e-6)
    assert mask[0, 16:48, 16:48].min() > 0.99
    assert mask[0].mean() == pytest.approx(0.25, abs=1e-3)
