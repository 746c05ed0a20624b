"""A finished training in its folder: what is there, whether it is the one asked for, and how it is written.

The one idea: generator.json is written last and carries the digest of everything that decides the result, so a
training is done exactly when that file is there and says so.
"""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from infra.settings import differences
from infra.storage import Storage
from render.dataset import Manifest, read_manifest
from train.checkpoint import SPEC_FILE, WEIGHTS_FILE, GeneratorSpec, save_generator
from train.config import TrainConfig
from train.loop import TrainState
from train.selection import Selection

SELECTION_FILE, HISTORY_FILE = "selection.parquet", "history.csv"


@dataclass(frozen=True)
class TrainResult:
    """`folder` holds generator.json, generator.safetensors, selection.parquet and history.csv; `spec` is the first.

    `done_before` tells that the same training was found finished.
    """

    folder: Storage
    spec: GeneratorSpec
    done_before: bool


def finished_training(config: TrainConfig, *, seed: int, workspace: Storage) -> GeneratorSpec | None:
    """generator.json of a finished training of these settings on the workspace's dataset, or None; needs no Ray."""
    manifest = read_manifest(workspace / "dataset")
    if manifest is None:
        return None
    return finished(workspace / "training" / config.name, inputs_digest(config, seed, manifest))


def inputs_digest(config: TrainConfig, seed: int, manifest: Manifest) -> str:
    """As `TrainConfig.inputs_digest`, of a dataset."""
    return config.inputs_digest(seed, manifest.digest)


def finished(folder: Storage, inputs: str) -> GeneratorSpec | None:
    """generator.json of a finished training of these inputs, or None."""
    try:
        spec = GeneratorSpec.model_validate(folder.read_json(SPEC_FILE))
    except (FileNotFoundError, ValueError):
        return None
    complete = all(folder.exists(name) for name in (WEIGHTS_FILE, SELECTION_FILE, HISTORY_FILE))
    return spec if complete and spec.inputs_digest == inputs else None


def other_result(folder: Storage, config: TrainConfig) -> str:
    """A line about the generator of other inputs that a folder holds; empty where it holds none."""
    try:
        spec = GeneratorSpec.model_validate(folder.read_json(SPEC_FILE))
    except (FileNotFoundError, ValueError):
        return ""
    changed = differences(spec.recipe.get("train", {}), config.inputs(), "train.")
    why = ", ".join(changed[:3]) or "another seed, dataset or version"
    return f"{folder.url} holds a generator of other settings ({why}); it stays until the new one is there"


def write_result(folder: Storage, spec: GeneratorSpec, state: TrainState, selection: Selection) -> None:
    """The files of a finished training, generator.json last; one of other inputs goes only now.

    Killed in between, the same command writes them again: the last checkpoint goes after them.
    """
    folder.delete(SPEC_FILE)  # never the old description beside new weights
    with tempfile.TemporaryDirectory(prefix="turnery-generator-") as temporary:
        save_generator(Path(temporary), spec, state.result())
        folder.put(Path(temporary) / WEIGHTS_FILE, WEIGHTS_FILE)
        table = io.BytesIO()
        selection.table.to_parquet(table, index=False)
        folder.write_bytes(SELECTION_FILE, table.getvalue())
        folder.write_bytes(HISTORY_FILE, pd.DataFrame(state.history).to_csv(index=False).encode())
        folder.put(Path(temporary) / SPEC_FILE, SPEC_FILE)
