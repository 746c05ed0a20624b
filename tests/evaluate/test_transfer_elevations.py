"""Elevation transfer, asked of generators that keep to the elevations they learnt, or do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from evaluate.config import EvaluateJob
from evaluate.plan import all_of, plan
from evaluate.question import Answer, Panel, panel_here
from evaluate.transfer.config import ElevationConfig, ElevationExtrapolationConfig
from evaluate.transfer.elevations import elevations, met_elevations, needs
from infra.errors import UserError
from infra.storage import Storage
from render.dataset import open_dataset
from tests.evaluate.draughtsman import ELEVATIONS, Fault, all_planted

LEARNT = {"chair": (20.0, 30.0), "table": (0.0, 20.0, 30.0)}
CONFIG = ElevationConfig(learnt_deg=LEARNT, elevations_deg=ELEVATIONS)
TABLES = ElevationExtrapolationConfig(learnt_deg=LEARNT, elevations_deg=ELEVATIONS)


def by_heart(class_name: str, elevation_deg: float) -> float:
    """The nearest elevation that the class was shown at."""
    return min(LEARNT[class_name], key=lambda each: abs(each - elevation_deg))


def from_tables(class_name: str, elevation_deg: float) -> float:
    """Any elevation that some class was shown at; others as the nearest of them."""
    return min({0.0, 20.0, 30.0}, key=lambda each: abs(each - elevation_deg))


def panel_of(world: Storage, config: ElevationConfig, alone: Fault, both: Fault) -> Panel:
    return panel_here(all_planted(world, config.trainings, {"alone": alone, "both": both}), views_per_part=50)


@pytest.fixture(scope="module")
def answer(transfer_world: Storage, tmp_path_factory: pytest.TempPathFactory) -> Answer:
    answer = Answer("elevation-transfer", tmp_path_factory.mktemp("elevations"))
    elevations(panel_of(transfer_world, CONFIG, Fault(by_heart), Fault(from_tables)), CONFIG, answer)
    return answer


def claimed(answer: Answer, name: str) -> np.ndarray:
    table = pd.read_csv(answer.folder / f"claim-{name}.csv")
    assert list(table.columns) == ["sample", "value"]
    return table["value"].to_numpy()


def test_a_network_that_knows_its_class_by_heart_is_no_better_than_a_copy(answer: Answer) -> None:
    views = pd.read_parquet(answer.folder / "views.parquet").set_index(["method", "key"])
    np.testing.assert_allclose(views.loc["alone", "mse"], views.loc["copy", "mse"], atol=1e-12)
    for name in ("alone-shared", "alone-beyond"):
        np.testing.assert_allclose(claimed(answer, name), 0, atol=1e-6)


def test_what_tables_taught_is_found_where_they_were_shown_and_only_there(answer: Answer) -> None:
    assert (claimed(answer, "helps-shared") > 40).all()  # no error at all against some
    assert (claimed(answer, "both-shared") > 40).all()
    np.testing.assert_allclose(claimed(answer, "helps-beyond"), 0, atol=1e-6)
    np.testing.assert_allclose(claimed(answer, "helps-at-50"), 0, atol=1e-6)
    np.testing.assert_allclose(claimed(answer, "helps-at-0"), claimed(answer, "helps-shared"))


def test_every_view_of_the_class_is_measured_at_every_elevation(transfer_world: Storage, answer: Answer) -> None:
    views = pd.read_parquet(answer.folder / "views.parquet")
    chairs = open_dataset(transfer_world / "dataset").views.query("class_name == 'chair'")
    for _, of_method in views.groupby("method"):
        assert sorted(of_method["key"]) == sorted(chairs["key"])
    groups = views.groupby("elevation_deg")["group"].first().to_dict()
    assert groups == {0: "shared", 20: "own", 30: "own", 50: "beyond"}


def test_the_error_at_an_elevation_is_that_of_the_picture_planted_there(
    transfer_world: Storage, answer: Answer
) -> None:
    dataset = panel_of(transfer_world, CONFIG, Fault(), Fault()).subjects["both"]
    views = pd.read_parquet(answer.folder / "views.parquet")
    asked = views[(views["method"] == "both") & (views["elevation_deg"] == 50)]
    for line in asked.sample(5, random_state=0).to_dict("records"):
        (truth,), _ = dataset.pictures_of(line["model"], [line["azimuth_deg"]], 50)
        (shown,), _ = dataset.pictures_of(line["model"], [line["azimuth_deg"]], 30)
        assert line["mse"] == pytest.approx(np.square(truth - shown).mean(), rel=1e-4)


def test_the_elevation_that_a_picture_shows_is_met_and_missed_ones_are_counted(answer: Answer) -> None:
    views = pd.read_parquet(answer.folder / "views.parquet")
    for method, rule in (("alone", by_heart), ("both", from_tables), ("copy", by_heart)):
        own = views[views["method"] == method]
        assert own["met_deg"].tolist() == [rule("chair", each) for each in own["elevation_deg"]]
    np.testing.assert_allclose(claimed(answer, "elevation-missed"), 0.5)  # 0 degrees is met, 50 is not
    met = pd.read_csv(answer.folder / "met.csv").set_index(["method", "elevation_deg"])
    assert met.loc[("both", 50), "met_30"] == 1
    assert met.loc[("both", 0), "met_0"] == 1


def test_the_met_elevation_is_that_of_the_most_similar_mask() -> None:
    truth = np.broadcast_to(np.linspace(0, 1, 3)[None, :, None, None], (2, 3, 4, 4)).reshape(6, 4, 4)
    masks = np.array([0.1, 0.6, 0.9, 0.25, 0.24, 2.0])[:, None, None] * np.ones((1, 4, 4))
    met = met_elevations(masks, truth, np.array([0.0, 30.0, 70.0]))
    assert met.tolist() == [0, 30, 70, 0, 0, 70]


def test_a_network_that_another_class_harms_loses_the_claim(transfer_world: Storage, tmp_path: Path) -> None:
    answer = Answer("elevation-transfer", tmp_path)
    elevations(panel_of(transfer_world, CONFIG, Fault(fade=0.1), Fault(fade=0.5)), CONFIG, answer)
    for name in ("helps-shared", "helps-beyond", "helps-own", "helps-at-0"):
        np.testing.assert_allclose(claimed(answer, name), -20 * np.log10(5), rtol=1e-4)
    np.testing.assert_allclose(claimed(answer, "elevation-missed"), 0)


def test_beyond_what_any_class_was_shown_tables_are_asked_the_same(transfer_world: Storage, tmp_path: Path) -> None:
    answer = Answer("elevation-extrapolation", tmp_path)
    elevations(panel_of(transfer_world, TABLES, Fault(by_heart), Fault()), TABLES, answer)
    views = pd.read_parquet(tmp_path / "views.parquet")
    assert set(views["class_name"]) == {"table"}
    assert set(views["group"]) == {"own", "beyond"}
    assert (claimed(answer, "helps-beyond") > 40).all()
    assert not (tmp_path / "claim-helps-shared.csv").exists()
    assert "tables were shown at 0, 20, 30 degrees" in answer.text.lower()


def test_figures_have_their_tables(answer: Answer) -> None:
    assert [each["file"] for each in answer.figures] == ["error-over-elevation.png", "elevations.png"]
    for each in answer.figures:
        assert (answer.folder / each["file"]).stat().st_size > 2000
    shown = pd.read_csv(answer.folder / "elevations.csv")
    assert shown.groupby(["model", "method"]).size().tolist() == [4] * 6


def test_both_questions_share_the_training_on_both_classes() -> None:
    settings = {
        "questions": ["elevation-transfer", "elevation-extrapolation"],
        "elevation_transfer": {"learnt_deg": LEARNT, "elevations_deg": ELEVATIONS},
        "elevation_extrapolation": {"learnt_deg": LEARNT, "elevations_deg": ELEVATIONS},
    }
    plans = plan(EvaluateJob.model_validate({"evaluate": settings}))
    assert len(all_of(plans)) == 3
    (transfer,), (extrapolation,) = (list(plans[each].values()) for each in settings["questions"])
    assert transfer["both"] == extrapolation["both"]
    assert transfer["alone"].config.select.classes == ("chair",)
    assert extrapolation["alone"].config.select.class_elevations_deg == {"table": (0, 20, 30)}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"class_name": "car"}, "must have 'car' and another class"),
        ({"learnt_deg": {"chair": (20,)}}, "and another class"),
        ({"elevations_deg": (0, 20)}, "must have 30, which chair is learnt at"),
        ({"elevations_deg": (20, 30)}, "must have one that chair is not learnt at"),
    ],
)
def test_settings_that_leave_nothing_to_compare_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ElevationConfig.model_validate(settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "no chair at elevation 10 degrees; it has 0, 20, 30, 50"),
        ({"elevations_deg": (20, 30), "learnt_deg": {"chair": (20,), "table": (40,)}}, "no table at elevation 40"),
        ({"elevations_deg": (20, 30), "learnt_deg": {"chair": (20,), "sofa": (20,)}}, "no class sofa"),
    ],
)
def test_what_the_dataset_lacks_is_named_in_one_line(
    transfer_world: Storage, settings: dict[str, object], message: str
) -> None:
    views = open_dataset(transfer_world / "dataset").views
    needs("elevation-transfer", CONFIG, views)
    with pytest.raises(UserError, match=message) as error:
        needs("elevation-transfer", ElevationConfig.model_validate(settings), views)
    assert str(error.value).startswith("elevation-transfer: ")
    assert "\n" not in str(error.value)
