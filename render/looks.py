"""How alike models look, whatever their colours: silhouettes, gradients and proportions of small grey pictures.

The one idea: every view is brought to a common place and size by its silhouette's moments, and proportions are kept
apart; so a copy that was recoloured, stretched a little or turned a little falls onto its original, while an arm, a leg
or a slat more leaves a stain. The paper dropped such models (section 3.4: 1393 chairs became 809, without those
"differing only by color").

Shapes: N models, V views of each, H = W pixels, S = `GRID` squared places of a blurred silhouette, D numbers of HOG.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.feature import hog

Floats = NDArray[np.float32]

SIZE = 64
"""Side of a thumbnail, pixels."""

AZIMUTHS, ELEVATIONS = (325.0, 270.0, 180.0, 0.0), (20.0,)
"""Where a model is looked at from, degrees: three-quarter front, side, back, front."""

SPREAD = 12.0
"""Standard deviation that every silhouette is brought to, pixels of SIZE, along both axes."""
MAGNIFIED = 1.0
"""The most that a picture is enlarged for it: what is narrower stays narrower, or a small turn would be magnified."""
BLUR = 1.5
"""Pixels of SIZE: an edge that moves by less than this leaves little; one that appears stays."""
WASH = 4.0
"""Pixels of SIZE that colours are blurred by: an edge that moves is no other colour."""
GRID = 32
"""Side of a blurred silhouette."""
COARSE = 16
"""Side of the silhouettes that all pairs are compared by first."""
NEARBY = 0.25
"""Models whose small silhouettes differ by more (RMS of a view, summed over views) are not looked at closely."""
BLOCK = 512
"""Models whose distances to all others are held at once."""
HOG_LENGTH = 7 * 7 * 2 * 2 * 9
"""Numbers of HOG for one view: blocks, cells of a block, orientations."""

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class Looks:
    """Descriptors of N models.

    `silhouettes` uint8 [N, V·S], blurred and brought to a common place and size; `gradients` float16 [N, D], HOG of
    grey pictures of unit length; `proportions` float32 [N, 2V], log of the silhouettes' widths and heights without
    their common factor; `colours` uint8 [N, V·C·C·3], blurred RGB over white.
    """

    silhouettes: NDArray[np.uint8]
    gradients: NDArray[np.float16]
    proportions: Floats
    colours: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.silhouettes)

    @staticmethod
    def joined(parts: Sequence[Looks]) -> Looks:
        """The models of several one after another."""
        fields = ("silhouettes", "gradients", "proportions", "colours")
        return Looks(*(np.concatenate([getattr(part, name) for part in parts]) for name in fields))


def describe(pictures: NDArray[np.uint8]) -> Looks:
    """Descriptors of models; `pictures` [N, V, H, W, 4] are RGB over white with a soft mask, H = W = SIZE."""
    count, views = pictures.shape[:2]
    silhouettes = np.zeros((count, views * GRID**2), np.uint8)
    gradients = np.zeros((count, views * HOG_LENGTH), np.float16)
    proportions = np.zeros((count, 2 * views), np.float32)
    colours = np.zeros((count, views * COARSE**2 * 3), np.uint8)
    for model, seen in enumerate(pictures):
        described = _describe_one(seen.astype(np.float32) / 255)
        silhouettes[model], gradients[model], proportions[model], colours[model] = described
    return Looks(silhouettes, gradients, proportions, colours)


@dataclass(frozen=True)
class Limits:
    """What two near-duplicates may differ by; see `Likeness.score`.

    `silhouette`: largest difference of blurred silhouettes, share of full cover; `gradients`: distance of HOG, share of
    its length; `proportions`: largest difference of the silhouettes' widths and heights, share.
    """

    silhouette: float
    gradients: float
    proportions: float


@dataclass(frozen=True)
class Likeness:
    """Two models by number, the later and the earlier one, and how far apart they look.

    `score` is below 1 for near-duplicates: the hypotenuse of silhouette and gradients as shares of their limits (paint
    moves one of them, a turn the other, another model both), or the share of proportions where that is more. `colours`
    is the mean difference over the object, share of white.
    """

    later: int
    earlier: int
    silhouette: float
    gradients: float
    proportions: float
    colours: float
    score: float


def likenesses(looks: Looks, later: int, earlier: NDArray[np.int64], limits: Limits) -> list[Likeness]:
    """How far a model looks from each of M earlier ones."""
    views = len(looks.gradients[later]) / HOG_LENGTH
    silhouettes = _largest_difference(looks.silhouettes[earlier], looks.silhouettes[later]) / 255
    mine = looks.gradients[later].astype(np.float32)
    gradients = np.linalg.norm(looks.gradients[earlier].astype(np.float32) - mine, axis=1) / np.sqrt(views)
    proportions = np.abs(looks.proportions[earlier] - looks.proportions[later]).max(axis=1)
    colours = np.abs(looks.colours[earlier].astype(np.int16) - looks.colours[later]).mean(axis=1)
    # White around an object is equal in both: what counts is the object's share of the picture.
    colours /= np.maximum((looks.silhouettes[earlier].mean(axis=1) + looks.silhouettes[later].mean()) / 2, 1.0)
    together = np.hypot(silhouettes / limits.silhouette, gradients / limits.gradients)
    scores = np.maximum(together, proportions / limits.proportions)
    numbers = np.stack([silhouettes, gradients, proportions, colours, scores], axis=1).astype(np.float64).tolist()
    return [Likeness(later, int(other), *row) for other, row in zip(earlier, numbers, strict=True)]


def near_duplicates(
    looks: Looks, limits: Limits, progress: Callable[[int], None] | None = None
) -> tuple[list[Likeness], list[Likeness]]:
    """Models that look like an earlier one that is kept, each with the most alike of those; and of the models that are
    kept, each with the nearest of the earlier kept ones, where that is not far beyond the limits.

    Which model of a group is kept follows from the order alone: the first. `progress(models done)`.
    Compares all pairs by small silhouettes in blocks of matrix products, and looks closely at those that are near.
    """
    kept: list[int] = []
    dropped, stayed = [], []
    coarse = _coarse(looks)
    squares = np.square(coarse).sum(axis=1)
    for start in range(0, len(looks), BLOCK):
        block = np.arange(start, min(start + BLOCK, len(looks)))
        before = np.array(kept, np.int64)
        others = np.concatenate([before, block])
        apart = squares[block, None] + squares[others] - 2 * coarse[block] @ coarse[others].T
        near = apart < NEARBY**2
        keeps = np.zeros(len(block), bool)
        for row, model in enumerate(block):
            allowed = near[row].copy()
            allowed[len(before) :] &= keeps
            candidates = others[allowed]
            found = likenesses(looks, int(model), candidates, limits) if len(candidates) else []
            best = min(found, key=lambda pair: (pair.score, pair.earlier), default=None)
            if best is not None and best.score < 1:
                dropped.append(best)
                continue
            if best is not None:
                stayed.append(best)
            keeps[row] = True
            kept.append(int(model))
        if progress is not None:
            progress(int(block[-1]) + 1)
    return dropped, stayed


def _describe_one(views: Floats) -> tuple[NDArray[np.uint8], NDArray[np.float16], Floats, NDArray[np.uint8]]:
    silhouettes, gradients, spreads, colours = [], [], [], []
    for view in views:
        mask = view[..., 3]
        matrix, spread = _placement(mask)
        placed = cv2.warpAffine(mask, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR)
        colour = cv2.warpAffine(
            view[..., :3], matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT,
            borderValue=(1.0, 1.0, 1.0),
        )  # fmt: skip
        blurred = cv2.GaussianBlur(placed, (0, 0), BLUR)
        silhouettes.append(_bytes(cv2.resize(blurred, (GRID, GRID), interpolation=cv2.INTER_AREA)))
        gradients.append(_hog(_levelled(np.asarray(colour @ _LUMINANCE, np.float32), np.asarray(placed, np.float32))))
        spreads += list(spread)
        washed = cv2.GaussianBlur(colour, (0, 0), WASH)
        colours.append(_bytes(cv2.resize(washed, (COARSE, COARSE), interpolation=cv2.INTER_AREA)))
    logs = np.log(np.maximum(np.array(spreads, np.float32), 0.1))
    return (
        np.concatenate(silhouettes).ravel(),
        np.concatenate(gradients).astype(np.float16),
        logs - logs.mean(),
        np.concatenate(colours).ravel(),
    )


def _bytes(values: cv2.typing.MatLike) -> NDArray[np.uint8]:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def _placement(mask: Floats) -> tuple[Floats, tuple[float, float]]:
    """The map [2, 3] that brings a silhouette's centre to the middle and its spreads to SPREAD, and those spreads in
    pixels (x, y)."""
    total = max(float(mask.sum()), 1e-6)
    pixel = np.arange(len(mask), dtype=np.float32)
    across, down = mask.sum(axis=0) / total, mask.sum(axis=1) / total
    centre = float(across @ pixel), float(down @ pixel)
    spread = tuple(
        float(np.sqrt(max(share @ np.square(pixel - middle), 0.0)))
        for share, middle in zip((across, down), centre, strict=True)
    )
    size = [min(SPREAD / max(s, 1e-3), MAGNIFIED) for s in spread]
    middle = (SIZE - 1) / 2
    matrix = np.array(
        [[size[0], 0, middle - size[0] * centre[0]], [0, size[1], middle - size[1] * centre[1]]], np.float32
    )
    return matrix, (spread[0], spread[1])


def _levelled(grey: Floats, mask: Floats) -> Floats:
    """A grey picture [H, W] with the object's mean at 0.5 and its spread at 0.15, so that paint does not count."""
    weight = mask / max(float(mask.sum()), 1e-6)
    mean = float((weight * grey).sum())
    spread = float(np.sqrt((weight * np.square(grey - mean)).sum())) + 0.02
    levelled: Floats = np.clip(0.5 + 0.15 * (grey - mean) / spread, 0.0, 1.0) * mask + (1.0 - mask)
    return levelled


def _hog(picture: Floats) -> Floats:
    found: Floats = hog(picture, orientations=9, pixels_per_cell=(8, 8), cells_per_block=(2, 2))
    return found / max(float(np.linalg.norm(found)), 1e-6)


def _coarse(looks: Looks) -> Floats:
    """Silhouettes [N, V·C·C] whose distance is the RMS difference of a view, summed over views."""
    count, factor = len(looks), GRID // COARSE
    views = looks.silhouettes.reshape(count, -1, COARSE, factor, COARSE, factor)
    small: Floats = views.mean(axis=(3, 5), dtype=np.float32).reshape(count, -1) / (255 * COARSE)
    return small


def _largest_difference(many: NDArray[np.uint8], one: NDArray[np.uint8]) -> NDArray[np.uint8]:
    difference: NDArray[np.uint8] = (np.maximum(many, one) - np.minimum(many, one)).max(axis=1)
    return difference
