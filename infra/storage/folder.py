"""Files in a local or shared folder: written beside their final name, brought to disk, then renamed onto it."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from infra.errors import UserError
from infra.storage.base import Storage, StorageError, Stored

_PARTIAL = ".partial-"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Error numbers of a disk or a quota that is full."""
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)  # of file systems without hard links


class FolderStorage(Storage):
    """Files in a local (or shared) folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = str(root)

    def __truediv__(self, part: str) -> Storage:
        return FolderStorage(self.root / part)

    def read_bytes(self, name: str) -> bytes:
        with self._told("read"):
            return (self.root / name).read_bytes()

    def write_bytes(self, name: str, data: bytes) -> None:
        with self._told("write to"), atomic_file(self.root / name) as handle:
            handle.write(data)

    def create(self, name: str, data: bytes) -> bool:
        path = self.root / name
        with self._told("write to"):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, partial = tempfile.mkstemp(prefix=_PARTIAL, dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as handle:
                    handle.write(data)
                    _to_disk(handle)
                os.chmod(partial, 0o666 & ~_umask())
                _link(Path(partial), path, data)
            except FileExistsError:
                return False
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(partial)
        return True

    def put(self, local: Path, name: str) -> None:
        with open(local, "rb") as source, self._told("write to"), atomic_file(self.root / name) as handle:
            shutil.copyfileobj(source, handle, 1 << 22)

    def get(self, name: str, local: Path) -> None:
        with self._told("read"), room_in(local.parent):
            shutil.copyfile(self.root / name, local)

    def fetch(self, name: str) -> Path:
        path = self.root / name
        if not path.is_file():
            raise FileNotFoundError(path)
        return path

    def exists(self, name: str) -> bool:
        return (self.root / name).is_file()

    def list(self, suffix: str = "") -> list[str]:
        found = (path for path in self.root.rglob("*") if path.is_file() and not path.name.startswith(_PARTIAL))
        return sorted(path.relative_to(self.root).as_posix() for path in found if path.name.endswith(suffix))

    def contents(self) -> tuple[Stored, ...]:
        return self._files(lambda name: not name.startswith(_PARTIAL))

    def delete(self, name: str) -> None:
        with self._told("write to"):
            (self.root / name).unlink(missing_ok=True)

    def unfinished(self, older_than_s: float) -> tuple[Stored, ...]:
        before = time.time() - older_than_s
        return tuple(each for each in self._files(lambda name: name.startswith(_PARTIAL)) if each.modified < before)

    def sweep(self, older_than_s: float) -> int:
        removed = 0
        for each in self.unfinished(older_than_s):
            with suppress(FileNotFoundError), self._told("write to"):
                (self.root / each.name).unlink()
                removed += 1
        return removed

    def check_writable(self) -> None:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise UserError(f"cannot write to {self.root}: {error.strerror}; choose another --workspace") from None

    def _files(self, wanted: Callable[[str], bool]) -> tuple[Stored, ...]:
        """Files below whose last name is wanted; those that go while they are looked at are left out."""
        found = []
        for folder, _, names in os.walk(self.root):
            for path in (Path(folder, name) for name in names if wanted(name)):
                with suppress(FileNotFoundError), self._told("read"):
                    facts = path.stat()
                    if stat.S_ISREG(facts.st_mode):
                        name = path.relative_to(self.root).as_posix()
                        found.append(Stored(name, facts.st_size, facts.st_mtime))
        return tuple(sorted(found, key=lambda each: each.name))

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """The system's refusals as one line; a file that is not there stays `FileNotFoundError`."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            mend = "free some room" if error.errno in FULL else "see to it"
            line = f"cannot {what} {self.root}: {error.strerror or error}; {mend}, then run the same command again"
            raise StorageError(line) from error


@contextmanager
def room_in(folder: Path) -> Iterator[None]:
    """For work in a scratch folder: a full disk there becomes a `StorageError` that names the folder."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        line = f"no room left in {folder}; free some or set TMPDIR to another folder, then run the same command again"
        raise StorageError(line) from error


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file written beside `path` and renamed onto it once it is on disk; gone if the block raises."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(prefix=_PARTIAL, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            yield handle
            _to_disk(handle)
        os.chmod(partial, 0o666 & ~_umask())
        os.replace(partial, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(partial)


def _link(partial: Path, path: Path, data: bytes) -> None:
    """Give a file its final name unless that is taken. Raises `FileExistsError`."""
    try:
        os.link(partial, path)  # unlike a rename it never replaces
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with open(path, "xb") as handle:  # one winner too, but for a moment the file is there and not yet whole
            handle.write(data)
            _to_disk(handle)


def _to_disk(handle: BinaryIO) -> None:
    handle.flush()
    os.fsync(handle.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
