"""Hand-marked pairs, as the paper had them (section 5.7): several people marked a keypoint, and their mean is true.

The one idea: the people are a method too. Their own error stands beside the methods', measured in two ways because the
paper does not say how its 1.1 pixels were: from the mean of all, which an annotator is part of and which flatters, and
from the mean of the others, which is how far one more person would be from the truth.

A row of the CSV is one keypoint of one pair by one annotator: `pair, class_name, first, second, azimuth_deg,
elevation_deg, keypoint, first_x, first_y, annotator, second_x, second_y, size_px`. Places are pixels of pictures
`size_px` wide, x right and y down, the first pixel covering 0 to 1. (first_x, first_y) was given to the annotators, so
it is the same in all rows of a keypoint.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from infra.errors import UserError

_TEXTS = ("pair", "class_name", "first", "second", "keypoint", "annotator")
_NUMBERS = ("azimuth_deg", "elevation_deg", "first_x", "first_y", "second_x", "second_y", "size_px")
COLUMNS = (
    "pair", "class_name", "first", "second", "azimuth_deg", "elevation_deg", "keypoint", "first_x", "first_y",
    "annotator", "second_x", "second_y", "size_px",
)  # fmt: skip
_OF_PAIR = ("class_name", "first", "second", "azimuth_deg", "elevation_deg", "size_px")
_OF_KEYPOINT = ("first_x", "first_y")


@dataclass(frozen=True)
class MarkedPair:
    """A pair that people marked: models by id, the view, and k keypoints seen by a annotators.

    `first_xy` [k, 2] and `marks` [a, k, 2] (NaN where one did not mark a point) are pixels of a picture of `size_px`.
    """

    name: str
    class_name: str
    first: str
    second: str
    azimuth_deg: float
    elevation_deg: float
    size_px: float
    keypoints: tuple[str, ...]
    annotators: tuple[str, ...]
    first_xy: np.ndarray
    marks: np.ndarray

    @property
    def second_xy(self) -> np.ndarray:
        """The truth: the mean over the annotators [k, 2]."""
        return np.asarray(np.nanmean(self.marks, axis=0))

    def from_mean(self) -> np.ndarray:
        """Each annotator's distance [a, k] from the mean of all, pixels; NaN where nothing was marked."""
        return np.asarray(np.linalg.norm(self.marks - self.second_xy, axis=2))

    def from_others(self) -> np.ndarray:
        """Each annotator's distance [a, k] from the mean of the others, pixels; NaN where there is no other."""
        marked = np.isfinite(self.marks[..., :1])
        others = marked.sum(axis=0) - marked
        total = np.nansum(self.marks, axis=0) - np.where(marked, self.marks, 0.0)
        mean = np.where(others > 0, total / np.maximum(others, 1), np.nan)
        return np.asarray(np.linalg.norm(self.marks - mean, axis=2))


def human_errors(pairs: Collection[MarkedPair], size_px: float = 128) -> tuple[float, float]:
    """The people's mean error in pixels of a picture of `size_px`: from the mean of the others, and of all.

    Mean over all marks; the first is NaN where no keypoint was marked twice.
    """
    found = []
    for each in ("from_others", "from_mean"):
        errors = [np.ravel(getattr(pair, each)()) * (size_px / pair.size_px) for pair in pairs]
        together = np.concatenate(errors) if errors else np.zeros(0)
        together = together[np.isfinite(together)]
        found.append(float(together.mean()) if len(together) else float("nan"))
    return found[0], found[1]


