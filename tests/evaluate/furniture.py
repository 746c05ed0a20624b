"""A small real world to evaluate: box furniture drawn by the real camera, in a real dataset, with a real
generator.

The one idea: the furniture is exact geometry, so its keypoints are known, and drawing it needs no renderer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evaluate.question import Subject
from evaluate.subject import SubjectPlace, open_subject, read_spec
from infra import rng
from infra.storage import Storage, open_storage
from render.dataset import VIEW_SCHEMA, Manifest, Style, dataset_digest
from render.shards import ShardWriter
from render.viewpoints import project, view_grid
from train.checkpoint import GeneratorSpec, save_generator
from train.config import SelectConfig
from train.generator import Generator
from train.selection import select

SIZE = 64
FACES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))


@dataclass(frozen=True)
class Box:
    """A box of furniture: its centre and size in the object's world, and its colour."""

    centre: tuple[float, float, float]
    size: tuple[float, float, float]
    colour: tuple[float, float, float]

    def corners(self) -> np.ndarray:
        signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
        return np.array(self.centre) + signs * np.array(self.size) / 2


def furniture(class_name: str, index: int) -> tuple[list[Box], dict[str, np.ndarray]]:
    """A chair or a table made of boxes, and its named keypoints [3]."""
    random = rng.generator(7, class_name, index)
    width, depth, height = random.uniform(0.35, 0.55), random.uniform(0.3, 0.45), random.uniform(0.3, 0.5)
    if class_name == "table":
        width, depth, height = 1.5 * width, 1.3 * depth, 1.15 * height
    thick, leg, floor = random.uniform(0.04, 0.08), random.uniform(0.04, 0.07), -0.45
    hue = np.uint8([[[random.integers(0, 180), random.integers(60, 200), random.integers(130, 240)]]])
    colour = tuple(cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0].astype(float))
    darker = tuple(np.array(colour) * random.uniform(0.5, 0.9))
    top = floor + height + thick / 2
    boxes = [Box((0, 0, floor + height), (width, depth, thick), colour)]
    points = {}
    for x, side in ((-1, "left"), (1, "right")):
        for y, end in ((-1, "front"), (1, "back")):
            foot = (x * (width - leg) / 2, y * (depth - leg) / 2)
            boxes.append(Box((*foot, floor + height / 2), (leg, leg, height), darker))
            points[f"foot_{end}_{side}"] = np.array([*foot, floor])
            points[f"corner_{end}_{side}"] = np.array([x * width / 2, y * depth / 2, top])
    if class_name == "chair":
        back = random.uniform(0.25, 0.5)
        boxes.append(Box((0, depth / 2 - thick / 2, top + back / 2), (width, thick, back), colour))
        points["top"] = np.array([0, depth / 2 - thick / 2, top + back])
    return boxes, points


def drawn(boxes: Sequence[Box], size: int, azimuth_deg: float, elevation_deg: float) -> np.ndarray:
    """Boxes seen by the turntable's camera, far faces first: uint8 [size, size, 4], RGB and mask."""
    fine = 4 * size
    canvas = np.full((fine, fine, 4), 255, np.uint8)
    canvas[..., 3] = 0
    azimuth = np.radians(azimuth_deg)
    light = np.array(
        [0.4 * np.sin(azimuth) + 0.5 * np.cos(azimuth), 0.5 * np.sin(azimuth) - 0.4 * np.cos(azimuth), 0.8]
    )
    faces = []
    for box in boxes:
        for face in FACES:
            corners = box.corners()[list(face)]
            normal = np.cross(corners[1] - corners[0], corners[3] - corners[0])
            shade = 0.45 + 0.55 * abs(normal @ light) / np.linalg.norm(normal) / np.linalg.norm(light)
            pixels, depth = project(corners, fine, azimuth_deg, elevation_deg)
            faces.append((depth.mean(), pixels, np.array(box.colour) * shade))
    for _, pixels, colour in sorted(faces, key=lambda face: -face[0]):
        cv2.fillPoly(canvas, [np.round(pixels).astype(np.int32)], (*np.clip(colour, 0, 255), 255.0))
    return cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)


