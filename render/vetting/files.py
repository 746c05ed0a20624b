"""Opening and finding files that somebody else named: never blocking, never leaving the root, links followed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from render.child import ModelFailure

MOST_NOTES = 50
ENTRIES_LOOKED_THROUGH = 20_000


@dataclass(frozen=True)
class Staged:
    """A model file that Blender may see."""

    path: Path
    notes: tuple[str, ...] = ()
    """What was left out, a line each, such as 'texture ../x.png is missing'."""
    keypoints: dict[str, list[float] | None] = field(default_factory=dict)
    """Named 3D keypoints [x, y, z] in the frame of the file; None where the model lacks one."""


class Notes:
    """Lines on what was left out: each once, and not more than a reader can take in."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}
        self._more = 0

    def add(self, line: str) -> None:
        """Take down a line."""
        if line in self._lines:
            return
        if len(self._lines) < MOST_NOTES:
            self._lines[line] = None
        else:
            self._more += 1

    def lines(self) -> tuple[str, ...]:
        """All lines, and how many there were beyond."""
        return (*self._lines, *([f"and {self._more} more"] if self._more else []))


def shown(name: str, longest: int = 120) -> str:
    """A name from a file, fit for one line of a message."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in name)
    return plain if len(plain) <= longest else f"{plain[: longest - 3]}..."


def text_of(raw: bytes) -> str:
    """A name as a file holds it: UTF-8, or else one letter a byte."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@contextlib.contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """A regular file opened for reading. Raises `ModelFailure` on a folder, pipe or device: none is waited on."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ModelFailure(f"{shown(path.name)} is not a regular file", "")
    with os.fdopen(descriptor, "rb") as handle:
        yield handle


def size_within(handle: BinaryIO, name: str, limit_mb: float) -> int:
    """Size of an open file in bytes. Raises `ModelFailure` when it is over the limit."""
    size = os.fstat(handle.fileno()).st_size
    if size > limit_mb * 1e6:
        raise ModelFailure(f"{shown(name)} is {size / 1e6:,.1f} MB, the limit is {limit_mb:,g} (limits.file_mb)", "")
    return size


def find(name: str, base: Path, root: Path) -> tuple[Path | None, bool]:
    """The file that `name` means to a file in `base`, links followed, and whether one was found outside of `root`.

    Tried in this order: the name relative to `base` (with '/' for a backslash, letters of either case); its last part
    in `base`, in `../images`, `images` and `textures`, which is where ShapeNet's and others' names from foreign
    drives end. Never anything outside of `root`.
    """
    plain = name.strip().strip('"').replace("\\", "/")
    if not plain or "\0" in plain or len(plain) > 4096:
        return None, False
    foreign = plain.startswith("/") or re.match(r"[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]+://", plain) is not None
    last = plain.rsplit("/", 1)[-1]
    tries = [] if foreign else [plain]
    tries += [last, f"../images/{last}", f"images/{last}", f"textures/{last}"] if last not in ("", ".", "..") else []
    outside = foreign and _exists(Path(plain))
    for attempt in tries:
        found = _walk(base, root, attempt.split("/"))
        if found is None:
            continue
        if found.is_relative_to(root):
            return found, False
        outside = True
    return None, outside


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _walk(base: Path, root: Path, parts: list[str]) -> Path | None:
    """The real path of a name below or beside `base`; None when there is no such thing."""
    here = base
    try:
        for part in parts:
            if part in ("", "."):
                continue
            there = here.parent if part == ".." else here / part
            if not os.path.lexists(there) and here.is_relative_to(root):
                alike = _of_either_case(here, part)
                there = there if alike is None else here / alike
            here = there.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
    return here


def _of_either_case(folder: Path, name: str) -> str | None:
    wanted = name.casefold()
    with os.scandir(folder) as entries:
        for count, entry in enumerate(entries):
            if entry.name.casefold() == wanted:
                return entry.name
            if count >= ENTRIES_LOOKED_THROUGH:
                return None
    return None


def place(handle: BinaryIO, source: Path, target: Path) -> None:
    """Make `target` a file with the bytes of the open `source`: a hard link where that can be, else a copy."""
    with contextlib.suppress(OSError):
        os.link(source, target, follow_symlinks=False)
        if os.path.samestat(target.stat(), os.fstat(handle.fileno())):
            return
        target.unlink()
    handle.seek(0)
    with open(target, "wb") as copy:
        shutil.copyfileobj(handle, copy, 1 << 20)
