"""ShapeNetCore as released: v1 (`<synset>/<id>/model.obj`), v2 (`<synset>/<id>/models/model_normalized.obj`), or both.

Folders and the release's `<synset>.zip` are listed alike. A model's fingerprint is of the names and sizes of its files:
released data does not change, and 51,000 models are listed in seconds without reading them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from infra.errors import UserError
from infra.settings import digest
from render.catalog import Catalog, Model
from render.child import ModelFailure
from render.config import SourceConfig
from render.sources import keypointnet
from render.sources.selection import Selection, plain
from render.sources.taxonomy import Split, Synset, Taxonomy, read_split, read_taxonomy
from render.vetting import archives

V2, V1 = "models/model_normalized.obj", "model.obj"
LARGEST_KEYPOINTS = 1_000_000
LOOKED_INTO = ("models", "images")
"""Folders of a model whose files count for its fingerprint."""
NOT_DRAWN = (".binvox", ".json")


@dataclass(frozen=True)
class _Found:
    """A model where it lies: its folder or archive, the OBJ in it, and names and sizes of its files."""

    place: Path
    member: str | None
    within: str
    files: tuple[tuple[str, int], ...]

    @property
    def member_is_v2(self) -> bool:
        """Whether the OBJ is the normalised one of v2, whose frame keypoints are given in."""
        return self.member is not None and self.member.endswith(V2)


def catalog(source: SourceConfig) -> Catalog:
    """The wanted classes of the ShapeNetCore at `source.path`, ids in alphabetical order."""
    if source.path is None:
        raise UserError("ShapeNetCore is needed: --render.source.path DIR with <synset>/<id>/ folders")
    root = Path(source.path).expanduser().absolute()
    if not root.is_dir():
        raise UserError(f"no folder {root}; give --render.source.path ShapeNetCore's, with <synset>/<id>/ in it")
    taxonomy = read_taxonomy(root)
    places = _places(root)
    if not places:
        raise UserError(f"{root} holds no ShapeNetCore: expected <synset>/<id>/{V2}, .../{V1} or <synset>.zip")
    split = _split(source, root)
    selection = Selection(source)
    annotations = None if source.keypoints is None else Path(source.keypoints).expanduser()
    annotated = {} if annotations is None else keypointnet.read_keypoints(annotations)
    models: list[Model] = []
    for synset, folder in _classes(source, taxonomy, places, split, root):
        found = _of_class(folder, places[folder])
        home = _synset_of(folder, taxonomy).id
        if split is not None and (source.split is not None or synset.id != home):
            family = taxonomy.below(synset.id) if synset.id != home else None
            found = {name: each for name, each in found.items() if _belongs(split, home, name, source.split, family)}
        taken = selection.take(synset.class_name, found, {home, synset.id, folder})
        for name, each in taken.items():
            known = next((annotated[of, name] for of in (home, synset.id, folder) if (of, name) in annotated), ())
            models.append(_model(synset.class_name, name, each, known if each.member_is_v2 else ()))
    selection.close(str(root))
    if not models:
        part = f" in the part '{source.split}' of {split.path}" if split and source.split else ""
        raise UserError(f"{root} holds no models of the classes asked for{part}")
    if annotations is not None:
        keypointnet.common(annotations, annotated, sum(bool(model.keypoints) for model in models), root)
    return Catalog(tuple(models))


def _belongs(split: Split, synset: str, name: str, part: str | None, family: set[str] | None) -> bool:
    """Whether the split says that a model is of the wanted part, and of the wanted finer class."""
    finer, own_part = split.rows.get((synset, name), ("", ""))
    return (part is None or own_part == part) and (family is None or finer in family)


def keypoints(path: Path) -> dict[str, list[float] | None]:
    """The keypoints in `keypoints.json` beside the folder of a v2 model, {} where there are none that can be read."""
    beside = path.parent.parent / "keypoints.json"
    if path.name != "model_normalized.obj" or not beside.is_file() or beside.stat().st_size > LARGEST_KEYPOINTS:
        return {}
    try:
        loaded = json.loads(beside.read_text(encoding="utf-8"))
        points = {str(name): None if xyz is None else [float(value) for value in xyz] for name, xyz in loaded.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
    sound = all(xyz is None or (len(xyz) == 3 and all(map(isfinite, xyz))) for xyz in points.values())
    return points if sound else {}


def _places(root: Path) -> dict[str, list[Path]]:
    """Folders and archives of each synset by its folder's name: a folder comes before an archive of the same name."""
    places: dict[str, list[Path]] = {}
    for path in sorted(root.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            places.setdefault(path.name, []).insert(0, path)
        elif path.suffix == ".zip" and re.fullmatch(r"\d{8}", path.stem):
            places.setdefault(path.stem, []).append(path)
    return {name: paths for name, paths in places.items() if _holds_models(paths)}


def _holds_models(paths: list[Path]) -> bool:
    return any(path.suffix == ".zip" or next(_models_of(path), None) is not None for path in paths)


def _split(source: SourceConfig, root: Path) -> Split | None:
    path = root / "all.csv" if source.split_file is None else Path(source.split_file).expanduser()
    if path.is_file() or source.split_file is not None:
        return read_split(path)
    if source.split is not None:
        raise UserError(
            f"the part '{source.split}' needs ShapeNet's official split: put it at {path} or give its file "
            "as --render.source.split_file"
        )
    return None


def _classes(
    source: SourceConfig, taxonomy: Taxonomy, places: dict[str, list[Path]], split: Split | None, root: Path
) -> Iterator[tuple[Synset, str]]:
    """The wanted classes, each with the folder that its models lie in."""
    here = {folder: _synset_of(folder, taxonomy) for folder in places}
    if not source.classes:
        yield from ((here[folder], folder) for folder in sorted(here, key=lambda each: here[each].class_name))
        return
    for name in source.classes:
        own = [folder for folder, synset in here.items() if folder == name or synset.is_called(name)]
        if own:
            first = min(own, key=lambda folder: here[folder].names[:1] != (name,))
            yield here[first], first
            continue
        meant = [synset for synset in taxonomy.synsets.values() if synset.is_called(name)]
        # Children live in the folder of the ancestor that has one.
        homes = [
            (synset, folder) for synset in meant for folder in here if synset.id in taxonomy.below(here[folder].id)
        ]
        if not homes:
            known = ", ".join(sorted(synset.class_name for synset in here.values()))
            raise UserError(f"{root} has no class '{name}'; it has {known}")
        if split is None:
            parent = here[homes[0][1]].class_name
            raise UserError(
                f"the class '{name}' is a part of '{parent}', and which models are of it only ShapeNet's "
                f"official split says: put it at {root / 'all.csv'} or give --render.source.split_file"
            )
        if len(homes) > 1:
            ids = ", ".join(sorted({synset.id for synset, _ in homes}))
            raise UserError(f"several classes are called '{name}': give one by its synset, of {ids}")
        yield homes[0]


def _synset_of(folder: str, taxonomy: Taxonomy) -> Synset:
    """The synset of a folder that is named by its id or by one of its names."""
    if folder in taxonomy.synsets or re.fullmatch(r"\d{8}", folder):
        return taxonomy.get(folder)
    called = [
        synset for synset in taxonomy.synsets.values() if synset.names and plain(synset.names[0]) == plain(folder)
    ]
    return Synset(called[0].id if called else folder, (folder,), called[0].children if called else ())


def _of_class(folder: str, paths: list[Path]) -> dict[str, _Found]:
    """The models of one class by id, in alphabetical order."""
    found: dict[str, _Found] = {}
    for path in paths:
        for name, each in _zipped(folder, path) if path.suffix == ".zip" and path.is_file() else _models_of(path):
            found.setdefault(name, each)
    return dict(sorted(found.items()))


def _models_of(folder: Path) -> Iterator[tuple[str, _Found]]:
    """The models of a class's folder; what holds no OBJ, such as metadata alone, is passed over."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir():
                continue
            files = _files(entry.path)
            member = V2 if V2 in files else V1 if V1 in files else None
            if member is not None:
                yield entry.name, _Found(Path(entry.path), member, "", tuple(sorted(files.items())))


def _files(folder: str) -> dict[str, int]:
    """Names and sizes of a model's files, but for the voxels and metadata beside them, which draw nothing."""
    found: dict[str, int] = {}
    todo = [(folder, "")]
    while todo:
        here, prefix = todo.pop()
        with os.scandir(here) as entries:
            for entry in entries:
                name = entry.name
                if name.endswith(NOT_DRAWN):
                    continue
                if not prefix and name in LOOKED_INTO and entry.is_dir():
                    todo.append((entry.path, f"{name}/"))
                elif entry.is_file():
                    found[prefix + name] = entry.stat().st_size
    return found


def _zipped(folder: str, path: Path) -> Iterator[tuple[str, _Found]]:
    """The models in an archive of a class, with whatever folders they are in."""
    try:
        entries = archives.members(path)
    except ModelFailure as failure:
        raise UserError(f"{path}: {failure.reason}; download it again or unpack it") from None
    homes: dict[str, dict[str, int]] = {}
    for entry in entries:
        home, _, name = entry.filename.partition("/models/")
        if name and "/" not in name:
            if not name.endswith(NOT_DRAWN):
                homes.setdefault(home, {})[f"models/{name}"] = entry.CRC
            continue
        home, _, name = entry.filename.rpartition("/")
        if name:
            short = f"images/{name}" if home.endswith("/images") else name
            homes.setdefault(home.removesuffix("/images"), {})[short] = entry.CRC
    for home, files in homes.items():
        member = V2 if V2 in files else V1 if V1 in files else None
        name = home.rsplit("/", 1)[-1]
        if member is not None and name and name != folder:
            yield name, _Found(path, f"{home}/{member}", f"{home}/", tuple(sorted(files.items())))


def _model(class_name: str, name: str, found: _Found, points: keypointnet.Points) -> Model:
    fingerprint = digest([[file, size] for file, size in found.files])
    if points:
        fingerprint = digest([fingerprint, points])
    if found.within:
        return Model(
            plain(name),
            class_name,
            fingerprint,
            file=str(found.place),
            member=found.member,
            within=found.within,
            front="-z",
            keypoints=points,
        )
    file = found.place / (found.member or V1)
    return Model(
        plain(name), class_name, fingerprint, file=str(file), root=str(found.place), front="-z", keypoints=points
    )
