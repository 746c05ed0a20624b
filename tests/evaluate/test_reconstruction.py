"""Reconstruction: every number against the same number found another way, on real pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from skimage.metrics import mean_squared_error

from evaluate.config import ReconstructionConfig
from evaluate.question import Answer, Subject, here
from evaluate.reconstruction import chosen_views, mean_image, nearest_training_view, reconstruction

QUICK = ReconstructionConfig(columns=4, turntable_styles=2, turntable_frames=8)
PLAIN = QUICK.model_copy(update={"turntable_styles": 0})


def asked(subject: Subject, folder: Path, config: ReconstructionConfig = QUICK, part: int = 7) -> Answer:
    answer = Answer("reconstruction", folder)
    reconstruction(subject, config, answer, here(subject), views_per_part=part)
    return answer


@pytest.fixture(scope="module")
def answer(subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Answer:
    return asked(subject, tmp_path_factory.mktemp("reconstruction"))


def test_metrics_are_those_of_every_view_compared_one_by_one(subject: Subject, answer: Answer) -> None:
    for split in ("train", "unseen"):
        errors = []
        for row, view in subject.views[subject.views["split"] == split].iterrows():
            truth = subject.rgba[row].astype(float) / 255
            on_black = np.clip(truth[..., :3] - (1 - truth[..., 3:]), 0, 1)
            rgb, _ = subject.generator.generate(view["model"], view["azimuth_deg"], view["elevation_deg"])
            errors.append(mean_squared_error(rgb[0].permute(1, 2, 0).numpy(), on_black))
        mse = answer.metrics[f"eval/reconstruction/{split}/mse"]
        assert mse == pytest.approx(np.mean(errors), rel=1e-4)
        assert answer.metrics[f"eval/reconstruction/{split}/psnr_db"] == pytest.approx(-10 * np.log10(mse))


def test_every_fixed_key_is_there(answer: Answer) -> None:
    names = ("mse", "psnr_db", "psnr_object_db", "ssim", "mask_iou")
    places = ("", "chair/", "table/", "mean_image/", "nearest_view/")
    expected = {
        f"eval/reconstruction/{split}/{place}{name}"
        for split in ("train", "unseen")
        for place in places
        for name in names
    }
    assert set(answer.metrics) == expected


def test_views_drawn_perfectly_score_perfectly(subject: Subject, tmp_path: Path) -> None:
    """The truth is replaced by the generator's own pictures, rounded to 8 bits."""
    views = subject.views
    rgb, mask = subject.draw(views["style"].to_numpy(), views["azimuth_deg"], views["elevation_deg"])
    over_white = np.clip(rgb + 1 - mask[..., None], 0, 1)
    rgba = np.zeros_like(subject.rgba)
    rgba[views.index] = np.round(255 * np.concatenate([over_white, mask[..., None]], axis=3))
    # Where colour and mask disagree, no picture over white says so: take the pixels where they agree.
    agreeing = (rgb + 1 - mask[..., None] <= 1).all(axis=3)
    errors = np.abs(replace(subject, rgba=rgba).truth(views.index.to_numpy())[0] - rgb)[agreeing]
    assert errors.max() <= 1.01 / 255
    found = asked(replace(subject, rgba=rgba), tmp_path, PLAIN)
    assert found.metrics["eval/reconstruction/train/mask_iou"] > 0.99


def test_the_nearest_view_floor_copies_the_nearest_training_view(subject: Subject, answer: Answer) -> None:
    views = pd.read_parquet(answer.folder / "views.parquet").set_index("key")
    by_key = subject.views.reset_index(names="row").set_index("key")
    for key, view in views.iterrows():
        own, other = by_key.loc[key], by_key.loc[view["nearest_key"]]
        assert (own["model"], other["split"]) == (other["model"], "train")
        one, two = (subject.truth([place["row"]])[0][0] for place in (own, other))
        assert view["nearest_view_mse"] == pytest.approx(mean_squared_error(one, two), rel=1e-4)


def test_the_nearest_training_view_is_another_one_by_the_smallest_angle(subject: Subject) -> None:
    views = subject.views
    nearest = nearest_training_view(views)

    def direction(view: pd.Series) -> np.ndarray:
        a, e = np.radians([view["azimuth_deg"], view["elevation_deg"]])
        return np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])

    def angle(one: pd.Series, other: pd.Series) -> float:
        return float(np.arccos(np.clip(direction(one) @ direction(other), -1, 1)))

    for row, view in views.iterrows():
        others = views[(views["style"] == view["style"]) & (views["split"] == "train")].drop(row, errors="ignore")
        least = min(angle(view, other) for _, other in others.iterrows())
        assert nearest[row] != row
        assert angle(view, views.loc[nearest[row]]) == pytest.approx(least, abs=1e-6)