def write_dataset(
    storage: Storage,
    models: dict[str, int],
    azimuths_deg: Sequence[float],
    elevations_deg: Sequence[float],
    folder: Path,
    with_keypoints: bool = True,
) -> None:
    """A dataset of box furniture, written as the render floor writes its own; a shard a class."""
    rows: list[dict[str, Any]] = []
    styles, shards = [], []
    for class_name, count in models.items():
        shard_name = f"{class_name}-000000.tar"
        with ShardWriter(folder / shard_name, shard_name) as writer:
            for index in range(count):
                model = f"{class_name}{index:02d}"
                boxes, points = furniture(class_name, index)
                for view in view_grid(azimuths_deg, elevations_deg):
                    picture = drawn(boxes, SIZE, view.azimuth_deg, view.elevation_deg)
                    pixels, _ = project(np.stack(list(points.values())), SIZE, view.azimuth_deg, view.elevation_deg)
                    keypoints = [
                        {"name": name, "x": float(x), "y": float(y), "visible": True}
                        for name, (x, y) in zip(points, pixels, strict=True)
                    ]
                    key = f"{class_name}_{model}_v{view.index:03d}"
                    writer.add(key, picture, {"model": model})
                    rows.append(
                        {
                            "key": key,
                            "shard": shard_name,
                            "model": model,
                            "class_name": class_name,
                            "style": len(styles),
                            "view": view.index,
                            "azimuth_deg": view.azimuth_deg,
                            "elevation_deg": view.elevation_deg,
                            "coverage": float(picture[..., 3].mean() / 255),
                            "keypoints": keypoints if with_keypoints else [],
                        }
                    )
                styles.append(Style(id=model, class_name=class_name, index=len(styles)))
        shards.append(writer.shard)
        storage.put(folder / shard_name, f"shards/{shard_name}")
    pq.write_table(pa.Table.from_pylist(rows, schema=VIEW_SCHEMA), folder / "views.parquet")
    storage.put(folder / "views.parquet", "views.parquet")
    manifest = Manifest(
        schema_version=1,
        digest=dataset_digest(shards),
        inputs_digest="boxes",
        settings={},
        software={},
        size=SIZE,
        azimuths_deg=list(azimuths_deg),
        elevations_deg=list(elevations_deg),
        classes=list(models),
        styles=styles,
        shards=shards,
        views=len(rows),
        failed_models=0,
    )
    storage.write_json("manifest.json", manifest.model_dump(mode="json"))


def write_training(workspace: Storage, folder: Path, name: str = "generator", steps: int = 0) -> None:
    """An untrained generator (the network as it is initialised) under a training's name, every third azimuth
    unseen."""
    storage = workspace / "training" / name
    views = pd.read_parquet((workspace / "dataset").fetch("views.parquet"))
    selection = select(views, SelectConfig(holdout_every_azimuth=3), seed=0)
    spec = GeneratorSpec(
        name=name,
        architecture="1s-S-deep",
        size=SIZE,
        width=0.1,
        styles=selection.models,
        style_classes=selection.classes,
        dataset_digest=(workspace / "dataset").read_json("manifest.json")["digest"],
        steps=steps,
        inputs_digest="untrained",
        final={"psnr_db": 0.0},
    )
    save_generator(folder, spec, Generator(spec.network).state_dict())
    selection.table.to_parquet(folder / "selection.parquet", index=False)
    for file in ("selection.parquet", "generator.safetensors", "generator.json"):
        storage.put(folder / file, file)


def make_world(folder: Path, with_keypoints: bool = True) -> Storage:
    """A workspace with three chairs and two tables, six azimuths at two elevations, and an untrained
    generator."""
    workspace, scratch = open_storage(folder / "workspace"), folder / "scratch"
    scratch.mkdir()
    azimuths = [60.0 * i for i in range(6)]
    write_dataset(workspace / "dataset", {"chair": 3, "table": 2}, azimuths, [15, 35], scratch, with_keypoints)
    write_training(workspace, scratch)
    return workspace


def subject_of(workspace: Storage) -> Subject:
    """The world's subject, opened as a task would."""
    identity = read_spec(workspace, "generator").dataset_digest
    return open_subject(SubjectPlace(workspace.url, "generator", identity, seed=0, batch=8))
