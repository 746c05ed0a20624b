"""What rendering makes of a model: a picture a view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from render.viewpoints import View


@dataclass(frozen=True)
class Picture:
    """One view of a model: uint8 [H, W, 4] RGB over white with soft mask, and the world points of its keypoints.

    `layers`: further pictures by name as `RenderConfig.passes` asks for them. `model`: what is known of the model as a
    whole (how it was placed and mended), the same for all its views.
    """

    view: View
    pixels: NDArray[np.uint8]
    keypoints: dict[str, tuple[float, float, float, bool]]
    layers: dict[str, NDArray[Any]] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