def read_marked(path: Path, models: Collection[str] | None = None) -> list[MarkedPair]:
    """The pairs of a CSV in their order; `models` (as `<class>/<id>`) are those that there are, if that matters.

    Raises `UserError` naming the row and the mend.
    """
    table = _read(path)
    rows = [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
    for number, row in enumerate(rows):
        _check(_where(path, number), row, models)
    _same(path, table, ["pair"], _OF_PAIR)
    _same(path, table, ["pair", "keypoint"], _OF_KEYPOINT)
    for number in np.flatnonzero(table.duplicated(["pair", "keypoint", "annotator"])):
        row = rows[number]
        raise UserError(
            f"{_where(path, number)}: '{row['annotator']}' marked '{row['keypoint']}' of pair '{row['pair']}' before; "
            "remove one of the rows"
        )
    return [_pair(str(name), rows) for name, rows in table.groupby("pair", sort=False)]


def _read(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    except pd.errors.EmptyDataError:
        table = pd.DataFrame()
    except (OSError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise UserError(f"{path} cannot be read as CSV: {' '.join(str(error).split())}") from None
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise UserError(f"{path} has no column '{missing[0]}'; its first row must name {', '.join(COLUMNS)}")
    if table.empty:
        raise UserError(f"{path} holds no marks; write a row for each keypoint and annotator")
    table = table[list(COLUMNS)]
    for name in _NUMBERS:
        numbers = pd.to_numeric(table[name].str.strip(), errors="coerce").astype(float)
        for number in np.flatnonzero(~np.isfinite(numbers.to_numpy())):
            raise UserError(f"{_where(path, number)}: {name} is '{table[name].iloc[number]}'; write a number")
        table = table.assign(**{name: numbers})
    return table


def _where(path: Path, number: int) -> str:
    """A row as a spreadsheet counts it: the first is that of the columns' names."""
    return f"{path}, row {number + 2}"


def _check(where: str, row: dict[str, object], models: Collection[str] | None) -> None:
    for name in _TEXTS:
        if not str(row[name]).strip():
            raise UserError(f"{where}: {name} is empty; fill it in")
    size = float(str(row["size_px"]))
    if size < 1:
        raise UserError(f"{where}: size_px is {size:g}; write the width of the marked picture in pixels")
    if not -90 <= float(str(row["elevation_deg"])) <= 90:
        raise UserError(f"{where}: elevation_deg is {row['elevation_deg']}; write degrees from -90 to 90")
    for name in ("first_x", "first_y", "second_x", "second_y"):
        value = float(str(row[name]))
        if not 0 <= value <= size:
            raise UserError(
                f"{where}: {name} {value:g} lies outside the picture of {size:g} pixels; mend the mark or size_px"
            )
    if row["first"] == row["second"]:
        raise UserError(f"{where}: first and second are both '{row['first']}'; a pair needs two models")
    for name in ("first", "second"):
        if models is not None and f"{row['class_name']}/{row[name]}" not in models:
            raise UserError(
                f"{where}: no model '{row[name]}' of class '{row['class_name']}' is known; name models of the dataset"
            )


def _same(path: Path, table: pd.DataFrame, of: list[str], columns: tuple[str, ...]) -> None:
    """Raise on a row that says something else of its pair, or its keypoint, than the first row of it."""
    first = table.groupby(of, sort=False)[list(columns)].transform("first")
    for name in columns:
        for number in np.flatnonzero(table[name] != first[name]):
            what = " of pair ".join(f"'{table[key].iloc[number]}'" for key in reversed(of))
            now, before = table[name].iloc[number], first[name].iloc[number]
            raise UserError(
                f"{_where(path, number)}: {name} {now} of {what} was {before} in an earlier row; make them equal"
            )


def _pair(name: str, rows: pd.DataFrame) -> MarkedPair:
    keypoints, annotators = (tuple(dict.fromkeys(rows[column])) for column in ("keypoint", "annotator"))
    marks = np.full((len(annotators), len(keypoints), 2), np.nan)
    places = np.zeros((len(keypoints), 2))
    for row in rows.itertuples():
        point = keypoints.index(row.keypoint)
        places[point] = row.first_x, row.first_y
        marks[annotators.index(row.annotator), point] = row.second_x, row.second_y
    head = rows.iloc[0]
    return MarkedPair(
        name, str(head["class_name"]), str(head["first"]), str(head["second"]), float(head["azimuth_deg"]),
        float(head["elevation_deg"]), float(head["size_px"]), keypoints, annotators, places, marks,
    )  # fmt: skip
