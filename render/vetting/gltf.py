"""glTF and GLB: the JSON is checked against the file it lies in, and a copy made wherever it names other files.

The importer trusts what a file says of itself, so what would cost it memory or time is counted here first.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from render.config import LimitsConfig
from render.vetting.container import BIN_CHUNK, JSON_CHUNK, MAGIC, Container, Json, rows
from render.vetting.counts import check
from render.vetting.files import Notes, Staged, find, open_regular, place, shown, size_within
from render.vetting.textures import Shelf

LEFT_OUT = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAGvhc5gAAAABJRU5ErkJggg=="
)
"""A white pixel, in place of a picture that was left out; no material shows it."""


def stage(path: Path, root: Path, folder: Path, limits: LimitsConfig) -> Staged:
    """The file itself when all it needs lies in it, else a copy in `folder` beside its buffers and pictures."""
    notes = Notes()
    with open_regular(path) as handle:
        file = Container(handle, path.name, limits)
        document = file.document
        changed = _take_buffers(file, path, root, folder, limits)
        check(document, file, limits)
        changed |= _take_images(file, path, Shelf(path.name, root, folder, limits, notes), folder)
        changed |= document.pop("animations", None) is not None  # a turntable shows the model at rest
        changed |= _drop_other_uris(document, notes)
        if not changed:
            return Staged(path, notes.lines())
        text = json.dumps(document, separators=(",", ":")).encode()
        if not file.is_glb:
            (folder / "model.gltf").write_bytes(text)
            return Staged(folder / "model.gltf", notes.lines())
        _write_glb(folder / "model.glb", text, file)
        return Staged(folder / "model.glb", notes.lines())


def companions(path: Path, root: Path, limits: LimitsConfig) -> list[Path]:
    """The buffers and pictures that a file names, as far as they are there and within `root`."""
    found: dict[Path, None] = {}
    with open_regular(path) as handle:
        file = Container(handle, path.name, limits)
    for kind in ("buffers", "images"):
        for item in rows(file.document, kind, file):
            uri = item.get("uri")
            if isinstance(uri, str) and not uri.startswith("data:"):
                there, _ = find(unquote(uri), path.parent, root)
                if there is not None:
                    found[there] = None
    return list(found)


def _take_buffers(file: Container, path: Path, root: Path, folder: Path, limits: LimitsConfig) -> bool:
    """Check that every buffer is as long as it says; stage those that are files. True when one was."""
    changed = False
    for index, buffer in enumerate(rows(file.document, "buffers", file)):
        uri, length = buffer.get("uri"), buffer.get("byteLength")
        if not isinstance(length, int) or length < 0:
            raise file.refuse(f"has buffer {index} without a length")
        if uri is None:
            have = file.binary if index == 0 and file.is_glb else 0
        elif not isinstance(uri, str):
            raise file.refuse(f"has buffer {index} whose uri is no text")
        elif uri.startswith("data:"):
            have = len(_data_of(uri, file))
        else:
            changed = True
            name = unquote(uri)
            there, outside = find(name, path.parent, root)
            if there is None:
                why = "lies outside of the model's folder" if outside else "is missing"
                raise file.refuse(f"names the buffer {shown(name)}, which {why}")
            with open_regular(there) as source:
                have = size_within(source, there.name, limits.file_mb)
                buffer["uri"] = f"buffer-{index:03d}.bin"
                place(source, there, folder / buffer["uri"])
        if have < length:
            raise file.refuse(f"is cut: buffer {index} says {length} bytes and has {have}")
    return changed


def _take_images(file: Container, path: Path, shelf: Shelf, folder: Path) -> bool:
    """Stage pictures that are files, judge those that are embedded, take out what may not stay. True when changed."""
    changed = False
    dropped: set[int] = set()
    for index, image in enumerate(rows(file.document, "images", file)):
        uri = image.get("uri")
        if isinstance(uri, str) and not uri.startswith("data:"):
            changed = True
            staged = shelf.take(unquote(uri), path.parent)
            if staged is not None:
                image["uri"] = staged
                continue
        elif shelf.judge(_embedded(file, image, folder), f"image {index}"):
            continue
        dropped.add(index)
        image.clear()
        image |= {"uri": LEFT_OUT, "mimeType": "image/png"}
    if dropped:
        _unlink_textures(file, dropped)
    return changed or bool(dropped)


def _embedded(file: Container, image: Json, folder: Path) -> bytes:
    """The bytes of a picture that lies in the file or in one of its staged buffers."""
    uri = image.get("uri")
    if isinstance(uri, str):
        return _data_of(uri, file)
    views, buffers = (rows(file.document, key, file) for key in ("bufferViews", "buffers"))
    view = image.get("bufferView")
    if not isinstance(view, int) or not 0 <= view < len(views):
        return b""
    where = views[view]
    offset, length = where.get("byteOffset", 0), where["byteLength"]
    uri = buffers[where["buffer"]].get("uri")
    if uri is None:
        return file.binary_bytes(offset, length)
    if uri.startswith("data:"):
        return _data_of(uri, file)[offset : offset + length]
    with open(folder / uri, "rb") as staged:
        staged.seek(offset)
        return staged.read(length)


def _data_of(uri: str, file: Container) -> bytes:
    head, found, text = uri.partition(";base64,")
    if not found:
        return unquote(head.partition(",")[2]).encode()
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        raise file.refuse("holds data that is not base64") from None


def _unlink_textures(file: Container, dropped: set[int]) -> None:
    """Take textures of dropped pictures out of all materials, so that plain colours show."""
    dead = set()
    for index, texture in enumerate(rows(file.document, "textures", file)):
        more = texture.get("extensions")
        if isinstance(more, dict):
            for name in [name for name, value in more.items() if isinstance(value, dict)]:
                if _among(more[name].get("source"), dropped):
                    del more[name]
        others = isinstance(more, dict) and any(
            isinstance(value, dict) and "source" in value for value in more.values()
        )
        if _among(texture.get("source"), dropped):
            del texture["source"]
        if "source" not in texture and not others:
            dead.add(index)
    todo: list[Any] = rows(file.document, "materials", file)[:]
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo += value
        elif isinstance(value, dict):
            for key in list(value):
                inner = value[key]
                if key.endswith("Texture") and isinstance(inner, dict) and _among(inner.get("index"), dead):
                    del value[key]
                else:
                    todo.append(inner)


def _among(value: object, numbers: set[int]) -> bool:
    return isinstance(value, int) and value in numbers


def _drop_other_uris(document: Json, notes: Notes) -> bool:
    """No other part of a file names files: extensions that would are left without."""
    todo: list[Any] = [value for key, value in document.items() if key not in ("buffers", "images")]
    changed = False
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            if "uri" in value:
                del value["uri"]
                changed = True
                notes.add("a file that an extension names is left out")
            todo += value.values()
        elif isinstance(value, list):
            todo += value
    return changed


def _write_glb(path: Path, text: bytes, file: Container) -> None:
    text += b" " * (-len(text) % 4)
    binary = file.binary + (-file.binary % 4)
    total = 12 + 8 + len(text) + (8 + binary if file.binary else 0)
    with open(path, "wb") as copy:
        copy.write(struct.pack("<4sII", MAGIC, 2, total))
        copy.write(struct.pack("<I4s", len(text), JSON_CHUNK) + text)
        if file.binary:
            copy.write(struct.pack("<I4s", binary, BIN_CHUNK))
            left, at = file.binary, 0
            while left and (piece := file.binary_bytes(at, min(left, 1 << 20))):
                copy.write(piece)
                at, left = at + len(piece), left - len(piece)
            copy.write(b"\0" * (binary - file.binary))
