"""`python -m evaluate`: ask the generator of a workspace, without rendering or training anything."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from evaluate.config import EvaluateJob
from infra.errors import guarded
from infra.settings import digest, parse


def main() -> int:
    """Read the command line, ask what has not been answered yet, say what came out and where it is."""
    job = parse(EvaluateJob, sys.argv[1:], "python -m evaluate")

    from evaluate.job import evaluate_generator, finished_evaluation
    from infra.cluster import connected
    from infra.progress import console
    from infra.tracking import default_uri, open_run
    from infra.workspace import open_workspace

    workspace = open_workspace(job)
    found = finished_evaluation(job.evaluate, seed=job.seed, workspace=workspace, training=job.training)
    if found is None:
        recipe = job.model_dump(mode="json", exclude={"workspace", "cluster", "tracking"})
        uri = job.tracking.uri or default_uri(workspace)
        name = f"evaluate {job.training} {datetime.now(UTC):%Y-%m-%d %H:%M}"
        run = open_run(uri, job.tracking.experiment or job.name, name, digest(recipe), workspace / "mlflow")
        with connected(job.cluster), run.recording():
            found = evaluate_generator(job.evaluate, seed=job.seed, workspace=workspace, training=job.training, run=run)
    for question, summary in found["questions"].items():
        console.print(f"[bold]{question}[/bold]  {summary['text']}")
        console.print(f"{workspace.url}/evaluation/{question}")
    return 0


if __name__ == "__main__":
    guarded(main)
