"""The child process: reads one order a line from standard input, answers with headers and pixels.

An answer is a JSON line, followed by the raw bytes it announces. Everything Blender prints goes to standard error,
so that standard output carries answers alone.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

PR_SET_PDEATHSIG = 1


def main() -> int:
    """Serve orders until standard input ends."""
    # A killed parent must not leave Blender behind, even in the middle of a render.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    import bpy

    from render.blender import turntable

    _say(answers, {"ready": bpy.app.version_string})
    # Below the parent's folder, who tidies it up when this process is killed.
    with tempfile.TemporaryDirectory(prefix="turnery-", dir=os.environ.get("TURNERY_SCRATCH")) as scratch:
        for line in sys.stdin:
            order = json.loads(line)
            try:
                for header, pixels in turntable.shoot(order, Path(scratch)):
                    _say(answers, header, pixels)
            except Exception as error:
                _say(answers, {"error": reason_of(error)})
    return 0


def reason_of(error: Exception) -> str:
    """What went wrong, in one line; of a traceback, which Blender's importers hand on as text, the end."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.startswith("Location:")]
    if not lines:
        return type(error).__name__
    return lines[-1] if "Traceback" in lines[0] else f"{type(error).__name__}: {lines[0]}"


def _say(answers: BinaryIO, header: dict[str, Any], pixels: bytes = b"") -> None:
    answers.write(json.dumps({**header, "bytes": len(pixels)}).encode() + b"\n" + pixels)
    answers.flush()


if __name__ == "__main__":
    raise SystemExit(main())
