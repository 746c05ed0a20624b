"""Pictures before white become views: names, soft masks against known coverage, one frame for all of a model."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from infra.errors import UserError
from infra.storage import open_storage
from infra.tracking import open_run
from render import records, sources
from render.catalog import Catalog, Model
from render.child import ModelFailure
from render.config import RenderConfig, SourceConfig
from render.cutout import coverage
from render.dataset import decode_shard
from render.job import render_dataset
from render.turntables import render_shard

SIZE, FINE = 120, 8
INK = np.array([150, 60, 40], np.float32)


def drawn(shape: NDArray[np.bool_], colour: NDArray[np.float32] = INK) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A picture and its true coverage [0, 1] of a shape given on a grid `FINE` times finer."""
    covered = shape.reshape(SIZE, FINE, SIZE, FINE).mean(axis=(1, 3)).astype(np.float32)
    picture = 255 + covered[..., None] * (colour - 255)
    return np.rint(picture).astype(np.uint8), covered


def grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """x and y of the fine grid's points, pixels."""
    y, x = np.mgrid[0 : SIZE * FINE, 0 : SIZE * FINE]
    return (x + 0.5) / FINE, (y + 0.5) / FINE


def ring(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    away = np.hypot(x - 61.3, y - 58.7)
    return (away < 38.4) & (away > 17.2)


def save(path: Path, picture: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture[..., ::-1])


def catalog(root: Path, **settings: object) -> Catalog:
    return sources.catalog(SourceConfig(kind="aubry", path=str(root), **settings), seed=0)


def test_a_mask_is_the_coverage_that_was_drawn_and_gaps_stay_open() -> None:
    x, y = grid()
    picture, covered = drawn(ring(x, y))
    mask = coverage(picture).astype(np.float32) / 255
    assert np.abs(mask - covered).max() < 0.03
    assert mask[58, 61] == 0


def test_a_leaning_bar_of_three_pixels_keeps_its_area() -> None:
    x, y = grid()
    along, across = (x - 60) * 0.8 + (y - 60) * 0.6, (y - 60) * 0.8 - (x - 60) * 0.6
    picture, covered = drawn((np.abs(along) < 45) & (np.abs(across) < 1.5))
    mask = coverage(picture).astype(np.float32) / 255
    assert mask.sum() == pytest.approx(covered.sum(), rel=0.05)


def test_white_parts_inside_are_the_objects() -> None:
    x, y = grid()
    whole = np.hypot(x - 60, y - 60) < 40
    picture, covered = drawn(whole)
    # Shaded white, up to the background's own: as bright as a white seat in the lamp's light.
    patch = np.hypot(x - 60, y - 60).reshape(SIZE, FINE, SIZE, FINE).mean(axis=(1, 3)) < 20
    shade = np.tile(np.interp(np.arange(SIZE), [40, 78], [246, 255]), (SIZE, 1))
    picture[patch] = np.rint(shade[patch])[:, None]
    assert (picture[patch] == 255).all(axis=-1).any()
    mask = coverage(picture).astype(np.float32) / 255
    assert np.abs(mask - covered).max() < 0.03


def test_noise_in_the_white_is_background_and_not_specks() -> None:
    x, y = grid()
    picture, covered = drawn(ring(x, y))
    noisy = cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1], cv2.IMREAD_COLOR)
    assert (noisy != picture).any()
    mask = coverage(noisy.astype(np.uint8)).astype(np.float32) / 255
    off = cv2.dilate((covered > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    assert mask[off].max() == 0
    assert np.abs(mask - covered).mean() < 0.01
    assert mask[58, 61] == 0


@pytest.fixture
def chairs(tmp_path: Path) -> Path:
    """Two models: elevations 20 and 30, azimuths without any step, boxes of known extent."""
    root = tmp_path / "rendered_chairs"
    x, y = grid()
    for name, half_width in (("aa", 20), ("bb", 30)):
        for index, (elevation, azimuth) in enumerate((p, t) for p in (20, 30) for t in (338, 11, 23)):
            shape = (np.abs(x - 50) < half_width - index) & (np.abs(y - 66) < 40)
            save(
                root / name / "renders" / f"image_{index:03d}_p{elevation:03d}_t{azimuth:03d}_r096.png", drawn(shape)[0]
            )
    save(root / "aa" / "renders" / "thumb.png", drawn(x > 50)[0])
    (root / "all_chair_names.mat").write_bytes(b"x")
    return root


def test_folders_become_models_with_the_views_their_names_tell(chairs: Path) -> None:
    models = catalog(chairs).models
    assert [(m.class_name, m.id, m.photos, m.views) for m in models] == [
        ("chair", "aa", True, 6),
        ("chair", "bb", True, 6),
    ]
    views = [picture.view for picture in sources.photographs(models[0], RenderConfig(size=64))]
    assert [(v.index, v.elevation_deg, v.azimuth_deg) for v in views] == [
        *((0, 20, 11), (1, 20, 23), (2, 20, 338)),
        *((3, 30, 11), (4, 30, 23), (5, 30, 338)),
    ]
    assert catalog(chairs, classes=["seat"]).classes == ["seat"]
    (chairs / "kept.txt").write_text("bb\n")
    assert [model.id for model in catalog(chairs, include=str(chairs / "kept.txt")).models] == ["bb"]


def test_all_views_of_a_model_are_framed_by_one_square_with_the_border(chairs: Path) -> None:
    config = RenderConfig(size=64, border=0.125)
    pictures = [picture.pixels for picture in sources.photographs(catalog(chairs).models[0], config)]
    masks = np.stack([pixels[..., 3] for pixels in pictures]) / 255
    # The tallest extent is 80 pixels and fills 0.75 of 64, so a pixel of 120 becomes 0.6.
    for pixels, mask in zip(pictures, masks, strict=True):
        ys = np.flatnonzero((mask > 0.5).any(axis=1))
        assert (ys[0], ys[-1] + 1) == (8, 56)
        assert (pixels[..., :3][mask == 0] == 255).all()
        np.testing.assert_allclose(pixels[32, 32, :3], INK, atol=1)
    widths = masks[:, 32].sum(axis=1)
    # Index 1 (azimuth 11, elevation 20) is the second file: half as wide as 20 - 1 pixels.
    np.testing.assert_allclose(widths, [2 * (20 - i) * 0.6 for i in (1, 2, 0, 4, 5, 3)], atol=0.6)


def test_a_crop_beyond_the_picture_is_white(tmp_path: Path) -> None:
    x, y = grid()
    save(tmp_path / "aa/renders/image_000_p020_t000_r096.png", drawn((x < 118) & (x > 60) & (y > 1) & (y < 119))[0])
    (picture,) = sources.photographs(catalog(tmp_path).models[0], RenderConfig(size=64, border=0.2))
    assert (picture.pixels[:, -10:] == (255, 255, 255, 0)).all()


@pytest.mark.parametrize("fault", ["cut", "empty", "white", "size", "link", "missing"])
def test_a_broken_picture_fails_its_model_and_is_named(chairs: Path, fault: str) -> None:
    model = catalog(chairs).models[0]
    path = chairs / "aa/renders/image_004_p030_t011_r096.png"
    data = path.read_bytes()
    path.unlink()
    if fault == "cut":
        path.write_bytes(data[:30])
    elif fault == "empty":
        path.write_bytes(b"")
    elif fault == "white":
        save(path, np.full((SIZE, SIZE, 3), 255, np.uint8))
    elif fault == "size":
        save(path, np.zeros((SIZE, SIZE + 1, 3), np.uint8))
    elif fault == "link":
        (chairs.parent / "secret.png").write_bytes(data)
        path.symlink_to(chairs.parent / "secret.png")
    else:
        path.symlink_to("nowhere.png")
    with pytest.raises(ModelFailure, match=r"image_004_p030_t011_r096\.png"):
        list(sources.photographs(model, RenderConfig(size=64)))


def test_a_shard_of_photographs_tells_angles_and_no_camera(chairs: Path, tmp_path: Path) -> None:
    (plan,) = catalog(chairs).shards(8)
    storage = open_storage(str(tmp_path / "dataset"))
    part = render_shard(plan, RenderConfig(size=32), storage, lambda *counts: None)
    assert (part.shard.samples, part.failures) == (12, [])
    assert {row["azimuth_deg"] for row in part.rows} == {11.0, 23.0, 338.0}
    keys, pictures = decode_shard(tmp_path / "dataset/shards" / part.shard.name, 32)
    assert (keys[0], pictures.shape) == ("chair_aa_v000", (12, 32, 32, 4))
    (picture, *_) = sources.photographs(plan.models[0][1], RenderConfig(size=32))
    facts = records.facts(plan.models[0][1], 0, picture, 32)
    assert "K" not in json.dumps(facts) and facts["elevation_deg"] == 20


@pytest.mark.long
def test_a_dataset_of_photographs_tells_the_angles_that_it_has(
    local_ray: None, chairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    storage = open_storage(str(tmp_path / "dataset"))
    run = open_run(
        f"sqlite:///{tmp_path / 'mlflow.db'}", "render", "render", "inputs", open_storage(tmp_path / "mlflow")
    )
    manifest = render_dataset(RenderConfig(size=32), catalog=catalog(chairs), storage=storage, run=run)
    assert (manifest.azimuths_deg, manifest.elevations_deg) == ([11, 23, 338], [20, 30])
    assert (manifest.views, manifest.failed_models) == (12, 0)
    assert "12/12 views" in capsys.readouterr().out


def test_what_holds_no_pictures_is_named_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no pictures: expected <id>/renders/image_NNN"):
        catalog(tmp_path)
    with pytest.raises(UserError, match=r"no folder .*nowhere; give --render\.source\.path rendered_chairs"):
        catalog(tmp_path / "nowhere")
    model = Model("x", "chair", "f", file=str(tmp_path), photos=True, root=str(tmp_path))
    with pytest.raises(ModelFailure, match="holds no pictures"):
        list(sources.photographs(model, RenderConfig()))
