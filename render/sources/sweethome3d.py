"""Sweet Home 3D's furniture libraries: `.sh3f` files, zips of models with a catalogue of their names and authors.

A model's class follows from its English name: see `class_of`. Models stand y up with the front to +z once the
catalogue's `modelRotation` is applied.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from infra.errors import UserError
from infra.progress import console
from infra.settings import digest
from render.catalog import Catalog, Model, choose_classes
from render.child import ModelFailure
from render.config import SourceConfig
from render.sources.properties import parse
from render.sources.selection import Selection, plain
from render.vetting import archives
from render.vetting.files import open_regular

CATALOG = "PluginFurnitureCatalog.properties"
LARGEST_CATALOG = 16_000_000
SUFFIXES = (".obj", ".zip")

CLASS_OF = {
    **dict.fromkeys(("chair", "armchair", "stool", "wheelchair", "seat"), "chair"),
    **dict.fromkeys(("table", "desk"), "table"),
    **dict.fromkeys(("sofa", "couch"), "sofa"),
    **dict.fromkeys(("bed", "crib", "futon"), "bed"),
    **dict.fromkeys(("cabinet", "cupboard", "wardrobe", "dresser", "sideboard", "locker"), "cabinet"),
    **dict.fromkeys(("bookcase", "shelf", "shelves"), "bookshelf"),
    **dict.fromkeys(("lamp", "light", "spotlight", "chandelier", "lantern"), "lamp"),
    **dict.fromkeys(("bench", "door", "window", "plant", "tree"), None),
}
"""The class that a word of a name means; None: a class of the word's own."""
OTHER_THINGS = frozenset(("bat", "fan", "ottoman", "radiator", "extension", "remote", "control", "hood"))
"""A name that ends in one of these is none of the things before it: a table fan is no table."""
CARS = frozenset(("car", "suv", "van"))
NO_CARS = frozenset(("bus", "truck"))


@dataclass(frozen=True)
class _Piece:
    """A piece of furniture as its library's catalogue describes it."""

    library: Path
    member: str
    name: str
    category: str
    tags: str
    identity: str
    rotation: tuple[float, ...] | None
    creator: str
    licence: str


def class_of(name: str, category: str, tags: str) -> str:
    """The class of a piece of furniture from its English name, category and tags.

    A vehicle that its name or tags call a car, SUV or van is a car, but a bus or truck is none. Of the words of other
    names before 'with', 'on', 'for' or 'and', the last one known to `CLASS_OF` decides. What is left bears its
    category's name.
    """
    words = re.findall(r"[a-z]+", re.split(r" with | on | for | and |,", name.lower())[0])
    tagged = set(re.findall(r"[a-z]+", tags.lower()))
    if category.lower() == "vehicles":
        if CARS & (tagged | set(words)) and not NO_CARS & set(words):
            return "car"
        return "vehicles"
    for word in reversed(words):
        if word in OTHER_THINGS:
            break
        if word in CLASS_OF:
            return CLASS_OF[word] or word
    return plain(category.lower())


def catalog(source: SourceConfig) -> Catalog:
    """The furniture of a `.sh3f` file, or of those in a folder, in the order of their catalogues."""
    if source.path is None:
        raise UserError(f"furniture libraries are needed: --render.source.path FILE.sh3f or a folder of them; {_MEND}")
    path = Path(source.path).expanduser().absolute()
    libraries = sorted(path.glob("*.sh3f")) if path.is_dir() else [path]
    if not libraries or not all(library.is_file() for library in libraries):
        raise UserError(f"no furniture libraries (.sh3f) at {path}; {_MEND}, or give another --render.source.path")
    by_class: dict[str, dict[str, _Piece]] = {}
    other = 0
    for library in libraries:
        for piece in _pieces(library):
            if PurePosixPath(piece.member).suffix.lower() not in SUFFIXES:
                other += 1
                continue
            of_class = by_class.setdefault(class_of(piece.name, piece.category, piece.tags), {})
            if piece.identity in of_class:
                raise UserError(f"{library} describes '{piece.identity}' a second time; remove one of the libraries")
            of_class[piece.identity] = piece
    if other:
        console.print(f"passed over {other} models of {path} that are no OBJ", style="yellow", markup=False)
    if not by_class:
        raise UserError(f"{path} holds no furniture that can be read")
    selection = Selection(source)
    models: list[Model] = []
    for name in choose_classes(sorted(by_class), source.classes, str(path)):
        models += [_model(name, each, piece) for each, piece in selection.take(name, by_class[name]).items()]
    selection.close(str(path))
    return Catalog(tuple(models))


_MEND = "apt-get install sweethome3d-furniture puts free ones into /usr/share/sweethome3d/furniture"


def _pieces(library: Path) -> list[_Piece]:
    """What a library's catalogue describes, by the numbers of its keys."""
    values = _catalogue(library)
    numbers = sorted({int(key.split("#")[1]) for key in values if re.fullmatch(r"model#\d{1,9}", key)})
    licence = " ".join(values.get("license", "").split()) or f"see {library.name}"
    pieces = []
    for number in numbers:
        got = {key: values.get(f"{key}#{number}", "") for key in ("id", "name", "category", "tags", "model", "creator")}
        member = got["model"].lstrip("/")
        identity = got["id"] or f"{library.stem}#{PurePosixPath(member).stem}"
        pieces.append(
            _Piece(
                library=library,
                member=member,
                name=got["name"],
                category=got["category"] or "unsorted",
                tags=got["tags"],
                identity=plain(identity),
                rotation=_rotation(values.get(f"modelRotation#{number}", "")),
                creator=" ".join(got["creator"].split()),
                licence=licence,
            )
        )
    return pieces


def _catalogue(library: Path) -> dict[str, str]:
    try:
        entries = {entry.filename: entry for entry in archives.members(library)}
        entry = entries.get(CATALOG)
        if entry is None or entry.file_size > LARGEST_CATALOG or entry.compress_type not in archives.READ:
            raise UserError(f"{library} is no furniture library: it holds no {CATALOG} that can be read")
        with open_regular(library) as handle, zipfile.ZipFile(handle) as archive:
            return parse(archive.read(entry))
    except ModelFailure as failure:
        raise UserError(f"{library}: {failure.reason}") from None
    except (OSError, *archives.FAULTS):
        raise UserError(f"{library} is no furniture library that can be read") from None


def _rotation(text: str) -> tuple[float, ...] | None:
    """Nine numbers, row by row; None where there is no rotation, or none that keeps shapes."""
    try:
        rows = tuple(float(number) for number in text.split())
    except ValueError:
        return None
    if len(rows) != 9:
        return None
    dots = [sum(rows[3 * i + k] * rows[3 * j + k] for k in range(3)) - (i == j) for i in range(3) for j in range(3)]
    return rows if max(map(abs, dots)) < 0.01 else None


def _model(class_name: str, identity: str, piece: _Piece) -> Model:
    folder = str(PurePosixPath(piece.member).parent)
    within = "" if folder == "." else f"{folder}/"
    files = [
        [entry.filename, entry.file_size, entry.CRC]
        for entry in archives.members(piece.library)
        if entry.filename.startswith(within)
    ]
    return Model(
        id=identity,
        class_name=class_name,
        fingerprint=digest({"files": files, "rotation": piece.rotation}),
        file=str(piece.library),
        member=piece.member,
        within=within,
        rotation=piece.rotation,
        creator=piece.creator,
        licence=piece.licence,
    )
