"""The main job: `python pipeline/run.py --recipe demo --workspace DIR`, from any folder, installed or not."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

# As a script Python puts pipeline/ on the path; the floors stand one level above it.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from evaluate.plan import all_of, places, plan
from infra.errors import guarded
from infra.settings import digest, flatten, parse
from infra.storage import Storage
from pipeline import commands
from pipeline.config import Recipe

RESULT = "result.json"
"""The pipeline's own last file: the settings' digest, the metrics and the MLflow run."""
DRY_RUN = "--dry-run"


def main() -> int:
    """Run what is missing of a recipe's stages, then say what came out and where it is."""
    argv = sys.argv[1:]
    if argv and not argv[0].startswith("-"):
        return commands.command(argv)
    recipe = parse(Recipe, [word for word in argv if word != DRY_RUN], "python pipeline/run.py", commands.HELP)

    from infra import tracking
    from infra.journal import Journal
    from infra.lease import held
    from infra.progress import console
    from infra.workspace import check_owner, open_workspace, place_of
    from pipeline.conclusion import conclude
    from render import sources

    catalog = sources.catalog(recipe.render.source, recipe.seed)
    dry = DRY_RUN in argv
    workspace = place_of(recipe) if dry else open_workspace(recipe)
    uri = recipe.tracking.uri or tracking.default_uri(workspace)
    key = digest({"recipe": recipe.experiment(), "catalog": catalog.digest(), "tracking": uri})
    if dry:
        from pipeline.dry_run import dry_run

        check_owner(workspace, recipe)
        dry_run(recipe, workspace, catalog, key)
        return 0
    metrics = _finished(recipe, workspace, key)
    if metrics is not None:
        console.print("everything is there already")
    else:
        from pipeline import stages  # brings PyTorch, Ray and MLflow, which a finished run does without

        with held(workspace), Journal(workspace / "logs") as journal, journal.stage("run", recipe=recipe.name):
            run = tracking.run_of(recipe, workspace, recipe.name, key)
            with ExitStack() as stack, run.recording():
                job = stages.Job(recipe, workspace, catalog, run, lambda: _connect(stack, recipe), key, journal)
                run.params(flatten(recipe.experiment()))
                stages.begin(job)
                stages.render(job)
                stages.train(job)
                metrics = stages.evaluate(job)
                stages.report(job)
            workspace.write_json(RESULT, {"key": key, "run": run.id, "metrics": metrics})
    conclude(recipe, workspace, uri, metrics)
    return 0


def _connect(stack: ExitStack, recipe: Recipe) -> None:
    from infra.cluster import connected

    stack.enter_context(connected(recipe.cluster))


def _finished(recipe: Recipe, workspace: Storage, key: str) -> dict[str, float] | None:
    """The metrics of a finished run of the same settings, or None."""
    try:
        result = workspace.read_json(RESULT)
        same = result["key"] == key
        metrics: dict[str, float] = result["metrics"]
    except (FileNotFoundError, ValueError, KeyError):
        return None
    plans = plan(recipe)
    last_files = [
        "dataset/manifest.json",
        *(f"training/{each.name}/generator.json" for each in all_of(plans)),
        *(f"evaluation/{place}/summary.json" for place, _, _, _ in places(plans)),
        "report.html",
    ]
    return metrics if same and all(workspace.exists(name) for name in last_files) else None


if __name__ == "__main__":
    guarded(main)
