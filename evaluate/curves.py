"""Curves over a quantity, each named at its end in place of a legend; styled as all figures are.

The one idea: names at the ends of the curves need no key to be looked up, so they are kept apart where ends meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FormatStrFormatter, NullLocator

from evaluate.figures import INK, MUTED

_DPI = 200
_SIZE_IN = (5.6, 3.4)
_FONT_PT = 8.0
_LINE = "#e4e3de"


@dataclass(frozen=True)
class Curve:
    """Values `y` over `x`, in the order of x; `hollow` marks single points, such as those of unseen views."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = INK
    dashed: bool = False
    hollow: Sequence[bool] = ()


def draw_curves(path: Path, curves: Sequence[Curve], x_label: str, y_label: str, log_x: bool = False) -> None:
    """Write curves as PNG, with the values of x as ticks; y begins at zero."""
    figure = Figure(figsize=_SIZE_IN, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for curve in curves:
        hollow = np.array(curve.hollow or [False] * len(curve.x))
        x, y = np.asarray(curve.x), np.asarray(curve.y)
        axes.plot(x, y, color=curve.colour, linewidth=1.4, linestyle="--" if curve.dashed else "-")
        for marked, face in ((~hollow, curve.colour), (hollow, "white")):
            if marked.any():
                axes.plot(
                    x[marked], y[marked], "o",
                    color=curve.colour, markerfacecolor=face, markersize=4, clip_on=False, zorder=3,
                )  # fmt: skip
    if log_x:
        axes.set_xscale("log", base=2)
    ticks = sorted({float(x) for curve in curves for x in curve.x})
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.xaxis.set_minor_locator(NullLocator())
    highest = max(max(curve.y) for curve in curves)
    axes.set_ylim(0, 1.06 * highest if highest > 0 else 1)
    axes.set_xlabel(x_label, color=MUTED, fontsize=_FONT_PT)
    axes.set_title(y_label, loc="left", color=INK, fontsize=_FONT_PT)
    axes.tick_params(colors=MUTED, length=3, labelsize=_FONT_PT - 1)
    axes.grid(axis="y", color=_LINE, linewidth=0.7)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(_LINE)

    room = axes.get_ylim()[1] * _FONT_PT * 1.3 / 72 / (0.8 * _SIZE_IN[1])
    heights = kept_apart([curve.y[-1] for curve in curves], room)
    for curve, height in zip(curves, heights, strict=True):
        axes.annotate(
            curve.name, (curve.x[-1], height), xytext=(7, 0), textcoords="offset points",
            va="center", color=curve.colour, fontsize=_FONT_PT, annotation_clip=False,
        )  # fmt: skip
    figure.savefig(path, facecolor="white", format="png")


def kept_apart(heights: Sequence[float], room: float) -> list[float]:
    """Heights moved as little as brings neighbours at least `room` apart, their order and every crowd's middle kept."""
    order = np.argsort(heights, kind="stable")
    crowds: list[list[float]] = []  # each: wanted heights of labels that touch
    for height in np.asarray(heights, dtype=float)[order]:
        crowds.append([height])
        while len(crowds) > 1 and _span(crowds[-2], room)[1] + room > _span(crowds[-1], room)[0]:
            crowds[-2:] = [crowds[-2] + crowds[-1]]
    placed = np.concatenate([_span(crowd, room)[0] + room * np.arange(len(crowd)) for crowd in crowds])
    result = np.empty(len(placed))
    result[order] = placed
    return result.tolist()


def _span(crowd: Sequence[float], room: float) -> tuple[float, float]:
    """Lowest and highest of a crowd of labels, spread about their mean."""
    middle, half = float(np.mean(crowd)), room * (len(crowd) - 1) / 2
    return middle - half, middle + half
