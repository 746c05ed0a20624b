"""Triangles of three styles: weights, corners and what fills the middle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluate import figures
from evaluate.imagination.config import TripleConfig
from evaluate.imagination.triple import TriplePart, barycentric, generated_triple, triple_parts, triples, triples_needs
from evaluate.question import Answer, Subject, here
from infra.errors import UserError


def test_weights_are_barycentric() -> None:
    weights = barycentric(4)
    assert weights.shape == (10, 3)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights[[0, 6, 9]], np.eye(3))
    np.testing.assert_allclose(weights[4], [1 / 3, 1 / 3, 1 / 3])  # the middle


def test_corners_are_the_trained_models_and_the_middle_is_a_third_of_each(subject: Subject) -> None:
    found = generated_triple(subject, TriplePart("chair", (2, 0, 1), 60, 15, 4))
    thirds = np.zeros((1, 5), np.float32)
    thirds[0, :3] = 1 / 3
    middle = figures.over_white(*subject.draw(thirds, 60, 15))
    corners = figures.over_white(*subject.draw([2, 0, 1], 60, 15))
    # Batches of other sizes round differently: by one grey value at most.
    for expected, places in ((corners, [0, 6, 9]), (middle, [4])):
        assert np.abs(found.pictures[places].astype(int) - expected).max() <= 1


def test_classes_with_fewer_than_three_models_are_passed_over(subject: Subject) -> None:
    parts = triple_parts(subject, TripleConfig(triples_per_class=5))
    assert [(part.class_name, set(part.styles)) for part in parts] == [("chair", {0, 1, 2})]


def test_the_question_answers(subject: Subject, tmp_path: Path) -> None:
    answer = Answer("triple", tmp_path)
    triples(subject, TripleConfig(side=3), answer, here(subject))
    assert answer.metrics["eval/triple/triples"] == 1
    assert [figure["file"] for figure in answer.figures] == ["triple-chair.png"]
    assert list(pd.read_csv(tmp_path / "claim-looks-real.csv").columns) == ["sample", "value"]


def test_a_generator_without_three_models_of_a_class_is_refused(subject: Subject, tmp_path: Path) -> None:
    spec = subject.generator.spec
    few = spec.model_copy(update={"style_classes": ["a", "a", "b", "b", "c"]})
    subject.generator.spec = few
    try:
        with pytest.raises(UserError, match="no three models of one class"):
            triples(subject, TripleConfig(), Answer("triple", tmp_path), here(subject))
    finally:
        subject.generator.spec = spec


def test_a_dataset_without_three_models_of_a_class_is_refused_before_training(subject: Subject) -> None:
    views = subject.views
    triples_needs(TripleConfig(), views)
    with pytest.raises(UserError, match="needs three models of one class"):
        triples_needs(TripleConfig(), views[views["class_name"] == "table"])
