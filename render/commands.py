"""The small commands beside the rendering of a dataset: look at models, read what can be described, build one.

python -m render preview chair --models 60        a contact sheet of drawn models
python -m render preview throne.yaml chair.glb    one's own models, a row each
python -m render describe chair                   every property with its range
python -m render build throne.yaml --out throne   OBJ, materials and truth of a described model
"""

from __future__ import annotations

import argparse
import math
import tempfile
from functools import partial
from pathlib import Path
from typing import Literal, NoReturn, get_args, get_origin

import numpy as np
from rich.table import Table

from infra.errors import UserError
from infra.progress import Progress, console
from render import modeller
from render.catalog import Model
from render.config import SourceConfig
from render.modeller.materials import PALETTE
from render.portraits import portraits
from render.preview import png, tiled
from render.sources import folder, parametric
from render.viewpoints import View

NAMES = ("preview", "describe", "build")


def main(argv: list[str]) -> int:
    """Run one of the commands; raises `UserError` on what cannot be done."""
    asked = _parser().parse_args(argv)
    match asked.command:
        case "preview":
            _preview(asked)
        case "describe":
            _describe(asked)
        case "build":
            _build(asked)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m render", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    look = commands.add_parser("preview", help="render models into one picture")
    look.add_argument("item", nargs="+", help="a class that the modeller draws, or a .glb, .gltf, .obj or .yaml file")
    look.add_argument("--out", type=Path, default=Path("preview.png"), help="the PNG to write (default preview.png)")
    look.add_argument("--models", type=_positive, default=12, help="how many models of a class (default 12)")
    look.add_argument("--seed", type=int, default=0, help="seed of the drawn models")
    look.add_argument("--size", type=_positive, default=192, help="pixels of one view (default 192)")
    look.add_argument(
        "--azimuths", type=partial(_degrees, limit=360.0), nargs="+", default=[325.0], help="degrees (default 325)"
    )
    look.add_argument("--elevation", type=partial(_degrees, limit=90.0), default=20.0, help="degrees (default 20)")
    look.add_argument("--columns", type=_positive, default=6, help="pictures in a row (default 6)")
    look.add_argument("--samples", type=_positive, default=32, help="Cycles samples a pixel (default 32)")
    tell = commands.add_parser("describe", help="list what a class can be described by")
    tell.add_argument("class_name", help=", ".join(modeller.CLASSES))
    make = commands.add_parser("build", help="build a described model in ShapeNet's layout")
    make.add_argument("file", type=Path, help="a YAML file with a class_name and properties")
    make.add_argument("--out", type=Path, required=True, help="the folder to write")
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (see {self.prog} --help)")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' must be a whole number, 1 or more")
    return int(text)


def _degrees(text: str, limit: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not -limit <= number <= limit:
        raise argparse.ArgumentTypeError(f"'{text}' must be degrees from {-limit:g} to {limit:g}")
    return number


def _make_way(out: Path, folder: bool) -> None:
    """Make the folder that `out` is or lies in; what stands in the way of writing is found before any work is done."""
    place = out if folder else out.parent
    try:
        place.mkdir(parents=True, exist_ok=True)
        if out.is_dir() and not folder:
            raise IsADirectoryError(21, "it is a folder")
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise UserError(f"--out {out} cannot be written: {error.strerror}; choose another") from None


def _preview(asked: argparse.Namespace) -> None:
    models = [model for item in asked.item for model in _models(item, asked)]
    _make_way(asked.out, folder=False)
    views = [View(k, azimuth % 360, asked.elevation) for k, azimuth in enumerate(asked.azimuths)]
    tiles = []
    with Progress("preview", len(models), "models") as progress:
        for done, pictures in enumerate(portraits(models, views, asked.size, asked.samples), start=1):
            tiles += list(pictures[..., :3])
            progress.update(done)
    columns = min(max(asked.columns // len(views), 1) * len(views), len(tiles))
    asked.out.write_bytes(png(tiled(np.stack(tiles), columns)))
    console.print(f"{len(models)} models in {asked.out}")


def _models(item: str, asked: argparse.Namespace) -> list[Model]:
    if item in modeller.CLASSES:
        source = SourceConfig(classes=[item], models_per_class=asked.models)
        return list(parametric.catalog(source, asked.seed).models)
    path = Path(item)
    if path.suffix.lower() not in folder.SUFFIXES:
        known = ", ".join([*modeller.CLASSES, *(f"*{suffix}" for suffix in folder.SUFFIXES)])
        raise UserError(f"'{item}' is neither a class nor a model file; give one of {known}")
    if not path.is_file():
        raise UserError(f"no file {path}")
    return [folder.model("preview", path.stem, path)]


def _describe(asked: argparse.Namespace) -> None:
    table = Table("property", "default", "what it is", title=f"class_name: {asked.class_name}", title_justify="left")
    for name, field in modeller.schema(asked.class_name).model_fields.items():
        if name == "class_name":
            continue
        choices = f": {', '.join(get_args(field.annotation))}" if get_origin(field.annotation) is Literal else ""
        table.add_row(name, str(field.default), f"{field.description}{choices}")
    console.print(table)
    colours = Table(
        "material", "its colours, or '#rrggbb'", title="materials, written kind:colour", title_justify="left"
    )
    for kind, names in PALETTE.items():
        colours.add_row(kind, ", ".join(names))
    console.print(colours)


def _build(asked: argparse.Namespace) -> None:
    model = modeller.build(parametric.described(asked.file))
    _make_way(asked.out, folder=True)
    modeller.write(model, asked.out)
    console.print(f"{model.class_name} of {len(model.parts)} parts, {model.triangles} triangles in {asked.out}")
