"""Evaluation as a stage: every question asked once, its work spread over the cluster as Ray tasks.

The one idea: a question is done when its summary.json is there with the digest of what it was asked and of whom; the
file is written last, so what is interrupted is asked again and what is done is not. With `trainings.py` this is what
speaks to Ray on this floor.
"""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import ray
import ray.exceptions

from evaluate.claims import PREFIX, Claim, judged, read_claims, write_claims
from evaluate.config import EvaluateConfig, EvaluateJob, settings_of
from evaluate.plan import Plans, places, plan
from evaluate.question import Answer, Panel, Part, Result, Spread, Subject, style_of
from evaluate.questions import QUESTIONS
from evaluate.subject import SubjectPlace, open_subject, read_spec
from evaluate.summary import SUMMARY, finished_summary, identity, inputs_digest, own_settings
from infra.errors import user_error_in
from infra.journal import SILENT, Journal
from infra.progress import Progress
from infra.settings import flatten
from infra.storage import Storage
from infra.tracking import Run
from train.checkpoint import GeneratorSpec


def evaluate_generators(job: EvaluateJob, workspace: Storage, run: Run, journal: Journal = SILENT) -> dict[str, Any]:
    """Ask every question of the recipe of the trainings it needs, which are there; Ray is connected already.

    Writes `evaluation/<question>/` with CSV, figures and, last, summary.json; a question whose summary has
    the same inputs is not asked again. Metrics go to the run and, with the figures, to a child run a
    question. A question asked with further seeds is answered in `<question>@<seed>` too, and claims are judged over all
    of them. Returns {"metrics": all metrics, "questions": {question: its summary}, "claims": [...]}. Raises `UserError`
    when the workspace holds no such generator, another dataset than it was trained on, or not a model of a pair
    asked for.
    """
    config, plans = job.evaluate, plan(job)
    specs = _specs(plans, workspace)
    for pair in config.morph.pairs if "morph" in config.questions else ():
        for roles in plans["morph"].values():
            for model in pair:
                style_of(specs[roles["generator"].name], model)
    summaries: dict[str, dict[str, Any]] = {}
    for place, question, each, roles in places(plans):
        storage = workspace / "evaluation" / place
        inputs = inputs_digest(question, config, each, {role: specs[one.name] for role, one in roles.items()})
        summary = finished_summary(storage, inputs)
        if summary is None:
            subjects = {
                role: SubjectPlace(workspace.url, one.name, identity(specs[one.name]), each, config.batch)
                for role, one in roles.items()
            }
            start = time.monotonic()
            journal.event("evaluate", "question begun", name=place)
            with run.child(place).recording() as child:
                settings = own_settings(question, config)
                child.params(flatten({"evaluate": {question: settings}}))
                child.params({"seed": each, **{f"training/{role}": one.name for role, one in roles.items()}})
                answer = _ask(question, config, subjects, storage, child)
                summary = {"question": question, "inputs_digest": inputs, **answer, "seed": each}
                summary |= {"trainings": {role: one.name for role, one in roles.items()}, "run": child.address}
                summary |= {"settings": settings, "generators": {r: identity(specs[o.name]) for r, o in roles.items()}}
                storage.write_json(SUMMARY, summary)
            journal.event("evaluate", "question answered", name=place, seconds=round(time.monotonic() - start, 1))
        summaries[place] = summary
    found = _together(summaries, _judge(config, plans, workspace, job.seed))
    run.metrics(found["metrics"])
    return found


def finished_evaluation(job: EvaluateJob, workspace: Storage) -> dict[str, Any] | None:
    """What `evaluate_generators` would return, if every question is answered already; else None."""
    config, plans = job.evaluate, plan(job)
    specs = _specs(plans, workspace)
    summaries: dict[str, dict[str, Any]] = {}
    for place, question, each, roles in places(plans):
        inputs = inputs_digest(question, config, each, {role: specs[one.name] for role, one in roles.items()})
        summary = finished_summary(workspace / "evaluation" / place, inputs)
        if summary is None:
            return None
        summaries[place] = summary
    return _together(summaries, _judge(config, plans, workspace, job.seed))


