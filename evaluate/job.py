"""Evaluation as a stage: every question asked once, its work spread over the cluster as Ray tasks.

The one idea: a question is done when its summary.json is there with the digest of what it was asked; the file
is written last, so what is interrupted is asked again and what is done is not.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import ray
import ray.exceptions

from evaluate.config import EvaluateConfig
from evaluate.correspondence.keypoints import correspondence
from evaluate.morphing import morph
from evaluate.question import Answer, Part, Result, Spread, Subject, style_of
from evaluate.reconstruction import reconstruction
from evaluate.subject import SubjectPlace, open_subject, read_spec
from infra.errors import user_error_in
from infra.progress import Progress
from infra.settings import digest, flatten
from infra.storage import Storage
from infra.tracking import Run
from train.checkpoint import GeneratorSpec

SUMMARY = "summary.json"
CODE_VERSION = 1
"""Raised whenever the same settings would give other answers, so that old ones are made anew."""


def evaluate_generator(
    config: EvaluateConfig,
    *,
    seed: int,
    workspace: Storage,
    training: str,
    recipe: Mapping[str, Any] | None = None,
    run: Run,
) -> dict[str, Any]:
    """Ask a trained generator every question of the recipe; Ray is connected already.

    Writes `evaluation/<question>/` with CSV, figures and, last, summary.json; a question whose summary has
    the same inputs is not asked again. Metrics go to the run and, with the figures, to a child run a
    question. Returns {"metrics": all metrics, "questions": {question: its summary}}. Raises `UserError` when
    the workspace holds no such generator, another dataset than it was trained on, or not a model of a pair
    asked for.
    """
    spec = read_spec(workspace, training)
    for pair in config.morph.pairs if "morph" in config.questions else ():
        for model in pair:
            style_of(spec, model)
    summaries: dict[str, dict[str, Any]] = {}
    for question in config.questions:
        inputs = inputs_digest(question, config, seed, spec)
        storage = workspace / "evaluation" / question
        summary = finished_summary(storage, inputs)
        if summary is None:
            place = SubjectPlace(workspace.url, training, _identity(spec), seed, config.batch)
            with run.child(question).recording() as child:
                child.params(flatten({"evaluate": {question: config.model_dump(mode="json")[question]}}))
                child.params({"training": training, "seed": seed})
                summary = _asked(question, config, place, inputs, storage, child)
        run.metrics(summary["metrics"])
        summaries[question] = summary
    return _together(summaries)


def finished_evaluation(
    config: EvaluateConfig, *, seed: int, workspace: Storage, training: str
) -> dict[str, Any] | None:
    """What `evaluate_generator` would return, if every question is answered already; else None."""
    spec = read_spec(workspace, training)
    summaries: dict[str, dict[str, Any]] = {}
    for question in config.questions:
        summary = finished_summary(workspace / "evaluation" / question, inputs_digest(question, config, seed, spec))
        if summary is None:
            return None
        summaries[question] = summary
    return _together(summaries)


def inputs_digest(question: str, config: EvaluateConfig, seed: int, spec: GeneratorSpec) -> str:
    """Digest of all that an answer depends on: the generator, the seed and the question's own settings."""
    own = config.model_dump(mode="json")[question]
    parts = {"code_version": CODE_VERSION, "question": question, "config": own, "seed": seed}
    return digest({**parts, "generator": _identity(spec)})


def finished_summary(storage: Storage, inputs: str) -> dict[str, Any] | None:
    """A question's summary if it is there and of these inputs, else None."""
    try:
        summary = storage.read_json(SUMMARY)
    except (FileNotFoundError, ValueError):
        return None
    return summary if isinstance(summary, dict) and summary.get("inputs_digest") == inputs else None


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


def _together(summaries: dict[str, dict[str, Any]]) -> dict[str, Any]:
    metrics = {key: value for summary in summaries.values() for key, value in summary["metrics"].items()}
    return {"metrics": metrics, "questions": summaries}


def _identity(spec: GeneratorSpec) -> str:
    """Tells two generators apart: settings and dataset, and how the training of this very one ended."""
    return digest({"inputs": spec.inputs_digest, "dataset": spec.dataset_digest, "steps": spec.steps, **spec.final})


def _asked(
    question: str, config: EvaluateConfig, place: SubjectPlace, inputs: str, storage: Storage, child: Run
) -> dict[str, Any]:
    """Ask one question and store what comes back; the summary last."""
    storage.delete(SUMMARY)
    subject = open_subject(place)
    spread = ray_spread(place, config, question)
    with tempfile.TemporaryDirectory(prefix="turnery-evaluate-") as name:
        answer = Answer(question, Path(name))
        match question:
            case "reconstruction":
                reconstruction(subject, config.reconstruction, answer, spread, config.views_per_task)
            case "morph":
                morph(subject, config.morph, answer, spread)
            case "correspondence":
                correspondence(subject, config.correspondence, answer, spread)
            case _:
                raise ValueError(f"no question '{question}'")
        files = sorted(answer.folder.iterdir())
        for old in set(storage.list()) - {file.name for file in files}:
            storage.delete(old)
        for file in files:
            storage.put(file, file.name)
            child.artifact(file)
    child.metrics(answer.metrics)
    summary = {
        "question": question,
        "inputs_digest": inputs,
        "metrics": answer.metrics,
        "figures": answer.figures,
        "text": answer.text,
    }
    storage.write_json(SUMMARY, summary)
    return summary
