"""ShapeNet's taxonomy and split: which synset a class name means, what lies below it, and which models are whose."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from infra.errors import UserError
from render.sources.selection import plain
from render.sources.synsets import NAMES


@dataclass(frozen=True)
class Synset:
    """A class of ShapeNet: its names, the first of which names it here, and its children's ids."""

    id: str
    names: tuple[str, ...]
    children: tuple[str, ...] = ()

    @property
    def class_name(self) -> str:
        """The first name, fit for keys; the id where there is none."""
        return plain(self.names[0]) if self.names else self.id

    def is_called(self, name: str) -> bool:
        """Whether the id or any of its names is meant, whatever the case and the spaces."""
        return name == self.id or _same(name) in {_same(each) for each in self.names}


@dataclass(frozen=True)
class Taxonomy:
    """All synsets that are known, by id."""

    synsets: dict[str, Synset]

    def get(self, synset: str) -> Synset:
        """A synset, nameless when unknown."""
        return self.synsets.get(synset) or Synset(synset, ())

    def below(self, synset: str) -> set[str]:
        """A synset and all its descendants."""
        found: set[str] = set()
        todo = [synset]
        while todo:
            current = todo.pop()
            if current not in found:
                found.add(current)
                todo += self.get(current).children
        return found


@dataclass(frozen=True)
class Split:
    """The official CSV: of a model (synset's folder, id) its finer synset and its part."""

    path: Path
    rows: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)


def read_taxonomy(root: Path) -> Taxonomy:
    """`taxonomy.json` below `root`, and the built-in names for what it lacks. Raises `UserError` when it is broken."""
    synsets = {synset: Synset(synset, tuple(names.split(","))) for synset, names in NAMES.items()}
    path = root / "taxonomy.json"
    if path.is_file():
        try:
            for entry in json.loads(path.read_text(encoding="utf-8")):
                synset, children = str(entry["synsetId"]), tuple(map(str, entry.get("children", ())))
                names = tuple(name.strip() for name in str(entry["name"]).split(",") if name.strip())
                synsets[synset] = Synset(synset, names, children)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise UserError(f"{path} is not ShapeNet's taxonomy; put the released file there or remove it") from None
    return Taxonomy(synsets)


def read_split(path: Path) -> Split:
    """The CSV with the columns synsetId, subSynsetId, modelId and split. Raises `UserError` when it is another."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, skipinitialspace=True)
            names = {"synsetId", "subSynsetId", "modelId", "split"}
            if not names <= set(reader.fieldnames or ()):
                raise UserError(f"{path} is not ShapeNet's split: it lacks the column {min(names)} or its like")
            rows = {
                (row["synsetId"].zfill(8), row["modelId"]): ((row["subSynsetId"] or "").zfill(8), row["split"] or "")
                for row in reader
                if row["synsetId"] and row["modelId"]
            }
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(
            f"ShapeNet's split {path} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None
    return Split(path, rows)


def _same(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()