def test_a_model_with_one_training_view_has_no_neighbour_for_it(subject: Subject) -> None:
    of_one = subject.views[subject.views["style"] == 0]
    seen, unseen = of_one[of_one["split"] == "train"].iloc[:1], of_one[of_one["split"] == "unseen"]
    nearest = nearest_training_view(pd.concat([seen, unseen]))
    assert nearest.iloc[0] == -1
    assert (nearest.iloc[1:] == seen.index[0]).all()


def test_the_mean_image_is_the_mean_of_training_views(subject: Subject) -> None:
    rgb, mask = mean_image(subject, most=10_000)
    truth, truth_mask = subject.truth(subject.views.index[subject.views["split"] == "train"].to_numpy())
    np.testing.assert_allclose(rgb, truth.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(mask, truth_mask.mean(axis=0), atol=1e-5)


def test_views_are_drawn_by_the_seed_and_evenly_over_the_classes(subject: Subject) -> None:
    chosen = chosen_views(subject.views, 10, seed=5)
    counts = chosen.groupby(["split", "class_name"]).size()
    assert counts.to_dict() == {
        ("train", "chair"): 5,
        ("train", "table"): 5,
        ("unseen", "chair"): 5,
        ("unseen", "table"): 5,
    }
    again = chosen_views(subject.views.sample(frac=1, random_state=1).sort_index(), 10, seed=5)
    pd.testing.assert_frame_equal(chosen, again)
    assert set(chosen["key"]) != set(chosen_views(subject.views, 10, seed=6)["key"])
    assert len(chosen_views(subject.views, 0, seed=5)) == len(subject.views)


def test_how_the_work_is_cut_changes_nothing(subject: Subject, answer: Answer, tmp_path: Path) -> None:
    other = asked(subject, tmp_path, PLAIN, part=1000)
    assert other.metrics.keys() == answer.metrics.keys()
    for key, value in answer.metrics.items():
        assert other.metrics[key] == pytest.approx(value, rel=1e-4), key


def test_every_figure_has_its_table_beside_it(answer: Answer) -> None:
    files = {figure["file"] for figure in answer.figures}
    assert files == {
        "views-chair.png",
        "views-table.png",
        "worst.png",
        "errors-by-view.png",
        "turntable-chair.gif",
        "turntable-table.gif",
    }
    for file in files:
        assert (answer.folder / file).stat().st_size > 500
        assert len(pd.read_csv((answer.folder / file).with_suffix(".csv"))) > 0


def test_the_worst_views_are_those_of_the_largest_error(answer: Answer) -> None:
    views = pd.read_parquet(answer.folder / "views.parquet")
    worst = pd.read_csv(answer.folder / "worst.csv")
    assert list(worst["key"]) == list(views.sort_values("mse", ascending=False)["key"][:10])


def test_the_map_of_directions_has_their_mean_errors_and_says_which_were_unseen(answer: Answer) -> None:
    views = pd.read_parquet(answer.folder / "views.parquet")
    cells = pd.read_csv(answer.folder / "errors-by-view.csv")
    assert len(cells) == 2 * 6 * 2  # classes, azimuths, elevations
    for cell in cells.to_dict("records"):
        at = (views["azimuth_deg"] == cell["azimuth_deg"]) & (views["elevation_deg"] == cell["elevation_deg"])
        own = views[at & (views["class_name"] == cell["panel"])]
        assert cell["views"] == len(own)
        assert cell["mse"] == pytest.approx(own["mse"].mean(), rel=1e-4)
        assert bool(cell["unseen"]) == (own["split"] == "unseen").all() == (cell["azimuth_deg"] in (120, 300))


def test_without_unseen_views_there_are_only_training_metrics(subject: Subject, tmp_path: Path) -> None:
    only = replace(subject, dataset=subject.views[subject.views["split"] == "train"])
    found = asked(only, tmp_path, PLAIN.model_copy(update={"ssim": False}))
    assert not [key for key in found.metrics if "/unseen/" in key or key.endswith("ssim")]
    assert "never shown" not in found.text
