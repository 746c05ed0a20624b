"""Pictures of models outside any dataset: a few views each, in seconds, without Ray.

`python -m render preview` and the search for near-duplicates look at models this way.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from infra.errors import UserError
from render.catalog import Model
from render.child import Blender, BlenderDied, ModelFailure
from render.config import RenderConfig
from render.shooting import shoot
from render.viewpoints import View


def portraits(
    models: Iterable[Model],
    views: Sequence[View],
    size: int,
    samples: int,
    threads: int | None = None,
    lost: Callable[[Model, str], None] | None = None,
) -> Iterator[NDArray[np.uint8]]:
    """For each model uint8 [views, size, size, 4], RGB over white with soft mask, framed alike from all around.

    `samples` are Cycles' a pixel, `threads` the processors of Blender. A model that cannot be rendered is told to
    `lost(model, reason)` and its pictures are white; without `lost` it raises `UserError` naming it.
    """
    elevations = sorted({view.elevation_deg for view in views})
    # Not denoised: in pictures so small that takes buttons and grooves for noise.
    config = RenderConfig(
        size=size, azimuths=12, elevations=elevations, samples=samples, threads=threads, denoise=False
    )
    with Blender() as blender, tempfile.TemporaryDirectory(prefix="turnery-") as scratch:
        for model in models:
            try:
                pictures = {p.view.index: p.pixels for p in shoot(blender, model, config, list(views), Path(scratch))}
            except (ModelFailure, BlenderDied) as failure:
                if lost is None:
                    raise UserError(f"{model.file or model.id} cannot be rendered: {failure}") from None
                lost(model, str(failure))
                yield np.tile(np.array([255, 255, 255, 0], np.uint8), (len(views), size, size, 1))
                continue
            yield np.stack([pictures[view.index] for view in views])
