"""Hand-marked pairs: the truth is the people's mean, and the people are measured too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluate.correspondence.marked import COLUMNS, human_errors, read_marked
from infra.errors import UserError

MODELS = {"chair/a", "chair/b", "table/a"}


def row(**said: object) -> str:
    usual = {
        "pair": "p1", "class_name": "chair", "first": "a", "second": "b", "azimuth_deg": 30, "elevation_deg": 20,
        "keypoint": "foot", "first_x": 10, "first_y": 20, "annotator": "ann", "second_x": 30, "second_y": 40,
        "size_px": 128,
    }  # fmt: skip
    return ",".join(str(value) for value in (usual | said).values())


def csv(path: Path, *rows: str, columns: tuple[str, ...] = COLUMNS) -> Path:
    path.write_text("\n".join([",".join(columns), *rows]) + "\n")
    return path


def test_the_truth_is_the_mean_over_the_annotators(tmp_path: Path) -> None:
    rows = [row(annotator=who, second_x=x) for who, x in (("ann", 30), ("bob", 33), ("cy", 36))]
    rows += [row(keypoint="top", first_x=1, second_x=50, second_y=60)]
    rows += [row(pair="p2", second="c", annotator="bob")]
    one, other = read_marked(csv(tmp_path / "marks.csv", *rows))
    assert (one.name, one.keypoints, one.annotators) == ("p1", ("foot", "top"), ("ann", "bob", "cy"))
    np.testing.assert_allclose(one.first_xy, [[10, 20], [1, 20]])
    np.testing.assert_allclose(one.second_xy, [[33, 40], [50, 60]])
    assert (other.first, other.second, other.azimuth_deg, other.elevation_deg, other.size_px) == ("a", "c", 30, 20, 128)


def test_people_are_measured_from_the_others_and_from_all(tmp_path: Path) -> None:
    """Marks at 30, 33 and 36: from the mean of the others 4.5, 0 and 4.5; from the mean of all 3, 0 and 3."""
    rows = [row(annotator=who, second_x=x) for who, x in (("ann", 30), ("bob", 33), ("cy", 36))]
    (pair,) = read_marked(csv(tmp_path / "marks.csv", *rows))
    np.testing.assert_allclose(pair.from_others().ravel(), [4.5, 0, 4.5])
    np.testing.assert_allclose(pair.from_mean().ravel(), [3, 0, 3])
    np.testing.assert_allclose(human_errors([pair]), [3, 2])
    np.testing.assert_allclose(human_errors([pair], 64), [1.5, 1])


def test_the_two_ways_stand_in_the_ratio_that_algebra_says(tmp_path: Path) -> None:
    """With n marks a point, the mean of the others is n / (n - 1) times as far as the mean of all."""
    random = np.random.default_rng(0)
    rows = [
        row(keypoint=k, annotator=a, second_x=x, second_y=y)
        for k in range(6)
        for a, (x, y) in enumerate(random.uniform(20, 60, (5, 2)).round(3))
    ]
    (pair,) = read_marked(csv(tmp_path / "marks.csv", *rows))
    np.testing.assert_allclose(pair.from_others(), pair.from_mean() * 5 / 4)


def test_a_point_that_one_person_alone_marked_has_no_human_error(tmp_path: Path) -> None:
    rows = [row(), row(annotator="bob", second_x=32), row(keypoint="top")]
    (pair,) = read_marked(csv(tmp_path / "marks.csv", *rows))
    np.testing.assert_allclose(pair.from_others(), [[2, np.nan], [2, np.nan]])
    assert human_errors([pair])[0] == 2
    (alone,) = read_marked(csv(tmp_path / "one.csv", row()))
    assert np.isnan(human_errors([alone])[0])
    assert human_errors([alone])[1] == 0


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([row(), row(second_x="forty", annotator="bob")], r"row 3: second_x is 'forty'; write a number"),
        ([row(second_y="nan")], r"row 2: second_y is 'nan'; write a number"),
        ([row(first_x=128.5)], r"row 2: first_x 128\.5 lies outside the picture of 128 pixels; mend the mark"),
        ([row(second_y=-1)], r"row 2: second_y -1 lies outside"),
        ([row(size_px=0)], r"row 2: size_px is 0; write the width"),
        ([row(elevation_deg=95)], r"row 2: elevation_deg is 95\.0; write degrees from -90 to 90"),
        ([row(), row(pair="p2", second="z")], r"row 3: no model 'z' of class 'chair' is known"),
        ([row(class_name="table")], r"row 2: no model 'b' of class 'table' is known"),
        ([row(second="a")], r"row 2: first and second are both 'a'"),
        ([row(keypoint=" ")], r"row 2: keypoint is empty"),
        ([row(), row()], r"row 3: 'ann' marked 'foot' of pair 'p1' before; remove one"),
        (
            [row(), row(annotator="bob", azimuth_deg=40)],
            r"row 3: azimuth_deg 40\.0 of 'p1' was 30\.0 in an earlier row",
        ),
        ([row(), row(annotator="bob", first_x=11)], r"row 3: first_x 11\.0 of 'foot' of pair 'p1' was 10\.0"),
        ([], r"holds no marks"),
        (["p1,chair,a,b,30,20,foot,10,20,ann,30"], r"row 2: second_y is ''; write a number"),
    ],
)
def test_what_is_wrong_is_said_with_its_row_and_its_mend(tmp_path: Path, rows: list[str], line: str) -> None:
    with pytest.raises(UserError, match=line) as caught:
        read_marked(csv(tmp_path / "marks.csv", *rows), MODELS)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_such_table_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no column 'size_px'; its first row must name pair, class_name"):
        read_marked(csv(tmp_path / "few.csv", row(), columns=(*COLUMNS[:-1], "size")))
    for content in (b"", b"\xff\xfe\x00", b'pair,"\n'):
        (tmp_path / "bad.csv").write_bytes(content)
        with pytest.raises(UserError, match=r"bad\.csv"):
            read_marked(tmp_path / "bad.csv")
    with pytest.raises(UserError, match=r"none\.csv cannot be read"):
        read_marked(tmp_path / "none.csv")