def ray_spread(place: SubjectPlace, config: EvaluateConfig, question: str) -> Spread:
    """A `Spread` over the cluster: a part is a Ray task, tried again when its worker or node is lost."""

    def spread(
        work: Callable[[Subject, Part], Result], parts: Sequence[Part], unit: str, counts: Sequence[int] = ()
    ) -> Iterator[Result]:
        task: Any = _work.options(num_gpus=config.gpus_per_task)
        references = [task.remote(place, work, part) for part in parts]
        counted = dict(zip(references, counts or [1] * len(parts), strict=True))
        with Progress(f"evaluate {question}", sum(counted.values()), unit) as progress:
            waiting, done = references, 0
            while waiting:
                ready, waiting = ray.wait(waiting, num_returns=1)
                done += sum(counted[reference] for reference in ready)
                progress.update(done)
        return (_result(reference) for reference in references)

    return spread


@ray.remote(num_cpus=1, max_retries=3)
def _work(place: SubjectPlace, work: Callable[[Subject, Part], Result], part: Part) -> Result:
    # One processor was asked for; OpenCV would take all (PyTorch and BLAS are held back by Ray).
    cv2.setNumThreads(1)
    return work(open_subject(place), part)


def _result(reference: Any) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RayError as error:
        fault = user_error_in(error)
        if fault is not None:
            raise fault from None
        raise


def _specs(plans: Plans, workspace: Storage) -> dict[str, GeneratorSpec]:
    """generator.json of every training of the plans, by name."""
    names = {each.name for _, _, _, roles in places(plans) for each in roles.values()}
    return {name: read_spec(workspace, name) for name in sorted(names)}


def _judge(config: EvaluateConfig, plans: Plans, workspace: Storage, seed: int) -> list[dict[str, object]]:
    """The recipe's claims on the questions asked, over all seeds; written to evaluation/claims.csv, beside those on
    other questions that were asked before."""
    claims: list[Claim] = []
    for question in plans:
        tables: dict[str, list[pd.DataFrame]] = {}
        for place in (place for place, of, _, _ in places(plans) if of == question):
            storage = workspace / "evaluation" / place
            for name in (name for name in storage.list(".csv") if name.startswith(PREFIX)):
                table = pd.read_csv(io.BytesIO(storage.read_bytes(name)))
                tables.setdefault(name.removeprefix(PREFIX).removesuffix(".csv"), []).append(table)
        claims += judged(question, config.claims, tables, seed)
    if claims:
        evaluation = workspace / "evaluation"
        others = [claim for claim in read_claims(evaluation) if claim.question not in plans]
        write_claims(evaluation, [*others, *claims])
    return [claim.plain() for claim in claims]


def _together(summaries: dict[str, dict[str, Any]], claims: list[dict[str, object]]) -> dict[str, Any]:
    """All there is; a metric that several seeds have is their mean."""
    of_seeds: dict[str, list[float]] = {}
    for summary in summaries.values():
        for key, value in summary["metrics"].items():
            of_seeds.setdefault(key, []).append(value)
    metrics = {key: float(np.mean(values)) for key, values in of_seeds.items()}
    metrics |= {f"claims/{claim['question']}/{claim['name']}": float(str(claim["value"])) for claim in claims}
    return {"metrics": metrics, "questions": summaries, "claims": claims}


def _ask(
    question: str,
    config: EvaluateConfig,
    subjects: Mapping[str, SubjectPlace],
    storage: Storage,
    child: Run,
) -> dict[str, Any]:
    """Ask one question and store its files; returns what the summary, which is written last, says of the answer."""
    storage.delete(SUMMARY)
    panel = Panel(
        {role: open_subject(place) for role, place in subjects.items()},
        {role: ray_spread(place, config, question) for role, place in subjects.items()},
        config.views_per_task,
    )
    with tempfile.TemporaryDirectory(prefix="turnery-evaluate-") as name:
        answer = Answer(question, Path(name))
        QUESTIONS[question].ask(panel, getattr(config, settings_of(question)), answer)
        files = sorted(answer.folder.iterdir())
        for old in set(storage.list()) - {file.name for file in files}:
            storage.delete(old)
        for file in files:
            storage.put(file, file.name)
            child.artifact(file)
    child.metrics(answer.metrics)
    return {"metrics": answer.metrics, "figures": answer.figures, "text": answer.text}
