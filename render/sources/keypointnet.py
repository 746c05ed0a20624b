"""KeypointNet's annotations (You et al. 2020) of ShapeNetCore v2: semantic keypoints of one class, a JSON file.

The one idea: they become keypoints like any other, so the renderer projects them and judges what hides them, and every
view's sample carries them. Their frame is that of `model_normalized.obj`; of a v1 mesh they say nothing.

The file is a list of `{class_id, model_id, keypoints: [{xyz, semantic_id, ...}, ...], ...}`; the point of semantic id 7
is called `kp_7`. The same id is the same place on all models of a class.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from infra.errors import UserError

Points = tuple[tuple[str, tuple[float, float, float]], ...]
"""Names and places in the frame of `model_normalized.obj`, by semantic id."""
LARGEST_FILE = 1_000_000_000


def read_keypoints(path: Path) -> dict[tuple[str, str], Points]:
    """(synset, model id) -> its keypoints. Raises `UserError` naming the file, the entry and the fault."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UserError(f"{path} has more than {LARGEST_FILE // 1_000_000} MB; keypoints of a class have a few")
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read as KeypointNet's JSON: {' '.join(str(error).split())}") from None
    if not isinstance(entries, list) or not entries:
        raise UserError(f"{path} holds no list of annotated models; give a file of KeypointNet such as chair.json")
    found: dict[tuple[str, str], Points] = {}
    for number, entry in enumerate(entries):
        where = f"{path}, entry {number}"
        try:
            key = str(entry["class_id"]), str(entry["model_id"])
            points = sorted((int(point["semantic_id"]), _place(point["xyz"])) for point in entry["keypoints"])
        except (KeyError, TypeError, ValueError):
            raise UserError(
                f"{where} is no annotation of KeypointNet: it needs class_id, model_id and keypoints with a "
                "semantic_id and an xyz of three numbers"
            ) from None
        names = [name for name, _ in points]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UserError(f"{where} (model {key[1]}) has two keypoints of semantic id {twice}; remove one")
        if key in found:
            raise UserError(f"{where} annotates model {key[1]} of class {key[0]} again; remove one of the two")
        found[key] = tuple((f"kp_{name}", place) for name, place in points)
    return found


def common(path: Path, annotated: Mapping[tuple[str, str], Points], used: int, root: Path) -> None:
    """Raise `UserError` when none of the annotated models is among those that are rendered."""
    if used:
        return
    classes = ", ".join(sorted({synset for synset, _ in annotated}))
    raise UserError(
        f"{path} annotates {len(annotated)} models of {classes}, and none of them is among the models taken from "
        f"{root} as models/model_normalized.obj: keypoints are of other meshes; give ShapeNetCore v2 and its class, "
        "or leave out --render.source.keypoints"
    )


def _place(xyz: Any) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in xyz)
    if not all(map(isfinite, (x, y, z))):
        raise ValueError("not finite")
    return x, y, z
