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
from pipeline.config import Recipe

RESULT = "result.json"
"""The pipeline's own last file: the settings' digest, the metrics and the MLflow run."""
EPILOG = "The same command again does only what is missing; see also python -m render, train and evaluate."


def main() -> int:
    """Run what is missing of a recipe's stages, then say what came out and where it is."""
    recipe = parse(Recipe, sys.argv[1:], "python pipeline/run.py", EPILOG)

    from infra import tracking
    from infra.lease import held
    from infra.progress import console
    from infra.workspace import open_workspace
    from pipeline.conclusion import conclude
    from render import sources

    catalog = sources.catalog(recipe.render.source, recipe.seed)
    workspace = open_workspace(recipe)
    uri = recipe.tracking.uri or tracking.default_uri(workspace)
    key = digest({"recipe": recipe.experiment(), "catalog": catalog.digest(), "tracking": uri})
    metrics = _finished(recipe, workspace, key)
    if metrics is not None:
        console.print("everything is there already")
    else:
        from pipeline import stages  # brings PyTorch, Ray and MLflow, which a finished run does without

        with held(workspace):
            run = tracking.run_of(recipe, workspace, recipe.name, key)
            with ExitStack() as stack, run.recording():
                job = stages.Job(recipe, workspace, catalog, run, lambda: _connect(stack, recipe))
                run.params(flatten(recipe.experiment()))
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
