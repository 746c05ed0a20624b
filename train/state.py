"""A training's state between two steps, kept in a storage so that whatever dies costs one interval of checkpoints.

The one idea: a checkpoint is a folder `step-<n>` of tensors (safetensors) and plain data (JSON, with the SHA-256 of the
tensors); the JSON is written last and removed first, so one without it is none, and one that is damaged is found out.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from infra.errors import UserError
from infra.storage import FolderStorage, Storage
from train.loop import TrainState

STATE_VERSION = 2

_TENSORS, _STATE = "state.safetensors", "state.json"
_MOMENTS = ("exp_avg", "exp_avg_sq")
_NAME = re.compile(rf"step-(\d+)/{re.escape(_STATE)}")


class Damaged(Exception):
    """A checkpoint is not what was written."""


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one training, below a storage; `inputs` is the digest of all that decides its result."""

    storage: Storage
    inputs: str
    keep: int = 3

    def steps(self) -> list[int]:
        """Steps that have a whole checkpoint, rising."""
        found = (_NAME.fullmatch(name) for name in self.storage.list(_STATE))
        return sorted(int(match[1]) for match in found if match)

    def save(self, state: TrainState) -> None:
        """Write a checkpoint, whole or not at all, and remove all but the newest `keep`."""
        place = self._place(state.step)
        with _scratch() as folder:
            save_state(folder, state, self.inputs)
            place.delete(_STATE)  # of a damaged one of the same step
            for name in (_TENSORS, _STATE):
                place.put(folder / name, name)
        for step in self.steps()[: -self.keep]:
            self._remove(step)

    def load(self, state: TrainState) -> list[str]:
        """Put the newest sound checkpoint into `state`, in place; where there is none it stays as it is.

        Returns what was found damaged, a line each. Raises `UserError` when a checkpoint is of another training.
        """
        damaged = []
        for step in reversed(self.steps()):
            with _scratch() as folder:
                try:
                    for name in (_TENSORS, _STATE):
                        self._place(step).get(name, folder / name)
                    load_state(folder, state, self.inputs)
                except (Damaged, FileNotFoundError) as error:
                    damaged.append(f"the checkpoint of step {step} is damaged ({error})")
                else:
                    break
        return damaged

    def clear(self) -> None:
        """Remove them all."""
        for step in self.steps():
            self._remove(step)
        self.storage.clear()
        if isinstance(self.storage, FolderStorage):
            shutil.rmtree(self.storage.root, ignore_errors=True)

    def _place(self, step: int) -> Storage:
        return self.storage / f"step-{step:09d}"

    def _remove(self, step: int) -> None:
        place = self._place(step)
        place.delete(_STATE)
        place.clear()
        if isinstance(place, FolderStorage):
            shutil.rmtree(place.root, ignore_errors=True)


def save_state(folder: Path, state: TrainState, inputs: str) -> None:
    """Write a training's state: weights, Adam's moments, running average, step and history."""
    tensors = {f"weights/{name}": value for name, value in state.generator.state_dict().items()}
    for name, parameter in state.generator.named_parameters():
        for moment in _MOMENTS:
            tensors[f"{moment}/{name}"] = state.optimizer.state[parameter][moment]
    tensors |= {f"average/{name}": value for name, value in (state.average or {}).items()}
    save_file({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, folder / _TENSORS)
    plain = {
        "schema_version": STATE_VERSION,
        "inputs_digest": inputs,
        "network": state.generator.spec.model_dump(mode="json"),
        "sha256": _sha256(folder / _TENSORS),
        "step": state.step,
        "history": state.history,
    }
    (folder / _STATE).write_text(json.dumps(plain, indent=1, allow_nan=False) + "\n")


@torch.no_grad()
def load_state(folder: Path, state: TrainState, inputs: str) -> None:
    """Put a saved state into `state`, in place.

    Raises `Damaged` when the files are not what was written, `UserError` when they are of another training.
    """
    try:
        plain = json.loads((folder / _STATE).read_bytes())
        step, history, kept = int(plain["step"]), list(plain["history"]), plain["sha256"]
        if _sha256(folder / _TENSORS) != kept:
            raise Damaged(f"{_TENSORS} differs from its SHA-256")
        tensors = load_file(folder / _TENSORS)
    except (ValueError, KeyError, TypeError, SafetensorError) as error:
        raise Damaged(f"{type(error).__name__} in {_STATE} or {_TENSORS}") from error
    _check_of_this_training(plain, state, inputs)
    state.generator.load_state_dict(_below("weights/", tensors))
    for name, parameter in state.generator.named_parameters():
        # Adam's own count of steps is ours; moments lie in memory as the weights do.
        state.optimizer.state[parameter] = {
            "step": torch.tensor(float(step), device=parameter.device),
            **{moment: torch.empty_like(parameter).copy_(tensors[f"{moment}/{name}"]) for moment in _MOMENTS},
        }
    for name, value in (state.average or {}).items():
        value.copy_(tensors[f"average/{name}"])
    state.step, state.history = step, history


def _check_of_this_training(plain: dict[str, Any], state: TrainState, inputs: str) -> None:
    mend = "give this training another train.name, or remove the checkpoint"
    theirs, ours = plain.get("network", {}), state.generator.spec.model_dump(mode="json")
    other = [f"{key} {theirs.get(key)} instead of {ours[key]}" for key in ours if theirs.get(key) != ours[key]]
    if other:
        raise UserError(f"the checkpoint of step {plain['step']} is of another network ({', '.join(other)}); {mend}")
    if plain["inputs_digest"] != inputs or plain["schema_version"] != STATE_VERSION:
        raise UserError(f"the checkpoint of step {plain['step']} is of other settings or another dataset; {mend}")


def _sha256(path: Path) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="turnery-state-") as folder:
        yield Path(folder)


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
