"""OBJ and MTL: copies that keep the statements that can be drawn, and name one staged MTL and staged textures alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from render.child import ModelFailure
from render.config import LimitsConfig
from render.vetting.files import Notes, Staged, find, open_regular, shown, size_within, text_of
from render.vetting.textures import Shelf

KEPT = (b"v ", b"vn ", b"vt ", b"f ", b"usemtl ", b"o ", b"g ", b"s ")
"""Statements that are copied. Lines, points, curves and whatever names files or commands are left out."""
BLOCK = 1 << 22
LONGEST_LINE = 200_000
"""Bytes. Blender reads OBJ in pieces of 256 kB and silently stops at a longer line."""
MOST_LIBRARIES = 64
LARGEST_LIBRARY_MB = 16

_CONTINUED = re.compile(rb"\\[\x01-\x09\x0b-\x20]*\n")
_NUMBERS = re.compile(rb"[\s0-9eE+\-.,naifNAIF]*")
_PLAIN = {
    **{word.lower(): word for word in ("Ka", "Kd", "Ks", "Ke", "Ns", "Ni", "d", "Tr", "Tf", "illum")},
    **{word.lower(): word for word in ("Pr", "Pm", "Ps", "Pc", "Pcr", "aniso", "anisor")},
}
_MAPS = {
    **{word.lower(): word for word in ("map_Kd", "map_Ka", "map_Ks", "map_Ke", "map_Ns", "map_d", "map_Pr", "map_Pm")},
    **{word.lower(): word for word in ("map_Ps", "map_refl", "refl", "norm", "disp")},
    **dict.fromkeys(("bump", "map_bump"), "map_Bump"),
    **dict.fromkeys(("map_tr", "map_opacity"), "map_d"),
}
_VECTORS = {"-s", "-o", "-t"}
_VALUES = {"-bm": 1, "-mm": 2, "-boost": 1, "-texres": 1, "-blendu": 1, "-blendv": 1, "-clamp": 1, "-cc": 1}
_VALUES |= {"-imfchan": 1, "-type": 1, "-colorspace": 1}


def stage(
    path: Path, root: Path, folder: Path, limits: LimitsConfig, rotation: tuple[float, ...] | None = None
) -> Staged:
    """Copy an OBJ with its materials and textures into `folder`; `rotation` turns vertices and normals."""
    notes = Notes()
    libraries: dict[str, None] = {}
    faces = 0
    turn = None if rotation is None else np.array(rotation).reshape(3, 3)
    staged = folder / "model.obj"
    with open_regular(path) as handle, open(staged, "wb") as copy:
        size_within(handle, path.name, limits.file_mb)
        copy.write(b"mtllib model.mtl\n")
        for block in _blocks(handle, path):
            lines = [line if line.startswith(KEPT) else _other(line, libraries) for line in block.split(b"\n")]
            if max(map(len, lines)) > LONGEST_LINE:
                raise ModelFailure(f"{shown(path.name)} has a line of more than {LONGEST_LINE} bytes", "")
            if turn is not None:
                lines = [_turned(line, turn) if line[:2] in (b"v ", b"vn") else line for line in lines]
            kept = b"\n".join(lines) + b"\n"
            faces += kept.count(b"\nf ") + kept.startswith(b"f ")
            if faces > limits.faces:
                raise ModelFailure(f"{shown(path.name)} has more than {limits.faces:,} faces (limits.faces)", "")
            copy.write(kept)
    if faces == 0:
        raise ModelFailure(f"{shown(path.name)} holds no faces", "")
    shelf = Shelf(path.name, root, folder, limits, notes)
    with open(folder / "model.mtl", "wb") as copy:
        for library in _libraries(path, root, libraries, notes):
            copy.writelines(_materials(library, shelf, notes))
    return Staged(staged, notes.lines())


def companions(path: Path, root: Path, limits: LimitsConfig) -> list[Path]:
    """The material libraries of an OBJ and their textures, as far as they are there and within `root`."""
    named: dict[str, None] = {}
    with open_regular(path) as handle:
        size_within(handle, path.name, limits.file_mb)
        for block in _blocks(handle, path):
            if b"mtllib" in block:
                for line in block.split(b"\n"):
                    if b"mtllib" in line:
                        _other(line, named)
    found: dict[Path, None] = {}
    for library in _libraries(path, root, named, Notes()):
        found[library] = None
        for word, rest in _lines(library):
            if word in _MAPS:
                texture, _ = find(_texture(text_of(rest))[1], library.parent, root)
                if texture is not None:
                    found[texture] = None
    return list(found)


def _blocks(handle: BinaryIO, path: Path) -> Iterator[bytes]:
    """The file in pieces of whole lines, continued lines joined. Raises `ModelFailure` when it is no text."""
    rest = b""
    while piece := handle.read(BLOCK):
        if b"\0" in piece:
            raise ModelFailure(f"{shown(path.name)} is no text, which an OBJ is", "")
        rest += piece
        end = rest.rfind(b"\n")
        while end > 0 and rest[max(0, end - 8) : end].rstrip().endswith(b"\\"):
            end = rest.rfind(b"\n", 0, end)
        if end >= 0:
            yield _joined(rest[:end])
            rest = rest[end + 1 :]
        elif len(rest) > 2 * BLOCK:
            raise ModelFailure(f"{shown(path.name)} is no text in lines, which an OBJ is", "")
    if rest:
        yield _joined(rest)


def _joined(block: bytes) -> bytes:
    return _CONTINUED.sub(b" ", block + b"\n")[:-1] if b"\\" in block else block


def _other(line: bytes, libraries: dict[str, None]) -> bytes:
    """A line that is not copied as it is: empty, or in plain spaces; names of material libraries are collected."""
    word, _, rest = line.strip().replace(b"\t", b" ").partition(b" ")
    if word == b"mtllib":
        if len(libraries) < MOST_LIBRARIES:
            libraries[text_of(rest.strip())] = None
        return b""
    plain = word + b" " + rest
    return plain if plain.startswith(KEPT) else b""


def _turned(line: bytes, turn: np.ndarray) -> bytes:
    word, *numbers = line.split()
    try:
        x, y, z = (float(number) for number in numbers[:3])
    except ValueError:
        return line
    turned = turn @ (x, y, z)
    return b" ".join([word, *(repr(float(value)).encode() for value in turned), *numbers[3:]])


def _libraries(path: Path, root: Path, named: dict[str, None], notes: Notes) -> list[Path]:
    """The material libraries that are there: as named, or word by word, or else of the OBJ's own name."""
    found: dict[Path, None] = {}
    for name in named:
        whole, outside = find(name, path.parent, root)
        for each in [name] if whole is not None else name.split():
            library, beyond = find(each, path.parent, root)
            if library is not None:
                found[library] = None
            else:
                away = outside or beyond
                notes.add(
                    f"material library {shown(each)} {'lies outside of the model' if away else 'is missing'}"
                    + ("'s folder" if away else "")
                )
    if not found:
        own, _ = find(f"{path.stem}.mtl", path.parent, root)
        if own is not None:
            found[own] = None
            if named:
                notes.add(f"material library {shown(own.name)} is taken in its place")
    return list(found)


