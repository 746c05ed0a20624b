"""The commands beside a run: `python pipeline/run.py status|cleanup`, each in a room of its own."""

from __future__ import annotations

from collections.abc import Sequence

from infra.errors import UserError

NAMES = ("status", "cleanup")
HELP = """\
commands:
  python pipeline/run.py --recipe NAME              do what is missing; the same command again goes on
  python pipeline/run.py --recipe NAME --dry-run    say what would be done, and why; do nothing
  python pipeline/run.py status --workspace DIR     stages, progress, failures, sizes, who works there; --json
  python pipeline/run.py cleanup --workspace DIR    list what no manifest names; remove it with --yes
See also python -m render, train and evaluate, each with its own --help."""


def command(argv: Sequence[str]) -> int:
    """Run the command that a command line begins with. Raises `UserError` where there is no such."""
    if argv[0] not in NAMES:
        raise UserError(f"no command '{argv[0]}'; there are {' and '.join(NAMES)}, and a run begins with --recipe NAME")
    if argv[0] == "status":
        from pipeline.status import main
    else:
        from pipeline.cleanup import main
    return main(argv[1:])
