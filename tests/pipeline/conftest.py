"""A workspace with a dataset, a training and an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.storage import Storage, open_storage
from tests.pipeline.pages import (
    add_dataset,
    add_evaluation,
    add_training,
)


@pytest.fixture
def workspace(tmp_path: Path) -> Storage:
    """Everything of a run, tiny."""
    storage = open_storage(tmp_path / "run")
    add_dataset(storage)
    add_training(storage)
    add_evaluation(storage)
    return storage
