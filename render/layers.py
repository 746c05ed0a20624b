"""Layers beside a picture: depth, normals and positions of what the ray through a pixel's centre meets.

The one idea: layers are not smoothed over a pixel as colours are. They are one ray a pixel, exact to single precision,
of the first surface that is at least half opaque.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

DEPTH_UNITS = 10_000
"""Of a depth picture in one world unit: 0.1 thousandths of the width that the picture shows at the origin."""
NORMAL, POSITION, DEPTH = "normal", "position", "depth"

Layers = dict[str, NDArray[Any]]
FORMS: dict[str, tuple[type, tuple[int, ...]]] = {
    DEPTH: (np.uint16, ()),
    NORMAL: (np.uint8, (3,)),
    POSITION: (np.float32, (3,)),
}
"""Kind of number and channels of each layer."""
SUFFIXES = {DEPTH: "depth.png", NORMAL: "normal.png", POSITION: "position.npz"}


def as_layers(channels: dict[str, NDArray[np.float32]], passes: Sequence[str], to_world: NDArray[np.float64]) -> Layers:
    """Layers from the channels of a render by name ('…Depth.Z', '…Normal.X', '…Position.X'), each [H, W].

    depth: uint16, distance along the camera's axis in `DEPTH_UNITS` a world unit, 0 where nothing is.
    normal: uint8 [H, W, 3], (n + 1) / 2 of the unit shading normal in the world, turned to the camera; 0, 0, 0 where
    nothing is. position: float32 [H, W, 3], the point in the coordinates of the model's file (`to_world` [4, 4] leads
    from there to the world); NaN where nothing is.
    """

    def channel(name: str) -> NDArray[np.float64]:
        return next(values for key, values in channels.items() if key.endswith(name)).astype(np.float64)

    depth = channel("Depth.Z")
    hit = depth < 1e9
    layers: Layers = {}
    if DEPTH in passes:
        layers[DEPTH] = np.where(hit, np.rint(depth * DEPTH_UNITS), 0).clip(0, 65535).astype(np.uint16)
    if NORMAL in passes:
        normal = np.stack([channel(f"Normal.{axis}") for axis in "XYZ"], axis=-1)
        unit = normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)
        layers[NORMAL] = np.where(hit[..., None], np.rint((unit + 1) * 127.5), 0).astype(np.uint8)
    if POSITION in passes:
        world = np.stack([channel(f"Position.{axis}") for axis in "XYZ"], axis=-1)
        back = np.linalg.inv(to_world)
        point = world @ back[:3, :3].T + back[:3, 3]
        layers[POSITION] = np.where(hit[..., None], point, np.nan).astype(np.float32)
    return {name: layers[name] for name in passes}


def from_bytes(data: bytes, names: Sequence[str], size: int) -> Layers:
    """Layers that lie behind each other as raw bytes, for square pictures."""
    layers: Layers = {}
    start = 0
    for name in names:
        kind, channels = FORMS[name]
        count = size * size * int(np.prod(channels))
        layers[name] = np.frombuffer(data, kind, count, start).reshape(size, size, *channels)
        start += count * np.dtype(kind).itemsize
    return layers


def encoded(name: str, layer: NDArray[Any]) -> tuple[str, bytes]:
    """A layer's suffix in its shard and its bytes: equal layers, equal bytes."""
    if name == POSITION:
        return SUFFIXES[name], _npz(layer)
    picture = cv2.cvtColor(layer, cv2.COLOR_RGB2BGR) if layer.ndim == 3 else layer
    done, data = cv2.imencode(".png", np.ascontiguousarray(picture), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not done:
        raise ValueError(f"the {name} layer could not be encoded")
    return SUFFIXES[name], data.tobytes()


def decoded(sample: dict[str, bytes]) -> Layers:
    """The layers of a WebDataset sample of undecoded files, as `as_layers` describes them; {} when it has none.

    Raises `ValueError` on one that is damaged.
    """
    return {name: _decode(name, sample[suffix]) for name, suffix in SUFFIXES.items() if suffix in sample}


def depth_of(layer: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Distance along the camera's axis in world units; NaN where nothing is."""
    return np.where(layer > 0, layer.astype(np.float32) / DEPTH_UNITS, np.float32(np.nan))


def normal_of(layer: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Unit normals in the world, to 8 bits; NaN where nothing is."""
    unit = layer.astype(np.float32) / 127.5 - 1
    unit /= np.linalg.norm(unit, axis=-1, keepdims=True)
    return np.where(layer.any(axis=-1, keepdims=True), unit, np.float32(np.nan))


def _decode(name: str, data: bytes) -> NDArray[Any]:
    if name == POSITION:
        with np.load(io.BytesIO(data)) as arrays:
            return np.asarray(arrays[POSITION])
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise ValueError(f"a {name} layer in the shard is damaged")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) if picture.ndim == 3 else picture


def _npz(positions: NDArray[np.float32]) -> bytes:
    """As `np.savez_compressed(position=...)` writes it, without the time of day."""
    array, archive = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array(array, np.ascontiguousarray(positions), allow_pickle=False)
    entry = zipfile.ZipInfo(f"{POSITION}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(entry, array.getvalue(), compresslevel=1)
    return archive.getvalue()


def read_exr(data: bytes) -> dict[str, NDArray[np.float32]]:
    """Channels [H, W] by name of an OpenEXR file as Blender's multilayer output writes it: one part of scan lines,
    uncompressed, 32-bit floats. Raises `ValueError` on any other."""
    if data[:4] != b"\x76\x2f\x31\x01" or data[5] & ~0x04:
        raise ValueError("not an OpenEXR file of one part of scan lines")
    attributes, at = {}, 8
    text = _texts(data)
    while data[at]:
        name, at = text(at)
        _, at = text(at)
        (length,) = struct.unpack_from("<i", data, at)
        attributes[name] = data[at + 4 : at + 4 + length]
        at += 4 + length
    channels, place = [], 0
    text = _texts(attributes["channels"])
    while attributes["channels"][place]:
        name, place = text(place)
        (kind,) = struct.unpack_from("<i", attributes["channels"], place)
        channels.append((name, kind))
        place += 16
    if attributes["compression"] != b"\0" or any(kind != 2 for _, kind in channels):
        raise ValueError("not an uncompressed OpenEXR file of 32-bit floats")
    left, top, right, bottom = struct.unpack("<4i", attributes["dataWindow"])
    width, height = right - left + 1, bottom - top + 1
    # Behind the header come the lines' offsets, then each line: its y, its size, a run of floats for each channel.
    lines = np.frombuffer(data, np.uint8, offset=at + 1 + 8 * height).reshape(height, 8 + 4 * width * len(channels))
    values = lines[:, 8:].copy().view("<f4").reshape(height, len(channels), width)
    return {name: values[:, index] for index, (name, _) in enumerate(channels)}


def _texts(data: bytes) -> Callable[[int], tuple[str, int]]:
    def text(at: int) -> tuple[str, int]:
        end = data.index(b"\0", at)
        return data[at:end].decode(), end + 1

    return text
