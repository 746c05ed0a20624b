"""What a recipe would cost: counts of models, views and samples, and hours on some machines.

The one idea: hours, bytes and gigabytes are products of the recipe's counts and the rates of `pipeline.rates`, each of
which says where it comes from; nothing is tried out, and what cannot be foreseen is said so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from evaluate.plan import all_of, plan
from infra.errors import UserError
from pipeline.config import Recipe
from pipeline.rates import Rates
from train.architectures import ArchitectureName, NetworkSpec, Size
from train.config import TrainConfig

ALL = "all classes"
KNOWN_MODELS: dict[str, dict[str, int]] = {
    "aubry": {"chair": 809},  # kept of 1393 (section 3.4)
    "shapenet": {"chair": 6778, "table": 8443, "car": 7497, ALL: 51_300},  # ShapeNetCore as published
    "sweethome3d": {"chair": 65, "table": 51, "car": 13},  # the Debian package (docs/sources.md)
}
"""Models of a source that is not here, by class."""
BASES = ("claims", "small")
"""Recipes that others start from, not for running by themselves."""
RENDER_ONLY = ("shapenet-turntables", "shapenet-turntables-small")
"""Recipes whose command ends with the dataset."""
NARROW = 0.5
"""Width below which a network is reckoned as a narrow one."""
BYTES_PER_WEIGHT = 16
"""fp32 weight, gradient and Adam's two moments."""


@dataclass(frozen=True)
class Machines:
    """What a recipe would run on; `cores` and `gpus` are of all nodes together."""

    name: str
    cores: int
    gpus: int = 0
    nodes: int = 1
    training_nodes: int = 1


MACHINES = (
    Machines("laptop, 2 cores", 2),
    Machines("laptop, 8 cores", 8),
    Machines("one GPU, 16 cores", 16, 1),
    Machines("eight GPUs, 128 cores", 128, 8),
)
"""The columns of docs/recipes.md."""


@dataclass(frozen=True)
class Network:
    """Of a network: training work a sample (forward and backward), weights without styles', values between layers."""

    gflop: float
    weights: int
    style_units: int
    activations: int


@dataclass(frozen=True)
class Needs:
    """What a recipe takes wherever it runs. `train_gflop` is None where the command ends with the dataset."""

    models: int
    views: int
    shard_bytes: float
    packed_bytes: float
    render_core_s: float
    decode_core_s: float
    train_gflop: float | None
    train_memory_bytes: float
    gradient_bytes: float
    narrow: bool


@dataclass(frozen=True)
class Hours:
    """Hours of each stage on some machines; None where it does not run or cannot be foreseen."""

    render: float
    decode: float
    train: float | None

    @property
    def total(self) -> float:
        """Of the stages that are known."""
        return self.render + self.decode + (self.train or 0.0)

    @property
    def bottleneck(self) -> tuple[str, float]:
        """The longest stage and its share of the known time."""
        stages = {"rendering": self.render, "decoding": self.decode, "training": self.train or 0.0}
        name = max(stages, key=lambda stage: stages[stage])
        return name, stages[name] / self.total


