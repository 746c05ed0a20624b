"""What a question's summary.json says of what it was asked and of whom; no Ray and no PyTorch here.

The one idea: a question is done when its summary is there with the digest of its settings, its seed and its generators;
settings and generators stand beside the digest, so that a summary that no longer fits can say why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from evaluate.config import EvaluateConfig, settings_of
from infra.settings import digest
from infra.storage import Storage

SUMMARY = "summary.json"
CODE_VERSION = 3
"""Raised whenever the same settings would give other answers, so that old ones are made anew."""


class Trained(Protocol):
    """What generator.json says that tells two generators apart."""

    @property
    def inputs_digest(self) -> str: ...
    @property
    def dataset_digest(self) -> str: ...
    @property
    def steps(self) -> int: ...
    @property
    def final(self) -> Mapping[str, float]: ...


def own_settings(question: str, config: EvaluateConfig) -> dict[str, Any]:
    """A question's own settings, as plain data."""
    settings: dict[str, Any] = config.model_dump(mode="json")[settings_of(question)]
    return settings


def inputs_digest(question: str, config: EvaluateConfig, seed: int, specs: Mapping[str, Trained]) -> str:
    """Digest of all that an answer depends on: the generators by role, the seed and the question's own settings."""
    own = own_settings(question, config)
    parts = {"code_version": CODE_VERSION, "question": question, "config": own, "seed": seed}
    return digest({**parts, "generators": {role: identity(spec) for role, spec in specs.items()}})


def identity(spec: Trained) -> str:
    """Tells two generators apart: settings and dataset, and how the training of this very one ended."""
    return digest({"inputs": spec.inputs_digest, "dataset": spec.dataset_digest, "steps": spec.steps, **spec.final})


def finished_summary(storage: Storage, inputs: str) -> dict[str, Any] | None:
    """A question's summary if it is there and of these inputs, else None."""
    try:
        summary = storage.read_json(SUMMARY)
    except (FileNotFoundError, ValueError):
        return None
    return summary if isinstance(summary, dict) and summary.get("inputs_digest") == inputs else None
