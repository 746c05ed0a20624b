"""The one place for how figures look: grids of pictures with labels, points and lines on them, and
animations.

The one idea: a figure is a canvas of pictures at whole pixels, and labels are placed in the canvas's own
pixels, so that pictures are never resampled twice. Pictures here are uint8 [h, w, 3] on white.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from evaluate.palette import nearest, palette

INK = "#222222"
MUTED = "#767676"
UNSEEN = "#2e8b57"
"""What was never shown in training is marked green, as in the paper's Figs. 10 and 11."""
TRUTH = "#1f77b4"
PREDICTED = "#d62728"
POINTS = (
    "#e6194b",
    "#3cb44b",
    "#4363d8",
    "#f58231",
    "#911eb4",
    "#008080",
    "#9a6324",
    "#b8860b",
    "#000075",
    "#f032e6",
)
"""Colours of named points, told apart on white and on most furniture."""

_DPI = 200
_FONT_PT, _SMALL_PT = 7.5, 6.0
_CELL_PX = 128
_GAP_PX = 6
_RING_PT2 = 26


def over_white(rgb: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Objects on black, float [n, h, w, 3], over white through their masks [n, h, w]: uint8 [n, h, w, 3]."""
    return np.round(np.clip(rgb + (1 - mask[..., None]), 0, 1) * 255).astype(np.uint8)


def enlarged(picture: np.ndarray, side: int = _CELL_PX) -> np.ndarray:
    """A picture at the least whole multiple of its size that reaches `side` pixels, smoothly interpolated."""
    factor = -(-side // picture.shape[0])
    if factor == 1:
        return picture
    size = (picture.shape[1] * factor, picture.shape[0] * factor)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC))


def signed(values: np.ndarray, largest: float) -> np.ndarray:
    """Values of either sign [..., h, w] or [..., h, w, 3] as pictures uint8 [..., h, w, 3]: zero is mid-grey, plus and
    minus `largest` are white and black."""
    grey = np.clip(0.5 + values / (2 * max(largest, 1e-12)), 0, 1)
    picture = np.round(grey * 255).astype(np.uint8)
    return picture if values.shape[-1] == 3 else np.repeat(picture[..., None], 3, axis=-1)


def blocky(picture: np.ndarray, side: int = _CELL_PX) -> np.ndarray:
    """A picture of few pixels, such as a filter, at the least whole multiple that reaches `side`: pixels as squares."""
    factor = -(-side // picture.shape[0])
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


@dataclass(frozen=True)
class Row:
    """A row of a grid. `captions` stand below the pictures, green where `unseen`; None leaves a place white.

    Where `framed`, a picture is of the training set: shown in it, or drawn for a style of it.
    """

    pictures: Sequence[np.ndarray | None]
    label: str = ""
    captions: Sequence[str] = ()
    unseen: Sequence[bool] = ()
    framed: Sequence[bool] = ()


@dataclass(frozen=True)
class Block:
    """Rows that belong together, named on the left; `unseen` marks what was never shown in training."""

    rows: Sequence[Row]
    label: str = ""
    unseen: bool = False


@dataclass(frozen=True)
class Grid:
    """A drawn grid. Pixel (x, y) of the picture in a row and column lies at `at(row, column, x, y)`."""

    figure: Figure
    axes: Axes
    corners: dict[tuple[int, int], tuple[int, int]]
    scale: float

    def at(self, row: int, column: int, x: float | np.ndarray, y: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where a point of a picture lies on the canvas; x and y in pixels of the picture, its corner at (0,
        0)."""
        left, top = self.corners[row, column]
        return left + np.asarray(x) * self.scale, top + np.asarray(y) * self.scale

    def save(self, path: Path) -> None:
        """Write the figure as PNG."""
        self.figure.savefig(path, dpi=_DPI, facecolor="white", format="png")


def grid(blocks: Sequence[Block], columns: Sequence[str] = (), side: int = _CELL_PX) -> Grid:
    """Pictures in rows and columns, with labels. All pictures of a grid have one size.

    `columns` stand above the first row. Raises ValueError when there is no picture.
    """
    rows = [row for block in blocks for row in block.rows]
    pictures = [picture for row in rows for picture in row.pictures if picture is not None]
    if not pictures:
        raise ValueError("a grid needs a picture")
    cell_h, cell_w = enlarged(pictures[0], side).shape[:2]
    count = max(len(row.pictures) for row in rows)

    point = _DPI / 72
    line = int(_FONT_PT * point * 1.5)
    small = int(_SMALL_PT * point * 1.5)
    has_blocks = any(block.label for block in blocks)
    widest = max((len(part) for row in rows for part in row.label.split("\n")), default=0)
    left = _GAP_PX + (line + 3 * _GAP_PX if has_blocks else 0) + int(widest * _FONT_PT * point * 0.58) + 2 * _GAP_PX
    top = _GAP_PX + (line * (1 + max(name.count("\n") for name in columns)) if columns else 0)

    tops: list[int] = []
    y = top
    for block in blocks:
        for row in block.rows:
            tops.append(y)
            lines = max((caption.count("\n") + 1 for caption in row.captions), default=0)
            y += cell_h + (small * lines + _GAP_PX // 2 if lines else 0) + _GAP_PX
        y += 2 * _GAP_PX
    height = y - 2 * _GAP_PX
    width = left + count * (cell_w + _GAP_PX)

    canvas = np.full((height, width, 3), 255, np.uint8)
    corners: dict[tuple[int, int], tuple[int, int]] = {}
    for index, (row, upper) in enumerate(zip(rows, tops, strict=True)):
        for column, picture in enumerate(row.pictures):
            x = left + column * (cell_w + _GAP_PX)
            corners[index, column] = (x, upper)
            if picture is not None:
                canvas[upper : upper + cell_h, x : x + cell_w] = enlarged(picture, side)
    figure, axes = _on_canvas(canvas)

    for column, name in enumerate(columns):
        middle = left + column * (cell_w + _GAP_PX) + cell_w / 2
        axes.text(middle, top - _GAP_PX / 2, name, ha="center", va="bottom", fontsize=_FONT_PT, color=INK)
    first = 0
    for block in blocks:
        colour = UNSEEN if block.unseen else INK
        last = first + len(block.rows) - 1
        if block.label:
            upper, lower = tops[first], tops[last] + cell_h
            axes.text(
                _GAP_PX + line / 2, (upper + lower) / 2, block.label,
                ha="center", va="center", rotation=90, fontsize=_FONT_PT, color=colour, fontweight="bold",
            )  # fmt: skip
            bar = 2 * _GAP_PX + line
            axes.plot([bar, bar], [upper, lower], color=colour, linewidth=1.2, solid_capstyle="butt")
        for index in range(first, last + 1):
            _label_row(axes, rows[index], tops[index], left, cell_w, cell_h, colour)
        first = last + 1
    return Grid(figure, axes, corners, cell_w / pictures[0].shape[1])


@dataclass(frozen=True)
class Points:
    """Points [n, 2] on the picture at (row, column), in its pixels; with `predicted` they are rings, joined
    to dots."""

    row: int
    column: int
    xy: np.ndarray
    predicted: np.ndarray | None = None


def mark(on: Grid, points: Sequence[Points]) -> None:
    """Draw points on a grid; the same position in `xy` has the same colour everywhere."""
    for group in points:
        x, y = on.at(group.row, group.column, group.xy[:, 0], group.xy[:, 1])
        colours = [POINTS[i % len(POINTS)] for i in range(len(group.xy))]
        if group.predicted is None:
            on.axes.scatter(x, y, s=16, c=colours, edgecolors="white", linewidths=0.6, zorder=4)
            continue
        to_x, to_y = on.at(group.row, group.column, group.predicted[:, 0], group.predicted[:, 1])
        ring = np.sqrt(_RING_PT2) / 2 * _DPI / 72
        for i, colour in enumerate(colours):
            way = np.array([to_x[i] - x[i], to_y[i] - y[i]])
            length = np.hypot(*way)
            if length > ring:
                x0, y0 = np.array([x[i], y[i]]) + way / length * ring
                on.axes.plot([x0, to_x[i]], [y0, to_y[i]], color="white", linewidth=2.0, zorder=2)
                on.axes.plot([x0, to_x[i]], [y0, to_y[i]], color=colour, linewidth=1.0, zorder=3)
        on.axes.scatter(x, y, s=_RING_PT2, facecolors="none", edgecolors="white", linewidths=2.2, zorder=4)
        on.axes.scatter(x, y, s=_RING_PT2, facecolors="none", edgecolors=colours, linewidths=1.1, zorder=5)
        on.axes.scatter(to_x, to_y, s=12, c=colours, edgecolors="white", linewidths=0.5, zorder=6)


def tile(pictures: Sequence[Sequence[np.ndarray]], side: int = _CELL_PX) -> np.ndarray:
    """Pictures in rows and columns without labels, as for a frame of an animation: uint8 [H, W, 3]."""
    rows = []
    for row in pictures:
        cells = [np.pad(enlarged(picture, side), _PAD, constant_values=255) for picture in row]
        rows.append(np.concatenate(cells, axis=1))
    return np.concatenate(rows, axis=0)


def animate(path: Path, frames: Sequence[np.ndarray], seconds: float) -> None:
    """A GIF that loops for ever in about `seconds`; frames uint8 [h, w, 3].

    All frames share one palette made of their own colours and white, so nothing flickers.
    """
    milliseconds = max(20, 10 * round(100 * seconds / len(frames)))
    stack = np.stack(frames)
    colours = palette(stack)
    pictures = [Image.fromarray(positions, mode="P") for positions in nearest(stack, colours)]
    for picture in pictures:
        picture.putpalette(colours.tobytes())
    pictures[0].save(
        path,
        save_all=True,
        append_images=pictures[1:],
        duration=milliseconds,
        loop=0,
        disposal=1,
        optimize=False,
    )


@dataclass(frozen=True)
class HeatMap:
    """Numbers [rows, columns] to show as colours, NaN as white; where `marked`, a cell was never shown in training."""

    title: str
    values: np.ndarray
    rows: Sequence[str]
    columns: Sequence[str]
    marked: np.ndarray


def heat_maps(path: Path, maps: Sequence[HeatMap], label: str) -> None:
    """Heat maps below each other as PNG, on one scale of colours from zero, which `label` names."""
    most = max(float(np.nanmax(each.values, initial=0)) for each in maps)
    heights = [0.55 + 0.16 * len(each.rows) for each in maps]
    figure = Figure(figsize=(6.4, sum(heights) + 0.3), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    grid_of_axes = figure.subplots(len(maps), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, each in zip(grid_of_axes, maps, strict=True):
        image = axes.imshow(each.values, cmap="magma_r", vmin=0, vmax=most or 1, aspect="auto", interpolation="none")
        axes.set_title(each.title, fontsize=_FONT_PT, color=INK, pad=3)
        every = -(-len(each.columns) // 12)
        axes.set_xticks(range(0, len(each.columns), every), each.columns[::every])
        axes.set_yticks(range(len(each.rows)), each.rows)
        axes.tick_params(labelsize=_SMALL_PT, colors=MUTED, length=0)
        axes.spines[:].set_visible(False)
        for row, column in np.argwhere(each.marked):
            x, y = column + np.array([-1, 1, 1, -1, -1]) * 0.44, row + np.array([-1, -1, 1, 1, -1]) * 0.40
            axes.plot(x, y, color=UNSEEN, linewidth=1.1)
    bar = figure.colorbar(image, ax=list(grid_of_axes), pad=0.01, aspect=25)
    bar.set_label(label, fontsize=_SMALL_PT, color=INK)
    bar.ax.tick_params(labelsize=_SMALL_PT, colors=MUTED, length=0)
    bar.outline.set_visible(False)
    figure.savefig(path, dpi=_DPI, facecolor="white", format="png")


def there_and_back(frames: int) -> np.ndarray:
    """Mixtures from 0 to 1 and back in [0, 1], slow at both ends, whose last step leads into the first:
    [frames]."""
    return (1 - np.cos(2 * np.pi * np.arange(frames) / frames)) / 2


_PAD = ((_GAP_PX // 2, _GAP_PX // 2), (_GAP_PX // 2, _GAP_PX // 2), (0, 0))


def _on_canvas(canvas: np.ndarray) -> tuple[Figure, Axes]:
    height, width = canvas.shape[:2]
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.imshow(canvas, interpolation="none", extent=(0, width, height, 0), aspect="auto")
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    return figure, axes


def _label_row(axes: Axes, row: Row, top: int, left: int, cell_w: int, cell_h: int, colour: str) -> None:
    if row.label:
        end, middle = left - 2 * _GAP_PX, top + cell_h / 2
        axes.text(end, middle, row.label, ha="right", va="center", fontsize=_FONT_PT, color=colour)
    for column in np.flatnonzero(row.framed):
        x = left + column * (cell_w + _GAP_PX)
        frame = Rectangle((x - 1, top - 1), cell_w + 2, cell_h + 2, fill=False, edgecolor=MUTED, linewidth=0.8)
        axes.add_patch(frame)
    for column, caption in enumerate(row.captions):
        x = left + column * (cell_w + _GAP_PX) + cell_w / 2
        tint = UNSEEN if row.unseen and row.unseen[column] else MUTED
        axes.text(x, top + cell_h + 2, caption, ha="center", va="top", fontsize=_SMALL_PT, color=tint)
