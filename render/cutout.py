"""An object photographed before white: its soft mask, and many such pictures framed alike.

The one idea: background is what the white reaches from the picture's border, and what is enclosed but cannot be told
from it; how much of an edge's pixel is covered follows from the object's colour just inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

CLEAN, NOISY = 2, 12
"""How far a pixel of the background may be from its white, levels: as rendered, and where compression left ripples."""
RIPPLES = 0.002
"""Share of the background, off the object, that is not quite its white: more than this is compression's."""
FLAT_CLEAN, FLAT_NOISY = 0.75, 5.0
"""An enclosed white whose mean is closer to the background than this (levels) is seen through, not a white part."""
SMALLEST_HOLE = 4
"""Pixels."""


def coverage(picture: Pixels) -> Pixels:
    """Soft mask uint8 [H, W] of the object in a picture uint8 [H, W, 3] over white.

    White parts that the object encloses are the object's; gaps through which the background is seen are not.
    A part that is exactly as white as the background cannot be told from a gap and counts as one.
    """
    rim = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]]).astype(np.float32)
    ground = np.maximum(np.median(rim, axis=0), 200)
    away = np.abs(picture.astype(np.float32) - ground).max(axis=-1)
    background = _background(picture, away <= CLEAN, ground, FLAT_CLEAN)
    off = cv2.erode(background.astype(np.uint8), np.ones((5, 5), np.uint8)) == 1
    if off.any() and (away[off] > 0).mean() > RIPPLES:
        background = _without_specks(_background(picture, away <= NOISY, ground, FLAT_NOISY), away)
    return _softened(picture, background, ground)


def framed(pictures: Sequence[Pixels], masks: Sequence[Pixels], size: int, border: float) -> Iterator[Pixels]:
    """All pictures [H, W, 3] with their masks [H, W] cut by one square and resized: uint8 [size, size, 4] over white.

    The square is centred on the extent of all masks together, whose longer side fills it but for `border` (a share of
    `size`) on either side; what lies beyond the pictures is white.
    """
    together = np.max(np.stack(masks), axis=0) > 127
    ys, xs = np.flatnonzero(together.any(axis=1)), np.flatnonzero(together.any(axis=0))
    top, bottom, left, right = ys[0], ys[-1] + 1, xs[0], xs[-1] + 1
    side = max(bottom - top, right - left) / (1 - 2 * border)
    centre_y, centre_x = (top + bottom) / 2, (left + right) / 2
    edge = max(round(side), 1)
    y, x = round(centre_y - edge / 2), round(centre_x - edge / 2)
    how = cv2.INTER_AREA if edge >= size else cv2.INTER_CUBIC
    for picture, mask in zip(pictures, masks, strict=True):
        alpha = mask[..., None].astype(np.float32) / 255
        # Off the object the page is white, whatever the noise; at an edge only as far as the page shows.
        clean = np.where(mask[..., None] == 0, 255, picture + (1 - alpha) * (255 - np.maximum(picture, 255 - NOISY)))
        rgba = np.concatenate([np.clip(np.rint(clean), 0, 255), mask[..., None]], axis=-1).astype(np.uint8)
        cut = np.full((edge, edge, 4), (255, 255, 255, 0), np.uint8)
        height, width = mask.shape
        y0, y1, x0, x1 = max(y, 0), min(y + edge, height), max(x, 0), min(x + edge, width)
        cut[y0 - y : y1 - y, x0 - x : x1 - x] = rgba[y0:y1, x0:x1]
        yield cv2.resize(cut, (size, size), interpolation=how).astype(np.uint8)


def _background(picture: Pixels, white: NDArray[np.bool_], ground: Floats, flat: float) -> NDArray[np.bool_]:
    """White that is joined to the border of the picture, or enclosed and as flat and white as that."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(white.astype(np.uint8), connectivity=4)
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    joined = np.zeros(len(stats), bool)
    joined[np.unique(rim)] = True
    count = np.maximum(np.bincount(labels.ravel(), minlength=len(stats)), 1)
    means = [np.bincount(labels.ravel(), picture[..., k].ravel(), len(stats)) / count for k in range(3)]
    far = np.max([np.abs(mean - ground[k]) for k, mean in enumerate(means)], axis=0)
    joined |= (far <= flat) & (stats[:, cv2.CC_STAT_AREA] >= SMALLEST_HOLE)
    joined[0] = False
    return joined[labels]


def _without_specks(background: NDArray[np.bool_], away: Floats) -> NDArray[np.bool_]:
    """Background that takes in what is nowhere far from white, but for the largest thing there is."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~background).astype(np.uint8), connectivity=8)
    strong = np.zeros(count, bool)
    strong[np.unique(labels[away >= 3 * NOISY])] = True
    faint = ~strong
    if count > 1:
        faint[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))] = False
    return background | faint[labels]


def _softened(picture: Pixels, background: NDArray[np.bool_], ground: Floats) -> Pixels:
    """Coverage: 0 on the background, 255 inside, and at an edge by the colour of the object just inside it."""
    inside = (~background).astype(np.uint8)
    box = np.ones((3, 3), np.uint8)
    core = cv2.erode(inside, box, borderType=cv2.BORDER_REPLICATE)
    edge = (inside == 1) & (core == 0)
    difference = ground - picture.astype(np.float32)
    weight = core.astype(np.float32)
    near = cv2.boxFilter(weight, -1, (5, 5), normalize=False)
    core_difference = cv2.boxFilter(difference * weight[..., None], -1, (5, 5), normalize=False)
    # A line too thin to have an inside: its strongest pixel nearby is taken for the object's colour.
    strength = (difference**2).sum(axis=-1)
    strongest = cv2.dilate(strength, box)
    known = near > 0
    full = np.where(known[..., None], core_difference / np.maximum(near, 1)[..., None], 0)
    along = (difference * full).sum(axis=-1) / np.maximum((full**2).sum(axis=-1), 1)
    thin = np.sqrt(strength / np.maximum(strongest, 1))
    share = np.clip(np.where(known, along, thin), 0, 1)
    return np.where(edge, np.rint(255 * share), 255 * inside).astype(np.uint8)
