"""A generator for others: one ONNX file that takes named inputs in degrees and gives a picture.

The one idea: what is exported is `TrainedGenerator.generate` itself, the angles' sines and the mask's softmax included,
so that who uses the file needs neither PyTorch nor this project, and nothing in it is pickled.

Shapes: b views, T entries of θ, h = w side in pixels.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from infra.tracking import Run
from train.augment import THETA
from train.checkpoint import TrainedGenerator
from train.generator import Generator, view_input

INPUTS = ("style", "azimuth", "elevation", "theta")
OUTPUTS = ("rgb", "mask")
OPSET = 18


class _Drawing(nn.Module):
    """style int64 [b], azimuth and elevation float [b] in degrees, theta float [b, T] -> rgb [b, 3, h, w] on black and
    mask [b, 1, h, w], both in [0, 1]."""

    def __init__(self, network: Generator) -> None:
        super().__init__()
        self.network = network

    def forward(self, style: Tensor, azimuth: Tensor, elevation: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
        given = {"style": style, "view": view_input(azimuth, elevation), "theta": theta}
        values = self.network.run(OUTPUTS, given)
        return self.network.picture(values["rgb"], values["mask"])


def export_onnx(generator: TrainedGenerator, path: Path) -> None:
    """Write a generator as ONNX: `INPUTS` to `OUTPUTS` as `TrainedGenerator.generate` has them, for any b."""
    drawing = _Drawing(generator.network).eval()
    device = generator.device
    example = (
        torch.zeros(2, dtype=torch.int64, device=device),
        torch.zeros(2, device=device),
        torch.zeros(2, device=device),
        torch.zeros(2, len(THETA), device=device),
    )
    views = torch.export.Dim("views", min=1)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch's about its own parts
        program = torch.onnx.export(
            drawing,
            example,
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_shapes={name: {0: views} for name in INPUTS},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
        assert program is not None
        program.save(str(path), external_data=False)


def register(generator: TrainedGenerator, name: str, run: Run) -> str:
    """Log the generator as an MLflow model of the run and register it under `name`; returns its version.

    The alias `current` points to it afterwards: `mlflow models serve -m models:/<name>@current --env-manager local`.
    """
    size = generator.spec.size
    inputs = [("style", np.int64, (-1,)), ("azimuth", np.float32, (-1,)), ("elevation", np.float32, (-1,))]
    outputs = [("rgb", np.float32, (-1, 3, size, size)), ("mask", np.float32, (-1, 1, size, size))]
    with tempfile.TemporaryDirectory(prefix="turnery-onnx-") as folder:
        path = Path(folder) / "generator.onnx"
        export_onnx(generator, path)
        facts = {"classes": sorted(set(generator.spec.style_classes)), "dataset_digest": generator.spec.dataset_digest}
        return run.onnx_model(path, name, [*inputs, ("theta", np.float32, (-1, len(THETA)))], outputs, facts)
