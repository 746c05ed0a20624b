"""A generator wired by hand, so that what single units do is known.

The one idea: channel 0 of every map is how bright the object is, channel 1 whether it is there; upconvolutions copy
each cell to four, so FC5's cells are blocks of the picture. Everything else is zero until a test plants it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from evaluate.question import Subject
from train.architectures import FC5_SIDE, ArchitectureName
from train.augment import THETA
from train.checkpoint import GeneratorSpec, TrainedGenerator
from train.generator import Generator

SIZE = 64
COLOUR = (0.8, 0.5, 0.2)
BODY = slice(2, 6)
"""The cells of FC5, in both directions, that the object covers."""

OTHERS = 16
"""The first unit of FC3 and FC4 that follows the style and leads nowhere; those before it are a test's to wire."""


class Planted:
    """A network that draws a plain box for every style; `wire` leads an entry of θ through to a unit of FC4."""

    def __init__(self, architecture: ArchitectureName = "1s-S-deep", augment: float = 1.0, styles: int = 3) -> None:
        self.spec = GeneratorSpec(
            name="planted", architecture=architecture, size=SIZE, width=0.05, augment=augment, dataset_digest="none",
            styles=[f"box{i}" for i in range(styles)], style_classes=["chair"] * styles,
        )  # fmt: skip
        self.network = Generator(self.spec.network)
        with torch.no_grad():
            for parameter in self.network.parameters():
                parameter.zero_()
        for layer in self.network.layers:
            if layer.startswith(("upconv", "conv")):
                self._copy(layer)
        body = torch.zeros(FC5_SIDE, FC5_SIDE)
        body[BODY, BODY] = 1
        self.fc5_bias(0, 0.3 * body)
        self.fc5_bias(1, body)
        self._fill()

    def weight(self, layer: str) -> Tensor:
        """A layer's weights, to be written to."""
        return self.network.get_submodule(layer).get_parameter("weight").data

    def bias(self, layer: str) -> Tensor:
        """A layer's biases, to be written to."""
        return self.network.get_submodule(layer).get_parameter("bias").data

    def fc5_bias(self, channel: int, cells: Tensor) -> None:
        """What a channel of FC5 holds whatever the input, [8, 8]."""
        self.bias(self._fc5(channel)).view(FC5_SIDE, FC5_SIDE, -1)[..., channel] = cells

    def fc5_weight(self, unit: int, channel: int, cells: Tensor) -> None:
        """What a unit of FC4 adds to a channel of FC5, [8, 8]."""
        weight = self.weight(self._fc5(channel))
        weight.view(FC5_SIDE, FC5_SIDE, -1, weight.shape[1])[..., channel, unit] = cells

    def wire(self, entry: str, unit: int, gain: float = 1.0) -> None:
        """FC4's unit becomes the positive part of `gain` times an entry of θ."""
        self.weight("fc1_theta")[unit, THETA.index(entry)] = gain
        self.weight("fc2_theta")[unit, unit] = 1
        self.weight("fc3")[unit, 2 * len(self.bias("fc2_theta")) + unit] = 1
        self.weight("fc4")[unit, unit] = 1

    def subject(self) -> Subject:
        """The subject of this generator, with two training views a style and no pictures."""
        rows = [
            {
                "key": f"{style}-{view}", "model": model, "class_name": "chair", "style": style, "view": view,
                "azimuth_deg": 90.0 * view, "elevation_deg": 20.0, "split": "train",
            }
            for style, model in enumerate(self.spec.styles)
            for view in range(2)
        ]  # fmt: skip
        rgba = np.zeros((len(rows), SIZE, SIZE, 4), np.uint8)
        return Subject(TrainedGenerator(self.spec, self.network), pd.DataFrame(rows), rgba, SIZE, seed=0, batch=16)

    def _fc5(self, channel: int) -> str:
        """The stream that draws from a channel: a second one has the mask's."""
        own = [layer for layer in self.network.layers if layer.startswith("fc5")]
        return f"{own[-1 if channel == 1 else 0]}.0"

    def _fill(self) -> None:
        """Units from `OTHERS` on follow the style and lead nowhere."""
        random = torch.Generator().manual_seed(1)
        self.weight("fc1_style").copy_(torch.rand(self.weight("fc1_style").shape, generator=random))
        units = len(self.bias("fc2_style"))
        self.weight("fc2_style").copy_(torch.eye(units))
        for i in range(OTHERS, len(self.bias("fc4"))):
            self.weight("fc3")[i, i % units] = 1
            self.weight("fc4")[i, i] = 1

    def _copy(self, layer: str) -> None:
        """A convolution that passes channels 0 and 1 on, each cell to four; the last one paints with them."""
        weight, last = self.weight(layer), f"upconv{self.spec.network.upconvolutions}"
        if layer.startswith("conv"):
            for channel in range(2):
                weight[channel, channel, 1, 1] = 1
        elif layer == last:
            for i, share in enumerate(COLOUR):
                weight[0, i, 1:3, 1:3] = share
            if weight.shape[1] > 3:  # the mask of a single stream, as log odds
                weight[1, 4, 1:3, 1:3] = 20
                self.bias(layer)[4] = -10
        elif layer == f"{last}_mask":
            weight[1, -1, 1:3, 1:3] = 1
        else:
            for channel in range(2):
                weight[channel, channel, 1:3, 1:3] = 1
