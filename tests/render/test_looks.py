"""Near-duplicates are found whatever their colour, and the models that are drawn are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from infra.rng import generator
from render import modeller
from render.catalog import Model
from render.config import SourceConfig
from render.looks import SIZE, VIEWS, describe, near_duplicates
from render.modeller.materials import PALETTE
from render.portraits import portraits
from render.sources import parametric

SAMPLES = 4


def seen(models: list[Model]) -> NDArray[np.uint8]:
    return np.stack(list(portraits(models, VIEWS, SIZE, SAMPLES)))


@pytest.mark.long
@pytest.mark.parametrize("class_name", modeller.CLASSES)
def test_of_a_hundred_drawn_models_ninety_five_are_no_near_duplicates(class_name: str) -> None:
    source = SourceConfig(classes=[class_name], models_per_class=100)
    pictures = seen(list(parametric.catalog(source, seed=0).models))
    alike = near_duplicates(describe(pictures))
    assert len(alike) <= 5, [(pair.dropped, pair.kept) for pair in alike]


def _recoloured(properties: modeller.Properties, index: int) -> modeller.Properties:
    """The same model in other materials of the same kinds."""
    random = generator(0, "recoloured", index)
    values = properties.model_dump()
    changed = {}
    for name, value in values.items():
        kind = value.partition(":")[0] if isinstance(value, str) else ""
        if kind in PALETTE and kind != "glass":  # what glass lets through is more than its colour
            changed[name] = f"{kind}:{random.choice(list(PALETTE[kind]))}"
    return properties.twin(**changed)


@pytest.mark.parametrize("class_name", modeller.CLASSES)
def test_planted_copies_are_found_and_others_stay(class_name: str, tmp_path: Path) -> None:
    """24 drawn models, 12 of them again in other colours, 12 again 1.5 % wider and of other triangles."""
    drawn = [modeller.draw(class_name, 3, index) for index in range(24)]
    models = []
    for index, properties in enumerate([*drawn, *(_recoloured(p, k) for k, p in enumerate(drawn[:12])), *drawn[12:]]):
        folder = tmp_path / str(index)
        modeller.write(modeller.build(properties), folder)
        path = folder / "models" / "model_normalized.obj"
        if index >= 36:
            _rewrite(path)
        models.append(Model(str(index), class_name, "", file=str(path), front="-z"))
    pairs = {(pair.dropped, pair.kept) for pair in near_duplicates(describe(seen(models)))}
    planted = {(24 + k, k) for k in range(24)}
    found = len(pairs & planted)
    assert found / len(planted) >= 0.95, sorted(planted - pairs)
    assert found / max(len(pairs), 1) >= 0.95, sorted(pairs - planted)


def _rewrite(path: Path) -> None:
    """Make an OBJ 1.5 % wider, every triangle turned to start at another corner, faces in reverse order."""
    lines = path.read_text().splitlines()
    text, faces = [], []
    for line in lines:
        words = line.split()
        if words and words[0] == "v":
            text.append(f"v {float(words[1]) * 1.015:.6f} {words[2]} {words[3]}")
        elif words and words[0] == "f":
            faces.append(f"f {words[2]} {words[3]} {words[1]}")
        else:
            text += [*reversed(faces), line]
            faces = []
    path.write_text("\n".join([*text, *reversed(faces)]) + "\n")
