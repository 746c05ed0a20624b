"""`python -m evaluate [QUESTION ...]`: ask trained generators; what a recipe's questions need is made first."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from evaluate.config import EvaluateJob
from infra.errors import guarded
from infra.settings import parse

_EPILOG = (
    "Questions may be named first: python -m evaluate morph sampling --recipe paper-small. With a recipe, a dataset "
    "and trainings that are not there yet are made; without, the workspace's own are asked as they are."
)


def main() -> int:
    """Read the command line, ask what has not been answered yet, say what came out and where it is."""
    job = parse(EvaluateJob, _with_questions(sys.argv[1:]), "python -m evaluate", _EPILOG)

    from evaluate.claims import Claim
    from evaluate.job import evaluate_generators, finished_evaluation
    from evaluate.stages import prepared, unprepared
    from evaluate.verdicts import claims_table
    from infra.cluster import connected
    from infra.lease import held
    from infra.progress import console
    from infra.tracking import run_of
    from infra.workspace import open_workspace

    workspace = open_workspace(job)
    found = None if unprepared(job, workspace) else finished_evaluation(job, workspace)
    if found is None:
        names = " ".join(job.evaluate.questions)
        with held(workspace), connected(job.cluster), run_of(job, workspace, f"evaluate {names}").recording() as run:
            prepared(job, workspace, run)
            found = evaluate_generators(job, workspace, run)
    for place, summary in found["questions"].items():
        console.print(f"[bold]{place}[/bold]  {summary['text']}")
        console.print(f"{workspace.url}/evaluation/{place}")
    if found["claims"]:
        console.print(claims_table([Claim(**claim) for claim in found["claims"]]))
    return 0


def _with_questions(argv: Sequence[str]) -> list[str]:
    """Names before the first option as the option that they stand for."""
    names = []
    for word in argv:
        if word.startswith("-"):
            break
        names.append(word)
    return [*argv[len(names) :], *(["--evaluate.questions", json.dumps(names)] if names else [])]


if __name__ == "__main__":
    guarded(main)
