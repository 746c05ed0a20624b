"""`python -m evaluate`: ask the generator of a workspace, without rendering or training anything."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from evaluate.config import EvaluateJob
from infra.errors import guarded
from infra.settings import digest, parse


def main() -> int:
    """Read the command line, ask, say what came out and where it is."""
    job = parse(EvaluateJob, sys.argv[1:], "python -m evaluate")

    from evaluate.job import evaluate_generator
    from infra.cluster import connected
    from infra.progress import console
    from infra.tracking import default_uri, open_run
    from infra.workspace import open_workspace

    workspace = open_workspace(job)
    recipe = job.model_dump(mode="json", exclude={"workspace", "cluster", "tracking"})
    uri = job.tracking.uri or default_uri(workspace)
    name = f"evaluate {job.training} {datetime.now(UTC):%Y-%m-%d %H:%M}"
    run = open_run(uri, job.tracking.experiment or job.name, name, digest(recipe), workspace / "mlflow")
    with connected(job.cluster), run.recording():
        found = evaluate_generator(
            job.evaluate, seed=job.seed, workspace=workspace, training=job.training, recipe=recipe, run=run
        )
    for question, summary in found["questions"].items():
        console.print(f"[bold]{question}[/bold]  {summary['text']}")
        console.print(f"{workspace.url}/evaluation/{question}")
    return 0


if __name__ == "__main__":
    guarded(main)
