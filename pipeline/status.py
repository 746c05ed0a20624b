"""`python pipeline/run.py status --workspace DIR`: what a workspace holds, how far its run is, and who works in it now.

The one idea: everything is read off the workspace, so it is the same from any machine, during a run, after a kill, on
S3; only whether a process of this machine lives is asked of the machine.
"""

from __future__ import annotations

import argparse
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from rich.markup import escape

from infra.lease import Tenancy, tenancy
from infra.progress import console
from infra.storage import Storage, open_storage
from infra.workspace import MARK
from pipeline.addresses import run_link
from pipeline.costs import size
from pipeline.look import MANIFEST, REPORT, Look, look_at_workspace
from pipeline.recorded import Recorded, recorded
from pipeline.rows import say_rows
from pipeline.sizes import of_parts
from pipeline.survey import Standing, State, survey

FAILURES = "dataset/failures.parquet"
MOST_REASONS = 5
"""Reasons why models failed that are told, the most frequent."""

_ENDED = ("finished", "failed", "interrupted")


@dataclass(frozen=True)
class Failures:
    """Models that could not be rendered: how many, the most frequent reasons with their numbers, the table."""

    models: int
    reasons: Mapping[str, int]
    table: str


@dataclass(frozen=True)
class Status:
    """What there is to know of a workspace. `plan` tells whether it says what its run set out to do."""

    workspace: str
    recipe: str
    plan: bool
    stages: Sequence[Standing]
    failures: Failures
    bytes: Mapping[str, int]
    run: Mapping[str, str]
    tenancy: Tenancy | None
    last: str

    def plain(self) -> dict[str, Any]:
        """As data for JSON."""
        holder = None
        if self.tenancy is not None:
            said = {"host", "pid", "command", "since"}
            holder = self.tenancy.holder.model_dump(include=said) | {"lives": self.tenancy.lives}
        values = asdict(replace(self, tenancy=None))
        return {**{key: value for key, value in values.items() if key != "tenancy"}, "held_by": holder}


def main(argv: Sequence[str]) -> int:
    """Print a workspace's status, for people or as JSON."""
    parser = argparse.ArgumentParser(prog="python pipeline/run.py status", description=__doc__, allow_abbrev=False)
    parser.add_argument("--workspace", required=True, metavar="DIR|s3://bucket/prefix", help="what a run made")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    asked = parser.parse_args(argv)
    found = status(open_storage(asked.workspace))
    if asked.json:
        print(json.dumps(found.plain(), indent=1))
    else:
        _print(found)
    return 0


def status(workspace: Storage) -> Status:
    """Look at a workspace. Raises `UserError` where there is none."""
    look = look_at_workspace(workspace)
    said, who = recorded(workspace), tenancy(workspace)
    stages = survey(look, said.recipe, said.dataset, said.key) if said else as_found(look)
    if who is not None and who.lives is not False:
        stages = [_at_work(each, look) for each in stages]
    return Status(
        workspace=workspace.url,
        recipe=str((look.json(MARK) or {}).get("recipe", "?")),
        plan=said is not None,
        stages=stages,
        failures=_failures(look),
        bytes=of_parts(look.files.values()),
        run=_address(said),
        tenancy=who,
        last=_last_words(look),
    )


def as_found(look: Look) -> list[Standing]:
    """What is there, of a workspace that does not say what there will be."""
    stages, manifest = [], look.json(MANIFEST)
    parts = [name for name in look.files if name.startswith("dataset/parts/")]
    if manifest:
        facts = {"views": int(manifest.get("views", 0)), "models": len(manifest.get("styles", ()))}
        shards = len(manifest.get("shards", ()))
        stages.append(Standing("render", "dataset", "done", "", shards, shards, "shards", facts))
    elif parts:
        stages.append(Standing("render", "dataset", "under way", "no manifest yet", len(parts), 0, "shards"))
    for name in sorted(look.below("training")):
        spec, step = look.json(f"training/{name}/generator.json"), max(look.checkpoints(name).values(), default=0)
        steps = int(spec.get("steps", 0)) if spec else step
        stages.append(Standing("train", name, "done" if spec else "under way", "", steps, steps * bool(spec), "steps"))
    for place in sorted(look.below("evaluation")):
        there = f"evaluation/{place}/summary.json" in look.files
        stages.append(Standing("evaluate", place, "done" if there else "under way", "", int(there), 1, "answers"))
    if REPORT in look.files:
        stages.append(Standing("report", REPORT, "done", "", 1, 1, "pages"))
    return stages


