"""Settings of every method that matches two pictures: what their papers publish, to be tuned on pairs set aside."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from infra.settings import Settings

Silhouette = Annotated[
    float,
    Field(ge=0, le=1, description="how far tones give way to the outline: 0 shows the object, 1 its mask alone"),
]


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
    silhouette: Silhouette = 0.0
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


class DspConfig(Settings):
    """Deformable Spatial Pyramid matching (Kim, Liu, Sha and Grauman 2013), with the constants they published."""

    bin_px: float = Field(4.0, gt=0.5, le=32, description="side of a spatial bin of the descriptors in pixels")
    silhouette: Silhouette = 0.0
    levels: int = Field(3, ge=1, le=6, description="levels of the quadtree of cells, the whole picture the first")
    cap: float = Field(
        500.0, gt=0, description="largest L1 distance of two descriptors (128 numbers in 0-255); larger ones count so"
    )
    search: float = Field(
        0.5, gt=0, le=1, description="farthest translation of a cell each way, as a share of the picture's side"
    )
    stride_px: int = Field(
        3, ge=1, le=32, description="step between the translations tried for a cell in pixels; published: side / 50"
    )
    coefficient: float = Field(
        0.005,
        ge=0,
        description="cost of a step of stride_px between the translations of neighbouring cells; a level's data costs "
        "have mean 1",
    )
    truncation: float = Field(0.25, ge=0, description="largest cost between two neighbouring cells, in the same unit")
    iterations: int = Field(50, ge=1, le=1000, description="most sweeps of belief propagation over the cells")
    pixel_search_px: int = Field(
        20, ge=0, le=128, description="farthest that a pixel goes from its cell's translation each way, in pixels"
    )
    pixel_weight: float = Field(
        2.5, ge=0, description="cost of a pixel from its cell's translation, in the unit of the descriptors' distance"
    )


class SiftFlowConfig(Settings):
    """SIFT Flow (Liu, Yuen, Torralba 2011); costs are in the units of descriptors of length 255."""

    bin_px: float = Field(3.0, gt=0, le=32, description="side of one of a descriptor's 4 x 4 spatial bins in pixels")
    silhouette: Silhouette = 0.0
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
    silhouette: Silhouette = 0.0
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
