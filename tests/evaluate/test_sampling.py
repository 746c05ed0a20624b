"""Random styles: the distributions they are drawn from, and numbers that are known for known pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
import torch

from evaluate.imagination.config import SamplingConfig
from evaluate.imagination.sampling import (
    Method,
    MethodPart,
    mixtures,
    sampled,
    sampling,
    sampling_needs,
    training_pictures,
)
from evaluate.question import Answer, Subject, here
from infra import rng
from infra.errors import UserError
from infra.storage import open_storage
from tests.evaluate.furniture import subject_of, write_dataset, write_training
from train.checkpoint import TrainedGenerator
from train.generator import Generator

QUICK = SamplingConfig(samples=12, shown=3)


@pytest.fixture(scope="module")
def chairs(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A generator of five chairs, seen from two sides."""
    folder = tmp_path_factory.mktemp("chairs")
    workspace, scratch = open_storage(folder / "workspace"), folder / "scratch"
    scratch.mkdir()
    write_dataset(workspace / "dataset", {"chair": 5}, [0.0, 30.0, 90.0], [20], scratch)
    write_training(workspace, scratch)
    return subject_of(workspace)


def drawn(how: Literal["softmax", "mixed", "redrawn"], amount: float, styles: int = 40) -> np.ndarray:
    return mixtures(Method("m", "m", how, amount), 500, styles, rng.generator(0, "mixtures"))


def test_every_mixture_sums_to_one() -> None:
    for weights in (drawn("softmax", 2), drawn("mixed", 3), drawn("redrawn", 1)):
        np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
        assert (weights >= 0).all()


def test_the_logarithm_of_a_softmax_of_noise_is_that_noise() -> None:
    logs = np.log(drawn("softmax", 2))
    assert (logs - logs.mean(axis=1, keepdims=True)).std() == pytest.approx(2, rel=0.03)


def test_so_many_styles_are_mixed_with_uniform_coefficients() -> None:
    weights = drawn("mixed", 3)
    assert ((weights > 0).sum(axis=1) == 3).all()
    assert set(np.flatnonzero(weights.sum(axis=0))) == set(range(40))
    two = drawn("mixed", 2)
    ratio = np.sort(np.sort(two, axis=1)[:, -2] / np.sort(two, axis=1)[:, -1])
    np.testing.assert_allclose(ratio, (np.arange(500) + 0.5) / 500, atol=0.08)  # lesser over greater of two U[0, 1]


def test_redrawn_styles_are_each_alone(chairs: Subject) -> None:
    part = MethodPart(Method("redrawn", "", "redrawn"), (0, 1, 2, 3, 4), 5, 30, 20)
    rgb, mask = chairs.draw(range(5), 30, 20)
    np.testing.assert_allclose(sampled(chairs, part).pictures, rgb + 1 - mask[..., None], atol=1e-4)


def test_noise_in_fc2_is_measured_in_trained_activations(chairs: Subject) -> None:
    values = chairs.generator.activations("fc2_style", list(range(5)))
    noise = rng.generator(chairs.seed, "evaluate/sampling/noise_low").standard_normal((4, values.shape[1]), np.float32)
    noise *= 0.5 * np.sqrt(np.square(values.numpy()).mean())
    rgb, mask = chairs.generator.generate_from("fc2_style", torch.from_numpy(noise), azimuth=30.0, elevation=20.0)
    expected = (rgb + 1 - mask).permute(0, 2, 3, 1).numpy()
    found = sampled(chairs, MethodPart(Method("noise_low", "", "noise", 0.5), (0, 1, 2, 3, 4), 4, 30, 20))
    np.testing.assert_allclose(found.pictures, expected, atol=1e-4)


