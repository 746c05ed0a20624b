"""Objects of a store kept on this machine, by their version, within a bound: what was read longest ago goes first.

Below $TMPDIR/turnery-s3-<user>; removing the folder is always safe while nothing runs.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from infra.storage.base import StorageError
from infra.storage.folder import room_in

MOST_BYTES = 50e9
"""Never more than this, nor more than half of what the disk has free and the cache holds together."""
IN_USE_S = 600
"""What was asked for so recently may still be about to be opened: it is not removed."""


class Entry:
    """The place of one version (`tag`) of an object of `size` bytes."""

    def __init__(self, name: Path, tag: str, size: int) -> None:
        self._root = Path(tempfile.gettempdir()) / f"turnery-s3-{os.getuid()}"
        self._name, self._size = name.name, size
        self._path = self._root / name.parent / f"{tag}-{name.name}"

    def kept(self) -> Path | None:
        """The local path, or None when it is not there."""
        try:
            os.utime(self._path)  # the time of the last use, which decides what goes first
        except FileNotFoundError:
            return None
        return self._path

    def filled(self, get: Callable[[Path], None]) -> Path:
        """The local path after `get(local file)` has written it. Raises `StorageError` on a full disk."""
        self._own_root()
        self._make_room()
        with room_in(self._root):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".partial-", dir=self._root) as partial:
                get(Path(partial) / "object")
                os.replace(Path(partial) / "object", self._path)
        self._forget_older()
        return self._path

    def _own_root(self) -> None:
        self._root.mkdir(mode=0o700, exist_ok=True)
        if self._root.is_symlink() or self._root.stat().st_uid != os.getuid():
            raise StorageError(f"{self._root} is not this user's; set TMPDIR to a folder of one's own")

    def _make_room(self) -> None:
        files = []
        for path in self._root.rglob("*"):
            with suppress(FileNotFoundError):  # another process tidies up as well
                if path.is_file():
                    files.append((path.stat().st_mtime, path.stat().st_size, path))
        held = sum(size for _, size, _ in files)
        most = min(MOST_BYTES, (shutil.disk_usage(self._root).free + held) / 2)
        for last_use, size, path in sorted(files):
            if held + self._size <= most or last_use > time.time() - IN_USE_S:
                break
            path.unlink(missing_ok=True)
            held -= size

    def _forget_older(self) -> None:
        """Other versions of the same object."""
        for path in self._path.parent.glob(f"*-{self._name}"):
            same = path.name.partition("-")[2] == self._name and path != self._path
            with suppress(FileNotFoundError):
                if same and path.stat().st_mtime < time.time() - IN_USE_S:
                    path.unlink()
