"""ShapeNetCore is read as it was released: v1, v2, archives, its taxonomy and its split."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from infra.errors import UserError
from render import sources
from render.catalog import Catalog
from render.config import LimitsConfig, SourceConfig
from render.sources.keypointnet import read_keypoints
from render.sources.taxonomy import read_taxonomy
from tests.conftest import box_obj

CHAIR, TABLE, SOFA = "03001627", "04379243", "04256520"
ARMCHAIR, DECKCHAIR, RECLINER = "02738535", "03168217", "04062428"


def v1(root: Path, synset: str, name: str) -> Path:
    return written(root / synset / name / "model.obj")


def v2(root: Path, synset: str, name: str) -> Path:
    return written(root / synset / name / "models/model_normalized.obj")


def written(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or box_obj(1, 2, 1))
    return path


@pytest.fixture
def core(tmp_path: Path) -> Path:
    """Both layouts mixed, a folder of metadata alone, and files that are no models."""
    root = tmp_path / "ShapeNetCore"
    for name in ("c1", "c2", "c3"):
        v2(root, CHAIR, name)
    v1(root, CHAIR, "b1")
    v1(root, TABLE, "t1")
    v2(root, SOFA, "s1")
    written(root / CHAIR / "a0" / "models/model_normalized.json", "{}")
    written(root / "02691156" / "p1" / "metadata.json", "{}")
    written(root / "README.txt", "text")
    return root


def listed(root: Path, **settings: object) -> list[str]:
    return [f"{model.class_name}/{model.id}" for model in catalog(root, **settings).models]


def catalog(root: Path, **settings: object) -> Catalog:
    return sources.catalog(SourceConfig(kind="shapenet", path=str(root), **settings), seed=0)


def taxonomy(root: Path) -> None:
    entries = [
        {"synsetId": CHAIR, "name": "chair", "children": [ARMCHAIR], "numInstances": 4},
        {"synsetId": ARMCHAIR, "name": "armchair", "children": [RECLINER], "numInstances": 2},
        {"synsetId": RECLINER, "name": "recliner,reclining chair,lounger", "children": [], "numInstances": 1},
        {"synsetId": SOFA, "name": "sofa,couch,lounge", "children": [], "numInstances": 1},
    ]
    (root / "taxonomy.json").write_text(json.dumps(entries))


def split(path: Path) -> Path:
    rows = [
        (CHAIR, CHAIR, "c1", "train"),
        (CHAIR, ARMCHAIR, "c2", "test"),
        (CHAIR, RECLINER, "b1", "train"),
        (TABLE, TABLE, "t1", "val"),
        (SOFA, SOFA, "gone", "train"),
    ]
    lines = [f"{i:06d},{a},{b},{c},{d}" for i, (a, b, c, d) in enumerate(rows)]
    path.write_text("\n".join(["id,synsetId,subSynsetId,modelId,split", *lines]) + "\n")
    return path


def test_both_layouts_are_found_by_looking_and_metadata_is_passed_over(core: Path) -> None:
    assert listed(core) == ["chair/b1", "chair/c1", "chair/c2", "chair/c3", "sofa/s1", "table/t1"]
    models = {model.id: model for model in catalog(core).models}
    assert models["b1"].file == str(core / CHAIR / "b1/model.obj")
    assert models["c1"].file == str(core / CHAIR / "c1/models/model_normalized.obj")
    assert all((model.up, model.front) == ("+y", "-z") for model in models.values())


def test_the_built_in_names_are_those_of_the_55_synsets() -> None:
    known = read_taxonomy(Path("/nowhere")).synsets
    assert len(known) == 55
    assert (known[CHAIR].class_name, known["04256520"].class_name) == ("chair", "sofa")
    assert len({synset.class_name for synset in known.values()}) == 55


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        (["table", "chair"], ["table", "chair"]),
        (["sofa"], ["sofa"]),
        (["couch"], ["sofa"]),
        ([SOFA], ["sofa"]),
    ],
)
def test_a_class_is_asked_for_by_any_of_its_names_or_its_synset(core: Path, asked: list[str], got: list[str]) -> None:
    assert catalog(core, classes=asked).classes == got


def test_folders_may_bear_names_and_unknown_synsets_keep_their_number(tmp_path: Path) -> None:
    v1(tmp_path, "chair", "a")
    v1(tmp_path, "01234567", "b")
    assert listed(tmp_path) == ["01234567/b", "chair/a"]
    assert listed(tmp_path, classes=["01234567"]) == ["01234567/b"]
    assert listed(tmp_path, classes=[CHAIR]) == ["chair/a"]


def test_children_live_in_their_parents_folder_and_the_split_says_whose_they_are(core: Path, tmp_path: Path) -> None:
    taxonomy(core)
    with pytest.raises(UserError, match=r"'armchair' is a part of 'chair'.*put it at .*/all\.csv or give"):
        listed(core, classes=["armchair"])
    csv = split(tmp_path / "official.csv")
    assert listed(core, classes=["armchair"], split_file=str(csv)) == ["armchair/b1", "armchair/c2"]
    assert listed(core, classes=["lounger"], split_file=str(csv)) == ["recliner/b1"]
    assert listed(core, classes=[ARMCHAIR], split="test", split_file=str(csv)) == ["armchair/c2"]
    split(core / "all.csv")
    assert listed(core, classes=["armchair", "table"]) == ["armchair/b1", "armchair/c2", "table/t1"]


def test_the_split_takes_its_part(core: Path) -> None:
    with pytest.raises(UserError, match=r"part 'train' needs ShapeNet's official split: put it at .*all\.csv"):
        listed(core, split="train")
    split(core / "all.csv")
    assert listed(core, split="train") == ["chair/b1", "chair/c1"]
    assert listed(core, split="val") == ["table/t1"]
    with pytest.raises(UserError, match="no models of the classes asked for in the part 'val'"):
        listed(core, split="val", classes=["chair"])


def test_what_is_not_shapenet_is_named_with_the_mend(core: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no folder .*/nowhere; give --render\.source\.path"):
        listed(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"holds no ShapeNetCore: expected <synset>/<id>/models/model_normalized\.obj"):
        listed(written(tmp_path / "empty/x.txt", "x").parent)
    with pytest.raises(UserError, match="has no class 'zebra'; it has chair, sofa, table"):
        listed(core, classes=["zebra"])
    (core / "taxonomy.json").write_text('[{"name": "chair"}]')
    with pytest.raises(UserError, match=r"taxonomy\.json is not ShapeNet's taxonomy"):
        listed(core)
    (core / "taxonomy.json").unlink()
    (core / "all.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match=r"all\.csv is not ShapeNet's split"):
        listed(core)


def test_a_fingerprint_follows_names_and_sizes_of_a_models_files(core: Path) -> None:
    def fingerprint() -> str:
        return catalog(core, include=str(written(core / "list.txt", "c1\n"))).models[0].fingerprint

    before = fingerprint()
    assert fingerprint() == before
    written(core / CHAIR / "c1/images/texture0.jpg", "x")
    after = fingerprint()
    assert after != before
    written(core / CHAIR / "c1/images/texture0.jpg", "xy")
    assert fingerprint() not in (before, after)


def test_lists_of_ids_choose_and_leave_out(core: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = written(
        tmp_path / "kept.txt", f"# the good ones\nc1  # with a remark\n{CHAIR}/c3\ntable/t1\nsofa/c2\nmissing\n"
    )
    assert listed(core, include=str(kept)) == ["chair/c1", "chair/c3", "table/t1"]
    assert "2 of 5 ids in" in capsys.readouterr().out
    assert listed(core, exclude=str(kept)) == ["chair/b1", "chair/c2", "sofa/s1"]
    assert listed(core, include=str(kept), models_per_class=1) == ["chair/c1", "table/t1"]
    csv = written(tmp_path / "dropped.csv", "class_name,model,because\nchair,c1,c2\nsofa,c2,none\ntable,t1,x\n")
    assert listed(core, exclude=str(csv), classes=["chair", "table", "sofa"]) == [
        *("chair/b1", "chair/c2", "chair/c3", "sofa/s1")
    ]
    duplicates = written(tmp_path / "duplicates.csv", "class,dropped,kept,reason\nchair,c1,c2,copy\ntable,t1,,empty\n")
    assert listed(core, exclude=str(duplicates)) == ["chair/b1", "chair/c2", "chair/c3", "sofa/s1"]
    bare = written(tmp_path / "bare.csv", "c2,0.5\ns1,0.25\n")
    assert listed(core, include=str(bare)) == ["chair/c2", "sofa/s1"]
    with pytest.raises(UserError, match=r"none\.txt leaves no model of .*ShapeNetCore"):
        listed(core, include=str(written(tmp_path / "none.txt", "x\ny\n")))
    with pytest.raises(UserError, match=r"list of ids .*absent\.txt cannot be read"):
        listed(core, include=str(tmp_path / "absent.txt"))


def test_released_archives_are_read_where_they_lie(core: Path, tmp_path: Path) -> None:
    unpacked = listed(core, classes=["chair"])
    root = tmp_path / "zips"
    root.mkdir()
    written(core / CHAIR / "c1/models/model_normalized.mtl", "newmtl a\nmap_Kd ../images/texture0.png\n")
    with zipfile.ZipFile(root / f"{CHAIR}.zip", "w") as archive:
        for path in sorted((core / CHAIR).rglob("*.*")):
            archive.write(path, f"{CHAIR}/{path.relative_to(core / CHAIR)}")
    assert listed(root) == unpacked
    (model,) = catalog(root, include=str(written(tmp_path / "one.txt", "c1"))).models
    staged = sources.materialise(model, tmp_path / "scratch", LimitsConfig())
    assert staged.path.read_text().count("\nf ") == 6
    assert staged.notes == ("texture ../images/texture0.png is missing",)
    (root / "04379243.zip").write_bytes(b"PK no zip")
    with pytest.raises(UserError, match=r"04379243\.zip is no zip archive"):
        listed(root)


def test_keypoints_beside_a_model_are_taken_when_they_are_sound(core: Path, tmp_path: Path) -> None:
    (model,) = catalog(core, include=str(written(tmp_path / "one.txt", "c1"))).models
    beside = core / CHAIR / "c1/keypoints.json"
    for text, points in (
        ('{"seat": [0, 0.5, 1], "arm": null}', {"seat": [0.0, 0.5, 1.0], "arm": None}),
        ('{"seat": [0, 1]}', {}),
        ('{"seat": [0, 1, NaN]}', {}),
        ("[1, 2]", {}),
    ):
        beside.write_text(text)
        assert sources.materialise(model, tmp_path / text[:9], LimitsConfig()).keypoints == points


def annotated(path: Path, *models: tuple[str, str], points: object = None) -> Path:
    """KeypointNet's file of some models, its points out of their order."""
    usual = [{"xyz": [0.1, 0.2, 0.3], "semantic_id": 10, "rgb": [1, 2, 3]}, {"xyz": [0, -0.5, 0], "semantic_id": 2}]
    entries = [{"class_id": of, "model_id": name, "keypoints": points or usual} for of, name in models]
    return written(path, json.dumps(entries))


