"""Correspondence as a question: which points are compared, how far methods are from them, and their tuning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from evaluate.correspondence.config import CorrespondenceConfig, PathConfig, TuningConfig
from evaluate.correspondence.drawing import as_colours
from evaluate.correspondence.fields import moved
from evaluate.correspondence.matching import matched
from evaluate.correspondence.methods import METHODS, Sight, box_field, outlined
from evaluate.correspondence.pairs import drawn, split_models
from evaluate.correspondence.question import correspondence
from evaluate.correspondence.tuning import SEARCHED, tries_of, tuning
from evaluate.question import Answer, Subject, here
from infra.errors import UserError
from render.viewpoints import project
from tests.evaluate.furniture import SIZE, furniture, make_world, subject_of

QUICK = CorrespondenceConfig(pairs_per_class=1, path=PathConfig(frames=11), shown_pairs=1, azimuths_deg=(50,))


def test_keypoints_of_a_pair_are_the_projected_points_of_both_models(subject: Subject) -> None:
    pair = next(pair for pair in drawn(subject, QUICK, "test") if pair.class_name == "chair")
    assert (pair.azimuth_deg, pair.elevation_deg) == (60, 15)  # of the views trained on, nearest to 50 and 20
    for style, own in ((pair.first, pair.first_xy), (pair.second, pair.second_xy)):
        _, points = furniture("chair", style)
        expected, _ = project(np.stack([points[name] for name in pair.names]), SIZE, 60, 15)
        np.testing.assert_allclose(own, expected)


def test_pairs_take_the_views_in_turn(subject: Subject) -> None:
    config = CorrespondenceConfig(pairs_per_class=3, azimuths_deg=(60, 240), validation_share=0)
    assert [pair.azimuth_deg for pair in drawn(subject, config, "test") if pair.class_name == "chair"] == [60, 240, 60]


def test_only_points_that_both_models_show_are_compared(subject: Subject) -> None:
    views = subject.views.copy()
    views["keypoints"] = [
        [{**p, "visible": p["name"] != "top"} for p in points] if model != "chair00" else points[1:]
        for points, model in zip(views["keypoints"], views["model"], strict=True)
    ]
    changed = Subject(subject.generator, views, subject.rgba, subject.dataset_px, seed=0)
    pairs = drawn(changed, CorrespondenceConfig(pairs_per_class=3, validation_share=0), "test")
    assert len([pair for pair in pairs if pair.class_name == "chair"]) == 3
    for pair in pairs:
        assert "top" not in pair.names
        assert "top" in pair.landmarks or pair.class_name == "table"  # hidden, but a mirrored chair may need it
        if pair.class_name == "chair":
            assert ("foot_front_left" in pair.names) == (0 not in (pair.first, pair.second))


def test_points_outside_the_picture_are_not_compared(subject: Subject) -> None:
    views = subject.views.copy()
    views["keypoints"] = [
        [{**p, "y": SIZE + 0.5} if p["name"] == "top" else p for p in points] for points in views["keypoints"]
    ]
    pairs = drawn(Subject(subject.generator, views, subject.rgba, subject.dataset_px, seed=0), QUICK, "test")
    assert pairs
    assert all("top" not in pair.names for pair in pairs)


def test_keypoints_are_scaled_to_the_generators_pictures(subject: Subject) -> None:
    views = subject.views.copy()
    views["keypoints"] = [[{**p, "x": 2 * p["x"], "y": 2 * p["y"]} for p in points] for points in views["keypoints"]]
    larger = Subject(subject.generator, views, subject.rgba, dataset_px=2 * SIZE, seed=0)
    for one, same in zip(drawn(subject, QUICK, "test"), drawn(larger, QUICK, "test"), strict=True):
        assert one.names == same.names
        np.testing.assert_allclose(one.first_xy, same.first_xy)


def test_models_to_tune_on_are_none_of_those_to_test_on() -> None:
    for share, count in ((0.25, 8), (0.5, 16), (0.0, 0)):
        parts = split_models(range(32), share, np.random.default_rng(0))
        assert len(parts["validation"]) == count
        assert sorted(parts["validation"] + parts["test"]) == list(range(32))


def test_boxes_are_fitted_corner_to_corner() -> None:
    first, second = np.zeros((2, 20, 20))
    first[2:6, 4:8] = 1
    second[10:18, 5:6] = 1
    inside = np.array([[4.5, 2.5], [7.5, 5.5], [6.0, 3.0]])
    np.testing.assert_allclose(
        moved(inside, box_field(first, second)), [[5.125, 11], [5.875, 17], [5.5, 12]], atol=1e-5
    )
    assert not box_field(first, np.zeros((20, 20))).any()


def test_a_pale_object_shows_on_white_by_its_outline_alone() -> None:
    mask = np.zeros((1, 8, 8), np.float32)
    mask[0, 2:6, 2:6] = 1
    white, red = (np.float32(colour) * mask[..., None] for colour in ([1, 1, 1], [1, 0, 0]))
    assert outlined(white, mask, 0)[0].min() == 255
    assert outlined(red, mask, 0)[0][3, 3] == 76  # a red's share of brightness (ITU-R BT.601)
    for rgb in (white, red):
        np.testing.assert_array_equal(outlined(rgb, mask, 1)[0], 255 * (1 - mask[0]))
    assert outlined(white, mask, 0.6)[0][3, 3] == 102


def test_frames_paced_by_change_change_evenly_from_the_same_first_to_the_same_last(subject: Subject) -> None:
    pair = drawn(subject, QUICK, "test")[0]
    paths = PathConfig(frames=11, pace="weight"), PathConfig(frames=11, pace="change")
    by_weight, by_change = (Sight(subject, pair).film(path).astype(float) for path in paths)
    np.testing.assert_array_equal(by_weight[[0, -1]], by_change[[0, -1]])
    steps = [np.linalg.norm(np.diff(film.reshape(11, -1), axis=0), axis=1) for film in (by_weight, by_change)]
    assert steps[1].max() / steps[1].mean() < 1.1
    assert steps[0].max() / steps[0].mean() > 1.25


def test_a_model_matched_with_itself_keeps_its_points_by_every_method(subject: Subject) -> None:
    pair = drawn(subject, QUICK, "test")[0]
    own = dict(zip(pair.names, pair.first_xy, strict=True))
    match = matched(subject, replace(pair, second=pair.first, second_xy=pair.first_xy, landmarks=own), QUICK)
    assert set(match.predicted) == set(METHODS)
    for method in match.predicted:
        # Descriptors are alike where surfaces are plain, so their matcher may err where nothing shows.
        assert np.median(match.errors_px(method)) < 0.1
    assert match.confidence.min() > 0.9


def test_errors_are_averaged_over_keypoints_beside_rivals_and_floors(subject: Subject, tmp_path: Path) -> None:
    answer = Answer("correspondence", tmp_path)
    correspondence(subject, QUICK, answer, here(subject))
    pairs = drawn(subject, QUICK, "test")
    distances = np.concatenate([np.linalg.norm(pair.first_xy - pair.second_xy, axis=1) for pair in pairs])
    found = {key.removeprefix("eval/correspondence/"): value for key, value in answer.metrics.items()}
    assert found["zero/aepe_px/all"] == pytest.approx(distances.mean() * 128 / SIZE)
    assert (found["pairs"], found["keypoints"]) == (2, len(distances))
    points = pd.read_parquet(tmp_path / "keypoints.parquet")
    own = points[points["method"] == "morph"]
    assert found["aepe_px/all"] == pytest.approx(own["error_px"].mean())
    assert found["aepe_px/chair"] == pytest.approx(own.query("class_name == 'chair'")["error_px"].mean())
    apart = np.hypot(own["predicted_x"] - own["true_x"], own["predicted_y"] - own["true_y"])
    np.testing.assert_allclose(own["error_px"], apart * 128 / SIZE)
    table = pd.read_csv(tmp_path / "table3.csv")
    assert list(table.columns) == ["method", "aepe_all", "aepe_simple", "aepe_difficult", "pck_10", "seconds"]
    assert list(table["method"]) == list(METHODS)
    assert set(found) >= {"dsp/aepe_px/all", "siftflow/pck_10", "nearest/aepe_px/all", "box/aepe_px/all"}
    files = {path.name for path in tmp_path.iterdir()}
    assert {"correspondence-chair.png", "fields-table.png", "worst.png", "carried.gif"} <= files
    assert {"claim-beats-siftflow.csv", "claim-difficult-hurts-less-than-dsp.csv", "pairs.csv"} <= files


def test_without_keypoints_the_questions_say_so(tmp_path: Path) -> None:
    subject = subject_of(make_world(tmp_path, with_keypoints=False))
    for ask, config in ((correspondence, QUICK), (tuning, TuningConfig(budget=1))):
        answer = Answer("correspondence", tmp_path)
        ask(subject, config, answer, here(subject))
        assert "no keypoints" in answer.text
        assert answer.metrics == {}
        assert answer.figures == []


def test_marked_pairs_take_the_place_of_drawn_ones_and_people_stand_in_the_table(
    subject: Subject, tmp_path: Path
) -> None:
    rows = [
        "pair,class_name,first,second,azimuth_deg,elevation_deg,keypoint,first_x,first_y,annotator,second_x,second_y,size_px"
    ]
    for annotator, off in (("ada", -1), ("bo", 1)):
        rows.append(f"one,chair,chair00,chair01,60,15,top,40,30,{annotator},{50 + off},32,128")
    (tmp_path / "marks.csv").write_text("\n".join(rows))
    config = QUICK.model_copy(update={"marked": str(tmp_path / "marks.csv"), "methods": ("morph", "zero")})
    (tmp_path / "answer").mkdir()
    correspondence(subject, config, answer := Answer("correspondence", tmp_path / "answer"), here(subject))
    table = pd.read_csv(tmp_path / "answer" / "table3.csv").set_index("method")
    assert table.loc["zero", "aepe_all"] == pytest.approx(np.hypot(10, 2), rel=1e-4)
    assert table.loc["human", "aepe_all"] == pytest.approx(2)  # each from the other
    assert answer.metrics["eval/correspondence/pairs"] == 1
    (tmp_path / "marks.csv").write_text("\n".join(rows).replace("chair01", "chair77"))
    with pytest.raises(UserError, match="chair77"):
        correspondence(subject, config, answer, here(subject))
    (tmp_path / "marks.csv").write_text("\n".join(rows).replace(",60,15,", ",61,15,"))
    with pytest.raises(UserError, match="azimuth 61"):
        correspondence(subject, config, answer, here(subject))


def test_every_searched_setting_is_one(subject: Subject) -> None:
    config = TuningConfig(budget=40)
    for method in SEARCHED:
        tries = tries_of(method, config, seed=0)
        assert len(tries) == 40
        assert tries[0] == (method, {}, config)
        assert len({str(changes) for _, changes, _ in tries}) == 40


def test_tuning_finds_settings_that_serve_validation_pairs_better(subject: Subject, tmp_path: Path) -> None:
    lame = {"nearest": {"radius_px": 0.5}}  # goes nowhere
    config = TuningConfig.model_validate(
        {"budget": 4, "pairs_per_class": 1, "validation_share": 0.7, "methods": ["nearest", "zero"], **lame}
    )
    answer = Answer("correspondence-tuning", tmp_path)
    tuning(subject, config, answer, here(subject))
    best, first = (answer.metrics[f"eval/correspondence-tuning/nearest/{x}"] for x in ("aepe_px", "first_aepe_px"))
    tries = pd.read_csv(tmp_path / "tries.csv")
    assert len(tries) == 4
    assert best == pytest.approx(tries["aepe_px"].min(), rel=1e-4)
    assert best < first
    tuned = yaml.safe_load((tmp_path / "tuned.yaml").read_text())["evaluate"]["correspondence"]
    assert set(tuned) == {"nearest"}
    CorrespondenceConfig.model_validate(tuned)


def test_fields_are_white_where_nothing_is_known_or_moves_and_alike_where_they_point_alike() -> None:
    field = np.zeros((8, 8, 2), np.float32)
    field[2], field[3], field[5] = (4, 0), (1, 0), np.nan
    colours = as_colours(field, np.isfinite(field[..., 0])).astype(int)
    assert (colours[[0, 5]] == 255).all()
    strong, weak = colours[2, 0], colours[3, 0]
    assert strong[0] > strong[1]  # to the right is red
    assert weak.min() > strong.min()  # and paler the shorter
    turned = as_colours(-field, np.isfinite(field[..., 0])).astype(int)
    assert turned[2, 0, 1] > turned[2, 0, 0]  # to the left its complement