def _lines(library: Path) -> list[tuple[str, bytes]]:
    """Statement and rest of every line of a material library; none of one that cannot be read or is no text."""
    try:
        with open_regular(library) as handle:
            size_within(handle, library.name, LARGEST_LIBRARY_MB)
            data = handle.read(int(LARGEST_LIBRARY_MB * 1e6))
    except (OSError, ModelFailure):
        return []
    if b"\0" in data:
        return []
    parts = (line.replace(b"\t", b" ").strip().partition(b" ") for line in _joined(data).split(b"\n"))
    return [(text_of(word).lower(), rest.strip()) for word, _, rest in parts if word]


def _materials(library: Path, shelf: Shelf, notes: Notes) -> Iterator[bytes]:
    """The lines of a material library that may stay, its textures replaced by staged ones."""
    lines = _lines(library)
    if not lines:
        notes.add(f"material library {shown(library.name)} is empty, too large or no text")
    for word, rest in lines:
        if word == "newmtl":
            yield b"newmtl " + rest + b"\n"
        elif word in _PLAIN and _NUMBERS.fullmatch(rest):
            yield _PLAIN[word].encode() + b" " + rest + b"\n"
        elif word in _MAPS:
            options, name = _texture(text_of(rest))
            staged = shelf.take(name, library.parent) if name else None
            if staged is not None:
                yield f"{' '.join([_MAPS[word], *options, staged])}\n".encode()


def _texture(rest: str) -> tuple[list[str], str]:
    """Options that place a texture, and its name, which may hold spaces, of what follows `map_Kd`."""
    options: list[str] = []
    rest = rest.strip()
    while rest.startswith("-"):
        option, _, after = rest.partition(" ")
        words = after.split()
        if option in _VECTORS:
            count = 0
            while count < min(3, len(words) - 1) and _is_number(words[count]):
                count += 1
            values = [float(word) for word in words[:count]]
            filler = 1.0 if option == "-s" else 0.0
            options += [option, *(f"{value:g}" for value in (*values, *[filler] * (3 - count)))]
        elif option in _VALUES:
            count = _VALUES[option]
            if option == "-bm" and words and _is_number(words[0]):
                options += [option, f"{float(words[0]):g}"]
        else:
            break
        rest = after.strip().split(None, count)[count] if len(words) > count else ""
    return options, rest


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