def test_keypointnets_points_go_with_v2_models_to_the_renderer(core: Path, tmp_path: Path) -> None:
    """b1 is a mesh of v1, in another frame; c3 is not annotated and keeps what lies beside it."""
    file = annotated(tmp_path / "chair.json", (CHAIR, "c1"), (CHAIR, "b1"), (CHAIR, "elsewhere"), (TABLE, "c3"))
    plain, found = catalog(core, classes=["chair"]), catalog(core, classes=["chair"], keypoints=str(file))
    models = {model.id: model for model in found.models}
    assert models["c1"].keypoints == (("kp_2", (0.0, -0.5, 0.0)), ("kp_10", (0.1, 0.2, 0.3)))
    assert all(models[name].keypoints == () for name in ("b1", "c2", "c3"))
    staged = sources.materialise(models["c1"], tmp_path / "scratch", LimitsConfig())
    assert staged.keypoints == {"kp_2": [0.0, -0.5, 0.0], "kp_10": [0.1, 0.2, 0.3]}
    changed = {new.id for new, old in zip(found.models, plain.models, strict=True) if new != old}
    assert changed == {"c1"}
    assert found.digest() != plain.digest()


def test_other_points_are_another_dataset_and_the_same_in_another_file_are_not(core: Path, tmp_path: Path) -> None:
    one, same = (catalog(core, keypoints=str(annotated(tmp_path / f"{k}.json", (CHAIR, "c1")))) for k in (1, 2))
    moved = annotated(tmp_path / "moved.json", (CHAIR, "c1"), points=[{"xyz": [0, 0, 0], "semantic_id": 2}])
    assert one.digest() == same.digest()
    assert one.digest() != catalog(core, keypoints=str(moved)).digest()


