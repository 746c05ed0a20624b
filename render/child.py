"""The parent's side of Blender: a child process that is ordered about, watched, and replaced when it dies or hangs.

The one idea: whatever a model does to the process (crash, hang, eat memory, never end) costs that model alone, and
what others do to it (a signal from outside) costs nobody: the two are told apart here.
"""

from __future__ import annotations

import json
import os
import resource
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import psutil

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, "-m", "render.blender")

START_S = 120.0
"""Time limit for Blender itself to come up."""
WATCH_S = 0.2
"""Seconds between two looks at the child's memory."""
LOG_BYTES = 64 << 20
"""What a child has said is forgotten from here on; its end is all that is kept of it anyway."""
MEMORY = Path("/dev/shm")
"""A folder in memory, where there is one: pictures pass through files there."""
ABANDONED_S = 86_400.0
"""A scratch folder that nothing was made in for so long is left by a process that was killed."""
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that a process does not raise by its own fault: someone ended it."""


class ModelFailure(Exception):
    """Blender answered that this model cannot be rendered; the process is fine. `log` is the end of its output."""

    def __init__(self, reason: str, log: str) -> None:
        super().__init__(reason)
        self.reason, self.log = reason, log

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.log)


class BlenderDied(ModelFailure):
    """The process crashed or was killed over a limit; a second try may succeed."""


class BlenderKilled(BlenderDied):
    """Someone else ended the process: the kernel short of memory, a node going down. Not the model's fault."""


