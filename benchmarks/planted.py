"""Folders of models with planted copies and look-alikes, for measuring what is taken for a near-duplicate.

The one idea: every original is followed by copies made of it (which must be found) and by twins with one property
changed (which must stay); the file's name says which: `0007-a.obj`, copy `0007-c-as-glb.glb`, twin `0007-l-arms.obj`.
Deterministic: the same class, seed and number give the same files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from PIL import Image
from scipy.spatial import cKDTree

from infra.errors import UserError
from infra.rng import generator
from render import modeller
from render.modeller.materials import PALETTE
from render.modeller.mesh import corner_normals
from render.modeller.writing import mtl_text, obj_text

ORIGINAL, COPY, LOOKALIKE, DETAIL = "a", "c", "l", "d"
"""Second part of a name: an original, a copy that must go, a twin that must stay, a twin that differs in a detail."""

TWINS: dict[str, list[tuple[str, Mapping[str, Any]]]] = {
    "chair": [
        ("arms", {"arms": "straight", "arm_height": 0.22}),
        ("arms", {"arms": "none"}),
        ("legs", {"legs": "straight"}),
        ("legs", {"legs": "sled", "leg_thickness": 0.022, "apron_height": 0.0, "stretchers": "none", "leg_splay": 0.0}),
        ("legs", {"legs": "cantilever", "leg_thickness": 0.025, "apron_height": 0.0, "leg_splay": 0.0}),
        ("back", {"back": "slatted"}),
        ("back", {"back": "solid"}),
        ("back", {"back": "ladder"}),
        ("member", {"back_members": +1}),
        ("member", {"back_members": -1}),
        ("stretchers", {"stretchers": "box"}),
        ("stretchers", {"stretchers": "none"}),
        ("headrest", {"headrest": 0.12}),
        ("taller back", {"back_height": 1.2}),
        ("wider seat", {"seat_width": 1.2}),
        ("tufting", {"tufting": "buttons"}),
        ("cushion", {"cushion": "thin"}),
        ("arch", {"back_arch": 0.04}),
    ],
    "table": [
        ("legs", {"legs": "splayed", "leg_splay": 10.0}),
        ("legs", {"legs": "straight", "leg_splay": 0.0}),
        ("legs", {"legs": "pedestal", "apron_height": 0.0}),
        ("legs", {"legs": "trestle", "apron_height": 0.0}),
        ("shelf", {"shelf": True}),
        ("shelf", {"shelf": False}),
        ("top", {"top": "oval", "planks": 0}),
        ("top", {"top": "boat", "planks": 0}),
        ("top", {"top": "long"}),
        ("stretchers", {"stretchers": "h"}),
        ("stretchers", {"stretchers": "none"}),
        ("cabinet", {"cabinet": "left"}),
        ("cabinet", {"cabinet": "none"}),
        ("hutch", {"hutch_height": 0.35}),
        ("lower", {"height": 0.8}),
        ("narrower", {"width": 0.85}),
        ("planks", {"planks": 5}),
        ("drawers", {"drawers": 2}),
        ("edge", {"top_edge": "bevelled"}),
    ],
    "car": [
        ("body", {"body": "estate"}),
        ("body", {"body": "hatchback"}),
        ("body", {"body": "convertible"}),
        ("spoiler", {"spoiler": True}),
        ("spare wheel", {"spare_wheel": True}),
        ("roof rails", {"roof": "rails"}),
        ("cargo", {"cargo": "flatbed"}),
        ("cargo", {"cargo": "tipper"}),
        ("wheels", {"wheel_radius": 1.15}),
        ("taller", {"height": 1.15}),
        ("longer", {"length": 1.12}),
        ("wheelbase", {"wheelbase": 1.15}),
        ("overhang", {"front_overhang": 1.2}),
        ("headlights", {"headlights": "round"}),
        ("grille", {"grille": "none"}),
        ("rims", {"rim": "dish"}),
        ("doors", {"doors": 2}),
    ],
}
"""What is changed in a twin; a signed whole number is added, a float of `_FACTORS` multiplies."""

VISIBLE = 0.03
"""A twin is a look-alike where its surface comes to lie further than this from the original's, in diagonals of the box;
what changes less is a detail. A copy stays below 0.018 (3 % along one axis, 2 degrees)."""

_FACTORS = {"back_height", "height", "wheel_radius", "front_overhang", "wheelbase", "length", "seat_width", "width"}
_STEPS = {"back_members"}
_MEMBERED = {"slatted", "ladder", "spindle", "planks", "hoop", "lattice"}


@dataclass(frozen=True)
class Planted:
    """A file of the set: what it was made of and how."""

    path: Path
    class_name: str
    original: int
    role: str
    kind: str


def plant(class_name: str, seed: int, count: int, folder: Path, copies: int = 4, twins: int = 2) -> list[Planted]:
    """Write `count` originals of a class, each with `copies` copies and `twins` look-alikes, to `folder/<class>/`."""
    made = []
    target = folder / class_name
    target.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        properties = modeller.draw(class_name, seed, index)
        original = write_obj(properties, target / f"{index:04d}-a.obj")
        made.append(Planted(original, class_name, index, ORIGINAL, "original"))
        random = generator(seed, f"planted {class_name}", index)
        for kind in random.permutation(list(COPIES))[:copies]:
            path = target / f"{index:04d}-c-{_word(kind)}"
            written = COPIES[kind](properties, path, random)
            made.append(Planted(written, class_name, index, COPY, str(kind)))
        wanted = {LOOKALIKE: twins, DETAIL: 1}
        taken: set[str] = set()
        for kind, role, twin in _twins(properties, TWINS[class_name], random):
            if kind not in taken and wanted[role]:
                taken.add(kind)
                wanted[role] -= 1
                path = target / f"{index:04d}-{role}-{_word(kind)}.obj"
                made.append(Planted(write_obj(twin, path), class_name, index, role, kind))
            if not any(wanted.values()):
                break
    return made


def plant_real(source: Path, class_name: str, seed: int, folder: Path) -> list[Planted]:
    """The GLB files of `source/<class>/`, each followed by copies of every kind that is made of a file alone."""
    made = []
    target = folder / class_name
    target.mkdir(parents=True, exist_ok=True)
    for index, path in enumerate(sorted((source / class_name).glob("*.glb"))):
        original = target / f"{index:04d}-a.glb"
        original.write_bytes(path.read_bytes())
        made.append(Planted(original, class_name, index, ORIGINAL, "original"))
        random = generator(seed, f"planted real {class_name}", index)
        for kind, change in SCENE_COPIES.items():
            scene = trimesh.load_scene(path)
            change(scene, random)
            copy = target / f"{index:04d}-c-{_word(kind)}.glb"
            scene.export(copy)
            made.append(Planted(copy, class_name, index, COPY, kind))
    return made


def recoloured(properties: modeller.Properties, random: np.random.Generator) -> modeller.Properties:
    """The same model in other materials of the same kinds; glass stays, for what it lets through is no colour."""
    changed = {}
    for name, value in properties.model_dump().items():
        kind = value.partition(":")[0] if isinstance(value, str) else ""
        if kind in PALETTE and kind != "glass":
            changed[name] = f"{kind}:{random.choice(list(PALETTE[kind]))}"
    return properties.twin(**changed)


def _word(kind: str) -> str:
    """A kind as part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")


