"""How fast the generators train, beside the plain loop that one would write first, and where the time goes.

python benchmarks/train.py                  1s-S-deep at 128 px: roofline, a ladder of steps, both loops in turns
python benchmarks/train.py --seconds 120    and then a steady run of the real loop, and a profile
python benchmarks/train.py --quick          a smoke test: a narrow network, a few steps
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from train.accelerate import accelerated
from train.config import SelectConfig, TrainConfig
from train.generator import Generator
from train.loop import start, train
from train.objective import object_on_black
from train.samples import Batch, Batches, samples_of
from train.selection import select
from train.step import BETAS, EPSILON, Step, objective_of, set_rate

PAPER_IMAGES = 500_000 * 128
RATE = 5e-4
VIEWS_PER_MODEL = 32
Compute = Callable[[Batch], Tensor]


@dataclass
class Way:
    """A way to run steps of a fresh training; the rungs of the ladder add one thing each."""

    name: str
    config: TrainConfig
    make: Callable[[TrainConfig, Batches, torch.device], Compute]
    seconds: list[float] = field(default_factory=list)
    loss: float = float("nan")
    peak_gb: float = 0.0
    fault: str = ""


def random_batches(models: int, config: TrainConfig, device: torch.device) -> Batches:
    """Coloured ellipses of random sizes: pictures that cost what any pictures cost, and that can be learnt."""
    random, size = np.random.default_rng(0), config.size
    y, x = (np.mgrid[:size, :size] + 0.5) / size * 2 - 1
    rgba = np.empty((models * VIEWS_PER_MODEL, size, size, 4), np.uint8)
    rows: list[tuple[object, ...]] = []
    for model in range(models):
        colour, tall = random.uniform(0, 1, 3), random.uniform(0.2, 0.7)
        for view in range(VIEWS_PER_MODEL):
            azimuth = 360 / VIEWS_PER_MODEL * view
            wide = 0.2 + 0.5 * abs(np.cos(np.deg2rad(azimuth)))
            mask = np.clip((1 - np.hypot(x / wide, y / tall)) * size / 6 + 0.5, 0, 1)[..., None]
            picture = np.concatenate([mask * colour + 1 - mask, mask], axis=-1)
            rgba[len(rows)] = np.round(255 * picture)
            rows.append((f"m{model}_v{view}", f"m{model}", "shape", model, azimuth, 20.0))
    names = ["key", "model", "class_name", "style", "azimuth_deg", "elevation_deg"]
    views = pd.DataFrame(rows, columns=names)
    angles = views[["azimuth_deg", "elevation_deg"]].to_numpy()
    samples = samples_of(rgba, select(views, SelectConfig(), seed=0), angles)
    if hasattr(samples, "on") and device.type == "cuda":
        samples = samples.on(device)
    return Batches(samples, config.batch, config.augment, seed=0)


def plain_loop(
    config: TrainConfig,
    batches: Batches,
    device: torch.device,
    *,
    bf16: bool = False,
    channels_last: bool = False,
    multiple: int = 1,
    fused: bool = False,
) -> Compute:
    """What one writes first: fp32, NCHW, plain Adam, the loss read after every step. The keywords are the ladder's."""
    generator = Generator(config.network(len(np.unique(batches.samples.style))))
    generator.initialise(0)
    generator = generator.to(device)
    if channels_last:
        generator.channels_last()
    adam = torch.optim.Adam(generator.parameters(), lr=RATE, betas=BETAS, eps=EPSILON, fused=fused or None)
    objective = objective_of(config, generator)

    def compute(batch: Batch) -> Tensor:
        rgb, mask = object_on_black(batch.rgba)
        if not channels_last:
            rgb, mask = rgb.contiguous(), mask.contiguous()
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16):
            given = {"style": batch.style, "view": batch.view, "theta": batch.theta}
            if channels_last:
                drawn = generator.run(("rgb", "mask"), given, multiple)
            else:
                drawn = modules_alone(generator, given)
        loss = objective(drawn["rgb"], drawn["mask"], rgb, mask)
        adam.zero_grad()
        loss.total.backward()
        adam.step()
        return torch.tensor([loss.total.item()])

    return compute


