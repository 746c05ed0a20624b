"""Cleaning up takes what nobody needs and nothing else: the same command finds all that it found before."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import boto3
import pytest

from infra import lease
from infra.errors import UserError
from infra.storage import FolderStorage
from pipeline import cleanup
from pipeline.cleanup import CHECKPOINTS, OTHERS, STRAYS, UNFINISHED, leftovers, main, remove
from pipeline.survey import trainings_of
from tests.infra.test_lease import another_job
from tests.pipeline.standin import World, copied, finished_world, half_world, world_in


def files_of(world: World) -> set[str]:
    found = {path.relative_to(world.folder).as_posix() for path in world.folder.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith("lease/")}


def plant(world: World) -> dict[str, set[str]]:
    """Leftovers of every kind, and things that are nobody's business; returns the leftovers by kind."""
    (each,) = trainings_of(world.recipe)
    own, other = world.checkpoints(each).storage.url, world.folder / "training/generator/checkpoints-00000000deadbeef"
    planted = {
        UNFINISHED: {".partial-abc", "dataset/shards/.partial-def"},
        STRAYS: {f"dataset/{name}" for name in ("shards/chair-9.tar", "parts/chair-9.json", "shards/lamp-000000.tar")},
        CHECKPOINTS: {f"{Path(own).relative_to(world.folder)}/step-000000050/state.safetensors"},
        OTHERS: {
            f"{other.relative_to(world.folder)}/step-000000010/state.json",
            f"{other.relative_to(world.folder)}/step-000000010/state.safetensors",
            "training/augment1-0a1b2c3d/generator.json",
            "training/augment1-0a1b2c3d/generator.safetensors",
            "training/half-12345678/checkpoints-0123456789abcdef/step-000000010/state.json",
            "evaluation/sampling/summary.json",
            "evaluation/sampling/figure.png",
        },
    }
    mine = {"notes.txt", "dataset/shards/readme.md", "training/notes/todo.txt", "evaluation/mine/plot.png", "mlflow.db"}
    mine |= {"evaluation/claims.csv", "dataset/preview/chair.png", "dataset/shards/old/chair-000009.tar"}
    for name in mine.union(*planted.values()):
        path = world.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}")
        os.utime(path, (1e9, 1e9))
    (world.folder / ".partial-of-now").write_bytes(b"half")
    if not world.workspace.exists("dataset/manifest.json"):
        # Shards may be another run's, and of which dataset a checkpoint is, nobody knows yet.
        unknown = {name for name in planted[OTHERS] if "deadbeef" in name}
        planted[OTHERS] = (planted[OTHERS] | planted.pop(STRAYS)) - unknown
    return planted


