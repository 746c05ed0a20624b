"""Fixed pictures to watch a training by: the same views again and again, true above drawn."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from train.health import Health, examine
from train.loop import TrainState
from train.objective import object_on_black
from train.samples import Samples

COLUMNS = 8
EXAMINED = 64
"""Views that a network's health is seen on."""


@torch.no_grad()
def preview(state: TrainState, samples: Samples) -> np.ndarray:
    """uint8 [H, W, 3]: true views and, below each, what the network makes of them, both over white.

    The first columns are of split `train`; up to half of them, on the right, of split `unseen`.
    """
    half = COLUMNS // 2 if len(samples.unseen) else 0
    spread = [_spread(samples.learnt, COLUMNS - half), _spread(samples.unseen, half)]
    batch = samples.take(np.concatenate(spread)).to(next(state.generator.parameters()).device)
    network = state.generator
    drawn = network.picture(*network(batch.style, batch.view, batch.theta))
    rows = [_strip(*object_on_black(batch.rgba)), _strip(*drawn)]
    return np.concatenate(rows, axis=0)


def examined(state: TrainState, samples: Samples) -> Health:
    """How the network fares on a fixed spread of training views."""
    device = next(state.generator.parameters()).device
    return examine(state.generator, samples.take(_spread(samples.learnt, EXAMINED)).to(device))


def _spread(positions: np.ndarray, count: int) -> np.ndarray:
    """`count` positions evenly spread, none twice in the same place of the list."""
    return positions[np.linspace(0, len(positions) - 1, min(count, len(positions))).astype(np.int64)]


def _strip(rgb: Tensor, mask: Tensor) -> np.ndarray:
    white = (rgb + (1 - mask)).clamp(0, 1).mul(255).round().byte()
    return np.concatenate(list(white.permute(0, 2, 3, 1).cpu().numpy()), axis=1)
