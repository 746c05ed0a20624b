"""Single units: what a planted unit draws, how far it reaches, and which inputs it follows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from evaluate.inside.config import UnitsConfig
from evaluate.inside.units import (
    UnitsPart,
    dense_units,
    effective_number,
    map_units,
    mean_frequency,
    style_distance,
    units,
)
from evaluate.question import Answer, Subject, here
from tests.evaluate.planted import COLOUR, OTHERS, Planted
from train.architectures import ArchitectureName

ARCHITECTURES: tuple[ArchitectureName, ...] = ("1s-S-deep", "2s-E")
BRIGHT, MIXED = 3, 4
CONFIG = UnitsConfig(units=300, shown=3, strength=2, samples=256)


def planted(architecture: ArchitectureName) -> Subject:
    """FC4's units: one that brightens the box, one fed by style and θ alike, and many that lead nowhere."""
    plan = Planted(architecture, styles=4)
    plan.wire("brightness", BRIGHT)
    plan.wire("rotation", MIXED)
    styles = torch.tensor([0.0, 1.0, 0.0, 1.0])
    plan.weight("fc1_style")[MIXED] = 2 * styles
    plan.weight("fc3")[MIXED, MIXED] = 0.5
    body = torch.zeros(8, 8)
    body[2:6, 2:6] = 0.1
    plan.fc5_weight(BRIGHT, 0, body)
    return plan.subject()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_unit_changes_the_picture_by_what_it_is_wired_to(architecture: ArchitectureName) -> None:
    table = dense_units(planted(architecture), UnitsPart("fc4", CONFIG)).table.set_index("unit")
    high = table.loc[BRIGHT, "activation"]
    assert 0.8 * CONFIG.strength < high <= CONFIG.strength  # brightness is drawn up to 1
    expected = 0.1 * high * np.linalg.norm(COLOUR) * 32  # root of the box's 32 x 32 pixels
    assert table.loc[BRIGHT, "change"] == pytest.approx(expected, rel=1e-3)
    assert table.loc[BRIGHT, "change_added"] == pytest.approx(expected, rel=1e-3)
    idle = table.drop(index=BRIGHT)
    assert len(idle) > 20
    assert idle[["change", "change_added"]].abs().max(axis=None) == 0


def test_units_that_never_fire_are_counted_and_left_aside() -> None:
    found = dense_units(planted("1s-S-deep"), UnitsPart("fc4", CONFIG))
    wired = {BRIGHT, MIXED}
    silent = set(range(OTHERS)) - wired
    assert silent.isdisjoint(found.table["unit"])
    assert wired <= set(found.table["unit"])
    assert found.dead == pytest.approx(len(silent) / (len(silent) + len(found.table)))


def test_total_effects_name_the_inputs_that_a_unit_follows() -> None:
    table = dense_units(planted("1s-S-deep"), UnitsPart("fc4", CONFIG)).table.set_index("unit")
    assert table.loc[BRIGHT, "effect_theta"] == pytest.approx(1, abs=0.2)
    np.testing.assert_allclose(table.loc[BRIGHT, ["effect_style", "effect_view"]], 0)
    assert table.loc[BRIGHT, "factors"] == pytest.approx(1)
    others = table[table.index >= OTHERS]
    np.testing.assert_allclose(others["factors"], 1)
    np.testing.assert_allclose(others[["effect_view", "effect_theta"]], 0)
    # A sum of two independent inputs: their effects are their shares of the variance.
    mixed = table.loc[MIXED]
    assert mixed["effect_style"] + mixed["effect_theta"] == pytest.approx(1, abs=0.15)
    assert mixed["effect_view"] == 0
    assert 1.5 < mixed["factors"] <= 2


def test_units_of_the_style_stream_follow_the_style_alone() -> None:
    table = dense_units(planted("2s-E"), UnitsPart("fc2_style", CONFIG)).table
    assert len(table) > 20
    np.testing.assert_allclose(table["factors"], 1)


def test_the_effective_number_counts_equal_shares() -> None:
    shares = np.array([[0.4, 0, 0], [0.5, 0.5, 0], [0.3, 0.3, 0.3], [0, 0, 0]])
    np.testing.assert_allclose(effective_number(shares), [1, 2, 3, np.nan])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("layer", "side_px"), [("fc5", 8), ("upconv1", 4), ("upconv2", 2)])
def test_a_unit_of_the_maps_reaches_as_far_as_its_filters(
    architecture: ArchitectureName, layer: str, side_px: int
) -> None:
    table = map_units(planted(architecture), UnitsPart(layer, CONFIG)).table.set_index("unit")
    assert table.loc[0, "extent"] == pytest.approx(side_px / 64)
    on = table.loc[0, "activation"]
    assert table.loc[0, "change"] == pytest.approx(on * side_px * np.linalg.norm(COLOUR), rel=1e-4)
    if 1 in table.index:  # the mask's channel draws no colour
        assert table.loc[1, "change"] == 0
        assert table.loc[1, "extent"] == 0


def test_the_mean_frequency_of_stripes_is_theirs() -> None:
    stripes = np.cos(2 * np.pi * np.arange(64) / 8)[None, :, None] * np.ones((64, 1, 3))
    assert mean_frequency(stripes) == pytest.approx(1 / 8)
    assert np.isnan(mean_frequency(np.zeros((8, 8, 3))))


def test_changes_are_told_in_distances_between_models(subject: Subject, tmp_path: Path) -> None:
    config = UnitsConfig(units=6, shown=3, samples=64, style_pairs=4)
    answer = Answer("units", tmp_path)
    units(subject, config, answer, here(subject))
    assert answer.metrics["eval/units/style_distance"] == pytest.approx(style_distance(subject, config))
    plain = dense_units(subject, UnitsPart("fc2_style", config)).table
    claim = pd.read_csv(tmp_path / "claim-single-style-units-change-little.csv")
    own = claim[claim["sample"].str.startswith("fc2_style")]
    np.testing.assert_allclose(own["value"], plain["change"] / style_distance(subject, config), rtol=1e-4)
    whole = pd.read_csv(tmp_path / "units.csv")
    assert "effect_theta" not in whole.columns  # this generator never saw any
    assert whole["factors"].max() <= 2 + 1e-9
    for name in ("merged-units-change-more", "merged-units-mix-their-inputs", "map-units-are-local"):
        assert list(pd.read_csv(tmp_path / f"claim-{name}.csv").columns) == ["sample", "value"]
    assert {figure["file"] for figure in answer.figures} == {"units.png", "map-units.png"}
    assert all((tmp_path / figure["file"]).exists() for figure in answer.figures)
