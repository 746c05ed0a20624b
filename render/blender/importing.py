"""A model file becomes Blender objects in the world's frame: transforms baked, meshes mended, materials made honest.

The one idea: positions are taken out of Blender, moved in double precision and mended in NumPy, and put back; meshes
that needed no mending keep everything else that the importer gave them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from render.blender import materials, readers
from render.mending import Mended, mend, untouched
from render.viewpoints import file_axes

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

GLTF_TURN = np.array([[1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], np.float64)
"""What the glTF importer does to a file's y-up coordinates. The OBJ importer is told to do nothing."""


@dataclass
class _Piece:
    """One mesh in the world's frame: `loops` [T, 3] are its triangles' corners, `corners` and `normals` [T, 3, 3]."""

    mesh: bpy.types.Mesh
    positions: Array
    loops: Ints
    corners: Array
    normals: Array
    sides: Ints
    averaged: bool
    """Whether its normals are not the file's but a mean over the faces around each vertex."""
    warped: bool
    """Whether its transform mirrors or shears, so that the normals that Blender keeps would be wrong."""


@dataclass
class Imported:
    """A model in the scene. `points` [N, 3] are the corners of its faces in the world before placement."""

    points: Array
    faces: int
    mends: list[str]
    file_to_world: Array
    """[4, 4] from the file's coordinates to the world before placement."""
    placed: list[tuple[bpy.types.Mesh, Array]]

    def place(self, matrix: Array) -> None:
        """Move the model by a similarity [4, 4], in double precision."""
        for mesh, positions in self.placed:
            moved = positions @ matrix[:3, :3].T + matrix[:3, 3]
            mesh.vertices.foreach_set("co", moved.astype(np.float32).ravel())
            mesh.update()


def load(path: Path, up: str, front: str, mending: bool = True) -> Imported:
    """Import a .glb, .gltf or .obj into the empty scene, turned so that z is up and the front looks towards -y.

    `up` and `front` are axes of the file; without `mending` meshes stay as they came. Raises `ValueError` when there is
    nothing to see.
    """
    new = readers.read(path)
    meshes = [item for item in new if item.type == "MESH" and item.data is not None and len(item.data.polygons)]
    if not meshes:
        raise ValueError("the file holds no faces")
    mends = materials.make_honest(path)
    to_world = file_axes(up, front)
    turn = to_world if path.suffix.lower() == ".obj" else to_world @ GLTF_TURN.T
    depsgraph = bpy.context.evaluated_depsgraph_get()
    names: dict[str, int] = {}
    pieces = [_piece(item, depsgraph, turn, names) for item in meshes]
    for item in new:
        bpy.data.objects.remove(item, do_unlink=True)
    mended = (mend if mending else untouched)(
        np.concatenate([piece.corners for piece in pieces]),
        np.concatenate([piece.normals for piece in pieces]),
        np.concatenate([piece.sides for piece in pieces]),
        np.concatenate([np.full(len(piece.loops), piece.averaged) for piece in pieces]),
    )
    placed, start = [], 0
    for piece in pieces:
        stop = start + len(piece.loops)
        first, last = np.searchsorted(mended.kept, [start, stop])
        if piece.warped or mended.touched[start:stop].any():
            built = _rebuilt(piece, mended, slice(first, last), start)
        else:
            built = piece.mesh, piece.positions
        item = bpy.data.objects.new("model", built[0])
        bpy.context.scene.collection.objects.link(item)
        placed.append(built)
        start = stop
    faces = sum(len(mesh.polygons) for mesh, _ in placed)
    return Imported(mended.corners.reshape(-1, 3), faces, [*mended.mends, *mends], to_world, placed)


