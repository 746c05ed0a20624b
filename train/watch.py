"""Watching a training: a line for people at once, losses and preview pictures for MLflow behind its back.

The one idea: a report is logged unless MLflow has its step already, and asked for again until it is there. So a server
that is away loses nothing, and a training that does steps again after a fault shows whole curves without double ones.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from infra.tracking import Run
from train.config import TrainConfig
from train.loop import Row, TrainState
from train.preview import examined, preview
from train.samples import Samples

LOSS, DEAD = "train/loss", "train/dead_units_share"
RETRY_S = 2.0
"""Between two tries to reach MLflow."""
PATIENCE_S = 60.0
"""How long the end of a training waits for an MLflow that is away."""


class Watcher:
    """The first worker's reports: to people at once, to MLflow behind the training's back."""

    def __init__(
        self, config: TrainConfig, run: Run, state: TrainState, samples: Samples, tell: Callable[[int, str], object]
    ) -> None:
        """`tell` gets the step and a note for people, whenever there is a report."""
        self._config, self._state, self._samples, self._tell = config, state, samples, tell
        self._ledger = Ledger(run)
        self._previewed = state.step // config.preview_every
        self._complaint = ""
        for row in state.history:  # a killed worker may have taken reports with it that its checkpoint remembers
            self._ledger.put(entry_of(row))

    def report(self, row: Row) -> None:
        """Pass a row on; now and then with preview pictures."""
        config, step = self._config, int(row["step"])
        note = f"{row['images_per_s']:.0f} images/s, loss {row['loss']:.1f}, {row['psnr_db']:.2f} dB"
        self._ledger.put(entry_of(row))
        self._tell(step, "; ".join(filter(None, (note, self._complaint, self._ledger.complaint()))))
        if step // config.preview_every > self._previewed or step == config.steps:
            self._previewed = step // config.preview_every
            health = examined(self._state, self._samples)
            self._complaint = health.complaint()
            self._ledger.put(Entry(DEAD, step, {DEAD: health.dead_share}, preview(self._state, self._samples)))

    def close(self) -> None:
        """Wait until MLflow has everything, though not for ever."""
        self._ledger.close(PATIENCE_S)


@dataclass(frozen=True)
class Entry:
    """Metrics of a step, and a picture; MLflow has them when it has the metric `key` of that step."""

    key: str
    step: int
    metrics: dict[str, float]
    picture: np.ndarray | None = None


def entry_of(row: Row) -> Entry:
    """A row of history as MLflow shows it."""
    return Entry(LOSS, int(row["step"]), {f"train/{name}": value for name, value in row.items() if name != "step"})


class Ledger:
    """Entries on their way into an MLflow run, in order, from a thread of its own: none lost, none twice."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._there: dict[str, set[int]] = {}
        self._waiting: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._away = False
        self._deadline: float | None = None
        self._thread = threading.Thread(target=self._write_all, name="mlflow", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> None:
        """Log an entry when MLflow can be reached; never waits."""
        self._waiting.put(entry)

    def complaint(self) -> str:
        """Says that MLflow is away, if it is."""
        return f"MLflow is away, {self._waiting.qsize() + 1} reports wait" if self._away else ""

    def close(self, patience_s: float) -> bool:
        """Wait for what is under way, so long at most; returns whether all is there."""
        self._deadline = time.monotonic() + patience_s
        self._waiting.put(None)
        self._thread.join(patience_s)
        return not self._thread.is_alive() and not self._away

    def _write_all(self) -> None:
        while (entry := self._waiting.get()) is not None:
            while not self._written(entry):
                if self._deadline is not None and time.monotonic() > self._deadline:
                    return
                time.sleep(RETRY_S)

    def _written(self, entry: Entry) -> bool:
        try:
            if entry.key not in self._there:
                self._there[entry.key] = self._run.steps(entry.key)
            if entry.step not in self._there[entry.key]:
                if entry.picture is not None:
                    self._run.image(entry.picture, "train/preview", entry.step)
                self._run.metrics(entry.metrics, entry.step)  # last: they are what tells that the entry is there
                self._there[entry.key].add(entry.step)
        except Exception:  # whatever ails a tracking server must not cost a training
            self._there.clear()  # perhaps only the answer was lost: look again
            self._away = True
            return False
        self._away = False
        return True


def delivered(run: Run, history: list[Row]) -> str:
    """See to it that MLflow has every row of a finished history; returns why not, in a line, else nothing."""
    try:
        there = run.steps(LOSS)
        for entry in map(entry_of, history):
            if entry.step not in there:
                run.metrics(entry.metrics, entry.step)
    except Exception as error:
        return str(error).splitlines()[0]
    return ""
