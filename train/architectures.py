"""The networks of Table 1 as data: channels, and what a checkpoint must say to build one again.

The one idea: an architecture is a table of channels. Nothing here needs PyTorch, so that settings and their
errors come at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

ArchitectureName = Literal["1s-S-deep", "1s-S", "1s-S-wide", "2s-S", "2s-E"]
MaskLoss = Literal["nll", "squared"]


def _whole(value: object) -> object:
    """A command line's "64" as 64, which pydantic does not do for a choice of numbers."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


Size = Annotated[Literal[64, 128, 256], BeforeValidator(_whole)]

# FC5 makes 8 x 8 maps; every upconvolution doubles the side (section 3.1).
FC5_SIDE = 8
STREAM_UNITS = 512
MERGED_UNITS = 1024


@dataclass(frozen=True)
class StreamTable:
    """One expanding stream: channels of FC5's 8 x 8 maps and of the upconvolutions at 16, 32, 64 and 128 px.

    The last upconvolution, which reaches the picture's size, has the outputs' channels instead.
    """

    outputs: tuple[str, ...]
    fc5: int
    upconv: tuple[int, int, int, int]
    suffix: str = ""


@dataclass(frozen=True)
class Architecture:
    """A row of Table 1: its streams, whether 3 x 3 convolutions follow the upconvolutions, its mask loss."""

    streams: tuple[StreamTable, ...]
    deep: bool
    mask_loss: MaskLoss


_RGB_STREAM = StreamTable(("rgb",), 256, (256, 92, 48, 24))
_MASK_STREAM = StreamTable(("mask",), 128, (128, 92, 32, 16), suffix="_mask")

# Channels that give Table 1's parameter counts; the paper prints only some of them (Fig. 1, section 4.2).
ARCHITECTURES: dict[str, Architecture] = {
    "1s-S-deep": Architecture((StreamTable(("rgb", "mask"), 256, (256, 92, 48, 24)),), True, "nll"),
    "1s-S": Architecture((StreamTable(("rgb", "mask"), 256, (256, 92, 48, 24)),), False, "nll"),
    "1s-S-wide": Architecture((StreamTable(("rgb", "mask"), 320, (320, 115, 60, 30)),), False, "nll"),
    "2s-S": Architecture((_RGB_STREAM, _MASK_STREAM), False, "nll"),
    "2s-E": Architecture((_RGB_STREAM, _MASK_STREAM), False, "squared"),
}


class NetworkSpec(BaseModel):
    """All that is needed to build a network: what a checkpoint says beside its weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    architecture: ArchitectureName = "1s-S-deep"
    size: Size = Field(128, description="side of the picture in pixels")
    width: float = Field(1.0, gt=0, le=4, description="factor on the channels of all maps; units get its square root")
    styles: int = Field(ge=1, description="number of styles, the length of the one-hot input")
    variational: bool = Field(False, description="whether the style stream ends in a random z (Appendix A)")

    @property
    def upconvolutions(self) -> int:
        """Number of x 2 steps from FC5's maps to the picture: 3 at 64 px, 4 at 128 px, 5 at 256 px."""
        return int(math.log2(self.size // FC5_SIDE))

    def channels(self, count: int) -> int:
        """Channels of maps that have `count` in the paper."""
        return scaled(count, self.width)

    def units(self, count: int) -> int:
        """Units of a fully connected layer that has `count` in the paper.

        They shrink by the square root of the width: a unit costs one picture's worth of work, a channel of a map
        that at every place, so at equal speed a narrow network with broader layers before its maps learns more.
        """
        return scaled(count, math.sqrt(self.width))

    @property
    def mask_loss(self) -> MaskLoss:
        """How the mask is learnt, which also says how it is read from the output (softmax or as it is)."""
        return ARCHITECTURES[self.architecture].mask_loss


def scaled(count: int, factor: float) -> int:
    """A count times a factor: the paper's own at 1, else a multiple of 8 (vector units), at least 8."""
    return count if factor == 1 else max(8, 8 * round(count * factor / 8))
