"""Progress for people: a bar on a terminal, a plain line every few seconds in a log. Both show rate and time left."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress as RichProgress, TextColumn, TimeElapsedColumn

console = Console(highlight=False, soft_wrap=True)
"""The one console that commands speak through."""

_SECONDS_FOR_A_RATE = 0.2
"""What was done in less says nothing of a rate."""


class Progress:
    """Counts `total` things of a `unit`. Use as a context manager; `update` takes the absolute count."""

    def __init__(self, title: str, total: int, unit: str) -> None:
        self._title, self._total, self._unit = title, max(total, 1), unit
        self._between = float(os.environ.get("TURNERY_SECONDS_BETWEEN_LINES", "5"))
        self._start = self._spoke = time.monotonic()
        self._base = 0
        self._done = 0
        self._note = ""
        self._bar: RichProgress | None = None

    def __enter__(self) -> Self:
        if console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(28), TextColumn("{task.fields[text]}"))
            self._bar = RichProgress(*columns, TimeElapsedColumn(), console=console)
            self._task = self._bar.add_task(self._title, total=self._total, text="")
            self._bar.start()
        return self

    def start_from(self, done: int) -> None:
        """What was already there, so that the rate counts this run's work alone."""
        self._base = self._done = done
        self._start = time.monotonic()

    def update(self, done: int, note: str = "", total: int | None = None) -> None:
        """Say that `done` of the total are done, and what the total is where more is known of it by now."""
        self._done, self._note = done, note
        self._total = max(total, 1) if total is not None else self._total
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=self._total, text=self.line())
        elif time.monotonic() - self._spoke >= self._between:
            self._spoke = time.monotonic()
            console.print(f"{self._title}: {self.line()}")

    def line(self) -> str:
        """For instance `1200/2430 views, 64.1 views/s, 0:19 left`."""
        seconds = time.monotonic() - self._start
        rate = (self._done - self._base) / seconds if seconds >= _SECONDS_FOR_A_RATE else 0.0
        parts = [f"{self._done}/{self._total} {self._unit}"]
        if rate > 0:
            left = (self._total - self._done) / rate
            speed = f"{rate:.1f} {self._unit}/s" if rate >= 0.1 else f"{rate * 60:.1f} {self._unit}/min"
            parts += [speed, f"{_clock(left)} left"]
        return ", ".join(parts + ([self._note] if self._note else []))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif kind is None:
            seconds = time.monotonic() - self._start
            console.print(f"{self._title}: {self._done}/{self._total} {self._unit} in {_clock(seconds)}")


def _clock(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
