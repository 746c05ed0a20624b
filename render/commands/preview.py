"""`python -m render preview`: models of any kind in one picture, in seconds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from infra.errors import UserError
from infra.progress import Progress, console
from render import modeller
from render.catalog import Model
from render.commands.writing import make_way
from render.config import SourceConfig
from render.portraits import portraits
from render.preview import labelled, png, tiled
from render.sources import folder, parametric
from render.viewpoints import View

SHAPENET = ("models/model_normalized.obj", "model.obj")
"""Where the model lies in a ShapeNetCore folder <synset>/<id>, v2 and v1."""


def run(asked: argparse.Namespace) -> None:
    """Render what was asked for and write the sheet. Raises `UserError`."""
    if not 16 <= asked.size <= 2048:
        raise UserError(f"--size {asked.size} must be from 16 to 2048 pixels")
    if asked.out.suffix.lower() != ".png":
        raise UserError(f"--out {asked.out} must be a file that ends with .png" + ", not a folder" * asked.out.is_dir())
    models = [model for item in asked.item for model in _models(item, asked)]
    make_way(asked.out, folder=False)
    views = [View(k, azimuth % 360, asked.elevation) for k, azimuth in enumerate(asked.azimuths)]
    failed = {}

    def lost(model: Model, reason: str) -> None:
        failed[model] = f"{model.file or model.id} cannot be rendered: {reason}"
        if len(failed) == len(models):
            raise UserError(next(iter(failed.values())))
        console.print(f"lost {failed[model]}", style="yellow")

    tiles = []
    with Progress("preview", len(models), "models") as progress:
        for done, pictures in enumerate(portraits(models, views, asked.size, asked.samples, lost=lost), start=1):
            tiles += list(pictures[..., :3])
            progress.update(done)
    columns = max(asked.columns // len(views), 1) * len(views)
    if asked.labels:
        labels = [f"{model.class_name}/{model.id}" for model in models for _ in views]
        sheet = labelled(np.stack(tiles), labels, columns)
    else:
        sheet = tiled(np.stack(tiles), columns)
    asked.out.write_bytes(png(sheet))
    console.print(f"{len(models) - len(failed)} models in {asked.out}")


def _models(item: str, asked: argparse.Namespace) -> list[Model]:
    if item in modeller.CLASSES:
        source = SourceConfig(classes=[item], models_per_class=asked.models)
        return list(parametric.catalog(source, asked.seed).models)
    path = Path(item).expanduser().absolute()  # Blender's process runs in another folder
    if "/" in item and not path.exists():
        raise UserError(f"no file or folder {path}")
    if path.is_dir():
        return _in_folder(path, asked.models)
    if path.suffix.lower() not in folder.SUFFIXES:
        known = ", ".join([*modeller.CLASSES, *(f"*{suffix}" for suffix in folder.SUFFIXES)])
        raise UserError(f"'{item}' is neither a class nor a model file nor a folder; give one of {known}")
    if not path.is_file():
        raise UserError(f"no file {path}")
    found = folder.model(path.parent.name or "models", path.stem, path)
    # The file of a ShapeNet model by itself faces the other way than other people's OBJs.
    return [replace(found, front="-z") if path.name == Path(SHAPENET[0]).name else found]


def _in_folder(path: Path, most: int) -> list[Model]:
    """The models of a folder: of ShapeNet, loose files, or `most` of each of its folders."""
    found = list(_of(path))[:most]
    for below in [] if found else sorted(path.iterdir()):
        if below.is_dir():
            models = _of(below)
            # ShapeNet's <synset> holds a folder a model.
            models = models if not _is_group(below) else (m for deep in sorted(below.iterdir()) for m in _of(deep))
            found += [model for _, model in zip(range(most), models, strict=False)]
    if not found:
        suffixes = ", ".join(folder.SUFFIXES)
        raise UserError(
            f"{path} holds no models: expected {suffixes} files, <class>/<file>, or ShapeNet's <synset>/<id>"
        )
    return found


def _of(path: Path) -> Iterator[Model]:
    """The ShapeNet model that a folder is, or the model files in it."""
    for name in SHAPENET:
        if (path / name).is_file():
            # ShapeNet v2's textures lie in ../images.
            yield replace(folder.model(path.parent.name or "models", path.name, path / name, root=path), front="-z")
            return
    if path.is_dir():
        for file in sorted(path.iterdir()):
            if file.suffix.lower() in folder.SUFFIXES and file.is_file():
                yield folder.model(path.name, file.stem, file)


def _is_group(path: Path) -> bool:
    return any((below / name).is_file() for below in path.iterdir() if below.is_dir() for name in SHAPENET)
