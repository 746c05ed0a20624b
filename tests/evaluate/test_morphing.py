"""Morphs: measured on sequences whose steps are known, and drawn between the styles that are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from evaluate.config import MorphConfig
from evaluate.morphing import (
    Morph,
    MorphPart,
    generated_morph,
    measured_frames,
    morph,
    morph_classes,
    morph_classes_needs,
    morph_parts,
)
from evaluate.question import Answer, Subject, drawn_pairs, here
from infra import rng
from infra.errors import UserError

QUICK = MorphConfig(pairs_per_class=2, frames=9, strip_frames=5, gif_frames=8)


def measured(rgb: np.ndarray, mask: np.ndarray) -> Morph:
    return Morph(MorphPart("chair", 0, 1, 60, 15, QUICK), measured_frames(rgb, mask), rgb[:1], rgb[:1], 0.0, 1.0)


def ends() -> tuple[np.ndarray, np.ndarray]:
    random = rng.generator(0, "ends")
    return random.uniform(size=(8, 8, 3)), random.uniform(size=(8, 8, 3))


def test_a_cross_fade_has_steps_of_one_size() -> None:
    first, second = ends()
    weights = np.linspace(0, 1, 9)[:, None, None, None]
    fade = measured((1 - weights) * first + weights * second, np.ones((9, 8, 8)))
    assert fade.step_uniformity == pytest.approx(1)
    assert fade.frames["step"].sum() == pytest.approx(np.linalg.norm(second - first))
    assert (fade.broken_frames, fade.least_area) == (0, pytest.approx(1))


def test_a_single_jump_is_as_uneven_as_there_are_steps() -> None:
    first, second = ends()
    jump = measured(np.stack([first] * 4 + [second] * 5), np.ones((9, 8, 8)))
    assert jump.step_uniformity == pytest.approx(8)


def test_frames_that_lose_the_object_are_broken() -> None:
    mask = np.zeros((9, 8, 8))
    mask[:, :4] = 1
    mask[-1, :6] = 1
    mask[3, 2:] = 0  # half of the smaller end is left
    mask[5] = 0.4  # as large, but faint: 64 x 0.4 of 32
    lost = measured(np.zeros((9, 8, 8, 3)), mask)
    assert lost.least_area == pytest.approx(0.5)
    assert lost.broken_frames == 1


def test_a_morph_begins_and_ends_with_its_models(subject: Subject) -> None:
    found = generated_morph(subject, MorphPart("chair", 0, 2, 60, 15, QUICK))
    rgb, mask = subject.draw([0, 2], 60, 15)
    areas = found.frames["area"].to_numpy()
    np.testing.assert_allclose(areas[[0, -1]], mask.mean(axis=(1, 2)), rtol=1e-4)
    np.testing.assert_array_equal(found.strip[0], found.animation[0])
    np.testing.assert_array_equal(found.strip[-1], found.animation[QUICK.gif_frames // 2])
    assert len(found.frames) == QUICK.frames
    assert found.strip.shape == (5, *rgb.shape[1:])


def test_half_way_the_generator_is_given_half_of_each_style(subject: Subject) -> None:
    mixture = subject.mixtures(0, 3, np.array([0.0, 0.25, 1.0]))
    np.testing.assert_allclose(mixture, [[1, 0, 0, 0, 0], [0.75, 0, 0, 0.25, 0], [0, 0, 0, 1, 0]])


def test_pairs_are_different_spread_and_drawn_by_the_seed() -> None:
    styles = list(range(7))
    pairs = drawn_pairs(styles, 9, rng.generator(1, "pairs"))
    assert len({frozenset(pair) for pair in pairs}) == 9
    assert all(one != other for one, other in pairs)
    assert len({style for pair in pairs[:3] for style in pair}) == 6
    assert pairs == drawn_pairs(styles, 9, rng.generator(1, "pairs"))
    assert len(drawn_pairs(styles, 100, rng.generator(1, "pairs"))) == 21
    assert drawn_pairs([4], 3, rng.generator(1, "pairs")) == []


def test_pairs_that_are_asked_for_replace_drawn_ones(subject: Subject) -> None:
    config = MorphConfig(pairs=(("chair02", "chair/chair00"), ("chair01", "table01")))
    groups: dict[str, list[tuple[int, int]]] = {}
    for part in morph_parts(subject, config):
        groups.setdefault(part.group, []).append((part.first, part.second))
    assert groups["chair"] == [(2, 0)]
    assert groups["chair-table"] == [(1, 4)]
    assert len(groups["table"]) == 1  # drawn: two tables make one pair


def test_a_pair_with_an_unknown_model_is_refused(subject: Subject) -> None:
    with pytest.raises(UserError, match="chair99"):
        morph_parts(subject, MorphConfig(pairs=(("chair00", "chair99"),)))


def test_the_question_answers_for_each_class_and_across(subject: Subject, tmp_path: Path) -> None:
    answer = Answer("morph", tmp_path)
    morph(subject, QUICK, answer, here(subject))
    pairs = pd.read_csv(tmp_path / "pairs.csv")
    assert set(pairs["group"]) == {"chair", "table", "chair-table"}
    assert answer.metrics["eval/morph/pairs"] == len(pairs)
    assert answer.metrics["eval/morph/step_uniformity"] == pytest.approx(pairs["step_uniformity"].mean(), rel=1e-4)
    assert answer.metrics["eval/morph/table/broken_frames"] >= 0
    for figure in answer.figures:
        assert (tmp_path / figure["file"]).with_suffix(".csv").exists()
    gif = Image.open(tmp_path / "morph-chair-loop.gif")
    assert gif.n_frames == QUICK.gif_frames


def test_across_classes_is_compared_with_within(subject: Subject, tmp_path: Path) -> None:
    answer = Answer("morph-classes", tmp_path)
    morph_classes(subject, QUICK, answer, here(subject))
    pairs, uneven = pd.read_csv(tmp_path / "pairs.csv"), pd.read_csv(tmp_path / "claim-slightly-worse.csv")
    across = pairs["group"] == "chair-table"
    assert list(uneven["sample"]) == list(pairs["sample"][across])
    expected = pairs["step_uniformity"][across] - pairs["step_uniformity"][~across].mean()
    np.testing.assert_allclose(uneven["value"], expected, rtol=1e-3, atol=1e-5)
    assert answer.metrics["eval/morph-classes/across/pairs"] == 2
    assert {figure["file"] for figure in answer.figures} == {"morph-chair-table.png", "morph-chair-table-loop.gif"}


def test_one_class_has_nothing_to_morph_across(subject: Subject, tmp_path: Path) -> None:
    boats = QUICK.model_copy(update={"across": (("chair", "boat"),)})
    with pytest.raises(
        UserError, match=r"needs a generator of two classes \(chair-boat\); 'generator' knows chair, table"
    ):
        morph_classes(subject, boats, Answer("morph-classes", tmp_path), here(subject))
    with pytest.raises(UserError, match=r"needs a dataset of two classes \(chair-boat\); it has chair, table"):
        morph_classes_needs(boats, subject.views)
    morph_classes_needs(QUICK, subject.views)


def test_morphs_are_sorted_from_the_best_to_the_worst(subject: Subject, tmp_path: Path) -> None:
    answer = Answer("morph", tmp_path)
    morph(subject, QUICK.model_copy(update={"pairs_per_class": 3}), answer, here(subject))
    shown = pd.read_csv(tmp_path / "morph-chair.csv").drop_duplicates(["first", "second"])[["first", "second"]]
    pairs = pd.read_csv(tmp_path / "pairs.csv").fillna({"ghosting": 0})
    found = shown.merge(pairs, on=["first", "second"])
    keys = list(zip(found["broken_frames"], found["ghosting"].round(3), found["step_uniformity"], strict=True))
    assert len(keys) == 3
    assert keys == sorted(keys)
