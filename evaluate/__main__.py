"""`python -m evaluate`: ask the generator of a workspace, without rendering or training anything."""

from __future__ import annotations

import sys

from evaluate.config import EvaluateJob
from infra.errors import guarded
from infra.settings import parse


def main() -> int:
    """Read the command line, ask what has not been answered yet, say what came out and where it is."""
    job = parse(EvaluateJob, sys.argv[1:], "python -m evaluate")

    from evaluate.job import evaluate_generator, finished_evaluation
    from infra.cluster import connected
    from infra.lease import held
    from infra.progress import console
    from infra.tracking import run_of
    from infra.workspace import open_workspace

    workspace = open_workspace(job)
    found = finished_evaluation(job.evaluate, seed=job.seed, workspace=workspace, training=job.training)
    if found is None:
        with (
            held(workspace),
            connected(job.cluster),
            run_of(job, workspace, f"evaluate {job.training}").recording() as run,
        ):
            found = evaluate_generator(job.evaluate, seed=job.seed, workspace=workspace, training=job.training, run=run)
    for question, summary in found["questions"].items():
        console.print(f"[bold]{question}[/bold]  {summary['text']}")
        console.print(f"{workspace.url}/evaluation/{question}")
    return 0


if __name__ == "__main__":
    guarded(main)
