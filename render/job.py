"""Rendering over a cluster: one Ray task a shard. The only module of this floor that speaks to Ray."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import ray

from infra.cluster import Tally
from infra.errors import UserError
from infra.journal import SILENT, Journal
from infra.progress import Progress, console
from infra.settings import flatten
from infra.storage import Storage, StorageError
from infra.tracking import Run
from render.catalog import Catalog, ShardPlan
from render.config import RenderConfig
from render.dataset import (
    MANIFEST,
    Manifest,
    read_manifest,
)
from render.finishing import finish_dataset, finished_parts, inputs_digest
from render.pace import Pace
from render.shooting import threads_of
from render.turntables import Count, count_of, finished_part, render_shard

WORKER_DEATHS = 8
"""A shard whose worker or node died is rendered again this often; such deaths are not counted against a model."""


def finished_dataset(config: RenderConfig, *, catalog: Catalog, storage: Storage) -> Manifest | None:
    """The manifest of a finished dataset of these settings and models, or None; needs no Ray."""
    have = read_manifest(storage)
    return have if have is not None and have.inputs_digest == inputs_digest(config, catalog) else None


def render_dataset(
    config: RenderConfig, *, catalog: Catalog, storage: Storage, run: Run, journal: Journal = SILENT
) -> Manifest:
    """Render what is missing below `storage` on the Ray that is connected, and return the manifest.

    Raises `UserError` when more models failed than `config.failures_allowed` lets pass.
    """
    have = finished_dataset(config, catalog=catalog, storage=storage)
    if have is not None:
        return have
    run.params(flatten({"render": config.model_dump(mode="json")}))
    start = time.monotonic()
    # From here to the new manifest there is no finished dataset, whatever happens in between.
    storage.delete(MANIFEST)
    plans = catalog.shards(config.models_per_shard)
    _render_missing(plans, config, storage, journal)
    manifest = finish_dataset(config, catalog, finished_parts(plans, config, storage), storage)
    log_dataset(run, manifest, storage)
    run.metrics({"render/seconds": time.monotonic() - start})
    for name in (storage / "preview").list(".png"):
        run.artifact((storage / "preview").fetch(name), "preview")
    return manifest


def log_dataset(run: Run, manifest: Manifest, storage: Storage) -> None:
    """Log a dataset as a run's input, and its numbers."""
    profile = {"views": manifest.views, "models": len(manifest.styles), "classes": manifest.classes}
    run.dataset("-".join(manifest.classes), manifest.digest, storage.url, profile)
    numbers = {
        "render/models": len(manifest.styles),
        "render/views": manifest.views,
        "render/failed_models": manifest.failed_models,
        "render/shard_bytes": sum(shard.bytes for shard in manifest.shards),
    }
    run.metrics(numbers)


def _render_missing(plans: list[ShardPlan], config: RenderConfig, storage: Storage, journal: Journal) -> None:
    there = _counts_of_finished(plans, config, storage)
    journal.event("render", "shards found", shards=list(there), of=len(plans))
    config = placed(config)
    tally = Tally()
    gpus = 0 if config.device == "cpu" else 1
    task = ray.remote(num_cpus=config.threads or 1, num_gpus=gpus, max_retries=WORKER_DEATHS)(_render_task)
    running = {task.remote(plan, config, storage, tally): plan for plan in plans if plan.name not in there}
    pace, seen = Pace(plans, there, config), dict[str, Count]()
    with Progress("rendering", pace.total, "views") as bar:
        bar.start_from(pace.views)
        while running:
            done, _ = ray.wait(list(running), timeout=0.5)
            ended = {}
            for reference in done:
                plan = running.pop(reference)
                ended[plan.name] = _await(reference, plan)
                _tell(journal, plan, ended[plan.name], config, storage)
            # What a task says at its end is the last word, whatever is still under way to the tally.
            under_way = {plan.name for plan in running.values()}
            counts = {name: count for name, count in tally.counts().items() if name in under_way}
            for name, count in counts.items():
                if name in seen and count.seconds < seen[name].seconds:
                    journal.event("render", "shard tried again", name=name, views_lost=seen[name].views)
            seen |= counts
            pace.take(counts | ended)
            bar.update(pace.views, pace.note, pace.total)


def _tell(journal: Journal, plan: ShardPlan, count: Count, config: RenderConfig, storage: Storage) -> None:
    """A shard that is done, and each of its models that failed."""
    journal.event("render", "shard done", name=plan.name, views=count.views, models=count.models, failed=count.failed)
    if not count.failed or journal is SILENT:
        return
    with suppress(StorageError):  # a note is worth no run
        part = finished_part(plan, config, storage)
        for row in part.failures if part else ():
            journal.event("render", "model failed", name=plan.name, model=row["model"], reason=row["reason"])


def _counts_of_finished(plans: list[ShardPlan], config: RenderConfig, storage: Storage) -> dict[str, Count]:
    there = set((storage / "parts").list(".json"))
    wanted = [plan for plan in plans if f"{plan.name}.json" in there]
    parts = zip(wanted, finished_parts(wanted, config, storage), strict=True)
    return {plan.name: count_of(part) for plan, part in parts if part is not None}


def placed(config: RenderConfig) -> RenderConfig:
    """The settings as the connected cluster can serve them: a device that is named, threads that a node has.

    `auto` becomes `cuda` where the cluster has GPUs, else `cpu`.
    """
    resources = ray.cluster_resources()
    device = config.device
    if device == "auto":
        device = "cuda" if resources.get("GPU", 0) >= 1 else "cpu"
    elif device != "cpu" and resources.get("GPU", 0) < 1:
        console.print(f"the cluster has no GPU yet: waiting for one ({device}); --render.device cpu does without")
    most = max(int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"])
    return config.model_copy(update={"device": device, "threads": max(min(threads_of(config), most), 1)})


def _await(reference: Any, plan: ShardPlan) -> Count:
    """What a shard's task came to; what is left of its worker's deaths becomes one line."""
    try:
        count: Count = ray.get(reference)
    except ray.exceptions.RayTaskError:
        raise  # what the task raised: a `UserError` is found in it, and anything else is a fault of this program
    except ray.exceptions.RayError as error:
        models = ", ".join(model.id for _, model in plan.models)
        raise UserError(
            f"shard {plan.name} lost its worker {WORKER_DEATHS + 1} times ({type(error).__name__}; models {models}); "
            "often memory is short: lower --render.memory_gb or --cluster.cpus, then run the same command again"
        ) from error
    return count


def _render_task(plan: ShardPlan, config: RenderConfig, storage: Storage, tally: Tally) -> Count:
    # A worker may have died between the end of its shard and its own: then there is nothing to do again.
    part = finished_part(plan, config, storage)
    if part is None:
        part = render_shard(plan, config, storage, lambda count: tally.put(plan.name, count))
    return count_of(part)
