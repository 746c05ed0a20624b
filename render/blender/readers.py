"""Blender's own importers, made to leave alone what is ours to judge: animations, and coordinates that are no numbers.

The one idea: an importer turns a coordinate that is not finite into 0, which draws a face to the origin that nobody
modelled; so it is shown a place that no model reaches, and the mending drops what hangs on it.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

NOWHERE = 1e30
"""Stands for a coordinate that is not finite while an importer reads it."""
_NO_NUMBER = re.compile(rb"^v\s.*(nan|inf)", re.IGNORECASE)


def read(path: Path) -> list[bpy.types.Object]:
    """The new objects of a .glb, .gltf or .obj as it rests: animations are not read.

    Raises `ValueError` on an OBJ with coordinates that are not finite.
    """
    before = set(bpy.data.objects)
    if path.suffix.lower() == ".obj":
        with open(path, "rb") as lines:
            if any(_NO_NUMBER.match(line) for line in lines):
                raise ValueError("the file holds vertices that are not finite numbers")
        bpy.ops.wm.obj_import(filepath=str(path), forward_axis="Y", up_axis="Z")
    else:
        _prepare_gltf()
        bpy.ops.import_scene.gltf(filepath=str(path), disable_bone_shape=True)
    return [item for item in bpy.data.objects if item not in before]


def local_positions(mesh: bpy.types.Mesh) -> NDArray[np.float64]:
    """[V, 3] in the mesh's own frame; NaN where the file had no finite number."""
    values = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", values)
    found = values.reshape(-1, 3).astype(np.float64)
    found[np.abs(found) >= NOWHERE / 10] = np.nan
    return found


def _prepare_gltf() -> None:
    """Once a process: the glTF importer takes no animations and keeps what is not finite."""
    animations = import_module("io_scene_gltf2.blender.imp.animation").BlenderAnimation
    # A pose at a time of some animation would be anyone's choice; the nodes' own transforms are the model.
    animations.anim = animations.restore_animation = staticmethod(lambda *_: None)
    binary = import_module("io_scene_gltf2.io.imp.gltf2_io_binary").BinaryData
    if binary.decode_accessor_obj is not _decoded:
        _decode.append(binary.decode_accessor_obj)
        binary.decode_accessor_obj = staticmethod(_decoded)


_decode: list[Any] = []


def _decoded(gltf: Any, accessor: Any) -> NDArray[Any]:
    values: NDArray[Any] = _decode[0](gltf, accessor)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        values = np.where(np.isfinite(values), values, values.dtype.type(NOWHERE))
    return values
