"""The paper's generative networks: style, view and transformation in, an RGB picture and a mask out.

The one idea: a network is a graph of named layers. Every layer can be read (`run(["fc4"], ...)`) or put in
place of what feeds it (`run(["rgb"], {"fc4": ...})`), because values are computed on demand from whatever is
given.

Shapes: b batch, s styles, c channels, h = w the picture's side in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.architectures import (
    ARCHITECTURES,
    FC5_SIDE,
    MERGED_UNITS,
    STREAM_UNITS,
    Architecture,
    NetworkSpec,
    StreamTable,
)
from train.augment import THETA

LATENT = "z"
"""The random layer that takes FC2's place in a variational network's style stream."""

OUTPUT_GAIN = 0.1
"""Spread of the output layer's first weights, as a share of what its fan-in would give."""


@dataclass(frozen=True)
class _Layer:
    module: nn.Module
    sources: tuple[str, ...]
    relu: bool


class Generator(nn.Module):
    """A network of Table 1, every layer under its name in the paper: fc1_style ... fc5, upconv1, conv1 ...

    The second stream of the two-stream networks carries the suffix `_mask` (fc5_mask, upconv1_mask ...).
    Inputs: style, either indices int64 [b] or a mixture float [b, s]; view float [b, 4], see `view_input`;
    theta float [b, T], see `train.augment`. Outputs are raw: rgb [b, 3, h, w], mask [b, 2, h, w] logits
    (background, object) or [b, 1, h, w] where the mask is learnt by squared error.

    A variational network (section 3.3, Appendix A) replaces FC2 of the style stream by z [b, units], drawn from
    q(z | style) = N(mean, exp(log_variance)), which two layers infer. The input `noise` [b, units] of standard normal
    numbers makes z a sample of it; without noise z is its mean.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.spec = spec
        table = ARCHITECTURES[spec.architecture]
        self._layers: dict[str, _Layer] = {}
        self._outputs: dict[str, tuple[str, int, int]] = {}

        streams = {"style": spec.styles, "view": 4, "theta": len(THETA)}
        units = spec.units(STREAM_UNITS)
        for name, inputs in streams.items():
            self._add(f"fc1_{name}", nn.Linear(inputs, units), name)
            self._add(f"fc2_{name}", nn.Linear(units, units), f"fc1_{name}")
        ends = {name: f"fc2_{name}" for name in streams}
        if spec.variational:
            for name in ("mean", "log_variance"):
                self._add(name, nn.Linear(units, units), "fc2_style", relu=False)
            ends["style"] = LATENT
        merged = spec.units(MERGED_UNITS)
        self._add("fc3", nn.Linear(3 * units, merged), *ends.values())
        self._add("fc4", nn.Linear(merged, merged), "fc3")
        for stream in table.streams:
            self._add_stream(stream, merged, table)
        self.initialise()

    def _add(self, name: str, module: nn.Module, *sources: str, relu: bool = True) -> None:
        self.add_module(name, module)
        self._layers[name] = _Layer(module, sources, relu)

    def _add_stream(self, stream: StreamTable, merged: int, table: Architecture) -> None:
        channels = self.spec.channels(stream.fc5)
        last = self.spec.upconvolutions
        previous = f"fc5{stream.suffix}"
        self._add(previous, nn.Sequential(nn.Linear(merged, channels * FC5_SIDE**2), Maps(channels)), "fc4")
        for step in range(1, last):
            wider = self.spec.channels(stream.upconv[step - 1])
            name = f"upconv{step}{stream.suffix}"
            self._add(name, upconvolution(channels, wider), previous)
            previous, channels = name, wider
            if table.deep:
                name = f"conv{step}{stream.suffix}"
                self._add(name, nn.Conv2d(channels, channels, 3, padding=1), previous)
                previous = name
        counts = {"rgb": 3, "mask": 2 if table.mask_loss == "nll" else 1}
        name = f"upconv{last}{stream.suffix}"
        self._add(name, upconvolution(channels, sum(counts[o] for o in stream.outputs)), previous, relu=False)
        start = 0
        for output in stream.outputs:
            self._outputs[output] = (name, start, counts[output])
            start += counts[output]

    def channels_last(self) -> Generator:
        """Lay the filters out with channels varying fastest, in place, as fast convolutions like them."""
        for parameter in self.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        return self

    @property
    def layers(self) -> list[str]:
        """Names of all layers, inputs first."""
        names = list(self._layers)
        if self.spec.variational:
            names.insert(names.index("fc3"), LATENT)
        return names

    def is_rectified(self, name: str) -> bool:
        """Whether a layer ends in a ReLU."""
        return name in self._layers and self._layers[name].relu

    @property
    def latent_units(self) -> int:
        """Length of z; 0 where the network is not variational."""
        return self.spec.units(STREAM_UNITS) if self.spec.variational else 0

    def expanding_parameters(self) -> int:
        """Number of parameters from FC5 on, the count that Table 1 gives."""
        expanding = ("fc5", "upconv", "conv")
        return sum(p.numel() for name, p in self.named_parameters() if name.startswith(expanding))

    @torch.no_grad()
    def initialise(self, seed: int = 0) -> None:
        """Gaussian weights scaled by the fan-in (He et al., section 4.1), zero biases; keyed by the seed.

        The output starts at a tenth, near the black that most of a picture is. At full size its noise would make the
        first gradients large, and Adam's memory of them (about 1000 steps) would slow a short training down.
        """
        random = torch.Generator().manual_seed(seed)
        for name, layer in self._layers.items():
            module = layer.module[0] if isinstance(layer.module, nn.Sequential) else layer.module
            assert isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)
            gain = math.sqrt(2) if layer.relu else 1.0 if name == "mean" else OUTPUT_GAIN
            module.weight.normal_(0, gain / math.sqrt(_fan_in(name, module)), generator=random)
            if module.bias is not None:
                module.bias.zero_()

    def run(self, wanted: Sequence[str], given: Mapping[str, Tensor], multiple: int = 1) -> dict[str, Tensor]:
        """Values of the wanted layers, inputs or outputs ("rgb", "mask"), from whatever values are given.

        Values of layers are after their ReLU; FC5's are maps [b, c, 8, 8]. A given layer is taken as it is
        and what feeds it is not computed. Channels of convolutions are computed in multiples of `multiple`, those
        beyond the layer's own being zero. Raises KeyError naming the input or layer that is neither given nor known.
        """
        known: dict[str, Tensor] = dict(given)

        def value(name: str) -> Tensor:
            if name not in known:
                if name in self._outputs:
                    source, start, count = self._outputs[name]
                    known[name] = value(source)[:, start : start + count]
                elif name == LATENT and self.spec.variational:
                    known[name] = _sample(value("mean"), value("log_variance"), known.get("noise"))
                elif name in self._layers:
                    layer = self._layers[name]
                    inputs = [value(source) for source in layer.sources]
                    known[name] = _apply(layer, inputs, multiple)
                else:
                    raise KeyError(name)
            return known[name]

        return {name: value(name) for name in wanted}

    def forward(self, style: Tensor, view: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Raw outputs (rgb, mask) of the network; see the class for shapes."""
        values = self.run(("rgb", "mask"), {"style": style, "view": view, "theta": theta})
        return values["rgb"], values["mask"]

    def picture(self, rgb: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Raw outputs as a picture: rgb [b, 3, h, w] in [0, 1] on black and mask [b, 1, h, w] in [0, 1]."""
        if self.spec.mask_loss == "nll":
            return rgb.clamp(0, 1), torch.sigmoid(mask[:, 1:2] - mask[:, 0:1])
        return rgb.clamp(0, 1), mask.clamp(0, 1)


class Maps(nn.Module):
    """A vector [b, c * 64] as maps [b, c, 8, 8], between FC5 and the first upconvolution (Fig. 1)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, vector: Tensor) -> Tensor:
        # Channels vary fastest, so that the maps are channels-last in memory without a copy.
        maps = vector.view(-1, FC5_SIDE, FC5_SIDE, self.channels).permute(0, 3, 1, 2)
        return maps.contiguous(memory_format=torch.channels_last)


