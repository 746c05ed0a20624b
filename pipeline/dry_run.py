"""`python pipeline/run.py --recipe NAME --dry-run`: what a run would do, stage by stage, and why.

The one idea: it looks where the run would look and goes by the same digests; it starts nothing and writes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from rich.markup import escape

from infra.errors import UserError
from infra.progress import console
from infra.storage import Storage
from pipeline.config import Recipe
from pipeline.costs import Machines, duration, hours, needs, network
from pipeline.look import Look, look
from pipeline.rates import Rates
from pipeline.recorded import Expected, expected
from pipeline.rows import say_rows
from pipeline.survey import Standing, survey, trainings_of
from render.catalog import Catalog

_VERBS = {"render": "would be rendered", "train": "would be trained", "evaluate": "would be asked"}


def dry_run(recipe: Recipe, workspace: Storage, catalog: Catalog, key: str) -> None:
    """Say what `python pipeline/run.py` would do with these settings. Raises `UserError` as the run would at once."""
    there, dataset = look(workspace), expected(recipe.render, catalog)
    stages = survey(there, recipe, dataset, key, _fitting(recipe, workspace, catalog, there, dataset))
    console.print(f"a run of {escape(recipe.name)} in {escape(workspace.url)}")
    console.print()
    say_rows([each.stage, each.name, _what(each), each.why] for each in stages)
    console.print()
    if all(each.state == "done" for each in stages):
        console.print("everything is there already: a run would only say so")
        return
    console.print(f"rough cost on this machine: {_cost(recipe, dataset, stages)}")
    console.print("this was a dry run: nothing was started and nothing written")


def _what(each: Standing) -> str:
    counts = ""
    if each.stage in ("render", "train"):
        left = f"{each.total - each.done:,} of " if each.state != "done" else ""
        counts = f", {left}{each.total:,} {each.unit}"
    if each.state == "done":
        return f"there already{counts}"
    return f"{_VERBS.get(each.stage, 'would be written')}{counts}"


def _fitting(recipe: Recipe, workspace: Storage, catalog: Catalog, there: Look, dataset: Expected) -> set[str]:
    """Shards that a run would find there and fit: their parts are read, as the run does first of all."""
    from render.finishing import finished_parts

    parts = {name for name in dataset.views if f"dataset/parts/{name}.json" in there.files}
    plans = [plan for plan in catalog.shards(recipe.render.models_per_shard) if plan.name in parts]
    found = finished_parts(plans, recipe.render, workspace / "dataset")
    return {plan.name for plan, part in zip(plans, found, strict=True) if part is not None}


def _cost(recipe: Recipe, dataset: Expected, stages: Sequence[Standing]) -> str:
    """Time to render and to train what is missing, from the rates of `pipeline.rates`."""
    rates, of_stage = Rates(), {(each.stage, each.name): each for each in stages}
    render = of_stage["render", "dataset"]
    share = 0.0 if render.state == "done" else 1 - render.facts["views"] / max(render.facts["views_expected"], 1)
    gflop = 0.0
    for each in trainings_of(recipe):
        config, standing = each.config, of_stage["train", each.name]
        if standing.state != "done":
            left = config.steps - standing.done
            gflop += left * config.batch * network(config.architecture, config.size, config.width).gflop
    cores = recipe.cluster.cpus or len(os.sched_getaffinity(0))
    machine = Machines(f"{cores} cores", cores, 0 if recipe.train.device == "cpu" else _gpus())
    try:
        whole = needs(recipe, rates, models=dataset.models)
    except UserError as error:
        return f"not foreseen ({error})"
    left_over = replace(whole, render_core_s=share * whole.render_core_s, train_gflop=gflop)
    took = hours(left_over, machine, rates)
    training = "not foreseen" if took.train is None else duration(took.train) if gflop else "none"
    rendering = duration(took.render) if share else "none"
    gpus = f" and {machine.gpus} GPUs" if machine.gpus else ""
    return f"rendering {rendering}, training {training} ({machine.name}{gpus}; starts and questions come on top)"


def _gpus() -> int:
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0
