"""Where a command writes: found to be in the way before any work is done."""

from __future__ import annotations

import tempfile
from pathlib import Path

from infra.errors import UserError


def make_way(out: Path, *, folder: bool) -> None:
    """Make the folder that `out` is or lies in. Raises `UserError` when nothing can be written there."""
    place = out if folder else out.parent
    try:
        place.mkdir(parents=True, exist_ok=True)
        if out.is_dir() and not folder:
            raise IsADirectoryError(21, "it is a folder")
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise UserError(f"--out {out} cannot be written: {error.strerror}; choose another") from None