def modules_alone(generator: Generator, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """1s-S-deep's picture by PyTorch's modules in a row, with maps in their usual layout."""
    layer: dict[str, Any] = dict(generator.named_children())
    vector = layer["fc5"][0](generator.run(["fc4"], given)["fc4"])
    x = vector.view(len(vector), 8, 8, -1).permute(0, 3, 1, 2).contiguous().relu()
    last = generator.spec.upconvolutions
    for step in range(1, last):
        x = layer[f"conv{step}"](layer[f"upconv{step}"](x).relu()).relu()
    x = layer[f"upconv{last}"](x)
    return {"rgb": x[:, :3], "mask": x[:, 3:]}


def our_step(config: TrainConfig, batches: Batches, device: torch.device) -> Compute:
    """The step of `train.loop`."""
    state = start(config, len(np.unique(batches.samples.style)), 0, device)
    set_rate(state.optimizer, RATE)
    return accelerated(Step(config, state.generator, state.optimizer), config.accelerate, batches, 0)


def ladder(config: TrainConfig, device: torch.device) -> list[Way]:
    """From the plain loop to ours, one thing at a time. TF32 is a setting of the process, see `measure`."""

    def rung(name: str, **what: Any) -> Way:
        return Way(name, config, partial(plain_loop, **what))

    on_gpu = device.type == "cuda"
    padded = 8 if on_gpu else 1
    ways = [rung("plain fp32 loop")]
    if on_gpu:
        ways.append(rung("+ TF32"))
    ways += [rung("+ bf16", bf16=True), rung("+ channels last", bf16=True, channels_last=True)]
    if on_gpu:
        ways.append(rung("+ padded channels", bf16=True, channels_last=True, multiple=padded))
    ways.append(rung("+ fused Adam", bf16=True, channels_last=True, multiple=padded, fused=True))
    ways.append(Way("ours, eager", config.model_copy(update={"accelerate": "eager"}), our_step))
    if on_gpu:
        for how in ("graph", "compile"):
            ways.append(Way(f"ours, {how}", config.model_copy(update={"accelerate": how}), our_step))
    return ways


def wait(device: torch.device) -> None:
    """Until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def measure(ways: list[Way], batches: Batches, device: torch.device, steps: int, rounds: int) -> None:
    """Time all ways in turns, `rounds` times `steps` steps of the same batches each; loss after equal steps."""
    running: list[tuple[Way, Compute]] = []
    for way in ways:
        _tf32(way.name != "plain fp32 loop")
        try:
            compute = way.make(way.config, batches, device)
            for number in range(2):
                compute(batches.draw(number).to(device))
            running.append((way, compute))
        except RuntimeError as error:
            way.fault = str(error).partition("\n")[0][:70]
    for turn in range(rounds):
        for way, compute in running:
            _tf32(way.name != "plain fp32 loop")
            if device.type == "cuda":
                torch.cuda.reset_peak_memory_stats(device)
            wait(device)
            began = time.perf_counter()
            for number in range(steps):
                losses = compute(batches.draw(2 + turn * steps + number).to(device))
            wait(device)
            way.seconds.append((time.perf_counter() - began) / steps)
            way.loss = float(losses[0])
            way.peak_gb = _peak_gb(device)


def _tf32(on: bool) -> None:
    torch.backends.cudnn.benchmark = on
    torch.backends.cudnn.allow_tf32 = on
    torch.set_float32_matmul_precision("high" if on else "highest")


def _peak_gb(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def table(ways: list[Way], batch: int, flop: float, peak: float, base: Way) -> None:
    """Print images/s (median of the rounds), the ratio to the plain loop, the share of the peak, loss, memory."""
    print(f"\n{'batch ' + str(batch):24} {'images/s':>10} {'ratio':>9} {'of peak':>8} {'loss':>10} {'GB':>6}")
    for way in ways:
        if way.fault or not way.seconds:
            print(f"{way.name:24} {'failed: ' + way.fault}")
            continue
        rate = batch / statistics.median(way.seconds)
        ratio = rate / (base.config.batch / statistics.median(base.seconds)) if base.seconds else float("nan")
        print(
            f"{way.name:24} {rate:10,.1f} {ratio:7.2f} x {rate * flop / peak:8.1%} {way.loss:10.3f} {way.peak_gb:6.2f}"
        )


def roofline(device: torch.device, quick: bool) -> tuple[float, float]:
    """This device's bf16 FLOP/s in a large product and bytes/s in a copy, the best of several."""
    side = 512 if quick else 8192 if device.type == "cuda" else 2048
    a, b = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    source = torch.empty(2**20 if quick else 2**29 if device.type == "cuda" else 2**26, device=device)
    target = torch.zeros_like(source)
    product = 2 * side**3 / _best(lambda: torch.mm(a, b), device)
    copied = 2 * source.nbytes / _best(lambda: target.copy_(source), device)
    return product, copied


def _best(work: Callable[[], object], device: torch.device, repeats: int = 10) -> float:
    seconds = []
    for _ in range(repeats):
        wait(device)
        began = time.perf_counter()
        work()
        wait(device)
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def flop_a_sample(config: TrainConfig, batches: Batches) -> float:
    """FLOP of forward and backward a picture, counted by PyTorch; without padding, so that padding earns nothing."""
    generator = Generator(config.network(len(np.unique(batches.samples.style))))
    batch = batches.draw(0).to(torch.device("cpu"))
    with FlopCounterMode(display=False) as counter:
        rgb, mask = generator(batch.style[:2], batch.view[:2], batch.theta[:2])
        (rgb.sum() + mask.sum()).backward()
    return counter.get_total_flops() / 2


def steady(config: TrainConfig, batches: Batches, device: torch.device, seconds: float) -> None:
    """The real loop with transformations for so long; its speed and what the paper's schedule would take."""
    rates: list[float] = []
    state = start(config, len(np.unique(batches.samples.style)), 0, device)
    began = time.monotonic()

    class Enough(Exception):
        pass

    def on_report(row: dict[str, float]) -> None:
        rates.append(row["images_per_s"])
        if time.monotonic() - began > seconds:
            raise Enough

    with contextlib.suppress(Enough):
        train(state, batches, config, on_report=on_report)
    kept = rates[1:] or rates  # the first report holds the trial and the recording
    rate = len(kept) / sum(1 / each for each in kept)
    row = state.history[-1]
    print(
        f"\nsteady {time.monotonic() - began:.0f} s, transformations on: {rate:,.1f} images/s, loss {row['loss']:.2f}"
    )
    print(f"data wait {row['data_wait_share']:.1%}; 500,000 x 128 would take {PAPER_IMAGES / rate / 60:,.1f} min")


def no_waiting(config: TrainConfig, batches: Batches, device: torch.device) -> None:
    """Run steps while CUDA refuses every wait of the host for the device; what waits raises."""
    compute = our_step(config.model_copy(update={"accelerate": "eager"}), batches, device)
    drawn = [batches.draw(number).to(device) for number in range(4)]
    compute(drawn[0])
    torch.cuda.set_sync_debug_mode("error")
    try:
        for batch in drawn[1:]:
            compute(batch)
        print("\nno step makes the host wait for the GPU")
    except RuntimeError as error:
        print(f"\na step makes the host wait: {str(error).partition(chr(10))[0]}")
    finally:
        torch.cuda.set_sync_debug_mode("default")


def show_profile(config: TrainConfig, batches: Batches, device: torch.device) -> None:
    """The 15 kernels (operators, on a CPU) that take longest."""
    on_gpu = device.type == "cuda"
    compute = our_step(config.model_copy(update={"accelerate": "eager"}), batches, device)
    drawn = [batches.draw(number).to(device) for number in range(4)]
    for batch in drawn:
        compute(batch)
    activities = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if on_gpu else [])
    with profile(activities=activities) as recorded:
        for batch in drawn:
            compute(batch)
        wait(device)

    def cost(event: object) -> float:
        return float(getattr(event, "self_device_time_total" if on_gpu else "self_cpu_time_total", 0.0))

    events = [event for event in recorded.key_averages() if cost(event) > 0]
    if on_gpu:  # kernels alone: operators repeat what their kernels took
        events = [event for event in events if "CUDA" in str(event.device_type)] or events
    total = sum(map(cost, events)) or 1.0
    print(f"\n{'share':>6} {'ms/step':>8} {'calls':>6}  where a step's time goes")
    for event in sorted(events, key=cost, reverse=True)[:15]:
        calls = event.count / len(drawn)
        print(f"{cost(event) / total:6.1%} {cost(event) / 1e3 / len(drawn):8.3f} {calls:6.1f}  {event.key[:86]}")


