"""Faults of the user's, and how every command ends on them: one line, exit status 2, no traceback."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import NoReturn


class UserError(Exception):
    """A fault the user can mend. Its message is one line that names the thing and the mend."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


def fail(message: str) -> NoReturn:
    """Print one line to standard error and leave with status 2."""
    print(f"turnery: {message}", file=sys.stderr)
    raise SystemExit(2)


def guarded(main: Callable[[], int]) -> NoReturn:
    """Run a command's `main`; a `UserError` becomes one line and status 2, Ctrl-C status 130."""
    try:
        status = main()
    except UserError as error:
        fail(str(user_error_in(error)))
    except KeyboardInterrupt:
        print("turnery: interrupted; the same command goes on from here", file=sys.stderr)
        raise SystemExit(130) from None
    raise SystemExit(status)


def user_error_in(error: BaseException | None) -> UserError | None:
    """The `UserError` at the root of an exception that crossed a process, or None.

    Ray wraps what a task raised (`RayTaskError.cause`, `WorkerGroupError.worker_failures`,
    `ControllerError.controller_failure`, `__cause__`).
    """
    seen: set[int] = set()
    queue = [error]
    while queue:
        current = queue.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        # What Ray raises is a subclass of the cause as well, with a traceback for a message: the cause comes first.
        cause = getattr(current, "cause", None)
        if isinstance(current, UserError) and cause is None:
            return current
        failures = getattr(current, "worker_failures", None)
        queue += [current.__cause__, current.__context__, cause, getattr(current, "controller_failure", None)]
        queue += list(failures.values()) if isinstance(failures, dict) else []
    # Ray Data's wrapping loses the causes on their way between processes and keeps their text.
    told = re.search(r"^infra\.\S*\.(?:UserError|StorageError): (.+)$", str(error), re.MULTILINE)
    return UserError(told[1]) if told else None
