"""What are the last filters like (section 6.1, Fig. 19)?

The one idea: every place of the output is a sum of the last upconvolution's filters, each weighted by its feature map,
so the filters themselves are what single units of the last maps draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluate import figures
from evaluate.inside.config import FiltersConfig
from evaluate.question import Answer, Spread, Subject
from train.generator import Generator

_FILTER_PX = 48
_EVEN_SHARE = 0.5


@dataclass(frozen=True)
class OutputFilters:
    """Filters of a last upconvolution: `rgb` [maps, 4, 4, 3] and `mask` [maps, 4, 4], or None where it draws no such.

    `source` is the layer whose maps they weigh. A mask learnt by softmax has the filters of its log odds.
    """

    layer: str
    source: str
    rgb: np.ndarray | None
    mask: np.ndarray | None


def output_filters(network: Generator) -> list[OutputFilters]:
    """The last upconvolution of every stream, the RGB stream first."""
    last = network.spec.upconvolutions
    found = []
    for layer in (f"upconv{last}", f"upconv{last}_mask"):
        if layer not in network.layers:
            continue
        weight = network.get_submodule(layer).get_parameter("weight").detach().cpu().numpy()
        taps = np.moveaxis(weight, 1, -1)
        draws_rgb = not layer.endswith("_mask")
        rest = taps[..., 3:] if draws_rgb else taps
        mask = None if rest.shape[-1] == 0 else rest[..., -1] - rest[..., 0] if rest.shape[-1] == 2 else rest[..., 0]
        source = network.layers[network.layers.index(layer) - 1]
        found.append(OutputFilters(layer, source, taps[..., :3] if draws_rgb else None, mask))
    return found


def norms(filters: np.ndarray) -> np.ndarray:
    """Euclidean norm of each filter [maps, ...]: [maps]."""
    return np.asarray(np.linalg.norm(filters.reshape(len(filters), -1), axis=1))


def relative_norms(last: OutputFilters) -> np.ndarray:
    """Norm of each filter over the strongest one's, [maps]; the larger of both where it draws RGB and mask.

    In a single stream a filter that is empty in RGB may be what draws the mask, and is not empty.
    """
    own = [norms(part) for part in (last.rgb, last.mask) if part is not None]
    return np.asarray(np.max([norm / max(norm.max(), 1e-12) for norm in own], axis=0))


def filters(subject: Subject, config: FiltersConfig, answer: Answer, spread: Spread) -> None:
    """The last upconvolution's filters, RGB and mask, sorted by their energy (Fig. 19).

    Metrics, for rgb and mask: `<stream>/filters`; `<stream>/even`, the share of filters with more than half their
    energy in their mean (blobs; the others are edges); `<stream>/weakest`, the least norm over the largest. The paper
    claims nothing here that a number could refute: "as to be expected, they include edges and blobs".
    """
    blocks, tables = [], []
    for last in output_filters(subject.generator.network):
        for stream, own in (("rgb", last.rgb), ("mask", last.mask)):
            if own is None:
                continue
            table = _described(own).assign(stream=stream, layer=last.layer)
            tables.append(table)
            order = table["map"].to_numpy()
            shown = order[np.unique(np.linspace(0, len(order) - 1, min(config.shown, len(order))).astype(int))]
            # One scale for all filters of a stream: a filter that looks empty is.
            drawn = figures.signed(own, float(np.abs(own).max()))
            rows = [
                figures.Row(
                    [figures.blocky(drawn[i], _FILTER_PX) for i in shown[start : start + config.columns]],
                    captions=[str(i) for i in shown[start : start + config.columns]],
                )
                for start in range(0, len(shown), config.columns)
            ]
            blocks.append(figures.Block(rows, stream))
            answer.metric(f"{stream}/filters", len(own))
            answer.metric(f"{stream}/even", float((table["even_share"] > _EVEN_SHARE).mean()))
            answer.metric(f"{stream}/weakest", float(table["norm"].min() / table["norm"].max()))
    lines = pd.concat(tables, ignore_index=True)
    caption = (
        "4 x 4 filters of the last upconvolution from the strongest to the weakest, grey is zero, one scale a stream; "
        "below each the number of its feature map. Mask filters are white where they add to the object."
    )
    path = answer.figure("filters.png", "Output filters", caption, lines)
    figures.grid(blocks, side=_FILTER_PX).save(path)
    rgb = lines[lines["stream"] == "rgb"]
    answer.text = (
        f"The last filters include edges and blobs, says the paper (section 6.1). Of {len(rgb)} RGB filters here "
        f"{int((rgb['even_share'] > _EVEN_SHARE).sum())} have more than half their energy in their mean and are blobs; "
        f"the weakest has {100 * rgb['norm'].min() / rgb['norm'].max():.1f} % of the strongest one's norm."
    )


def _described(own: np.ndarray) -> pd.DataFrame:
    """A row a filter, strongest first: map, norm, even_share (energy of its mean over its energy, channels summed)."""
    taps = own.reshape(len(own), 16, -1).astype(np.float64)
    energy = np.square(taps).sum(axis=(1, 2))
    even = 16 * np.square(taps.mean(axis=1)).sum(axis=1)
    table = pd.DataFrame(
        {"map": np.arange(len(own)), "norm": norms(own), "even_share": even / np.maximum(energy, 1e-12)}
    )
    return table.sort_values("norm", ascending=False, ignore_index=True)
