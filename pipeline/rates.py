"""How fast the parts of Turnery are: one table that `pipeline.plan` reckons with.

The one idea: a rate says whether it was measured or computed, and how, so that nobody takes a plan for a promise.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError

from infra.errors import UserError
from infra.settings import Settings

MB = 1e6


class Rate(Settings):
    """A number in the unit that its field of `Rates` names, and where it comes from."""

    value: float = Field(gt=0)
    kind: Literal["measured", "computed"]
    origin: str = Field(min_length=1)


def _measured(value: float, origin: str) -> Rate:
    return Rate(value=value, kind="measured", origin=origin)


def _computed(value: float, origin: str) -> Rate:
    return Rate(value=value, kind="computed", origin=origin)


class Rates(Settings):
    """What a plan is reckoned with. Of processors, every rate is of one core."""

    view_fixed_ms: Rate = Field(
        _computed(
            39.2,
            "a view of no samples, on the line through two measured ones: 2592 views of 64 px, 12 samples, in 74 s "
            "(docs/results.md); 7.08 views/s of 256 px, 8 samples, denoised (docs/rendering.md); 2 cores, 2026-11-24",
        ),
        description="core time of a rendered view beside its samples, ms",
    )
    view_sample_ms: Rate = Field(
        _computed(23.8, "the slope of the same line; Cycles alone was measured at 25 ms"),
        description="core time of a sample at 256 x 256, ms; grows with the pixels",
    )
    denoise_samples: Rate = Field(
        _measured(2.24, "56 ms beside 25 ms a sample at 256 px (docs/rendering.md), 2026-11-24"),
        description="samples that the denoiser costs as much as",
    )
    photograph_ms: Rate = Field(
        _measured(90.7, "62 pictures of 600 x 600 in the released layout, made of our own renders; 2026-11-24"),
        description="core time to cut a released picture out of its white and frame it, ms",
    )
    view_fixed_bytes: Rate = Field(
        _computed(
            4650,
            "a view of no pixels, on the line through 216 views of our own models each, 6210 B at 64 px and 10904 B "
            "at 128 px, from manifest.json; 2026-11-24",
        ),
        description="bytes of a view in a shard beside its pixels: tar headers, JSON",
    )
    pixel_bytes: Rate = Field(
        _computed(0.382, "the slope of the same line"),
        description="bytes of a pixel of a view in a shard",
    )
    decode_fixed_ms: Rate = Field(
        _computed(
            0.19,
            "a view of no pixels, on the line through 0.298 ms at 64 px and 0.624 ms at 128 px, processor "
            "time of 216 views each; 2026-11-24",
        ),
        description="core time to decode a view beside its pixels, ms",
    )
    decode_megapixel_ms: Rate = Field(
        _computed(26.5, "the slope of the same line"),
        description="core time to decode a megapixel, ms",
    )
    wide_core_gflops: Rate = Field(
        _computed(
            143.6,
            "81.8 images/s of 1s-S-deep at 128 px, 3.51 GFLOP each, batch 32, bf16, 2 cores with bf16 instructions "
            "(docs/speed.md); 2026-11-24",
        ),
        description="GFLOP/s of a core that trains a network of half the paper's width or more",
    )
    narrow_core_gflops: Rate = Field(
        _computed(31.6, "640 images/s of the demo's network, 0.0989 GFLOP each, fp32, 2 cores (docs/results.md)"),
        description="GFLOP/s of a core that trains a narrower network",
    )
    gpu_tflops: Rate = Field(
        _computed(
            182.0,
            "23 % of 790 TFLOP/s bf16 of an H200: what 53,000 images/s of 1s-S-deep at 128 px, the target, take; "
            "no GPU was at hand to measure it",
        ),
        description="TFLOP/s of a GPU that trains a network of half the paper's width or more",
    )
    render_memory_mb: Rate = Field(
        _measured(405.0, "the most that a Blender process took over own and others' models (docs/rendering.md)"),
        description="resident memory of a rendering process, MB",
    )


def read_rates(path: Path | None) -> Rates:
    """The table with what a YAML file says of some rates, `name: {value, kind, origin}`, in their place."""
    if path is None:
        return Rates()
    try:
        given = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"rates {path} cannot be read: {error}") from None
    if not isinstance(given, Mapping):
        raise UserError(f"rates {path} must be a mapping of name: {{value, kind, origin}}")
    try:
        return Rates.model_validate(given)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        key = ".".join(map(str, fault["loc"]))
        known = ", ".join(Rates.model_fields)
        raise UserError(f"rates {path}: {key}: {fault['msg']}; the rates are {known}") from None
