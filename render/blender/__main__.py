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
                reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
                _say(answers, {"error": f"{type(error).__name__}: {reason}"})
    return 0


def _say(answers: BinaryIO, header: dict[str, Any], pixels: bytes = b"") -> None:
    answers.write(json.dumps({**header, "bytes": len(pixels)}).encode() + b"\n" + pixels)
    answers.flush()


if __name__ == "__main__":
    raise SystemExit(main())
