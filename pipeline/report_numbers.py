"""Numbers for people: metrics as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


def metric_words(key: str) -> str:
    """A metric `eval/<question>/<where>/<metric>` in words, without its question: `1s-S-deep, train: MSE`."""
    where, _, name = key.partition("/")[2].partition("/")[2].rpartition("/")
    words = COLUMNS.get(name, name.replace("_", " "))
    return f"{where.replace('/', ', ').replace('_', ' ')}: {words}" if where else words


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
