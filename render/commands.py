"""The small commands beside the rendering of a dataset: look at models, find copies, describe, build, check a dataset.

python -m render preview chair --models 60        a contact sheet of drawn models
python -m render preview throne.yaml models/      one's own models: files, folders of them, ShapeNet's <synset>/<id>
python -m render duplicates --recipe models       which models of a source are copies, broken or empty
python -m render describe chair                   every property with its range
python -m render build throne.yaml --out throne   OBJ, materials and truth of a described model
python -m render verify workspace/demo            every byte of a dataset against its manifest
"""

from __future__ import annotations

import argparse
import difflib
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
from rich.table import Table

from infra.errors import UserError
from infra.progress import Progress, console
from infra.settings import flatten, parse
from infra.storage import open_storage
from render import duplicates, modeller, sources, verify
from render.catalog import Model
from render.config import SourceConfig
from render.dataset import open_dataset
from render.portraits import portraits
from render.preview import labelled, png, tiled
from render.sources import folder, parametric
from render.viewpoints import View

NAMES = ("preview", "duplicates", "describe", "build", "verify")
SHAPENET = ("models/model_normalized.obj", "model.obj")
"""Where the model lies in a ShapeNetCore folder <synset>/<id>, v2 and v1."""


def main(argv: list[str]) -> int:
    """Run one of the commands; raises `UserError` on what cannot be done."""
    if argv[0] not in NAMES:
        near = difflib.get_close_matches(argv[0], NAMES, n=1)
        hint = (
            f"did you mean '{near[0]}'?" if near else f"there are {', '.join(NAMES)}; without one a dataset is rendered"
        )
        raise UserError(f"no command '{argv[0]}'; {hint}")
    if argv[0] == "duplicates":  # its options are a recipe's
        return _duplicates(argv[1:])
    asked = _parser().parse_args(argv)
    match asked.command:
        case "preview":
            _preview(asked)
        case "describe":
            _describe(asked)
        case "build":
            _build(asked)
        case "verify":
            return _verify(asked)
    return 0


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as all commands do."""

    def error(self, message: str) -> Any:
        raise UserError(f"{message}; see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m render", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    look = commands.add_parser("preview", help="render models into one picture", allow_abbrev=False)
    look.add_argument(
        "item",
        nargs="+",
        help="a class that the modeller draws; a .glb, .gltf, .obj or .yaml file; a folder of such files, of "
        "<class>/<file>, or a ShapeNet model <synset>/<id>",
    )
    look.add_argument("--out", type=Path, default=Path("preview.png"), help="the PNG to write (default preview.png)")
    look.add_argument("--models", type=_positive, default=12, help="most models of a class or folder (default 12)")
    look.add_argument("--seed", type=_natural, default=0, help="seed of the drawn models (default 0)")
    look.add_argument("--size", type=_positive, default=192, help="pixels of one view, 16 to 2048 (default 192)")
    look.add_argument("--azimuths", type=_degrees, nargs="+", default=[325.0], help="degrees (default 325)")
    look.add_argument("--elevation", type=_degrees, default=20.0, help="degrees, -90 to 90 (default 20)")
    look.add_argument("--columns", type=_positive, default=6, help="pictures in a row (default 6)")
    look.add_argument("--samples", type=_positive, default=32, help="Cycles samples a pixel (default 32)")
    look.add_argument("--labels", action="store_true", help="write class/id under each picture")
    commands.add_parser("duplicates", help="find copies, broken and empty models of a source")
    tell = commands.add_parser("describe", help="list what a class can be described by", allow_abbrev=False)
    tell.add_argument("class_name", help=", ".join(modeller.CLASSES))
    make = commands.add_parser("build", help="build a described model in ShapeNet's layout", allow_abbrev=False)
    make.add_argument("file", type=Path, help="a YAML file with a class_name and properties")
    make.add_argument("--out", type=Path, required=True, help="the folder to write")
    check = commands.add_parser("verify", help="read a dataset again from end to end against its manifest")
    check.add_argument("workspace", help="the workspace or its dataset folder, or s3://bucket/prefix")
    check.add_argument("--jobs", type=_positive, help="shards read at a time (default: one a processor)")
    return parser


def _natural(text: str, least: int = 0) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise argparse.ArgumentTypeError(f"'{text}' must be a whole number of {least} or more")
    return int(text)


def _positive(text: str) -> int:
    return _natural(text, 1)


def _degrees(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"'{text}' must be a number of degrees")
    return number


def _preview(asked: argparse.Namespace) -> None:
    if not 16 <= asked.size <= 2048:
        raise UserError(f"--size {asked.size} must be from 16 to 2048 pixels")
    if not -90 <= asked.elevation <= 90:
        raise UserError(f"--elevation {asked.elevation:g} must be from -90 to 90 degrees")
    if asked.out.suffix.lower() != ".png" or asked.out.is_dir():
        raise UserError(f"--out {asked.out} must be a file that ends with .png")
    models = [model for item in asked.item for model in _models(item, asked)]
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
    try:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_bytes(png(sheet))
    except OSError as error:
        raise UserError(f"cannot write {asked.out}: {error.strerror}; choose another --out") from None
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
    return [folder.model(path.parent.name or "models", path.stem, path)]


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
            model = folder.model(path.parent.name or "models", path.name, path / name)
            yield replace(model, root=str(path), front="-z")  # v2's textures lie in ../images
            return
    if path.is_dir():
        for file in sorted(path.iterdir()):
            if file.suffix.lower() in folder.SUFFIXES and file.is_file():
                yield folder.model(path.name, file.stem, file)


def _is_group(path: Path) -> bool:
    return any((below / name).is_file() for below in path.iterdir() if below.is_dir() for name in SHAPENET)


def _duplicates(argv: list[str]) -> int:
    job = parse(
        duplicates.DuplicatesJob,
        argv,
        "python -m render duplicates",
        epilog="Writes duplicates.csv, kept.txt (for --render.source.include) and pairs.png into "
        "<workspace>/duplicates. Of alike models the first in the catalogue is kept; see docs/duplicates.md.",
    )
    catalog = sources.catalog(job.render.source, job.seed)

    from infra.cluster import connected
    from infra.lease import held
    from infra.tracking import run_of
    from infra.workspace import open_workspace
    from render.job import finished_dataset, render_dataset

    config = duplicates.thumbnails(job.render, job.duplicates.samples)
    workspace = open_workspace(job)
    storage = workspace / "duplicates"
    with held(workspace), run_of(job, workspace, "duplicates").recording() as run:
        if finished_dataset(config, catalog=catalog, storage=storage / "thumbnails") is None:
            with connected(job.cluster):
                render_dataset(config, catalog=catalog, storage=storage / "thumbnails", run=run)
        dataset = open_dataset(storage / "thumbnails")
        verdict = duplicates.find(dataset, job.duplicates)
        storage.write_bytes("duplicates.csv", duplicates.table(verdict))
        storage.write_bytes("kept.txt", duplicates.kept_list(verdict))
        sheet = duplicates.sheet(dataset, verdict, job.duplicates.pairs_shown)
        storage.delete("pairs.png")
        if sheet is not None:
            storage.write_bytes("pairs.png", png(sheet))
        run.params(flatten({"duplicates": job.duplicates.model_dump(mode="json")}))
        run.metrics(duplicates.metrics(verdict))
        for name in ("duplicates.csv", "kept.txt", *(["pairs.png"] if sheet is not None else [])):
            run.artifact(storage.fetch(name), "duplicates")
    counts = verdict.counts()
    table = Table("class", "models", "kept", *duplicates.REASONS, title="duplicates", title_justify="left")
    for class_name, count in counts.items():
        table.add_row(
            class_name, *(str(n) for n in (count.total(), *(count[k] for k in ("kept", *duplicates.REASONS))))
        )
    console.print(table)
    console.print(f"{len(verdict.kept)} of {len(catalog.models)} models kept: {storage.url}/kept.txt")
    return 0


def _describe(asked: argparse.Namespace) -> None:
    table = Table("property", "default", "what it is", title=f"class_name: {asked.class_name}", title_justify="left")
    for name, field in modeller.schema(asked.class_name).model_fields.items():
        if name == "class_name":
            continue
        choices = f": {', '.join(get_args(field.annotation))}" if get_origin(field.annotation) is Literal else ""
        table.add_row(name, str(field.default), f"{field.description}{choices}")
    console.print(table)


def _build(asked: argparse.Namespace) -> None:
    if not asked.file.is_file():
        raise UserError(f"no file {asked.file}; give a YAML file such as 'class_name: chair'")
    model = modeller.build(parametric.described(asked.file))
    try:
        modeller.write(model, asked.out)
    except OSError as error:
        raise UserError(f"cannot write to {asked.out}: {error.strerror}; choose another --out") from None
    console.print(f"{model.class_name} of {len(model.parts)} parts, {model.triangles} triangles in {asked.out}")


def _verify(asked: argparse.Namespace) -> int:
    storage = verify.dataset_of(open_storage(asked.workspace))
    with Progress("verify", len((storage / "shards").list(".tar")), "shards") as progress:
        faults = verify.verify(storage, asked.jobs, lambda done, total: progress.update(done, total=total))
    for fault in faults:
        console.print(fault, markup=False)
    console.print(f"{storage.url}: " + (f"{len(faults)} faults" if faults else "whole"), markup=False)
    return 1 if faults else 0
