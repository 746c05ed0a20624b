"""The trainings that questions need, made where they are missing: several beside each other, each in a task of its own.

The one idea: a training that stands alone takes the whole cluster; many small ones take a share of it each. With
`job.py` this is the module of the floor that speaks to Ray.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import ray

from evaluate.plan import RUN_FILE, Planned
from evaluate.training_notes import TrainingNotes
from infra.errors import user_error_in
from infra.journal import SILENT, Journal
from infra.progress import Progress, console
from infra.settings import flatten
from infra.storage import Storage, open_storage
from infra.tracking import Run
from render.dataset import Dataset, open_dataset
from render.job import log_dataset
from train.job import train_generator
from train.result import finished_training
from train.selection import select


def train_missing(
    needed: Sequence[Planned],
    *,
    workspace: Storage,
    recipe: Mapping[str, Any],
    run: Run,
    beside: int | None,
    journal: Journal = SILENT,
) -> None:
    """Train what is not there yet, `beside` trainings at a time (None: as many as the cluster has room for).

    Ray is connected already. All are checked against the dataset before the first begins; what was begun before goes on
    from its checkpoint. Raises `UserError` for a training that cannot be.
    """
    missing = unfinished(needed, workspace)
    if not missing:
        return
    dataset = open_dataset(workspace / "dataset")
    for each in missing:
        select(dataset.views, each.config.select, each.seed)
    beside = min(beside or _room(missing), len(missing))
    with TrainingNotes(journal, workspace, dataset.manifest.digest) as notes:
        if beside == 1:
            for each in missing:
                _say(each)
                notes.begun(each)
                _train(each, workspace.url, dict(recipe), _child(run, each, dataset), notes.news_of(each))
                notes.finished(each)
            return
        console.print(f"{len(missing)} trainings, {beside} beside each other")
        _beside_each_other(missing, workspace, recipe, run, dataset, beside, notes)


def unfinished(needed: Sequence[Planned], workspace: Storage) -> list[Planned]:
    """Those that are not finished, each once, in order."""
    once = {each.name: each for each in needed}
    return [each for each in once.values() if not _is_there(each, workspace)]


def _beside_each_other(
    missing: Sequence[Planned],
    workspace: Storage,
    recipe: Mapping[str, Any],
    run: Run,
    dataset: Dataset,
    beside: int,
    notes: TrainingNotes,
) -> None:
    """A task a training, each with as many threads as there are processors for it."""
    threads = max(1, int(ray.cluster_resources().get("CPU", 1)) // beside)
    left = [replace(each, config=each.config.model_copy(update={"threads": threads})) for each in missing]
    running: dict[Any, Planned] = {}
    with Progress("train", len(missing), "trainings") as progress:
        while left or running:
            while left and len(running) < beside:
                each = left.pop(0)
                notes.begun(each)
                running[_task.remote(each, workspace.url, dict(recipe), _child(run, each, dataset))] = each
            ready, _ = ray.wait(list(running), timeout=5)
            for reference in ready:
                each = running.pop(reference)
                try:
                    ray.get(reference)
                except ray.exceptions.RayError as error:
                    fault = user_error_in(error)
                    if fault is not None:
                        raise fault from None
                    raise
                notes.finished(each)
            progress.update(len(missing) - len(left) - len(running), ", ".join(each.name for each in running.values()))


@ray.remote(num_cpus=0, max_retries=3)
def _task(each: Planned, workspace_url: str, recipe: dict[str, Any], child: Run) -> None:
    from infra.progress import console  # of that process; a console does not travel

    console.quiet = True
    _train(each, workspace_url, recipe, child)


def _train(
    each: Planned,
    workspace_url: str,
    recipe: dict[str, Any],
    child: Run,
    tell: Callable[[str], None] = lambda news: None,
) -> None:
    settings = {**recipe, "seed": each.seed, "train": each.config.model_dump(mode="json")}
    workspace = open_storage(workspace_url)
    with child.recording():
        child.params(flatten({"train": each.config.model_dump(mode="json"), "seed": each.seed}))
        (workspace / "training" / each.name).write_json(RUN_FILE, child.address)
        train_generator(each.config, seed=each.seed, workspace=workspace, recipe=settings, run=child, tell=tell)


def _child(run: Run, each: Planned, dataset: Dataset) -> Run:
    child = run.child(f"train {each.name}")
    log_dataset(child, dataset.manifest, dataset.storage)
    return child


def _is_there(each: Planned, workspace: Storage) -> bool:
    if each.as_found:
        return workspace.exists(f"training/{each.name}/generator.json")
    return finished_training(each.config, seed=each.seed, workspace=workspace) is not None


def _room(missing: Sequence[Planned]) -> int:
    """How many trainings the cluster has processors for, or GPUs where it has any."""
    have = ray.cluster_resources()
    workers = max(each.config.workers for each in missing)
    devices = {each.config.device for each in missing}
    on_gpu = devices == {"cuda"} or (have.get("GPU", 0) >= workers and "cpu" not in devices)
    return max(1, int(have.get("GPU" if on_gpu else "CPU", 0)) // workers)


def _say(each: Planned) -> None:
    config = each.config
    console.print(
        f"[bold]train[/bold]  {each.name}: {config.architecture} at {config.size} x {config.size} pixels, width x "
        f"{config.width:g}, {config.steps} steps of {config.batch} views"
    )
