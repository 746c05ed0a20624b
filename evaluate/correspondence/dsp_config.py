"""Settings of Deformable Spatial Pyramid matching."""

from __future__ import annotations

from pydantic import Field

from infra.settings import Settings


class DspConfig(Settings):
    """Deformable Spatial Pyramid matching (Kim, Liu, Sha and Grauman 2013), with the constants they published."""

    bin_px: float = Field(4.0, gt=0.5, le=32, description="side of a spatial bin of the descriptors in pixels")
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