def _piece(item: bpy.types.Object, depsgraph: bpy.types.Depsgraph, turn: Array, names: dict[str, int]) -> _Piece:
    """A mesh object (instances, modifiers and nested transforms included) in the world's frame."""
    mesh = bpy.data.meshes.new_from_object(item.evaluated_get(depsgraph), depsgraph=depsgraph)
    matrix = turn @ np.array(item.matrix_world, np.float64)
    linear = matrix[:3, :3]
    positions = readers.local_positions(mesh) @ linear.T + matrix[:3, 3]
    mesh.calc_loop_triangles()
    loops = _read(mesh.loop_triangles, "loops", 3, np.int32).astype(np.int64)
    mirrored = np.linalg.det(linear) < 0
    if mirrored:
        loops = loops[:, ::-1]  # a mirror turns every face inside out
    vertex_of = _read(mesh.loops, "vertex_index", 1, np.int32).ravel()
    # Normals go by the inverse transpose; a transform without an inverse leaves flat faces, which mending sees to.
    normals = _read(mesh.corner_normals, "vector", 3).astype(np.float64)[loops] @ np.linalg.pinv(linear)
    slots = [names.setdefault(slot.name if slot else "", len(names)) for slot in mesh.materials] or [-1]
    polygon_of = _read(mesh.loop_triangles, "polygon_index", 1, np.int32).ravel()
    material_of = _read(mesh.polygons, "material_index", 1, np.int32).ravel()[polygon_of]
    sides = np.array(slots, np.int64)[np.clip(material_of, 0, len(slots) - 1)]
    averaged = not mesh.has_custom_normals
    stretch = np.linalg.svd(linear, compute_uv=False)
    warped = bool(mirrored or stretch[-1] < stretch[0] * (1 - 1e-3))
    return _Piece(mesh, positions, loops, positions[vertex_of[loops]], normals, sides, averaged, warped)


def _rebuilt(piece: _Piece, mended: Mended, rows: slice, start: int) -> tuple[bpy.types.Mesh, Array]:
    """A new mesh of the piece's mended triangles, every edge split, and its positions [3 K, 3]."""
    old, kept = piece.mesh, mended.kept[rows] - start
    loops, corners, normals = piece.loops[kept].ravel(), mended.corners[rows], mended.normals[rows]
    count = len(kept)
    mesh = bpy.data.meshes.new("mended")
    mesh.vertices.add(3 * count)
    mesh.loops.add(3 * count)
    mesh.polygons.add(count)
    mesh.loops.foreach_set("vertex_index", np.arange(3 * count, dtype=np.int32))
    mesh.polygons.foreach_set("loop_start", np.arange(0, 3 * count, 3, dtype=np.int32))
    # Blender reckons with normals near the origin and of its own size; the true place follows.
    middle, size = corners.mean(axis=(0, 1)) if count else 0.0, max(float(np.ptp(corners)), 1e-30) if count else 1.0
    mesh.vertices.foreach_set("co", ((corners - middle) / size).astype(np.float32).ravel())
    for material in old.materials:
        mesh.materials.append(material)
    polygon_of = _read(old.loop_triangles, "polygon_index", 1, np.int32).ravel()[kept]
    mesh.polygons.foreach_set("material_index", _read(old.polygons, "material_index", 1, np.int32).ravel()[polygon_of])
    for layer in old.uv_layers:
        mesh.uv_layers.new(name=layer.name).data.foreach_set("uv", _read(layer.data, "uv", 2)[loops].ravel())
    vertex_of = _read(old.loops, "vertex_index", 1, np.int32).ravel()
    for colours in old.color_attributes:
        values = _read(colours.data, "color", 4)[loops if colours.domain == "CORNER" else vertex_of[loops]]
        mesh.color_attributes.new(colours.name, colours.data_type, "CORNER").data.foreach_set("color", values.ravel())
    mesh.update()
    mesh.polygons.foreach_set("use_smooth", np.ones(count, bool))
    mesh.normals_split_custom_set(normals.reshape(-1, 3).tolist())
    bpy.data.meshes.remove(old)
    return mesh, corners.reshape(-1, 3)


def _read(collection: bpy.types.bpy_prop_collection, name: str, width: int, kind: type = np.float32) -> NDArray[Any]:
    """[N, width] of one property of a Blender collection."""
    values: NDArray[Any] = np.empty(len(collection) * width, kind)
    collection.foreach_get(name, values)
    return values.reshape(-1, width)