def upconvolution(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    """ "Bed of nails" x 2 upsampling followed by a 4 x 4 convolution (Fig. 2), in one operation.

    Each value goes to the top left corner of a 2 x 2 block of zeros, then a 4 x 4 filter runs over it: the
    backward pass of a convolution with stride 2.
    """
    return nn.ConvTranspose2d(inputs, outputs, kernel_size=4, stride=2, padding=1)


def view_input(azimuth_deg: Tensor, elevation_deg: Tensor) -> Tensor:
    """The view as the network sees it: sine and cosine of azimuth and elevation, [b] degrees -> [b, 4]."""
    azimuth, elevation = torch.deg2rad(azimuth_deg), torch.deg2rad(elevation_deg)
    return torch.stack([azimuth.sin(), azimuth.cos(), elevation.sin(), elevation.cos()], dim=1).float()


def _sample(mean: Tensor, log_variance: Tensor, noise: Tensor | None) -> Tensor:
    """A draw from N(mean, exp(log_variance)) by the standard normal `noise`; the mean without."""
    return mean if noise is None else mean + torch.exp(0.5 * log_variance) * noise


def _apply(layer: _Layer, inputs: list[Tensor], multiple: int) -> Tensor:
    if isinstance(layer.module, nn.Conv2d | nn.ConvTranspose2d):
        x = _convolved(layer.module, inputs[0], multiple)
    elif not inputs[0].is_floating_point():
        assert isinstance(layer.module, nn.Linear)
        # An index is a one-hot vector: its product with the weights is one of their columns.
        x = layer.module.weight.index_select(1, inputs[0]).t() + layer.module.bias
    else:
        x = layer.module(inputs[0] if len(inputs) == 1 else torch.cat(inputs, dim=1))
    return functional.relu(x, inplace=True) if layer.relu else x


def _convolved(module: nn.Conv2d | nn.ConvTranspose2d, x: Tensor, multiple: int) -> Tensor:
    """The layer on maps x [b, c, h, w] whose channels beyond its own are zero, and with such channels added.

    Zeros beside a filter make zeros, and a ReLU keeps them; zeros that meet zeros add nothing. So neither values nor
    gradients change, and no stored weight does (tensor cores want multiples of 8 where the paper has 92, 115 and 5).
    """
    more_inputs = x.shape[1] - module.in_channels
    more_outputs = -module.out_channels % multiple
    weight, bias = module.weight, module.bias
    assert bias is not None
    if more_inputs or more_outputs:
        first, second = (more_inputs, more_outputs)[:: 1 if isinstance(module, nn.ConvTranspose2d) else -1]
        weight = functional.pad(weight, (0, 0, 0, 0, 0, second, 0, first))
        bias = functional.pad(bias, (0, more_outputs))
    if isinstance(module, nn.Conv2d):
        return functional.conv2d(x, weight, bias, padding=1)
    if not (torch.is_grad_enabled() and bias.requires_grad):
        return functional.conv_transpose2d(x, weight, bias, stride=2, padding=1)
    return _SummedBias.apply(functional.conv_transpose2d(x, weight, bias.detach(), stride=2, padding=1), bias)


class _SummedBias(torch.autograd.Function):
    """Gives a bias that was added already its gradient, a plain sum over places.

    Inside a transposed convolution oneDNN takes for it up to as long as for the filters' own.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor, bias: Tensor) -> Tensor:
        ctx.mark_dirty(maps)  # the same tensor: a ReLU may still work in place
        ctx.dtype = bias.dtype
        return maps

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        (gradient,) = gradients
        return gradient, gradient.sum(dim=(0, 2, 3), dtype=ctx.dtype)


def _fan_in(name: str, module: nn.Linear | nn.Conv2d | nn.ConvTranspose2d) -> int:
    if name == "fc1_style":
        return 1  # one-hot: a single input is on at a time
    if isinstance(module, nn.Linear):
        return module.in_features
    taps = module.kernel_size[0] * module.kernel_size[1]
    # Three of four values under a filter are the nails' zeros.
    return module.in_channels * (taps // 4 if isinstance(module, nn.ConvTranspose2d) else taps)
