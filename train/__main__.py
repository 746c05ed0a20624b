"""`python -m train`: train a generator on the dataset of a workspace."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from infra.errors import guarded
from infra.settings import digest, parse
from infra.storage import open_storage
from train.config import TrainJob


def main() -> int:
    """Read the command line, train, say where the generator is."""
    job = parse(TrainJob, sys.argv[1:], "python -m train")
    workspace = open_storage(job.workspace or Path("workspace") / job.name)
    workspace.check_writable()

    from infra.cluster import connected
    from infra.progress import console
    from infra.tracking import default_uri, open_run
    from train.job import train_generator

    uri = job.tracking.uri or default_uri(workspace)
    recipe = job.model_dump(mode="json")
    name = f"train {job.train.name} {datetime.now(UTC):%Y-%m-%d %H:%M}"
    run = open_run(uri, job.tracking.experiment or job.name, name, digest(recipe), workspace / "mlflow")
    with connected(job.cluster), run.recording(), run.child("train").recording() as child:
        result = train_generator(job.train, seed=job.seed, workspace=workspace, recipe=recipe, run=child)
    final = result.spec.final
    state = "was trained before" if result.done_before else "trained"
    console.print(f"{state}: {result.folder.url} ({final['psnr_db']:.2f} dB on training views as trained)")
    return 0


if __name__ == "__main__":
    guarded(main)
