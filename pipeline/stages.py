"""The stages of the main job, each over the workspace alone: models -> dataset -> generators -> answers -> report.

The one idea: a stage is done when its last file is there and names the same inputs; so every stage may be called
again at any time, by a run that goes on after a kill as by one that changed a setting, and does only what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evaluate.job import evaluate_generators, finished_evaluation
from evaluate.plan import Planned, all_of, plan
from evaluate.stages import check_needs
from evaluate.trainings import train_missing, unfinished
from infra.progress import console
from infra.storage import Storage
from infra.tracking import Run
from pipeline.config import Recipe
from pipeline.report import write_report
from render.catalog import Catalog
from render.dataset import Manifest, open_dataset
from render.job import finished_dataset, log_dataset, render_dataset


@dataclass(frozen=True)
class Job:
    """What the stages share."""

    recipe: Recipe
    workspace: Storage
    catalog: Catalog
    run: Run
    connect: Callable[[], None]
    """Connects to Ray; called by the first stage that has something to do."""


def render(job: Job) -> Manifest:
    """Stage 1: the dataset."""
    config, storage = job.recipe.render, job.workspace / "dataset"
    manifest = finished_dataset(config, catalog=job.catalog, storage=storage)
    if manifest is not None:
        _say("render", "there already")
    else:
        grid = f"{len(config.azimuths_deg)} azimuths x {len(config.elevations)} elevations"
        _say("render", f"{len(job.catalog.models)} models, {grid}, {config.size} x {config.size} pixels")
        job.connect()
        with job.run.child("render").recording() as child:
            manifest = render_dataset(config, catalog=job.catalog, storage=storage, run=child)
    log_dataset(job.run, manifest, storage)
    return manifest


def train(job: Job) -> None:
    """Stage 2: the generators that the questions need, the recipe's own where there is no question."""
    recipe = job.recipe
    needed = all_of(plan(recipe)) or [Planned(recipe.train, recipe.seed)]
    missing = unfinished(needed, job.workspace)
    if not missing:
        _say("train", "there already")
        return
    check_needs(recipe, open_dataset(job.workspace / "dataset").views)
    job.connect()
    train_missing(missing, workspace=job.workspace, recipe=_settings(job), run=job.run, beside=recipe.evaluate.beside)


def evaluate(job: Job) -> dict[str, float]:
    """Stage 3: the answers; returns every metric by its key."""
    found = finished_evaluation(job.recipe, job.workspace)
    if found is not None:
        _say("evaluate", "there already")
        job.run.metrics(found["metrics"])
    else:
        _say("evaluate", ", ".join(job.recipe.evaluate.questions))
        job.connect()
        found = evaluate_generators(job.recipe, job.workspace, job.run)
    metrics: dict[str, float] = found["metrics"]
    return metrics


def report(job: Job) -> str:
    """Stage 4: report.html; returns its URL."""
    _say("report", "report.html")
    title = f"Turnery: {job.recipe.name}"
    url = write_report(job.workspace, title=title, settings=_settings(job), run=job.run.address)
    job.run.artifact(job.workspace.fetch("report.html"))
    return url


def _settings(job: Job) -> dict[str, Any]:
    return job.recipe.model_dump(mode="json", exclude={"cluster", "tracking", "workspace"})


def _say(stage: str, what: str) -> None:
    console.print(f"[bold]{stage}[/bold]  {what}")
