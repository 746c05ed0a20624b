"""What a training leaves in the end: a generator, its weights and what they are weights of; nothing pickled.

The one idea: tensors go to safetensors, everything else to JSON; the JSON is written last, so a folder
without it holds no generator.

Shapes: b views, s styles, T entries of θ, h = w side in pixels.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from infra.errors import UserError
from train.architectures import ArchitectureName, NetworkSpec, Size
from train.augment import THETA, THETA_DEFINITION
from train.generator import LATENT, Generator, view_input

WEIGHTS_FILE = "generator.safetensors"
SPEC_FILE = "generator.json"

Style = int | str | Sequence[int] | Sequence[str] | np.ndarray | Tensor
Angle = float | Sequence[float] | np.ndarray | Tensor


class GeneratorSpec(BaseModel):
    """generator.json: what the weights are weights of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    name: str = Field(description="name of the training")
    architecture: ArchitectureName
    size: Size = Field(description="side of the picture in pixels")
    width: float
    styles: list[str] = Field(description="model ids, in the order of the style input")
    style_classes: list[str] = Field(description="class of each style")
    dataset_digest: str
    theta: dict[str, str] = Field(THETA_DEFINITION, description="entries of theta in order, and what they mean")
    variational: bool = Field(False, description="whether styles can be sampled from the prior of z (Appendix A)")
    augment: float = Field(0.0, description="strength of the transformations it was trained with; 0: only theta = 0")
    steps: int = 0
    inputs_digest: str = Field("", description="digest of settings, seed and dataset")
    final: dict[str, float] = Field({}, description="last row of the training's history")
    recipe: dict[str, Any] = Field({}, description="settings of the whole run")

    @property
    def network(self) -> NetworkSpec:
        """The network to build."""
        return NetworkSpec(
            architecture=self.architecture,
            size=self.size,
            width=self.width,
            styles=len(self.styles),
            variational=self.variational,
        )


