"""Rows for people and for grep: columns under each other, never wrapped, the first one said once for its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.markup import escape

from infra.progress import console


def say_rows(rows: Iterable[Sequence[str]]) -> None:
    """Print rows of equally many cells."""
    known, before = [list(row) for row in rows], ""
    for row in known:
        before, row[0] = row[0], "" if row[0] == before else row[0]
    widths = [max(map(len, column)) for column in zip(*known, strict=True)]
    for row in known:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        first = line[: widths[0]]
        console.print(f"[bold]{escape(first)}[/bold]{escape(line[widths[0] :])}")
