"""Trainings in the report: a table and one chart of them all, and the recipe's own at length.

The one idea: a curve is found by its number, which stands at its end and in the table, so that any number of curves
is told apart without a legend.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

from evaluate.plan import RUN_FILE
from evaluate.question import GENERATOR
from infra.storage import Storage
from pipeline.report_answers import Section
from pipeline.report_numbers import shown
from pipeline.report_run import RunLink, present, run_link
from train.checkpoint import SPEC_FILE, GeneratorSpec

_CURVE_POINTS = 400
_WIDTH_IN, _PANEL_IN, _LABEL_IN = 10.6, 2.9, 0.14
_INK, _MUTED, _LINE = "#010101", "#020202", "#030303"
_COLOURS = {_INK: "var(--ink)", _MUTED: "var(--muted)", _LINE: "var(--line)"}
"""What the page's own colours stand for in a chart, so that it turns dark with the page."""
_CURVES = ("#2f7fc1", "#c2571a", "#3a8f4f", "#b8488f", "#8a6fd1", "#a8811a")
"""Of curves beside the recipe's own; readable on white and on black."""


@dataclass(frozen=True)
class Training:
    """A trained generator: what there is to know of it, and its number, which marks its curve."""

    number: int
    name: str
    spec: GeneratorSpec
    history: pd.DataFrame
    used_by: str
    psnr: str
    speed: str
    run: RunLink | None

    @property
    def network(self) -> str:
        """Architecture and width."""
        return f"{self.spec.architecture}, width × {self.spec.width:g}"

    @property
    def chart(self) -> Markup:
        """Its curve as SVG."""
        return Markup(training_chart(self.history))  # markup of our own making, from numbers alone

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What the page says of it at length."""
        spec = self.spec
        return present(
            [
                ("Network", self.network),
                ("Pictures", f"{spec.size} × {spec.size} pixels"),
                ("Styles", len(spec.styles)),
                ("Steps", spec.steps),
                ("Augmentation", f"{spec.augment:g} of the paper's ranges" if spec.augment else "none"),
                ("Speed", f"{self.speed} pictures a second" if self.speed else ""),
            ]
        )


def trainings(workspace: Storage, own: str, found: Sequence[Section]) -> list[Training]:
    """Every finished training, the recipe's own first, then by name."""
    names = (name.rpartition("/")[0] for name in (workspace / "training").list(SPEC_FILE))
    ordered = sorted(filter(None, names), key=lambda name: (name != own, name))
    return [_training(workspace / "training" / name, name, number, found) for number, name in enumerate(ordered, 1)]


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
    thin = _thinned(history)
    with _drawing("one"):
        figure = Figure(figsize=(_WIDTH_IN, _PANEL_IN), layout="constrained")
        for number, (name, label, scale) in enumerate(panels):
            axes = figure.add_subplot(1, len(panels), number + 1)
            axes.plot(thin["step"], thin[name], color=_INK, linewidth=1.3)
            axes.set_yscale(scale)
            if scale == "log":
                axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
                axes.yaxis.set_minor_locator(NullLocator())
            _plain(axes, label)
        return _svg(figure, "Loss and PSNR over the steps of the training")


