"""What a run says at its end in the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluate.claims import Claim, write_claims
from evaluate.config import ClaimConfig, EvaluateConfig
from evaluate.verdicts import number
from infra.progress import console
from infra.storage import Storage, open_storage
from pipeline.conclusion import conclude
from pipeline.config import Recipe

CLAIM = Claim("morph", "smooth", "5.4", "[all] smooth", "steps", "below", 0.5, 0.25, 0.125, 0.375, 72, 3, "holds")


def said(workspace: Storage, claims: dict[str, ClaimConfig], metrics: dict[str, float]) -> list[str]:
    recipe = Recipe(name="tiny", evaluate=EvaluateConfig(claims=claims))
    with console.capture() as captured:
        conclude(recipe, workspace, "http://mlflow:5000", metrics)
    return [" ".join(line.split()) for line in captured.get().splitlines()]


def test_a_recipe_with_claims_ends_with_their_table(tmp_path: Path) -> None:
    workspace = open_storage(tmp_path)
    write_claims(workspace / "evaluation", [CLAIM])
    config = ClaimConfig(section="5.4", says=CLAIM.says, effect=CLAIM.effect)
    lines = said(workspace, {"morph/smooth": config}, {})
    assert lines[0] == "Claims: 1 holds, 0 fail, 0 open"
    assert any(line.startswith("holds [all] smooth (5.4) 0.25 [0.125, 0.375] < 0.5") for line in lines)
    assert not any("Reconstruction" in line for line in lines)


def test_a_recipe_without_claims_ends_with_reconstruction_alone(tmp_path: Path) -> None:
    workspace = open_storage(tmp_path)
    write_claims(workspace / "evaluation", [CLAIM])
    lines = said(workspace, {}, {"eval/reconstruction/train/psnr_db": 25.4})
    assert lines[0] == "Reconstruction"
    assert not any("Claims" in line for line in lines)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.06953, "−0.0695"),
        (2.9e-3, "0.0029"),
        (-12345.6, "−12,346"),
        (999.9, "1,000"),
        (float("-inf"), "−∞"),
        (float("nan"), "–"),
    ],
)
def test_numbers_have_three_digits_and_a_true_minus(value: float, text: str) -> None:
    assert number(value) == text
