"""Materials made honest after an import: no magenta, no guessed metal, nothing that vanishes by a misread letter.

The one idea: only what a file states counts. A texture that is not there leaves the material's colour; of an MTL's
two ways to say transparency `d` is the one that is clear.
"""

from __future__ import annotations

from pathlib import Path

import bpy

GREY = (0.6, 0.6, 0.6, 1.0)
"""Colour of a material that is nothing but a texture which is not there."""
UNSEEN = 0.01
"""Opacity below which a material shows nothing."""

Stated = dict[str, dict[str, list[str]]]
Factor = tuple[float, ...] | float | None


def make_honest(path: Path) -> list[str]:
    """Mend the materials of the file that was just imported; returns what was done."""
    mends = _without_missing_textures()
    if path.suffix.lower() == ".obj":
        mends += _as_mtl_states(_stated(path))
    return mends + _something_to_see()


def see_through() -> bool:
    """Whether a material of the model lets light through by its opacity."""
    shaders = [shader for material in bpy.data.materials if material.users and (shader := _shader(material))]
    return any(shader.inputs["Alpha"].is_linked or shader.inputs["Alpha"].default_value < 1 for shader in shaders)


def _shader(material: bpy.types.Material) -> bpy.types.Node | None:
    nodes = material.node_tree.nodes if material.node_tree else []
    return next((node for node in nodes if node.type == "BSDF_PRINCIPLED"), None)


def _without_missing_textures() -> list[str]:
    """A texture without pixels renders magenta; without its links the material's plain colour shows."""
    lost = 0
    for material in bpy.data.materials:
        for node in list(material.node_tree.nodes) if material.node_tree else []:
            if node.type != "TEX_IMAGE" or (node.image is not None and node.image.has_data and min(node.image.size)):
                continue
            if node.image is not None and _loads(node.image):
                continue
            lost += 1
            for output in node.outputs:
                for link in list(output.links):
                    _cut(material, link, None)
            material.node_tree.nodes.remove(node)
    return [f"{lost} missing texture{'' if lost == 1 else 's'} replaced by the material's colour"] if lost else []


def _loads(image: bpy.types.Image) -> bool:
    """Images are read when first looked at; `size` looks."""
    return bool(min(image.size)) and bool(image.has_data)


def _cut(material: bpy.types.Material, link: bpy.types.NodeLink, factor: Factor) -> None:
    """Follow a dead link to the shaders it feeds, and leave there the plain value that stood beside it."""
    node, socket = link.to_node, link.to_socket
    if node.type == "BSDF_PRINCIPLED":
        material.node_tree.links.remove(link)
        _settle(socket, factor)
        return
    if node.type in {"OUTPUT_MATERIAL", "GROUP", "BSDF_TRANSPARENT"}:
        return
    if node.type in {"MIX", "MIX_RGB", "MATH"}:
        kind = "VALUE" if node.type == "MATH" else "RGBA"
        plain = [other for other in node.inputs if other.type == kind and not other.is_linked and other.enabled]
        if plain:
            factor = plain[0].default_value if node.type == "MATH" else tuple(plain[0].default_value)
    for output in node.outputs:
        for onward in list(output.links):
            _cut(material, onward, factor)


def _settle(socket: bpy.types.NodeSocket, factor: Factor) -> None:
    """The value of a shader's socket whose texture is gone: the factor that stood beside it, if any."""
    if socket.name == "Base Color":
        if isinstance(factor, tuple):
            socket.default_value = factor
        elif max(socket.default_value[:3]) == 0:
            # Files with a texture often leave the colour at black: nothing was meant by it.
            socket.default_value = GREY
    elif socket.name in {"Metallic", "Roughness"} and isinstance(factor, float):
        socket.default_value = factor
    elif socket.name == "Metallic":
        socket.default_value = 0.0


def _stated(path: Path) -> Stated:
    """Material -> key -> its last values, as the libraries that an OBJ names state them."""
    stated: Stated = {}
    for library in _libraries(path):
        values: dict[str, list[str]] = {}
        for line in library.read_text(errors="replace").splitlines():
            key, *words = line.split() or [""]
            if key == "newmtl":
                values = stated.setdefault(line.strip()[len(key) :].strip(), {})
            else:
                values[key] = words
    return stated


def _libraries(path: Path) -> list[Path]:
    named: set[Path] = set()
    with open(path, "rb") as lines:
        for line in lines:
            if line.startswith(b"mtllib"):
                name = line[len(b"mtllib") :].decode(errors="replace").strip()
                found = [path.parent / word for word in (name, *name.split())]
                named.update(one for one in found if one.is_file())
    return sorted(named)


def _as_mtl_states(stated: Stated) -> list[str]:
    """Undo the importer's guesses: metal is only what `Pm` calls so, not `illum` or `Ka`; `d` is opacity and counts
    before `Tr`; a `Tr` of 1 alone is the old way to write an opaque material."""
    opaque = 0
    for material in bpy.data.materials:
        shader, values = _shader(material), stated.get(material.name, {})
        if shader is None:
            continue
        if "Pm" not in values:
            shader.inputs["Metallic"].default_value = 0.0
        alpha = shader.inputs["Alpha"]
        if "map_d" in values and alpha.is_linked:
            continue
        opacity = _number(values.get("d"))
        if opacity is None:
            opacity = 1.0 - (_number(values.get("Tr")) or 0.0)
            if opacity < UNSEEN:
                opaque += 1
                opacity = 1.0
        alpha.default_value = min(max(opacity, 0.0), 1.0)
    return [f"{opaque} material{'' if opaque == 1 else 's'} of 'Tr 1' taken as opaque"] if opaque else []


def _number(words: list[str] | None) -> float | None:
    """The last word as a number (`d -halo 0.5` has two), None without one."""
    try:
        return float(words[-1]) if words else None
    except ValueError:
        return None


def _something_to_see() -> list[str]:
    """A model of nothing but invisible materials was written by someone who read opacity the other way round."""
    shaders = [shader for material in bpy.data.materials if material.users and (shader := _shader(material))]
    alphas = [shader.inputs["Alpha"] for shader in shaders]
    if not alphas or any(alpha.is_linked or alpha.default_value >= UNSEEN for alpha in alphas):
        return []
    for alpha in alphas:
        alpha.default_value = 1.0
    return ["all materials were invisible; taken as opaque"]
