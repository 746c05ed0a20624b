"""The small commands, run as a user types them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh

from infra.errors import UserError
from render import commands, modeller

ROOT = Path(__file__).resolve().parents[2]

THRONE = "class_name: chair\nback: slatted\nback_height: 0.8\n"


def run(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "render", *map(str, words)]
    return subprocess.run(
        command, check=False, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )


def test_models_of_every_source_end_in_one_picture(tmp_path: Path, box_models: Path) -> None:
    (tmp_path / "throne.yaml").write_text(THRONE)
    made = run(
        *("preview", "table", "throne.yaml", box_models / "crate/cube.obj", "--models", "2", "--azimuths", "0", "90"),
        *("--size", "48", "--columns", "4", "--samples", "4", "--out", "sheets/all.png"),
        folder=tmp_path,
    )
    assert made.returncode == 0, made.stderr
    sheet = cv2.imread(str(tmp_path / "sheets/all.png"))
    assert sheet.shape == (2 * 48, 4 * 48, 3)  # four models, two views of each, two models a row
    tiles = sheet.reshape(2, 48, 4, 48, 3).swapaxes(1, 2).reshape(8, -1)
    assert ((tiles < 250).mean(axis=1) > 0.02).all(), "something stands in every picture"


def test_folders_of_every_layout_and_many_roots_end_under_their_names(tmp_path: Path, box_models: Path) -> None:
    modeller.write(modeller.build(modeller.describe({"class_name": "chair"})), tmp_path / "03001627/1a2b")
    scene = trimesh.Scene()
    for place in range(3):
        move = trimesh.transformations.translation_matrix([2.0 * place, 0.0, 0.0])
        scene.add_geometry(trimesh.creation.box((1, 1, 1)), node_name=f"box {place}", transform=move)
    scene.export(tmp_path / "three-roots.glb")
    (tmp_path / "bad.obj").write_text("v 0 0 0\n")
    made = run(
        *("preview", "03001627/1a2b", "03001627", box_models, "three-roots.glb", "bad.obj", "--labels"),
        *("--size", "64", "--columns", "4", "--samples", "4", "--models", "1"),
        folder=tmp_path,
    )
    assert made.returncode == 0, made.stderr
    assert "5 models in preview.png" in made.stdout
    assert "bad.obj cannot be rendered" in made.stdout
    sheet = cv2.imread(str(tmp_path / "preview.png"))
    height, rest = divmod(sheet.shape[0], 2)
    assert (rest, sheet.shape[1]) == (0, 4 * 64)
    tiles = sheet.reshape(2, height, 4, 64, 3).swapaxes(1, 2).reshape(8, height, -1)
    shown = (tiles < 250).mean(axis=(1, 2))
    assert (shown[:5] > 0.05).all()
    assert shown[5] < 0.05  # the bad one's name alone
    assert (tiles[:6, 64:] < 100).any(axis=(1, 2)).all(), "a name stands under every picture"
    rows, columns = np.nonzero((tiles[4, :64].reshape(64, 64, 3) < 250).any(axis=2))
    assert np.ptp(columns) > 1.6 * np.ptp(rows), "all three boxes stand in a row"


def test_a_described_model_is_built_with_its_truth(tmp_path: Path) -> None:
    (tmp_path / "throne.yaml").write_text(THRONE)
    made = run("build", "throne.yaml", "--out", "throne", folder=tmp_path)
    assert made.returncode == 0, made.stderr
    written = json.loads((tmp_path / "throne/properties.json").read_text())
    assert written["back_height"] == 0.8
    assert {path.name for path in (tmp_path / "throne").iterdir()} == {
        "models",
        "properties.json",
        "keypoints.json",
        "parts.json",
    }


@pytest.mark.parametrize("class_name", modeller.CLASSES)
def test_every_property_is_listed_with_what_it_is(class_name: str, tmp_path: Path) -> None:
    made = run("describe", class_name, folder=tmp_path)
    assert made.returncode == 0, made.stderr
    for name in modeller.schema(class_name).model_fields:
        assert name[:12] in made.stdout
    assert all(word in made.stdout for word in ("wood", "wenge", "privacy", "#rrggbb")), "materials are listed too"


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["preview", "sofa"], ["sofa", "chair", ".glb"]),
        (["preview", "gone.glb"], ["gone.glb"]),
        (["preview", "bad.yaml"], ["bad.yaml", "back", "wicker", "ladder"]),
        (["preview", "list.yaml"], ["list.yaml", "class_name"]),
        (["preview", "broken.yaml"], ["broken.yaml", "YAML"]),
        (["build", "none.yaml", "--out", "x"], ["none.yaml", "legs", "none", "pedestal"]),
        (["describe", "sofa"], ["sofa", "chair"]),
    ],
)
def test_a_fault_is_one_line_and_nothing_is_written(words: list[str], names: list[str], tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("class_name: chair\nback: wicker\n")
    (tmp_path / "none.yaml").write_text("class_name: table\nlegs: none\n")
    (tmp_path / "list.yaml").write_text("- chair\n")
    (tmp_path / "broken.yaml").write_text("class_name: [chair\n")
    before = set(tmp_path.iterdir())
    made = run(*words, folder=tmp_path)
    assert made.returncode == 2
    assert len(made.stderr.strip().splitlines()) == 1, made.stderr
    for name in names:
        assert name in made.stderr
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["preview", "chair", "--size", "5"], ["--size", "5", "16"]),
        (["preview", "chair", "--models", "0"], ["--models", "0"]),
        (["preview", "chair", "--azimuths", "north"], ["--azimuths", "north", "degrees"]),
        (["preview", "chair", "--out", "sheet.jpg"], ["sheet.jpg", ".png"]),
        (["preview", "empty"], ["holds no models", "<synset>/<id>"]),
        (["preview", "gone/"], ["gone"]),
        (["previeww", "chair"], ["previeww", "did you mean 'preview'"]),
        (["build", "gone.yaml", "--out", "x"], ["gone.yaml"]),
        (["build", "throne.yaml", "--out", "throne.yaml"], ["throne.yaml", "--out"]),
        (["describe"], ["class_name"]),
    ],
)
def test_wrong_words_are_named_with_what_would_be_right(
    words: list[str], names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "throne.yaml").write_text(THRONE)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as raised:
        commands.main(words)
    for name in names:
        assert name in str(raised.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "throne.yaml"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["build", "number.yaml", "--out", "x"], ["number.yaml", "3 = 4", "known", "legs"]),
        (["build", "nameless.yaml", "--out", "x"], ["nameless.yaml", "class_name", "missing", "chair"]),
        (["build", "bytes.yaml", "--out", "x"], ["bytes.yaml", "utf-8"]),
        (["build", "deep.yaml", "--out", "x"], ["deep.yaml", "too deep"]),
        (["build", "good.yaml", "--out", "good.yaml"], ["--out", "good.yaml", "choose another"]),
        (["build", "good.yaml"], ["--out", "--help"]),
        (["preview", "good.yaml", "--out", "."], ["--out", "folder"]),
        (["preview", "good.yaml", "--elevation", "95"], ["--elevation", "95", "-90 to 90"]),
        (["preview", "good.yaml", "--azimuths", "nan"], ["--azimuths", "nan"]),
        (["preview", "chair", "--models", "none"], ["--models", "none", "1 or more"]),
    ],
)
def test_what_cannot_be_read_or_written_is_named_before_any_work(
    words: list[str], names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "good.yaml").write_text(THRONE)
    (tmp_path / "number.yaml").write_text("class_name: chair\n3: 4\n")
    (tmp_path / "nameless.yaml").write_text("back: slatted\n")
    (tmp_path / "bytes.yaml").write_bytes(b"class_name: chair\nback: \xff\xfe\n")
    (tmp_path / "deep.yaml").write_text("class_name: " + "[" * 5000 + "\n")
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    with pytest.raises(UserError) as caught:
        commands.main(words)
    for name in names:
        assert name in str(caught.value)
    assert set(tmp_path.iterdir()) == before
