"""Storage keeps its promise on a folder and on a real S3 server alike: a name is absent or whole."""

from __future__ import annotations

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.errors import UserError
from infra.storage import FolderStorage, Storage, open_storage


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return open_storage(tmp_path / "store")
    bucket = request.getfixturevalue("s3_bucket")
    return open_storage(f"{bucket}/{request.node.name.partition('[')[0]}")


def test_what_is_written_is_read_back_below_any_prefix(storage: Storage, tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.write_bytes(bytes(range(256)) * 50)
    (storage / "a").write_bytes("b/c.bin", b"\0\1")
    (storage / "a" / "b").put(local, "d.tar")
    storage.write_json("e.json", {"x": [1, 2.5, None]})
    assert storage.read_bytes("a/b/c.bin") == b"\0\1"
    assert (storage / "a/b").fetch("d.tar").read_bytes() == local.read_bytes()
    assert storage.read_json("e.json") == {"x": [1, 2.5, None]}
    assert storage.list() == ["a/b/c.bin", "a/b/d.tar", "e.json"]
    assert (storage / "a").list(".tar") == ["b/d.tar"]


def test_of_many_who_create_a_name_at_once_exactly_one_wins(storage: Storage) -> None:
    for name in ("x", "deep/y"):
        start = threading.Barrier(8)

        def attempt(number: int, name: str = name, start: threading.Barrier = start) -> bool:
            start.wait()
            return storage.create(name, b"%d" % number)

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(attempt, range(8)))
        assert sum(won) == 1
        assert storage.read_bytes(name) == b"%d" % won.index(True)
        assert not storage.create(name, b"late")
    assert storage.list() == ["deep/y", "x"]


def test_a_file_system_without_hard_links_has_one_winner_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    storage = FolderStorage(tmp_path)
    assert [storage.create("x", data) for data in (b"one", b"two")] == [True, False]
    assert storage.read_bytes("x") == b"one"
    assert os.listdir(tmp_path) == ["x"]


def test_a_local_copy_is_read_from_the_storage_itself(storage: Storage, tmp_path: Path) -> None:
    storage.write_bytes("x", b"one")
    storage.get("x", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"one"


def test_a_missing_file_is_missing_everywhere(storage: Storage, tmp_path: Path) -> None:
    assert not storage.exists("none")
    assert storage.list() == []
    with pytest.raises(FileNotFoundError):
        storage.get("none", tmp_path / "copy")
    for read in (storage.read_bytes, storage.fetch, storage.read_json):
        with pytest.raises(FileNotFoundError):
            read("none")
    storage.delete("none")


def test_a_later_write_replaces_the_earlier_one_and_delete_removes_it(storage: Storage) -> None:
    storage.write_bytes("x", b"one")
    assert storage.fetch("x").read_bytes() == b"one"
    storage.write_bytes("x", b"two")
    assert storage.fetch("x").read_bytes() == b"two"
    storage.delete("x")
    assert not storage.exists("x")


def test_clear_removes_everything_below_and_nothing_beside(storage: Storage) -> None:
    storage.write_bytes("in/a", b"")
    storage.write_bytes("in/deep/b", b"")
    storage.write_bytes("into", b"")
    (storage / "in").clear()
    assert storage.list() == ["into"]


def test_a_failed_write_leaves_the_old_file_and_no_partial_one(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    storage.write_bytes("x", b"old")
    with pytest.raises(FileNotFoundError):
        storage.put(tmp_path / "nowhere", "x")
    assert storage.read_bytes("x") == b"old"
    assert os.listdir(tmp_path) == ["x"]


def test_half_written_files_of_killed_writers_are_swept_when_they_are_old(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    storage.write_bytes("deep/x", b"")
    for name in ("deep/.partial-old", ".partial-new"):
        (tmp_path / name).write_bytes(b"half")
    os.utime(tmp_path / "deep/.partial-old", (0, 0))
    assert storage.sweep(older_than_s=60) == 1
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [".partial-new", "x"]


def test_an_unwritable_folder_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=rf"cannot write to {tmp_path}/file/below: Not a directory; .*--workspace"):
        open_storage(tmp_path / "file" / "below").check_writable()


def test_refused_credentials_are_named_in_one_line(s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    open_storage(f"{s3_bucket}/fine").check_writable()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(UserError, match=r"cannot write to s3://turnery-test/fine: .*check the bucket"):
        open_storage(f"{s3_bucket}/fine").check_writable()


@pytest.mark.parametrize("url", ["gs://bucket/x", "s3://"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(UserError, match="s3://bucket/prefix"):
        open_storage(url)
