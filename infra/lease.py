"""A lease on a workspace: of all jobs that want one, exactly one works in it, and one that died loses it soon.

The one idea: leases are numbered files `lease/000001.json` and up, each made by a conditional write that only one job
can win. The highest number counts; its holder alone writes it, again every few seconds. Who finds it given back, or
its holder dead, makes the next number. Nothing is deleted that somebody might hold, and no two clocks are compared.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from pydantic import Field, ValidationError

from infra.credentials import without_secrets
from infra.errors import UserError
from infra.progress import console
from infra.settings import Settings
from infra.storage.base import Storage, StorageError, json_bytes

RENEW_S = 10.0
"""A holder writes its lease again this often."""
DEAD_AFTER_S = 60.0
"""A holder of another machine whose lease stands unchanged for so long is taken for dead."""
UNFINISHED_S = 3600.0
"""Half-written files that killed jobs left are removed at this age."""


class Holder(Settings):
    """What a lease says of the job that has it."""

    nonce: str
    host: str
    machine: str = Field(description="boot and process namespace: where the pid means something")
    pid: int
    started: float = Field(description="start of the process, seconds since the boot: a pid may come again")
    command: str
    since: str
    renewals: int = 0
    released: bool = False


@contextmanager
def held(workspace: Storage) -> Iterator[None]:
    """The workspace's lease for the length of the block.

    Raises `UserError` when another job has it. When another job took it (this one had stood still for longer than the
    lease lasts), the main thread is interrupted and the block ends with a `UserError`.
    """
    lease = _Lease(workspace / "lease")
    lease.take()
    stop, lost, away = threading.Event(), threading.Event(), False
    listening = threading.current_thread() is threading.main_thread()
    before = signal.signal(_LOST_SIGNAL, _raise_lost) if listening else None
    thread = threading.Thread(target=lease.keep, args=(stop, lost, listening), name="lease", daemon=True)
    thread.start()
    try:
        with suppress(StorageError):  # tidying alone: a store that forbids it can be worked with
            workspace.sweep(UNFINISHED_S)
        yield
    except _Lost:
        raise UserError(f"{workspace.url} was taken over while this job stood still; {lease.holders_line()}") from None
    except StorageError:
        away = True  # then there is no giving back either; the lease ends with this process
        raise
    finally:
        stop.set()
        if listening:
            signal.signal(_LOST_SIGNAL, before)
        if not lost.is_set() and not away:
            thread.join()
            with suppress(StorageError):
                lease.give_back()


@dataclass(frozen=True)
class Tenancy:
    """Who has a workspace's lease; `lives` is None for a job of another machine, of which only time tells."""

    holder: Holder
    lives: bool | None

    def __str__(self) -> str:
        return _in_words(self.holder)


def tenancy(workspace: Storage) -> Tenancy | None:
    """Whose the workspace is; None when nobody works there. Reads alone, and waits for nothing."""
    lease = _Lease(workspace / "lease")
    _, holder = lease.highest()
    if holder is None:
        return None
    return Tenancy(holder, _lives(holder) if holder.machine == _machine() else None)


class _Lost(BaseException):
    """The lease is another's. Not an `Exception`: nobody on the way up may take it for a fault of the work."""


_LOST_SIGNAL = signal.SIGUSR2
"""Not SIGINT, which a job that was started in the background may be told to ignore."""


def _raise_lost(number: int, frame: object) -> None:
    raise _Lost