def main() -> int:
    """Measure, print, done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a narrow network and few steps")
    parser.add_argument("--seconds", type=float, default=0, help="length of the steady run; default none")
    parser.add_argument("--batch", type=int, default=0, help="default 32 on a CPU, 128 on a GPU")
    parser.add_argument("--size", type=int, default=128, choices=(64, 128, 256))
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--steps", type=int, default=0, help="steps a round; default 3 on a CPU, 30 on a GPU")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--models", type=int, default=64)
    parser.add_argument("--threads", type=int, default=0, help="threads of a CPU; default all")
    parser.add_argument("--profile", action="store_true", help="the 15 largest kernels; comes with --seconds")
    options = parser.parse_args()
    if options.quick:
        options.size, options.width, options.steps, options.rounds, options.models = 64, 0.1, 2, 3, 2
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    on_gpu = device.type == "cuda"
    batch = options.batch or (128 if on_gpu else 32)
    steps = options.steps or (30 if on_gpu else 3)
    config = TrainConfig(
        size=options.size, width=options.width, batch=batch, learning_rate=RATE, steps=10**9, report_every=50
    )
    batches = random_batches(options.models, config, device)

    name = torch.cuda.get_device_name(device) if on_gpu else f"CPU, {torch.get_num_threads()} threads"
    peak, bandwidth = roofline(device, options.quick)
    flop = flop_a_sample(config, batches)
    print(f"{name}, PyTorch {torch.__version__}; bf16 {peak / 1e12:.2f} TFLOP/s, memory {bandwidth / 1e9:,.0f} GB/s")
    bound = peak / flop
    print(f"{config.architecture} at {config.size} px: {flop / 1e9:.2f} GFLOP a picture; at most {bound:,.0f} images/s")

    ways = ladder(config, device)
    measure(ways, batches, device, steps, options.rounds)
    table(ways, batch, flop, peak, ways[0])
    if on_gpu:
        for larger in (256, 512):
            more = config.model_copy(update={"batch": larger})
            way = Way("ours, graph", more.model_copy(update={"accelerate": "graph"}), our_step)
            measure([way], random_batches(options.models, more, device), device, steps, options.rounds)
            table([way], larger, flop, peak, ways[0])
        no_waiting(config, batches, device)
    if options.seconds:
        turned = config.model_copy(update={"augment": 1.0, "report_every": 100 if on_gpu else 5})
        steady(turned, random_batches(options.models, turned, device), device, options.seconds)
    if options.seconds or options.profile:
        show_profile(config, batches, device)
    return 0


if __name__ == "__main__":
    sys.exit(main())
