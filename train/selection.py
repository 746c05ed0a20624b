"""Which views a training learns from, and which it leaves out: one dataset serves many trainings.

The one idea: a selection is a table of keys and splits, `train` and its complement `unseen` within the
chosen styles, and it is stored with the generator so that evaluation asks about exactly those views.
"""

from __future__ import annotations

import difflib
import fnmatch
from dataclasses import dataclass

import numpy as np
import pandas as pd

from infra.errors import UserError
from infra.rng import generator
from train.config import SelectConfig

SPLITS = ("train", "unseen")


@dataclass(frozen=True)
class Selection:
    """`table`: columns key, split and target (of the few-views setting), in the dataset's order; `models` and
    `classes` of the styles in order.

    A style of the generator is a position in `models`: the styles of the dataset that were chosen,
    renumbered. `style` is that position for each row of `table`; `row` is its row in the dataset's `views`.
    """

    table: pd.DataFrame
    models: list[str]
    classes: list[str]
    style: np.ndarray
    row: np.ndarray

    def rows(self, split: str) -> np.ndarray:
        """Positions in `table` of one split, int64."""
        return np.flatnonzero((self.table["split"] == split).to_numpy())


def select(views: pd.DataFrame, config: SelectConfig, seed: int) -> Selection:
    """Choose from a dataset's `views` (columns key, model, class_name, style, azimuth_deg, elevation_deg).

    Raises `UserError` when a class, azimuth or elevation is not in the dataset or nothing is left to learn
    from.
    """
    kept = np.ones(len(views), dtype=bool)
    class_name = views["class_name"].to_numpy(dtype=str)
    if config.classes is not None:
        _known("class", set(config.classes), set(class_name))
        kept &= np.isin(class_name, config.classes)
    azimuth = views["azimuth_deg"].to_numpy(dtype=float)
    elevation = views["elevation_deg"].to_numpy(dtype=float)
    kept &= _on_grid("azimuth", azimuth, config.azimuths_deg)
    kept &= _on_grid("elevation", elevation, config.elevations_deg)
    model = views["model"].to_numpy(dtype=str)
    if config.include:
        kept &= _matching(model, config.include)
    if config.exclude:
        kept &= ~_matching(model, config.exclude)
    if config.models_per_class is not None:
        kept = _some_models(views, class_name, kept, config.models_per_class, seed)

    row = np.flatnonzero(kept)
    split = np.full(len(row), "train", dtype=object)
    if config.holdout_every_azimuth:
        # Of the whole grid, not of the filtered azimuths: the same views stay unseen whatever else is chosen.
        grid = np.unique(azimuth.round(6))
        place = np.searchsorted(grid, azimuth[row].round(6))
        split[(place + 1) % config.holdout_every_azimuth == 0] = "unseen"
    for name, degrees in config.class_elevations_deg.items():
        _known("class", {name}, set(class_name[row]))
        split[(class_name[row] == name) & ~_on_grid("elevation", elevation, degrees)[row]] = "unseen"
    chosen = views.iloc[row]
    target = np.zeros(len(row), dtype=bool)
    if config.few is not None:
        target = targets(chosen, config.few.share, seed)
        sparse = np.ones(len(row), dtype=bool) if config.few.everywhere else target
        split[sparse & ~_few_views(chosen, split, config.few.views)] = "unseen"
    if not (split == "train").any():
        raise UserError("train.select leaves no view to learn from; choose more azimuths, elevations or classes")

    styles = chosen[["style", "model", "class_name"]].drop_duplicates("style").sort_values("style")
    position = {int(style): index for index, style in enumerate(styles["style"])}
    style = np.array([position[int(style)] for style in chosen["style"]], dtype=np.int64)
    unlearnt = set(range(len(position))) - set(style[split == "train"].tolist())
    if unlearnt:
        names = styles["model"].iloc[sorted(unlearnt)[:3]].tolist()
        raise UserError(f"train.select leaves {len(unlearnt)} models without a view to learn from: {', '.join(names)}")
    table = pd.DataFrame({"key": chosen["key"].to_numpy(), "split": split, "target": target})
    return Selection(table, styles["model"].tolist(), styles["class_name"].tolist(), style, row)


def targets(views: pd.DataFrame, share: float, seed: int) -> np.ndarray:
    """Which views are of target styles: `share` of the styles of each class, at least one, drawn by the seed. Bool [n].

    How many views of them are shown does not change which they are.
    """
    chosen = np.zeros(len(views), dtype=bool)
    class_name, style = views["class_name"].to_numpy(dtype=str), views["style"].to_numpy()
    for name in np.unique(class_name):
        styles = np.unique(style[class_name == name])
        count = max(1, round(share * len(styles)))
        drawn = generator(seed, f"targets of {name}").permutation(styles)[:count]
        chosen |= (class_name == name) & np.isin(style, drawn)
    return chosen


def _few_views(chosen: pd.DataFrame, split: np.ndarray, count: int) -> np.ndarray:
    """Of every style `count` of its training views, evenly spread over azimuth, then elevation. Bool [n]."""
    kept = np.zeros(len(chosen), dtype=bool)
    order = np.lexsort([chosen[name].to_numpy() for name in ("elevation_deg", "azimuth_deg", "style")])
    order = order[split[order] == "train"]
    style = chosen["style"].to_numpy()[order]
    for places in np.split(order, np.flatnonzero(np.diff(style)) + 1):
        few = min(count, len(places))
        kept[places[((np.arange(few) + 0.5) * len(places) / few).astype(np.int64)]] = True
    return kept


def _matching(names: np.ndarray, patterns: tuple[str, ...]) -> np.ndarray:
    """Which names match a pattern. Raises `UserError` for a pattern that no name matches."""
    matching = np.zeros(len(names), dtype=bool)
    known = np.unique(names)
    for pattern in patterns:
        found = fnmatch.filter(known.tolist(), pattern)
        if not found:
            near = difflib.get_close_matches(pattern, known.tolist(), n=1, cutoff=0)
            raise UserError(f"the dataset has no model '{pattern}' (train.select); its nearest is '{near[0]}'")
        matching |= np.isin(names, found)
    return matching


def _some_models(views: pd.DataFrame, class_name: np.ndarray, kept: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Kept views of `count` models of each class, drawn by the seed and the class alone."""
    some = np.zeros(len(views), dtype=bool)
    style = views["style"].to_numpy()
    for name in np.unique(class_name[kept]):
        models = np.unique(style[kept & (class_name == name)])
        drawn = generator(seed, f"models of {name}").permutation(models)[:count]
        some |= (class_name == name) & np.isin(style, drawn)
    return kept & some


def _on_grid(what: str, values: np.ndarray, wanted: tuple[float, ...] | None) -> np.ndarray:
    if wanted is None:
        return np.ones(len(values), dtype=bool)
    near = np.isclose(values[:, None], np.array(wanted)[None], atol=1e-3)
    missing = {degrees for degrees, found in zip(wanted, near.any(axis=0), strict=True) if not found}
    _known(what, missing, {float(v) for v in np.unique(values.round(3))}, " degrees")
    return np.asarray(near.any(axis=1))


def _known(what: str, wanted: set[str] | set[float], known: set[str] | set[float], unit: str = "") -> None:
    unknown = sorted(wanted - known)
    if unknown:
        first, *there = (f"{v:g}" if isinstance(v, float) else str(v) for v in [unknown[0], *sorted(known)])
        raise UserError(f"the dataset has no {what} {first}{unit}; it has {', '.join(there)}")
