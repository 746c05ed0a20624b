"""Transformations: the truth is the transformed render, and nothing is left to chance about what each amount means."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from torch import Tensor

from evaluate.imagination.config import TransformationsConfig
from evaluate.imagination.transformations import NAMES, kinds, theta_of, transformations, transformed
from evaluate.question import Answer, Subject, here
from infra.errors import UserError
from train import augment
from train.checkpoint import Angle, Style, TrainedGenerator

QUICK = TransformationsConfig(models_per_class=2, views_per_model=1, amounts=3)


def able(subject: Subject, kind: type[TrainedGenerator] = TrainedGenerator) -> Subject:
    """The subject as if it had been trained with transformations."""
    spec = subject.generator.spec.model_copy(update={"augment": 1.0})
    return replace(subject, generator=kind(spec, subject.generator.network))


class Transforming(TrainedGenerator):
    """Draws a plain picture and then transforms it, as well as can be; zooming out it does not know."""

    def generate(
        self, style: Style, azimuth: Angle, elevation: Angle, theta: Tensor | np.ndarray | None = None
    ) -> tuple[Tensor, Tensor]:
        rgb, mask = super().generate(style, azimuth, elevation)
        theta = np.array(theta)
        theta[:, augment.THETA.index("zoom")] = theta[:, augment.THETA.index("zoom")].clip(min=0)
        return augment.transform(rgb, mask, mask.new_tensor(theta))


def test_nothing_leaves_the_truth_as_it_is(subject: Subject) -> None:
    rgb, mask = subject.truth([0, 5])
    for name in NAMES:
        found, covered = transformed(rgb, mask, np.stack([theta_of(name, 0.0)] * 2))
        np.testing.assert_allclose(found, rgb, atol=1.01 / 255)
        np.testing.assert_allclose(covered, mask, atol=1.01 / 255)


@pytest.mark.parametrize(
    ("name", "amount", "meant"),
    [
        ("rotation", -1, augment.theta(rotation_deg=-12)),
        ("translation", 1, augment.theta(translate_x=0.1)),
        ("zoom", 1, augment.theta(zoom=1.35)),
        ("zoom", -1, augment.theta(zoom=1 / 1.35)),
        ("stretch", -1, augment.theta(stretch_y=1.1)),
        ("hue", 0.5, augment.theta(hue_deg=90)),
        ("saturation", -1, augment.theta(saturation=0.25)),
        ("brightness", -1, augment.theta(brightness=0.35)),
        ("brightness", 1, augment.theta(brightness=3)),
    ],
)
def test_the_ends_are_those_of_section_3(name: str, amount: float, meant: Tensor) -> None:
    np.testing.assert_allclose(theta_of(name, amount), meant[0].numpy(), atol=1e-6)


def test_a_zoomed_out_truth_is_the_picture_made_smaller(subject: Subject) -> None:
    rgb, mask = subject.truth([0])
    found, _ = transformed(rgb, mask, theta_of("zoom", -1)[None])
    side = rgb.shape[1]
    matrix = cv2.getRotationMatrix2D((side / 2 - 0.5, side / 2 - 0.5), 0, 1 / 1.35)
    np.testing.assert_allclose(found[0], cv2.warpAffine(rgb[0], matrix, (side, side)), atol=0.03)


def test_a_generator_that_never_saw_transformations_is_refused(subject: Subject, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"without transformations; train it with train\.augment 1"):
        transformations(subject, QUICK, Answer("transformations", tmp_path), here(subject))


def test_an_even_number_of_amounts_has_no_middle(subject: Subject, tmp_path: Path) -> None:
    config = QUICK.model_copy(update={"amounts": 4})
    with pytest.raises(UserError, match="must be odd"):
        transformations(able(subject), config, Answer("transformations", tmp_path), here(subject))


def test_transforming_what_was_drawn_costs_nothing_and_zooming_out_is_seen_apart(
    subject: Subject, tmp_path: Path
) -> None:
    answer = Answer("transformations", tmp_path)
    perfect = able(subject, Transforming)
    transformations(perfect, QUICK, answer, here(perfect))
    for name in NAMES:
        assert answer.metrics[f"eval/transformations/{name}/ratio"] == pytest.approx(1, abs=1e-4)
    out = "eval/transformations/zoom_out/"
    assert answer.metrics[out + "mse"] == pytest.approx(answer.metrics[out + "ignored_mse"], rel=1e-4)
    claims = {path.stem: pd.read_csv(path) for path in tmp_path.glob("claim-*.csv")}
    assert len(claims) == 5
    np.testing.assert_allclose(claims["claim-nearly-as-good"]["value"], 1, atol=1e-4)
    np.testing.assert_allclose(claims["claim-colour-easy"]["value"], 0, atol=1e-4)
    np.testing.assert_allclose(claims["claim-zoom-out"]["value"], 1, rtol=1e-4)
    of_class = claims["claim-zoom-out"]["sample"].str.split("/").str[0]
    assert of_class.tolist() == ["chair", "chair", "table", "table"]
    assert {figure["file"] for figure in answer.figures} == {"transformations-chair.png", "transformations-table.png"}


class Stubborn(TrainedGenerator):
    """Draws every picture plain, whatever it is asked."""

    def generate(
        self, style: Style, azimuth: Angle, elevation: Angle, theta: Tensor | np.ndarray | None = None
    ) -> tuple[Tensor, Tensor]:
        return super().generate(style, azimuth, elevation)


def test_a_generator_that_ignores_colours_is_found_out(subject: Subject, tmp_path: Path) -> None:
    stubborn = able(subject, Stubborn)
    transformations(stubborn, QUICK, Answer("transformations", tmp_path), here(stubborn))
    np.testing.assert_allclose(pd.read_csv(tmp_path / "claim-colour-appears.csv")["value"], 0, atol=1e-4)


def test_kinds_tell_plain_and_zoomed_out_apart() -> None:
    errors = pd.DataFrame({"transformation": ["zoom", "zoom", "zoom", "hue"], "amount": [-0.5, 0.0, 0.5, -0.5]})
    assert kinds(errors).tolist() == ["zoom_out", "plain", "zoom", "hue"]
