"""A child process that speaks Blender's protocol and does what the model's file name says: a real process that really
crashes, hangs, eats memory or is killed. Run as a script; imports nothing of Turnery and no Blender."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

EATER = "import time; eaten = bytearray(b'x') * 400_000_000; time.sleep(60)"


def main() -> None:
    kept: list[bytearray] = []
    say({"ready": "0.0"})
    for line in sys.stdin:
        order = json.loads(line)
        path = Path(order["path"])
        # A vetted copy lies at <model>/staged/model.obj.
        name = path.parent.parent.name if path.parent.name == "staged" else path.stem
        deed = name.partition("-")[0]
        sys.stderr.write(f"importing {name}.obj\n" * 3)
        sys.stderr.flush()
        if deed == "refused":
            say({"error": "ValueError: no mesh in it"})
            continue
        if deed == "eater":
            while True:
                kept.append(bytearray(b"x") * 20_000_000)
                time.sleep(0.005)
        if deed == "parent":
            subprocess.run([sys.executable, "-c", EATER], check=False)
        if deed == "endless":
            while True:
                sys.stderr.write("still importing\n" * 1000)
        if deed == "fat":
            kept.append(bytearray(b"x") * 200_000_000)
        say({"model": {}})
        for view, *_ in order["views"]:
            if view == 2 and (deed == "crash" or (deed == "shaky" and first_time(path))):
                ctypes.string_at(0)
            if view == 2 and (deed == "doomed" or (deed == "killed" and first_time(path))):
                os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does it when memory is short
            say({"view": view, "keypoints": {}, "layers": []}, picture(f"{name}.obj", view, order["size"]))


def first_time(path: Path) -> bool:
    """Whether this model was not asked for before."""
    try:
        path.with_suffix(".seen").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def picture(name: str, view: int, size: int) -> bytes:
    return bytes((len(name) * 7 + view * 31 + place) % 256 for place in range(size * size * 4))


def say(header: dict[str, object], pixels: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps({**header, "bytes": len(pixels)}).encode() + b"\n" + pixels)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