def test_annotated_models_are_found_in_archives(tmp_path: Path) -> None:
    root = tmp_path / "core"
    root.mkdir()
    with zipfile.ZipFile(root / f"{CHAIR}.zip", "w") as archive:
        archive.writestr(f"{CHAIR}/c1/models/model_normalized.obj", box_obj(1, 2, 1))
    file = annotated(tmp_path / "chair.json", (CHAIR, "c1"))
    (model,) = catalog(root, keypoints=str(file)).models
    assert [name for name, _ in model.keypoints] == ["kp_2", "kp_10"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[{"class_id": "03001627", "model_id": "c9", "keypoints": []}]', r"annotates 1 models of 03001627, and none"),
        ('[{"class_id": "03001627", "model_id": "b1", "keypoints": []}]', r"keypoints are of other meshes; give Shape"),
        ("{}", "holds no list of annotated models"),
        ("[1]", r"entry 0 is no annotation of KeypointNet"),
        ('[{"class_id": "1", "model_id": "a", "keypoints": [{"xyz": [0, 1], "semantic_id": 1}]}]', "three numbers"),
        (
            '[{"class_id": "1", "model_id": "a", "keypoints": [{"xyz": [0, 1, NaN], "semantic_id": 1}]}]',
            "three numbers",
        ),
        ("[", "cannot be read as KeypointNet's JSON"),
    ],
)
def test_keypoints_of_other_meshes_and_no_keypoints_are_one_line(
    core: Path, tmp_path: Path, text: str, line: str
) -> None:
    with pytest.raises(UserError, match=line) as caught:
        catalog(core, keypoints=str(written(tmp_path / "points.json", text)))
    assert "\n" not in str(caught.value)
    assert "points.json" in str(caught.value)


