"""Every method that matches two models, as a dense field: what it sees, and the names that they go by.

The one idea: a method is any field that takes points of the first picture to the second, so the morph's flow, its
rivals and the floors are judged by one ruler, and timed by one clock.

Shapes: pictures h x w; a field is float32 [h, w, 2]: the pixel (x, y) of the first is at (x + u, y + v) of the second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np

from evaluate import figures
from evaluate.correspondence.config import CorrespondenceConfig, PathConfig
from evaluate.correspondence.dsp import deformable_spatial_pyramid
from evaluate.correspondence.morphflow import morph_flow
from evaluate.correspondence.nearest import nearest_flow
from evaluate.correspondence.pairs import Pair
from evaluate.correspondence.path import morph
from evaluate.correspondence.siftflow import sift_flow
from evaluate.question import Subject


@dataclass(frozen=True)
class Sight:
    """What methods see of a pair: true pictures of both models, or the morph between them."""

    subject: Subject
    pair: Pair
    _morphs: dict[PathConfig, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    @property
    def pictures(self) -> np.ndarray:
        """Both models' true pictures over white, uint8 [2, h, w, 3]."""
        return figures.over_white(*self._truth)

    @property
    def models(self) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """Both models' true rgb on black [h, w, 3] and mask [h, w]."""
        rgb, mask = self._truth
        return (rgb[0], mask[0]), (rgb[1], mask[1])

    @property
    def masks(self) -> np.ndarray:
        """Both models' true masks, float32 [2, h, w] in 0-1."""
        return self._truth[1]

    def grey(self, silhouette: float) -> tuple[np.ndarray, np.ndarray]:
        """Both pictures as rivals take them, float32 [h, w] in 0-255."""
        first, second = outlined(*self._truth, silhouette)
        return first, second

    def morph(self, path: PathConfig) -> tuple[np.ndarray, np.ndarray]:
        """The generated morph: rgb on black [frames, h, w, 3], mask [frames, h, w]."""
        if path not in self._morphs:
            self._morphs[path] = morph(self.subject, self.pair, path)
        return self._morphs[path]

    def film(self, path: PathConfig) -> np.ndarray:
        """The morph over white: uint8 [frames, h, w, 3]."""
        return figures.over_white(*self.morph(path))

    def followed(self, path: PathConfig, silhouette: float) -> list[np.ndarray]:
        """The morph as optical flow takes it, float32 [h, w] in 0-255 each."""
        return outlined(*self.morph(path), silhouette)

    @cached_property
    def _truth(self) -> tuple[np.ndarray, np.ndarray]:
        names, classes = self.subject.generator.spec.styles, self.subject.generator.spec.style_classes
        models = [f"{classes[style]}/{names[style]}" for style in (self.pair.first, self.pair.second)]
        view = ([self.pair.azimuth_deg], self.pair.elevation_deg)
        rgb, mask = zip(*(self.subject.pictures_of(model, *view) for model in models), strict=True)
        return np.concatenate(rgb), np.concatenate(mask)


def along_morph(sight: Sight, config: CorrespondenceConfig) -> np.ndarray:
    """Optical flow along the generator's morph (section 5.7)."""
    return morph_flow(sight.followed(config.path, config.flow.silhouette), config.flow, config.refine_step)


def by_sift_flow(sight: Sight, config: CorrespondenceConfig) -> np.ndarray:
    """SIFT Flow between the true pictures (Liu et al. 2011)."""
    return sift_flow(*sight.grey(config.siftflow.silhouette), config.siftflow)


def by_spatial_pyramid(sight: Sight, config: CorrespondenceConfig) -> np.ndarray:
    """Deformable Spatial Pyramid between the true pictures (Kim et al. 2013)."""
    return deformable_spatial_pyramid(*sight.grey(config.dsp.silhouette), config.dsp)


def by_nearest_descriptor(sight: Sight, config: CorrespondenceConfig) -> np.ndarray:
    """The most alike descriptor of the other picture, pixel by pixel."""
    first_mask, second_mask = sight.masks
    return nearest_flow(*sight.grey(config.nearest.silhouette), config.nearest, first_mask, second_mask)


def by_boxes(sight: Sight, config: CorrespondenceConfig) -> np.ndarray:
    """The box of one mask stretched onto the box of the other."""
    return box_field(*sight.masks)


def not_at_all(sight: Sight, config: CorrespondenceConfig) -> np.ndarray:
    """Every point where it was."""
    return np.zeros((*sight.masks.shape[1:], 2), np.float32)


METHODS: dict[str, Callable[[Sight, CorrespondenceConfig], np.ndarray]] = {
    "morph": along_morph,
    "siftflow": by_sift_flow,
    "dsp": by_spatial_pyramid,
    "nearest": by_nearest_descriptor,
    "box": by_boxes,
    "zero": not_at_all,
}
"""By their names in tables and metrics: ours, the rivals, the floors."""
OURS = "morph"
TITLES = {
    "morph": "Ours: flow along the morph",
    "siftflow": "SIFT Flow",
    "dsp": "DSP",
    "nearest": "Nearest descriptor",
    "box": "Boxes aligned",
    "zero": "No motion",
    "human": "Human",
}


def box_field(first_mask: np.ndarray, second_mask: np.ndarray) -> np.ndarray:
    """The field that takes the box of one mask [h, w] to the box of another; zero where one mask is empty."""
    boxes = [object_box(first_mask), object_box(second_mask)]
    field = np.zeros((*first_mask.shape, 2), np.float32)
    if boxes[0] is None or boxes[1] is None:
        return field
    (low_a, high_a), (low_b, high_b) = boxes[0], boxes[1]
    y, x = np.mgrid[: first_mask.shape[0], : first_mask.shape[1]] + 0.5
    here = np.stack([x, y], axis=-1)
    field[:] = low_b + (here - low_a) * (high_b - low_b) / (high_a - low_a) - here
    return field


def outlined(rgb: np.ndarray, mask: np.ndarray, silhouette: float) -> list[np.ndarray]:
    """Objects over white as grey float32 [h, w] in 0-255, their tones drawn together into [0, 1 - silhouette].

    A pale object hardly shows on white, and its colours are no help where the other's differ; its outline is both.
    """
    pictures = figures.over_white((1 - silhouette) * rgb, mask)
    return [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in pictures]


def object_box(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Upper left and lower right corner (x, y) in pixels of what a mask covers by more than half; None if nothing."""
    rows, columns = np.flatnonzero((mask > 0.5).any(axis=1)), np.flatnonzero((mask > 0.5).any(axis=0))
    if len(rows) == 0:
        return None
    return np.array([columns[0], rows[0]], float), np.array([columns[-1] + 1, rows[-1] + 1], float)
