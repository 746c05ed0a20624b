"""Dense SIFT: a descriptor of Lowe 2004 at every pixel, upright and of one size, as SIFT Flow and DSP take them.

Shapes: pictures are grey [h, w] in 0-255; descriptors float32 [h, w, 128] in 0-255.
"""

from __future__ import annotations

import cv2
import numpy as np

_BIN_OF_SIZE = 1.5
"""OpenCV spans a spatial bin by this share of a keypoint's size."""


def dense_sift(picture: np.ndarray, bin_px: float = 3.0) -> np.ndarray:
    """The descriptor at the middle of every pixel: 4 x 4 spatial bins of `bin_px` pixels, 8 orientations.

    Where nothing changes around a pixel its descriptor is zero.
    """
    height, width = picture.shape
    size = bin_px / _BIN_OF_SIZE
    grid = [cv2.KeyPoint(float(x), float(y), size, 0.0) for y in range(height) for x in range(width)]
    eight_bit = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    kept, found = cv2.SIFT.create().compute(eight_bit, grid)
    if len(kept) != len(grid):
        raise ValueError(f"{len(grid) - len(kept)} of {len(grid)} pixels have no descriptor")
    return np.asarray(found, np.float32).reshape(height, width, 128)