def test_an_annotation_is_of_one_model_and_an_id_of_one_point(core: Path, tmp_path: Path) -> None:
    twice = [{"xyz": [0, 0, 0], "semantic_id": 2}] * 2
    with pytest.raises(UserError, match=r"\(model c1\) has two keypoints of semantic id 2"):
        catalog(core, keypoints=str(annotated(tmp_path / "a.json", (CHAIR, "c1"), points=twice)))
    with pytest.raises(UserError, match="entry 1 annotates model c1 of class 03001627 again"):
        catalog(core, keypoints=str(annotated(tmp_path / "b.json", (CHAIR, "c1"), (CHAIR, "c1"))))
    with pytest.raises(UserError, match=r"cannot be read as KeypointNet's JSON.*none\.json"):
        catalog(core, keypoints=str(tmp_path / "none.json"))
    with pytest.raises(ValidationError, match=r"they need --render\.source\.kind shapenet"):
        SourceConfig(keypoints="chair.json")


def test_keypointnet_as_released_is_read() -> None:
    """999 chairs; mirrored ids lie at opposite x, feet below seats below tops: y up, as in model_normalized.obj."""
    released = Path(__file__).resolve().parents[3] / "shared/data/keypointnet/chair.json"
    if not released.is_file():
        pytest.skip("KeypointNet's chairs are not here")
    found = read_keypoints(released)
    assert len(found) == 999
    assert {synset for synset, _ in found} == {CHAIR}
    places = [dict(points) for points in found.values()]
    for name, low, high in (("kp_17", -1.0, -0.1), ("kp_4", -0.3, 0.3), ("kp_0", 0.1, 1.0)):
        heights = [each[name][1] for each in places if name in each]
        assert low < np.median(heights) < high
    for one, other in (("kp_0", "kp_1"), ("kp_4", "kp_5"), ("kp_17", "kp_20")):
        sums = [each[one][0] + each[other][0] for each in places if one in each and other in each]
        assert len(sums) > 900
        assert abs(np.median(sums)) < 0.02
