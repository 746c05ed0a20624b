"""Settings of optical flow between two pictures."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infra.settings import Settings


class DisConfig(Settings):
    """Dense Inverse Search (Kroeger et al. 2016), as OpenCV has it; smoothed by the energy of `FlowConfig`."""

    finest_scale: int = Field(
        0,
        ge=0,
        le=6,
        description="halvings of the finest level searched, 0: full size; OpenCV chooses where it has fewer",
    )
    patch_px: int = Field(8, ge=4, le=32, description="side of a patch in pixels")
    patch_stride_px: int = Field(3, ge=1, le=32, description="distance between patches in pixels")
    descent_iterations: int = Field(25, ge=1, le=256, description="steps of gradient descent a patch")
    refinements: int = Field(5, ge=0, le=100, description="variational iterations a level; 0: none")


class TvL1Config(Settings):
    """Total variation and L1 (Zach, Pock and Bischof 2007), as scikit-image has it."""

    attachment: float = Field(15.0, gt=0, description="weight of constant brightness, of pictures in 0-1")
    tightness: float = Field(0.3, gt=0, le=1, description="how tightly the two halves of the problem are coupled")
    warps: int = Field(10, ge=1, le=100, description="times a level is warped by its flow")
    iterations: int = Field(10, ge=1, le=100, description="fixed-point iterations a warp")
    tolerance: float = Field(1e-4, gt=0, description="mean squared change in pixels at which a level has settled")
    prefilter: bool = Field(False, description="take the median of the flow before every warp")


class FlowConfig(Settings):
    """Optical flow: after Brox et al. 2004 by a pyramid over OpenCV's variational refinement, or one of two others."""

    method: Literal["variational", "dis", "tvl1"] = Field("variational", description="how flow is found")
    alpha: float = Field(10.0, gt=0, description="weight of smoothness (variational, dis)")
    delta: float = Field(5.0, ge=0, description="weight of constant brightness (variational, dis)")
    gamma: float = Field(10.0, ge=0, description="weight of constant gradient (variational, dis)")
    pyramid_scale: float = Field(
        0.8, gt=0.3, lt=1, description="size of a level relative to the finer one (variational)"
    )
    coarsest_px: int = Field(12, ge=8, description="smallest side of the coarsest level in pixels (variational)")
    warps: int = Field(
        3, ge=1, le=100, description="times a level is warped by its flow and refined again (variational)"
    )
    fixed_point_iterations: int = Field(5, ge=1, le=100, description="outer iterations a warp (variational)")
    sor_iterations: int = Field(
        5, ge=1, le=100, description="iterations of successive over-relaxation in each (variational)"
    )
    dis: DisConfig = Field(DisConfig(), description="settings of dis")
    tvl1: TvL1Config = Field(TvL1Config(), description="settings of tvl1")
