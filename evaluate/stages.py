"""What stands before an evaluation: a dataset and the trainings that its questions need, made where they are missing.

The one idea: a named recipe says how everything is made, so whoever gives one gets it; whoever gives a workspace alone
is asked about what is there, and told what is not.
"""

from __future__ import annotations

import pandas as pd

from evaluate.config import EvaluateJob, settings_of
from evaluate.plan import all_of, plan
from evaluate.questions import QUESTIONS
from evaluate.subject import read_spec
from evaluate.trainings import train_missing, unfinished
from infra.errors import UserError
from infra.storage import Storage
from infra.tracking import Run
from render import sources
from render.dataset import open_dataset, read_manifest
from render.job import render_dataset


def unprepared(job: EvaluateJob, workspace: Storage) -> bool:
    """Whether a dataset or a training must be made first."""
    if read_manifest(workspace / "dataset") is None:
        return True
    return bool(unfinished(all_of(plan(job, as_found=True)), workspace))


def check_needs(job: EvaluateJob, views: pd.DataFrame) -> None:
    """Raise `UserError` for what a question needs and the dataset or its trainings lack, before anything is trained."""
    for question, of_seed in plan(job).items():
        QUESTIONS[question].needs(getattr(job.evaluate, settings_of(question)), views)
        for each in (each for roles in of_seed.values() for each in roles.values()):
            if QUESTIONS[question].augmented and not each.config.augment:
                line = f"{question} asks about transformations, which training '{each.name}' never sees"
                raise UserError(f"{line}; set train.augment 1")


def prepared(job: EvaluateJob, workspace: Storage, run: Run) -> None:
    """Render and train what is missing; Ray is connected already.

    Raises `UserError` when nothing says how, or when the dataset lacks what a question needs.
    """
    needed = all_of(plan(job, as_found=True))
    if not job.has_recipe:
        for each in needed:
            read_spec(workspace, each.name)
    if read_manifest(workspace / "dataset") is None:
        catalog = sources.catalog(job.render.source, job.seed)
        with run.child("render").recording() as child:
            render_dataset(job.render, catalog=catalog, storage=workspace / "dataset", run=child)
    check_needs(job, open_dataset(workspace / "dataset").views)
    recipe = job.model_dump(mode="json", exclude={"workspace", "cluster", "tracking"})
    train_missing(needed, workspace=workspace, recipe=recipe, run=run, beside=job.evaluate.beside)
