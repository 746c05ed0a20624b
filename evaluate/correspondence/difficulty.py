"""Simple and difficult pairs, as the paper has 10 and 20 of 30 (section 5.7), by a rule in place of a judgement.

The one idea: pairs are ranked by how unlike their two pictures are; the third that is most alike is simple, the other
two thirds are difficult. The rule looks at nothing that a method predicts.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from evaluate.transfer.neighbours import HOG, descriptors

Unlikeness = Literal["hog", "masks"]
SIMPLE, DIFFICULT = "simple", "difficult"
_COVERED = 0.5


def unlikeness(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray], kind: Unlikeness) -> float:
    """How unlike two pictures are, each rgb [h, w, 3] on black and mask [h, w] in 0-1.

    'hog': Euclidean distance of their HOG over white (as nearest neighbours in section 5.2 have it). 'masks': 1 - area
    of intersection over area of union, 0 of two empty ones.
    """
    if kind == "hog":
        one, other = (descriptors(rgb[None], mask[None], HOG)[0] for rgb, mask in (first, second))
        return float(np.linalg.norm(one - other))
    here, there = first[1] > _COVERED, second[1] > _COVERED
    union = int((here | there).sum())
    return 1.0 - int((here & there).sum()) / union if union else 0.0


def difficulties(unlike: np.ndarray) -> list[str]:
    """'simple' or 'difficult' of each pair, from their unlikeness [n]: the lowest third, rounded to whole pairs, is
    simple. Of equal ones the first."""
    order = np.argsort(np.asarray(unlike), kind="stable")
    found = [DIFFICULT] * len(order)
    for place in order[: round(len(order) / 3)]:
        found[place] = SIMPLE
    return found
