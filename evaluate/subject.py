"""Opening what is evaluated: a training of a workspace, and the true views of its models, on any node.

The one idea: a `SubjectPlace` says in a few words where everything is, so it travels to a task, and every
process opens each subject once.
"""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from evaluate.question import OUTSIDE, Subject
from infra.errors import UserError
from infra.storage import Storage, open_storage
from render.dataset import MODELS, Dataset, open_dataset, read_models
from train.checkpoint import SPEC_FILE, WEIGHTS_FILE, GeneratorSpec, TrainedGenerator, load_generator
from train.packed import keys_of, pack_here, packed_file

SELECTION_FILE = "selection.parquet"


@dataclass(frozen=True)
class SubjectPlace:
    """Where a subject is; `identity` tells the generator there from a later one of the same name."""

    workspace: str
    training: str
    identity: str
    seed: int
    batch: int


def read_spec(workspace: Storage, training: str) -> GeneratorSpec:
    """A training's generator.json. Raises `UserError` when there is none."""
    storage = workspace / "training" / training
    try:
        return GeneratorSpec.model_validate_json(storage.read_bytes(SPEC_FILE))
    except FileNotFoundError:
        missing = f"no training/{training}/{SPEC_FILE}"
        raise UserError(
            f"no generator '{training}' in {workspace.url} ({missing}); train one with `python -m train`"
        ) from None
    except ValueError:
        raise UserError(f"{storage.url}/{SPEC_FILE} is damaged; remove it and train again") from None


@lru_cache(maxsize=4)
def open_subject(place: SubjectPlace) -> Subject:
    """The generator and its views, read from the workspace; pictures are decoded once a node.

    Raises `UserError` when something is missing, or the dataset is not the one the generator was trained on.
    """
    workspace = open_storage(place.workspace)
    storage = workspace / "training" / place.training
    generator = _generator(storage)
    dataset = open_dataset(workspace / "dataset")
    if dataset.manifest.digest != generator.spec.dataset_digest:
        raise UserError(
            f"generator '{place.training}' was trained on another dataset than {dataset.storage.url}; "
            "train it on this one, or evaluate it in its own workspace"
        )
    try:
        selection = pd.read_parquet(io.BytesIO(storage.read_bytes(SELECTION_FILE)))
    except FileNotFoundError:
        raise UserError(f"{storage.url}/{SELECTION_FILE} is missing; train '{place.training}' again") from None
    views = labelled_views(dataset.views, selection, generator.spec)
    rgba = packed_pictures(dataset, generator.spec.size)
    return Subject(generator, views, rgba, dataset.manifest.size, place.seed, place.batch, _places(dataset.storage))


def labelled_views(views: pd.DataFrame, selection: pd.DataFrame, spec: GeneratorSpec) -> pd.DataFrame:
    """All views of a dataset, labelled by their row, with what a selection (columns key, split, target) says of them
    and the generator's `style`; split "outside" and style -1 where it does not know them."""
    style_of = {pair: i for i, pair in enumerate(zip(spec.style_classes, spec.styles, strict=True))}
    style = [style_of.get(pair, -1) for pair in zip(views["class_name"], views["model"], strict=True)]
    said = selection.assign(target=selection.get("target", False)).set_index("key").reindex(views["key"])
    return views.reset_index(drop=True).assign(
        split=said["split"].fillna(OUTSIDE).to_numpy(),
        target=said["target"].eq(True).to_numpy(),
        style=np.array(style, dtype=np.int64),
    )


def packed_pictures(dataset: Dataset, size: int) -> np.ndarray:
    """All views of a dataset, uint8 [N, size, size, 4], mapped from this node's cache; decoded if not there
    yet."""
    path = packed_file(dataset.manifest.digest, size)
    if not path.is_file():
        keys = keys_of(dataset)
        pack_here(path, dataset.storage, [(shard, keys[shard.name]) for shard in dataset.manifest.shards], size)
    return np.asarray(np.load(path, mmap_mode="r"))


def _places(dataset: Storage) -> dict[tuple[str, str], np.ndarray]:
    """Where each model stood when it was rendered; empty where the dataset does not say, as one of photographs."""
    if not dataset.exists(MODELS):
        return {}
    models = read_models(dataset)
    told = models[models["file_to_world"].notna()]
    return {
        (class_name, model): np.stack(matrix)
        for class_name, model, matrix in zip(told["class_name"], told["model"], told["file_to_world"], strict=True)
    }


def _generator(storage: Storage) -> TrainedGenerator:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with tempfile.TemporaryDirectory(prefix="turnery-generator-") as folder:
        for name in (SPEC_FILE, WEIGHTS_FILE):
            try:
                (Path(folder) / name).symlink_to(storage.fetch(name))
            except FileNotFoundError:
                raise UserError(f"{storage.url}/{name} is missing; train the generator again") from None
        return load_generator(Path(folder), device)
