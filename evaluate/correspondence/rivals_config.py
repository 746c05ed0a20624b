"""Settings of the rivals of a morph's flow: what their papers publish, to be tuned on pairs set aside for it."""

from __future__ import annotations

from pydantic import Field

from infra.settings import Settings


class SiftFlowConfig(Settings):
    """SIFT Flow (Liu, Yuen, Torralba 2011); costs are in the units of descriptors of length 255."""

    bin_px: float = Field(3.0, gt=0, le=32, description="side of one of a descriptor's 4 x 4 spatial bins in pixels")
    gamma: float = Field(0.005 * 255, ge=0, description="cost of a displacement of one pixel along x or along y")
    alpha: float = Field(
        2.0 * 255, ge=0, description="cost of one pixel between neighbours' displacements along x or along y"
    )
    d: float = Field(40.0 * 255, ge=0, description="most that neighbours' displacements along x or along y cost")
    data_quantile: float = Field(
        0.9,
        gt=0,
        le=1,
        description="the cost of unlike descriptors is cut off at this quantile of a level's costs; 1 cuts nothing. "
        "The paper says that it is cut off, not where; the median, which does for photographs, mutes objects on white",
    )
    levels: int = Field(4, ge=1, le=10, description="sizes at which a flow is searched, each half of the finer one")
    top_radius_px: int = Field(
        10, ge=0, le=40, description="reach of the search along x and along y at the coarsest level, in its pixels"
    )
    radius_px: int = Field(
        2, ge=0, le=40, description="reach of the search about the coarser level's flow, in pixels of each finer level"
    )
    top_iterations: int = Field(
        60, ge=1, le=1000, description="rounds of messages, there and back, at the coarsest level"
    )
    iterations: int = Field(30, ge=1, le=1000, description="rounds of messages, there and back, at each finer level")
    reweighted: bool = Field(
        True,
        description="weigh messages by trees (TRW-S), which finds lower energies; false is the paper's plain "
        "belief propagation (BP-S)",
    )


class NearestConfig(Settings):
    """Every pixel goes to the most alike descriptor of the other picture, whatever its neighbours do."""

    bin_px: float = Field(3.0, gt=0, le=32, description="side of one of a descriptor's 4 x 4 spatial bins in pixels")
    radius_px: float | None = Field(
        None, ge=0, description="longest displacement in pixels; by default the whole picture is searched"
    )
    forward_backward_px: float | None = Field(
        None,
        ge=0,
        description="a match stands when the match of its match lies within this many pixels of its pixel, and others "
        "take the displacement of the nearest that stands; by default all stand",
    )
    median_px: int = Field(
        1, ge=1, le=63, description="side in pixels of the window of medians that smooth the flow; 1: none"
    )