def test_the_question_answers_and_redrawn_styles_are_known(chairs: Subject, tmp_path: Path) -> None:
    answer = Answer("sampling", tmp_path)
    sampling(chairs, QUICK, answer, here(chairs))
    for space in ("pixel", "hog"):
        where = f"eval/sampling/redrawn/{space}/of_redrawn/"
        assert answer.metrics[where + "diversity"] == pytest.approx(1)
        assert answer.metrics[where + "novelty"] == pytest.approx(0, abs=1e-5)
        assert answer.metrics[where + "coverage"] == 1
        assert answer.metrics[where + "nn_accuracy"] == 0
    assert {path.stem for path in tmp_path.glob("claim-*.csv")} == {
        "claim-low-sigma-alike", "claim-high-sigma-copies", "claim-mixing-diverse", "claim-mixing-new",
        "claim-noise-sharp", "claim-noise-not-diverse",
    }  # fmt: skip
    copies = pd.read_csv(tmp_path / "claim-high-sigma-copies.csv")
    assert list(copies["sample"]) == [f"softmax_high/{number}" for number in range(12)]
    assert answer.figures[0]["file"] == "sampling-chair.png"


def test_a_style_nearly_alone_is_a_copy_and_an_average_is_not(chairs: Subject, tmp_path: Path) -> None:
    answer = Answer("sampling", tmp_path)
    sampling(chairs, QUICK.model_copy(update={"softmax_sigma": (0.01, 1000.0)}), answer, here(chairs))
    assert answer.metrics["eval/sampling/softmax_low/pixel/of_redrawn/diversity"] < 0.05
    assert answer.metrics["eval/sampling/softmax_high/pixel/of_redrawn/novelty"] < 0.01
    assert answer.metrics["eval/sampling/softmax_low/pixel/of_redrawn/novelty"] > 0.2


def test_training_pictures_are_of_the_class_and_view_and_of_the_training(chairs: Subject) -> None:
    styles, pictures = training_pictures(chairs, "chair", 30, 20)
    assert styles == (0, 1, 2, 3, 4)
    rows = chairs.views.index[chairs.views["azimuth_deg"] == 30]
    truth = chairs.rgba[rows].astype(float) / 255
    np.testing.assert_allclose(pictures, truth[..., :3], atol=1 / 255)
    unseen = chairs.views.loc[chairs.views["split"] == "unseen", "azimuth_deg"].unique()
    assert training_pictures(chairs, "chair", float(unseen[0]), 20)[0] == ()


def test_what_cannot_be_sampled_is_refused(chairs: Subject, subject: Subject, tmp_path: Path) -> None:
    answer = Answer("sampling", tmp_path)
    with pytest.raises(UserError, match="4 models of class 'chair'; 'generator' has 3"):
        sampling(subject, QUICK, answer, here(subject))
    with pytest.raises(UserError, match="knows no class 'boat'; it knows chair"):
        sampling(chairs, QUICK.model_copy(update={"class_name": "boat"}), answer, here(chairs))
    with pytest.raises(UserError, match="must be variational and know the same models"):
        sampling(chairs, QUICK, answer, here(chairs), {"lighter": chairs})


def test_a_dataset_with_too_few_models_is_refused_before_training(chairs: Subject, subject: Subject) -> None:
    sampling_needs(QUICK, chairs.views)
    with pytest.raises(UserError, match="needs 4 models of class 'chair'; the dataset has 3"):
        sampling_needs(QUICK, subject.views)
    with pytest.raises(UserError, match="of class 'boat'; the dataset has 0"):
        sampling_needs(QUICK.model_copy(update={"class_name": "boat"}), chairs.views)


def test_variational_generators_get_rows_of_their_own(chairs: Subject, tmp_path: Path) -> None:
    spec = chairs.generator.spec.model_copy(update={"variational": True})
    others = {
        name: replace(
            chairs, generator=TrainedGenerator(spec.model_copy(update={"name": name}), Generator(spec.network))
        )
        for name in ("heavy", "light")
    }
    for weight in others["light"].generator.network.parameters():
        weight.zero_()  # whatever z is, one picture
    answer = Answer("sampling", tmp_path)
    sampling(chairs, QUICK, answer, here(chairs), others)
    heavy, light = (answer.metrics[f"eval/sampling/prior_{x}/pixel/diversity"] for x in "ef")
    assert heavy > 0.01
    assert light == pytest.approx(0, abs=1e-6)
    higher = pd.read_csv(tmp_path / "claim-higher-weight-diverse.csv")
    assert (higher["value"] > 0).all()
    assert higher["sample"].str.startswith("prior_e/").all()
