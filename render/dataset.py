"""The dataset on disk: what a sample, the manifest and the tables hold, and how they are read back.

<dataset>/shards/<class>-000000.tar   WebDataset: <key>.rgb.png, <key>.mask.png, <key>.json and, where asked for,
                                      <key>.depth.png, <key>.normal.png, <key>.position.npz (see `render.layers`)
<dataset>/views.parquet               a row a view
<dataset>/models.parquet              a row a rendered model: its origin, placement and what was mended
<dataset>/failures.parquet            a row a model that could not be rendered
<dataset>/preview/<class>.png         contact sheets
<dataset>/manifest.json               written last: while it is missing, the dataset is not finished
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import ValidationError

from infra.errors import UserError
from infra.settings import Settings, digest
from infra.storage import Storage
from render.layers import Layers, decoded

SCHEMA_VERSION = 1
MANIFEST, VIEWS, MODELS, FAILURES = "manifest.json", "views.parquet", "models.parquet", "failures.parquet"

VIEW_SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("shard", pa.string()),
        ("model", pa.string()),
        ("class_name", pa.string()),
        ("style", pa.int32()),
        ("view", pa.int32()),
        ("azimuth_deg", pa.float64()),
        ("elevation_deg", pa.float64()),
        ("coverage", pa.float64()),
        (
            "keypoints",
            pa.list_(
                pa.struct([("name", pa.string()), ("x", pa.float64()), ("y", pa.float64()), ("visible", pa.bool_())])
            ),
        ),
    ]
)
MODEL_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("model", "class_name")),
        ("style", pa.int32()),
        *((name, pa.string()) for name in ("file", "member", "fingerprint", "creator", "licence")),
        ("views", pa.int32()),
        ("faces", pa.int64()),
        ("scale", pa.float64()),
        ("file_to_world", pa.list_(pa.list_(pa.float64()))),
        ("mends", pa.list_(pa.string())),
    ]
)
FAILURE_SCHEMA = pa.schema([(name, pa.string()) for name in ("model", "class_name", "file", "reason", "log")])


class Style(Settings):
    """One rendered model: its id, class and index in the catalogue, and whose it is where that is known."""

    id: str
    class_name: str
    index: int
    creator: str = ""
    licence: str = ""


class Shard(Settings):
    """One tar: name below `shards/`, views in it, size and SHA-256 of its bytes."""

    name: str
    samples: int
    bytes: int
    sha256: str


class Manifest(Settings):
    """What a dataset is made of; the last file to be written."""

    schema_version: int
    digest: str
    """Over the shards' names and hashes alone: equal datasets, equal digests."""
    inputs_digest: str
    """Over the picture settings and the catalogue: tells whether a dataset is the one asked for."""
    settings: dict[str, Any]
    software: dict[str, str]
    size: int
    azimuths_deg: list[float]
    elevations_deg: list[float]
    classes: list[str]
    styles: list[Style]
    shards: list[Shard]
    views: int
    failed_models: int


def dataset_digest(shards: list[Shard]) -> str:
    """SHA-256 over the shards' names and hashes, in the order of their names."""
    return digest([[shard.name, shard.sha256] for shard in sorted(shards, key=lambda shard: shard.name)])


@dataclass(frozen=True)
class Dataset:
    """A finished dataset, opened for reading."""

    storage: Storage
    manifest: Manifest
    views: pd.DataFrame
    """A row a view, in the order of the shards; columns as in `VIEW_SCHEMA`."""

    def shard_path(self, name: str) -> Path:
        """A local path of a shard, to be read only."""
        return self.storage.fetch(f"shards/{name}")

    def pictures(self, keys: list[str]) -> NDArray[np.uint8]:
        """Single views by key, uint8 [N, size, size, 4]: for figures, not for training."""
        rows = self.views.set_index("key").loc[keys]
        found: dict[str, NDArray[np.uint8]] = {}
        for shard, members in rows.groupby("shard"):
            with tarfile.open(self.shard_path(str(shard))) as tar:
                for key in members.index:
                    rgb, mask = (tar.extractfile(f"{key}.{part}.png") for part in ("rgb", "mask"))
                    assert rgb is not None and mask is not None
                    found[key] = _join(rgb.read(), mask.read())
        return np.stack([found[key] for key in keys])