class _Lease:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._number = 0
        process = psutil.Process()
        self._mine = Holder(
            nonce=uuid.uuid4().hex,
            host=socket.gethostname(),
            machine=_machine(),
            pid=process.pid,
            started=_started(process),
            command=without_secrets(" ".join([Path(sys.argv[0]).name, *sys.argv[1:]]))[:500],
            since=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def take(self) -> None:
        """Make the next number once the highest is free. Raises `UserError` when it is not."""
        while True:
            number, holder = self.highest()
            if holder is not None:
                self._wait_for_death(number, holder)
            self._number = number + 1
            name = _name(self._number)
            won = self._storage.create(name, _bytes(self._mine)) or self._is_mine(name)
            # Who was slow may have won a number below one that was made meanwhile: the highest counts.
            if won and self.highest()[0] == self._number:
                break
        for older in self._storage.list(".json"):
            if older < _name(self._number):
                self._storage.delete(older)

    def keep(self, stop: threading.Event, lost: threading.Event, listening: bool) -> None:
        """Renew until told to stop; a lease that is another's is `lost`, and the main thread, if it is `listening`,
        interrupted."""
        while not stop.wait(RENEW_S):
            with suppress(StorageError):  # away for a while: nobody else can take the lease there either
                if self.highest()[0] != self._number or not self._is_mine(_name(self._number)):
                    lost.set()
                    if listening:  # a real signal ends a wait of the main thread too
                        signal.pthread_kill(threading.main_thread().ident or 0, _LOST_SIGNAL)
                    return
                self._write(renewals=self._mine.renewals + 1)

    def give_back(self) -> None:
        """Say that the lease is free; the file stays so that numbers only ever go up."""
        if self._is_mine(_name(self._number)):
            self._write(released=True)

    def holders_line(self) -> str:
        """Who has the lease now, in words."""
        _, holder = self.highest()
        return "it is free now" if holder is None else f"now in the hands of {_in_words(holder)}"

    def _write(self, **changes: Any) -> None:
        self._mine = self._mine.model_copy(update=changes)
        self._storage.write_bytes(_name(self._number), _bytes(self._mine))

    def highest(self) -> tuple[int, Holder | None]:
        """The highest number (0: none yet) and its holder; None of a lease that was given back."""
        names = self._storage.list(".json")
        if not names:
            return 0, None
        number = int(Path(names[-1]).stem)
        holder = self._read(names[-1])
        return number, None if holder is None or holder.released else holder

    def _read(self, name: str) -> Holder | None:
        for patience_s in (0.5, 0.0):
            try:
                return Holder.model_validate_json(self._storage.read_bytes(name))
            except FileNotFoundError:
                return None
            except ValidationError:
                time.sleep(patience_s)  # some file systems show a file before it is whole
        return None  # what is no lease binds nobody

    def _is_mine(self, name: str) -> bool:
        holder = self._read(name)
        return holder is not None and holder.nonce == self._mine.nonce

    def _wait_for_death(self, number: int, holder: Holder) -> None:
        """Return when the holder is dead or has ended. Raises `UserError` when it lives."""
        line = f"{_in_words(holder)} works in this workspace; wait for its end, stop it, or choose another --workspace"
        if holder.machine == self._mine.machine:
            if _lives(holder):
                raise UserError(line)
            return
        console.print(f"{_in_words(holder)} had this workspace; waiting up to {DEAD_AFTER_S:g} s for a sign of life")
        end = time.monotonic() + DEAD_AFTER_S
        while time.monotonic() < end:
            time.sleep(min(1.0, DEAD_AFTER_S / 20))
            now_number, now = self.highest()
            if now is None:
                return
            if now_number != number or now.renewals != holder.renewals:
                raise UserError(line)


def _in_words(holder: Holder) -> str:
    return f"process {holder.pid} on {holder.host} (since {holder.since}: {holder.command})"


def _lives(holder: Holder) -> bool:
    """Whether the holder's process, of this machine, is there; a pid that came again is another process."""
    try:
        process = psutil.Process(holder.pid)
        return abs(_started(process) - holder.started) < 0.05 and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return False


def _started(process: psutil.Process) -> float:
    """Seconds from the boot to the start of a process: unlike a time of day it never shifts."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _machine() -> str:
    """This boot of this machine, as seen from this container."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {Path('/proc/self/ns/pid').readlink()}"


def _name(number: int) -> str:
    return f"{number:06d}.json"


def _bytes(holder: Holder) -> bytes:
    return json_bytes(holder.model_dump(mode="json"))
