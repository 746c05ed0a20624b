"""What the tests of infra/deploy/ share: its files, pinned versions, and commands as their own programs read them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import yaml

from infra.doctor import pinned_versions

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "infra" / "deploy"
PINNED = pinned_versions(ROOT / "constraints.txt")
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
TARGETS = {name: f"turnery:{VERSION}-{name}" for name in ("cpu", "cuda", "tracking")}

SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|ACCESS_KEY|CREDENTIAL", re.IGNORECASE)
"""Names of what is secret."""


def loaded(name: str) -> Any:
    """The one document of a YAML file of infra/deploy/."""
    return yaml.safe_load((DEPLOY / name).read_text())


def head_comment(path: Path) -> str:
    """The comment that a file begins with."""
    lines = path.read_text().splitlines()
    end = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "\n".join(lines[:end])


def texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text of nested data, by its key with dots."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from texts(item, f"{key}.{name}".lstrip("."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, f"{key}.{index}")
    elif isinstance(value, str):
        yield key, value


def urls_with_credentials(value: object) -> list[str]:
    """Keys of texts that are URLs with a password in them."""
    return [key for key, text in texts(value) if re.search(r"://[^/\s@]*:[^/\s@]+@", text)]


def accepted(command: click.Command, arguments: Sequence[str]) -> dict[str, Any]:
    """The options of a command line as its program reads them. Raises `click.UsageError` on what it does not know."""
    with command.make_context(command.name or "", list(arguments), resilient_parsing=False) as context:
        return context.params


def ray_start(arguments: Sequence[str]) -> dict[str, Any]:
    """The options of `ray start ...`."""
    from ray.scripts.scripts import start

    assert list(arguments[:2]) == ["ray", "start"]
    return accepted(start, arguments[2:])
