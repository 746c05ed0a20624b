"""Which trainings the questions of a recipe need; two questions that want the same share one.

The one idea: a training is named by what differs in it from the recipe's own and by a digest of all its settings, so
two questions that want the same generator want the same folder, and a folder that is finished is never made again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evaluate.config import EvaluateJob, changed, settings_of
from evaluate.question_config import Changes, QuestionConfig
from infra.settings import digest, flatten
from train.config import TrainConfig

RUN_FILE = "run.json"
"""Beside a training's generator: which MLflow run made it."""


@dataclass(frozen=True)
class Planned:
    """A training that is needed: its settings, named, and its seed; one `as_found` counts whatever made it."""

    config: TrainConfig
    seed: int
    as_found: bool = False

    @property
    def name(self) -> str:
        """Its folder below training/."""
        return self.config.name


def planned(base: TrainConfig, changes: Changes, seed: int, own_seed: int, as_found: bool = False) -> Planned:
    """The training that differs by `changes` from the recipe's own `base`, and by its seed from `own_seed`.

    `as_found` is of the recipe's own: whether the one in its folder is taken whatever its settings.
    """
    config = changed(base, changes)
    if config == base and seed == own_seed:
        return Planned(base, seed, as_found)
    own, theirs = (flatten(each.model_dump(mode="json")) for each in (base, config))
    said = [(key, value) for key, value in theirs.items() if value is not None and value is not False and value != {}]
    words = "-".join(_word(key, value) for key, value in said if own.get(key) != value)
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", words).strip("-.")[:60]
    key = digest({"train": config.model_copy(update={"name": ""}).inputs(), "seed": seed})[:8]
    name = "-".join(filter(None, (readable, f"seed{seed}" if seed != own_seed else "", key)))
    return Planned(config.model_copy(update={"name": name}), seed)


Roles = dict[str, Planned]
Plans = dict[str, dict[int, Roles]]


def plan(job: EvaluateJob, as_found: bool = False) -> Plans:
    """Trainings by question, seed and role."""
    config = job.evaluate
    plans: Plans = {}
    for question in config.questions:
        settings: QuestionConfig = getattr(config, settings_of(question))
        changes = settings.trainings.items()
        plans[question] = {
            each: {role: planned(job.train, change, each, job.seed, as_found) for role, change in changes}
            for each in config.seeds or (job.seed,)
        }
    return plans


def all_of(plans: Plans) -> list[Planned]:
    """Every training of a plan, each once."""
    found = (each for of_seed in plans.values() for roles in of_seed.values() for each in roles.values())
    return list({each.name: each for each in found}.values())


def places(plans: Plans) -> Iterator[tuple[str, str, int, Roles]]:
    """(place below evaluation/, question, seed, its trainings); the first seed's place has the question's own name."""
    for question, of_seed in plans.items():
        for number, (seed, roles) in enumerate(of_seed.items()):
            yield f"{question}@{seed}" if number else question, question, seed, roles


def _word(key: str, value: object) -> str:
    """A difference in a word or two: `1s-S`, `augment1`, `chair-table`."""
    last = key.rpartition(".")[2]
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "-".join(f"{each:g}" if isinstance(each, float) else str(each) for each in value)
    return last if value is True else f"{last}{value:g}" if isinstance(value, int | float) else f"{last}-{value}"
