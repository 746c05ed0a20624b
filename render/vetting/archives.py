"""One model taken out of a zip: the files of its folder and no others, counted before and while they are unpacked."""

from __future__ import annotations

import functools
import stat
import zipfile
import zlib
from pathlib import Path

from render.child import ModelFailure
from render.config import LimitsConfig
from render.vetting.files import open_regular, shown

READ = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Ways of packing that are read; others may ask for gigabytes of memory."""
MOST_MEMBERS = 1_000_000
"""Entries of a whole archive; a synset of ShapeNet has some tens of thousands."""
MODEL_SUFFIXES = (".obj", ".glb", ".gltf")
FAULTS = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)

Member = zipfile.ZipInfo


@functools.lru_cache(maxsize=4)
def _members(path: str, _modified_ns: int, _size: int) -> tuple[Member, ...]:
    with open_regular(Path(path)) as handle, zipfile.ZipFile(handle) as archive:
        return tuple(archive.infolist())


def members(path: Path) -> tuple[Member, ...]:
    """The entries of an archive, remembered while it does not change. Raises `ModelFailure` when it is none."""
    try:
        facts = path.stat()
        found = _members(str(path), facts.st_mtime_ns, facts.st_size)
    except OSError as error:
        raise ModelFailure(f"{shown(path.name)} cannot be read: {error.strerror or type(error).__name__}", "") from None
    except FAULTS:
        raise ModelFailure(f"{shown(path.name)} is no zip archive that can be read", "") from None
    if len(found) > MOST_MEMBERS:
        raise ModelFailure(f"{shown(path.name)} has {len(found):,} entries, the limit is {MOST_MEMBERS:,}", "")
    return found


def unpack(path: Path, member: str, within: str, folder: Path, limits: LimitsConfig) -> Path:
    """Unpack the entries of an archive below `within` (such as 'chairs/a/', '' for all) into `folder`.

    Returns the file of `member`, or, where that is an archive itself, the one model in it. Raises `ModelFailure`
    on names that lead out of the folder, on encrypted entries and on more than `limits` allow.
    """
    wanted = [entry for entry in members(path) if entry.filename.startswith(within) and not entry.is_dir()]
    try:
        _unpack(path, wanted, folder, limits)
        target = folder / member
        if target.suffix.lower() != ".zip":
            if not target.is_file():
                raise ModelFailure(f"{shown(path.name)} holds no {shown(member)}", "")
            return target
        inner = folder / "unpacked"
        _unpack(target, [entry for entry in members(target) if not entry.is_dir()], inner, limits)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ModelFailure(f"{shown(member)} of {shown(path.name)} cannot be unpacked: {reason}", "") from None
    except FAULTS:
        raise ModelFailure(f"{shown(member)} of {shown(path.name)} is damaged", "") from None
    for suffix in MODEL_SUFFIXES:
        models = sorted(file for file in inner.rglob("*") if file.suffix.lower() == suffix)
        if models:
            return models[0]
    raise ModelFailure(f"{shown(member)} of {shown(path.name)} holds no model", "")


def _unpack(path: Path, entries: list[Member], folder: Path, limits: LimitsConfig) -> None:
    name = shown(path.name)
    if len(entries) > limits.archive_members:
        found, limit = len(entries), limits.archive_members
        raise ModelFailure(
            f"{name} has {found:,} files in one model, the limit is {limit:,} (limits.archive_members)", ""
        )
    total = sum(entry.file_size for entry in entries)
    if total > limits.archive_mb * 1e6:
        what = f"unpacks to {total / 1e6:,.0f} MB, the limit is {limits.archive_mb:,g} (limits.archive_mb)"
        raise ModelFailure(f"{name} {what}", "")
    packed = sum(entry.compress_size for entry in entries)
    if total > 1e7 and total > limits.archive_ratio * packed:
        ratio = total / max(packed, 1)
        what = f"unpacks to {ratio:,.0f} times its size, the limit is {limits.archive_ratio:g} (limits.archive_ratio)"
        raise ModelFailure(f"{name} {what}", "")
    for entry in entries:
        _judge(entry, name)
    left = int(limits.archive_mb * 1e6)
    with open_regular(path) as handle, zipfile.ZipFile(handle) as archive:
        for entry in entries:
            target = folder / entry.filename
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, open(target, "wb") as copy:
                # What an entry says of its size need not be so.
                while piece := source.read(min(1 << 20, left + 1)):
                    left -= len(piece)
                    if left < 0:
                        raise ModelFailure(f"{name} unpacks to more than it says and than limits.archive_mb", "")
                    copy.write(piece)


def _judge(entry: Member, name: str) -> None:
    parts = entry.filename.split("/")
    if entry.filename.startswith("/") or ".." in parts or any(letter in entry.filename for letter in "\\:\0"):
        raise ModelFailure(f"{name} holds the name {shown(entry.filename)}, which leads out of its folder", "")
    if entry.flag_bits & 1:
        raise ModelFailure(f"{name} is encrypted at {shown(entry.filename)}", "")
    if entry.compress_type not in READ:
        raise ModelFailure(f"{name} is packed in a way that is not read at {shown(entry.filename)}", "")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise ModelFailure(f"{name} holds a link or device at {shown(entry.filename)}", "")
