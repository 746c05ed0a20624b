"""Verdicts on claims: intervals against SciPy's bootstrap and against chance, margins and sides, several seeds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evaluate.claims import interval, judged, verdict
from evaluate.config import ClaimConfig
from infra.errors import UserError

CLAIM = {"section": "4.2", "says": "deep is better", "effect": "difference in MSE"}


def claim(direction: str = "above", margin: float = 0.0) -> ClaimConfig:
    return ClaimConfig.model_validate({**CLAIM, "direction": direction, "margin": margin})


def table(values: list[float] | np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"sample": [f"m{i}" for i in range(len(values))], "value": values})


def test_the_interval_is_the_percentile_bootstraps() -> None:
    values = np.random.default_rng(1).gamma(2.0, size=40)
    mean, low, high = interval([values], np.random.default_rng(2))
    expected = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=3)
    assert mean == pytest.approx(values.mean())
    assert low == pytest.approx(expected.confidence_interval.low, abs=0.03)
    assert high == pytest.approx(expected.confidence_interval.high, abs=0.03)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(4)
    inside = 0
    for _ in range(150):
        _, low, high = interval([random.normal(1.0, 1.0, size=30)], random)
        inside += low < 1.0 < high
    assert 0.87 < inside / 150 < 0.995


def test_seeds_that_disagree_widen_the_interval() -> None:
    random = np.random.default_rng(5)
    alike = [random.normal(1.0, 0.1, size=30) for _ in range(3)]
    apart = [values + shift for values, shift in zip(alike, (-0.8, 0.0, 0.8), strict=True)]
    _, low, high = interval(alike, random)
    _, wide_low, wide_high = interval(apart, random)
    assert wide_high - wide_low > 5 * (high - low)


@pytest.mark.parametrize(
    ("low", "high", "direction", "expected"),
    [
        (0.1, 0.3, "above", "holds"),
        (-0.3, -0.1, "above", "fails"),
        (-0.1, 0.3, "above", "open"),
        (0.1, 0.3, "below", "fails"),
        (-0.3, -0.1, "below", "holds"),
        (float("nan"), float("nan"), "above", "open"),
    ],
)
def test_a_claim_holds_when_the_whole_interval_clears_the_margin(
    low: float, high: float, direction: str, expected: str
) -> None:
    assert verdict(low, high, claim(direction)) == expected


def test_the_margin_is_what_must_be_cleared() -> None:
    tables = {"deep-best": [table(np.linspace(0.2, 0.3, 20))]}
    for margin, expected in ((0.1, "holds"), (0.25, "open"), (0.4, "fails")):
        (found,) = judged("architectures", {"architectures/deep-best": claim(margin=margin)}, tables, seed=0)
        assert found.claim_holds == expected
        assert (found.samples, found.seeds, found.margin) == (20, 1, margin)
        assert found.value == pytest.approx(0.25)


def test_one_sample_shows_nothing_and_a_missing_value_is_no_sample() -> None:
    (found,) = judged("morph", {"morph/even": claim()}, {"even": [table([3.0, np.nan])]}, seed=0)
    assert (found.samples, found.claim_holds) == (1, "open")


def test_claims_of_other_questions_are_passed_over_and_unmeasured_ones_named() -> None:
    configs = {"morph/even": claim(), "sampling/new": claim()}
    assert [found.name for found in judged("morph", configs, {"even": [table([1.0, 2.0])]}, 0)] == ["even"]
    with pytest.raises(UserError, match=r"'sampling' measures no 'new'; it has old"):
        judged("sampling", configs, {"old": [table([1.0])]}, 0)
