"""The parent's side of Blender: a child process that is ordered about, watched, and replaced when it dies or hangs."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]


class ModelFailure(Exception):
    """Blender answered that this model cannot be rendered; the process is fine. `log` is the end of its output."""

    def __init__(self, reason: str, log: str) -> None:
        super().__init__(reason)
        self.reason, self.log = reason, log


class BlenderDied(ModelFailure):
    """The process crashed or was killed over its time limit; a second try may succeed."""


class Blender:
    """One Blender process; started on first use, and again after it died. Use as a context manager."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object, closed by `__exit__`
        self._buffer = bytearray()
        self.version = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._log.close()

    def shoot(self, order: dict[str, Any], timeout_s: float) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Answers to an order (see `render.blender.turntable.shoot`), as they come.

        Raises `ModelFailure` when Blender refuses the model, `BlenderDied` on a crash or after `timeout_s`.
        """
        deadline = time.monotonic() + timeout_s
        if self._process is None:
            self._start(deadline)
        assert self._process is not None and self._process.stdin is not None
        self._log.seek(0)
        self._log.truncate()
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._died("Blender was gone before the model") from None
        expected = len(order["views"])
        while expected >= 0:
            header, pixels = self._answer(deadline, timeout_s)
            if "error" in header:
                raise ModelFailure(header["error"], self._log_tail())
            expected -= 1
            yield header, pixels

    @property
    def pid(self) -> int | None:
        """The process's id; None while there is none."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            with self._process as process:  # closes the pipes
                process.kill()
            self._process = None
            self._buffer.clear()

    def _start(self, deadline: float) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        # Blender counts threads by its own setting; the pools of NumPy and OpenCV would only add to them.
        environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "render.blender"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=ROOT,
            env=environment,
        )
        header, _ = self._answer(max(deadline, time.monotonic() + 120), 120)
        self.version = header["ready"]

    def _answer(self, deadline: float, limit_s: float) -> tuple[dict[str, Any], bytes]:
        while (end := self._buffer.find(b"\n")) < 0:
            self._read(deadline, limit_s)
        header = json.loads(self._buffer[:end])
        del self._buffer[: end + 1]
        while len(self._buffer) < header["bytes"]:
            self._read(deadline, limit_s)
        pixels = bytes(self._buffer[: header["bytes"]])
        del self._buffer[: header["bytes"]]
        return header, pixels

    def _read(self, deadline: float, limit_s: float) -> None:
        assert self._process is not None and self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(max(deadline - time.monotonic(), 0)):
                raise self._died(f"over the time limit of {limit_s:g} s")
        block = os.read(self._process.stdout.fileno(), 1 << 20)
        if not block:
            status = self._process.wait()
            how = f"signal {-status}" if status < 0 else f"status {status}"
            raise self._died(f"Blender ended with {how}")
        self._buffer += block

    def _died(self, reason: str) -> BlenderDied:
        tail = self._log_tail()
        self.close()
        return BlenderDied(reason, tail)

    def _log_tail(self, size: int = 4000) -> str:
        end = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, end - size))
        return self._log.read().decode(errors="replace")
