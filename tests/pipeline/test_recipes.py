"""Every recipe that ships loads, and the floors' own commands read the same files."""

from __future__ import annotations

import pytest

from evaluate.config import EvaluateJob
from infra.settings import RECIPES, JobSettings, parse, recipe_names
from pipeline.config import Recipe
from render.config import RenderJob
from train.config import TrainJob


@pytest.mark.parametrize("name", recipe_names())
@pytest.mark.parametrize("command", [Recipe, RenderJob, TrainJob, EvaluateJob])
def test_every_recipe_loads_in_every_command(name: str, command: type[JobSettings]) -> None:
    settings = parse(command, ["--recipe", name], "test")
    assert settings.name == name


def test_the_recipes_that_the_readme_names_are_there() -> None:
    assert {"demo", "smoke", "models"} <= set(recipe_names())
    assert all(path.read_text().startswith("# ") for path in RECIPES.glob("*.yaml"))


def test_the_default_grid_is_the_papers() -> None:
    render = Recipe().render
    assert (len(render.azimuths_deg), len(render.elevations)) == (36, 5)
    assert render.azimuths_deg == [10.0 * index for index in range(36)]
    assert render.elevations == [0, 10, 20, 30, 40]


def test_training_on_classes_that_are_not_rendered_is_refused() -> None:
    with pytest.raises(ValueError, match=r"train\.select\.classes wants 'table', render\.source\.classes has"):
        Recipe.model_validate(
            {"render": {"source": {"classes": ["chair"]}}, "train": {"select": {"classes": ["table"]}}}
        )
