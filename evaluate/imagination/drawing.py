"""Drawing from anything that a network takes: θ, mixtures, or the values of a layer, many pictures at a time.

Shapes: n pictures, h x w pixels. rgb float32 [n, h, w, 3] in [0, 1] on black; mask float32 [n, h, w].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from evaluate.question import Subject

Drawer = Callable[[slice], tuple[Tensor, Tensor]]
"""Draws some of the pictures: rgb [b, 3, h, w] and mask [b, 1, h, w], as a generator gives them."""


def drawn(subject: Subject, count: int, draw: Drawer) -> tuple[np.ndarray, np.ndarray]:
    """All `count` pictures, drawn in batches of the subject's size."""
    pictures, masks = [], []
    with torch.inference_mode():
        for start in range(0, count, subject.batch):
            rgb, mask = draw(slice(start, min(start + subject.batch, count)))
            pictures.append(rgb.float().permute(0, 2, 3, 1).cpu().numpy())
            masks.append(mask.float()[:, 0].cpu().numpy())
    return np.ascontiguousarray(np.concatenate(pictures)), np.concatenate(masks)


def styles_of(ids: np.ndarray) -> Tensor:
    """Style indices as the generator takes them."""
    return torch.as_tensor(np.array(ids, dtype=np.int64))


def angles_of(degrees: float | np.ndarray, count: int) -> Tensor:
    """One angle or one a picture, as float32 [count]."""
    return torch.as_tensor(np.broadcast_to(np.asarray(degrees, np.float32), (count,)).copy())


def over_white(rgb: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Objects on black over white through their masks, float in [0, 1]: [n, h, w, 3]; see `figures.over_white`."""
    return np.asarray(np.clip(rgb + (1 - mask[..., None]), 0, 1))
