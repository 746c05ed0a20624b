"""Training learns, follows its schedule, goes on exactly where it stopped, and says so when it diverges."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from infra.errors import UserError
from tests.train.toy import picture, views_table
from train.config import SelectConfig, TrainConfig
from train.loop import Diverged, TrainState, learning_rate, start, train
from train.objective import Objective, divergence_from_prior
from train.preview import preview
from train.samples import Batches, samples_of
from train.selection import select
from train.state import load_state, save_state

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def batches() -> Batches:
    views = views_table(64)
    drawn = [picture(row.style, row.azimuth_deg, row.elevation_deg, 64) for row in views.itertuples()]
    rgba = np.stack(drawn)
    selection = select(views, SelectConfig(holdout_every_azimuth=6), seed=0)
    samples = samples_of(rgba, selection, views[["azimuth_deg", "elevation_deg"]].to_numpy())
    return Batches(samples, 8, 0.0, seed=0)


def config(**changes: Any) -> TrainConfig:
    settings = {"size": 64, "width": 0.05, "batch": 8, "learning_rate": 2e-3, "report_every": 5, "steps": 10}
    return TrainConfig.model_validate({**settings, **changes})


def begin(settings: TrainConfig) -> TrainState:
    return start(settings, 5, 0, CPU)


def test_the_papers_schedule_halves_at_250_350_and_450_thousand_of_500_thousand() -> None:
    paper = TrainConfig()
    changes = [(0, 5e-4), (249_999, 5e-4), (250_000, 2.5e-4), (349_999, 2.5e-4), (350_000, 1.25e-4)]
    for step, rate in [*changes, (450_000, 6.25e-5), (499_999, 6.25e-5)]:
        assert learning_rate(paper, step) == pytest.approx(rate)
    small = TrainConfig(steps=1000)
    assert [learning_rate(small, step) / 5e-4 for step in (499, 500, 700, 900)] == [1, 0.5, 0.25, 0.125]


@pytest.mark.parametrize(("schedule", "half"), [("cosine", 0.5), ("linear", 0.5), ("constant", 1.0)])
def test_other_schedules_fall_to_zero_or_not_at_all(schedule: str, half: float) -> None:
    settings = config(schedule=schedule, steps=1000, warmup=0.1)
    assert learning_rate(settings, 0) == pytest.approx(2e-3 / 100, rel=1e-3)
    assert learning_rate(settings, 500) == pytest.approx(2e-3 * half)
    assert learning_rate(settings, 999) == pytest.approx(2e-3 if schedule == "constant" else 0, abs=3e-6)


def test_the_objective_is_the_papers_written_out() -> None:
    random = torch.Generator().manual_seed(0)
    rgb, target = torch.rand(2, 2, 3, 4, 4, generator=random)
    logits = torch.randn(2, 2, 4, 4, generator=random)
    mask = torch.rand(2, 1, 4, 4, generator=random)
    loss = Objective("nll")(rgb, logits, target, mask)
    expected_rgb = ((rgb - target) ** 2).sum(dim=(1, 2, 3)).mean()
    log_share = torch.log_softmax(logits, dim=1)
    nll = -(mask[:, 0] * log_share[:, 1] + (1 - mask[:, 0]) * log_share[:, 0]).mean()
    torch.testing.assert_close(loss.rgb, expected_rgb)
    torch.testing.assert_close(loss.mask, nll)
    torch.testing.assert_close(loss.total, expected_rgb + 100 * nll)
    squared = Objective("squared")(rgb, logits[:, :1], target, mask)
    torch.testing.assert_close(squared.total, expected_rgb + 0.1 * ((logits[:, :1] - mask) ** 2).sum() / 2)


def test_the_other_readings_of_the_objective_are_its_sums_and_means_exchanged() -> None:
    random = torch.Generator().manual_seed(1)
    rgb, target = torch.rand(2, 2, 3, 4, 4, generator=random)
    logits, mask = torch.randn(2, 2, 4, 4, generator=random), torch.rand(2, 1, 4, 4, generator=random)
    paper = Objective("nll")(rgb, logits, target, mask)
    other = Objective("nll", rgb_over="mean", mask_over="sum")(rgb, logits, target, mask)
    torch.testing.assert_close(other.rgb, paper.rgb / (3 * 4 * 4))
    torch.testing.assert_close(other.mask, paper.mask * (4 * 4))
    torch.testing.assert_close(other.total, other.rgb + 100 * other.mask)


def test_the_bound_of_appendix_a_adds_the_divergence_from_the_prior() -> None:
    random = torch.Generator().manual_seed(2)
    mean, log_variance = torch.randn(2, 3, 7, generator=random)
    posterior = torch.distributions.Normal(mean, torch.exp(0.5 * log_variance))
    prior = torch.distributions.Normal(torch.zeros(7), torch.ones(7))
    nats = torch.distributions.kl_divergence(posterior, prior).sum(dim=1)
    torch.testing.assert_close(divergence_from_prior(mean, log_variance), nats)
    zeros, ones = torch.zeros(3, 3, 4, 4), torch.ones(3, 1, 4, 4)
    odds = torch.zeros(3, 2, 4, 4)
    plain = Objective("nll")(zeros, odds, zeros, ones)
    bound = Objective("nll", divergence_weight=0.5)(zeros, odds, zeros, ones, nats)
    torch.testing.assert_close(bound.total, plain.total + 0.5 * nats.mean())


def test_chroma_weighs_errors_in_colour_and_leaves_errors_in_brightness_alone() -> None:
    target, mask = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0)), torch.ones(2, 1, 4, 4)
    logits = torch.zeros(2, 2, 4, 4)

    def total(error: list[float], weight: float) -> float:
        rgb = target + torch.tensor(error)[:, None, None]
        loss = Objective("nll", 0.0, weight)(rgb, logits, target, mask)
        torch.testing.assert_close(loss.rgb, Objective("nll", 0.0)(rgb, logits, target, mask).rgb)
        return float(loss.total)

    pixels = 16
    assert total([0.1, 0.1, 0.1], 7) == pytest.approx(pixels * 0.03, rel=1e-4)
    assert total([0.1, -0.1, 0.0], 7) == pytest.approx(pixels * 7 * 0.02, rel=1e-4)
    # (0.3, 0, 0) is a brightness of 0.1 and a colour of (0.2, -0.1, -0.1).
    assert total([0.3, 0.0, 0.0], 5) == pytest.approx(pixels * (0.03 + 5 * 0.06), rel=1e-4)


@pytest.mark.parametrize("architecture", ["1s-S-deep", "2s-E"])
def test_a_few_pictures_are_learnt_by_heart(batches: Batches, architecture: str) -> None:
    views = views_table(64)
    selection = select(views, SelectConfig(classes=("chair",), azimuths_deg=(0, 90, 180)), seed=0)
    angles = views[["azimuth_deg", "elevation_deg"]].to_numpy()
    few = Batches(samples_of(batches.samples.rgba, selection, angles), 9, 0.0, seed=0)
    settings = config(architecture=architecture, width=0.1, batch=9, steps=250, schedule="cosine", learning_rate=4e-3)
    state = train(start(settings, 3, 0, CPU), few, settings)
    assert state.history[0]["psnr_db"] < 17
    assert state.history[-1]["psnr_db"] > 24


def test_the_steps_of_a_report_are_counted_and_the_last_is_the_end(batches: Batches) -> None:
    settings = config(steps=12)
    rows: list[dict[str, float]] = []
    state = train(begin(settings), batches, settings, on_report=rows.append)
    assert [row["step"] for row in rows] == [5, 10, 12]
    assert state.history == rows
    assert all(row["loss"] == pytest.approx(row["rgb_loss"] + 100 * row["mask_loss"], rel=1e-4) for row in rows)
    assert all(0 < row["data_wait_share"] < 1 for row in rows)
    assert all(0.05 < row["memory_gb"] < 100 for row in rows)


@pytest.mark.parametrize("augment", [0.0, 1.0])
def test_interrupted_and_resumed_is_uninterrupted_bit_for_bit(batches: Batches, tmp_path: Path, augment: float) -> None:
    settings = config(steps=15, average=0.9, augment=augment)
    drawn = Batches(batches.samples, 8, augment, seed=0)
    whole = train(begin(settings), drawn, settings)

    class PowerCut(Exception):
        pass

    def save_and_stop(row: dict[str, float]) -> None:
        if row["step"] == 10:
            save_state(tmp_path, interrupted, "digest")
            raise PowerCut

    interrupted = begin(settings)
    with pytest.raises(PowerCut):
        train(interrupted, drawn, settings, on_report=save_and_stop)
    resumed = begin(settings)
    load_state(tmp_path, resumed, "digest")
    train(resumed, drawn, settings)

    for name, value in whole.generator.state_dict().items():
        assert torch.equal(value, resumed.generator.state_dict()[name]), name
        assert torch.equal(whole.result()[name], resumed.result()[name]), name
    for ours, theirs in zip(whole.generator.parameters(), resumed.generator.parameters(), strict=True):
        for moment in ("exp_avg", "exp_avg_sq", "step"):
            assert torch.equal(whole.optimizer.state[ours][moment], resumed.optimizer.state[theirs][moment])
    same = ("step", "loss", "rgb_loss", "mask_loss", "learning_rate")
    assert [[row[k] for k in same] for row in whole.history] == [[row[k] for k in same] for row in resumed.history]


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path, batches: Batches) -> None:
    settings = config(steps=5)
    state = train(begin(settings), batches, settings)
    save_state(tmp_path, state, "these")
    with pytest.raises(UserError, match="of other settings"):
        load_state(tmp_path, begin(settings), "those")


def test_a_loss_that_is_not_finite_stops_and_names_the_step(batches: Batches) -> None:
    settings = config(steps=20)
    state = begin(settings)
    saved: list[int] = []

    def spoil(row: dict[str, float]) -> None:
        if row["step"] == 10:
            with torch.no_grad():
                state.generator.get_parameter("fc4.weight").fill_(float("nan"))

    with pytest.raises(Diverged, match="loss is not finite at step 11"):
        train(state, batches, settings, on_report=spoil, on_checkpoint=lambda kept: saved.append(kept.step))
    assert saved == []


def test_weights_that_are_not_finite_are_never_saved(batches: Batches) -> None:
    settings = config(steps=5)
    state = begin(settings)

    def spoil(row: dict[str, float]) -> None:
        with torch.no_grad():
            state.generator.get_parameter("fc4.bias").fill_(float("inf"))

    with pytest.raises(Diverged, match="weight is not finite at step 5"):
        train(state, batches, settings, on_report=spoil, on_checkpoint=lambda kept: None)


def test_the_running_average_becomes_the_result(batches: Batches) -> None:
    settings = config(steps=10, average=0.9)
    state = train(begin(settings), batches, settings)
    weights, result = state.generator.state_dict(), state.result()
    assert any(not torch.equal(weights[name], result[name]) for name in weights)
    plain = train(begin(config()), batches, config())
    assert all(torch.equal(plain.result()[name], weights[name]) for name in weights)


def test_a_preview_shows_true_pictures_above_drawn_ones(batches: Batches) -> None:
    shown = preview(begin(config()), batches.samples)
    assert shown.shape == (128, 8 * 64, 3)
    assert shown.dtype == np.uint8
    first = batches.samples.rgba[batches.samples.row[batches.samples.learnt[0]]][..., :3]
    np.testing.assert_allclose(shown[:64, :64].astype(int), first.astype(int), atol=1)


def test_a_variational_training_pulls_z_to_the_prior_the_more_the_heavier_it_weighs(batches: Batches) -> None:
    nats = {}
    for weight in (0.0, 1.0):
        settings = config(variational=True, divergence_weight=weight, steps=40)
        state = begin(settings)
        own = dataclasses.replace(batches, latent_units=state.generator.latent_units)
        nats[weight] = train(state, own, settings).history[-1]["divergence_nats"]
    assert nats[1.0] < 0.5 * nats[0.0]


def test_the_noise_of_a_batch_is_sliced_over_workers_like_its_views(batches: Batches) -> None:
    whole = dataclasses.replace(batches, latent_units=6).draw(3)
    parts = [dataclasses.replace(batches, latent_units=6, rank=rank, workers=2).draw(3) for rank in (0, 1)]
    assert whole.noise.shape == (8, 6)
    assert torch.equal(whole.noise, torch.cat([part.noise for part in parts]))
    assert not torch.equal(whole.noise, dataclasses.replace(batches, latent_units=6).draw(4).noise)
