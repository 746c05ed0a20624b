"""The dense truth of a pair of a subject's models, where they are parametric: their meshes, standing as rendered."""

from __future__ import annotations

import numpy as np

from evaluate.correspondence.dense_truth import true_field
from evaluate.correspondence.pairs import Pair
from evaluate.question import Subject
from infra.errors import UserError
from render.sources import parametric
from render.surface import Seen, Solid, solid


def dense_truth(subject: Subject, pair: Pair) -> tuple[np.ndarray, np.ndarray] | None:
    """Where every pixel of the first lies in the second, [h, w, 2] in pixels, and where that is known [h, w].

    None where a model is not parametric, or where the dataset does not say how it stood.
    """
    solids = [_standing(subject, style) for style in (pair.first, pair.second)]
    if solids[0] is None or solids[1] is None:
        return None
    size = subject.generator.spec.size
    first, second = (Seen(each, pair.azimuth_deg, pair.elevation_deg, size) for each in solids if each is not None)
    return true_field(first, second)


def _standing(subject: Subject, style: int) -> Solid | None:
    spec = subject.generator.spec
    class_name, model = spec.style_classes[style], spec.styles[style]
    place = subject.places.get((class_name, model))
    if place is None:
        return None
    try:
        return solid(parametric.built(class_name, model), place)
    except UserError:
        return None
