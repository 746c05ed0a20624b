"""Near-empty filters: a planted grid is measured, and it shows when what cancels it is set to zero."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from evaluate.inside.config import FiltersConfig, FrequencyConfig
from evaluate.inside.filters import filters, output_filters, relative_norms
from evaluate.inside.frequency import grid_energy, high_frequency
from evaluate.question import Answer, Subject, here
from tests.evaluate.planted import COLOUR, Planted
from train.architectures import ArchitectureName

ARCHITECTURES: tuple[ArchitectureName, ...] = ("1s-S-deep", "2s-E")
CANCELLER = 2
GRID = 0.2
CONFIG = FrequencyConfig(models=2, shown=2)


def cancelling(architecture: ArchitectureName) -> Subject:
    """The box's filter leaves a chequered grid, which a map equal to its own takes away by a faint filter."""
    plan = Planted(architecture)
    before = [layer for layer in plan.network.layers if layer in ("upconv2", "conv2")][-1]
    if before == "conv2":
        plan.weight(before)[CANCELLER, 0, 1, 1] = 1
    else:
        plan.weight(before)[0, CANCELLER, 1:3, 1:3] = 1
    chequer = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
    for i, share in enumerate(COLOUR):
        plan.weight("upconv3")[0, i, 1:3, 1:3] = share * (1 + GRID * chequer)
        plan.weight("upconv3")[CANCELLER, i, 1:3, 1:3] = -share * GRID * chequer
    return plan.subject()


def test_the_energy_of_a_grid_is_its_mean_square_and_nothing_else_counts() -> None:
    y, x = np.mgrid[:64, :64]
    chequered = 0.3 * (-1.0) ** (x + y)
    stripes = np.stack([0.3 * (-1.0) ** x, 0.3 * (-1.0) ** y])
    slow = 0.5 + 0.4 * np.sin(2 * np.pi * x / 8)
    np.testing.assert_allclose(grid_energy(np.concatenate([chequered[None], stripes])), 0.09)
    np.testing.assert_allclose(grid_energy(slow[None]), 0, atol=1e-12)
    np.testing.assert_allclose(grid_energy((slow + chequered)[None]), 0.09)
    np.testing.assert_allclose(grid_energy(np.repeat(chequered[None, ..., None], 3, axis=3)), 0.27)
    four = np.sqrt(2) * 0.3 * np.cos(np.pi / 2 * x)
    np.testing.assert_allclose(grid_energy(four[None]), 0, atol=1e-12)
    np.testing.assert_allclose(grid_energy(four[None], period_px=4), 0.09)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_cancelled_grid_shows_when_its_faint_filter_is_left_out(
    architecture: ArchitectureName, tmp_path: Path
) -> None:
    subject = cancelling(architecture)
    answer = Answer("high-frequency", tmp_path)
    high_frequency(subject, CONFIG, answer, here(subject))
    maps = pd.read_csv(tmp_path / "feature-maps.csv").set_index("map")
    assert maps.index[maps["near_empty"]].tolist() == [CANCELLER]
    found = pd.read_csv(tmp_path / "models.csv")
    planted = np.square(GRID * 0.3 * np.array(COLOUR)).sum() / 4  # a quarter of the picture is box
    added = found["grid_energy_without"] - found["grid_energy"]
    np.testing.assert_allclose(added, planted, rtol=0.1)
    assert found["grid_share"].min() > 0.8
    assert found["grid_share_control"].max() < 0.2
    for claim in ("near-empty-filters-cancel-the-grid", "near-empty-filters-draw-nothing-else"):
        table = pd.read_csv(tmp_path / f"claim-{claim}.csv")
        assert len(table) == 2
        assert table["value"].min() > 1
    assert (tmp_path / "high-frequency.png").exists()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_output_filters_are_the_last_upconvolution_s_of_every_stream(architecture: ArchitectureName) -> None:
    plan = Planted(architecture)
    found = output_filters(plan.network)
    assert found[0].rgb is not None
    np.testing.assert_allclose(found[0].rgb[0, 1:3, 1:3], np.broadcast_to(COLOUR, (2, 2, 3)))
    mask = found[-1].mask
    assert mask is not None
    assert mask[1, 1, 1] == (20 if architecture == "1s-S-deep" else 1)
    assert [last.source for last in found] == (
        ["conv2"] if architecture == "1s-S-deep" else ["upconv2", "upconv2_mask"]
    )
    if architecture == "1s-S-deep":  # empty in RGB, but it draws the mask
        assert relative_norms(found[0])[1] == 1


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_filters_are_sorted_by_their_energy(architecture: ArchitectureName, tmp_path: Path) -> None:
    subject = cancelling(architecture)
    answer = Answer("filters", tmp_path)
    filters(subject, FiltersConfig(columns=4), answer, here(subject))
    table = pd.read_csv(tmp_path / "filters.csv")
    rgb = table[table["stream"] == "rgb"]
    assert rgb["map"].tolist()[:2] == [0, CANCELLER]
    # Of 16 taps four are set: the mean's energy is a quarter of a plain block's, and none of a chequered one's.
    assert rgb["even_share"].iloc[0] == pytest.approx(0.25 / (1 + GRID**2), rel=1e-4)
    assert rgb["even_share"].iloc[1] == pytest.approx(0, abs=1e-6)
    assert (tmp_path / "filters.png").exists()
