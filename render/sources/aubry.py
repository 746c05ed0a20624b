"""Pictures in place of models: folders of the released `rendered_chairs`, `<id>/renders/image_NNN_pEEE_tAAA_rRRR.png`.

Elevation and azimuth are what the names say (degrees). The object is what the white around it does not reach.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from infra.errors import UserError
from infra.settings import digest
from render.catalog import Catalog, Model
from render.child import ModelFailure
from render.config import LimitsConfig, RenderConfig, SourceConfig
from render.cutout import coverage, framed
from render.pictures import Picture
from render.sources.selection import Selection, plain
from render.vetting.files import open_regular, shown, size_within
from render.vetting.textures import picture_size
from render.viewpoints import View

CLASS = "chair"
NAME = re.compile(r"image_(\d+)_p(-?\d+(?:\.\d+)?)_t(-?\d+(?:\.\d+)?)_r(\d+(?:\.\d+)?)\.png")


@dataclass(frozen=True)
class _Photograph:
    path: Path
    azimuth_deg: float
    elevation_deg: float


def catalog(source: SourceConfig) -> Catalog:
    """The folders of pictures below `source.path` as models of one class: `source.classes`, default 'chair'.

    Fingerprints are of the pictures' names and sizes: released data does not change.
    """
    if source.path is None:
        raise UserError("pictures are needed: --render.source.path DIR with <id>/renders/image_*.png")
    root = Path(source.path).expanduser().absolute()
    if not root.is_dir():
        raise UserError(f"no folder {root}; give --render.source.path rendered_chairs, with <id>/renders/ in it")
    if len(source.classes) > 1:
        raise UserError(f"{root} is pictures of one class; give --render.source.classes one name, not {source.classes}")
    class_name = source.classes[0] if source.classes else CLASS
    found = {entry.name: files for entry in _folders(root) if (files := _listing(Path(entry.path) / "renders"))}
    if not found:
        raise UserError(f"{root} holds no pictures: expected <id>/renders/image_NNN_pEEE_tAAA_rRRR.png")
    selection = Selection(source)
    models = [
        Model(
            plain(name),
            class_name,
            fingerprint=digest([[file, size] for file, size in files.items()]),
            file=str(root / name / "renders"),
            photos=True,
            views=len(files),
            root=str(root),
        )
        for name, files in selection.take(class_name, found).items()
    ]
    selection.close(str(root))
    return Catalog(tuple(models))


def photographs(model: Model, config: RenderConfig) -> Iterator[Picture]:
    """The pictures of a model in the order of their elevations and azimuths, cut out of the white and framed alike.

    Each is uint8 [config.size, config.size, 4]; the largest extent over all of them touches `config.border`. Raises
    `ModelFailure` naming a picture that cannot be read, is of another size than the rest or shows nothing.
    """
    photos = _photographs(Path(str(model.file)))
    pictures: list[NDArray[np.uint8]] = []
    masks: list[NDArray[np.uint8]] = []
    for photo in photos:
        picture = _read(photo.path, Path(str(model.root)), config.limits)
        if pictures and picture.shape != pictures[0].shape:
            (height, width), (rows, columns) = picture.shape[:2], pictures[0].shape[:2]
            raise ModelFailure(f"{photo.path.name} is {width} x {height}, others are {columns} x {rows}", "")
        mask = coverage(picture)
        if not (mask > 127).any():
            raise ModelFailure(f"{photo.path.name} shows nothing but its background", "")
        pictures.append(picture)
        masks.append(mask)
    framed_pictures = framed(pictures, masks, config.size, config.border)
    for index, (photo, pixels) in enumerate(zip(photos, framed_pictures, strict=True)):
        yield Picture(View(index, photo.azimuth_deg, photo.elevation_deg), pixels, {})


def _folders(root: Path) -> list[os.DirEntry[str]]:
    with os.scandir(root) as entries:
        return sorted((entry for entry in entries if entry.is_dir()), key=lambda entry: entry.name)


def _listing(folder: Path) -> dict[str, int]:
    """Names and sizes of the pictures in a folder, by name."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if NAME.fullmatch(entry.name))
    except OSError:
        return {}
    return {name: _size(folder / name) for name in names}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1  # of a link that leads nowhere; its model will fail and say so


def _photographs(folder: Path) -> list[_Photograph]:
    """The pictures of a model, ordered by elevation, then azimuth, then name."""
    found = []
    for name in _listing(folder):
        match = NAME.fullmatch(name)
        assert match is not None
        found.append(_Photograph(folder / name, float(match.group(3)) % 360, float(match.group(2))))
    if not found:
        raise ModelFailure(f"{shown(folder.parent.name)} holds no pictures", "")
    return sorted(found, key=lambda photo: (photo.elevation_deg, photo.azimuth_deg, photo.path.name))


def _read(path: Path, root: Path, limits: LimitsConfig) -> NDArray[np.uint8]:
    """A picture as uint8 [H, W, 3], RGB over white."""
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(root.resolve()):
            raise ModelFailure(f"{path.name} is a link that leads out of {root}", "")
        with open_regular(real) as handle:
            size = size_within(handle, path.name, limits.file_mb)
            width, height = picture_size(handle)
            if width * height > limits.texture_mpx * 1e6:
                what = f"{path.name} is of {width * height / 1e6:,.0f} megapixels"
                raise ModelFailure(f"{what}, the limit is {limits.texture_mpx:g} (limits.texture_mpx)", "")
            handle.seek(0)
            data = handle.read(size)
    except OSError as error:
        raise ModelFailure(f"{path.name} cannot be read: {error.strerror or type(error).__name__}", "") from None
    except ValueError:
        raise ModelFailure(f"{path.name} is no picture that can be read", "") from None
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint8:
        raise ModelFailure(f"{path.name} is no picture that can be read", "")
    if decoded.ndim == 2:
        return cv2.cvtColor(decoded, cv2.COLOR_GRAY2RGB).astype(np.uint8)
    if decoded.shape[2] == 4:
        alpha = decoded[..., 3:].astype(np.float32) / 255
        decoded = np.rint(decoded[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])
