"""Model files are untrusted: before Blender sees one, a safe copy of it is staged that names nothing but staged files.

The one idea: what is not known to be harmless is left out of the copy, and what is over a limit is refused in one line.
"""

from __future__ import annotations

from pathlib import Path

from render.child import ModelFailure
from render.config import LimitsConfig
from render.vetting import gltf, obj
from render.vetting.files import Staged, open_regular, shown

SUFFIXES = (".glb", ".gltf", ".obj")
"""Of the files that can be vetted; nothing embedded in them runs. Others (.blend, .usd, ...) are refused."""


def stage(
    path: Path,
    folder: Path,
    limits: LimitsConfig,
    root: Path | None = None,
    rotation: tuple[float, ...] | None = None,
) -> Staged:
    """A safe copy of a model file in `folder`, or the file itself where it names no other and nothing was left out.

    Nothing that the file names may lie outside of `root` (default its own folder), links followed. A model that is
    itself a link is taken from where it leads, and then stands there. `rotation` (3x3, row by row) is applied to
    the vertices of an OBJ. Raises `ModelFailure` in one line on a file that must not be rendered.
    """
    try:
        real, home = _homes(path, root)
        if real.suffix.lower() not in SUFFIXES and path.suffix.lower() not in SUFFIXES:
            raise ModelFailure(f"{shown(path.name)} is none of {', '.join(SUFFIXES)}, which alone are read", "")
        folder.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".obj":
            return obj.stage(real, home, folder, limits, rotation)
        return gltf.stage(real, home, folder, limits)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ModelFailure(f"{shown(path.name)} cannot be read: {reason}", "") from None
    except (RuntimeError, MemoryError, ValueError) as error:
        raise ModelFailure(f"{shown(path.name)} cannot be read: {type(error).__name__}", "") from None


def companions(path: Path, root: Path | None, limits: LimitsConfig) -> list[Path]:
    """The files that a model file names and that lie below `root`, in the file's order; none for one that is refused.

    Read only as far as is needed to find them: for fingerprints.
    """
    try:
        real, home = _homes(path, root)
        if path.suffix.lower() == ".obj":
            return obj.companions(real, home, limits)
        return gltf.companions(real, home, limits)
    except (OSError, ModelFailure, RuntimeError, MemoryError, ValueError):
        return []


def _homes(path: Path, root: Path | None) -> tuple[Path, Path]:
    try:
        real = path.resolve(strict=True)
    except RuntimeError:
        raise ModelFailure(f"{shown(path.name)} cannot be read: a link that leads to itself", "") from None
    with open_regular(real):
        pass
    home = real.parent if root is None else root.resolve(strict=True)
    return real, home if real.is_relative_to(home) else real.parent
