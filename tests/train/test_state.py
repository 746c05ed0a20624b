"""Checkpoints come back as they were, the newest k are kept, and damage costs one interval and is said."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from infra.errors import UserError
from infra.storage import FolderStorage, open_storage
from train.config import TrainConfig
from train.loop import TrainState, start
from train.state import Checkpoints

SETTINGS = {"size": 64, "width": 0.05, "average": 0.9}


def state_of(step: int, styles: int = 2, size: int = 64) -> TrainState:
    """A state whose numbers all follow from its step."""
    config = TrainConfig.model_validate({**SETTINGS, "size": size})
    state = start(config, styles, step, torch.device("cpu"))
    random = torch.Generator().manual_seed(step)
    for parameter in state.generator.parameters():
        moments = {name: torch.rand(parameter.shape, generator=random) for name in ("exp_avg", "exp_avg_sq")}
        state.optimizer.state[parameter] = {"step": torch.tensor(float(step)), **moments}
    state.step, state.history = step, [{"step": float(step), "loss": 1.5}]
    return state


def equal(one: TrainState, other: TrainState) -> bool:
    pairs = [(one.generator.state_dict(), other.generator.state_dict()), (one.average or {}, other.average or {})]
    for ours, theirs in zip(one.generator.parameters(), other.generator.parameters(), strict=True):
        pairs.append((one.optimizer.state[ours], other.optimizer.state[theirs]))
    same = all(a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a) for a, b in pairs)
    return same and (one.step, one.history) == (other.step, other.history)


@pytest.fixture
def kept(tmp_path: Path) -> Checkpoints:
    checkpoints = Checkpoints(FolderStorage(tmp_path / "checkpoints"), "these", keep=2)
    for step in (10, 20, 30):
        checkpoints.save(state_of(step))
    return checkpoints


def test_the_newest_comes_back_as_it_was_and_older_ones_are_gone(kept: Checkpoints) -> None:
    assert kept.steps() == [20, 30]
    assert len(kept.storage.list()) == 4
    state = state_of(1)
    assert kept.load(state) == []
    assert equal(state, state_of(30))


@pytest.mark.parametrize("keep", [1, 3])
def test_checkpoints_on_s3_are_the_same(s3_bucket: str, keep: int) -> None:
    checkpoints = Checkpoints(open_storage(f"{s3_bucket}/states-{keep}"), "these", keep)
    for step in (10, 20):
        checkpoints.save(state_of(step))
    state = state_of(1)
    assert checkpoints.load(state) == []
    assert equal(state, state_of(20))
    assert checkpoints.steps() == ([20] if keep == 1 else [10, 20])
    checkpoints.clear()
    assert checkpoints.storage.list() == []


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "name"),
    [
        (truncate, "state.safetensors"),
        (flip, "state.safetensors"),
        (Path.unlink, "state.safetensors"),
        (truncate, "state.json"),
    ],
)
def test_a_damaged_one_is_said_and_the_one_before_is_taken(
    kept: Checkpoints, harm: Callable[[Path], None], name: str
) -> None:
    harm(kept.storage.fetch(f"step-000000030/{name}"))
    state = state_of(1)
    (said,) = kept.load(state)
    assert said.startswith("the checkpoint of step 30 is damaged (")
    assert equal(state, state_of(20))
    kept.save(state_of(30))  # the training comes there again
    assert kept.load(state) == []
    assert equal(state, state_of(30))


def test_one_that_was_killed_in_the_middle_of_its_writing_is_none(kept: Checkpoints) -> None:
    kept.storage.delete("step-000000030/state.json")
    state = state_of(1)
    assert kept.load(state) == []
    assert equal(state, state_of(20))


def test_without_any_the_state_stays_as_it_is(tmp_path: Path) -> None:
    state = state_of(1)
    assert Checkpoints(FolderStorage(tmp_path / "none"), "these").load(state) == []
    assert equal(state, state_of(1))


def test_one_of_another_training_is_refused_and_says_what_differs(kept: Checkpoints) -> None:
    with pytest.raises(UserError, match=r"step 30 is of another network \(styles 2 instead of 5\); give this"):
        kept.load(state_of(1, styles=5))
    with pytest.raises(UserError, match=r"size 64 instead of 128"):
        kept.load(state_of(1, size=128))
    with pytest.raises(UserError, match=r"step 30 is of other settings or another dataset; give this training"):
        Checkpoints(kept.storage, "those").load(state_of(1))
