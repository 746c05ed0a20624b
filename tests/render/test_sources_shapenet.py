"""ShapeNetCore is read as it was released: v1, v2, archives, its taxonomy and its split."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from infra.errors import UserError
from render import sources
from render.catalog import Catalog
from render.config import LimitsConfig, SourceConfig
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
