"""Where an MLflow run is seen: a page where a server shows it, else the command that shows it; nothing heavy here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class RunLink:
    """An MLflow run: its id, and its page where a server shows it."""

    id: str
    href: str = ""


def run_link(address: Mapping[str, str] | None) -> RunLink | None:
    """The run at an address as `Run.address` gives it; None without one."""
    if not address:
        return None
    parts = urlsplit(address["uri"])
    if parts.scheme not in ("http", "https"):
        return RunLink(address["id"])
    server = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
    return RunLink(address["id"], f"{server}/#/experiments/{address['experiment']}/runs/{address['id']}")
