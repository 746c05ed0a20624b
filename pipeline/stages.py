"""The stages of the main job, each over the workspace alone: models -> dataset -> generator -> answers -> report.

The one idea: a stage is done when its last file is there and names the same inputs; so every stage may be called
again at any time, by a run that goes on after a kill as by one that changed a setting, and does only what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evaluate.job import evaluate_generator, finished_evaluation
from infra.progress import console
from infra.settings import flatten
from infra.storage import Storage
from infra.tracking import Run
from pipeline.config import Recipe
from pipeline.report import write_report
from render.catalog import Catalog
from render.dataset import Manifest
from render.job import finished_dataset, log_dataset, render_dataset
from train.job import finished_training, train_generator


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


def train(job: Job, manifest: Manifest) -> None:
    """Stage 2: the generator."""
    config, seed = job.recipe.train, job.recipe.seed
    if finished_training(config, seed=seed, workspace=job.workspace) is not None:
        _say("train", "there already")
        return
    _say(
        "train",
        f"{config.architecture} at {config.size} x {config.size} pixels, width x {config.width:g}, "
        f"{config.steps} steps of {config.batch} views",
    )
    job.connect()
    with job.run.child(f"train {config.name}").recording() as child:
        child.params(flatten({"train": config.model_dump(mode="json"), "seed": seed}))
        log_dataset(child, manifest, job.workspace / "dataset")
        train_generator(config, seed=seed, workspace=job.workspace, recipe=_settings(job), run=child)


def evaluate(job: Job) -> dict[str, float]:
    """Stage 3: the answers; returns every metric by its key."""
    config, seed, training = job.recipe.evaluate, job.recipe.seed, job.recipe.train.name
    summary = finished_evaluation(config, seed=seed, workspace=job.workspace, training=training)
    if summary is not None:
        _say("evaluate", "there already")
    else:
        _say("evaluate", ", ".join(config.questions))
        job.connect()
        summary = evaluate_generator(
            config, seed=seed, workspace=job.workspace, training=training, recipe=_settings(job), run=job.run
        )
    metrics: dict[str, float] = summary["metrics"]
    job.run.metrics(metrics)
    return metrics


def report(job: Job) -> str:
    """Stage 4: report.html; returns its URL."""
    _say("report", "report.html")
    url = write_report(
        job.workspace,
        title=f"Turnery: {job.recipe.name}",
        settings=_settings(job),
        tracking_uri=job.run.uri,
        facts={"MLflow run": job.run.id},
    )
    job.run.artifact(job.workspace.fetch("report.html"))
    return url


def _settings(job: Job) -> dict[str, Any]:
    return job.recipe.model_dump(mode="json", exclude={"cluster", "tracking", "workspace"})


def _say(stage: str, what: str) -> None:
    console.print(f"[bold]{stage}[/bold]  {what}")
