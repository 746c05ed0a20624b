"""A folder of one's own models: `<path>/<class>/<name>.glb|gltf|obj`, or `.yaml` for one described to the modeller."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from infra.errors import UserError
from infra.settings import digest
from render import vetting
from render.catalog import Catalog, Model, choose_classes, file_fingerprint
from render.config import LimitsConfig, SourceConfig
from render.sources import parametric
from render.sources.selection import Selection, plain

SUFFIXES = (*vetting.SUFFIXES, ".yaml")


def catalog(source: SourceConfig) -> Catalog:
    """The models below `source.path`, classes and names in alphabetical order."""
    if source.path is None:
        raise UserError("a folder of models is needed: --render.source.path DIR with <class>/<name>.glb files")
    root = Path(source.path).expanduser().absolute()
    if not root.is_dir():
        raise UserError(f"no folder {root}; give --render.source.path a folder of <class>/<name>.glb files")
    files: dict[str, list[Path]] = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")):
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
        if found:
            files[plain(folder.name)] = found
    if not files:
        loose = sum(path.suffix.lower() in SUFFIXES for path in root.iterdir())
        hint = f"; put the {loose} models there into a folder named after their class" if loose else ""
        raise UserError(f"{root} holds no models: expected <class>/<name>.glb, .gltf, .obj or .yaml{hint}")
    selection = Selection(source)
    models = []
    for name in choose_classes(list(files), source.classes, str(root)):
        taken = selection.take(name, _named(name, files[name]))
        models += [model(name, model_id, path, root) for model_id, path in taken.items()]
    selection.close(str(root))
    return Catalog(tuple(models))


def model(class_name: str, name: str, path: Path, root: Path | None = None) -> Model:
    """One file as a model of a catalogue; a description must be one that can be built.

    Nothing that the file names may lie outside of `root`, by default its own folder.
    """
    if path.suffix.lower() == ".yaml":
        fingerprint = parametric.fingerprint_of(parametric.described(path))
        return Model(plain(name), class_name, fingerprint, file=str(path), front="-z")
    within = None if root is None else str(root)
    return Model(plain(name), class_name, fingerprint_of(path, root), file=str(path), root=within)


def fingerprint_of(path: Path, root: Path | None) -> str:
    """Changes with a model file's bytes and with those of the materials, buffers and textures that it names."""
    named = vetting.companions(path, root, LimitsConfig())
    own = file_fingerprint(path)
    return own if not named else digest([own, *([each.name, file_fingerprint(each)] for each in named)])


def _named(class_name: str, paths: list[Path]) -> dict[str, Path]:
    """Files by id. A name that several suffixes share keeps its suffix, so that ids stay unique."""
    stems = Counter(path.stem for path in paths)
    named: dict[str, Path] = {}
    for path in paths:
        name = plain(f"{path.stem}-{path.suffix[1:]}" if stems[path.stem] > 1 else path.stem)
        if name in named:
            raise UserError(f"two models of class '{class_name}' have the same name '{name}'; rename one of the files")
        named[name] = path
    return named
