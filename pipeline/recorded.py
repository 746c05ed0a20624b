"""recipe.json: what a run set out to do, kept in its workspace so that whoever looks in later knows what there will be.

The one idea: settings, counts and digests alone. Where a run worked and where it was recorded stay out of it, and so
does every secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from infra.settings import Settings
from infra.storage import Storage
from pipeline.config import Recipe
from render.config import RenderConfig

if TYPE_CHECKING:
    from render.catalog import Catalog

RECIPE = "recipe.json"


@dataclass(frozen=True)
class Expected:
    """The dataset that a recipe's models will make: digest of its inputs, number of models, and views by shard."""

    inputs_digest: str
    models: int
    views: Mapping[str, int]


class Recorded(Settings):
    """What recipe.json says."""

    recipe: Recipe = Field(description="settings, without workspace, cluster and tracking")
    dataset: Expected = Field(description="the dataset that they ask for")
    key: str = Field(description="digest of recipe, models and tracking, as result.json has it")
    run: dict[str, str] = Field(description="address of the MLflow run: uri without its password, experiment, id")


def expected(config: RenderConfig, catalog: Catalog) -> Expected:
    """What follows from the models alone; nothing is rendered."""
    from render.finishing import inputs_digest
    from render.turntables import expected_views

    plans = catalog.shards(config.models_per_shard)
    views = {plan.name: sum(expected_views(model, config) for _, model in plan.models) for plan in plans}
    return Expected(inputs_digest(config, catalog), len(catalog.models), views)


def record(workspace: Storage, recipe: Recipe, dataset: Expected, key: str, run: Mapping[str, str]) -> None:
    """Write recipe.json, unless it says all this already."""
    value = {"recipe": recipe.experiment(), "dataset": asdict(dataset), "key": key, "run": dict(run)}
    try:
        if workspace.read_json(RECIPE) == value:
            return
    except (FileNotFoundError, ValueError):
        pass
    workspace.write_json(RECIPE, value)


def recorded(workspace: Storage) -> Recorded | None:
    """What the last run set out to do; None where nothing says so, or not in words of this version."""
    try:
        return Recorded.model_validate_json(workspace.read_bytes(RECIPE))
    except (FileNotFoundError, ValidationError):
        return None
