"""A folder of one's own models: `<path>/<class>/<name>.glb|gltf|obj`, or `.yaml` for one described to the modeller."""

from __future__ import annotations

import re
from pathlib import Path

from infra.errors import UserError
from render.catalog import Catalog, Model, choose_classes, file_fingerprint
from render.config import SourceConfig
from render.sources import parametric

SUFFIXES = (".glb", ".gltf", ".obj", ".yaml")


def catalog(source: SourceConfig) -> Catalog:
    """The models below `source.path`, classes and names in alphabetical order."""
    if source.path is None:
        raise UserError("a folder of models is needed: --render.source.path DIR with <class>/<name>.glb files")
    root = Path(source.path).expanduser().absolute()
    if not root.is_dir():
        raise UserError(f"no folder {root}; give --render.source.path a folder of <class>/<name>.glb files")
    files: dict[str, list[Path]] = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")):
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
        if found:
            files[_plain(folder.name)] = found
    if not files:
        loose = sum(path.suffix.lower() in SUFFIXES for path in root.iterdir())
        hint = f"; put the {loose} models there into a folder named after their class" if loose else ""
        raise UserError(f"{root} holds no models: expected <class>/<name>.glb, .gltf, .obj or .yaml{hint}")
    chosen = choose_classes(list(files), source.classes, str(root))
    return Catalog(
        tuple(_named(name, path, files[name]) for name in chosen for path in files[name][: source.models_per_class])
    )


def model(class_name: str, name: str, path: Path) -> Model:
    """One file as a model of a catalogue; a description must be one that can be built."""
    if path.suffix.lower() == ".yaml":
        fingerprint = parametric.fingerprint_of(parametric.described(path))
        return Model(_plain(name), class_name, fingerprint, file=str(path), front="-z")
    return Model(_plain(name), class_name, file_fingerprint(path), file=str(path))


def _named(class_name: str, path: Path, siblings: list[Path]) -> Model:
    # A name that several suffixes share keeps its suffix, so that ids stay unique.
    shared = sum(sibling.stem == path.stem for sibling in siblings) > 1
    return model(class_name, f"{path.stem}-{path.suffix[1:]}" if shared else path.stem, path)


def _plain(name: str) -> str:
    """File names of samples hold no dots and no spaces."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "unnamed"
