"""What the report says of the run itself: its MLflow runs, commands, versions, and the settings.

The one idea: a run on a tracking server is a link; a run in a database is an id, and the command that opens it.
"""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evaluate.config import settings_of
from evaluate.questions import QUESTIONS
from infra.settings import flatten
from infra.storage import Storage
from pipeline.addresses import RunLink, run_link

__all__ = ["RunLink", "commands", "present", "run_facts", "run_link", "settings_groups"]

Groups = list[tuple[str, list[tuple[str, str]]]]

_VERSIONS = ("bpy", "ray", "torch", "mlflow", "numpy")


def run_facts(workspace: Storage) -> list[tuple[str, str]]:
    """Where the files are, and what made them."""
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {importlib.metadata.version(name)}" for name in _VERSIONS]
    return [
        ("Workspace", workspace.url),
        ("Versions", ", ".join(versions)),
        ("Machine", f"{platform.system()} {platform.machine()}"),
    ]


def commands(address: Mapping[str, str] | None) -> list[tuple[str, str]]:
    """How MLflow is opened where no server shows it."""
    if not address or urlsplit(address["uri"]).scheme in ("http", "https"):
        return []
    own = ".venv/bin/mlflow"  # from the repository's root, without activating anything
    program = own if (Path(__file__).parents[1] / own).exists() else "mlflow"
    return [("Open MLflow", f"{program} ui --backend-store-uri '{address['uri']}'")]


def settings_groups(settings: Mapping[str, Any]) -> Groups:
    """The recipe in groups of (key, value); what stands in tables of its own or was not asked is left out."""
    groups = [("general", _plain(settings))]
    for name, value in settings.items():
        if not isinstance(value, Mapping):
            continue
        if name != "evaluate":
            groups.append((name, [(key, _text(each)) for key, each in flatten(value).items()]))
            continue
        asked = {settings_of(question) for question in value.get("questions", QUESTIONS)}
        groups.append((name, _plain(value)))
        groups += [
            (f"evaluate.{key}", [(inner, _text(each)) for inner, each in flatten(own).items()])
            for key, own in value.items()
            if isinstance(own, Mapping) and key in asked
        ]
    return [(name, values) for name, values in groups if values]


def present(facts: Iterable[tuple[str, object]]) -> list[tuple[str, str]]:
    """Facts as text, those that are not there left out."""
    return [
        (name, f"{value:,}" if isinstance(value, int) else str(value))
        for name, value in facts
        if value not in (None, "")
    ]


def _plain(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(key, _text(value)) for key, value in settings.items() if not isinstance(value, Mapping)]


def _text(value: object) -> str:
    if value is None or value == {}:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) or not isinstance(value, Iterable):
        return str(value)
    return ", ".join(_text(item) for item in value) or "–"