@pytest.fixture(params=["finished", "half made", "only shards"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    if request.param == "finished":
        return finished_world(tmp_path / "run")
    if request.param == "half made":
        return half_world(tmp_path / "run")
    made = world_in(tmp_path / "run")
    made.record()
    made.add_shards(1)
    return made


def test_leftovers_are_found_and_nothing_else(world: World) -> None:
    planted = plant(world)
    found: dict[str, set[str]] = {}
    for each in leftovers(world.workspace):
        found.setdefault(each.kind, set()).add(each.file.name)
    assert found == planted


def test_listing_removes_nothing_and_says_how(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    planted = plant(world)
    before = {name: (world.folder / name).stat().st_mtime_ns for name in files_of(world)}
    assert main(["--workspace", str(world.folder)]) == 0
    assert {name: (world.folder / name).stat().st_mtime_ns for name in files_of(world)} == before
    assert not (world.folder / "lease").exists()
    output = capsys.readouterr().out
    assert all(f"{kind}: {len(names)} file" in output for kind, names in planted.items())
    command = f"python pipeline/run.py cleanup --workspace {world.folder} --yes"
    assert f"nothing was removed; {command} does" in output
    assert f"those of other settings stay until {command} --others" in output


@pytest.mark.parametrize("others", [False, True])
def test_after_it_the_same_command_finds_what_it_found_before(world: World, others: bool) -> None:
    needed = files_of(world)
    digest, found, states = world.digest_of(sorted(needed)), world.found_by_the_jobs(), world.states()
    planted = plant(world)
    everything = files_of(world)
    assert main(["--workspace", str(world.folder), "--yes", *(["--others"] if others else [])]) == 0
    left = files_of(world)
    assert needed <= left
    assert world.digest_of(sorted(needed)) == digest
    assert world.found_by_the_jobs() == found
    assert world.states() == states
    gone = everything - left
    assert gone >= set().union(*(names for kind, names in planted.items() if kind != OTHERS))
    assert gone <= set().union(*planted.values())
    assert bool(gone & planted[OTHERS]) == others
    assert {"notes.txt", "training/notes/todo.txt", "evaluation/mine/plot.png", ".partial-of-now"} <= left
    assert not [path for path in world.folder.rglob("*") if path.is_dir() and not any(path.iterdir())]
    assert not [each for each in leftovers(world.workspace) if others or each.kind != OTHERS]


def test_checkpoints_of_a_training_that_is_finished_go(tmp_path: Path) -> None:
    world = finished_world(tmp_path / "run")
    (each,) = trainings_of(world.recipe)
    world.add_checkpoint(each, 60)
    assert Counter(one.kind for one in leftovers(world.workspace)) == {CHECKPOINTS: 2}
    world.workspace.delete("training/generator/generator.safetensors")  # then it is not finished, and goes on from them
    assert leftovers(world.workspace) == []
    assert world.checkpoints(each).steps() == [60]


def test_checkpoints_of_a_changed_setting_stay_beside_the_old_generator(tmp_path: Path) -> None:
    world = finished_world(tmp_path / "run").changed("--train.steps", "70")
    world.record()
    (each,) = trainings_of(world.recipe)
    world.add_checkpoint(each, 40)
    assert leftovers(world.workspace) == []
    assert world.states()["generator"] == "under way"


def test_while_there_is_no_dataset_checkpoints_of_any_stay(tmp_path: Path) -> None:
    world = half_world(tmp_path / "run")
    kept = world.workspace.read_bytes("dataset/manifest.json")
    world.workspace.delete("dataset/manifest.json")
    (world.folder / "training/generator/checkpoints-00000000deadbeef/step-000000010").mkdir(parents=True)
    world.workspace.write_bytes("training/generator/checkpoints-00000000deadbeef/step-000000010/state.json", b"{}")
    assert leftovers(world.workspace) == []
    world.workspace.write_bytes("dataset/manifest.json", kept)
    assert [each.kind for each in leftovers(world.workspace)] == [OTHERS]


def test_where_neither_manifest_nor_recipe_says_what_is_needed_all_stays(tmp_path: Path) -> None:
    world = half_world(tmp_path / "run")
    plant(world)
    for name in ("dataset/manifest.json", "recipe.json"):
        world.workspace.delete(name)
    assert {each.kind for each in leftovers(world.workspace)} == {UNFINISHED, CHECKPOINTS}
    assert all("step-000000050" in each.file.name for each in leftovers(world.workspace) if each.kind == CHECKPOINTS)


def test_a_damaged_manifest_condemns_no_shard(tmp_path: Path) -> None:
    world = finished_world(tmp_path / "run")
    plant(world)
    world.workspace.write_bytes("dataset/manifest.json", b"{half")
    assert STRAYS not in {each.kind for each in leftovers(world.workspace)}


def test_what_says_that_others_are_whole_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = finished_world(tmp_path / "run")
    plant(world)
    order: list[str] = []
    real = FolderStorage.delete

    def delete(self: FolderStorage, name: str) -> None:
        order.append(name)
        real(self, name)

    monkeypatch.setattr(FolderStorage, "delete", delete)
    remove(world.workspace, leftovers(world.workspace))
    for first, then in (("generator.json", "generator.safetensors"), ("summary.json", "figure.png")):
        places = [name.removesuffix(first) for name in order if name.endswith(f"/{first}")]
        assert places
        assert all(order.index(place + first) < order.index(place + then) for place in places)


@pytest.mark.parametrize("option", [[], ["--yes"]])
def test_while_a_run_works_there_it_is_refused(tmp_path: Path, option: list[str]) -> None:
    world = finished_world(tmp_path / "run")
    plant(world)
    with another_job(world.workspace) as other:
        before = files_of(world)
        with pytest.raises(UserError, match=rf"process {other.pid} on .* works in .*/run; clean up after its end"):
            main(["--workspace", str(world.folder), *option])
        assert files_of(world) == before
        other.kill()
        other.wait()
        assert main(["--workspace", str(world.folder), *option]) == 0


def test_a_clean_workspace_is_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = finished_world(tmp_path / "run")
    for option in ([], ["--yes"]):
        assert main(["--workspace", str(world.folder), *option]) == 0
        assert capsys.readouterr().out.startswith("nothing to clean up")


def test_no_workspace_is_one_line(tmp_path: Path) -> None:
    shutil.copy(sys.executable, tmp_path / "python")
    with pytest.raises(UserError, match="is no workspace"):
        main(["--workspace", str(tmp_path), "--yes"])
    assert os.listdir(tmp_path) == ["python"]


def test_on_s3_uploads_in_parts_are_listed_and_ended(
    tmp_path: Path, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = half_world(tmp_path / "run")
    plant(world)
    storage = copied(world, f"{s3_bucket}/cleanup")
    client = boto3.session.Session().client("s3")
    key = "cleanup/dataset/shards/chair-000000.tar"
    upload = client.create_multipart_upload(Bucket="turnery-test", Key=key)["UploadId"]
    client.upload_part(Bucket="turnery-test", Key=key, UploadId=upload, PartNumber=1, Body=bytes(1000))
    assert UNFINISHED not in {each.kind for each in leftovers(storage)}  # it may be of a run that lives
    monkeypatch.setattr(cleanup, "UNFINISHED_S", -5)
    monkeypatch.setattr(lease, "UNFINISHED_S", 3600)
    (found,) = (each.file for each in leftovers(storage) if each.kind == UNFINISHED)
    assert (found.name, found.bytes) == ("dataset/shards/chair-000000.tar", 1000)
    assert main(["--workspace", storage.url, "--yes"]) == 0
    assert "Uploads" not in client.list_multipart_uploads(Bucket="turnery-test", Prefix="cleanup/")
    assert storage.exists("dataset/shards/chair-000000.tar")
    assert {each.kind for each in leftovers(storage)} == {OTHERS}
