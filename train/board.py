"""The board between workers and driver: workers write how far they are, the driver shows it and hears of faults."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray

from infra.progress import Progress


class Board:
    """Where workers write what the driver shows: how far they are, a note, a fault. Lives as a Ray actor."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._done, self._note = 0, ""
        self._fault: str | None = None

    def begin(self, done: int | None) -> None:
        self._first, self._done, self._note = done, done or 0, ""

    def put(self, done: int, note: str) -> None:
        self._done, self._note = done, note

    def add(self, count: int) -> None:
        self._done += count

    def fail(self, fault: str) -> None:
        self._fault = self._fault or fault

    def fault(self) -> str | None:
        return self._fault

    def read(self) -> tuple[int | None, int, str]:
        return self._first, self._done, self._note


@contextmanager
def shown(title: str, total: int, unit: str, board: Any) -> Iterator[None]:
    """Show the board's progress on this machine for the length of the block."""
    ended = threading.Event()
    ray.get(board.begin.remote(None))

    def show(progress: Progress) -> None:
        first = None
        while not ended.wait(1.0):
            try:
                begun, done, note = ray.get(board.read.remote(), timeout=10)
            except ray.exceptions.RayError:
                continue
            if begun is not None and begun != first:
                progress.start_from(begun)  # the clock starts with the first step, not with the workers' start
                first = begun
            progress.update(done, note)

    with Progress(title, total, unit) as progress:
        thread = threading.Thread(target=show, args=(progress,), daemon=True)
        thread.start()
        try:
            yield
            progress.update(total)
        finally:
            ended.set()
            thread.join()
