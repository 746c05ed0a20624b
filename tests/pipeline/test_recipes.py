"""Every recipe that ships loads, and the floors' own commands read the same files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evaluate.config import EvaluateJob
from evaluate.questions import QUESTIONS
from infra.settings import RECIPES, JobSettings, flatten, parse, recipe_names
from pipeline.config import Recipe
from render.config import RenderJob
from train.architectures import ARCHITECTURES
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


PARAMETRIC_TWINS = [n for n in recipe_names() if n.endswith("-small") and not n.startswith(("furniture", "paper"))]
SMALLER = {
    "name",
    *(f"render.source.{key}" for key in ("kind", "path", "models_per_class")),
    *(f"render.{key}" for key in ("size", "azimuths", "samples", "denoise")),
    *(f"train.{key}" for key in ("size", "width", "steps", "batch", "learning_rate", "report_every", "preview_every")),
}
"""What a small twin may say otherwise than its big one."""


def loaded(name: str) -> Recipe:
    return parse(Recipe, ["--recipe", name], "test")


@pytest.mark.parametrize("twin", [name for name in recipe_names() if name.endswith("-small") and name != "paper-small"])
def test_a_small_twin_is_its_big_one_made_smaller_and_nothing_else(twin: str) -> None:
    big, small = (flatten(loaded(name).model_dump(mode="json")) for name in (twin.removesuffix("-small"), twin))
    assert {key for key in big.keys() | small.keys() if big.get(key) != small.get(key)} <= SMALLER
    for size in ("render.size", "render.azimuths", "train.size", "train.steps", "train.batch"):
        assert small[size] <= big[size]


def test_every_recipe_of_the_paper_has_a_small_twin() -> None:
    names = set(recipe_names())
    big = {"chairs-128", "cars-256", "tables-128", "chairs-tables-128", "shapenet-turntables", "furniture"}
    big |= {f"table1-{architecture.lower()}" for architecture in ARCHITECTURES}
    assert big | {f"{name}-small" for name in big} <= names


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_opens_with_what_it_is_and_mostly_with_its_command(name: str) -> None:
    comment = [line for line in (RECIPES / f"{name}.yaml").read_text().splitlines() if line.startswith("#")]
    assert len(comment[0]) > 20
    assert name in {"demo", "smoke", "models", "furniture", "shapenet", "claims"} or f"--recipe {name}" in "".join(
        comment
    )


def test_the_papers_experiments_are_judged_by_the_same_claims_at_both_sizes() -> None:
    paper, small, seeds = (loaded(name).evaluate for name in ("paper", "paper-small", "paper-small-seeds"))
    assert paper.claims == small.claims == seeds.claims
    assert {claim.split("/")[0] for claim in small.claims} <= set(small.questions)
    assert set(small.questions) - set(paper.questions) == {"arithmetic"}
    assert set(QUESTIONS) - set(small.questions) == {"correspondence", "correspondence-tuning"}  # a recipe of their own
    assert list(small.questions) == [question for question in QUESTIONS if question in small.questions]
    assert seeds.seeds == (0, 1, 2)


def test_the_papers_chairs_are_learnt_as_sections_3_4_and_4_1_say() -> None:
    recipe = loaded("chairs-128")
    assert recipe.render.source.kind == "aubry"
    assert (recipe.render.azimuths, recipe.render.elevations, recipe.render.size) == (31, [20, 30], 128)
    train = recipe.train
    assert (train.architecture, train.size, train.width) == ("1s-S-deep", 128, 1)
    assert (train.steps, train.batch, train.learning_rate, train.schedule) == (500_000, 128, 5e-4, "paper")
    assert (train.augment, train.chroma_weight, train.warmup, train.average) == (1, 1, 0, 0)
    assert (train.mask_weight, train.rgb_over, train.mask_over) == (None, "sum", None)


def test_the_papers_cars_and_tables_are_180_views_at_256_pixels() -> None:
    for name, class_name, models in (("cars-256", "car", 7124), ("tables-128", "table", 1000)):
        render = loaded(name).render
        assert (render.source.classes, render.source.models_per_class) == ([class_name], models)
        assert len(render.azimuths_deg) * len(render.elevations) == 180
        assert render.size == 256
    assert loaded("cars-256").train.size == 256
    assert loaded("tables-128").train.size == 128


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_a_network_of_table_1_differs_from_the_others_in_its_architecture_alone(architecture: str) -> None:
    recipe = loaded(f"table1-{architecture.lower()}")
    assert recipe.train.architecture == recipe.train.name == architecture
    chairs = loaded("chairs-128")
    assert recipe.render == chairs.render
    assert recipe.train.model_copy(update={"architecture": "1s-S-deep", "name": "generator"}) == chairs.train


def test_training_on_classes_that_are_not_rendered_is_refused() -> None:
    with pytest.raises(ValueError, match=r"train\.select\.classes wants 'table', render\.source\.classes has"):
        Recipe.model_validate(
            {"render": {"source": {"classes": ["chair"]}}, "train": {"select": {"classes": ["table"]}}}
        )


@pytest.mark.long
@pytest.mark.parametrize("name", PARAMETRIC_TWINS)
def test_a_small_twin_runs_from_models_to_report(name: str, tmp_path: Path) -> None:
    tiny = "--render.source.models_per_class 2 --render.azimuths 6 --train.steps 30 --train.report_every 10"
    command = [sys.executable, "pipeline/run.py", "--recipe", name, *tiny.split(), "--cluster.cpus", "2"]
    subprocess.run([*command, "--workspace", str(tmp_path)], cwd=RECIPES.parents[1], check=True, timeout=280)
    assert (tmp_path / "report.html").is_file()
