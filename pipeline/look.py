"""A look at a workspace, from afar too: one listing with sizes, and the few small files that say what is done.

The one idea: what is in the listing needs no request, and a file that is damaged or gone by now says nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from infra.errors import UserError
from infra.journal import read_events
from infra.storage import Storage, Stored
from infra.workspace import MARK

MANIFEST, RESULT, REPORT = "dataset/manifest.json", "result.json", "report.html"
GENERATOR_FILES = ("generator.json", "generator.safetensors", "selection.parquet", "history.csv")
AT_ONCE = 16

_CHECKPOINT = re.compile(r"training/([^/]+)/(checkpoints-[0-9a-f]+)/step-(\d+)/state\.json")


@dataclass
class Look:
    """The files of a workspace by name, as they were when it was looked at, and those that were read."""

    workspace: Storage
    files: dict[str, Stored]
    _read: dict[str, dict[str, Any] | None] = field(default_factory=dict)

    def read(self, names: Iterable[str]) -> None:
        """Read JSON files, many at a time; those that are not in the listing cost nothing."""
        wanted = [name for name in names if name in self.files and name not in self._read]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            self._read.update(zip(wanted, pool.map(self._json, wanted), strict=True))

    def json(self, name: str) -> dict[str, Any] | None:
        """A JSON file's mapping; None where it is not there or no JSON."""
        self.read([name])
        return self._read.get(name)

    def below(self, folder: str) -> set[str]:
        """Names of what lies directly below a folder that holds files: `training` -> {'generator'}."""
        start = f"{folder}/"
        rest = (name[len(start) :] for name in self.files if name.startswith(start))
        return {name.partition("/")[0] for name in rest if "/" in name}

    def checkpoints(self, training: str) -> dict[str, int]:
        """Step of the newest whole checkpoint, by folder of checkpoints."""
        newest: dict[str, int] = {}
        for match in filter(None, map(_CHECKPOINT.fullmatch, self.files)):
            if match[1] == training:
                newest[match[2]] = max(newest.get(match[2], 0), int(match[3]))
        return newest

    def events(self, stage: str, newest_only: bool = True) -> list[dict[str, Any]]:
        """The journal's events of a stage, of its newest run or of all."""
        names = sorted(name for name in self.files if name.startswith(f"logs/{stage}-"))
        return list(read_events(self.workspace, names[-1:] if newest_only else names))

    def _json(self, name: str) -> dict[str, Any] | None:
        try:
            value = json.loads(self.workspace.read_bytes(name))
        except (FileNotFoundError, ValueError):
            return None
        return value if isinstance(value, dict) else None


def look(workspace: Storage) -> Look:
    """List a workspace; one that is not there yet has no files."""
    return Look(workspace, {each.name: each for each in workspace.contents()})


def look_at_workspace(workspace: Storage) -> Look:
    """List a workspace. Raises `UserError` where there is none."""
    found = look(workspace)
    if MARK not in found.files:
        what = "is no workspace" if found.files else "holds nothing"
        raise UserError(f"{workspace.url} {what} (no {MARK}); give the folder or s3://bucket/prefix that a run made")
    return found


def seconds_of(event: Mapping[str, Any]) -> float:
    """When an event was, seconds since 1970; 0 where it does not say."""
    try:
        return datetime.fromisoformat(str(event["time"])).timestamp()
    except (KeyError, ValueError):
        return 0.0