def read_manifest(storage: Storage) -> Manifest | None:
    """The manifest, or None while the dataset is not finished. Raises `UserError` on one this version cannot read."""
    try:
        values = storage.read_json(MANIFEST)
    except FileNotFoundError:
        return None
    except json.JSONDecodeError:
        raise UserError(f"{storage.url}/{MANIFEST} is not JSON; remove it to render what is missing") from None
    version = values.get("schema_version") if isinstance(values, dict) else None
    if version != SCHEMA_VERSION:
        raise UserError(f"{storage.url} has dataset schema {version}, this is {SCHEMA_VERSION}; use a new --workspace")
    try:
        return Manifest.model_validate(values)
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise UserError(f"{storage.url}/{MANIFEST} is damaged at '{key}'; remove it to write it anew") from None


def open_dataset(storage: Storage) -> Dataset:
    """Open a finished dataset. Raises `UserError` when there is none."""
    manifest = read_manifest(storage)
    if manifest is None:
        raise UserError(f"no finished dataset at {storage.url} (no {MANIFEST}); render one with `python -m render`")
    table = pq.read_table(io.BytesIO(storage.read_bytes(VIEWS)), schema=VIEW_SCHEMA)
    views = table.to_pandas()
    if len(views) != manifest.views:
        raise UserError(f"{storage.url}/{VIEWS} has {len(views)} views, the manifest {manifest.views}; render anew")
    return Dataset(storage, manifest, views)


def read_models(storage: Storage) -> pd.DataFrame:
    """A row a rendered model of a finished dataset, columns as in `MODEL_SCHEMA`: `file_to_world` is where it stands.

    Raises `UserError` when the table is not there.
    """
    try:
        data = storage.read_bytes(MODELS)
    except FileNotFoundError:
        raise UserError(f"{storage.url} has no {MODELS}; render it with `python -m render`") from None
    return pq.read_table(io.BytesIO(data), schema=MODEL_SCHEMA).to_pandas()


def decode_shard(path: Path, size: int) -> tuple[list[str], NDArray[np.uint8]]:
    """Keys and pictures of a shard, uint8 [N, size, size, 4]; see `read_pictures`."""
    views = list(read_pictures(path, size))
    pictures = [picture for _, picture in views]
    return [key for key, _ in views], np.stack(pictures) if views else np.zeros((0, size, size, 4), np.uint8)


def read_pictures(path: Path, size: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Key and picture, uint8 [size, size, 4], of a shard's views: RGB over white, soft mask; resized if needed."""
    import webdataset

    # Without a splitter: in a worker of several, WebDataset would give a shard to some of them only, or refuse.
    for sample in webdataset.WebDataset(str(path), shardshuffle=False, empty_check=False, nodesplitter=None):
        picture = _join(sample["rgb.png"], sample["mask.png"])
        if picture.shape[0] != size:
            how = cv2.INTER_AREA if picture.shape[0] > size else cv2.INTER_CUBIC
            picture = cv2.resize(picture, (size, size), interpolation=how).astype(np.uint8)
        yield sample["__key__"], picture


def read_layers(path: Path) -> Iterator[tuple[str, Layers]]:
    """Key and layers of every view of a shard, in its order; see `render.layers` for what they hold."""
    import webdataset

    for sample in webdataset.WebDataset(str(path), shardshuffle=False, empty_check=False):
        yield sample["__key__"], decoded(sample)


def over_white(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Straight-alpha RGBA [..., 4] -> RGB over white and soft mask [..., 4], rounded to nearest, in whole numbers."""
    colour, alpha = rgba[..., :3].astype(np.uint32), rgba[..., 3:].astype(np.uint32)
    blended = (colour * alpha + 255 * (255 - alpha) + 127) // 255
    return np.concatenate([blended.astype(np.uint8), rgba[..., 3:]], axis=-1)


def _join(rgb_png: bytes, mask_png: bytes) -> NDArray[np.uint8]:
    rgb = cv2.imdecode(np.frombuffer(rgb_png, np.uint8), cv2.IMREAD_COLOR)
    mask = cv2.imdecode(np.frombuffer(mask_png, np.uint8), cv2.IMREAD_GRAYSCALE)
    if rgb is None or mask is None:
        raise ValueError("a picture in the shard is damaged")
    rgba = np.empty((*mask.shape, 4), np.uint8)
    cv2.mixChannels([rgb, mask], [rgba], [0, 2, 1, 1, 2, 0, 3, 3])  # one pass; stacking cost two thirds of decoding
    return rgba
