"""A model file becomes Blender objects: the world z-up with the front towards -y, and materials made honest."""

from __future__ import annotations

from math import pi
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray


def load(path: Path, front: str) -> list[bpy.types.Object]:
    """Import a .glb, .gltf or .obj into the empty scene; returns its meshes.

    `front` is '+z' or '-z', where the front looks in the (y-up) file. Raises `ValueError` when there is nothing to see.
    """
    before = set(bpy.data.objects)
    if path.suffix.lower() == ".obj":
        bpy.ops.wm.obj_import(filepath=str(path), forward_axis="NEGATIVE_Z", up_axis="Y")
        _honest_obj_materials(path)
    else:
        bpy.ops.import_scene.gltf(filepath=str(path))
    new = [item for item in bpy.data.objects if item not in before]
    meshes = [item for item in new if item.type == "MESH" and item.data is not None and len(item.data.polygons)]
    if not meshes:
        raise ValueError("the file holds no faces")
    _drop_empty_textures()

    # Bake nested transforms and modifiers into plain meshes, all in the world's frame.
    turn = Matrix.Rotation(pi, 4, "Z") if front == "-z" else Matrix.Identity(4)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    baked = []
    for item in meshes:
        mesh = bpy.data.meshes.new_from_object(item.evaluated_get(depsgraph), depsgraph=depsgraph)
        mesh.transform(turn @ item.matrix_world, shape_keys=False)
        if (turn @ item.matrix_world).determinant() < 0:
            mesh.flip_normals()  # a mirroring transform turns every face inside out
        baked.append(mesh)
    for item in new:
        bpy.data.objects.remove(item, do_unlink=True)
    objects = []
    for mesh in baked:
        item = bpy.data.objects.new("model", mesh)
        bpy.context.scene.collection.objects.link(item)
        objects.append(item)
    return objects


def vertices(objects: list[bpy.types.Object]) -> NDArray[np.float64]:
    """World positions [N, 3] of the vertices that faces use. Raises `ValueError` on positions that are not finite."""
    parts = []
    for item in objects:
        mesh = item.data
        positions = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", positions)
        used = np.empty(len(mesh.loops), np.int32)
        mesh.loops.foreach_get("vertex_index", used)
        parts.append(positions.reshape(-1, 3)[np.unique(used)])
    points = np.concatenate(parts).astype(np.float64)
    if not np.isfinite(points).all():
        raise ValueError("the file holds vertices that are not finite numbers")
    if not np.ptp(points, axis=0).max() > 0:
        raise ValueError("the model has no extent: all its vertices coincide")
    return points


def file_to_world(path: Path, front: str) -> NDArray[np.float64]:
    """[4, 4] from the (y-up) file's coordinates to the world before framing."""
    turn = np.array(Matrix.Rotation(pi, 4, "Z")) if front == "-z" else np.eye(4)
    up = np.array([[1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], np.float64)
    return turn @ up


def _drop_empty_textures() -> None:
    """A texture without pixels renders magenta; without its links the material's plain colour shows."""
    for material in bpy.data.materials:
        if material.node_tree is None:
            continue
        for node in list(material.node_tree.nodes):
            if node.type == "TEX_IMAGE" and (node.image is None or tuple(node.image.size) == (0, 0)):
                material.node_tree.nodes.remove(node)


def _honest_obj_materials(path: Path) -> None:
    """Undo what Blender's importer guesses from `illum` and `Ka`: metal is only what an MTL calls so by `Pm`."""
    metallic = set()
    for library in path.parent.glob("*.mtl"):
        name = ""
        for line in library.read_text(errors="replace").splitlines():
            word, _, rest = line.strip().partition(" ")
            if word == "newmtl":
                name = rest.strip()
            elif word == "Pm":
                metallic.add(name)
    for material in bpy.data.materials:
        shader = material.node_tree and material.node_tree.nodes.get("Principled BSDF")
        if shader and material.name not in metallic:
            shader.inputs["Metallic"].default_value = 0.0
