"""How far each stage of a recipe is in a workspace, and why what is not done is not: for status, dry runs and logs.

The one idea: the same digests that a run goes by, read from the same last files, without Ray, PyTorch or pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from evaluate.config import settings_of
from evaluate.plan import Planned, Roles, all_of, places, plan
from evaluate.summary import SUMMARY, identity, inputs_digest, own_settings
from infra.settings import differences
from pipeline.config import Recipe
from pipeline.look import GENERATOR_FILES, MANIFEST, REPORT, RESULT, Look, seconds_of
from pipeline.recorded import Expected

State = Literal["done", "under way", "not begun"]

_NO_INPUTS = ("render.device", "render.memory_gb", "render.recycle_models", "render.limits.")
"""Among the manifest's settings, but nothing that pixels follow from."""
MOST_KEYS = 4
"""Settings that are named when they differ."""


@dataclass(frozen=True)
class Standing:
    """How far a stage, a training or a question is; `done` of `total` in a `unit`, and why it is not done."""

    stage: Literal["render", "train", "evaluate", "report"]
    name: str
    state: State
    why: str = ""
    done: int = 0
    total: int = 0
    unit: str = ""
    facts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """What generator.json of a finished training says that tells it from others."""

    inputs_digest: str
    dataset_digest: str
    steps: int
    final: Mapping[str, float]


def trainings_of(recipe: Recipe) -> list[Planned]:
    """The trainings that a recipe's run makes: its questions', its own where nothing is asked."""
    return all_of(plan(recipe)) or [Planned(recipe.train, recipe.seed)]


def survey(look: Look, recipe: Recipe, dataset: Expected, key: str, fitting: set[str] | None = None) -> list[Standing]:
    """Every stage in its order. `fitting` are the shards that were looked into and fit; by default the listing and the
    journal have to do."""
    trainings, answers = trainings_of(recipe), list(places(plan(recipe)))
    names = [f"training/{each.name}/generator.json" for each in trainings]
    look.read([MANIFEST, RESULT, *names, *(f"evaluation/{place}/{SUMMARY}" for place, _, _, _ in answers)])
    found = [_dataset(look, recipe, dataset, fitting)]
    identity_of_dataset = dataset_digest(look, dataset)
    generators: dict[str, Known] = {}
    for each in trainings:
        found.append(training(look, each, identity_of_dataset))
        if found[-1].state == "done":
            generators[each.name] = _known(look.json(f"training/{each.name}/generator.json") or {})
    for place, question, seed, roles in answers:
        found.append(_question(look, recipe, place, question, seed, roles, generators))
    return [*found, _report(look, key, all(each.state == "done" for each in found))]


def dataset_digest(look: Look, dataset: Expected) -> str | None:
    """Digest of the dataset that is there, if it is the one expected."""
    manifest = look.json(MANIFEST) or {}
    return manifest.get("digest") if manifest.get("inputs_digest") == dataset.inputs_digest else None


def training(look: Look, each: Planned, dataset: str | None) -> Standing:
    """A training on the dataset of that digest; None while there is none."""
    folder, steps, newest = f"training/{each.name}", each.config.steps, look.checkpoints(each.name)
    spec = look.json(f"{folder}/generator.json")
    if dataset is None:
        there = ["a generator"] if spec else []
        there += [f"a checkpoint of step {max(newest.values())}"] if newest else []
        why = f" ({' and '.join(there)} will be held against it)" if there else ""
        why = f"the dataset comes first{why}"
        return Standing("train", each.name, "not begun", why, 0, steps, "steps")
    lost = [name for name in GENERATOR_FILES if spec and f"{folder}/{name}" not in look.files]
    if spec and not lost and spec.get("inputs_digest") == each.config.inputs_digest(each.seed, dataset):
        return Standing("train", each.name, "done", "", steps, steps, "steps")
    step = newest.get(each.config.checkpoints_folder(each.seed, dataset))
    if step is not None:
        return Standing("train", each.name, "under way", f"goes on from step {step} of {steps}", step, steps, "steps")
    why = "no generator yet"
    if lost:
        why = f"{lost[0]} is missing"
    elif spec:
        changed = differences(_mapping(_mapping(spec.get("recipe")).get("train")), each.config.inputs(), "train.")
        why = f"the generator there is of other settings: {_named(changed, 'another seed, dataset or version')}"
    return Standing("train", each.name, "not begun", why, 0, steps, "steps")


