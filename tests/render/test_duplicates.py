"""`python -m render duplicates`, run as a user types it: what is dropped, for whose sake, and what stays."""

from __future__ import annotations

import csv
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import planted
from benchmarks.duplicates import described, drawn_set, scored
from render import modeller
from render.duplicates import VIEWS, DuplicatesConfig, limits, soundness

ROOT = Path(__file__).resolve().parents[2]
SLATTED = {"class_name": "chair", "back": "slatted", "back_members": 4, "seat_material": "wood:oak"}
SPECKS = "\n".join(
    f"v {x + 0.001 * a} {0.001 * b} {0.001 * c}" for x in (-10, 10) for a, b, c in ((0, 0, 0), (1, 0, 0), (0, 1, 1))
)


def run(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "render", "duplicates", *map(str, words)],
        check=False,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
    )


def rows(workspace: Path) -> list[dict[str, str]]:
    with open(workspace / "duplicates/duplicates.csv", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder with copies, twins, a broken and an empty model, and what was said about it."""
    folder = tmp_path_factory.mktemp("duplicates")
    first = modeller.describe(SLATTED)
    random = np.random.default_rng(0)
    chairs = {
        "a": first,
        "b-other-colours": first.twin(
            seat_material="paint:navy", frame_material="wood:wenge", back_material="wood:wenge"
        ),
        "c-arms": first.twin(arms="straight"),
        "e-slats": first.twin(back_members=3),
        "f-sled": first.twin(legs="sled"),
    }
    (folder / "models/chair").mkdir(parents=True)
    (folder / "models/table").mkdir()
    for name, properties in chairs.items():
        planted.write_obj(properties, folder / f"models/chair/{name}.obj")
    for name in ("d-as-glb", "g-wider-as-glb"):
        scene = planted.scene_of(chairs["c-arms"] if name.startswith("d") else chairs["f-sled"])
        if name.startswith("g"):
            planted.SCENE_COPIES["one axis 1-3 %"](scene, random)
        scene.export(folder / f"models/chair/{name}.glb")
    planted.write_obj(modeller.describe({"class_name": "table"}), folder / "models/table/a.obj")
    (folder / "models/table/b-broken.glb").write_bytes(b"glTF\2\0\0\0\xff\xff\0\0")
    (folder / "models/table/c-specks.obj").write_text(f"{SPECKS}\nf 1 2 3\nf 4 5 6\n")
    words = ["--render.source.kind", "folder", "--render.source.path", "models", "--duplicates.samples", "8"]
    made = run(*words, "--workspace", "made", folder=folder)
    assert made.returncode == 0, made.stderr
    assert "5 of 10 models kept" in made.stdout, made.stdout
    return folder, words


def test_copies_go_for_the_sake_of_the_first_and_twins_stay(judged: tuple[Path, list[str]]) -> None:
    table = rows(judged[0] / "made")
    assert [(row["class"], row["dropped"], row["kept"], row["reason"]) for row in table] == [
        ("table", "b-broken", "", "broken"),
        ("chair", "b-other-colours", "a", "other colours"),
        ("chair", "d-as-glb", "c-arms", "near-copy"),
        ("chair", "g-wider-as-glb", "f-sled", "near-copy"),
        ("table", "c-specks", "", "empty"),
    ]
    assert all(float(row["silhouette"]) < 0.15 for row in table if row["kept"])
    assert table[0]["detail"]
    kept = (judged[0] / "made/duplicates/kept.txt").read_text().splitlines()
    assert kept == ["chair/a", "chair/c-arms", "chair/e-slats", "chair/f-sled", "table/a"]


def test_the_pairs_can_be_looked_at_and_the_counts_are_recorded(judged: tuple[Path, list[str]]) -> None:
    sheet = cv2.imread(str(judged[0] / "made/duplicates/pairs.png"))
    assert sheet.shape[0] > 2 * 128
    assert (sheet < 250).mean() > 0.02
    with sqlite3.connect(judged[0] / "made/mlflow.db") as store:
        logged = dict(store.execute("select key, value from metrics where key like 'duplicates/%'").fetchall())
    assert logged == {
        "duplicates/models": 10,
        "duplicates/kept": 5,
        "duplicates/near_copy": 2,
        "duplicates/other_colours": 1,
        "duplicates/broken": 1,
        "duplicates/empty": 1,
    }


def test_other_limits_judge_anew_and_render_nothing(judged: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, words = judged
    shutil.copytree(folder / "made", tmp_path / "made")
    shards = {path: path.stat().st_mtime_ns for path in (tmp_path / "made/duplicates/thumbnails").rglob("*.tar")}
    limits = ["--duplicates.silhouette", "0.001", "--duplicates.gradients", "0.01"]
    strict = run(*words, "--workspace", tmp_path / "made", *limits, folder=folder)
    assert strict.returncode == 0, strict.stderr
    assert {row["reason"] for row in rows(tmp_path / "made")} == {"broken", "empty"}
    assert len((tmp_path / "made/duplicates/kept.txt").read_text().splitlines()) == 8
    assert shards
    assert {path: path.stat().st_mtime_ns for path in shards} == shards


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["--duplicates.silhouette", "2"], ["duplicates.silhouette", "2"]),
        (["--duplicates.silhuette", "0.2"], ["--duplicates.silhuette", "--duplicates.silhouette"]),
        (["--render.source.kind", "folder", "--render.source.path", "gone"], ["gone"]),
        (["--recipe", "chairs"], ["chairs", "demo"]),
    ],
)
def test_a_fault_is_one_line(words: list[str], names: list[str], tmp_path: Path) -> None:
    made = run(*words, folder=tmp_path)
    assert made.returncode == 2
    assert len(made.stderr.strip().splitlines()) == 1, made.stderr
    assert all(name in made.stderr for name in names), made.stderr
    assert list(tmp_path.iterdir()) == []


def seen(grey: NDArray[np.int64], covered: float) -> NDArray[np.uint8]:
    """Pictures of the top rows of a frame, of one grey a view."""
    views = np.full((VIEWS, 64, 64, 4), 255, np.uint8)
    views[..., 3] = 0
    for view, shade in zip(views, grey, strict=True):
        view[: round(64 * covered)] = [shade, shade, shade, 255]
    return views


def test_what_fills_its_pictures_with_one_colour_is_broken_and_what_covers_nothing_is_empty() -> None:
    one, many = np.full(VIEWS, 90), np.arange(VIEWS) * 10
    config = DuplicatesConfig()

    def reason(views: NDArray[np.uint8]) -> str:
        return (soundness(views, config) or ("sound", ""))[0]

    assert reason(seen(one, 0.9)) == "broken"
    assert reason(seen(many, 0.9)) == "sound"
    assert reason(seen(one, 0.5)) == "sound"
    assert reason(seen(one, 0.0)) == "empty"
    fill_once = seen(one, 0.9)
    fill_once[1:, ..., 3] = 0
    assert reason(fill_once) == "sound"


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_planted_copies_are_found_and_lookalikes_stay(tmp_path: Path) -> None:
    """Of a seed that did not choose the limits: 8 originals a class, each with four copies and two twins."""
    config = DuplicatesConfig()
    sets = described(tmp_path, drawn_set(tmp_path, 22, 8), "-z", config)
    results = {name: scored(names, found, limits(config)) for name, (names, found) in sets.items()}
    for precision, _, _ in results.values():
        assert precision >= 0.95, results
    # A turn by two degrees moves edges as far as some twins differ: docs/duplicates.md says how many are missed.
    counts = [
        count
        for _, _, kinds in results.values()
        for (role, kind), count in kinds.items()
        if role == planted.COPY and not kind.startswith("turned")
    ]
    assert sum(c["dropped"] for c in counts) / sum(c["all"] for c in counts) >= 0.95, results
