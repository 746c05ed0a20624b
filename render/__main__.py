"""`python -m render --recipe NAME --workspace DIR`: render a dataset, or what is missing of it."""

from __future__ import annotations

import sys

from infra.errors import guarded
from infra.settings import parse
from render.config import RenderJob


def main() -> int:
    """Render as the command line says; prints where the dataset lies."""
    job = parse(RenderJob, sys.argv[1:], "python -m render")

    from infra.cluster import connected
    from infra.progress import console
    from infra.workspace import open_workspace
    from render import sources
    from render.job import render_dataset

    workspace = open_workspace(job)
    catalog = sources.catalog(job.render.source, job.seed)
    with connected(job.cluster):
        manifest = render_dataset(job.render, seed=job.seed, storage=workspace / "dataset", catalog=catalog)
    styles = len(manifest.styles)
    console.print(
        f"{manifest.views} views of {styles} models in {len(manifest.shards)} shards at {workspace.url}/dataset"
    )
    console.print(f"digest {manifest.digest}")
    return 0


if __name__ == "__main__":
    guarded(main)
