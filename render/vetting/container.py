"""An open glTF or GLB file: its document read within limits, and where its binary chunk lies."""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

from render.child import ModelFailure
from render.config import LimitsConfig
from render.vetting.files import shown, size_within

MAGIC, JSON_CHUNK, BIN_CHUNK = b"glTF", b"JSON", b"BIN\0"
MOST_VALUES = 4_000_000
"""Values in the JSON; each costs a hundred bytes or so once it is read."""

Json = dict[str, Any]


class Container:
    """An open glTF file: its document, and where its binary chunk lies."""

    def __init__(self, handle: BinaryIO, name: str, limits: LimitsConfig) -> None:
        self.handle, self.name = handle, shown(name)
        self.size = size_within(handle, name, limits.file_mb)
        self.binary = self._binary_at = 0
        self.is_glb = handle.read(4) == MAGIC
        handle.seek(0)
        self.document = self._parse(self._glb() if self.is_glb else handle.read(int(limits.file_mb * 1e6)))

    def refuse(self, what: str) -> ModelFailure:
        """A failure that names the file."""
        return ModelFailure(f"{self.name} {what}", "")

    def binary_bytes(self, offset: int, length: int) -> bytes:
        """A piece of the binary chunk."""
        self.handle.seek(self._binary_at + offset)
        return self.handle.read(length)

    def _glb(self) -> bytes:
        header = self.handle.read(12)
        if len(header) < 12:
            raise self.refuse("is cut: a GLB begins with 12 bytes")
        version, length = struct.unpack("<4xII", header)
        if version != 2:
            raise self.refuse(f"is GLB of version {version}; version 2 is read")
        if length > self.size:
            raise self.refuse(f"is cut: it says {length} bytes and has {self.size}")
        text: bytes | None = None
        while self.handle.tell() + 8 <= length:
            chunk, kind = struct.unpack("<I4s", self.handle.read(8))
            start = self.handle.tell()
            if start + chunk > length:
                raise self.refuse(f"is cut: a chunk says {chunk} bytes and {length - start} are left")
            if text is None:
                if kind != JSON_CHUNK:
                    raise self.refuse("does not begin with JSON, as a GLB does")
                text = self.handle.read(chunk)
            elif kind == BIN_CHUNK and not self._binary_at:
                self._binary_at, self.binary = start, chunk
            self.handle.seek(start + chunk)
        if text is None:
            raise self.refuse("is cut: it holds no JSON")
        return text

    def _parse(self, text: bytes) -> Json:
        if text.count(b",") + text.count(b"[") + text.count(b"{") > MOST_VALUES:
            raise self.refuse(f"holds JSON of more than {MOST_VALUES:,} values")
        try:
            document = json.loads(text.rstrip(b" \0"))
        except (ValueError, RecursionError):
            raise self.refuse("holds no JSON that can be read") from None
        if not isinstance(document, dict):
            raise self.refuse("holds no glTF")
        version = document.get("asset", {}).get("version") if isinstance(document.get("asset"), dict) else None
        if not isinstance(version, str) or not version.startswith("2."):
            raise self.refuse(f"is glTF of version {shown(str(version), 20)}; version 2 is read")
        return document


def rows(document: Json, key: str, file: Container) -> list[Json]:
    """A list of objects of the document, empty where it is missing. Raises `ModelFailure` on anything else."""
    values = document.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise file.refuse(f"holds '{key}' that are no list of objects")
    return values
