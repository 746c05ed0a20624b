"""Folders of models: what counts as a model's content, what is listed, and what every source lets choose."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from infra.errors import UserError
from render import sources
from render.catalog import Catalog
from render.child import ModelFailure
from render.config import LimitsConfig, SourceConfig
from tests.conftest import box_obj
from tests.render.hostile import gltf, png, textured


def catalog(root: Path, **settings: object) -> Catalog:
    return sources.catalog(SourceConfig(kind="folder", path=str(root), **settings), seed=0)


@pytest.fixture
def chair(tmp_path: Path) -> Path:
    """`models/chair/m.obj` with a material library and a texture."""
    folder = tmp_path / "models/chair"
    folder.mkdir(parents=True)
    (folder / "m.obj").write_text("mtllib m.mtl\n" + box_obj(1, 1, 1))
    (folder / "m.mtl").write_text("newmtl a\nmap_Kd ../images/wood.png\n")
    (folder.parent / "images").mkdir()
    (folder.parent / "images/wood.png").write_bytes(png())
    return folder


@pytest.mark.parametrize("changed", ["chair/m.obj", "chair/m.mtl", "images/wood.png"])
def test_an_obj_changes_with_its_materials_and_textures(chair: Path, changed: str) -> None:
    root = chair.parent
    before = catalog(root).digest()
    assert catalog(root).digest() == before
    path = root / changed
    path.write_bytes(path.read_bytes() + b"\n")
    assert catalog(root).digest() != before


@pytest.mark.parametrize("changed", ["a.png", "d.bin"])
def test_a_gltf_changes_with_its_buffers_and_pictures(tmp_path: Path, changed: str) -> None:
    folder = tmp_path / "models/chair"
    folder.mkdir(parents=True)
    document = textured("a.png")
    document["buffers"][0]["uri"] = "d.bin"
    gltf(folder, document)
    (folder / "a.png").write_bytes(png())
    (folder / "d.bin").write_bytes(b"\0" * 36)
    before = catalog(tmp_path / "models").digest()
    (folder / changed).write_bytes((folder / changed).read_bytes() + b"\0")
    assert catalog(tmp_path / "models").digest() != before


def test_a_file_outside_of_the_folder_does_not_count_and_is_not_used(chair: Path) -> None:
    (chair / "m.mtl").write_text("newmtl a\nmap_Kd ../../secret.png\n")
    secret = chair.parent.parent / "secret.png"
    secret.write_bytes(png(1))
    before = catalog(chair.parent).digest()
    secret.write_bytes(png(2))
    assert catalog(chair.parent).digest() == before
    (model,) = catalog(chair.parent).models
    got = sources.materialise(model, chair.parent / "scratch", LimitsConfig())
    assert got.notes == ("texture ../../secret.png lies outside of the model's folder",)


def test_what_cannot_be_read_is_listed_and_fails_as_a_model(chair: Path) -> None:
    os.mkfifo(chair / "pipe.obj")
    (chair / "folder.glb").mkdir()
    models = {model.id: model for model in catalog(chair.parent).models}
    assert set(models) == {"folder", "m", "pipe"}
    for name in ("folder", "pipe"):
        with pytest.raises(ModelFailure, match=f"{name}.* is not a regular file"):
            sources.materialise(models[name], chair.parent / "scratch", LimitsConfig())


def test_axes_can_be_given_for_any_source_and_make_another_content(chair: Path) -> None:
    (usual,) = catalog(chair.parent).models
    (turned,) = catalog(chair.parent, up="+z", front="-y").models
    assert (usual.up, usual.front) == ("+y", "+z")
    assert (turned.up, turned.front) == ("+z", "-y")
    assert usual.fingerprint != turned.fingerprint
    assert catalog(chair.parent, up="+y", front="+z").digest() == catalog(chair.parent).digest()
    with pytest.raises(UserError, match=r"up \+z and front \+z must be different axes: give both"):
        catalog(chair.parent, up="+z")
    (drawn,) = sources.catalog(SourceConfig(classes=["chair"], models_per_class=1, front="+x"), seed=0).models
    assert drawn.front == "+x"


def test_lists_of_ids_serve_folders_and_drawn_models(box_models: Path, tmp_path: Path) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("crate/slab\npole\nchair/s0n0001\n")
    assert [model.id for model in catalog(box_models, include=str(ids)).models] == ["slab", "pole"]
    assert [model.id for model in catalog(box_models, exclude=str(ids)).models] == ["cube"]
    drawn = sources.catalog(SourceConfig(models_per_class=2, include=str(ids)), seed=0)
    assert [(model.class_name, model.id) for model in drawn.models] == [("chair", "s0n0001")]
    (tmp_path / "empty.txt").write_text("# nothing\n")
    with pytest.raises(UserError, match=r"list of ids .*empty\.txt is empty"):
        catalog(box_models, include=str(tmp_path / "empty.txt"))


def test_models_are_chosen_before_their_number_is_cut(box_models: Path, tmp_path: Path) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("cube\n")
    (model, *_) = catalog(box_models, exclude=str(ids), models_per_class=1).models
    assert model.id == "slab"


def test_a_described_model_is_built_and_not_vetted(tmp_path: Path) -> None:
    (tmp_path / "chair").mkdir()
    (tmp_path / "chair/throne.yaml").write_text("class_name: chair\n")
    (model,) = catalog(tmp_path).models
    got = sources.materialise(model, tmp_path / "scratch", LimitsConfig(faces=1))
    assert json.loads((got.path.parent.parent / "keypoints.json").read_text()) == got.keypoints != {}
