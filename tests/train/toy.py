"""A small dataset in the shards' own format: coloured ellipses that turn, one colour and shape a style."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from infra.storage import FolderStorage, Storage
from render.dataset import (
    MANIFEST,
    SCHEMA_VERSION,
    VIEW_SCHEMA,
    VIEWS,
    Dataset,
    Manifest,
    Style,
    dataset_digest,
    open_dataset,
)
from render.shards import ShardWriter
from train.architectures import NetworkSpec
from train.generator import Generator

AZIMUTHS = tuple(range(0, 360, 30))
ELEVATIONS = (10.0, 30.0)
CLASSES = {"chair": ("a", "b", "c"), "table": ("d", "e")}


def picture(style: int, azimuth: float, elevation: float, size: int) -> np.ndarray:
    """uint8 [size, size, 4]: an ellipse over white that narrows and moves as it turns, and its soft mask."""
    angle = np.deg2rad(azimuth)
    y, x = (np.mgrid[:size, :size] + 0.5) / size * 2 - 1
    x = x - 0.25 * np.sin(angle)
    y = y + 0.01 * elevation - 0.15
    wide, tall = 0.35 + 0.2 * abs(np.cos(angle)), 0.3 + 0.08 * style
    inside = 1 - np.sqrt((x / wide) ** 2 + (y / tall) ** 2)
    mask = np.clip(inside * size / 6 + 0.5, 0, 1)[..., None]
    colour = np.array([0.2 + 0.15 * style, 0.9 - 0.15 * style, 0.5 + 0.4 * np.sin(angle)])
    shade = 0.75 + 0.25 * np.clip(x[..., None] / wide, -1, 1)
    rgb = mask * colour * shade + (1 - mask)
    return np.round(255 * np.concatenate([rgb, mask], axis=-1)).astype(np.uint8)


def views_table(size: int = 64) -> pd.DataFrame:
    """The rows that `views.parquet` holds."""
    rows = []
    models = [(name, model) for name, ids in CLASSES.items() for model in ids]
    for style, (class_name, model) in enumerate(models):
        grid = [(azimuth, elevation) for azimuth in AZIMUTHS for elevation in ELEVATIONS]
        for view, (azimuth, elevation) in enumerate(grid):
            mask = picture(style, azimuth, elevation, size)[..., 3]
            rows.append(
                {
                    "key": f"{class_name}_{model}_v{view:03d}",
                    "shard": f"{class_name}-000000.tar",
                    "model": model,
                    "class_name": class_name,
                    "style": style,
                    "view": view,
                    "azimuth_deg": float(azimuth),
                    "elevation_deg": elevation,
                    "coverage": float(mask.mean() / 255),
                    "keypoints": [],
                }
            )
    return pd.DataFrame(rows)


def make_dataset(workspace: Path, size: int = 64) -> Dataset:
    """Write the dataset into `<workspace>/dataset` and open it."""
    storage: Storage = FolderStorage(workspace) / "dataset"
    folder = workspace / "dataset" / "shards"
    folder.mkdir(parents=True)
    views = views_table(size)
    shards = []
    for name, rows in views.groupby("shard", sort=False):
        with ShardWriter(folder / str(name), str(name)) as writer:
            for row in rows.itertuples():
                drawn = picture(row.style, row.azimuth_deg, row.elevation_deg, size)
                writer.add(row.key, drawn, {"azimuth_deg": row.azimuth_deg})
        shards.append(writer.shard)
    pq.write_table(pa.Table.from_pandas(views, VIEW_SCHEMA), workspace / "dataset" / VIEWS)
    styles = views.drop_duplicates("style")
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        digest=dataset_digest(shards),
        inputs_digest="",
        settings={},
        software={},
        size=size,
        azimuths_deg=[float(azimuth) for azimuth in AZIMUTHS],
        elevations_deg=list(ELEVATIONS),
        classes=list(CLASSES),
        styles=[Style(id=s.model, class_name=s.class_name, index=s.style) for s in styles.itertuples()],
        shards=shards,
        views=len(views),
        failed_models=0,
    )
    storage.write_json(MANIFEST, manifest.model_dump(mode="json"))
    return open_dataset(storage)


def small_network(architecture: str = "1s-S-deep", size: int = 64, styles: int = 5) -> Generator:
    """A narrow network with the weights of a fixed seed."""
    spec = {"architecture": architecture, "size": size, "width": 0.1, "styles": styles}
    network = Generator(NetworkSpec.model_validate(spec))
    network.initialise(3)
    return network.channels_last()
