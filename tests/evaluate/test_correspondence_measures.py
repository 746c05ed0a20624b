"""Figures of merit of correspondences against their definitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluate.correspondence.measures import claim_tables, pair_errors, pooled, summarised, table3

OF_PAIRS = pd.DataFrame(
    {
        "pair": [0, 0, 1, 1, 2, 2],
        "class_name": ["chair"] * 4 + ["car"] * 2,
        "difficulty": ["simple"] * 2 + ["difficult"] * 4,
        "method": ["morph", "siftflow"] * 3,
        "keypoints": [10, 10, 5, 5, 5, 5],
        "aepe_px": [3.0, 2.0, 4.0, 6.0, 2.0, 8.0],
        "aepe_symmetric_px": [3.0, 2.0, 4.0, 6.0, 2.0, 8.0],
        "pck_05": [0.5] * 6,
        "pck_10": [1.0, 0.5] * 3,
        "pck_15": [1.0] * 6,
        "dense_aepe_px": [2.0, 1.0, np.nan, np.nan, 5.0, 7.0],
        "dense_points": [100, 100, 0, 0, 300, 300],
        "seconds": [1.0, 4.0, 3.0, 4.0, 2.0, 4.0],
    }
)


def test_a_keypoint_is_met_within_a_share_of_the_object() -> None:
    found = pair_errors(np.array([4.0, 9.0, 14.0, 20.0]), np.array([4.0, 9.0, 4.0, 20.0]), object_px=100)
    assert found["aepe_px"] == pytest.approx(11.75)
    assert found["aepe_symmetric_px"] == pytest.approx(9.25)
    assert [found[f"pck_{share}"] for share in ("05", "10", "15")] == [0.25, 0.5, 0.75]


def test_means_are_over_points_and_intervals_over_pairs() -> None:
    random = np.random.default_rng(0)
    values, weights = random.normal(5, 2, 60), random.integers(1, 20, 60)
    mean, low, high = pooled(values, weights, np.random.default_rng(1))
    assert mean == pytest.approx(np.repeat(values, weights).mean())
    # The spread of a weighted mean of independent pairs, to first order.
    share = weights / weights.sum()
    deviation = np.sqrt((share**2 * (values - mean) ** 2).sum())
    assert (high - low) / 2 == pytest.approx(1.96 * deviation, rel=0.1)
    # Points of one pair go wrong together: as if all were independent, the interval would be far too narrow.
    independent = np.repeat(values, weights).std() / np.sqrt(weights.sum())
    assert (high - low) / 2 > 2 * 1.96 * independent
    assert pooled(np.array([2.0]), np.array([3]), random) == (2.0, -np.inf, np.inf)
    assert np.isnan(pooled(np.array([np.nan]), np.array([0]), random)).all()


def test_table_3_has_a_row_a_method_with_errors_over_all_keypoints() -> None:
    table = table3(summarised(OF_PAIRS, np.random.default_rng(0))).set_index("method")
    assert list(table.columns) == ["aepe_all", "aepe_simple", "aepe_difficult", "pck_10", "seconds"]
    assert table.loc["morph"].tolist() == pytest.approx([(30 + 20 + 10) / 20, 3.0, 3.0, 1.0, 2.0])
    assert table.loc["siftflow"].tolist() == pytest.approx([(20 + 30 + 40) / 20, 2.0, 7.0, 0.5, 4.0])


def test_dense_errors_are_over_all_points_whose_truth_is_known() -> None:
    summary = summarised(OF_PAIRS, np.random.default_rng(0)).set_index(["method", "group", "measure"])
    assert summary.loc[("morph", "all", "dense_aepe_px"), "value"] == pytest.approx((200 + 1500) / 400)
    assert summary.loc[("morph", "chair", "dense_aepe_px"), "value"] == pytest.approx(2.0)


def test_claims_are_differences_pair_by_pair() -> None:
    tables = claim_tables(OF_PAIRS, ["siftflow"], "morph")
    assert tables["beats-siftflow"]["value"].tolist() == [-1.0, 2.0, 6.0]
    assert tables["beats-siftflow-simple"]["value"].tolist() == [-1.0]
    assert tables["beats-siftflow-difficult"]["value"].tolist() == [2.0, 6.0]
    # SIFT Flow grows from 2 to 6 and 8, ours from 3 to 4 and 2.
    assert tables["difficult-hurts-less-than-siftflow"]["value"].tolist() == [4.0 - 1.0, 6.0 - -1.0]
