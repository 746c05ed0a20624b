"""Errors that forgive a symmetric object's sides, but only all of them together.

The one idea: a method that carries the left front leg to the right one has not understood the object less if it carried
everything over so. So the names of all keypoints are exchanged at once, by one symmetry of the class, and the smallest
mean error over the symmetries counts. Point by point, the nearer of two would forgive any confusion.

Symmetries come from names: `…_left…` and `…_right…` exchanged is a mirror, which chairs, tables and cars have. What has
neither front nor back (`TURNING`) may also exchange `…_front…` and `…_back…`, alone (a mirror) or with the sides (a
half turn). Quarter turns are no exchange of names: a top is longer than wide. KeypointNet's points bear numbers; which
are each other's mirror images, its own file says (`MIRRORED`). Points that name no side stay.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import product

import numpy as np

TURNING = ("table",)
"""Classes without a front."""
MIRRORED = {"chair": ((0, 1), (2, 3), (4, 5), (6, 8), (7, 9), (10, 14), (11, 13), (17, 20), (18, 19))}
"""Semantic ids of KeypointNet by class: the pairs of its `symmetries.reflection`; of a swivel chair's star, which it
only calls round (10 to 14), those that lie at opposite x on average."""
_SIDES, _ENDS = ("left", "right"), ("front", "back")


def assignments(names: Sequence[str], class_name: str, known: Collection[str] | None = None) -> list[list[str]]:
    """The names [k] that a class's symmetries give keypoints `names`, itself first.

    A symmetry that needs a keypoint which is not `known` (default: not one of the names) is left out whole: half an
    exchange is none.
    """
    places = set(names if known is None else known)
    found: list[list[str]] = []
    for sides, ends in product((False, True), (False, True) if class_name in TURNING else (False,)):
        others = [_exchanged(name, class_name, sides, ends) for name in names]
        if places.issuperset(others) and others not in found:
            found.append(others)
    return found


def symmetric_errors(
    predicted: np.ndarray, names: Sequence[str], true: Mapping[str, np.ndarray], class_name: str
) -> np.ndarray:
    """Distances [k] of predicted places [k, 2] from the true ones under the symmetry whose mean is least.

    `true` holds the places [2] of all the second model's keypoints, those too that it hides, for a mirror may need
    them. The mean is at most that of the plain errors.
    """
    orders = assignments(names, class_name, true.keys())
    errors = [np.linalg.norm(predicted - np.stack([true[name] for name in order]), axis=1) for order in orders]
    return np.asarray(min(errors, key=lambda each: float(each.mean())))


def _exchanged(name: str, class_name: str, sides: bool, ends: bool) -> str:
    swaps: dict[str, str] = {}
    for pair in ((_SIDES,) if sides else ()) + ((_ENDS,) if ends else ()):
        swaps |= dict(zip(pair, pair[::-1], strict=True))
    if name.startswith("kp_"):
        numbers = [(str(one), str(other)) for one, other in MIRRORED.get(class_name, ())] if sides else []
        swaps = dict(numbers) | {other: one for one, other in numbers}
    return "_".join(swaps.get(word, word) for word in name.split("_"))