def _dataset(look: Look, recipe: Recipe, dataset: Expected, fitting: set[str] | None) -> Standing:
    manifest = look.json(MANIFEST)
    shards, views = len(dataset.views), sum(dataset.views.values())
    if manifest and manifest.get("inputs_digest") == dataset.inputs_digest:
        facts = {key: int(manifest.get(key, 0)) for key in ("views", "failed_models")}
        facts |= {"models": len(manifest.get("styles", ())), "views_expected": int(manifest.get("views", 0))}
        return Standing("render", "dataset", "done", "", shards, shards, "shards", facts)
    there = fitting if fitting is not None else set() if manifest else set(_shards_done(look, dataset))
    facts = {"views": sum(dataset.views[name] for name in there), "views_expected": views, "models": dataset.models}
    why = "no dataset yet"
    if manifest:
        changed = differences(_mapping(manifest.get("settings")), recipe.render.picture_settings(), "render.")
        changed = [line for line in changed if not line.startswith(_NO_INPUTS)]
        before = len(manifest.get("styles", ())) + int(manifest.get("failed_models", 0))
        if before != dataset.models:
            changed.append(f"models {before} -> {dataset.models}")
        otherwise = "other models: the seed, the source's files or the way of rendering changed"
        why = f"the dataset there is of other settings: {_named(changed, otherwise)}"
    elif MANIFEST in look.files:
        why = f"{MANIFEST} is damaged"
    elif there:
        why = "goes on with the shards that are missing"
    state: State = "under way" if there else "not begun"
    return Standing("render", "dataset", state, why, len(there), shards, "shards", facts)


def _shards_done(look: Look, dataset: Expected) -> Iterator[str]:
    """Shards that are there, of a dataset under way. Those of other settings are told by the journal, which says which
    ones fitted when the rendering began, and by their age."""
    events = look.events("render")
    begun = seconds_of(events[0]) if events else 0.0
    found = {name for event in events if event["event"] == "shards found" for name in event.get("shards", ())}
    for name in dataset.views:
        part = look.files.get(f"dataset/parts/{name}.json")
        if part and f"dataset/shards/{name}.tar" in look.files and (name in found or part.modified >= begun):
            yield name


def _question(
    look: Look, recipe: Recipe, place: str, question: str, seed: int, roles: Roles, generators: Mapping[str, Known]
) -> Standing:
    summary = look.json(f"evaluation/{place}/{SUMMARY}")
    missing = sorted({each.name for each in roles.values()} - generators.keys())
    if missing:
        first = f"training {missing[0]} comes" if len(missing) == 1 else f"{len(missing)} trainings come"
        why = f"{first} first" + (" (an answer of before is there)" if summary else "")
        return Standing("evaluate", place, "not begun", why, 0, 1, "answers")
    known = {role: generators[each.name] for role, each in roles.items()}
    if summary and summary.get("inputs_digest") == inputs_digest(question, recipe.evaluate, seed, known):
        return Standing("evaluate", place, "done", "", 1, 1, "answers")
    why = "new"
    if summary:
        why = _why_asked_again(summary, recipe, question, seed, known)
    elif any(name.startswith(f"evaluation/{place}/") for name in look.files):
        why = "was begun and not answered"
    return Standing("evaluate", place, "not begun", why, 0, 1, "answers")


def _why_asked_again(
    summary: Mapping[str, Any], recipe: Recipe, question: str, seed: int, known: Mapping[str, Known]
) -> str:
    before, settings = summary.get("generators"), summary.get("settings")
    if not isinstance(before, dict) or not isinstance(settings, dict):
        return "the answer there is of other settings or another generator"
    now = {role: identity(each) for role, each in known.items()}
    changed = [f"another generator ({role})" for role in now if before.get(role) != now[role]]
    changed += differences(settings, own_settings(question, recipe.evaluate), f"evaluate.{settings_of(question)}.")
    changed += [f"seed {summary.get('seed')} -> {seed}"] if summary.get("seed") != seed else []
    return f"the answer there is of {_named(changed, 'another version')}"


def _report(look: Look, key: str, all_done: bool) -> Standing:
    result = look.json(RESULT)
    if result and all_done and result.get("key") == key and REPORT in look.files:
        return Standing("report", REPORT, "done", "", 1, 1, "pages")
    why = "comes last"
    if all_done:
        why = "no report yet" if REPORT not in look.files else "the one there is of other settings or another MLflow"
        why = "the last run did not come to its end" if REPORT in look.files and result is None else why
    elif REPORT in look.files:
        why = "the one there is of before"
    return Standing("report", REPORT, "not begun", why, 0, 1, "pages")


def _known(spec: Mapping[str, Any]) -> Known:
    final = {key: float(value) for key, value in _mapping(spec.get("final")).items()}
    return Known(spec.get("inputs_digest", ""), spec.get("dataset_digest", ""), int(spec.get("steps", 0)), final)


def _mapping(value: object) -> Mapping[str, Any]:
    """A mapping of a file that others may have written; of anything else an empty one."""
    return value if isinstance(value, dict) else {}


def _named(changed: list[str], otherwise: str) -> str:
    more = f" and {len(changed) - MOST_KEYS} more" if len(changed) > MOST_KEYS else ""
    return ", ".join(changed[:MOST_KEYS]) + more if changed else otherwise
