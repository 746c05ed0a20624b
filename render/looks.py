"""How alike models look, whatever their colours: silhouettes and gradients of grey thumbnails.

The one idea: a recoloured or slightly scaled copy keeps its silhouette and the directions of its edges, another model
changes both; so two models are near-duplicates when both distances are small. The paper dropped such models (section
3.4: 1393 chairs became 809, without those "differing only by color").

Shapes: N models, V views of each, H = W pixels, D numbers of a descriptor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.feature import hog

from render.viewpoints import View

Floats = NDArray[np.float64]

SIZE = 64
"""Side of a thumbnail, pixels."""

VIEWS = (View(0, 325.0, 20.0), View(1, 270.0, 10.0), View(2, 180.0, 20.0))
"""Where a model is looked at from: three-quarter front, side, back."""

SILHOUETTE, GRADIENTS = 0.36, 0.56
"""Below both distances two models are near-duplicates; docs/modeller.md shows where copies and others lie."""

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True)
class Looks:
    """Descriptors of N models: `silhouettes` [N, V·H·W] in [0, 1], `outlines` [N], the RMS difference that a shift by
    one pixel makes to them, and `gradients` [N, D], HOG of the grey pictures."""

    silhouettes: Floats
    outlines: Floats
    gradients: Floats


@dataclass(frozen=True)
class Likeness:
    """A model that is dropped for the sake of an earlier one, and how far apart they look."""

    dropped: int
    kept: int
    silhouette: float
    gradients: float


def describe(pictures: NDArray[np.uint8]) -> Looks:
    """Descriptors of models seen from all `VIEWS`; `pictures` [N, V, H, W, 4] are RGB over white with a soft mask."""
    floats = pictures.astype(np.float64) / 255
    mask = floats[..., 3]
    grey = _standardised(floats[..., :3] @ _LUMINANCE, mask)
    gradients = [np.concatenate([_hog(view) for view in views]) for views in grey]
    across, down = (np.square(np.diff(mask, axis=axis)).sum(axis=(1, 2, 3)) for axis in (3, 2))
    outlines = np.sqrt((across + down) / 2 / mask[0].size)
    return Looks(mask.reshape(len(mask), -1), outlines, np.stack(gradients))


def distances(looks: Looks, one: int, others: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """From a model to others [M]: difference of silhouettes [M] in pixels of shift, so that thin legs and full bodies
    count alike; and distance of gradients as a share of their length [M]."""
    silhouette = np.sqrt(np.square(looks.silhouettes[others] - looks.silhouettes[one]).mean(axis=1))
    silhouette /= np.maximum(np.sqrt(looks.outlines[one] * looks.outlines[others]), 1e-9)
    mine, theirs = looks.gradients[one], looks.gradients[others]
    length = np.sqrt(np.linalg.norm(mine) * np.linalg.norm(theirs, axis=1))
    return silhouette, np.linalg.norm(theirs - mine, axis=1) / np.maximum(length, 1e-9)


def near_duplicates(looks: Looks) -> list[Likeness]:
    """Models that look like an earlier one that is kept, in their order, with the most alike of those."""
    kept: list[int] = []
    dropped = []
    for model in range(len(looks.silhouettes)):
        if kept:
            silhouette, gradients = distances(looks, model, np.array(kept))
            alike = (silhouette < SILHOUETTE) & (gradients < GRADIENTS)
            if alike.any():
                nearest = int(np.argmin(np.where(alike, silhouette, np.inf)))
                dropped.append(Likeness(model, kept[nearest], float(silhouette[nearest]), float(gradients[nearest])))
                continue
        kept.append(model)
    return dropped


def _standardised(grey: Floats, mask: Floats) -> Floats:
    """Grey pictures [..., H, W] with the object's mean at 0.5 and its spread at 0.15, so that paint does not count."""
    weight = mask / np.maximum(mask.sum(axis=(-1, -2), keepdims=True), 1e-9)
    mean = (weight * grey).sum(axis=(-1, -2), keepdims=True)
    spread = np.sqrt((weight * np.square(grey - mean)).sum(axis=(-1, -2), keepdims=True)) + 0.02
    levelled: Floats = np.clip(0.5 + 0.15 * (grey - mean) / spread, 0.0, 1.0) * mask + (1.0 - mask)
    return levelled


def _hog(picture: Floats) -> Floats:
    found: Floats = hog(picture, orientations=9, pixels_per_cell=(8, 8), cells_per_block=(2, 2))
    return found