def _at_work(each: Standing, look: Look) -> Standing:
    """A stage that the run which works here now has begun, and of which nothing is stored yet."""
    if each.state == "done":
        return each
    begun = False
    for event in look.events(each.stage):
        kind, name = event["event"], event.get("name")
        if each.stage == "render" and name is None and kind in ("begun", *_ENDED):
            begun = kind == "begun"
        elif name == each.name or (name is None and kind in _ENDED):
            begun = kind.endswith(("begun", "resumed", "checkpoint"))
    state: State = "under way" if begun else each.state
    return replace(each, state=state, why="" if state == "under way" else each.why)


def _failures(look: Look) -> Failures:
    """From the table of a finished dataset, else from the journal."""
    manifest = look.json(MANIFEST)
    if manifest is not None and not manifest.get("failed_models"):
        return Failures(0, {}, "")
    if FAILURES in look.files and manifest is not None:
        import pyarrow.parquet as pq

        rows = pq.read_table(io.BytesIO(look.workspace.read_bytes(FAILURES)), columns=["reason"])
        reasons = rows.column("reason").to_pylist()
        return Failures(len(reasons), dict(Counter(reasons).most_common(MOST_REASONS)), FAILURES)
    by_shard: dict[str, dict[str, str]] = {}
    for event in look.events("render", newest_only=False):
        if event["event"] == "shard done":
            by_shard[str(event.get("name"))] = {}
        elif event["event"] == "model failed":
            by_shard.setdefault(str(event.get("name")), {})[str(event.get("model"))] = str(event.get("reason"))
    lost = Counter(reason for shard in by_shard.values() for reason in shard.values())
    return Failures(lost.total(), dict(lost.most_common(MOST_REASONS)), "logs/" if lost else "")


def _address(said: Recorded | None) -> dict[str, str]:
    if said is None or not said.run:
        return {}
    link = run_link(said.run)
    return {**said.run, "page": link.href if link else ""}


def _last_words(look: Look) -> str:
    """How the last run ended, where it did and said so."""
    events = [event for event in look.events("run") if event["event"] in _ENDED]
    if not events:
        return ""
    why = f": {events[-1]['why']}" if "why" in events[-1] else ""
    return f"{events[-1]['event']} {events[-1].get('time', '')}{why}"


def _print(found: Status) -> None:
    console.print(f"{escape(found.workspace)}, recipe {escape(found.recipe)}")
    console.print(_who(found.tenancy))
    if found.last:
        console.print(f"last run  {escape(found.last)}")
    if not found.plan:
        console.print("what there will be is not known: nothing says which settings its last run had (no recipe.json)")
    console.print()
    say_rows([each.stage, each.name, each.state, _progress(each), each.why] for each in found.stages)
    console.print()
    if found.failures.models:
        lost = f"{found.failures.models:,} model{'s' * (found.failures.models != 1)}"
        console.print(f"failed    {lost}, see {found.failures.table}")
        for reason, count in found.failures.reasons.items():
            console.print(f"          {count} x {escape(reason)}")
    console.print("bytes     " + ", ".join(f"{name} {size(count)}" for name, count in found.bytes.items()))
    if found.run:
        opened = found.run["page"] or f"mlflow ui --backend-store-uri '{found.run['uri']}' shows run {found.run['id']}"
        console.print(f"MLflow    {escape(opened)}")


def _who(tenancy: Tenancy | None) -> str:
    if tenancy is None:
        return "nobody works in it now"
    if tenancy.lives is False:
        return f"nobody works in it now; {escape(str(tenancy))} died; the same command goes on from here"
    if tenancy.lives is None:
        return f"{escape(str(tenancy))} works in it, unless it died: another machine's process cannot be seen from here"
    return f"{escape(str(tenancy))} works in it now"


def _progress(each: Standing) -> str:
    counts = f"{each.done:,} of {each.total:,} {each.unit}" if each.total else f"{each.done:,} {each.unit}"
    if each.stage == "render" and "views" in each.facts:
        all_views = each.facts.get("views_expected", each.facts["views"])
        counts += f", {each.facts['views']:,} of {all_views:,} views"
    return counts if each.stage in ("render", "train") else ""
