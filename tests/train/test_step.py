"""A fast step is the plain step: padding, precision, acceleration and the order of work change nothing it learns."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from tests.train.test_generator import inputs
from tests.train.toy import picture, small_network, views_table
from train.accelerate import accelerated, parts, trial
from train.architectures import ARCHITECTURES, NetworkSpec
from train.config import SelectConfig, TrainConfig
from train.generator import Generator
from train.loop import TrainState, start, train
from train.objective import Objective, object_on_black
from train.samples import Batch, Batches, samples_of
from train.selection import select
from train.step import Step, set_rate

CPU = torch.device("cpu")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def batches() -> Batches:
    views = views_table(64)
    rgba = np.stack([picture(row.style, row.azimuth_deg, row.elevation_deg, 64) for row in views.itertuples()])
    angles = views[["azimuth_deg", "elevation_deg"]].to_numpy()
    return Batches(samples_of(rgba, select(views, SelectConfig(), seed=0), angles), 8, 0.0, seed=0)


def config(**changes: Any) -> TrainConfig:
    settings = {"size": 64, "width": 0.05, "batch": 8, "learning_rate": 2e-3, "report_every": 5, "precision": "fp32"}
    return TrainConfig.model_validate({**settings, "steps": 10, **changes})


def begin(settings: TrainConfig) -> tuple[TrainState, Step]:
    state = start(settings, 5, 0, CPU)
    return state, Step(settings, state.generator, state.optimizer)


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_padded_channels_give_the_same_values_and_gradients_and_no_more_weights(architecture: str) -> None:
    # Narrow maps have 8 or 24 channels, so multiples of 16 are to them what multiples of 8 are to 92, 115 and 5.
    network = small_network(architecture).double()
    count = sum(p.numel() for p in network.parameters())
    given = {name: value.double() if value.is_floating_point() else value for name, value in inputs(1, 5).items()}
    fc4 = network.run(["fc4"], given)["fc4"].detach()
    channels: set[int] = set()
    results: list[dict[str, Tensor]] = []
    for multiple in (1, 16):
        network.zero_grad()
        values = network.run(["rgb", "mask", "upconv2"], {"fc4": fc4}, multiple)
        channels.add(values["upconv2"].shape[1])
        (values["rgb"].square().sum() + values["mask"].square().sum()).backward()
        gradients = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
        results.append({"rgb": values["rgb"], "mask": values["mask"], **gradients})
    assert len(channels) == 2  # something was padded
    assert results[0].keys() == results[1].keys()
    assert len(results[0]) > 8
    for name, plain in results[0].items():
        torch.testing.assert_close(results[1][name], plain, rtol=1e-9, atol=1e-12, msg=name)
    assert sum(p.numel() for p in network.parameters()) == count


def test_the_deep_networks_expanding_part_keeps_its_18_98_million_weights() -> None:
    assert round(Generator(NetworkSpec(size=128, styles=5)).expanding_parameters() / 1e6, 2) == 18.98


def written_out(network: Generator, batch: Batch) -> tuple[Tensor, Tensor]:
    """Raw rgb and mask of 1s-S-deep by PyTorch's modules alone, as one would write it first."""
    layer = dict(network.named_children())
    streams = []
    for name, x in (("style", nn.functional.one_hot(batch.style, 5).float()), ("view", batch.view)):
        streams.append(layer[f"fc2_{name}"](layer[f"fc1_{name}"](x).relu()).relu())
    streams.append(layer["fc2_theta"](layer["fc1_theta"](batch.theta).relu()).relu())
    x = layer["fc4"](layer["fc3"](torch.cat(streams, dim=1)).relu()).relu()
    x = layer["fc5"](x).relu()
    for step in range(1, network.spec.upconvolutions):
        x = layer[f"conv{step}"](layer[f"upconv{step}"](x).relu()).relu()
    x = layer[f"upconv{network.spec.upconvolutions}"](x)
    return x[:, :3], x[:, 3:]


def test_steps_in_fp32_lose_what_a_loop_of_plain_modules_and_plain_adam_loses(batches: Batches) -> None:
    settings = config()
    state, step = begin(settings)
    plain = Generator(settings.network(5))
    plain.initialise(0)
    adam = torch.optim.Adam(plain.parameters(), lr=2e-3, betas=(0.9, 0.999), eps=1e-6)
    for number in range(8):
        batch = batches.draw(number)
        rgb, mask = written_out(plain, batch)
        loss = Objective("nll")(rgb, mask, *object_on_black(batch.rgba))
        adam.zero_grad()
        loss.total.backward()
        adam.step()
        set_rate(state.optimizer, 2e-3)
        assert float(step(batch)[0]) == pytest.approx(loss.total.item(), rel=2e-3), number


def test_bf16_learns_what_fp32_learns_but_for_rounding(batches: Batches) -> None:
    ends = {}
    for precision in ("fp32", "bf16"):
        settings = config(precision=precision, steps=30, report_every=10)
        state = train(start(settings, 5, 0, CPU), batches, settings)
        ends[precision] = state.history
    for one, other in zip(*ends.values(), strict=True):
        assert other["loss"] == pytest.approx(one["loss"], rel=0.05)
    assert ends["bf16"][-1]["loss"] < 0.7 * ends["bf16"][0]["loss"]
    assert ends["bf16"][0]["loss"] != ends["fp32"][0]["loss"]


