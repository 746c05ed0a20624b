"""Settings of the questions of correspondence: which pairs are matched, and how."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from evaluate.correspondence.method_configs import DspConfig, FlowConfig, NearestConfig, SiftFlowConfig
from evaluate.question_config import QuestionConfig
from infra.settings import Settings

MethodName = Literal["morph", "siftflow", "dsp", "nearest", "box", "zero"]


class PathConfig(Settings):
    """The morph from one style to another (section 5.7: 64 frames, straight, evenly mixed)."""

    frames: int = Field(64, ge=2, le=1024, description="pictures of the morph, ends included")
    detour: float = Field(
        1.0,
        ge=1,
        le=10,
        description="1 leads straight; above, by styles of the class that look alike: the shortest way where the "
        "distance of two pictures counts to this power",
    )
    pace: Literal["weight", "change"] = Field(
        "weight", description="what grows evenly along the morph: the weights of styles, or the change that is seen"
    )


class CorrespondenceConfig(QuestionConfig):
    """Which point of one model is which point of another (section 5.7)?"""

    methods: tuple[MethodName, ...] = Field(
        ("morph", "siftflow", "dsp", "nearest", "box", "zero"),
        min_length=1,
        description="methods to compare: flow along the morph, three rivals, two floors",
    )
    pairs_per_class: int = Field(6, ge=1, description="pairs of models a class, drawn by the seed")
    validation_share: float = Field(
        0.25, ge=0, lt=1, description="share of a class's models that only correspondence-tuning sees"
    )
    marked: str | None = Field(
        None, description="CSV of pairs that people marked, in place of drawn ones (docs/correspondence.md)"
    )
    azimuths_deg: tuple[float, ...] = Field(
        (30.0,),
        min_length=1,
        description="azimuths in degrees, a pair each in turn; the nearest training view is taken",
    )
    elevation_deg: float = Field(20.0, ge=-90, le=90, description="elevation in degrees, as azimuths_deg")
    difficulty: Literal["hog", "masks"] = Field(
        "hog", description="what says how unlike two pictures are: distance of HOG, or overlap of masks"
    )
    path: PathConfig = Field(PathConfig(), description="the morph that is followed")
    refine_step: int = Field(9, ge=1, description="frames between the pictures that the flow is refined on")
    shown_pairs: int = Field(3, ge=1, le=12, description="pairs a class and difficulty in figures, best to worst")
    flow: FlowConfig = Field(FlowConfig(), description="optical flow between two frames of a morph")
    siftflow: SiftFlowConfig = Field(SiftFlowConfig(), description="SIFT Flow")
    dsp: DspConfig = Field(DspConfig(), description="Deformable Spatial Pyramid")
    nearest: NearestConfig = Field(NearestConfig(), description="nearest descriptors")


class TuningConfig(CorrespondenceConfig):
    """Which constants of each method serve best on pairs that are not tested (section 5.7)?"""

    budget: int = Field(12, ge=1, le=1000, description="settings tried of each method, the recipe's own the first")
