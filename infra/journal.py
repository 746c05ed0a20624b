"""What happened in a run, as JSON lines in the workspace: `logs/<stage>-<UTC start>.jsonl`, a file a stage and run.

The one idea: events gather in the driver's memory and a thread writes each file whole every few seconds, since an
object store knows no appending. A storage that is away costs a run nothing: the next write has it all.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from infra.credentials import without_secrets
from infra.errors import user_error_in
from infra.storage.base import Storage

EVERY_S = 5.0
"""Seconds between writes; what was told since is lost with a driver that is killed."""
LAST_S = 15.0
"""Seconds that the end of a run waits for the last write, at most."""
LINE_CHARACTERS = 2000
"""Longest text of a field."""


class Journal:
    """The events of one run; without a storage none are kept. May be told from any thread, never raises."""

    def __init__(self, logs: Storage | None, every_s: float = EVERY_S) -> None:
        self._logs, self._every_s = logs, every_s
        now = datetime.now(UTC)
        self._start = f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}Z"
        self._files: dict[str, bytearray] = {}
        self._unwritten: set[str] = set()
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def event(self, stage: str, event: str, **fields: object) -> None:
        """Note one event of a stage; `fields` are plain data."""
        if self._logs is None:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"time": now, "stage": stage, "event": event, **_plain(fields)}, default=str)
        with self._lock:
            self._files.setdefault(stage, bytearray()).extend(f"{line}\n".encode())
            self._unwritten.add(stage)
            if self._thread is None and not self._ended.is_set():
                self._thread = threading.Thread(target=self._keep, name="journal", daemon=True)
                self._thread.start()

    @contextmanager
    def stage(self, stage: str, **fields: object) -> Iterator[dict[str, object]]:
        """`begun` before the block and `finished` after it, with seconds and what the block put into the mapping; a
        block that raises ends as `failed` or `interrupted`, with its one line."""
        start, counts = time.monotonic(), dict[str, object]()
        self.event(stage, "begun", **fields)
        try:
            yield counts
        except BaseException as error:
            ending = "failed" if isinstance(error, Exception) else "interrupted"
            self.event(stage, ending, why=_line(error), seconds=round(time.monotonic() - start, 1))
            raise
        self.event(stage, "finished", seconds=round(time.monotonic() - start, 1), **counts)

    def close(self) -> None:
        """Write what is left; a storage that is away is waited for `LAST_S` at most."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(LAST_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _keep(self) -> None:
        while not self._ended.wait(self._every_s):
            self._write()
        self._write()

    def _write(self) -> None:
        assert self._logs is not None
        with self._lock:
            waiting = {stage: bytes(self._files[stage]) for stage in self._unwritten}
            self._unwritten.clear()
        for stage, lines in waiting.items():
            try:
                self._logs.write_bytes(f"{stage}-{self._start}.jsonl", lines)
            except Exception:  # a log is worth no run: whatever the storage says, the next write has these lines too
                with self._lock:
                    self._unwritten.add(stage)


SILENT = Journal(None)
"""For work that nobody keeps a journal of."""


def read_events(logs: Storage, names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The events of some files of a journal, in their order; lines that are no event are passed over."""
    for name in names:
        with suppress(FileNotFoundError):
            for line in logs.read_bytes(name).splitlines():
                with suppress(ValueError):
                    event = json.loads(line)
                    if isinstance(event, dict) and "event" in event:
                        yield event


def _plain(fields: dict[str, object]) -> dict[str, object]:
    return {key: _safe(value) for key, value in fields.items() if value is not None}


def _safe(value: object) -> object:
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if isinstance(value, dict):
        return {without_secrets(str(key)): _safe(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(each) for each in value]
    return without_secrets(str(value))[:LINE_CHARACTERS]


def _line(error: BaseException) -> str:
    known = user_error_in(error)
    if known is not None:
        return str(known)
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
