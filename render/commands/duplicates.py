"""`python -m render duplicates`: which models of a source are copies, broken or empty."""

from __future__ import annotations

from rich.table import Table

from infra.progress import console
from infra.settings import flatten, parse
from render import duplicates, sources
from render.dataset import open_dataset
from render.preview import png


def run(argv: list[str]) -> int:
    """Find copies among the models of a source and write what was found. Raises `UserError`."""
    job = parse(
        duplicates.DuplicatesJob,
        argv,
        "python -m render duplicates",
        epilog="Writes duplicates.csv, kept.txt (for --render.source.include) and pairs.png into "
        "<workspace>/duplicates. Of alike models the first in the catalogue is kept; see docs/duplicates.md.",
    )
    catalog = sources.catalog(job.render.source, job.seed)

    from infra.cluster import connected
    from infra.lease import held
    from infra.tracking import run_of
    from infra.workspace import open_workspace
    from render.job import finished_dataset, render_dataset

    config = duplicates.thumbnails(job.render, job.duplicates.samples)
    workspace = open_workspace(job)
    storage = workspace / "duplicates"
    with held(workspace), run_of(job, workspace, "duplicates").recording() as run:
        if finished_dataset(config, catalog=catalog, storage=storage / "thumbnails") is None:
            with connected(job.cluster):
                render_dataset(config, catalog=catalog, storage=storage / "thumbnails", run=run)
        dataset = open_dataset(storage / "thumbnails")
        verdict = duplicates.find(dataset, job.duplicates)
        storage.write_bytes("duplicates.csv", duplicates.table(verdict))
        storage.write_bytes("kept.txt", duplicates.kept_list(verdict))
        sheet = duplicates.sheet(dataset, verdict, job.duplicates.pairs_shown)
        storage.delete("pairs.png")
        if sheet is not None:
            storage.write_bytes("pairs.png", png(sheet))
        run.params(flatten({"duplicates": job.duplicates.model_dump(mode="json")}))
        run.metrics(duplicates.metrics(verdict))
        for name in ("duplicates.csv", "kept.txt", *(["pairs.png"] if sheet is not None else [])):
            run.artifact(storage.fetch(name), "duplicates")
    counts = verdict.counts()
    table = Table("class", "models", "kept", *duplicates.REASONS, title="duplicates", title_justify="left")
    for class_name, count in counts.items():
        table.add_row(
            class_name, *(str(n) for n in (count.total(), *(count[k] for k in ("kept", *duplicates.REASONS))))
        )
    console.print(table)
    console.print(f"{len(verdict.kept)} of {len(catalog.models)} models kept: {storage.url}/kept.txt")
    return 0
