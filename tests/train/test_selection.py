"""A selection names the views to learn from and, as its complement, the ones left out."""

import pandas as pd
import pytest

from infra.errors import UserError
from tests.train.toy import AZIMUTHS, views_table
from train.config import SelectConfig
from train.selection import select

VIEWS = views_table(16)


def test_by_default_every_view_is_learnt() -> None:
    selection = select(VIEWS, SelectConfig(), seed=0)
    assert selection.table["key"].tolist() == VIEWS["key"].tolist()
    assert set(selection.table["split"]) == {"train"}
    assert selection.models == ["a", "b", "c", "d", "e"]
    assert selection.classes == ["chair", "chair", "chair", "table", "table"]


def test_every_sixth_azimuth_is_left_out_at_every_elevation() -> None:
    selection = select(VIEWS, SelectConfig(holdout_every_azimuth=6), seed=0)
    unseen = VIEWS.iloc[selection.row[selection.rows("unseen")]]
    assert sorted(unseen["azimuth_deg"].unique()) == [AZIMUTHS[5], AZIMUTHS[11]]
    assert len(unseen) == 5 * 2 * 2
    assert len(selection.rows("train")) + len(unseen) == len(VIEWS)


def test_the_same_views_stay_unseen_when_azimuths_are_filtered() -> None:
    config = SelectConfig(holdout_every_azimuth=6, azimuths_deg=(0.0, 150.0, 180.0))
    selection = select(VIEWS, config, seed=0)
    unseen = VIEWS.iloc[selection.row[selection.rows("unseen")]]
    assert set(unseen["azimuth_deg"]) == {150.0}


def test_classes_models_and_elevations_are_chosen() -> None:
    config = SelectConfig(classes=("chair",), models_per_class=2, elevations_deg=(30.0,))
    selection = select(VIEWS, config, seed=0)
    chosen = VIEWS.iloc[selection.row]
    assert set(chosen["class_name"]) == {"chair"}
    assert chosen["model"].nunique() == len(selection.models) == 2
    assert set(chosen["elevation_deg"]) == {30.0}
    assert len(chosen) == 2 * len(AZIMUTHS)


def test_styles_are_renumbered_in_the_datasets_order() -> None:
    selection = select(VIEWS, SelectConfig(classes=("table",)), seed=0)
    assert selection.models == ["d", "e"]
    for style, row in zip(selection.style, selection.row, strict=True):
        assert selection.models[style] == VIEWS["model"].iloc[row]


def test_the_seed_draws_the_models() -> None:
    config = SelectConfig(models_per_class=1)
    drawn = {tuple(select(VIEWS, config, seed).models) for seed in range(12)}
    assert len(drawn) > 1
    assert select(VIEWS, config, 3).models == select(VIEWS, config, 3).models


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (SelectConfig(classes=("lamp",)), "no class lamp; it has chair, table"),
        (SelectConfig(azimuths_deg=(15.0,)), "no azimuth 15 degrees"),
        (SelectConfig(elevations_deg=(10.0, 90.0)), "no elevation 90 degrees; it has 10, 30"),
        (SelectConfig(azimuths_deg=(150.0,), holdout_every_azimuth=6), "no view to learn from"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(config: SelectConfig, said: str) -> None:
    with pytest.raises(UserError, match=said):
        select(VIEWS, config, seed=0)


def learnt(config: SelectConfig, seed: int = 0) -> pd.DataFrame:
    """The views of a selection with their split and whether they are of a target."""
    selection = select(VIEWS, config, seed)
    table = selection.table.set_index("key")
    return VIEWS.iloc[selection.row].assign(split=table["split"].to_numpy(), target=table["target"].to_numpy())


def test_models_are_taken_and_left_out_by_id_and_pattern() -> None:
    assert select(VIEWS, SelectConfig(include=("[a-c]",), exclude=("b",)), 0).models == ["a", "c"]
    with pytest.raises(UserError, match=r"no model 'x' \(train\.select\); its nearest is"):
        select(VIEWS, SelectConfig(exclude=("x",)), 0)


def test_a_class_is_learnt_at_its_own_elevations_and_the_others_are_unseen() -> None:
    views = learnt(SelectConfig(class_elevations_deg={"chair": (10.0,)}))
    shown = views[views["split"] == "train"].groupby("class_name")["elevation_deg"].unique()
    assert set(shown["chair"]) == {10.0}
    assert set(shown["table"]) == {10.0, 30.0}
    assert (views["split"] == "unseen").sum() == 3 * len(AZIMUTHS)


@pytest.mark.parametrize("count", [1, 4, 15])
def test_targets_are_shown_from_a_few_sides_spread_evenly(count: int) -> None:
    views = learnt(SelectConfig.model_validate({"few": {"share": 0.34, "views": count}}))
    assert views.groupby("class_name")["model"].nunique().to_dict() == {"chair": 3, "table": 2}
    targets = views[views["target"]]
    assert targets.groupby("class_name")["model"].nunique().to_dict() == {"chair": 1, "table": 1}
    shown = targets[targets["split"] == "train"]
    assert set(shown.groupby("model").size()) == {count}
    assert (views.loc[~views["target"], "split"] == "train").all()
    if count == 4:
        assert set(shown["azimuth_deg"]) == {30.0, 120.0, 210.0, 300.0}


def test_who_is_a_target_does_not_depend_on_how_much_is_shown_of_it() -> None:
    few = [{"views": 1}, {"views": 8}, {"views": 8, "everywhere": True}]
    chosen = [learnt(SelectConfig.model_validate({"few": each})) for each in few]
    assert len({tuple(views["target"]) for views in chosen}) == 1
    everywhere = chosen[2]
    assert set(everywhere[everywhere["split"] == "train"].groupby("model").size()) == {8}


def test_a_larger_set_of_models_contains_the_smaller() -> None:
    sets = [set(select(VIEWS, SelectConfig(models_per_class=count), 4).models) for count in (1, 2, 3)]
    assert sets[0] < sets[1] < sets[2]
