"""Which models of a source are taken: lists of ids to include or exclude, and so many of each class."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from infra.errors import UserError
from infra.progress import console
from render.config import SourceConfig

ID_COLUMNS = ("dropped", "model", "modelid", "model_id", "id")
"""Names of the column that holds ids; 'dropped' is that of duplicates.csv."""
CLASS_COLUMNS = ("class_name", "class", "synsetid", "synset")
Found = TypeVar("Found")


def plain(name: str) -> str:
    """A name for keys and files of samples, which hold no dots and no spaces."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "unnamed"


class Selection:
    """The models that a recipe wants of a source: `take` class by class, then `close`."""

    def __init__(self, source: SourceConfig) -> None:
        self._most = source.models_per_class
        self._include = None if source.include is None else _IdList(source.include)
        self._exclude = None if source.exclude is None else _IdList(source.exclude)
        self._taken = 0

    def take(self, class_name: str, found: Mapping[str, Found], other_names: Iterable[str] = ()) -> dict[str, Found]:
        """Those of a class's models, by id, that are wanted, in their order. `other_names`: e.g. the class's synset."""
        names = [class_name, *other_names]
        kept: dict[str, Found] = {}
        for name, value in found.items():
            wanted = self._include is None or self._include.names(name, names)
            left_out = self._exclude is not None and self._exclude.names(name, names)
            if wanted and not left_out and (self._most is None or len(kept) < self._most):
                kept[name] = value
        self._taken += len(kept)
        return kept

    def close(self, where: str) -> None:
        """Say which listed ids the source lacks. Raises `UserError` when the lists left nothing."""
        for ids in (self._include, self._exclude):
            if ids is not None:
                ids.report(where)
                if self._taken == 0:
                    raise UserError(f"{ids.path} leaves no model of {where}; it holds ids, one a line: id or class/id")


class _IdList:
    def __init__(self, path: str) -> None:
        self.path = Path(path).expanduser()
        self._unused = dict.fromkeys(_read(self.path))
        self._all = set(self._unused)

    def names(self, name: str, class_names: list[str]) -> bool:
        asked = [name, *(f"{class_name}/{name}" for class_name in class_names)]
        hits = [each for each in asked if each in self._all]
        for hit in hits:
            self._unused.pop(hit, None)
        return bool(hits)

    def report(self, where: str) -> None:
        if self._unused:
            first = next(iter(self._unused))
            console.print(
                f"{len(self._unused)} of {len(self._all)} ids in {self.path} are not among the models taken from "
                f"{where}, such as {first}",
                style="yellow",
                markup=False,
            )


def _read(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the list of ids {path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    rows = [
        row for row in csv.reader(re.sub(r"(^|\s)#.*", "", line).strip() for line in lines) if row and row[0].strip()
    ]
    if not rows:
        raise UserError(f"the list of ids {path} is empty; one id a line, as 'id' or 'class/id'")
    header = [column.strip().lower() for column in rows[0]]
    # 'id' in the official CSV of ShapeNet numbers the rows; 'modelId' is what it calls a model.
    column = next((header.index(name) for name in ID_COLUMNS if name in header), None)
    if column is None:
        return [row[0].strip() for row in rows]
    group = next((header.index(name) for name in CLASS_COLUMNS if name in header), None)
    ids = []
    for row in rows[1:]:
        if len(row) > column and row[column].strip():
            known = group is not None and len(row) > group and row[group].strip()
            ids.append(
                f"{row[group].strip()}/{row[column].strip()}" if known and group is not None else row[column].strip()
            )
    return ids
