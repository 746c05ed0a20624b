"""`python -m pipeline.plan`: what a recipe would cost on a laptop or a cluster, before anything is started.

The one idea: a plan is reckoned, never tried out; `pipeline.costs` has the reckoning, and docs/recipes.md is what
`--markdown` prints.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from infra.errors import UserError, guarded
from infra.settings import parse, recipe_names
from pipeline.config import Recipe
from pipeline.costs import BASES, MACHINES, RENDER_ONLY, Machines, Needs, duration, hours, needs, size, trainings
from pipeline.rates import Rate, Rates, read_rates


def describe(recipe: Recipe, machines: Machines, need: Needs, rates: Rates) -> str:
    """The plan of one recipe on some machines, as lines to read."""
    took = hours(need, machines, rates)
    name, share = took.bottleneck
    lines = [
        f"{recipe.name} on {machines.name}",
        f"  models     {need.models:,}, {need.views:,} views of {recipe.render.size} px",
        f"  rendering  {duration(took.render)}, {size(rates.render_memory_mb.value * 1e6)} a process",
        f"  shards     {size(need.shard_bytes)}",
        f"  S3         {size(need.shard_bytes)} written, {size(need.shard_bytes / max(took.render * 3600, 1e-9))}/s",
    ]
    if need.train_gflop is not None:
        lines[-1] += f"; {size(need.shard_bytes * machines.training_nodes)} read for training"
        foreseen = "not foreseen: narrow networks were never run on a GPU" if took.train is None else None
        where = f"each of {machines.training_nodes} nodes" if machines.training_nodes > 1 else "the node"
        lines += [
            f"  packed     {size(need.packed_bytes)} on {where} that trains, decoded in {duration(took.decode)}",
            f"  training   {foreseen or duration(took.train or 0.0)}, {size(need.train_memory_bytes)} of memory in all",
        ]
        if machines.gpus > 1 and took.train:
            steps_per_s = sum(each.steps for each in trainings(recipe)) / (took.train * 3600)
            lines.append(
                f"             gradients of {size(need.gradient_bytes)} a step: to lose nothing to them, GPUs must "
                f"exchange {size(need.gradient_bytes * steps_per_s * 2)}/s each"
            )
    lines.append(f"  bottleneck {name}, {share:.0%} of {duration(took.total)}")
    return "\n".join(lines)


def tables(rates: Rates, planned: Sequence[tuple[Recipe, Needs]]) -> list[str]:
    """What recipes take, how long they take on `MACHINES`, and the rates that both are reckoned from."""
    what = [[recipe.name, *_what(recipe, need)] for recipe, need in planned]
    when = [[recipe.name, *(_when(need, machines, rates) for machines in MACHINES)] for recipe, need in planned]
    how = [_how(name, field.description or "", getattr(rates, name)) for name, field in Rates.model_fields.items()]
    return [
        _table(["recipe", "models", "views", "network", "shards", "packed", "memory to train"], what),
        _table(["recipe", *(machines.name for machines in MACHINES)], when),
        _table(["rate", "value", "", "from"], how),
    ]


def _what(recipe: Recipe, need: Needs) -> list[str]:
    train, views = recipe.train, f"{need.views:,} of {recipe.render.size} px"
    if recipe.name in RENDER_ONLY:
        return [f"{need.models:,}", views, "–", size(need.shard_bytes), "–", "–"]
    width = "" if train.width == 1 else f", width {train.width:g}"
    made = f"{train.architecture} at {train.size}{width}, {train.steps:,} x {train.batch}"
    several = trainings(recipe)
    if len(several) > 1:
        made = f"{len(several)} trainings, {sum(each.steps for each in several):,} x {train.batch} in all"
    sizes = (need.shard_bytes, need.packed_bytes, need.train_memory_bytes)
    return [f"{need.models:,}", views, made, *map(size, sizes)]


def _when(need: Needs, machines: Machines, rates: Rates) -> str:
    took = hours(need, machines, rates)
    rendering, training = duration(took.render), duration(took.train or 0.0)
    if need.train_gflop is None:
        return f"**{rendering}**"
    if took.train is None:
        return f"{rendering} + ?"
    if took.bottleneck[0] == "rendering":
        return f"**{rendering}** + {training}"
    return f"{rendering} + **{training}**"


def _how(name: str, description: str, rate: Rate) -> list[str]:
    return [f"`{name}`: {description}", f"{rate.value:g}", rate.kind, rate.origin]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def shipped() -> list[Recipe]:
    """The recipes whose models can be counted: all but those that wait for a folder of the user's."""
    loaded = [parse(Recipe, ["--recipe", name], "plan") for name in recipe_names()]
    return [recipe for recipe in loaded if recipe.render.source.kind != "folder" and recipe.name not in BASES]


def main() -> int:
    """Print a plan, or the tables of docs/recipes.md."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.plan", description=__doc__, allow_abbrev=False)
    parser.add_argument("--recipe", help="name or YAML file; its fields can be set, as --render.samples 4")
    parser.add_argument("--cpu-nodes", type=int, default=0, metavar="N", help="nodes without GPUs; default none")
    parser.add_argument("--gpu-nodes", type=int, default=0, metavar="M", help="nodes with GPUs; default none")
    parser.add_argument("--cores", type=int, default=16, help="cores of a node (default 16)")
    parser.add_argument("--gpus", type=int, default=1, help="GPUs of a node that has any (default 1)")
    parser.add_argument("--models", action="append", default=[], metavar="CLASS=N", help="models that the source has")
    parser.add_argument("--rates", type=Path, help="YAML of rates measured elsewhere: name: {value, kind, origin}")
    parser.add_argument("--markdown", action="store_true", help="print the tables of docs/recipes.md")
    asked, rest = parser.parse_known_args()
    rates = read_rates(asked.rates)
    if asked.markdown:
        print(*tables(rates, [(recipe, needs(recipe, rates)) for recipe in shipped()]), sep="\n\n")
        return 0
    if asked.recipe is None:
        raise UserError("which recipe? python -m pipeline.plan --recipe NAME [--cpu-nodes N] [--gpu-nodes M]")
    if min(asked.cpu_nodes, asked.gpu_nodes) < 0 or min(asked.cores, asked.gpus) < 1:
        raise UserError("nodes are 0 or more, cores and GPUs of a node 1 or more")
    recipe = parse(Recipe, ["--recipe", asked.recipe, *rest], "python -m pipeline.plan")
    need = needs(recipe, rates, _counts(asked.models))
    nodes = asked.cpu_nodes + asked.gpu_nodes
    cluster = Machines(
        f"{asked.cpu_nodes} CPU and {asked.gpu_nodes} GPU nodes",
        nodes * asked.cores,
        asked.gpu_nodes * asked.gpus,
        nodes,
        asked.gpu_nodes or nodes,
    )
    for machines in (cluster,) if nodes else MACHINES:
        print(describe(recipe, machines, need, rates) + "\n")
    print("Reckoned from rates, of which some were measured: python -m pipeline.plan --markdown lists them.")
    return 0


def _counts(given: Sequence[str]) -> dict[str, int]:
    counts = {}
    for text in given:
        name, _, number = text.partition("=")
        if not name or not number.isdecimal() or int(number) < 1:
            raise UserError(f"--models {text}: give CLASS=N, as --models chair=809")
        counts[name] = int(number)
    return counts


if __name__ == "__main__":
    guarded(main)
