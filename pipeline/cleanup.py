"""`python pipeline/run.py cleanup --workspace DIR [--yes]`: list what no manifest names, then remove it.

The one idea: what goes is named, never what stays. A file goes when the rules below know it for a leftover; whatever
else lies in a workspace, anybody's notes too, is left alone.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePosixPath

from rich.markup import escape

from evaluate.plan import places, plan
from evaluate.summary import SUMMARY
from infra.errors import UserError
from infra.lease import DEAD_AFTER_S, UNFINISHED_S, held, tenancy
from infra.progress import console
from infra.storage import FolderStorage, Storage, Stored, open_storage
from pipeline.costs import size
from pipeline.look import GENERATOR_FILES, MANIFEST, Look, look_at_workspace
from pipeline.recorded import Recorded, recorded
from pipeline.survey import dataset_digest, trainings_of

UNFINISHED, STRAYS = "half-written files of killed runs", "shards and parts that the manifest does not name"
CHECKPOINTS = "checkpoints of finished trainings, and half-written ones"
OTHERS = "of other settings: what the workspace's recipe does not ask for"
KINDS = (UNFINISHED, STRAYS, CHECKPOINTS, OTHERS)
_FIRST = ("manifest.json", "generator.json", "summary.json", "state.json")
"""Files that say that others are whole: they go before those."""

_CHECKPOINT = re.compile(r"training/([^/]+)/(checkpoints-[0-9a-f]+)/step-\d+/[^/]+")


@dataclass(frozen=True)
class Leftover:
    """A file that may go, and which kind of leftover it is."""

    kind: str
    file: Stored


def main(argv: Sequence[str]) -> int:
    """List the leftovers of a workspace; with `--yes` remove them."""
    parser = argparse.ArgumentParser(prog="python pipeline/run.py cleanup", description=__doc__, allow_abbrev=False)
    parser.add_argument("--workspace", required=True, metavar="DIR|s3://bucket/prefix", help="what a run made")
    parser.add_argument("--yes", action="store_true", help="remove what is listed; without, it is only listed")
    parser.add_argument("--others", action="store_true", help="remove what is of other settings, too")
    asked = parser.parse_args(argv)
    workspace = open_storage(asked.workspace)
    look_at_workspace(workspace)
    _refuse_while_held(workspace)
    if not asked.yes:
        found = leftovers(workspace)
        _print(found)
        again = f"python pipeline/run.py cleanup --workspace {asked.workspace} --yes"
        if any(each.kind != OTHERS for each in found):
            console.print(f"nothing was removed; {escape(again)} does")
        if any(each.kind == OTHERS for each in found):
            console.print(f"those of other settings stay until {escape(again)} --others")
        return 0
    unfinished = _unfinished(workspace)  # the lease begins with a sweep of its own
    with held(workspace):
        found = [*unfinished, *(each for each in leftovers(workspace) if each not in unfinished)]
        going = [each for each in found if asked.others or each.kind != OTHERS]
        _print(going)
        remove(workspace, going)
    if going:
        console.print(f"removed {_files(len(going))}, {size(sum(each.file.bytes for each in going))}")
    return 0


def leftovers(workspace: Storage) -> list[Leftover]:
    """What no manifest names, by kind and name. Raises `UserError` where there is no workspace."""
    look, said = look_at_workspace(workspace), recorded(workspace)
    found = _unfinished(workspace)
    # Without a manifest they may be what another run of other settings has made so far.
    strays = STRAYS if MANIFEST in look.files else OTHERS
    found += [Leftover(strays, look.files[name]) for name in sorted(_strays(look, said))]
    useless = sorted(_useless_checkpoints(look))
    found += [Leftover(CHECKPOINTS, look.files[name]) for name in useless]
    others = _others(look, said) - set(useless) if said else set[str]()
    found += [Leftover(OTHERS, look.files[name]) for name in sorted(others)]
    return sorted(found, key=lambda each: (KINDS.index(each.kind), each.file.name))


def remove(workspace: Storage, going: Sequence[Leftover]) -> None:
    """Remove leftovers: what says that others are whole goes first, so that a kill in between leaves nothing that looks
    whole; folders that became empty go too."""
    if any(each.kind == UNFINISHED for each in going):
        workspace.sweep(UNFINISHED_S)
    names = [each.file.name for each in going if each.kind != UNFINISHED]
    for name in sorted(names, key=lambda name: (PurePosixPath(name).name not in _FIRST, name)):
        workspace.delete(name)
    if isinstance(workspace, FolderStorage):
        for name in names:
            for folder in [*PurePosixPath(name).parents][:-1]:
                with suppress(OSError):  # not empty, or gone already
                    (workspace.root / folder).rmdir()


def _refuse_while_held(workspace: Storage) -> None:
    who = tenancy(workspace)
    if who is None or who.lives is False:
        return
    if who.lives is None:
        renewed = max((each.modified for each in (workspace / "lease").contents()), default=0.0)
        if time.time() - renewed > DEAD_AFTER_S:  # to remove anything the lease is taken, and that is sure
            return
    raise UserError(f"{who} works in {workspace.url}; clean up after its end, or stop it first")


def _unfinished(workspace: Storage) -> list[Leftover]:
    return [Leftover(UNFINISHED, each) for each in workspace.unfinished(UNFINISHED_S)]


def _strays(look: Look, said: Recorded | None) -> Iterator[str]:
    """Shards and parts in neither the manifest nor the plan of the run; none while neither is known."""
    manifest = look.json(MANIFEST)
    if manifest is None and (said is None or MANIFEST in look.files):
        return
    known = {str(shard.get("name")).removesuffix(".tar") for shard in (manifest or {}).get("shards", ())}
    known |= set(said.dataset.views) if said else set()
    for name in look.files:
        for start, end in (("dataset/shards/", ".tar"), ("dataset/parts/", ".json")):
            stem = name.removeprefix(start).removesuffix(end)
            if name == f"{start}{stem}{end}" and "/" not in stem and stem not in known:
                yield name


def _useless_checkpoints(look: Look) -> Iterator[str]:
    """Files of checkpoints that nothing goes on from: of the very training that is finished, or never whole."""
    finished: set[tuple[str, str]] = set()
    for name in look.below("training"):
        spec = look.json(f"training/{name}/generator.json") or {}
        if all(f"training/{name}/{file}" in look.files for file in GENERATOR_FILES) and spec.get("inputs_digest"):
            finished.add((name, f"checkpoints-{spec['inputs_digest'][:16]}"))
    for file, match in ((file, _CHECKPOINT.fullmatch(file)) for file in look.files):
        whole = f"{file.rpartition('/')[0]}/state.json" in look.files
        if match and (not whole or (match[1], match[2]) in finished):
            yield file


def _others(look: Look, said: Recorded) -> set[str]:
    """Files of trainings, checkpoints and answers that the plan of the run's recipe does not have."""
    trainings = {each.name: each for each in trainings_of(said.recipe)}
    answers = {place for place, _, _, _ in places(plan(said.recipe))}
    dataset = dataset_digest(look, said.dataset)
    found: set[str] = set()
    for folder in look.below("training") - trainings.keys():
        found |= _whole_folder(look, f"training/{folder}", ("generator.json", "run.json", "checkpoints-"))
    for folder in look.below("evaluation") - answers:
        found |= _whole_folder(look, f"evaluation/{folder}", (SUMMARY,))
    for file, match in ((file, _CHECKPOINT.fullmatch(file)) for file in look.files):
        each = trainings.get(match[1]) if match else None
        # While there is no dataset, nobody knows which checkpoints will turn out to be of it.
        if match and each and dataset and match[2] != each.config.checkpoints_folder(each.seed, dataset):
            found.add(file)
    return found