def _twins(
    properties: modeller.Properties, table: list[tuple[str, Mapping[str, Any]]], random: np.random.Generator
) -> Iterator[tuple[str, str, modeller.Properties]]:
    """Kind, role and properties of the twins that can be built, in a drawn order, each another than the original."""
    values = properties.model_dump()
    surface = _surface(properties)
    for place in random.permutation(len(table)):
        kind, changes = table[place]
        if kind == "member" and values["back"] not in _MEMBERED:
            continue
        try:
            twin = properties.twin(**{name: _changed(name, values[name], change) for name, change in changes.items()})
            other = _surface(twin)
        except (UserError, ValueError):
            continue
        apart = max(float(cKDTree(a).query(b)[0].max()) for a, b in ((surface, other), (other, surface)))
        if other.shape != surface.shape or not np.allclose(other, surface):
            yield kind, LOOKALIKE if apart > VISIBLE else DETAIL, twin


def _surface(properties: modeller.Properties, points: int = 20_000) -> np.ndarray:
    """Points [N, 3] all over a model's surface, in the frame of its file."""
    model = modeller.build(properties)
    triangles = np.concatenate([model.normalise(part.mesh.vertices)[part.mesh.faces] for part in model.parts])
    random = generator(0, "points of a surface")
    area = np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1)
    chosen = triangles[random.choice(len(area), points, p=area / area.sum())]
    u, v = np.sort(random.random((2, points)), axis=0)
    weights = np.stack([u, v - u, 1 - v], axis=1)
    inside = np.einsum("pc,pcd->pd", weights, chosen)
    return np.concatenate([inside, triangles.reshape(-1, 3)])