@cache
def network(architecture: ArchitectureName, size: Size, width: float) -> Network:
    """Counted on the very network by `torch.utils.flop_counter`, without computing anything."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from train.augment import THETA
    from train.generator import Generator

    spec = NetworkSpec(architecture=architecture, size=size, width=width, styles=1)
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        built = Generator(spec)
        inputs = {"style": torch.zeros(1, dtype=torch.int64), "view": torch.zeros(1, 4)}
        values = built.run([*built.layers, "rgb", "mask"], {**inputs, "theta": torch.zeros(1, len(THETA))})
        (values["rgb"].sum() + values["mask"].sum()).backward()
    activations = sum(values[layer].numel() for layer in built.layers)
    weights = sum(parameter.numel() for parameter in built.parameters())
    units = built.get_parameter("fc1_style.bias").numel()
    return Network(counter.get_total_flops() / 1e9, weights - units, units, activations)


def models_of(recipe: Recipe, given: Mapping[str, int]) -> int:
    """How many models a recipe takes: `given` by class, else what is known of its source, else the source itself.

    Raises `UserError` naming the class whose number is not known.
    """
    source = recipe.render.source
    most = source.models_per_class
    here = source.path is not None and Path(source.path).expanduser().exists()
    if source.kind == "parametric" or (here and not given):
        from render import sources

        return len(sources.catalog(source, recipe.seed).models)
    known = {**KNOWN_MODELS.get(source.kind, {}), **given}
    if not source.classes and ALL in known and most is None:
        return known[ALL]
    for name in source.classes or ["?"]:
        if name not in known:
            raise UserError(
                f"how many models of '{name}' has recipe '{recipe.name}'? give --models {name}=N, or the source itself "
                "with --render.source.path"
            )
    return sum(min(known[name], most or known[name]) for name in source.classes)


def trainings(recipe: Recipe) -> list[TrainConfig]:
    """All that a recipe's questions ask, each once; the recipe's own where nothing is asked."""
    return [each.config for each in all_of(plan(recipe))] or [recipe.train]


def needs(recipe: Recipe, rates: Rates, given: Mapping[str, int] | None = None, models: int | None = None) -> Needs:
    """What a recipe takes, of so many `models`; by default, and with its `UserError`, of what `models_of` finds."""
    render, train = recipe.render, recipe.train
    models = models_of(recipe, given or {}) if models is None else models
    views = models * len(render.azimuths_deg) * len(render.elevations)
    pixels = render.size**2
    if render.source.kind == "aubry":
        view_ms = rates.photograph_ms.value
    else:
        samples = render.samples + rates.denoise_samples.value * render.denoise
        view_ms = rates.view_fixed_ms.value + rates.view_sample_ms.value * samples * pixels / 256**2
    gflop, memory_bytes, gradient_bytes = 0.0, 0.0, 0.0
    for each in trainings(recipe):
        counted = network(each.architecture, each.size, each.width)
        weights = counted.weights + counted.style_units * models
        gflop += each.steps * each.batch * counted.gflop
        memory_bytes = max(memory_bytes, float(BYTES_PER_WEIGHT * weights + 4 * each.batch * counted.activations))
        gradient_bytes = max(gradient_bytes, 4.0 * weights)
    return Needs(
        models=models,
        views=views,
        shard_bytes=views * (rates.view_fixed_bytes.value + rates.pixel_bytes.value * pixels),
        packed_bytes=float(views * 4 * train.size**2),
        render_core_s=views * view_ms / 1e3,
        decode_core_s=views * (rates.decode_fixed_ms.value + rates.decode_megapixel_ms.value * pixels / 1e6) / 1e3,
        train_gflop=None if recipe.name in RENDER_ONLY else gflop,
        train_memory_bytes=memory_bytes,
        gradient_bytes=gradient_bytes,
        narrow=train.width < NARROW,
    )


def hours(need: Needs, machines: Machines, rates: Rates) -> Hours:
    """Hours of the stages, one after the other; work is taken to spread evenly over cores, or GPUs, without loss."""
    train = None
    if need.train_gflop is not None and machines.gpus and not need.narrow:
        train = need.train_gflop / (1e3 * rates.gpu_tflops.value * machines.gpus) / 3600
    elif need.train_gflop is not None and not machines.gpus:
        core = rates.narrow_core_gflops if need.narrow else rates.wide_core_gflops
        train = need.train_gflop / (core.value * machines.cores) / 3600
    trains = need.train_gflop is not None
    decode = need.decode_core_s / machines.cores / 3600 if trains else 0.0
    return Hours(need.render_core_s / machines.cores / 3600, decode, train)


def size(count: float) -> str:
    """Bytes for people, in powers of 1000."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1e3
    return f"{count:.3g} TB"


def duration(hours_: float) -> str:
    """Hours for people. What starting takes is not reckoned, so seconds are not told apart."""
    minutes = hours_ * 60
    if minutes < 1:
        return "< 1 min"
    if minutes < 90:
        return f"{minutes:.0f} min"
    if hours_ < 48:
        return f"{hours_:.1f} h" if hours_ < 10 else f"{hours_:.0f} h"
    return f"{hours_ / 24:,.0f} d"
