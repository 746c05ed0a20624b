"""What do neighbouring cells of FC5 do together (section 6.2, Fig. 24)?

The one idea: FC5's maps are 8 x 8; with only the central k x k cells kept, the picture's middle is drawn by the same
cells every time, and only their neighbours come and go. What changes there is what neighbours do.

Shapes: n pictures, h = w side in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from torch import Tensor

from evaluate import figures
from evaluate.inside import probe
from evaluate.inside.config import SpatialConfig
from evaluate.question import Answer, Spread, Subject, short
from train.architectures import FC5_SIDE

KEPT = (2, 4, 6, 8)
"""Sides of the region of FC5's cells that stay, as in Fig. 24."""
_LEAST_GRADIENT = 1e-4
"""Mean gradient energy of a place below which nothing is there to be sharp."""


def central(side: int, kept: int) -> slice:
    """The central `kept` places of `side`."""
    start = (side - kept) // 2
    return slice(start, start + kept)


def masked(maps: Tensor, kept: int) -> Tensor:
    """Maps [n, c, 8, 8] with all but the central kept x kept cells at zero."""
    left = maps.new_zeros(maps.shape)
    inside = central(maps.shape[-1], kept)
    left[:, :, inside, inside] = maps[:, :, inside, inside]
    return left


def gradient_products(picture: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Scalar product of two pictures' gradients (central differences) at each pixel, summed over RGB: [n, h, w] of
    [n, h, w, 3]. Of a picture with itself it is its gradient energy."""
    pairs = zip(np.gradient(picture, axis=(1, 2)), np.gradient(other, axis=(1, 2)), strict=True)
    return np.asarray(sum((one * two).sum(axis=3) for one, two in pairs))


@dataclass(frozen=True)
class SpatialPart:
    """Styles to draw with part of FC5."""

    styles: np.ndarray
    config: SpatialConfig


def spatial_mask(subject: Subject, config: SpatialConfig, answer: Answer, spread: Spread) -> None:
    """Models drawn with only the central 2, 4, 6 and 8 of FC5's 8 x 8 cells, in all streams (Fig. 24).

    Everything is measured against the whole picture at the same place, so that what an object has there does not count:
    `gradients` is gradient energy over the whole picture's, `edges` the share of the whole picture's edges that are
    there, as sharp and at their places (the projection of one gradient field on the other: 1 for the same picture, less
    for a blurred one, and new edges add nothing), `error` the mean square difference over the whole's mean square.
    Places are the middle (2 x 2 cells, kept in every picture), the region kept, and the ring of one cell around it.

    Claim `neighbours-make-the-middle-sharp`: sample a model, value edges of the middle with 6 x 6 cells less those with
    2 x 2. It holds above 0 by a margin of 0.2.
    Claim `neighbours-make-the-middle-right`: value error of the middle with 2 x 2 cells less that with 6 x 6; above 0
    by 0.05.
    Claim `sharp-within-blurry-around`: value edges of the middle less those of the ring around the region, with 4 x 4
    cells kept; above 0 by 0.2.

    Metrics: `<k>/edges_middle`, `<k>/edges_ring`, `<k>/gradients_region`, `<k>/gradients_ring`, `<k>/error_middle`,
    means over the models, for k of 2, 4, 6 and 8. A place where the whole picture has no edges does not count.
    """
    styles = probe.drawn_styles(subject, config.models, "spatial-mask")
    parts = [
        SpatialPart(styles[start : start + subject.batch], config) for start in range(0, len(styles), subject.batch)
    ]
    found = pd.concat(spread(measured, parts, "models", [len(part.styles) for part in parts]), ignore_index=True)
    answer.table("models", found)
    wide = {
        name: found.pivot(index="model", columns="kept", values=name)
        for name in ("edges_middle", "edges_ring", "error_middle")
    }
    edges, ring, wrong = wide["edges_middle"], wide["edges_ring"], wide["error_middle"]
    claims = {
        "neighbours-make-the-middle-sharp": edges[6] - edges[2],
        "neighbours-make-the-middle-right": wrong[2] - wrong[6],
        "sharp-within-blurry-around": edges[4] - ring[4],
    }
    for name, value in claims.items():
        answer.table(f"claim-{name}", value.dropna().rename("value").rename_axis("sample").reset_index())
    measures = ("edges_middle", "edges_ring", "gradients_region", "gradients_ring", "error_middle")
    mean = {(kept, name): float(found.loc[found["kept"] == kept, name].mean()) for kept in KEPT for name in measures}
    for (kept, name), average in mean.items():
        answer.metric(f"{kept}/{name}", average)
    _draw(subject, answer, styles[: config.shown], config, found)
    answer.text = (
        "Neighbouring units of FC5 together make the picture sharp: where many are active it is sharp, in the "
        "periphery blurry, says the paper (section 6.2). The middle of the picture has "
        f"{100 * mean[2, 'edges_middle']:.0f} % of its edges with the central 2 x 2 cells alone, "
        f"{100 * mean[4, 'edges_middle']:.0f} % with 4 x 4 and {100 * mean[6, 'edges_middle']:.0f} % with 6 x 6; its "
        f"error falls from {mean[2, 'error_middle']:.3f} to {mean[6, 'error_middle']:.3f} of its mean square. Around "
        f"4 x 4 cells a ring of one cell has {100 * mean[4, 'edges_ring']:.0f} % of its edges ({len(styles)} models)."
    )


def measured(subject: Subject, part: SpatialPart) -> pd.DataFrame:
    """A row a model and number of cells kept; NaN where the whole picture shows nothing at a place."""
    drawn = {kept: rgb for kept, (rgb, _) in _drawn(subject, part.styles, part.config).items()}
    whole = drawn[FC5_SIDE]
    names = probe.model_names(subject, part.styles)
    tables = []
    for kept, rgb in drawn.items():
        middle, region = _region(whole.shape[1], KEPT[0]), _region(whole.shape[1], kept)
        ring = _region(whole.shape[1], min(kept + 2, FC5_SIDE)) & ~region
        gradients, edges = gradient_products(rgb, rgb), gradient_products(rgb, whole)
        of_whole = gradient_products(whole, whole)
        table = {
            "model": names,
            "kept": kept,
            "edges_middle": _ratio(edges, of_whole, middle),
            "edges_ring": _ratio(edges, of_whole, ring),
            "gradients_region": _ratio(gradients, of_whole, region),
            "gradients_ring": _ratio(gradients, of_whole, ring),
            "error_middle": _ratio(np.square(rgb - whole).sum(axis=3), np.square(whole).sum(axis=3), middle),
        }
        tables.append(pd.DataFrame(table))
    return pd.concat(tables, ignore_index=True)


def _drawn(subject: Subject, styles: np.ndarray, config: SpatialConfig) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    inputs = probe.plain_inputs(subject, styles, config.azimuth_deg, config.elevation_deg)
    maps = probe.run(subject, probe.layers_like(subject, "fc5"), inputs)
    return {
        kept: probe.pictures(subject, {name: masked(values, kept) for name, values in maps.items()}) for kept in KEPT
    }


def _region(side: int, kept: int) -> np.ndarray:
    """The pixels that lie over the central cells, bool [h, w]."""
    inside = central(side, kept * side // FC5_SIDE)
    region = np.zeros((side, side), bool)
    region[inside, inside] = True
    return region


def _ratio(of: np.ndarray, to: np.ndarray, where: np.ndarray) -> np.ndarray:
    above, below = of[:, where].sum(axis=1), to[:, where].sum(axis=1)
    return np.divide(above, below, out=np.full(len(of), np.nan), where=below > _LEAST_GRADIENT * where.sum())


def _draw(subject: Subject, answer: Answer, styles: np.ndarray, config: SpatialConfig, found: pd.DataFrame) -> None:
    drawn = {kept: figures.over_white(*both) for kept, both in _drawn(subject, styles, config).items()}
    names = [subject.generator.spec.styles[style] for style in styles]
    rows = [figures.Row([drawn[kept][i] for kept in KEPT], short(name)) for i, name in enumerate(names)]
    caption = (
        "Models drawn from FC5 with only its central cells kept, the others at zero. Where no cell is, nothing is "
        "drawn but what biases make."
    )
    path = answer.figure("spatial-mask.png", "Part of FC5's 8 x 8 cells", caption, found)
    figures.grid([figures.Block(rows)], [f"{kept} x {kept}" for kept in KEPT]).save(path)
