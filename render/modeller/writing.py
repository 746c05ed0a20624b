"""Writing of a model as ShapeNetCore v2 has it, with its truth beside it; equal models give equal bytes.

The one idea: numbers are rounded and made unique as arrays and printed by one format string a table, so
that a model is written in a few hundredths of a second.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from render.modeller.materials import Material
from render.modeller.mesh import Floats, Ints, Model, corner_normals

_DECIMALS = 6


def write_model(model: Model, folder: Path) -> None:
    """Write `models/model_normalized.{obj,mtl}`, `properties.json`, `keypoints.json` and `parts.json` into a
    folder.

    The OBJ has one object a part, `vt` as surface coordinates, `vn` as shading normals, and is centred at
    the origin with a box diagonal of 1; keypoints are in the same frame (null where the style has none).
    `parts.json`: part -> label, material, and its faces in the order of the file as [first, one past the
    last]. The MTL's colours are linear RGB; `Pr` and `Pm` are roughness and metallic.
    """
    models = folder / "models"
    models.mkdir(parents=True, exist_ok=True)
    (models / "model_normalized.obj").write_text(obj_text(model), encoding="ascii")
    (models / "model_normalized.mtl").write_text(mtl_text(model), encoding="ascii")
    _write_json(folder / "properties.json", model.properties.model_dump(mode="json"))
    _write_json(folder / "keypoints.json", keypoints(model))
    _write_json(folder / "parts.json", part_table(model))


def keypoints(model: Model) -> dict[str, list[float] | None]:
    """Name -> [x, y, z] in the normalised frame, or None."""
    table: dict[str, list[float] | None] = {}
    for name, point in model.keypoints.items():
        table[name] = None if point is None else [round(float(x), _DECIMALS) for x in model.normalise(point)]
    return table


def part_table(model: Model) -> dict[str, dict[str, object]]:
    """Part -> its label, material and range of faces."""
    table: dict[str, dict[str, object]] = {}
    first = 0
    for part in model.parts:
        last = first + len(part.mesh.faces)
        table[part.name] = {"label": part.label, "material": part.material.name, "faces": [first, last]}
        first = last
    return table


def mtl_text(model: Model) -> str:
    """The material library, a material once, in the order the parts ask for them."""
    materials = {part.material.name: part.material for part in model.parts}
    return "\n".join(_mtl_entry(matter) for matter in materials.values())


def _mtl_entry(matter: Material) -> str:
    red, green, blue = matter.colour
    shine = (1.0 - matter.roughness) ** 2
    return (
        f"newmtl {matter.name}\n"
        f"Kd {red:.6f} {green:.6f} {blue:.6f}\n"
        f"Ks {0.5:.6f} {0.5:.6f} {0.5:.6f}\n"
        f"Ns {1000.0 * shine:.6f}\n"
        f"d {matter.opacity:.6f}\nillum 2\n"
        f"Pr {matter.roughness:.6f}\n"
        f"Pm {matter.metallic:.6f}\n"
    )


def obj_text(model: Model) -> str:
    """The Wavefront OBJ of a model in its normalised frame."""
    sizes = [len(part.mesh.vertices) for part in model.parts]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    vertices = np.concatenate([part.mesh.vertices for part in model.parts])
    faces = np.concatenate([part.mesh.faces + start for part, start in zip(model.parts, starts, strict=True)])
    creases = np.concatenate([np.full(len(part.mesh.faces), part.crease_deg) for part in model.parts])
    normals = corner_normals(vertices, faces, creases).reshape(-1, 3)
    coordinates = np.concatenate([part.mesh.uv for part in model.parts]).reshape(-1, 2)
    vn, vn_index = _unique(normals, 4)
    vt, vt_index = _unique(coordinates, 5)
    table = np.stack([faces.ravel(), vt_index, vn_index], axis=1).reshape(-1, 9) + 1
    blocks = [
        "mtllib model_normalized.mtl\n",
        _lines("v %.6f %.6f %.6f\n", model.normalise(vertices)),
        _lines("vt %.5f %.5f\n", vt),
        _lines("vn %.4f %.4f %.4f\n", vn),
    ]
    first = 0
    for part in model.parts:
        last = first + len(part.mesh.faces)
        blocks.append(f"o {part.name}\ng {part.label}\nusemtl {part.material.name}\n")
        blocks.append(_lines("f %d/%d/%d %d/%d/%d %d/%d/%d\n", table[first:last]))
        first = last
    return "".join(blocks)


def _unique(rows: Floats, decimals: int) -> tuple[Floats, Ints]:
    """The different rows after rounding, and for each row which of them it is."""
    whole = np.rint(rows * 10**decimals).astype(np.int64)
    span = 4 * 10**decimals
    key = np.zeros(len(rows), np.int64)
    for column in whole.T:
        key = key * span + (column + span // 2)
    _, first, index = np.unique(key, return_index=True, return_inverse=True)
    return whole[first] / 10**decimals, index.astype(np.int64)


def _lines(form: str, rows: Floats | Ints) -> str:
    """Every row printed by the format."""
    return (form * len(rows)) % tuple(rows.ravel().tolist())


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
