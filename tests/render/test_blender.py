"""Blender's pictures against geometry, and its child process against crashes, hangs and broken files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from render.blender.__main__ import reason_of
from render.catalog import Model
from render.child import Blender, BlenderDied, ModelFailure
from render.config import RenderConfig
from render.pictures import Picture
from render.shooting import shoot
from render.viewpoints import View, framing, project, view_grid

ROOT = Path(__file__).resolve().parents[2]
CONFIG = RenderConfig(size=96, azimuths=6, elevations=[0, 35], samples=8, timeout_s=120)


@pytest.fixture(scope="module")
def blender() -> Iterator[Blender]:
    with Blender() as process:
        yield process


def pictures(blender: Blender, path: Path, scratch: Path, views: list[View] | None = None) -> list[Picture]:
    views = views if views is not None else view_grid(CONFIG.azimuths_deg, CONFIG.elevations)
    return list(shoot(blender, Model("m", "c", "f", file=str(path)), CONFIG, views, scratch))


def test_masks_lie_where_the_camera_matrices_say(blender: Blender, box_models: Path, tmp_path: Path) -> None:
    """The box 2 x 0.5 x 1 (y up), projected by hand, bounds its own mask to half a pixel in every view."""
    half = np.array([2, 1, 0.5]) / 2  # z up
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * half
    corners /= np.linalg.norm(2 * half)
    scale, lift = framing(corners, view_grid(CONFIG.azimuths_deg, CONFIG.elevations), CONFIG.border)
    reach = []
    for picture in pictures(blender, box_models / "crate/slab.obj", tmp_path):
        view = picture.view
        pixels, _ = project(corners * scale + [0, 0, lift], CONFIG.size, view.azimuth_deg, view.elevation_deg)
        covered = picture.pixels[..., 3] > 127
        for axis, lines in ((0, covered.any(axis=0)), (1, covered.any(axis=1))):
            where = np.flatnonzero(lines)
            assert where[0] == pytest.approx(pixels[:, axis].min(), abs=0.75)
            assert where[-1] + 1 == pytest.approx(pixels[:, axis].max(), abs=0.75)
            reach += [where[0], CONFIG.size - where[-1] - 1]
    assert min(reach) / CONFIG.size == pytest.approx(CONFIG.border, abs=0.012)


def test_the_background_is_white_and_the_mask_is_soft(blender: Blender, box_models: Path, tmp_path: Path) -> None:
    for picture in pictures(blender, box_models / "crate/cube.obj", tmp_path)[:2]:
        rgb, mask = picture.pixels[..., :3], picture.pixels[..., 3]
        assert (rgb[mask == 0] == 255).all()
        assert (mask == 255).sum() > 1000
        assert ((mask > 20) & (mask < 235)).any()
        assert rgb[mask == 255].mean() < 245


def test_a_view_is_the_same_alone_or_in_a_turntable(blender: Blender, box_models: Path, tmp_path: Path) -> None:
    path = box_models / "crate/slab.obj"
    whole = pictures(blender, path, tmp_path)
    (alone,) = pictures(blender, path, tmp_path, [whole[7].view])
    np.testing.assert_array_equal(alone.pixels, whole[7].pixels)


def test_a_broken_file_fails_alone_and_the_process_goes_on(blender: Blender, box_models: Path, tmp_path: Path) -> None:
    broken = {
        "cut.glb": b"glTF\2\0\0\0\xff\xff\0\0",
        "empty.obj": b"",
        "points.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\n",
    }
    for name, data in broken.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ModelFailure) as failure:
            pictures(blender, tmp_path / name, tmp_path)
        assert not isinstance(failure.value, BlenderDied)
        assert failure.value.reason
    (tmp_path / "speck.obj").write_text("v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n")
    with pytest.raises(ModelFailure, match="no extent"):
        pictures(blender, tmp_path / "speck.obj", tmp_path)
    assert len(pictures(blender, box_models / "crate/cube.obj", tmp_path)) == 12


def test_a_killed_blender_is_said_and_replaced(box_models: Path, tmp_path: Path) -> None:
    with Blender() as process:
        answers = shoot(
            process,
            Model("m", "c", "f", file=str(box_models / "crate/cube.obj")),
            CONFIG,
            view_grid(CONFIG.azimuths_deg, CONFIG.elevations),
            tmp_path,
        )
        next(answers)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(BlenderDied, match="signal 9"):
            list(answers)
        assert len(pictures(process, box_models / "crate/cube.obj", tmp_path)) == 12


def test_a_hanging_blender_is_killed_after_its_time(box_models: Path, tmp_path: Path) -> None:
    with Blender() as process:
        pictures(process, box_models / "crate/cube.obj", tmp_path, [])
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        late = CONFIG.model_copy(update={"timeout_s": 1.0})
        model = Model("m", "c", "f", file=str(box_models / "crate/cube.obj"))
        with pytest.raises(BlenderDied, match="time limit of 1 s"):
            list(shoot(process, model, late, view_grid([0], [0]), tmp_path))
        assert process.pid is None


def test_the_reason_of_a_failed_import_is_its_end_and_not_where_its_traceback_begins() -> None:
    handed_on = (
        'Error: Python: Traceback (most recent call last):\n  File "io.py", line 3\nKeyError: 0\n\nLocation: ops.py'
    )
    assert reason_of(RuntimeError(handed_on)) == "KeyError: 0"
    assert reason_of(ValueError("the file holds no faces\nmore")) == "ValueError: the file holds no faces"
    assert reason_of(MemoryError()) == "MemoryError"


def test_importing_any_floor_never_imports_bpy() -> None:
    floors = "infra.doctor, infra.cluster, render.job, render.__main__, train.job, evaluate.job, pipeline.stages"
    script = f"import sys, {floors}; assert not any(m == 'bpy' or m.startswith('bpy.') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
