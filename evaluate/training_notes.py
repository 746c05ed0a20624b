"""What the journal says of trainings: begun or resumed, checkpoints as they come, finished or stopped.

The one idea: the driver sees a training by the checkpoints that it leaves, whichever task or node it runs on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from evaluate.plan import Planned
from infra.journal import SILENT, Journal
from infra.storage import Storage, StorageError
from train.state import Checkpoints

LOOK_S = 30.0
"""Seconds between looks for new checkpoints: a listing for every training under way."""


class TrainingNotes:
    """The trainings under way, of one run on the dataset of a digest; use as a context manager."""

    def __init__(self, journal: Journal, workspace: Storage, dataset_digest: str) -> None:
        self._journal, self._workspace, self._dataset_digest = journal, workspace, dataset_digest
        self._under_way: dict[str, tuple[Checkpoints, int, float]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="training-notes", daemon=True)

    def __enter__(self) -> Self:
        if self._journal is not SILENT:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for name in list(self._under_way):
            self._journal.event("train", "training stopped", name=name)

    def begun(self, each: Planned) -> None:
        """A training is begun, anew or from its newest checkpoint."""
        if self._journal is SILENT:
            return
        folder = each.config.checkpoints_folder(each.seed, self._dataset_digest)
        checkpoints = Checkpoints(self._workspace / "training" / each.name / folder, "")
        step = _newest(checkpoints)
        self._under_way[each.name] = (checkpoints, step, time.monotonic())
        event = "training resumed" if step else "training begun"
        self._journal.event("train", event, name=each.name, step=step, steps=each.config.steps, seed=each.seed)

    def news_of(self, each: Planned) -> Callable[[str], None]:
        """What a training's workers say of themselves goes here."""
        return lambda news: self._journal.event("train", "training goes on", name=each.name, news=news)

    def finished(self, each: Planned) -> None:
        """Its generator is there."""
        if each.name in self._under_way:
            _, _, start = self._under_way.pop(each.name)
            seconds = round(time.monotonic() - start, 1)
            self._journal.event("train", "training finished", name=each.name, steps=each.config.steps, seconds=seconds)

    def _look(self) -> None:
        while not self._ended.wait(LOOK_S):
            for name, (checkpoints, told, start) in list(self._under_way.items()):
                step = _newest(checkpoints)
                if step > told and name in self._under_way:
                    self._under_way[name] = (checkpoints, step, start)
                    self._journal.event("train", "checkpoint", name=name, step=step)


def _newest(checkpoints: Checkpoints) -> int:
    """Step of the newest checkpoint, 0 where there is none or nobody answers: a note is worth no run."""
    with suppress(StorageError):
        return max(checkpoints.steps(), default=0)
    return 0
