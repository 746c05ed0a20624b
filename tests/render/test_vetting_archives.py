"""Archives: one model's folder is unpacked, within limits and within its own folder."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from render.child import ModelFailure
from render.config import LimitsConfig
from render.vetting import archives
from tests.render.hostile import LIMITS


def packed(path: Path, files: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def unpacked(path: Path, limits: LimitsConfig = LIMITS) -> Path:
    return archives.unpack(path, "c/m.obj", "c/", path.parent / "out", limits)


def test_only_the_models_own_folder_is_unpacked(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"c/m.obj": b"x", "c/t/a.png": b"y", "d/z": b"z", "../evil": b"e"})
    assert unpacked(path).read_bytes() == b"x"
    assert sorted(each.name for each in (tmp_path / "out").rglob("*")) == ["a.png", "c", "m.obj", "t"]


@pytest.mark.parametrize("name", ["c/../../evil", "c/..\\evil", "c/C:x", "c//../../evil"])
def test_names_that_lead_out_of_an_archive_are_refused(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "a.zip", {"c/m.obj": b"x", name: b"e"})
    with pytest.raises(ModelFailure, match=r"a\.zip holds the name .*, which leads out of its folder"):
        unpacked(path)
    assert not (tmp_path / "evil").exists()


def test_bombs_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"c/m.obj": b"\0" * 20_000_000})
    with pytest.raises(ModelFailure, match=r"unpacks to 1,0\d\d times its size, the limit is 300"):
        unpacked(path)
    with pytest.raises(ModelFailure, match=r"unpacks to 20 MB, the limit is 10 \(limits\.archive_mb\)"):
        unpacked(path, LimitsConfig(archive_mb=10))
    assert not (tmp_path / "out").exists()
    many = packed(tmp_path / "b.zip", {f"c/{index}": b"" for index in range(30)})
    with pytest.raises(ModelFailure, match=r"has 30 files in one model, the limit is 20"):
        unpacked(many, LimitsConfig(archive_members=20))


def test_an_archive_in_an_archive_counts_too(tmp_path: Path) -> None:
    inner = packed(tmp_path / "i.zip", {"m.obj": b"\0" * 20_000_000}).read_bytes()
    path = packed(tmp_path / "a.zip", {"c/m.zip": inner})
    with pytest.raises(ModelFailure, match=r"m\.zip unpacks to 1,0\d\d times its size"):
        archives.unpack(path, "c/m.zip", "c/", tmp_path / "out", LIMITS)


def test_an_entry_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"c/m.obj": b"0123456789" * 1000}, zipfile.ZIP_STORED)
    data = path.read_bytes().replace(struct.pack("<II", 10_000, 10_000), struct.pack("<II", 10_000, 10))
    path.write_bytes(data)
    with pytest.raises(ModelFailure, match=r"is damaged|unpacks to more"):
        unpacked(path)


def test_encrypted_foreign_and_linking_entries_are_refused(tmp_path: Path) -> None:
    data = packed(tmp_path / "a.zip", {"c/m.obj": b"x"}, zipfile.ZIP_STORED).read_bytes()
    encrypted = bytearray(data)
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        encrypted[data.index(mark) + at] |= 1
    (tmp_path / "e.zip").write_bytes(encrypted)
    with pytest.raises(ModelFailure, match=r"e\.zip is encrypted at c/m\.obj"):
        unpacked(tmp_path / "e.zip")
    with pytest.raises(ModelFailure, match=r"l\.zip is packed in a way that is not read"):
        unpacked(packed(tmp_path / "l.zip", {"c/m.obj": b"x"}, zipfile.ZIP_LZMA))
    link = zipfile.ZipInfo("c/m.obj")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ModelFailure, match=r"s\.zip holds a link or device at c/m\.obj"):
        unpacked(tmp_path / "s.zip")
