"""Storage on a bad day: a connection that breaks in the middle, a silent server, one that is gone, a full disk."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import numpy as np
import pytest

from infra.storage import StorageError, cache, open_storage, s3
from tests.infra.faulty_proxy import FaultyProxy

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def proxy(s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """A proxy before the S3 server; the environment points boto3 to it, and it waits less than usual."""
    port = urlsplit(os.environ["AWS_ENDPOINT_URL"]).port
    assert port is not None
    with FaultyProxy(port) as between:
        monkeypatch.setenv("AWS_ENDPOINT_URL", between.url)
        monkeypatch.setattr(s3, "READ_S", 1.0)
        yield between


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 MB that no compression and no repetition can help with."""
    path = tmp_path_factory.mktemp("large") / "large.bin"
    path.write_bytes(np.random.default_rng(0).bytes(40_000_000))
    return path


def sha256(path: Path) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def test_an_upload_and_a_download_come_through_broken_connections_whole(
    proxy: FaultyProxy, s3_bucket: str, large: Path, tmp_path: Path
) -> None:
    storage = open_storage(f"{s3_bucket}/broken")
    proxy.cut(3, after_bytes=1_000_000, upwards=True)
    storage.put(large, "large.bin")
    assert proxy.cuts_made == 3
    proxy.cut(3, after_bytes=1_000_000, upwards=False)
    storage.get("large.bin", tmp_path / "back.bin")
    assert proxy.cuts_made == 3
    assert sha256(tmp_path / "back.bin") == sha256(large)
    proxy.cut(2, after_bytes=1_000_000, upwards=False)
    assert storage.read_bytes("large.bin") == large.read_bytes()
    assert proxy.cuts_made == 2


def test_a_server_that_is_silent_for_a_while_is_asked_again(
    proxy: FaultyProxy, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "READ_S", 0.5)
    storage = open_storage(f"{s3_bucket}/silent")
    proxy.keep_silent(3)
    storage.write_bytes("x", b"one")
    assert proxy.silences == 0
    assert storage.read_bytes("x") == b"one"


def test_a_server_that_restarts_is_waited_for(
    proxy: FaultyProxy, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = open_storage(f"{s3_bucket}/restart")
    storage.write_bytes("x", b"one")
    back = threading.Timer(2, proxy.come_back)
    proxy.leave()
    back.start()
    assert storage.read_bytes("x") == b"one"


def test_an_upload_that_fails_for_good_leaves_no_parts_and_no_object(
    proxy: FaultyProxy, s3_bucket: str, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "PATIENCE_S", 0)
    storage = open_storage(f"{s3_bucket}/failed")
    proxy.cut(20, after_bytes=1_000_000, upwards=True)
    with pytest.raises(StorageError, match="cannot write to s3://turnery-test/failed"):
        storage.put(large, "large.bin")
    proxy.cut(0, after_bytes=0, upwards=True)
    assert storage.list() == []
    uploads = boto3.session.Session().client("s3").list_multipart_uploads(Bucket="turnery-test", Prefix="failed/")
    assert "Uploads" not in uploads


def test_a_server_that_is_gone_is_named_in_one_line_within_bounded_time(
    proxy: FaultyProxy, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "PATIENCE_S", 3)
    storage = open_storage(f"{s3_bucket}/gone")
    storage.write_bytes("x", b"")
    proxy.leave()
    start = time.monotonic()
    with pytest.raises(StorageError, match=rf"cannot read s3://turnery-test/gone: .*{proxy.url}.*credentials") as gone:
        storage.read_bytes("x")
    assert "\n" not in str(gone.value)
    assert 3 <= time.monotonic() - start < 15


def test_a_server_that_never_answers_is_given_up_within_bounded_time(
    proxy: FaultyProxy, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "PATIENCE_S", 3)
    proxy.keep_silent(1000)
    start = time.monotonic()
    with pytest.raises(StorageError, match=rf"cannot write to s3://turnery-test/mute: .*{proxy.url}"):
        open_storage(f"{s3_bucket}/mute").write_bytes("x", b"")
    assert time.monotonic() - start < 10


def test_a_refusal_is_not_tried_again_and_is_told_in_one_line(s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = open_storage(f"{s3_bucket}/refused")
    storage.write_bytes("x", b"there")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "reader")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "reader-secret")
    start = time.monotonic()
    assert storage.read_bytes("x") == b"there"
    for write in (storage.check_writable, lambda: storage.create("y", b""), lambda: storage.delete("x")):
        with pytest.raises(StorageError, match=r"cannot write to s3://turnery-test/refused: .*Access ?Denied"):
            write()
    assert time.monotonic() - start < 5
    assert storage.list() == ["x"]


def test_the_parts_of_a_killed_upload_are_swept_when_they_are_old(s3_bucket: str) -> None:
    client = boto3.session.Session().client("s3")
    for key in ("swept/inside", "beside/outside"):
        client.create_multipart_upload(Bucket="turnery-test", Key=key)
    storage = open_storage(f"{s3_bucket}/swept")
    assert storage.sweep(older_than_s=3600) == 0
    time.sleep(1.1)
    assert storage.sweep(older_than_s=1) == 1
    left = client.list_multipart_uploads(Bucket="turnery-test")["Uploads"]
    assert [upload["Key"] for upload in left] == ["beside/outside"]


def test_what_is_kept_of_a_bucket_is_bounded_and_the_oldest_goes_first(
    s3_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(cache, "MOST_BYTES", 2500)
    storage = open_storage(f"{s3_bucket}/kept")
    for name in ("a", "b", "c", "d"):
        storage.write_bytes(name, name.encode() * 1000)

    def kept() -> list[str]:
        return sorted(path.name[-1] for path in tmp_path.rglob("*-[a-z]"))

    old = time.time() - 2 * cache.IN_USE_S
    for name, age in (("a", 1), ("b", 2)):
        os.utime(storage.fetch(name), (old + age, old + age))
    storage.fetch("c")
    assert kept() == ["b", "c"]
    storage.fetch("d")  # c was asked for a moment ago
    assert kept() == ["c", "d"]
    # A new version is another file, and is read anew.
    os.utime(storage.fetch("d"), (old, old))
    storage.write_bytes("d", b"new")
    assert storage.fetch("d").read_bytes() == b"new"
    assert kept() == ["c", "d"]


def test_a_full_disk_is_named_in_one_line_and_leaves_the_old_file(tmp_path: Path) -> None:
    """In a process whose files may grow to 100 kB and no more, as on a disk that is full."""
    (tmp_path / "x").write_bytes(b"old")
    (tmp_path / "big").write_bytes(bytes(200_000))
    script = f"""
from pathlib import Path
from infra.errors import guarded
from infra.storage import open_storage
guarded(lambda: open_storage({str(tmp_path)!r}).put(Path({str(tmp_path / "big")!r}), "x"))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    line = f"turnery: cannot write to {tmp_path}: File too large; free some room, then run the same command again\n"
    assert (done.returncode, done.stderr) == (2, line)
    assert (tmp_path / "x").read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["big", "x"]