class Blender:
    """One Blender process; started on first use, and again after it died. Use as a context manager.

    It is killed above `memory_gb` (1e9 bytes resident, its own children included) and replaced, between two models,
    after `recycle_models` of them or when it stays above half of that. `command` starts the child.
    """

    def __init__(self, memory_gb: float = 8, recycle_models: int = 50, command: Sequence[str] = COMMAND) -> None:
        self._command = list(command)
        self._memory_bytes, self._recycle = _bounded(memory_gb * 1e9), recycle_models
        self._process: subprocess.Popen[bytes] | None = None
        self._scratch = scratch_folder("blender", MEMORY if MEMORY.is_dir() else None)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object, closed by `__exit__`
        self._said_before = b""
        self._buffer = bytearray()
        self._models, self._answering = 0, False
        self._looked, self._counted, self._of_children = 0.0, 0.0, 0.0
        self.version = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._log.close()
        self._scratch.cleanup()

    def shoot(self, order: dict[str, Any], timeout_s: float) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Answers to an order (see `render.blender.turntable.shoot`), as they come.

        Raises `ModelFailure` when Blender refuses the model, `BlenderDied` on a crash, after `timeout_s` or above the
        memory limit, `BlenderKilled` when others ended the process.
        """
        self._ready()
        deadline = time.monotonic() + timeout_s
        self._log.seek(0)
        self._log.truncate()
        self._said_before = b""
        self._models += 1
        self._answering = True
        self._order(json.dumps(order).encode() + b"\n", deadline, timeout_s)
        expected = len(order["views"])
        while expected >= 0:
            header, pixels = self._answer(deadline, timeout_s)
            if "error" in header:
                self._answering = False
                raise ModelFailure(header["error"], self._log_tail())
            expected -= 1
            self._answering = expected >= 0
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
            for left in Path(self._scratch.name).iterdir():  # what a killed process could not tidy up
                shutil.rmtree(left, ignore_errors=True)
            self._buffer.clear()

    def _ready(self) -> None:
        """A process that waits for an order: the one there is, or a new one in its place."""
        if self._process is not None and (
            self._answering  # whoever took the answers left in the middle: the rest of them would come first
            or self._models >= self._recycle
            or self._resident() > self._memory_bytes / 2
        ):
            self.close()
        if self._process is None:
            self._start()

    def _start(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        # Blender counts threads by its own setting; the pools of NumPy and OpenCV would only add to them.
        environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        environment |= {"TURNERY_SCRATCH": self._scratch.name}
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=ROOT,
            env=environment,
        )
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        # A backstop against growing faster than the watch looks; far off, since it counts what is not resident too.
        most = int(2 * self._memory_bytes + 8e9)
        with suppress(ProcessLookupError, PermissionError, ValueError):  # gone already, or limited lower by its user
            resource.prlimit(self._process.pid, resource.RLIMIT_DATA, (most, most))
        self._models, self._answering, self._of_children = 0, False, 0.0
        header, _ = self._answer(time.monotonic() + START_S, START_S)
        self.version = header["ready"]

    def _order(self, data: bytes, deadline: float, limit_s: float) -> None:
        assert self._process is not None and self._process.stdin is not None
        pipe = self._process.stdin.fileno()
        while data:
            self._wait(pipe, selectors.EVENT_WRITE, deadline, limit_s)
            try:
                data = data[os.write(pipe, data) :]
            except BrokenPipeError:
                self._ended()

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
        pipe = self._process.stdout.fileno()
        self._wait(pipe, selectors.EVENT_READ, deadline, limit_s)
        block = os.read(pipe, 1 << 20)
        if not block:
            self._ended()
        self._buffer += block

    def _wait(self, pipe: int, event: int, deadline: float, limit_s: float) -> None:
        """Until the pipe is ready, with an eye on clock and memory."""
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, event)
            while True:
                self._watch()
                left = deadline - time.monotonic()
                if selector.select(max(min(left, WATCH_S), 0)):
                    return
                if left <= 0:
                    raise BlenderDied(f"over the time limit of {limit_s:g} s", self._last_words())

    def _watch(self) -> None:
        if time.monotonic() - self._looked < WATCH_S:
            return
        self._looked = time.monotonic()
        resident = self._resident()
        if resident > self._memory_bytes:
            limit = f"over the memory limit of {self._memory_bytes / 1e9:.3g} GB ({resident / 1e9:.3g} GB)"
            raise BlenderDied(limit, self._last_words())
        if os.fstat(self._log.fileno()).st_blocks * 512 > LOG_BYTES:
            self._said_before = self._log_tail().encode()
            os.ftruncate(self._log.fileno(), 0)  # what follows is written behind a hole, which takes no room

    def _resident(self) -> float:
        """Bytes of memory that the child and its children hold."""
        assert self._process is not None
        resident = 0.0
        with suppress(psutil.Error):
            child = psutil.Process(self._process.pid)
            resident = child.memory_info().rss
            if time.monotonic() - self._counted > 1:  # to find children every process of the machine is looked at
                self._counted, self._of_children = time.monotonic(), 0.0
                for process in child.children(recursive=True):
                    with suppress(psutil.Error):
                        self._of_children += process.memory_info().rss
        return resident + self._of_children

    def _ended(self) -> NoReturn:
        """The child closed its pipe."""
        assert self._process is not None
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            raise BlenderDied("Blender stopped answering", self._last_words()) from None
        if -status in FROM_OUTSIDE:
            raise BlenderKilled(f"Blender was killed from outside (signal {-status})", self._last_words())
        how = f"signal {-status}" if status < 0 else f"status {status}"
        raise BlenderDied(f"Blender ended with {how}", self._last_words())

    def _last_words(self) -> str:
        """End what is left of the process; the end of its log."""
        tail = self._log_tail()
        self.close()
        return tail

    def _log_tail(self, size: int = 4000) -> str:
        # Read in place: the child writes wherever the offset stands that it shares with this end.
        end = os.fstat(self._log.fileno()).st_size
        said = os.pread(self._log.fileno(), size, max(0, end - size)).lstrip(b"\0")
        return (self._said_before + said)[-size:].decode(errors="replace")


def _bounded(asked_bytes: float) -> float:
    """The limit asked for, or four fifths of this machine's (or container's) memory where that is less.

    Beyond that the kernel would choose whom to end, and the fault would no longer be the model's.
    """
    there = float(psutil.virtual_memory().total)
    with suppress(OSError, ValueError):
        there = min(there, float(Path("/sys/fs/cgroup/memory.max").read_text()))
    return min(asked_bytes, 0.8 * there)


def scratch_folder(purpose: str, below: Path | None = None) -> tempfile.TemporaryDirectory[str]:
    """A folder for passing files, gone with its owner; such folders that killed owners left long ago go first."""
    place = below or Path(tempfile.gettempdir())
    for left in place.glob(f"turnery-{purpose}-*"):
        with suppress(OSError):
            if left.stat().st_uid == os.getuid() and left.stat().st_mtime < time.time() - ABANDONED_S:
                shutil.rmtree(left)
    return tempfile.TemporaryDirectory(prefix=f"turnery-{purpose}-", dir=place)