def comparison_chart(found: Sequence[Training]) -> Markup:
    """PSNR over the steps of all trainings in one chart, the first in black; empty with less than two curves."""
    curves = [each for each in found if "psnr_db" in each.history and each.history["psnr_db"].notna().sum() > 1]
    if len(curves) < 2:
        return Markup("")
    with _drawing("all"):
        height = max(1.3 * _PANEL_IN, _LABEL_IN * len(curves) + 0.9)
        figure = Figure(figsize=(_WIDTH_IN, height), layout="constrained")
        axes = figure.add_subplot()
        colours = {each.number: _INK if each.number == 1 else _CURVES[each.number % len(_CURVES)] for each in curves}
        ends = {}
        for each in reversed(curves):
            thin = _thinned(each.history)
            thin = thin.assign(psnr_db=thin["psnr_db"].rolling(max(1, len(thin) // 40), min_periods=1).mean())
            width = 2.0 if each.number == 1 else 1.1
            axes.plot(thin["step"], thin["psnr_db"], color=colours[each.number], linewidth=width)
            ends[each.number] = (float(thin["step"].iloc[-1]), float(thin["psnr_db"].dropna().iloc[-1]))
        _plain(axes, "PSNR on training batches, dB")
        low, high = axes.get_ylim()
        right = max(step for step, _ in ends.values())
        gap = (high - low) * _LABEL_IN / (height - 0.9)
        heights = spaced([end for _, end in ends.values()], gap, low, high)
        for (number, (step, end)), at in zip(ends.items(), heights, strict=True):
            path = ([step, right, 1.015 * right, 1.03 * right], [end, end, at, at])
            axes.plot(*path, color=colours[number], linewidth=0.7, linestyle=":", clip_on=False)
            axes.text(1.035 * right, at, str(number), color=colours[number], va="center", fontsize=9)
        axes.set_xlim(None, 1.06 * right)
        axes.set_ylim(low, high)
        return Markup(_svg(figure, "PSNR over the steps of every training"))  # from numbers alone


def spaced(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places for labels near the wanted ones, in the same order of height, at least `gap` apart, in [low, high] if
    they fit there."""
    order = np.argsort(wanted, kind="stable")
    sorted_wanted = np.asarray(wanted, dtype=np.float64)[order]
    steps = gap * np.arange(len(wanted))
    upwards = np.maximum.accumulate(sorted_wanted - steps) + steps
    downwards = np.minimum.accumulate((sorted_wanted - steps)[::-1])[::-1] + steps
    places = (upwards + downwards) / 2  # both keep the distance, so their mean does
    places = np.minimum(places, high - steps[::-1])
    places = np.maximum(places, low + steps) if steps[-1] <= high - low else places
    back = np.empty_like(places)
    back[order] = places
    return [float(place) for place in back]


def _training(folder: Storage, name: str, number: int, found: Sequence[Section]) -> Training:
    spec = GeneratorSpec.model_validate_json(folder.read_bytes(SPEC_FILE))
    history = pd.read_csv(folder.fetch("history.csv")) if folder.exists("history.csv") else pd.DataFrame()
    address: Mapping[str, Any] | None = folder.read_json(RUN_FILE) if folder.exists(RUN_FILE) else None
    end = spec.final.get("psnr_db")
    speed = f"{history['images_per_s'].median():,.0f}" if "images_per_s" in history else ""
    return Training(
        number=number,
        name=name,
        spec=spec,
        history=history,
        used_by="; ".join(filter(None, (_used(name, section) for section in found))),
        psnr=shown("psnr_db", end),
        speed=speed,
        run=run_link(address),
    )


def _used(name: str, section: Section) -> str:
    roles = list(dict.fromkeys(role for role, made in section.roles if made == name))
    if not roles:
        return ""
    return section.title if roles == [GENERATOR] else f"{section.title} ({', '.join(roles)})"


def _thinned(history: pd.DataFrame) -> pd.DataFrame:
    bins = (pd.RangeIndex(len(history)).to_series() * _CURVE_POINTS // max(len(history), _CURVE_POINTS)).to_numpy()
    return history.groupby(bins).mean(numeric_only=True)


@contextmanager
def _drawing(name: str) -> Iterator[None]:
    style: dict[Any, Any] = {"font.size": 10.0, "svg.fonttype": "none", "svg.hashsalt": name}
    with rc_context(style):
        yield


def _plain(axes: Axes, label: str) -> None:
    axes.set_title(label, loc="left", fontsize=10.5, color=_INK)
    axes.set_xlabel("step", color=_MUTED)
    axes.tick_params(colors=_MUTED, length=3)
    axes.grid(axis="y", color=_LINE, linewidth=0.7)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(_MUTED)
    axes.margins(x=0.01)


def _svg(figure: Figure, words: str) -> str:
    """As an element of a page: no background, the page's own colours, no names that two charts would share."""
    figure.patch.set_visible(False)
    for axes in figure.axes:
        axes.patch.set_visible(False)
    target = io.StringIO()
    FigureCanvasSVG(figure).print_svg(target, metadata={"Date": None, "Creator": None})
    svg = target.getvalue()
    svg = re.sub(r' id="[A-Za-z0-9.]+_\d+"', "", svg[svg.index("<svg") :])
    for stand_in, colour in _COLOURS.items():
        svg = svg.replace(stand_in, colour)
    return svg.replace("<svg", f'<svg role="img" aria-label="{words}"', 1)
