"""The stages of the main job, each over the workspace alone: models -> dataset -> generators -> answers -> report.

The one idea: a stage is done when its last file is there and names the same inputs; so every stage may be called
again at any time, by a run that goes on after a kill as by one that changed a setting, and does only what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evaluate.job import evaluate_generators, finished_evaluation
from evaluate.plan import Planned, all_of, plan
from evaluate.stages import check_needs
from evaluate.trainings import train_missing, unfinished
from infra.journal import SILENT, Journal
from infra.progress import console
from infra.storage import Storage
from infra.tracking import Run
from pipeline.config import Recipe
from pipeline.look import look
from pipeline.recorded import Expected, expected, record
from pipeline.report import write_report
from pipeline.survey import survey
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
    key: str
    """Digest of recipe, models and tracking."""
    journal: Journal = SILENT

    @cached_property
    def dataset(self) -> Expected:
        """What the models will make."""
        return expected(self.recipe.render, self.catalog)


def begin(job: Job) -> None:
    """Before the first stage: what the run sets out to do, for whoever looks into the workspace."""
    record(job.workspace, job.recipe, job.dataset, job.key, job.run.address)


def render(job: Job) -> Manifest:
    """Stage 1: the dataset."""
    config, storage = job.recipe.render, job.workspace / "dataset"
    manifest = finished_dataset(config, catalog=job.catalog, storage=storage)
    if manifest is not None:
        _say("render", "there already")
    else:
        grid = f"{len(config.azimuths_deg)} azimuths x {len(config.elevations)} elevations"
        _say("render", f"{len(job.catalog.models)} models, {grid}, {config.size} x {config.size} pixels")
        with job.journal.stage("render", why=_why(job, "render"), models=len(job.catalog.models)) as counts:
            job.connect()
            with job.run.child("render").recording() as child:
                manifest = render_dataset(config, catalog=job.catalog, storage=storage, run=child, journal=job.journal)
            counts.update(views=manifest.views, models=len(manifest.styles), failed=manifest.failed_models)
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
    with job.journal.stage("train", why=_why(job, "train")) as counts:
        check_needs(recipe, open_dataset(job.workspace / "dataset").views)
        job.connect()
        settings, beside = _settings(job), recipe.evaluate.beside
        train_missing(
            missing, workspace=job.workspace, recipe=settings, run=job.run, beside=beside, journal=job.journal
        )
        counts.update(trainings=len(missing))


def evaluate(job: Job) -> dict[str, float]:
    """Stage 3: the answers; returns every metric by its key."""
    found = finished_evaluation(job.recipe, job.workspace)
    if found is not None:
        _say("evaluate", "there already")
        job.run.metrics(found["metrics"])
    else:
        _say("evaluate", ", ".join(job.recipe.evaluate.questions))
        with job.journal.stage("evaluate", why=_why(job, "evaluate")) as counts:
            job.connect()
            found = evaluate_generators(job.recipe, job.workspace, job.run, job.journal)
            counts.update(questions=len(found["questions"]))
    metrics: dict[str, float] = found["metrics"]
    return metrics


def report(job: Job) -> str:
    """Stage 4: report.html; returns its URL."""
    _say("report", "report.html")
    title = f"Turnery: {job.recipe.name}"
    with job.journal.stage("report"):
        url = write_report(job.workspace, title=title, settings=_settings(job), run=job.run.address)
        job.run.artifact(job.workspace.fetch("report.html"))
    return url


def _settings(job: Job) -> dict[str, Any]:
    return job.recipe.model_dump(mode="json", exclude={"cluster", "tracking", "workspace"})


def _why(job: Job, stage: str) -> dict[str, str]:
    """What is not done of a stage, and why, by name."""
    try:
        stages = survey(look(job.workspace), job.recipe, job.dataset, job.key)
    except Exception:  # a note is worth no run: what is wrong there the stage itself says better
        return {}
    return {each.name: each.why for each in stages if each.stage == stage and each.state != "done"}


def _say(stage: str, what: str) -> None:
    console.print(f"[bold]{stage}[/bold]  {what}")