class NoHostReads(TorchDispatchMode):
    """Counts what would make the host wait for a device: reads of values, and shapes that depend on them."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[str] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(function.overloadpacket)
        if name in ("aten._local_scalar_dense", "aten.nonzero", "aten.masked_select", "aten.equal"):
            self.reads.append(name)
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("variational", [False, True])
def test_the_host_reads_nothing_between_reports(batches: Batches, variational: bool) -> None:
    reads: list[int] = []
    for steps in (5, 15):
        settings = config(steps=steps, report_every=steps, average=0.9, augment=1.0, variational=variational)
        state = start(settings, 5, 0, CPU)
        own = dataclasses.replace(batches, augment=1.0, latent_units=state.generator.latent_units)
        with NoHostReads() as mode:
            train(state, own, settings)
        reads.append(len(mode.reads))
    assert reads[0] > 0  # the report itself is seen
    assert reads[0] == reads[1]


def weights(state: TrainState) -> list[Tensor]:
    return [p.detach().clone() for p in state.generator.parameters()]


def moments(state: TrainState) -> Iterator[Tensor]:
    for parameter in state.generator.parameters():
        yield from (value.clone() for value in state.optimizer.state[parameter].values())


def itself(step: Step) -> Any:
    return lambda batch: step


def test_a_trial_leaves_weights_and_moments_as_they_were(batches: Batches) -> None:
    state, step = begin(config())
    for number in range(3):
        step(batches.draw(number))
    before, before_moments = weights(state), list(moments(state))
    assert trial(step, itself(step), batches, 3) is step
    assert all(torch.equal(a, b) for a, b in zip(before, weights(state), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(before_moments, moments(state), strict=True))


def test_a_trial_before_the_first_step_changes_no_bit_of_the_training(batches: Batches) -> None:
    ends = []
    for tried in (False, True):
        state, step = begin(config())
        if tried:
            trial(step, itself(step), batches, 0)
        for number in range(4):
            step(batches.draw(number))
        ends.append(weights(state))
    assert all(torch.equal(a, b) for a, b in zip(*ends, strict=True))


def test_a_fast_way_that_trains_on_a_stale_batch_is_found_out(batches: Batches) -> None:
    _, step = begin(config(learning_rate=1e-6))
    stale = trial(step, lambda first: lambda batch: step(first), batches, 0)
    assert isinstance(stale, str)
    assert "differ" in stale


def test_a_fast_way_that_loses_gradients_is_found_out(batches: Batches) -> None:
    state, step = begin(config(learning_rate=1e-5))

    def forgetful(first: Batch) -> Any:
        def compute(batch: Batch) -> Tensor:
            kept = state.generator.get_parameter("fc5.0.weight").detach().clone()
            losses = step(batch)
            with torch.no_grad():
                state.generator.get_parameter("fc5.0.weight").copy_(kept)
            return losses

        return compute

    fault = trial(step, forgetful, batches, 0)
    assert isinstance(fault, str)
    assert "weights differ" in fault


def test_a_fast_way_that_breaks_leaves_the_plain_one(batches: Batches, monkeypatch: Any, caplog: Any) -> None:
    _, step = begin(config())
    plain = step.compare

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no compiler here")

    monkeypatch.setattr(torch, "compile", broken)
    assert accelerated(step, "compile", batches, 0) is step
    assert step.compare is plain
    assert "no compiler here" in caplog.text


@pytest.mark.long
def test_compiled_pixel_work_learns_the_same(batches: Batches) -> None:
    ends = []
    for how in ("eager", "compile"):
        settings = config(accelerate=how, augment=1.0)
        state = start(settings, 5, 0, CPU)
        ends.append(train(state, dataclasses.replace(batches, augment=1.0), settings).history)
    for one, other in zip(*ends, strict=True):
        assert other["loss"] == pytest.approx(one["loss"], rel=1e-3)


def test_how_steps_are_run_does_not_change_the_digest_of_a_training() -> None:
    assert config(accelerate="eager").inputs() == config(accelerate="compile").inputs()


def test_a_batchs_parts_are_all_its_tensors(batches: Batches) -> None:
    batch = batches.draw(0)
    assert len(parts(batch)) == len(dataclasses.fields(batch))
    for part, field in zip(parts(batch), dataclasses.fields(batch), strict=True):
        assert part is getattr(batch, field.name)


BLOCKED = ("ray", "mlflow", "bpy", "boto3", "webdataset", "cv2", "rich", "pyarrow", "matplotlib", "skimage")


def test_the_loop_and_its_benchmark_need_neither_ray_nor_codecs() -> None:
    block = f"import sys; sys.modules.update(dict.fromkeys({BLOCKED!r}))"
    program = f"{block}; import runpy; runpy.run_path('benchmarks/train.py', run_name='bench'); print('ready')"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "ready", done.stderr[-2000:]
