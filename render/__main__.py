"""`python -m render --recipe NAME --workspace DIR`: render a dataset, or what is missing of it.

`python -m render preview|duplicates|describe|build ...`: the small commands of `render.commands`.
"""

from __future__ import annotations

import sys

from infra.errors import guarded
from infra.settings import parse
from render import commands
from render.config import RenderJob


def main() -> int:
    """Render as the command line says; prints where the dataset lies."""
    if sys.argv[1:2] and not sys.argv[1].startswith("-"):
        return commands.main(sys.argv[1:])
    job = parse(
        RenderJob,
        sys.argv[1:],
        "python -m render",
        epilog=f"Commands beside it: python -m render {' | '.join(commands.NAMES)}; each has its own --help.",
    )

    from render import sources

    catalog = sources.catalog(job.render.source, job.seed)

    from infra.cluster import connected
    from infra.lease import held
    from infra.progress import console
    from infra.tracking import run_of
    from infra.workspace import open_workspace
    from render.job import finished_dataset, render_dataset

    workspace = open_workspace(job)
    storage = workspace / "dataset"
    manifest = finished_dataset(job.render, catalog=catalog, storage=storage)
    if manifest is None:
        with held(workspace), connected(job.cluster), run_of(job, workspace, "render").recording() as run:
            manifest = render_dataset(job.render, catalog=catalog, storage=storage, run=run)
    styles = len(manifest.styles)
    console.print(
        f"{manifest.views} views of {styles} models in {len(manifest.shards)} shards at {workspace.url}/dataset"
    )
    console.print(f"digest {manifest.digest}")
    return 0


if __name__ == "__main__":
    guarded(main)
