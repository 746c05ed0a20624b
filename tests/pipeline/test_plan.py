"""A plan is arithmetic on counts and rates: both are checked by hand, and the page of costs is what it prints."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infra.errors import UserError
from infra.settings import parse
from pipeline import plan
from pipeline.config import Recipe
from pipeline.costs import Hours, Machines, duration, hours, models_of, needs, network, size
from pipeline.rates import Rates, read_rates

DOC = Path(__file__).resolve().parents[2] / "docs" / "recipes.md"


def recipe(name: str, *options: str) -> Recipe:
    return parse(Recipe, ["--recipe", name, *options], "test")


def test_the_page_of_costs_is_what_the_program_prints() -> None:
    rates = Rates()
    page = DOC.read_text()
    for table in plan.tables(rates, [(shipped, needs(shipped, rates)) for shipped in plan.shipped()]):
        assert f"\n{table}\n" in page, "docs/recipes.md has another table than python -m pipeline.plan --markdown"


def test_the_work_of_a_sample_is_six_operations_a_weight_and_place() -> None:
    # Forward a multiplication and an addition a weight and place, backward the same for inputs and for weights.
    fc5, wide, middle, fine = 256, 256, 92, 48
    fully = 2 * 512 * 512 + 3 * 512 * 1024 + 1024 * 1024 + 1024 * fc5 * 64
    # A transposed convolution runs its 16 weights at every place of its smaller side.
    up = 16 * (8**2 * fc5 * wide + 16**2 * wide * middle + 32**2 * middle * fine + 64**2 * fine * 5)
    between = 9 * (16**2 * wide**2 + 32**2 * middle**2 + 64**2 * fine**2)
    counted = network("1s-S-deep", 128, 1.0)
    assert counted.gflop == pytest.approx(6 * (fully + up + between) / 1e9, rel=0.01)


def test_the_papers_schedule_is_its_iterations_times_its_batch() -> None:
    need = needs(recipe("chairs-128"), Rates())
    assert need.models == 809
    assert need.views == 809 * 31 * 2
    assert need.train_gflop == pytest.approx(500_000 * 128 * network("1s-S-deep", 128, 1.0).gflop)


def test_packed_samples_are_four_bytes_a_pixel() -> None:
    need = needs(recipe("cars-256"), Rates())
    assert need.packed_bytes == 7124 * 180 * 256 * 256 * 4
    assert size(need.packed_bytes) == "336 GB"


def test_a_view_costs_what_was_measured_where_it_was_measured() -> None:
    need = needs(recipe("tables-128"), Rates())  # 256 px, 8 samples, denoised: 7.08 views/s on two cores
    assert need.views / need.render_core_s * 2 == pytest.approx(7.08, rel=0.02)
    demo = needs(recipe("demo"), Rates())  # 2592 views in 74 s on two cores
    assert demo.render_core_s / 2 == pytest.approx(74, rel=0.02)


def test_twice_the_machines_take_half_the_time_and_gpus_only_train() -> None:
    need, rates = needs(recipe("tables-128"), Rates()), Rates()
    one, two = (hours(need, Machines("", cores, gpus), rates) for cores, gpus in ((16, 1), (32, 2)))
    assert one.train is not None
    assert two.train == pytest.approx(one.train / 2)
    assert two.render == pytest.approx(one.render / 2)
    without = hours(need, Machines("", 16), rates)
    assert without.render == one.render
    assert without.train is not None and without.train > one.train


def test_the_longest_stage_is_the_bottleneck() -> None:
    assert Hours(render=3, decode=1, train=None).bottleneck == ("rendering", 0.75)
    assert Hours(render=1, decode=1, train=8).bottleneck == ("training", 0.8)
    assert Hours(render=1, decode=2, train=1).bottleneck == ("decoding", 0.5)


def test_a_narrow_network_is_not_foreseen_on_a_gpu() -> None:
    need, rates = needs(recipe("demo"), Rates()), Rates()
    assert hours(need, Machines("", 16, 1), rates).train is None
    # 6000 steps of 16 at 640 images/s.
    assert hours(need, Machines("", 2), rates).train == pytest.approx(150 / 3600, rel=0.01)


@pytest.mark.parametrize(
    ("name", "given", "count"),
    [
        ("shapenet-turntables", {}, 51_300),
        ("chairs-tables-128", {}, 2000),
        ("chairs-tables-128", {"chair": 300}, 1300),
        ("cars-256", {"car": 3514}, 3514),
        ("chairs-128", {"chair": 1393}, 1393),
        ("demo", {}, 36),
    ],
)
def test_models_are_those_that_are_known_or_given(name: str, given: dict[str, int], count: int) -> None:
    assert models_of(recipe(name), given) == count


def test_a_source_that_is_here_is_counted(box_models: Path) -> None:
    options = ("--render.source.path", str(box_models), "--render.source.classes", "[crate, post]")
    assert models_of(recipe("models", *options), {}) == 3


def test_what_is_not_known_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="how many models of 'chair' has recipe 'models'"):
        models_of(recipe("models"), {})
    (tmp_path / "rates.yaml").write_text("gpu_tflop: {value: 1, kind: measured, origin: here}")
    with pytest.raises(UserError, match=r"gpu_tflop.*the rates are .*gpu_tflops"):
        read_rates(tmp_path / "rates.yaml")


def test_a_rate_without_an_origin_is_refused_and_one_with_takes_the_tables_place(tmp_path: Path) -> None:
    file = tmp_path / "rates.yaml"
    file.write_text("gpu_tflops: {value: 400, kind: measured, origin: benchmarks/train.py on the lab's GPU}")
    rates = read_rates(file)
    need, machines = needs(recipe("chairs-128"), rates), Machines("", 16, 1)
    ours, theirs = hours(need, machines, Rates()).train, hours(need, machines, rates).train
    assert ours is not None and theirs is not None
    assert theirs == pytest.approx(ours * Rates().gpu_tflops.value / 400)
    file.write_text("gpu_tflops: {value: 400, kind: measured}")
    with pytest.raises(UserError, match=r"gpu_tflops\.origin"):
        read_rates(file)


def test_the_command_plans_a_cluster_and_takes_the_recipes_own_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = "--recipe cars-256 --cpu-nodes 2 --gpu-nodes 1 --gpus 8 --cores 32 --models car=100 --train.steps 1000"
    monkeypatch.setattr(sys, "argv", ["plan", *options.split()])
    assert plan.main() == 0
    said = capsys.readouterr().out
    assert "2 CPU and 1 GPU nodes" in said
    assert "100, 18,000 views of 256 px" in said
    assert "bottleneck rendering" in said
    assert "gradients of" in said


@pytest.mark.parametrize(
    ("count", "said"), [(0.2, "< 1 min"), (30, "30 min"), (150, "2.5 h"), (60 * 47, "47 h"), (60 * 24 * 9, "9 d")]
)
def test_durations_are_said_as_people_say_them(count: float, said: str) -> None:
    assert duration(count / 60) == said
