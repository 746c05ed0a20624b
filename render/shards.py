"""Writing shards: the same views give the same bytes, whoever writes them and whenever."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
import webdataset
from numpy.typing import NDArray

from render.dataset import Shard
from render.layers import Layers, encoded


class ShardWriter:
    """One tar, written in the order of the calls. Use as a context manager; `shard` is there after it."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name, self._samples = path, name, 0
        # Time 0 and a fixed owner: nothing of this machine or this minute gets into the bytes.
        self._tar = webdataset.TarWriter(str(path), encoder=False, mtime=0, user="turnery", group="turnery")

    def add(self, key: str, pixels: NDArray[np.uint8], facts: dict[str, Any], layers: Layers | None = None) -> None:
        """One view: uint8 [H, W, 4] (RGB over white, soft mask), its JSON, its layers. Raises on a key with a dot."""
        if "." in key or "/" in key:
            raise ValueError(f"key '{key}' must hold neither '.' nor '/': WebDataset ends keys at the first dot")
        rgb = cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_RGB2BGR)
        sample = {
            "__key__": key,
            "rgb.png": _png(rgb),
            "mask.png": _png(np.ascontiguousarray(pixels[..., 3])),
            "json": json.dumps(facts, separators=(",", ":"), allow_nan=False).encode(),
            **dict(encoded(name, layer) for name, layer in (layers or {}).items()),
        }
        self._tar.write(sample)
        self._samples += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tar.close()

    @property
    def shard(self) -> Shard:
        """The manifest's entry of the finished tar."""
        with open(self._path, "rb") as handle:
            sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
        return Shard(name=self._name, samples=self._samples, bytes=self._path.stat().st_size, sha256=sha256)


def _png(picture: cv2.typing.MatLike) -> bytes:
    # Runs are what flat backgrounds are made of: smaller and sooner done than any level of the general search.
    how = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    done, data = cv2.imencode(".png", picture, how)
    if not done:
        raise ValueError("a picture could not be encoded")
    return data.tobytes()