def _changed(name: str, value: Any, change: Any) -> Any:
    if name in _STEPS:
        return value + change
    return round(value * change, 4) if name in _FACTORS else change


def write_obj(properties: modeller.Properties, path: Path) -> Path:
    """Write a drawn model as an OBJ with an MTL of its name, front to -z."""
    model = modeller.build(properties)
    path.with_suffix(".mtl").write_text(mtl_text(model))
    path.write_text(obj_text(model).replace("model_normalized.mtl", path.with_suffix(".mtl").name))
    return path


def scene_of(properties: modeller.Properties) -> trimesh.Scene:
    """A built model as a trimesh scene in its file's frame, front to -z; three corners of its own to every face."""
    model = modeller.build(properties)
    scene = trimesh.Scene()
    for part in model.parts:
        faces = part.mesh.faces
        normals = corner_normals(part.mesh.vertices, faces, np.full(len(faces), part.crease_deg)).reshape(-1, 3)
        matter = part.material
        paint = trimesh.visual.material.PBRMaterial(
            name=matter.name,
            baseColorFactor=[*_srgb(matter.colour), round(255 * matter.opacity)],
            roughnessFactor=matter.roughness,
            metallicFactor=matter.metallic,
            alphaMode="BLEND" if matter.opacity < 1 else "OPAQUE",
        )
        mesh = trimesh.Trimesh(
            model.normalise(part.mesh.vertices)[faces].reshape(-1, 3),
            np.arange(3 * len(faces)).reshape(-1, 3),
            vertex_normals=normals,
            visual=trimesh.visual.TextureVisuals(material=paint),
            process=False,
        )
        scene.add_geometry(mesh, node_name=part.name, geom_name=part.name)
    return scene


def _srgb(colour: tuple[float, float, float]) -> list[int]:
    """glTF's base colour is linear, and so is the modeller's: bytes of it, as trimesh wants them."""
    return [round(255 * channel) for channel in colour]


def _scaled(low: float, high: float, axes: int) -> Callable[[trimesh.Scene, np.random.Generator], None]:
    def change(scene: trimesh.Scene, random: np.random.Generator) -> None:
        share = random.uniform(low, high) * random.choice([-1, 1])
        factors = np.ones(3)
        factors[random.permutation(3)[:axes]] += share
        scene.apply_transform(np.diag([*factors, 1.0]))

    return change


def _turned(scene: trimesh.Scene, random: np.random.Generator) -> None:
    degrees = random.uniform(1.0, 2.0) * random.choice([-1, 1])
    scene.apply_transform(trimesh.transformations.rotation_matrix(np.radians(degrees), [0, 1, 0]))


def _split(scene: trimesh.Scene, random: np.random.Generator) -> None:
    """Every face with corners of its own, faces in another order."""
    for mesh in scene.geometry.values():
        mesh.unmerge_vertices()
        mesh.update_faces(random.permutation(len(mesh.faces)))


def _subdivided(scene: trimesh.Scene, random: np.random.Generator) -> None:
    """Every face in four, shading as far as trimesh keeps it."""
    for name, mesh in list(scene.geometry.items()):
        finer = mesh.subdivide()
        finer.visual.material = mesh.visual.material
        scene.geometry[name] = finer


def _repainted(scene: trimesh.Scene, random: np.random.Generator) -> None:
    """Other colours: channels of factors and textures exchanged, and lightened or darkened."""
    order = [int(channel) for channel in ([1, 2, 0], [2, 0, 1], [2, 1, 0])[random.integers(3)]]
    light = float(random.uniform(0.5, 1.0))
    for material in {id(mesh.visual.material): mesh.visual.material for mesh in scene.geometry.values()}.values():
        factor = np.array(material.baseColorFactor if material.baseColorFactor is not None else [255] * 4, float)
        factor[:3] = factor[order] * light
        material.baseColorFactor = factor.round().astype(np.uint8)
        picture = material.baseColorTexture
        if picture is not None:
            pixels = np.asarray(picture.convert("RGBA")).copy()
            pixels[..., :3] = pixels[..., order]
            material.baseColorTexture = Image.fromarray(pixels)


