"""How many bytes the parts of a workspace take."""

from __future__ import annotations

from collections.abc import Iterable

from infra.storage import Stored

_PLACES = ("dataset", "training", "evaluation", "logs", "mlflow")


def of_parts(files: Iterable[Stored]) -> dict[str, int]:
    """Bytes of dataset, training (without checkpoints), checkpoints, evaluation, logs, mlflow, other, and all."""
    sizes = dict.fromkeys(("dataset", "training", "checkpoints", "evaluation", "logs", "mlflow", "other", "all"), 0)
    for each in files:
        sizes[part_of(each.name)] += each.bytes
        sizes["all"] += each.bytes
    return sizes


def part_of(name: str) -> str:
    """The part that a file belongs to."""
    first, *rest = name.split("/")
    if first == "training" and len(rest) > 1 and rest[1].startswith("checkpoints-"):
        return "checkpoints"
    if first.startswith("mlflow"):
        return "mlflow"
    return first if rest and first in _PLACES else "other"
