"""Textures that a model names: found within the root, judged by their header alone, and staged under a plain name."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path
from typing import BinaryIO

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TgaImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from render.child import ModelFailure
from render.config import LimitsConfig
from render.vetting.files import Notes, find, open_regular, place, shown

KINDS = {"PNG": "png", "JPEG": "jpg", "MPO": "jpg", "BMP": "bmp", "TGA": "tga", "TIFF": "tif", "WEBP": "webp"}
"""Pictures that Blender reads, and their suffixes. A GIF is staged as PNG."""
_DECODERS = (
    *(BmpImagePlugin.BmpImageFile, GifImagePlugin.GifImageFile, JpegImagePlugin.JpegImageFile),
    *(PngImagePlugin.PngImageFile, TgaImagePlugin.TgaImageFile, TiffImagePlugin.TiffImageFile),
    WebPImagePlugin.WebPImageFile,
)
_FORMATS = [str(decoder.format) for decoder in _DECODERS]


class Shelf:
    """The staged textures of one model."""

    def __init__(self, name: str, root: Path, folder: Path, limits: LimitsConfig, notes: Notes) -> None:
        self._name, self._root, self._folder, self._limits, self._notes = name, root, folder, limits, notes
        self._staged: dict[Path, str | None] = {}
        self._count = 0

    def take(self, name: str, base: Path) -> str | None:
        """The staged file's name for a texture that a file in `base` calls `name`; None, and a note, when left out.

        Raises `ModelFailure` when there are too many textures, or one is too large.
        """
        found, outside = find(name, base, self._root)
        if found is None:
            why = "lies outside of the model's folder" if outside else "is missing"
            self._notes.add(f"texture {shown(name)} {why}")
            return None
        if found not in self._staged:
            self._staged[found] = self._stage(found, name)
        return self._staged[found]

    def judge(self, data: bytes, name: str) -> bool:
        """Whether an embedded picture may stay; a note says when not. Raises `ModelFailure` as `take` does."""
        self._one_more()
        return self._kind(io.BytesIO(data), name) is not None

    def _stage(self, found: Path, name: str) -> str | None:
        self._one_more()
        try:
            with open_regular(found) as handle:
                kind = self._kind(handle, name)
                if kind is None:
                    return None
                target = f"texture-{self._count:03d}.{'png' if kind == 'GIF' else KINDS[kind]}"
                if kind == "GIF":
                    handle.seek(0)
                    with Image.open(handle, formats=["GIF"]) as picture:
                        picture.convert("RGBA").save(self._folder / target)
                else:
                    place(handle, found, self._folder / target)
                return target
        except TooMuch:
            raise
        except ModelFailure:
            self._notes.add(f"texture {shown(name)} is not a regular file")
        except (OSError, ValueError, EOFError):
            self._notes.add(f"texture {shown(name)} cannot be read")
        return None

    def _one_more(self) -> None:
        self._count += 1
        if self._count > self._limits.textures:
            raise TooMuch(f"{shown(self._name)} has more than {self._limits.textures} textures (limits.textures)", "")

    def _kind(self, handle: BinaryIO, name: str) -> str | None:
        try:
            kind, width, height = _header(handle)
        except ValueError:
            self._notes.add(f"texture {shown(name)} is no picture of a kind that is read")
            return None
        megapixels = width * height / 1e6
        if megapixels > self._limits.texture_mpx:
            raise self._too_large(name, f"of {megapixels:,.0f} megapixels")
        return kind

    def _too_large(self, name: str, found: str) -> ModelFailure:
        limit = f"the limit is {self._limits.texture_mpx:g} (limits.texture_mpx)"
        return TooMuch(f"{shown(self._name)} has the texture {shown(name)} {found}, {limit}", "")


def picture_size(handle: BinaryIO) -> tuple[int, int]:
    """Width and height from a picture's header; nothing is decoded. Raises `ValueError` on what is no picture."""
    return _header(handle)[1:]


def _header(handle: BinaryIO) -> tuple[str, int, int]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pictures that are large: the caller's limit says what is too large
            with Image.open(handle, formats=_FORMATS) as picture:
                return str(picture.format), picture.width, picture.height
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\d{9,}", str(error))  # more than this decoder wants to see; the header was sound
        return "PNG", int(pixels.group()) if pixels else 1 << 40, 1
    except Exception:  # a decoder's own faults on a broken header come in many kinds
        raise ValueError("no picture") from None


class TooMuch(ModelFailure):
    """A limit was passed: the whole model is refused, not the texture alone."""