SCENE_COPIES: dict[str, Callable[[trimesh.Scene, np.random.Generator], None]] = {
    "recoloured": _repainted,
    "one axis 1-3 %": _scaled(0.01, 0.03, 1),
    "two axes 1-3 %": _scaled(0.01, 0.03, 2),
    "overall 1-3 %": _scaled(0.01, 0.03, 3),
    "turned 1-2 deg": _turned,
    "split vertices": _split,
    "subdivided": _subdivided,
}
"""Copies that are made of a scene alone."""


def _of_scene(change: Callable[[trimesh.Scene, np.random.Generator], None] | None) -> Any:
    def make(properties: modeller.Properties, path: Path, random: np.random.Generator) -> Path:
        scene = scene_of(properties)
        if change is not None:
            change(scene, random)
        target = path.with_suffix(".glb")
        scene.export(target)
        return target

    return make


def _as_obj(change: Callable[[modeller.Properties, np.random.Generator], modeller.Properties]) -> Any:
    def make(properties: modeller.Properties, path: Path, random: np.random.Generator) -> Path:
        return write_obj(change(properties, random), path.with_suffix(".obj"))

    return make


def _rejoined(properties: modeller.Properties, path: Path, random: np.random.Generator) -> Path:
    """An OBJ whose quads are split along the other diagonal and whose faces come in reverse order."""
    target = write_obj(properties, path.with_suffix(".obj"))
    target.write_text(other_diagonals(target.read_text()))
    return target


def other_diagonals(text: str) -> str:
    """An OBJ with every flat, convex pair of neighbouring triangles split along its other diagonal."""
    lines = text.splitlines()
    points = np.array([line.split()[1:4] for line in lines if line.startswith("v ")], float)
    out: list[str] = []
    faces: list[list[str]] = []
    for line in [*lines, ""]:
        if line.startswith("f "):
            faces.append(line.split()[1:])
            continue
        out += [f"f {' '.join(face)}" for face in reversed(_flipped(faces, points))]
        faces = []
        out.append(line)
    return "\n".join(out) + "\n"


def _flipped(faces: list[list[str]], points: np.ndarray) -> list[list[str]]:
    """Triangles of `v/vt/vn` corners; pairs that follow each other and share an edge are flipped where they can be."""
    out, place = [], 0
    while place < len(faces):
        one = faces[place]
        two = faces[place + 1] if place + 1 < len(faces) else []
        shared = [corner for corner in one if corner in two]
        if len(shared) == 2:
            turn = next(k for k in range(3) if one[k] not in shared)
            a, b, c = one[turn], one[(turn + 1) % 3], one[(turn + 2) % 3]
            d = next(corner for corner in two if corner not in shared)
            pa, pb, pc, pd = (points[int(corner.split("/")[0]) - 1] for corner in (a, b, c, d))
            old = np.cross(pb - pa, pc - pa), np.cross(pc - pb, pd - pb)
            new = np.cross(pb - pa, pd - pa), np.cross(pd - pa, pc - pa)
            normal = old[0] / max(float(np.linalg.norm(old[0])), 1e-12)
            flat = abs(float((pd - pa) @ normal)) < 1e-5
            if flat and all(float(area @ normal) > 1e-9 for area in new):
                out += [[a, b, d], [a, d, c]]
                place += 2
                continue
        out.append(one)
        place += 1
    return out


COPIES: dict[str, Callable[[modeller.Properties, Path, np.random.Generator], Path]] = {
    "recoloured": _as_obj(recoloured),
    "recoloured wider": _of_scene(None),
    "other diagonals": _rejoined,
    "as GLB": _of_scene(None),
    **{kind: _of_scene(change) for kind, change in SCENE_COPIES.items() if kind not in {"recoloured", "overall 1-3 %"}},
}
"""Kinds of copies of drawn models."""


def _recoloured_wider(properties: modeller.Properties, path: Path, random: np.random.Generator) -> Path:
    target: Path = _of_scene(_scaled(0.01, 0.03, 1))(recoloured(properties, random), path, random)
    return target


COPIES["recoloured wider"] = _recoloured_wider
