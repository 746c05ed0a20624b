"""The networks are the paper's: parameter counts of Table 1, the upconvolution of Fig. 2, inputs of section 3."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from train.architectures import ARCHITECTURES, NetworkSpec, scaled
from train.augment import THETA
from train.generator import Generator, upconvolution, view_input


def small(architecture: str = "1s-S-deep", size: int = 64, styles: int = 5) -> Generator:
    network = Generator(
        NetworkSpec.model_validate(
            {"architecture": architecture, "size": size, "width": 0.1, "styles": styles}
        )
    )
    network.initialise(3)
    return network


def inputs(count: int, styles: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    style = torch.randint(styles, (count,), generator=random)
    view = view_input(torch.linspace(0, 300, count), torch.linspace(0, 40, count))
    return style, view, torch.randn(count, len(THETA), generator=random)


@pytest.mark.parametrize(
    ("architecture", "millions"),
    [("1s-S-deep", 19), ("1s-S", 18), ("1s-S-wide", 23), ("2s-S", 27), ("2s-E", 27)],
)
def test_the_expanding_part_has_as_many_parameters_as_table_1_says(architecture: str, millions: int) -> None:
    with torch.device("meta"):
        spec = NetworkSpec.model_validate({"architecture": architecture, "size": 128, "styles": 809})
        expanding = [p for name, p in _named(spec) if name.startswith(("fc5", "upconv", "conv"))]
    assert round(sum(p.numel() for p in expanding) / 1e6) == millions


def _named(spec: NetworkSpec) -> list[tuple[str, torch.nn.Parameter]]:
    network = Generator.__new__(Generator)
    Generator.initialise, kept = lambda self, seed=0: None, Generator.initialise  # type: ignore[method-assign]
    try:
        Generator.__init__(network, spec)
    finally:
        Generator.initialise = kept  # type: ignore[method-assign]
    return list(network.named_parameters())
