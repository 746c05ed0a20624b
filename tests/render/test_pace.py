"""What people are told while shards are rendered: totals that follow what is known, and a shard that is too long."""

from __future__ import annotations

import pytest

from render.catalog import Model, ShardPlan
from render.config import RenderConfig
from render.pace import Pace
from render.turntables import Count

CONFIG = RenderConfig(azimuths=10, elevations=[0], models_per_shard=4)


def plans(shards: int, models: int = 4) -> list[ShardPlan]:
    def members(shard: int) -> tuple[tuple[int, Model], ...]:
        return tuple((k, Model(f"m{shard}-{k}", "c", "f")) for k in range(models))

    return [ShardPlan(f"c-{shard:06d}", members(shard)) for shard in range(shards)]


def test_totals_start_from_the_grid_and_follow_what_became_of_the_models() -> None:
    pace = Pace(plans(3), {"c-000000": Count(views=30, expected=30, models=3, failed=1, seconds=0.0)}, CONFIG)
    assert (pace.views, pace.total, pace.note) == (30, 30 + 2 * 40, "3 of 12 models, 1 failed")
    # One model of photographs that has 3 pictures in place of 10, and one that failed.
    pace.take({"c-000001": Count(views=3, expected=3 + 20, models=1, failed=1, seconds=1.0)})
    assert (pace.views, pace.total, pace.note) == (33, 30 + 23 + 40, "4 of 12 models, 2 failed")
    pace.take({})  # the keeper of the counts was lost: what was known stays
    assert pace.views == 33


def test_a_shard_that_would_take_too_long_is_told_once_with_a_better_setting(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pace = Pace(plans(3), {}, CONFIG)
    pace.take({"c-000000": Count(views=20, expected=40, models=2, failed=0, seconds=100.0)})  # 200 s a shard
    assert capsys.readouterr().out == ""
    for name in ("c-000001", "c-000002"):
        pace.take({name: Count(views=20, expected=40, models=2, failed=0, seconds=300.0)})  # 600 s a shard
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("a shard takes about 10 minutes here") == 1
    assert "--render.models_per_shard 2 would make it 5" in said
