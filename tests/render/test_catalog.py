"""Which models there are, and which shard each goes to, follows from the source alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from infra.errors import UserError
from render import sources
from render.catalog import Catalog, Model
from render.config import LimitsConfig, RenderConfig, SourceConfig
from render.turntables import shard_digest


def folder(path: Path, **settings: object) -> Catalog:
    return sources.catalog(SourceConfig(kind="folder", path=str(path), **settings), seed=0)


def test_a_folder_is_read_class_by_class_in_alphabetical_order(box_models: Path) -> None:
    found = folder(box_models).models
    assert [(model.class_name, model.id) for model in found] == [
        ("crate", "cube"),
        ("crate", "slab"),
        ("post", "pole"),
    ]


def test_classes_and_numbers_can_be_chosen(box_models: Path) -> None:
    assert folder(box_models, classes=["post", "crate"], models_per_class=1).classes == ["post", "crate"]
    assert len(folder(box_models, models_per_class=1).models) == 2


def test_the_digest_follows_contents_and_not_where_files_lie(box_models: Path, tmp_path: Path) -> None:
    shutil.copytree(box_models, tmp_path / "copy")
    assert folder(tmp_path / "copy").digest() == folder(box_models).digest()
    (tmp_path / "copy/crate/cube.obj").write_text((box_models / "crate/slab.obj").read_text())
    assert folder(tmp_path / "copy").digest() != folder(box_models).digest()


def test_names_become_keys_without_dots_or_spaces(tmp_path: Path) -> None:
    (tmp_path / "my chairs").mkdir()
    for name in ("a.b c.obj", "d.obj", "d.glb"):
        (tmp_path / "my chairs" / name).write_text("x")
    assert [model.id for model in folder(tmp_path).models] == ["a-b-c", "d-glb", "d-obj"]
    assert folder(tmp_path).classes == ["my-chairs"]


@pytest.mark.parametrize(
    ("make", "line"),
    [
        ([], "holds no models: expected <class>/<name>"),
        (["chair/readme.txt"], "holds no models"),
        (["a.glb", "b.obj"], "put the 2 models there into a folder named after their class"),
        (["chair/a b.obj", "chair/a.b.obj"], "two models of class 'chair' have the same name 'a-b'"),
    ],
)
def test_a_folder_without_models_is_named_with_the_mend(tmp_path: Path, make: list[str], line: str) -> None:
    for name in make:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    with pytest.raises(UserError, match=line):
        folder(tmp_path)


def test_a_missing_folder_or_class_is_named(box_models: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no folder .*/nowhere; give --render\.source\.path"):
        folder(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"--render\.source\.path DIR"):
        sources.catalog(SourceConfig(kind="folder"), seed=0)
    with pytest.raises(UserError, match="has no class 'sofa'; it has crate, post"):
        folder(box_models, classes=["sofa"])
    with pytest.raises(UserError, match="the modeller has no class 'sofa'"):
        sources.catalog(SourceConfig(classes=["sofa"]), seed=0)


def test_shards_never_mix_classes_and_cover_every_model_once() -> None:
    models = [Model(f"m{i}", name, "f", file="x") for name, n in (("a", 5), ("b", 2)) for i in range(n)]
    plans = Catalog(tuple(models)).shards(models_per_shard=2)
    assert [plan.name for plan in plans] == ["a-000000", "a-000001", "a-000002", "b-000000"]
    assert [style for plan in plans for style, _ in plan.models] == list(range(7))


def test_a_shards_digest_follows_the_look_and_not_how_the_work_is_spread() -> None:
    (plan,) = Catalog((Model("m", "a", "f", file="x"),)).shards(1)
    base = shard_digest(plan, RenderConfig())
    assert base == shard_digest(plan, RenderConfig(threads=1, timeout_s=5, retries=3, failures_allowed=1))
    assert base == shard_digest(plan, RenderConfig(azimuth_list=[10.0 * i for i in range(36)]))
    for other in ({"samples": 17}, {"size": 64}, {"azimuths": 35}, {"elevations": [0]}, {"border": 0.1}):
        assert base != shard_digest(plan, RenderConfig(**other))


def test_parametric_models_are_the_same_for_ever_and_others_for_another_seed() -> None:
    source = SourceConfig(models_per_class=3)
    first, again, other = (sources.catalog(source, seed=seed) for seed in (0, 0, 1))
    assert first.digest() == again.digest() != other.digest()
    assert len({model.fingerprint for model in first.models}) == len(first.models) >= 6


def test_a_description_is_a_model_of_a_folder_and_follows_its_properties(tmp_path: Path) -> None:
    (tmp_path / "chair").mkdir()
    throne = tmp_path / "chair/throne.yaml"
    throne.write_text("class_name: chair\nback_height: 0.8\n")
    [model] = folder(tmp_path).models
    assert (model.class_name, model.id, model.front) == ("chair", "throne", "-z")
    assert sources.materialise(model, tmp_path / "scratch", LimitsConfig()).path.name == "model_normalized.obj"
    throne.write_text("# a note\nback_height: 0.80\nclass_name: chair\n")
    assert folder(tmp_path).models[0].fingerprint == model.fingerprint
    throne.write_text("class_name: chair\nback_height: 0.81\n")
    assert folder(tmp_path).models[0].fingerprint != model.fingerprint
    throne.write_text("class_name: chair\nback_height: 81\n")
    with pytest.raises(UserError, match=r"throne\.yaml.*back_height"):
        folder(tmp_path)
