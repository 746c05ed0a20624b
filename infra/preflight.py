"""Can this machine take Turnery at all? Asked before anything is installed: a line for each thing in the way.

Standard library alone, and any Python from 3.8 on runs it, so that a wrong Python is told rather than met
with a syntax error. `infra/doctor.py` looks closer, at what is installed.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NEEDED_PYTHON = (3, 11)
GIB = 1 << 30
NEEDED_MEMORY_GIB = 4.0
NEEDED_DISK_GIB = 6.0
"""The virtual environment takes 3.2 GiB, and what pip unpacks on the way about as much again."""
NEEDED_TEMPORARY_GIB = 1.5
"""The largest wheel on its way through the temporary folder."""

BLENDER_LIBRARIES = {
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libXrender.so.1": "libxrender1",
    "libXt.so.6": "libxt6",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libGL.so.1": "libgl1",
}
"""What Blender's module loads from the system on Linux, and the Debian package of each."""


def python_problem(version: tuple[int, int] = (sys.version_info[0], sys.version_info[1])) -> str | None:
    """The wrong Python, or None."""
    if version == NEEDED_PYTHON:
        return None
    return (
        f"Python 3.11 is needed, this is {version[0]}.{version[1]}: "
        "apt-get install python3.11 python3.11-venv "
        "(on Ubuntu after 'add-apt-repository ppa:deadsnakes/ppa'), or make PYTHON=/path/to/python3.11"
    )


def venv_problem() -> str | None:
    """Debian ships `venv` and `ensurepip` apart from Python; say so when they are not there."""
    missing = [name for name in ("venv", "ensurepip") if find_spec(name) is None]
    return f"Python has no {' and no '.join(missing)}: apt-get install python3.11-venv" if missing else None


def missing_libraries(sonames: Iterable[str] | None = None) -> list[str]:
    """Those of the shared libraries (default: Blender's) that the loader does not find."""
    missing = []
    for soname in BLENDER_LIBRARIES if sonames is None else sonames:
        try:
            ctypes.CDLL(soname)
        except OSError:
            missing.append(soname)
    return missing


def libraries_problem(missing: Sequence[str] | None = None) -> str | None:
    """System libraries that Blender misses, as the one command that brings them; None off Linux."""
    if sys.platform != "linux":
        return None
    missing = missing_libraries() if missing is None else missing
    if not missing:
        return None
    packages = " ".join(BLENDER_LIBRARIES[soname] for soname in missing)
    return f"Blender misses {', '.join(missing)}: apt-get install {packages}"


def machine_problem(system: str = sys.platform, machine: str = platform.machine()) -> str | None:
    """bpy 4.5 is built for Linux on x86-64 (and for macOS and Windows), not for Linux on ARM."""
    if system == "linux" and machine.lower() not in ("x86_64", "amd64"):
        return f"bpy (Blender) has no build for Linux on {machine}: use an x86-64 machine"
    return None


def memory_bytes() -> int:
    """Memory this process may use: the machine's, or less where a container limits it; 0 when unknown."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 0
    for limit_file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        limit = _read(limit_file).strip()
        if limit.isdigit():
            total = min(total, int(limit))
    return total


def usable_cores() -> float:
    """Cores by affinity, and by a container's quota where there is one."""
    cores: float = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _read("/sys/fs/cgroup/cpu.max").split()
    if len(quota) == 2 and quota[0].isdigit():
        cores = min(cores, round(int(quota[0]) / int(quota[1]), 1))
    return int(cores) if cores == int(cores) else cores


def processor_flags() -> set[str]:
    """Instruction sets of the first core by Linux's names; empty elsewhere."""
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith(("flags", "Features")):
            return set(line.partition(":")[2].split())
    return set()


def memory_problem(available: int | None = None) -> str | None:
    """Too little memory (bytes), or None."""
    available = memory_bytes() if available is None else available
    if not available or available >= NEEDED_MEMORY_GIB * GIB:
        return None
    return (
        f"{available / GIB:.1f} GiB of memory, at least {NEEDED_MEMORY_GIB:.0f} GiB are needed: "
        "use a larger machine, or raise the container's memory limit"
    )


def disk_problem(root: Path = ROOT, temporary: Path | None = None, installed: bool | None = None) -> str | None:
    """Too little room for the virtual environment or for pip's temporary files, or None."""
    installed = (root / ".venv" / "turnery-setup").exists() if installed is None else installed
    if installed:
        return None
    temporary = Path(tempfile.gettempdir()) if temporary is None else temporary
    for folder, needed, mend in (
        (root, NEEDED_DISK_GIB, "free some room, or move the repository"),
        (temporary, NEEDED_TEMPORARY_GIB, "free some room, or set TMPDIR to a roomier folder"),
    ):
        free = shutil.disk_usage(folder).free / GIB
        if free < needed:
            return f"{free:.1f} GiB free in {folder}, the installation needs {needed:.1f} GiB: {mend}"
    return None


def problems() -> list[str]:
    """Everything in the way, a line each; the wrong Python alone when that is it."""
    wrong_python = python_problem()
    found = [
        wrong_python,
        None if wrong_python else venv_problem(),
        machine_problem(),
        libraries_problem(),
        memory_problem(),
        disk_problem(),
    ]
    return [problem for problem in found if problem]


def main() -> int:
    """Print the problems; status 2 when there is one."""
    found = problems()
    for problem in found:
        print(f"turnery: {problem}", file=sys.stderr)
    return 2 if found else 0


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


if __name__ == "__main__":
    raise SystemExit(main())
