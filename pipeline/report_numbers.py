"""Numbers for people: metrics as tables, and the curve of a training as SVG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

from evaluate.figures import INK, MUTED

SPLITS = {"train": "Views shown in training", "unseen": "Views never shown"}
FLOORS = {"mean_image": "the mean training view", "nearest_view": "the nearest training view"}
COLUMNS = {
    "psnr_db": "PSNR, dB",
    "psnr_object_db": "PSNR on the object, dB",
    "ssim": "SSIM",
    "mask_iou": "mask IoU",
    "mse": "MSE",
    "aepe_px": "AEPE, px",
}
"""Column titles of metrics, in the order of a table; others follow as they come."""

_CURVE_POINTS = 400
_LINE = "#e4e3de"


@dataclass(frozen=True)
class Row:
    """A line of a table; without cells it is a heading. `kind` is a CSS class."""

    label: str
    cells: Sequence[str] = ()
    kind: str = ""


@dataclass(frozen=True)
class Table:
    """Numbers as text, ready to show."""

    corner: str
    columns: Sequence[str]
    rows: Sequence[Row]


def metrics_table(question: str, metrics: Mapping[str, float]) -> Table | None:
    """Metrics `eval/<question>/<where>/<metric>`: a row a place, a column a metric; None without any."""
    cells: dict[str, dict[str, float]] = {}
    for key, value in metrics.items():
        where, _, name = key.removeprefix(f"eval/{question}/").rpartition("/")
        cells.setdefault(where, {})[name] = value
    if not cells:
        return None
    names = list(dict.fromkeys(name for row in cells.values() for name in row))
    names.sort(key=lambda name: list(COLUMNS).index(name) if name in COLUMNS else len(COLUMNS))

    def line(where: str, label: str, kind: str = "") -> list[Row]:
        values = cells.pop(where, None)
        return [] if values is None else [Row(label, [shown(name, values.get(name)) for name in names], kind)]

    rows: list[Row] = []
    for split, heading in SPLITS.items():
        if split not in cells:
            continue
        rows.append(Row(heading, kind=split))
        rows += line(split, "the generator", "main")
        for floor, label in FLOORS.items():
            rows += line(f"{split}/{floor}", label, "floor")
        for where in [where for where in cells if where.startswith(f"{split}/")]:
            rows += line(where, f"the generator, {where.removeprefix(f'{split}/')}")
    rows += line("", "all", "main")
    for where in list(cells):
        rows += line(where, where.replace("/", ", ").replace("_", " "))
    return Table("", [COLUMNS.get(name, name.replace("_", " ")) for name in names], rows)


def shown(name: str, value: float | None) -> str:
    """A metric's value with the digits that mean something; a dash for none."""
    if value is None:
        return "–"
    if name.endswith("_db"):
        return f"{value:.1f}"
    if value == 0 or (abs(value) >= 2 and float(value).is_integer()):
        return f"{value:,.0f}"
    if name.endswith("_px"):
        return f"{value:.2f}"
    return f"{value:.3f}" if abs(value) >= 0.1 else f"{value:.2g}" if abs(value) < 1e-3 else f"{value:.4f}"


def training_chart(history: pd.DataFrame) -> str:
    """Loss and PSNR over the steps of a training, as an SVG element; empty when there is nothing to draw.

    Long histories are averaged down to a few hundred points, so that the page stays small.
    """
    panels = [
        (name, label, scale)
        for name, label, scale in (
            ("loss", "Loss", "log"),
            ("psnr_db", "PSNR on training batches, dB", "linear"),
        )
        if name in history and history[name].notna().sum() > 1
    ]
    if not panels or "step" not in history:
        return ""
    bins = (pd.RangeIndex(len(history)).to_series() * _CURVE_POINTS // max(len(history), _CURVE_POINTS)).to_numpy()
    thin = history.groupby(bins).mean(numeric_only=True)
    style: dict[Any, Any] = {
        "font.size": 10.0,
        "svg.fonttype": "none",
        "svg.hashsalt": "turnery",
    }
    with rc_context(style):
        figure = Figure(figsize=(10.6, 2.9), layout="constrained")
        for number, (name, label, scale) in enumerate(panels):
            axes = figure.add_subplot(1, len(panels), number + 1)
            axes.plot(thin["step"], thin[name], color=INK, linewidth=1.3)
            axes.set_yscale(scale)
            if scale == "log":
                axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
                axes.yaxis.set_minor_locator(NullLocator())
            axes.set_title(label, loc="left", fontsize=10.5, color=INK)
            axes.set_xlabel("step", color=MUTED)
            axes.tick_params(colors=MUTED, length=3)
            axes.grid(axis="y", color=_LINE, linewidth=0.7)
            axes.spines[["top", "right", "left"]].set_visible(False)
            axes.spines["bottom"].set_color("#c9c8c2")
            axes.margins(x=0.01)
        target = io.StringIO()
        FigureCanvasSVG(figure).print_svg(target, metadata={"Date": None, "Creator": None})
    svg = target.getvalue()
    svg = svg[svg.index("<svg") :]
    return svg.replace("<svg", '<svg role="img" aria-label="Loss and PSNR over the steps of the training"', 1)