def _whole_folder(look: Look, folder: str, marks: tuple[str, ...]) -> set[str]:
    """All files of a folder that one of the marks tells to be a training's or an answer's."""
    names = {name for name in look.files if name.startswith(f"{folder}/")}
    return names if any(name.startswith(tuple(f"{folder}/{mark}" for mark in marks)) for name in names) else set()


def _print(found: Sequence[Leftover]) -> None:
    if not found:
        console.print("nothing to clean up: all there is belongs to the workspace's runs, or is not ours")
    for kind, group in groupby(found, key=lambda each: each.kind):
        files = [each.file for each in group]
        console.print(f"[bold]{kind}[/bold]: {_files(len(files))}, {size(sum(each.bytes for each in files))}")
        for folder, count in _by_folder(files).items():
            console.print(f"  {escape(folder)}  {_files(count[0])}, {size(count[1])}")


def _files(count: int) -> str:
    return f"{count:,} file{'s' * (count != 1)}"


def _by_folder(files: Sequence[Stored]) -> Mapping[str, tuple[int, int]]:
    """Numbers and bytes of files by what they lie in: a folder of checkpoints, a training, an answer, or the file."""
    sums: dict[str, tuple[int, int]] = {}
    for each in files:
        parts = each.name.split("/")
        depth = 4 if len(parts) > 3 and parts[2].startswith("checkpoints-") else 2
        place = each.name if parts[0] not in ("training", "evaluation") else "/".join(parts[:depth])
        count, total = sums.get(place, (0, 0))
        sums[place] = (count + 1, total + each.bytes)
    return sums
