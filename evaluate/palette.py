"""The colours of an animation: one palette for all its frames, made of their own colours and white.

The one idea: the nearest colour is looked up once for every colour at 6 bits a channel, not for every pixel.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

_SAMPLE = 1 << 15


def palette(frames: np.ndarray) -> np.ndarray:
    """The 255 colours that serve frames [n, h, w, 3] best, and white as the last: uint8 [256, 3]."""
    coloured = frames[(frames != 255).any(axis=3)]
    colours = np.full((256, 3), 255, np.uint8)
    if len(coloured):
        sample = coloured[:: -(-len(coloured) // _SAMPLE)]
        reduced = Image.fromarray(sample[None]).quantize(255, method=Image.Quantize.MEDIANCUT)
        best = np.array(reduced.getpalette(), np.uint8).reshape(-1, 3)[:255]
        colours[: len(best)] = best
    return colours


def nearest(frames: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Position in a palette of the nearest colour for every pixel of frames [n, h, w, 3]: uint8 [n, h, w]."""
    bits = (frames >> 2).astype(np.int32)
    codes = bits[..., 0] << 12 | bits[..., 1] << 6 | bits[..., 2]
    present = np.flatnonzero(np.bincount(codes.ravel(), minlength=1 << 18))
    shown = np.stack([present >> 12, present >> 6 & 63, present & 63], axis=1) * 4.0 + 1.5
    table = colours.astype(np.float64)
    lookup = np.zeros(1 << 18, np.uint8)
    for start in range(0, len(present), 8192):
        chunk = slice(start, start + 8192)
        distance = (table**2).sum(axis=1) - 2 * shown[chunk] @ table.T
        lookup[present[chunk]] = distance.argmin(axis=1)
    positions = lookup[codes]
    positions[(frames == 255).all(axis=3)] = 255
    return positions