class TrainedGenerator:
    """A generator ready to draw: styles by index, id or mixture, angles in degrees.

    `device` may be changed with `to`. All tensors that come in are moved there.
    """

    def __init__(self, spec: GeneratorSpec, network: Generator) -> None:
        self.spec = spec
        self.network = network.eval().requires_grad_(False).channels_last()
        self._index = {style: index for index, style in enumerate(spec.styles)}

    def to(self, device: torch.device | str) -> TrainedGenerator:
        """Move to a device, in place."""
        self.network.to(device)
        return self

    @property
    def device(self) -> torch.device:
        """Where the weights are and pictures are made."""
        return next(self.network.parameters()).device

    @property
    def layers(self) -> list[str]:
        """Names of the layers, see `train.generator.Generator`."""
        return self.network.layers

    def style_index(self, style: int | str) -> int:
        """Position of a style in the one-hot input, from its id or itself. Raises `UserError`."""
        if isinstance(style, str):
            if style not in self._index:
                raise UserError(f"generator '{self.spec.name}' has no style '{style}'; generator.json lists them")
            return self._index[style]
        if not 0 <= int(style) < len(self.spec.styles):
            raise UserError(f"style {style} is not in 0..{len(self.spec.styles) - 1} of '{self.spec.name}'")
        return int(style)

    @torch.inference_mode()
    def generate(
        self, style: Style, azimuth: Angle, elevation: Angle, theta: Tensor | np.ndarray | None = None
    ) -> tuple[Tensor, Tensor]:
        """Draw: rgb float [b, 3, h, w] in [0, 1] on black, mask float [b, 1, h, w] in [0, 1].

        `style` is an index, an id, a sequence of either, or a mixture float [b, s] (or [s]); azimuth and
        elevation are degrees, scalar or [b]; `theta` [b, T] (or [T]), None for no transformation. Single
        values go with all b.
        """
        return self._picture(self._inputs(style, azimuth, elevation, theta))

    @torch.inference_mode()
    def activations(
        self,
        layer: str,
        style: Style | None = None,
        azimuth: Angle | None = None,
        elevation: Angle | None = None,
        theta: Tensor | np.ndarray | None = None,
    ) -> Tensor:
        """Values of a layer after its ReLU: [b, units], or maps [b, c, h, w] from fc5 on.

        Inputs that the layer does not depend on may be left out (fc2_style needs no view).
        """
        return self._run([layer], self._inputs(style, azimuth, elevation, theta))[layer]

    @torch.inference_mode()
    def generate_from(
        self,
        layer: str,
        activations: Tensor,
        style: Style | None = None,
        azimuth: Angle | None = None,
        elevation: Angle | None = None,
        theta: Tensor | np.ndarray | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Draw as `generate` does, with the values of one layer given instead of what feeds it.

        Inputs are needed only for the streams that the layer does not replace: the view for fc2_style,
        nothing for fc4.
        """
        if layer not in self.layers:
            raise KeyError(f"no layer '{layer}'; there are {', '.join(self.layers)}")
        given = activations.to(self.device, torch.float32)
        inputs = self._inputs(style, azimuth, elevation, theta, count=len(given))
        return self._picture({**inputs, layer: given})

    def sample(
        self, count: int, azimuth: Angle, elevation: Angle, seed: int = 0, spread: float = 1.0
    ) -> tuple[Tensor, Tensor]:
        """Draw `count` new styles, z from N(0, spread² I) (section 5.6); shapes as `generate`.

        Raises `UserError` for a generator that was not trained with `train.variational`.
        """
        if not self.spec.variational:
            raise UserError(
                f"generator '{self.spec.name}' has no prior to sample from; train with train.variational true"
            )
        random = torch.Generator().manual_seed(seed)
        z = spread * torch.randn(count, self.network.latent_units, generator=random)
        return self.generate_from(LATENT, z, azimuth=azimuth, elevation=elevation)

    def _picture(self, given: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        values = self._run(["rgb", "mask"], given)
        return self.network.picture(values["rgb"], values["mask"])

    def _run(self, wanted: list[str], given: dict[str, Tensor]) -> dict[str, Tensor]:
        try:
            return self.network.run(wanted, given)
        except KeyError as error:
            known = f"layers are {', '.join(self.layers)}"
            raise KeyError(f"{error.args[0]} is needed and neither given nor a layer; {known}") from None

    def _inputs(
        self,
        style: Style | None,
        azimuth: Angle | None,
        elevation: Angle | None,
        theta: Tensor | np.ndarray | None,
        count: int = 1,
    ) -> dict[str, Tensor]:
        parts: dict[str, Tensor] = {}
        if style is not None:
            parts["style"] = self._style(style)
        if azimuth is not None and elevation is not None:
            angles = (torch.atleast_1d(_tensor(angle).double()) for angle in (azimuth, elevation))
            parts["view"] = view_input(*torch.broadcast_tensors(*angles))
        parts["theta"] = torch.zeros(1, len(THETA)) if theta is None else _tensor(theta).float().view(-1, len(THETA))
        longest = max(count, *(len(part) for part in parts.values()))
        return {name: _repeated(part, longest, name).to(self.device) for name, part in parts.items()}

    def _style(self, style: Style) -> Tensor:
        """Indices int64 [b] or a mixture float [b, s]."""
        if isinstance(style, int | str):
            return torch.tensor([self.style_index(style)])
        if isinstance(style, Tensor | np.ndarray):
            values = _tensor(style)
            if values.is_floating_point():
                return values.float().view(-1, len(self.spec.styles))
            return torch.tensor([self.style_index(each) for each in torch.atleast_1d(values).tolist()])
        return torch.tensor([self.style_index(each) for each in style])


def save_generator(folder: Path, spec: GeneratorSpec, weights: dict[str, Tensor]) -> None:
    """Write generator.safetensors and then generator.json into a folder, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    _save_tensors(weights, folder / WEIGHTS_FILE)
    _save_json(spec.model_dump(mode="json"), folder / SPEC_FILE)


def load_generator(path: Path | str, device: torch.device | str = "cpu") -> TrainedGenerator:
    """The generator in a folder (or beside its generator.json). Raises `UserError` if missing or damaged."""
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    try:
        spec = GeneratorSpec.model_validate_json((folder / SPEC_FILE).read_bytes())
        network = Generator(spec.network)
        network.load_state_dict(load_file(folder / WEIGHTS_FILE))
    except FileNotFoundError:
        raise UserError(f"no generator in {folder} ({SPEC_FILE} and {WEIGHTS_FILE}); train one first") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"{folder / SPEC_FILE} is no generator: {where} {first['msg']}; train it again") from None
    except (SafetensorError, RuntimeError) as error:
        raise UserError(f"{folder / WEIGHTS_FILE} does not fit {SPEC_FILE}: {error}; train it again") from None
    return TrainedGenerator(spec, network).to(device)


def _save_tensors(tensors: dict[str, Tensor], path: Path) -> None:
    partial = path.with_name(f".partial-{path.name}")
    save_file({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, partial)
    os.replace(partial, path)


def _save_json(value: Any, path: Path) -> None:
    partial = path.with_name(f".partial-{path.name}")
    partial.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n")
    os.replace(partial, path)


def _tensor(values: Any) -> Tensor:
    # A copy: a column of a table may be read-only, which tensors are not.
    return values.detach() if isinstance(values, Tensor) else torch.tensor(np.asarray(values))


def _repeated(part: Tensor, count: int, name: str) -> Tensor:
    if len(part) not in (1, count):
        raise ValueError(f"{name} has {len(part)} rows where others have {count}")
    return part.expand(count, *part.shape[1:])
