"""The small commands beside the rendering of a dataset: look at models, find copies, describe, build, check a dataset.

python -m render preview chair --models 60        a contact sheet of drawn models
python -m render preview throne.yaml models/      one's own models: files, folders of them, ShapeNet's <synset>/<id>
python -m render duplicates --recipe models       which models of a source are copies, broken or empty
python -m render describe chair                   every property with its range, and the materials
python -m render build throne.yaml --out throne   OBJ, materials and truth of a described model
python -m render verify workspace/demo            every byte of a dataset against its manifest
"""

from __future__ import annotations

import argparse
import difflib
import math
from pathlib import Path
from typing import Literal, NoReturn, get_args, get_origin

from rich.table import Table

from infra.errors import UserError
from infra.progress import Progress, console
from infra.storage import open_storage
from render import modeller, verify
from render.commands import duplicates, preview
from render.commands.writing import make_way
from render.modeller.materials import PALETTE
from render.sources import parametric

NAMES = ("preview", "duplicates", "describe", "build", "verify")


def main(argv: list[str]) -> int:
    """Run one of the commands; raises `UserError` on what cannot be done."""
    if argv[0] not in NAMES:
        near = difflib.get_close_matches(argv[0], NAMES, n=1)
        hint = (
            f"did you mean '{near[0]}'?" if near else f"there are {', '.join(NAMES)}; without one a dataset is rendered"
        )
        raise UserError(f"no command '{argv[0]}'; {hint}")
    if argv[0] == "duplicates":  # its options are a recipe's
        return duplicates.run(argv[1:])
    asked = _parser().parse_args(argv)
    match asked.command:
        case "preview":
            preview.run(asked)
        case "describe":
            _describe(asked)
        case "build":
            _build(asked)
        case "verify":
            return _verify(asked)
    return 0


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as all commands do."""

    def error(self, message: str) -> NoReturn:
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
    look.add_argument("--azimuths", type=_azimuth, nargs="+", default=[325.0], help="degrees (default 325)")
    look.add_argument("--elevation", type=_elevation, default=20.0, help="degrees, -90 to 90 (default 20)")
    look.add_argument("--columns", type=_positive, default=6, help="pictures in a row (default 6)")
    look.add_argument("--samples", type=_positive, default=32, help="Cycles samples a pixel (default 32)")
    look.add_argument("--labels", action="store_true", help="write class/id under each picture")
    commands.add_parser("duplicates", help="find copies, broken and empty models of a source")
    tell = commands.add_parser("describe", help="list what a class can be described by", allow_abbrev=False)
    tell.add_argument("class_name", help=", ".join(modeller.CLASSES))
    make = commands.add_parser("build", help="build a described model in ShapeNet's layout", allow_abbrev=False)
    make.add_argument("file", type=Path, help="a YAML file with a class_name and properties")
    make.add_argument("--out", type=Path, required=True, help="the folder to write")
    check = commands.add_parser("verify", help="read a dataset again against its manifest", allow_abbrev=False)
    check.add_argument("workspace", help="the workspace or its dataset folder, or s3://bucket/prefix")
    check.add_argument("--jobs", type=_positive, help="shards read at a time (default: one a processor)")
    return parser


def _natural(text: str, least: int = 0) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise argparse.ArgumentTypeError(f"'{text}' must be a whole number of {least} or more")
    return int(text)


def _positive(text: str) -> int:
    return _natural(text, 1)


def _degrees(text: str, limit: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not -limit <= number <= limit:
        raise argparse.ArgumentTypeError(f"'{text}' must be degrees from {-limit:g} to {limit:g}")
    return number


def _azimuth(text: str) -> float:
    return _degrees(text, 360.0)


def _elevation(text: str) -> float:
    return _degrees(text, 90.0)


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
    if not asked.file.is_file():
        raise UserError(f"no file {asked.file}; give a YAML file such as 'class_name: chair'")
    model = modeller.build(parametric.described(asked.file))
    make_way(asked.out, folder=True)
    modeller.write(model, asked.out)
    console.print(f"{model.class_name} of {len(model.parts)} parts, {model.triangles} triangles in {asked.out}")


def _verify(asked: argparse.Namespace) -> int:
    storage = verify.dataset_of(open_storage(asked.workspace))
    with Progress("verify", len((storage / "shards").list(".tar")), "shards") as progress:
        faults = verify.verify(storage, asked.jobs, lambda done, total: progress.update(done, total=total))
    for fault in faults:
        console.print(fault, markup=False)
    console.print(f"{storage.url}: " + (f"{len(faults)} faults" if faults else "whole"), markup=False)
    return 1 if faults else 0
