"""Sums of styles: exact on a linear network, and asked only where the truth was rendered and not learnt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from evaluate.imagination.arithmetic import (
    LAYERS,
    Sum,
    SumPart,
    arithmetic,
    arithmetic_needs,
    changed_error,
    changed_pixels,
    measured,
    possible_sums,
    summed,
)
from evaluate.imagination.config import ArithmeticConfig
from evaluate.question import Answer, Subject, here
from infra.errors import UserError
from render import sources
from render.config import SourceConfig
from train.checkpoint import GeneratorSpec, TrainedGenerator
from train.generator import Generator

HELD_OUT = ("s2n0003", "s2n0004-arms-straight")
AZIMUTHS = (0.0, 120.0, 240.0)
SUM = Sum("chair", "arms", "straight", "none", "s2n0007", "s2n0007-arms-none", "s2n0003-arms-none", "s2n0003")


class LinearGenerator(Generator):
    """The network without its rectifiers: a linear map of the style for every view."""

    def __init__(self, subject_spec: GeneratorSpec) -> None:
        super().__init__(subject_spec.network)
        for name, layer in self._layers.items():
            self._layers[name] = replace(layer, relu=False)
        random = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for name, weight in self.named_parameters():
                if name.startswith("upconv3"):
                    nn.init.normal_(weight, 0.0, 0.02, generator=random)
                    if weight.dim() == 1:
                        weight.fill_(0.5)  # away from black and white, where pictures are cut


@pytest.fixture(scope="module")
def whole() -> Subject:
    """Real ids of eight drawn chairs and their twins; what a model looks like is what a linear network draws of it."""
    twins: dict[str, list[dict[str, object]]] = {"chair": [{"arms": "none"}, {"arms": "straight"}]}
    source = SourceConfig(classes=["chair"], models_per_class=8, twins=twins)
    ids = [model.id for model in sources.catalog(source, seed=2).models]
    rows = [(model, azimuth) for model in ids for azimuth in AZIMUTHS]
    everything = pd.DataFrame(rows, columns=["model", "azimuth_deg"]).assign(class_name="chair", elevation_deg=20.0)
    everything["split"] = np.where(everything["model"].isin(HELD_OUT), "outside", "train")
    learnt = [model for model in ids if model not in HELD_OUT]
    everything["style"] = [learnt.index(model) if model in learnt else -1 for model in everything["model"]]
    spec = GeneratorSpec(
        name="linear", architecture="1s-S-deep", size=64, width=0.1,
        styles=learnt, style_classes=["chair"] * len(learnt), dataset_digest="",
    )  # fmt: skip
    generator = TrainedGenerator(spec, LinearGenerator(spec))
    subject = Subject(generator, everything, np.zeros(1), 64, 0, 8)
    rgba = np.zeros((len(everything), 64, 64, 4), np.float32)
    for row, (model, azimuth) in enumerate(rows):
        if model == SUM.d:
            rgb, mask = summed(subject, SUM, "input", np.array([azimuth]), 20.0)
        else:
            rgb, mask = subject.draw([max(everything["style"][row], 0)], azimuth, 20.0)
        rgba[row, ..., :3], rgba[row, ..., 3] = rgb[0] + 1 - mask[0, ..., None], mask[0]
    return replace(subject, rgba=255 * rgba)


def test_on_a_linear_network_sums_are_exact_at_every_layer(whole: Subject) -> None:
    result = measured(whole, SumPart(SUM, AZIMUTHS, 20.0))
    errors = result.errors.set_index("method")
    assert errors.at["c", "mse"] > 1e-6
    for layer in LAYERS:
        assert errors.at[layer, "mse"] < 1e-3 * errors.at["c", "mse"]


def test_the_sum_of_a_thing_less_itself_is_what_it_is_added_to(whole: Subject) -> None:
    own, _ = whole.draw([whole.generator.style_index("s2n0005")] * 3, np.array(AZIMUTHS), 20)
    for layer in LAYERS:
        nothing = replace(SUM, a="s2n0000", b="s2n0000", c="s2n0005")
        found, _ = summed(whole, nothing, layer, np.array(AZIMUTHS), 20)
        np.testing.assert_allclose(found, own, atol=1e-4)


def test_sums_are_of_learnt_twins_and_end_at_what_was_never_learnt(whole: Subject) -> None:
    sums = possible_sums(whole, ArithmeticConfig(partners=2))
    assert SUM.c in {each.c for each in sums}
    assert {each.d for each in sums} == set(HELD_OUT)
    learnt = set(whole.generator.spec.styles)
    for each in sums:
        assert {each.a, each.b, each.c} <= learnt
        assert (each.given, each.lacking) == ("straight", "none")
        assert each.a.split("-")[0] == each.b.split("-")[0] != each.c.split("-")[0] == each.d.split("-")[0]
        assert each.b == each.a.split("-")[0] + "-arms-none" or each.a == each.b + "-arms-straight"
    assert sums == possible_sums(whole, ArithmeticConfig(partners=2))


def test_the_question_answers(whole: Subject, tmp_path: Path) -> None:
    answer = Answer("arithmetic", tmp_path)
    arithmetic(whole, ArithmeticConfig(partners=1, azimuths=2), answer, here(whole))
    assert answer.metrics["eval/arithmetic/sums"] == 2
    for name in ("claim-part-appears", "claim-layer-does-not-matter"):
        assert list(pd.read_csv(tmp_path / f"{name}.csv")["sample"]) == [f"chair/{model}" for model in HELD_OUT]
    assert answer.figures[0]["file"] == "arithmetic-chair.png"


def test_without_twins_nothing_is_asked(subject: Subject, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"render with render\.source\.twins.*train\.select\.exclude"):
        arithmetic(subject, ArithmeticConfig(), Answer("arithmetic", tmp_path), here(subject))


def test_changed_pixels_are_where_colour_or_mask_differ() -> None:
    before = np.zeros((1, 4, 4, 3)), np.zeros((1, 4, 4))
    after = np.zeros((1, 4, 4, 3)), np.zeros((1, 4, 4))
    after[0][0, 0, 0, 1] = 0.5
    after[1][0, 3, 3] = 1  # something black: no colour tells it from the background
    changed = changed_pixels(before, after)
    assert np.argwhere(changed[0]).tolist() == [[0, 0], [3, 3]]
    assert changed_error(after, after, changed) == 0
    # Over white: a black pixel against white errs by 1; green 0.5 under no mask is cut at white and errs by nothing.
    assert changed_error(before, after, changed) == pytest.approx(0.5)
    assert np.isnan(changed_error(before, after, np.zeros_like(changed)))


def test_a_dataset_without_twins_is_refused_before_anything_is_trained(whole: Subject, subject: Subject) -> None:
    config = ArithmeticConfig()
    arithmetic_needs(config, whole.dataset)
    with pytest.raises(UserError, match=r"needs twins of at least two models; render with render\.source\.twins"):
        arithmetic_needs(config, subject.views)
    one_family = whole.dataset[whole.dataset["model"].str.startswith("s2n0003")]
    with pytest.raises(UserError, match="needs twins of at least two models"):
        arithmetic_needs(config, one_family)
