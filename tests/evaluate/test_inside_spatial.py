"""Part of FC5: exactly the central cells stay, and what neighbours add is measured where it happens."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from evaluate.inside import probe
from evaluate.inside.config import SpatialConfig
from evaluate.inside.spatial import KEPT, SpatialPart, gradient_products, masked, measured, spatial_mask
from evaluate.question import Answer, Subject, here
from infra import rng
from tests.evaluate.planted import Planted
from train.architectures import ArchitectureName

ARCHITECTURES: tuple[ArchitectureName, ...] = ("1s-S-deep", "2s-E")
CONFIG = SpatialConfig(models=2, shown=2)


def textured(architecture: ArchitectureName, neighbours: bool) -> Subject:
    """A box whose cells differ; with `neighbours` each cell also draws over those beside it."""
    plan = Planted(architecture)
    levels = torch.tensor(rng.generator(0, "cells").uniform(0.1, 0.5, size=(8, 8)), dtype=torch.float32)
    plan.fc5_bias(0, levels)
    plan.fc5_bias(1, torch.ones(8, 8))
    if neighbours:
        taps = torch.tensor([0.25, 0.75, 0.75, 0.25])
        plan.weight("upconv1")[0, 0] = taps[:, None] * taps[None]
    return plan.subject()


def test_exactly_the_central_cells_stay() -> None:
    maps = torch.rand(2, 3, 8, 8) + 0.1
    for kept, first, last in ((2, 3, 4), (4, 2, 5), (6, 1, 6), (8, 0, 7)):
        left = masked(maps, kept)
        inside = torch.zeros(8, 8, dtype=torch.bool)
        inside[first : last + 1, first : last + 1] = True
        assert torch.equal(left[..., inside], maps[..., inside])
        assert not left[..., ~inside].any()


def test_a_blurred_edge_is_there_in_part_and_a_new_one_does_not_count() -> None:
    step = np.zeros((1, 32, 32, 3))
    step[:, :, 16:] = 1
    blurred = cv2.GaussianBlur(step[0], (0, 0), 2)[None]
    other = step.copy()
    other[:, 8:] = 1 - other[:, 8:]
    whole = gradient_products(step, step).sum()
    assert gradient_products(step, 0.5 * step).sum() == pytest.approx(whole / 2)
    assert 0 < gradient_products(blurred, step).sum() < whole / 2
    across = np.swapaxes(step, 1, 2)
    assert gradient_products(across, step)[:, :14].sum() == pytest.approx(0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_only_the_kept_cells_are_drawn_in_every_stream(architecture: ArchitectureName) -> None:
    subject = textured(architecture, neighbours=False)
    inputs = probe.plain_inputs(subject, np.array([0]), 0, 20)
    maps = probe.run(subject, probe.layers_like(subject, "fc5"), inputs)
    assert len(maps) == (2 if architecture == "2s-E" else 1)
    rgb, mask = probe.pictures(subject, {name: masked(values, 4) for name, values in maps.items()})
    whole, _ = probe.pictures(subject, inputs)
    inside = np.zeros((64, 64), bool)
    inside[16:48, 16:48] = True
    np.testing.assert_allclose(rgb[0, inside], whole[0, inside], atol=1e-6)
    assert mask[0, inside].min() > 0.99
    assert rgb[0, ~inside].max() == 0
    assert mask[0, ~inside].max() < 0.01


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_neighbours_count_only_where_they_draw_together(architecture: ArchitectureName) -> None:
    part = SpatialPart(np.array([0]), CONFIG)
    alone = measured(textured(architecture, neighbours=False), part).set_index("kept")
    together = measured(textured(architecture, neighbours=True), part).set_index("kept")
    np.testing.assert_allclose(alone["error_middle"], 0, atol=1e-9)
    assert together.loc[2, "error_middle"] > 0.01
    np.testing.assert_allclose(together.loc[[4, 6, 8], "error_middle"], 0, atol=1e-9)  # taps reach one cell
    np.testing.assert_allclose(together.loc[[6, 8], "edges_middle"], 1, atol=1e-6)
    assert together.loc[4, "edges_ring"] < 0.6
    assert alone["gradients_region"].iloc[-1] == pytest.approx(1)


def test_the_question_answers_with_a_claim_for_every_model(tmp_path: Path) -> None:
    subject = textured("1s-S-deep", neighbours=True)
    answer = Answer("spatial-mask", tmp_path)
    spatial_mask(subject, CONFIG, answer, here(subject))
    right = pd.read_csv(tmp_path / "claim-neighbours-make-the-middle-right.csv")
    assert list(right.columns) == ["sample", "value"]
    assert len(right) == 2
    assert right["value"].min() > 0.01
    assert {f"eval/spatial-mask/{kept}/error_middle" for kept in KEPT} <= answer.metrics.keys()
    assert (tmp_path / "spatial-mask.png").exists() and (tmp_path / "spatial-mask.csv").exists()
