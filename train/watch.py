"""Watching a training: a line for people at once, losses and preview pictures for MLflow behind its back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from infra.tracking import Run
from train.config import TrainConfig
from train.loop import Row, TrainState
from train.preview import examined, preview
from train.samples import Samples


class Watcher:
    """The first worker's reports: to the board for the live line at once, to MLflow behind the training's back."""

    def __init__(
        self, config: TrainConfig, run: Run, state: TrainState, samples: Samples, tell: Callable[[int, str], object]
    ) -> None:
        """`tell` gets the step and a note for people, whenever there is a report."""
        self._config, self._run, self._state, self._samples = config, run, state, samples
        self._tell = tell
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mlflow")
        self._previewed = state.step // config.preview_every
        self._failed = False
        self._complaint = ""
        if state.history:
            # A killed worker may have taken reports with it that its checkpoint remembers.
            self._thread.submit(self._catch_up, list(state.history))

    def report(self, row: Row) -> None:
        """Pass a row on; now and then with preview pictures."""
        config, step = self._config, int(row["step"])
        note = f"{row['images_per_s']:.0f} images/s, loss {row['loss']:.1f}, {row['psnr_db']:.2f} dB"
        self._tell(step, f"{note}; {self._complaint}" if self._complaint else note)
        self._thread.submit(self._log, _metrics(row), None, step)
        if step // config.preview_every > self._previewed or step == config.steps:
            self._previewed = step // config.preview_every
            health = examined(self._state, self._samples)
            self._complaint = health.complaint()
            worst = {"train/dead_units_share": health.dead_share}
            self._thread.submit(self._log, worst, preview(self._state, self._samples), step)

    def close(self) -> None:
        """Wait until MLflow has everything."""
        self._thread.shutdown(wait=True)

    def _catch_up(self, history: list[Row]) -> None:
        try:
            there = self._run.steps("train/loss")
        except Exception:  # the next report says that MLflow is away
            return
        for row in history:
            if int(row["step"]) not in there:
                self._log(_metrics(row), None, int(row["step"]))

    def _log(self, metrics: dict[str, float], picture: np.ndarray | None, step: int) -> None:
        try:
            if metrics:
                self._run.metrics(metrics, step)
            if picture is not None:
                self._run.image(picture, "train/preview", step)
        except Exception as error:  # a tracking server that is away must not cost a training
            if not self._failed:
                logging.getLogger(__name__).warning("MLflow does not take reports: %s", error)
            self._failed = True


def _metrics(row: Row) -> dict[str, float]:
    return {f"train/{name}": value for name, value in row.items() if name != "step"}
