"""Fixtures: one small real world for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evaluate.question import Subject
from infra.storage import Storage
from tests.evaluate.draughtsman import make_transfer_world
from tests.evaluate.furniture import make_world, subject_of


@pytest.fixture(scope="session", autouse=True)
def node_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Decoded samples stay out of the home folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TURNERY_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def world(node_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Storage:
    """A workspace to read from; tests that write make their own."""
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def subject(world: Storage) -> Subject:
    """The shared world's subject."""
    return subject_of(world)


@pytest.fixture(scope="session")
def transfer_world(node_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Storage:
    """A dataset alone, of more sides and elevations; to read from."""
    return make_transfer_world(tmp_path_factory.mktemp("transfer"))
