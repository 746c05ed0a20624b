"""Comparisons of trainings: generators whose order is planted are ranked so, by every number and every claim."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from skimage.metrics import mean_squared_error

from evaluate.comparisons.architectures import architectures, expanding_parameters
from evaluate.comparisons.augmentation_morph import augmentation_morph
from evaluate.comparisons.config import (
    AUGMENTED,
    DEEP,
    PLAIN,
    ArchitecturesConfig,
    AugmentationMorphConfig,
    DatasetSizeConfig,
)
from evaluate.comparisons.dataset_size import common_views, dataset_size, has_enough_models
from evaluate.comparisons.side_by_side import some_of, training_views
from evaluate.question import Answer, Subject, panel_here
from infra.errors import UserError
from tests.evaluate.rivals import knowing, truthful, with_weights, worse

NOISE = {DEEP: 0.05, "1s-S-wide": 0.1, "1s-S": 0.2, "2s-S": 0.3, "2s-E": 0.4}
"""Planted: the deep network is nearest to the truth, then the wide one."""
QUICK = {"rows": 3, "worst": 4, "ssim": False}


@pytest.fixture(scope="module")
def truth(subject: Subject) -> Subject:
    return truthful(subject)


@pytest.fixture(scope="module")
def networks(truth: Subject, tmp_path_factory: pytest.TempPathFactory) -> Answer:
    answer = Answer("architectures", tmp_path_factory.mktemp("architectures"))
    subjects = {name: worse(truth, share) for name, share in NOISE.items()}
    architectures(panel_here(subjects, views_per_part=7), ArchitecturesConfig(**QUICK), answer)
    return answer


def test_networks_are_ranked_as_they_were_made_worse(networks: Answer) -> None:
    errors = [networks.metrics[f"eval/architectures/{name}/mse"] for name in NOISE]
    assert errors == sorted(errors)
    assert errors[-1] > 2 * errors[0] > 0
    table = pd.read_csv(networks.folder / "table1.csv").set_index("network")
    assert list(table["mse"].sort_values().index) == list(NOISE)
    np.testing.assert_allclose(table["mse_rgb_sum"], 3 * table["mse"], rtol=1e-4)
    assert table.loc[DEEP, "paper_mse"] == pytest.approx(2.90e-3)


def test_a_networks_error_is_that_of_its_training_views_compared_one_by_one(truth: Subject, networks: Answer) -> None:
    asked = worse(truth, NOISE["2s-S"])
    errors = []
    for row, view in asked.views[asked.views["split"] == "train"].iterrows():
        rgb, _ = asked.generator.generate(view["model"], view["azimuth_deg"], view["elevation_deg"])
        errors.append(mean_squared_error(rgb[0].permute(1, 2, 0).numpy(), truth.rgba[row][..., :3].astype(float) / 255))
    assert networks.metrics["eval/architectures/2s-S/mse"] == pytest.approx(np.mean(errors), rel=1e-3)


def test_every_view_of_every_network_has_its_errors_in_a_table(truth: Subject, networks: Answer) -> None:
    views = pd.read_parquet(networks.folder / "views.parquet")
    training = truth.views[truth.views["split"] == "train"]
    assert set(views["role"]) == set(NOISE)
    for _, own in views.groupby("role"):
        assert sorted(own["key"]) == sorted(training["key"])
    assert (
        views[["model", "class_name", "azimuth_deg", "elevation_deg", "mse", "mse_object", "mask_iou"]]
        .notna()
        .all(axis=None)
    )
    worst = pd.read_csv(networks.folder / "worst.csv")
    mean = views.groupby("key")["mse"].mean().sort_values(ascending=False)
    assert list(worst["key"].unique()) == list(mean.index[:4])
    by_view = pd.read_csv(networks.folder / "errors-by-view.csv")
    cell = by_view.iloc[3]
    own = views[views["role"] == cell["panel"]]
    own = own[(own["azimuth_deg"] == cell["azimuth_deg"]) & (own["elevation_deg"] == cell["elevation_deg"])]
    assert cell["mse"] == pytest.approx(own["mse"].mean(), rel=1e-4)


def test_the_claims_compare_model_by_model_with_the_next_best_network(networks: Answer) -> None:
    views = pd.read_parquet(networks.folder / "views.parquet")
    mean = views.groupby(["role", "model"])["mse"].mean()
    for claim, better, other in (("deep-best", DEEP, "1s-S-wide"), ("width-alone", "1s-S-wide", "1s-S")):
        table = pd.read_csv(networks.folder / f"claim-{claim}.csv").set_index("sample")["value"]
        assert len(table) == 5
        assert (table > 0).all()
        for sample, value in table.items():
            model = str(sample).partition("/")[2]
            assert value == pytest.approx(1 - mean[better, model] / mean[other, model], rel=1e-4)


def test_the_figure_goes_from_easy_to_difficult_models(networks: Answer) -> None:
    shown = pd.read_csv(networks.folder / "models.csv")
    errors = shown.groupby("model", sort=False)["model_mse"].mean()
    assert len(errors) == 3
    assert list(errors) == sorted(errors)
    files = {figure["file"] for figure in networks.figures}
    assert files == {"models.png", "worst.png", "errors-by-view.png"}
    assert all((networks.folder / file).stat().st_size > 5000 for file in files)


def test_parameters_are_those_of_table_1(truth: Subject, networks: Answer) -> None:
    millions = {DEEP: 19, "1s-S": 18, "1s-S-wide": 23, "2s-S": 27, "2s-E": 27}
    for name, count in millions.items():
        assert round(expanding_parameters(name) / 1e6) == count
        # Here all rivals are copies of one deep network.
        assert networks.metrics[f"eval/architectures/{name}/expanding_parameters"] == expanding_parameters(DEEP)
    spec, network = truth.generator.spec, truth.generator.network
    trained = pd.read_csv(networks.folder / "table1.csv")["expanding_parameters_trained"]
    assert set(trained) == {network.expanding_parameters()} == {expanding_parameters(DEEP, spec.size, spec.width)}


def test_networks_of_other_views_are_not_compared(truth: Subject, tmp_path: Path) -> None:
    subjects = {DEEP: truth, "1s-S": knowing(truth, 1)}
    with pytest.raises(UserError, match="'1s-S' and '1s-S-deep' learnt other views"):
        architectures(panel_here(subjects), ArchitecturesConfig(**QUICK), Answer("architectures", tmp_path))


@pytest.fixture(scope="module")
def sets(truth: Subject) -> dict[str, Subject]:
    """One, two and all models a class, ever worse, and two of each still worse with augmentation."""
    return {
        "all": worse(truth, 0.3),
        "1aug": worse(knowing(truth, 1), 0.4, augment=1.0),
        "1": worse(knowing(truth, 1), 0.1),
        "2": worse(knowing(truth, 2), 0.2),
    }


@pytest.fixture(scope="module")
def sizes(sets: dict[str, Subject], tmp_path_factory: pytest.TempPathFactory) -> Answer:
    answer = Answer("dataset-size", tmp_path_factory.mktemp("dataset-size"))
    dataset_size(panel_here(sets), DatasetSizeConfig(**QUICK), answer)
    return answer


def test_smaller_sets_are_parts_of_larger_ones(sets: dict[str, Subject]) -> None:
    known = {role: set(subject.generator.spec.styles) for role, subject in sets.items()}
    assert known["1"] < known["2"] < known["all"]
    assert known["1aug"] == known["1"]
    shared = common_views(panel_here(sets))
    assert set(shared["model"]) == known["1"]
    assert set(shared["split"]) == {"train"}
    assert len(shared) == 2 * 8


def test_errors_of_the_same_models_grow_as_planted_and_so_say_the_claims(sizes: Answer) -> None:
    common = [sizes.metrics[f"eval/dataset-size/{role}/common/mse"] for role in ("1", "2", "all", "1aug")]
    assert common == sorted(common)
    assert [sizes.metrics[f"eval/dataset-size/{role}/models"] for role in ("1", "2", "all", "1aug")] == [2, 4, 5, 2]
    for claim in ("grows", "grows-every-step", "augmented-higher"):
        table = pd.read_csv(sizes.folder / f"claim-{claim}.csv")
        assert len(table) == 2  # a chair and a table are in all sets
        assert (table["value"] > 0).all()
        assert (table["value"] < 1).all()
    views = pd.read_parquet(sizes.folder / "common-views.parquet")
    mean = views.groupby(["role", "model"])["mse"].mean()
    grows = pd.read_csv(sizes.folder / "claim-grows.csv").set_index("sample")["value"]
    for sample, value in grows.items():
        model = str(sample).partition("/")[2]
        assert value == pytest.approx(1 - mean["1", model] / mean["all", model], rel=1e-4)


def test_each_sets_own_error_is_over_all_its_models(sizes: Answer) -> None:
    views = pd.read_parquet(sizes.folder / "views.parquet")
    for role, models in (("1", 2), ("2", 4), ("all", 5), ("1aug", 2)):
        own = views[views["role"] == role]
        assert own["model"].nunique() == models
        assert sizes.metrics[f"eval/dataset-size/{role}/mse"] == pytest.approx(own["mse"].mean(), rel=1e-4)
    table = pd.read_csv(sizes.folder / "table2.csv")
    assert list(table["training"].astype(str)) == ["1", "2", "all", "1aug"]


def test_a_generator_that_is_not_worse_does_not_grow(truth: Subject, tmp_path: Path) -> None:
    same = {"1": worse(knowing(truth, 1), 0.2), "all": worse(truth, 0.1)}
    answer = Answer("dataset-size", tmp_path)
    dataset_size(panel_here(same), DatasetSizeConfig(**QUICK), answer)
    assert (pd.read_csv(tmp_path / "claim-grows.csv")["value"] < 0).all()
    assert not (tmp_path / "claim-augmented-higher.csv").exists()


def test_a_set_that_the_dataset_cannot_fill_is_refused_before_training(subject: Subject) -> None:
    def asks(*counts: int | None) -> DatasetSizeConfig:
        plain = {f"set{i}": {"augment": 0, "select": {"models_per_class": count}} for i, count in enumerate(counts)}
        return DatasetSizeConfig(trainings=plain)

    has_enough_models(asks(1, 2, None), subject.dataset)
    with pytest.raises(UserError, match="'set1' asks for 3 models of class table, the dataset has 2"):
        has_enough_models(asks(1, 3), subject.dataset)
    with pytest.raises(UserError, match="'500' asks for class car; there are chair, table"):
        has_enough_models(DatasetSizeConfig(), subject.dataset)
    with pytest.raises(UserError, match="'set0' and 'set1' are both 4 models"):
        has_enough_models(asks(2, 2), subject.dataset)


def test_some_views_are_spread_evenly_over_the_models(truth: Subject) -> None:
    views = training_views(truth)
    some = some_of(views, 15, seed=3)
    assert set(some.groupby("model").size()) == {3}
    assert set(some["key"]) == set(some_of(views, 15, seed=3)["key"]) != set(some_of(views, 15, seed=4)["key"])
    assert set(some_of(views, 2, seed=3).groupby("model").size()) == {1}
    assert len(some_of(views, 0, seed=3)) == len(views)


def even_and_late(subject: Subject) -> tuple[Subject, Subject]:
    """Two generators that draw every model alike: one changes evenly between them, one near their ends alone.

    Units of FC1 are on or off for a style. Half way, an even unit is half on; a late one is off until 90 % of the way.
    """

    def plan(weights: dict[str, torch.Tensor], late: bool) -> dict[str, torch.Tensor]:
        shape = weights["fc1_style.weight"].shape
        on = (torch.rand(shape, generator=torch.Generator().manual_seed(1)) < 0.5).float()
        bias = torch.full_like(weights["fc1_style.bias"], -9.0 if late else 0.0)
        return {**weights, "fc1_style.weight": 10 * on if late else on, "fc1_style.bias": bias}

    even = with_weights(subject, lambda weights: plan(weights, late=False), augment=1.0)
    return even, with_weights(subject, lambda weights: plan(weights, late=True))


def test_the_smoother_of_two_generators_of_the_same_pictures_is_found(truth: Subject, tmp_path: Path) -> None:
    even, late = even_and_late(truth)
    for one, other in zip(even.draw([0, 1, 2], 60, 15), late.draw([0, 1, 2], 60, 15), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
    answer = Answer("augmentation-morph", tmp_path)
    config = AugmentationMorphConfig(pairs=4, frames=21, strip_frames=5, azimuth_deg=60, elevation_deg=15)
    augmentation_morph(panel_here({PLAIN: late, AUGMENTED: even}), config, answer)
    claim = pd.read_csv(tmp_path / "claim-smoother.csv")
    pairs = pd.read_csv(tmp_path / "pairs.csv")
    assert len(claim) == len(pairs) == 3  # two pairs of chairs, and the one of tables
    assert (claim["value"] > 0.3).all()
    np.testing.assert_allclose(claim["value"], 1 - pairs["augmented"] / pairs["plain"], rtol=1e-4)
    assert answer.metrics["eval/augmentation-morph/plain/step_uniformity"] > 2.5
    steps = pd.read_parquet(tmp_path / "steps.parquet")
    first = steps[(steps["role"] == PLAIN) & (steps["first"] == pairs["first"][0])]["step"].dropna()
    assert pairs["plain"][0] == pytest.approx(first.max() / first.mean(), rel=1e-4)
    first, second = (name.partition("/")[2] for name in pairs.loc[0, ["first", "second"]])
    ends, true = even.draw([even.generator.style_index(model) for model in (first, second)], 60, 15)[0], []
    for model in (first, second):
        at = even.dataset[(even.dataset["model"] == model) & (even.dataset["azimuth_deg"] == 60)]
        true.append(even.rgba[at[at["elevation_deg"] == 15].index[0]][..., :3] / 255)
    expected = np.linalg.norm(ends[1] - ends[0]) / np.linalg.norm(true[1] - true[0])
    np.testing.assert_allclose(pairs.loc[0, ["plain_ends", "augmented_ends"]].astype(float), expected, rtol=1e-3)

    swapped = Answer("augmentation-morph", tmp_path)
    augmentation_morph(panel_here({PLAIN: even, AUGMENTED: late}), config, swapped)
    assert (pd.read_csv(tmp_path / "claim-smoother.csv")["value"] < 0).all()


def test_morphs_of_generators_of_other_models_are_not_compared(truth: Subject, tmp_path: Path) -> None:
    subjects = {PLAIN: truth, AUGMENTED: knowing(truth, 2)}
    with pytest.raises(UserError, match="know other models"):
        augmentation_morph(panel_here(subjects), AugmentationMorphConfig(), Answer("augmentation-morph", tmp_path))


@pytest.mark.parametrize(
    ("config", "trainings", "fault"),
    [
        (ArchitecturesConfig, {DEEP: {}, "1s-S": {"architecture": "1s-S"}}, "must say 'architecture: 1s-S-deep'"),
        (ArchitecturesConfig, {"1s-S": {"architecture": "1s-S"}}, "need '1s-S-deep' and another"),
        (DatasetSizeConfig, {"10": {"augment": 0}, "20": {}}, "'20' must say its 'augment'"),
        (DatasetSizeConfig, {"10": {"augment": 0}, "20": {"augment": 1}}, "two sizes or more"),
        (AugmentationMorphConfig, {PLAIN: {"augment": 0}, AUGMENTED: {"augment": 0}}, "augment above 0"),
    ],
)
def test_trainings_that_would_compare_nothing_are_refused(
    config: type[ArchitecturesConfig], trainings: dict[str, object], fault: str
) -> None:
    with pytest.raises(ValidationError, match=fault):
        config(trainings=trainings)
