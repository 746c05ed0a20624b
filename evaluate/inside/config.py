"""Settings of the questions about the inside of a generator (section 6)."""

from __future__ import annotations

from pydantic import Field

from evaluate.question_config import QuestionConfig


class FiltersConfig(QuestionConfig):
    """What are the last filters like (Fig. 19)?"""

    columns: int = Field(12, ge=4, le=24, description="filters a row of the figure")
    shown: int = Field(48, ge=4, le=256, description="most filters shown, evenly chosen from the strongest on")


class UnitsConfig(QuestionConfig):
    """What does a single unit do (section 6.1, Figs. 20 and 21)?"""

    units: int = Field(64, ge=2, description="live units measured of each layer, drawn by the seed")
    shown: int = Field(9, ge=1, le=16, description="units of each layer in the figures")
    strength: float = Field(
        3.0, gt=0, description="a unit is switched on to this many times its highest activation in the samples"
    )
    samples: int = Field(512, ge=16, description="random inputs that a layer's activations are looked at on")
    style_pairs: int = Field(64, ge=1, description="pairs of models whose mean distance is the yardstick")
    azimuth_deg: float = Field(30.0, description="azimuth in degrees; the nearest training view is taken")
    elevation_deg: float = Field(20.0, ge=-90, le=90, description="elevation in degrees, as azimuth_deg")


class NeuronsConfig(QuestionConfig):
    """Has every transformation its unit in FC4 (section 6.1, Figs. 22 and 23)?"""

    samples: int = Field(2048, ge=64, description="random inputs on which units are correlated with theta")
    models: int = Field(16, ge=2, description="models, drawn by the seed, in which a unit is raised and measured")
    strength: float = Field(
        3.0, gt=0, description="a unit is raised to this many times its highest activation in the samples"
    )
    steps: int = Field(7, ge=3, le=16, description="pictures a row of the figure, from the unit as it is on")
    channels: int = Field(16, ge=2, le=32, description="channels of FC5 whose weights are shown of each unit")
    azimuth_deg: float = Field(30.0, description="azimuth in degrees; the nearest training view is taken")
    elevation_deg: float = Field(20.0, ge=-90, le=90, description="elevation in degrees, as azimuth_deg")


class SpatialConfig(QuestionConfig):
    """What do neighbouring cells of FC5 do together (section 6.2, Fig. 24)?"""

    models: int = Field(64, ge=2, description="models measured, drawn by the seed")
    shown: int = Field(4, ge=1, le=8, description="models in the figure")
    azimuth_deg: float = Field(30.0, description="azimuth in degrees; the nearest training view is taken")
    elevation_deg: float = Field(20.0, ge=-90, le=90, description="elevation in degrees, as azimuth_deg")


class FrequencyConfig(QuestionConfig):
    """What are output filters good for that look near-empty (section 6.2, Fig. 25)?"""

    models: int = Field(64, ge=2, description="models measured, drawn by the seed")
    near_empty: float = Field(
        0.25, gt=0, lt=1, description="a filter looks near-empty when its norm is below this share of the largest"
    )
    period_px: int = Field(
        2, ge=2, le=4, description="period of the grid in pixels: 2 is the last upsampling's, 4 that of the one before"
    )
    shown: int = Field(4, ge=1, le=8, description="feature maps and models in the figures")
    azimuth_deg: float = Field(30.0, description="azimuth in degrees; the nearest training view is taken")
    elevation_deg: float = Field(20.0, ge=-90, le=90, description="elevation in degrees, as azimuth_deg")
