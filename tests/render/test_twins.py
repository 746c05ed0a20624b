"""Twins: they join a catalogue without moving anyone, and say in their ids whose they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from infra.errors import UserError
from infra.settings import digest
from render import modeller, sources
from render.catalog import Catalog
from render.config import RenderConfig, SourceConfig
from render.sources import parametric

ARMS = [{"arms": "none"}, {"armrests": "straight"}]


def catalog(seed: int = 2, **settings: Any) -> Catalog:
    return sources.catalog(SourceConfig(**settings), seed)


def test_without_twins_digests_are_those_of_older_datasets() -> None:
    """Both were taken from the version before twins were known."""
    config = RenderConfig(source=SourceConfig(models_per_class=3))
    assert catalog(5, models_per_class=3).digest() == "2b2882315daa2dddd2e20d28db0e01af9969201f9c84bf039ac9206d142e5cd2"
    assert digest(config.picture_settings()) == "65f50e0c41424d21fd7ae7905ea98d85d4511ffb4c5cdd0266dad74247ec4eb9"


def test_twins_follow_their_class_and_change_no_other_model() -> None:
    plain = catalog(classes=["chair", "car"], models_per_class=8)
    found = catalog(classes=["chair", "car"], models_per_class=8, twins={"chair": ARMS})
    assert [model for model in found.models if not model.changes] == list(plain.models)
    assert found.models[:8] == plain.models[:8]
    assert found.classes == ["chair", "car"]
    assert found.digest() != plain.digest()
    assert len({model.fingerprint for model in found.models}) == len(found.models)


def test_only_what_differs_is_a_twin_and_only_what_can_be() -> None:
    found = catalog(classes=["chair"], models_per_class=12, twins={"chair": ARMS})
    ids = {model.id for model in found.models}
    for index in range(12):
        chair = modeller.draw("chair", 2, index)
        assert (f"s2n{index:04d}-arms-none" in ids) == (chair.arms != "none")
        if chair.arms == "straight" or chair.back == "none":  # the same chair; a stool has no place for arms
            assert f"s2n{index:04d}-armrests-straight" not in ids


def test_a_twin_is_built_with_its_change_alone(tmp_path: Path) -> None:
    found = catalog(classes=["chair"], models_per_class=8, twins={"chair": ARMS})
    of_id = {model.id: model for model in found.models}
    names = ("s2n0003", "s2n0003-arms-none")
    for name in names:
        parametric.write(of_id[name], tmp_path)
    files = {name: tmp_path / "chair" / name / "models/model_normalized.obj" for name in names}
    with_arms, without = (files[name].read_text() for name in names)
    assert "arm" in with_arms
    assert len(without) < len(with_arms)
    assert with_arms.count("arm") > without.count("arm")
    expected = modeller.draw("chair", 2, 3).twin(arms="none")
    assert of_id["s2n0003-arms-none"].fingerprint == parametric.fingerprint_of(expected)


def test_a_datasets_ids_lead_back_to_their_models() -> None:
    """Dots, colons and hashes are lost in an id, and several changes are run together."""
    changes = [
        *ARMS, {"arms": "none", "back": "solid"}, {"seat_material": "wood:walnut"}, {"seat_material": "fabric:#aa3344"},
        {"seat_height": 0.5}, {"seat_width": 0.44, "seat_material": "leather:tan"},
    ]  # fmt: skip
    found = catalog(classes=["chair"], models_per_class=6, twins={"chair": changes})
    assert sum(bool(model.changes) for model in found.models) > 25
    for model in found.models:
        made = parametric.built("chair", model.id)
        assert parametric.fingerprint_of(made.properties) == model.fingerprint, model.id


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("7f2a", r"'7f2a' of class 'chair' is no model of our own"),
        ("s0n0001-arms-banana", r"'s0n0001-arms-banana' is no twin that a chair can have"),
        ("s0n0001-wheels-4", r"is no twin that a chair can have: 'wheels-4' is not understood"),
    ],
)
def test_an_id_that_is_not_of_our_own_models_is_refused(name: str, line: str) -> None:
    with pytest.raises(UserError, match=line):
        parametric.built("chair", name)
    with pytest.raises(UserError, match="'boat': the modeller builds chair, table, car"):
        parametric.built("boat", "s0n0001")


def test_families_are_read_off_the_ids() -> None:
    found = catalog(classes=["chair"], models_per_class=5, twins={"chair": [*ARMS, {"back": "solid"}]})
    families = parametric.families("chair", [model.id for model in found.models] + ["chair-of-another-source"])
    assert families["arms"]["s2n0003"] == {"straight": "s2n0003", "none": "s2n0003-arms-none"}
    assert families["arms"]["s2n0000"] == {"none": "s2n0000", "straight": "s2n0000-armrests-straight"}
    assert families["back"]["s2n0000"] == {"upholstered": "s2n0000", "solid": "s2n0000-back-solid"}
    assert set(families) == {"arms", "back"}


@pytest.mark.parametrize(
    ("twins", "line"),
    [
        ({"chair": [{"arms": "banana"}]}, r"no model drawn can have this changed: chair: arms = 'banana'"),
        ({"chair": [{"armz": "none"}]}, r"did you mean 'arms'\?"),
        ({"car": [{"doors": 2}]}, "names class 'car', which is not drawn; chair are"),
    ],
)
def test_a_change_that_cannot_be_is_refused(twins: dict[str, list[dict[str, Any]]], line: str) -> None:
    with pytest.raises(UserError, match=line):
        catalog(classes=["chair"], models_per_class=4, twins=twins)


def test_twins_of_files_and_empty_changes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"need --render\.source\.kind parametric"):
        SourceConfig(kind="folder", path=str(tmp_path), twins={"chair": ARMS})
    with pytest.raises(ValidationError, match="names at least one property"):
        SourceConfig(twins={"chair": [{}]})
