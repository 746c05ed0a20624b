"""`python -m train`: train a generator on the dataset of a workspace."""

from __future__ import annotations

import sys

from infra.errors import guarded
from infra.settings import parse
from train.config import TrainJob


def main() -> int:
    """Read the command line, train, say where the generator is."""
    job = parse(TrainJob, sys.argv[1:], "python -m train")

    from infra.cluster import connected
    from infra.lease import held
    from infra.progress import console
    from infra.tracking import run_of
    from infra.workspace import open_workspace
    from train.job import train_generator

    workspace = open_workspace(job)
    recipe = job.model_dump(mode="json", exclude={"workspace", "cluster", "tracking"})
    with held(workspace), connected(job.cluster), run_of(job, workspace, f"train {job.train.name}").recording() as run:
        result = train_generator(job.train, seed=job.seed, workspace=workspace, recipe=recipe, run=run)
    final = result.spec.final
    state = "was trained before" if result.done_before else "trained"
    console.print(f"{state}: {result.folder.url} ({final['psnr_db']:.2f} dB on training views as trained)")
    return 0


if __name__ == "__main__":
    guarded(main)
