"""Trainings of a recipe: shared by whoever needs the same, told apart by everything that decides the result."""

from __future__ import annotations

import re
from typing import Any

import pytest

from evaluate.config import EvaluateJob
from evaluate.plan import all_of, places, plan
from infra.errors import UserError
from infra.settings import parse
from train.config import TrainConfig


def job(**evaluate: Any) -> EvaluateJob:
    return EvaluateJob.model_validate({"train": {"size": 64, "steps": 100}, "evaluate": evaluate})


def two(first: dict[str, Any], second: dict[str, Any], **more: Any) -> EvaluateJob:
    questions = {"reconstruction": {"trainings": {"generator": first}}, "morph": {"trainings": {"generator": second}}}
    return job(questions=("reconstruction", "morph"), **questions, **more)


def test_without_changes_every_question_asks_the_recipes_own_training() -> None:
    (own,) = all_of(plan(job()))
    assert own.name == "generator"
    assert own.config == TrainConfig(size=64, steps=100)


def test_two_questions_that_need_the_same_share_a_training() -> None:
    change = {"augment": 1.0, "select": {"classes": ["chair"]}}
    assert len(all_of(plan(two(change, {"select": {"classes": ("chair",)}, "augment": 1})))) == 1
    assert len(all_of(plan(two(change, {"augment": 1.0})))) == 2
    assert len(all_of(plan(two(change, {})))) == 2


def test_settings_that_do_not_change_the_result_do_not_part_trainings() -> None:
    names = {each.name for each in all_of(plan(two({"steps": 50}, {"steps": 50, "workers": 2, "report_every": 7})))}
    assert len({name.rpartition("-")[2] for name in names}) == 1


def test_a_training_is_named_by_what_differs() -> None:
    change = {"architecture": "1s-S", "augment": 0.5, "select": {"classes": ["chair", "car"], "few": {"views": 4}}}
    (named,) = all_of(plan(job(questions=("morph",), morph={"trainings": {"generator": change}})))
    assert re.fullmatch(r"chair-car-share0\.1-views4-1s-S-augment0\.5-[0-9a-f]{8}", named.name)
    assert named.config.select.few is not None


def test_every_seed_has_trainings_and_a_place_of_its_own() -> None:
    plans = plan(two({}, {"augment": 1.0}, seeds=(0, 1, 2)))
    assert len(all_of(plans)) == 6
    of = [(place, seed) for place, _, seed, _ in places(plans)]
    assert of[:3] == [("reconstruction", 0), ("reconstruction@1", 1), ("reconstruction@2", 2)]
    assert of[3:] == [("morph", 0), ("morph@1", 1), ("morph@2", 2)]
    assert {each.seed for each in all_of(plans)} == {0, 1, 2}
    assert "generator" in {each.name for each in all_of(plans)}


def test_a_change_that_cannot_be_is_refused_with_its_place() -> None:
    argv = ["--evaluate.morph.trainings", '{"generator": {"architecture": "3s-S"}}']
    with pytest.raises(UserError, match=r"evaluate\.morph\.trainings\.generator\.architecture"):
        parse(EvaluateJob, argv, "test")
    with pytest.raises(UserError, match=r"evaluate\.morph\.trainings\.generator\.widht"):
        parse(EvaluateJob, ["--evaluate.morph.trainings", '{"generator": {"widht": 2}}'], "test")
