"""View transfer, asked of generators whose errors are planted, and neighbours found again by brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from skimage.feature import hog

from evaluate.claims import judged
from evaluate.config import ClaimConfig
from evaluate.question import Answer, Subject, panel_here
from evaluate.transfer.config import ViewTransferConfig
from evaluate.transfer.views import mixed, needs, view_transfer
from infra.errors import UserError
from infra.storage import Storage
from render.dataset import open_dataset
from tests.evaluate.draughtsman import ELEVATIONS, Fault, all_planted, with_pictures_of

CHAIRS = {"select": {"classes": ["chair"], "elevations_deg": [20, 30]}}
CONFIG = ViewTransferConfig(views=(4, 1), share=0.34, columns=5, train=CHAIRS)
FAULTS = {"transfer": Fault(fade=0.1), "alone": Fault(fade=0.4)}


@pytest.fixture(scope="module")
def subjects(transfer_world: Storage) -> dict[str, Subject]:
    return all_planted(transfer_world, CONFIG.trainings, FAULTS)


def asked(subjects: dict[str, Subject], folder: Path, views_per_part: int = 512) -> tuple[Answer, pd.DataFrame]:
    folder.mkdir(exist_ok=True)
    answer = Answer("view-transfer", folder)
    view_transfer(panel_here(subjects, views_per_part), CONFIG, answer)
    return answer, pd.read_parquet(folder / "views.parquet")


@pytest.fixture(scope="module")
def found(subjects: dict[str, Subject], tmp_path_factory: pytest.TempPathFactory) -> tuple[Answer, pd.DataFrame]:
    return asked(subjects, tmp_path_factory.mktemp("view-transfer"))


def claimed(answer: Answer, name: str) -> pd.Series:
    return pd.read_csv(answer.folder / f"claim-{name}.csv").set_index("sample")["value"]


def truth_of(subject: Subject, view: pd.Series, model: str) -> np.ndarray:
    rgb, _ = subject.pictures_of(model, [view["azimuth_deg"]], view["elevation_deg"])
    return rgb[0].astype(np.float64)


def test_every_view_that_no_target_was_shown_from_is_measured_with_every_method(
    subjects: dict[str, Subject], found: tuple[Answer, pd.DataFrame]
) -> None:
    _, views = found
    for count in CONFIG.views:
        own = subjects[f"alone-{count}"].views
        missing = set(own.loc[own["target"] & (own["split"] == "unseen"), "key"])
        assert len(missing) == 2 * (16 - count)
        for method in ("transfer", "alone", "rgb", "hog", "mean"):
            of = views[(views["views"] == count) & (views["method"] == method)]
            assert sorted(of["key"]) == sorted(missing)


def test_planted_errors_come_back_exactly(subjects: dict[str, Subject], found: tuple[Answer, pd.DataFrame]) -> None:
    answer, views = found
    truth, _ = subjects["transfer-4"].truth(subjects["transfer-4"].dataset.index.to_numpy())
    energy = dict(zip(subjects["transfer-4"].dataset["key"], np.square(truth).mean(axis=(1, 2, 3)), strict=True))
    for method, fade in (("transfer", 0.1), ("alone", 0.4)):
        own = views[views["method"] == method]
        np.testing.assert_allclose(own["mse"], [fade**2 * energy[key] for key in own["key"]], rtol=1e-4)
        assert (own["mask_iou"] == 1).all()
    for name in ("transfer-helps", "transfer-helps-at-4", "transfer-helps-at-1"):
        np.testing.assert_allclose(claimed(answer, name), 20 * np.log10(4), rtol=1e-4)


def test_a_network_that_transfer_harms_loses_the_claim(transfer_world: Storage, tmp_path: Path) -> None:
    faults = {"transfer": Fault(fade=0.9), "alone-4": Fault(fade=0.9), "alone-1": Fault(fade=0.3)}
    answer, _ = asked(all_planted(transfer_world, CONFIG.trainings, faults), tmp_path)
    np.testing.assert_allclose(claimed(answer, "transfer-helps-at-1"), 20 * np.log10(0.3 / 0.9), rtol=1e-4)
    np.testing.assert_allclose(claimed(answer, "transfer-helps-at-4"), 0, atol=1e-6)
    assert (claimed(answer, "beats-neighbours") < 0).all()


def test_the_verdict_on_transfer_follows_from_the_planted_errors(found: tuple[Answer, pd.DataFrame]) -> None:
    answer, _ = found
    tables = {"transfer-helps": [pd.read_csv(answer.folder / "claim-transfer-helps.csv")]}
    for margin, expected in ((12.0, "holds"), (12.1, "fails")):
        claim = ClaimConfig(section="5.2", says="transfer helps", effect="dB", direction="above", margin=margin)
        (verdict,) = judged("view-transfer", {"view-transfer/transfer-helps": claim}, tables, seed=0)
        assert (verdict.claim_holds, verdict.samples) == (expected, 2)


def vector(subject: Subject, view: pd.Series, model: str, measure: str) -> np.ndarray:
    """A picture by RGB or by HOG, the latter straight from the stored picture over white."""
    if measure == "rgb":
        return truth_of(subject, view, model).ravel()
    views = subject.dataset
    same = (views["azimuth_deg"] == view["azimuth_deg"]) & (views["elevation_deg"] == view["elevation_deg"])
    (row,) = views.index[same & (views["model"] == model)]
    return np.asarray(hog(subject.rgba[row, ..., :3] / 255.0, 9, (8, 8), (2, 2), channel_axis=-1))


@pytest.mark.parametrize("method", ["rgb", "hog", "mean"])
def test_neighbours_are_those_of_brute_force(
    subjects: dict[str, Subject], found: tuple[Answer, pd.DataFrame], method: str
) -> None:
    _, views = found
    subject = subjects["transfer-4"]
    targets = sorted(set(subject.views.loc[subject.views["target"], "model"]))
    sources = sorted(set(subject.views["model"]) - set(targets))
    assert (len(targets), len(sources)) == (2, 4)
    for target in targets:
        own = subject.views[(subject.views["model"] == target) & (subject.views["split"] == "train")]
        own = own.sort_values("azimuth_deg")
        nearest = []
        for _, shown in own.iterrows() if method != "mean" else ():
            truth = vector(subject, shown, target, method)
            nearest.append(min(sources, key=lambda s: np.square(vector(subject, shown, s, method) - truth).sum()))
        around = np.concatenate([own["azimuth_deg"] - 360, own["azimuth_deg"], own["azimuth_deg"] + 360])
        of_method = (views["views"] == 4) & (views["model"] == target) & (views["method"] == method)
        assert of_method.sum() == 12
        for _, view in views[of_method].iterrows():
            weights = dict.fromkeys(sources, 0.25)
            if nearest:
                one_hot = np.tile(np.eye(4), (3, 1))
                of_shown = [np.interp(view["azimuth_deg"], around, one_hot[:, i]) for i in range(4)]
                weights = {s: sum(w for w, n in zip(of_shown, nearest, strict=True) if n == s) for s in sources}
            mixed = sum(weight * truth_of(subject, view, s) for s, weight in weights.items() if weight)
            error = np.square(mixed - truth_of(subject, view, target)).mean()
            assert view["mse"] == pytest.approx(error, rel=1e-4)


def test_pictures_and_masks_are_mixed_by_the_weight(subjects: dict[str, Subject]) -> None:
    subject = subjects["transfer-4"]
    rgb, mask = mixed(subject, np.array([0, 3]), np.array([40, 41]), np.array([0.25, 1.0]))
    (one, one_mask), (other, other_mask) = subject.truth([0, 3]), subject.truth([40, 41])
    np.testing.assert_allclose(rgb[0], 0.75 * one[0] + 0.25 * other[0], atol=1e-6)
    np.testing.assert_allclose(mask[0], 0.75 * one_mask[0] + 0.25 * other_mask[0], atol=1e-6)
    np.testing.assert_allclose(rgb[1], other[1], atol=1e-6)
    np.testing.assert_allclose(mask[1], other_mask[1], atol=1e-6)


def test_a_source_that_looks_like_the_target_is_its_neighbour_without_error(
    subjects: dict[str, Subject], tmp_path: Path
) -> None:
    views = subjects["transfer-4"].views
    one, other = sorted(set(views.loc[views["target"], "model"]))
    source = sorted(set(views.loc[~views["target"], "model"]))[2]
    answer, measured = asked(with_pictures_of(subjects, {source: one}), tmp_path)
    of = measured[measured["method"].isin(["rgb", "hog"])].set_index("model")
    for name in ("mse", "hog_distance"):
        assert (of.loc[one, name] == 0).all()
        assert (of.loc[other, name] > 0).all()
    shown = pd.read_csv(tmp_path / "neighbours.csv").set_index("model")
    assert shown.loc[one, "rgb_neighbour"] == shown.loc[one, "hog_neighbour"] == source
    assert claimed(answer, "beats-neighbours")[f"chair/{one}"] < 0


def test_claims_on_neighbours_are_those_of_the_errors(found: tuple[Answer, pd.DataFrame]) -> None:
    answer, views = found
    for model, of_model in views.groupby("model"):
        mean = of_model.groupby(["views", "method"])[["mse", "mask_iou", "hog_distance"]].mean()
        mse, iou, away = mean["mse"], mean["mask_iou"], mean["hog_distance"]

        def db(count: int, method: str, than: str, mse: pd.Series = mse) -> float:
            return float(10 * np.log10(mse[count, than] / mse[count, method]))

        expected = {
            "beats-rgb-at-4": db(4, "transfer", "rgb"),
            "fewest-beats-mean": db(1, "transfer", "mean"),
            "fewest-beats-neighbours": min(db(1, "transfer", than) for than in ("rgb", "hog")),
            "beats-neighbours": min(db(count, "transfer", than) for count in (4, 1) for than in ("rgb", "hog")),
            "neighbours-fall-behind": np.mean(
                [db(4, "transfer", than) - db(1, "transfer", than) for than in ("rgb", "hog")]
            ),
            "rgb-scores-better": (db(4, "rgb", "hog") + db(1, "rgb", "hog")) / 2,
            "hog-looks-better": np.mean([iou[count, "hog"] - iou[count, "rgb"] for count in (4, 1)]),
            "hog-gradients-better": np.mean([away[count, "rgb"] - away[count, "hog"] for count in (4, 1)]),
        }
        for name, value in expected.items():
            assert claimed(answer, name)[f"chair/{model}"] == pytest.approx(value, rel=1e-4, abs=1e-5), name


def test_how_the_work_is_cut_changes_nothing(
    subjects: dict[str, Subject], found: tuple[Answer, pd.DataFrame], tmp_path: Path
) -> None:
    _, views = asked(subjects, tmp_path, views_per_part=7)
    order = ["views", "method", "key"]
    pd.testing.assert_frame_equal(
        views.sort_values(order, ignore_index=True), found[1].sort_values(order, ignore_index=True), rtol=1e-5
    )


def test_figures_have_their_tables_and_rows_go_from_one_shown_view_to_the_next(
    subjects: dict[str, Subject], found: tuple[Answer, pd.DataFrame]
) -> None:
    answer, _ = found
    assert [each["file"] for each in answer.figures] == ["error-over-views.png", "views-between.png", "neighbours.png"]
    for each in answer.figures:
        assert (answer.folder / each["file"]).stat().st_size > 2000
    between = pd.read_csv(answer.folder / "views-between.csv")
    model = between["model"].iloc[0].partition("/")[2]
    for count in CONFIG.views:
        own = subjects[f"transfer-{count}"].views
        shown = set(own.loc[(own["model"] == model) & (own["split"] == "train"), "azimuth_deg"])
        path = between[between["views"] == count]
        ends = path.loc[path["shown"], "azimuth_deg"].to_numpy()
        assert {ends[0], ends[1] % 360} <= shown
        assert ends[1] - ends[0] == 360 / count
        assert not set(path.loc[~path["shown"], "azimuth_deg"]) & shown
    assert answer.metrics["eval/view-transfer/1-views/transfer/mse"] > 0


def test_trainings_follow_from_the_settings_and_single_ones_can_be_changed() -> None:
    trainings = ViewTransferConfig(views=(8, 2), share=0.2, trainings={"alone-2": {"steps": 7}}).trainings
    assert list(trainings) == ["transfer-8", "alone-8", "transfer-2", "alone-2"]
    few = {"share": 0.2, "views": 2, "everywhere": True}
    assert trainings["alone-2"] == {"size": 64, "select": {"classes": ["chair"], "few": few}, "steps": 7}
    assert trainings["transfer-8"]["select"]["few"] == {"share": 0.2, "views": 8, "everywhere": False}
    again = ViewTransferConfig(views=(8, 2), share=0.2, trainings=trainings)
    assert again.trainings == trainings
    with pytest.raises(ValidationError, match="no role 'alone-3'"):
        ViewTransferConfig(views=(8, 2), trainings={"alone-3": {}})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": {"select": {"classes": ["sofa"]}}}, "no class sofa; it has chair, table"),
        ({"train": {"select": {"elevations_deg": [20, 25]}}}, "no elevation 25 degrees; it has 0, 20, 30, 50"),
        ({"views": (4, 32)}, "transfer-32 leaves no view out, a model has 32"),
        ({"share": 0.99}, "all models are targets"),
    ],
)
def test_what_the_dataset_lacks_is_named_in_one_line(
    transfer_world: Storage, changes: dict[str, object], message: str
) -> None:
    views = open_dataset(transfer_world / "dataset").views
    assert len(ELEVATIONS) * 8 == 32
    needs(CONFIG, views)
    config = ViewTransferConfig.model_validate({"views": (4, 1), **changes})
    with pytest.raises(UserError, match=message) as error:
        needs(config, views)
    assert str(error.value).startswith("view-transfer: ")
    assert "\n" not in str(error.value)
