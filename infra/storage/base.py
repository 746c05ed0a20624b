"""What every storage can do, whatever it lies on."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.errors import UserError


class StorageError(UserError):
    """A storage refused, is full, or does not answer. Its one line names the storage and the mend."""


@dataclass(frozen=True)
class Stored:
    """A file of a storage: its name, its bytes, and when it was last written (an upload: begun), seconds since 1970 by
    the storage's own clock."""

    name: str
    bytes: int
    modified: float


class Storage(ABC):
    """Files by name below one prefix. Names use '/' and may be nested.

    Everything may raise `StorageError` when the storage refuses, is full or does not answer after retries.
    """

    url: str

    @abstractmethod
    def __truediv__(self, part: str) -> Storage:
        """The storage one level below."""

    @abstractmethod
    def read_bytes(self, name: str) -> bytes:
        """Content of a file. Raises `FileNotFoundError`."""

    @abstractmethod
    def write_bytes(self, name: str, data: bytes) -> None:
        """Write a file whole, or not at all."""

    @abstractmethod
    def create(self, name: str, data: bytes) -> bool:
        """Write a file whole if the name is free; of any number of writers at once exactly one is told True.

        False may also mean that one's own write came through and its answer was lost on the way: whoever must know
        writes something of its own into `data` and looks.
        """

    @abstractmethod
    def put(self, local: Path, name: str) -> None:
        """Copy a local file to `name`, whole or not at all."""

    @abstractmethod
    def get(self, name: str, local: Path) -> None:
        """Copy a file to a local one, read from the storage itself. Raises `FileNotFoundError`."""

    @abstractmethod
    def fetch(self, name: str) -> Path:
        """A local path with the file's content, to be read only. Raises `FileNotFoundError`.

        It may lie in a cache of this machine's: open it at once rather than days later.
        """

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Whether the file is there."""

    @abstractmethod
    def list(self, suffix: str = "") -> list[str]:
        """Names of all files below, sorted, that end with `suffix`."""

    @abstractmethod
    def contents(self) -> tuple[Stored, ...]:
        """All files below with their sizes, by name; of an object store a request a thousand of them."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove a file; one that is not there is fine."""

    @abstractmethod
    def unfinished(self, older_than_s: float) -> tuple[Stored, ...]:
        """What killed writers left below, last touched so long ago: files under passing names, uploads in parts."""

    @abstractmethod
    def sweep(self, older_than_s: float) -> int:
        """Remove what is `unfinished`; returns how many."""

    @abstractmethod
    def check_writable(self) -> None:
        """Raise `UserError` when nothing can be written here."""

    def read_json(self, name: str) -> Any:
        """Content of a JSON file."""
        return json.loads(self.read_bytes(name))

    def write_json(self, name: str, value: Any) -> None:
        """Write plain data as indented JSON with a stable order of keys as given."""
        self.write_bytes(name, json_bytes(value))

    def clear(self) -> None:
        """Remove every file below."""
        for name in self.list():
            self.delete(name)

    def __repr__(self) -> str:
        return f"Storage({self.url!r})"


def json_bytes(value: Any) -> bytes:
    """Plain data as indented JSON with a stable order of keys as given."""
    return (json.dumps(value, indent=1, allow_nan=False) + "\n").encode()
