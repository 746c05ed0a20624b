"""The evaluate part of a recipe: which questions to ask, and each question's own settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationError, model_validator

from evaluate.comparisons.config import ArchitecturesConfig, AugmentationMorphConfig, DatasetSizeConfig
from evaluate.correspondence.config import CorrespondenceConfig, TuningConfig
from evaluate.imagination.config import ArithmeticConfig, SamplingConfig, TransformationsConfig, TripleConfig
from evaluate.inside.config import FiltersConfig, FrequencyConfig, NeuronsConfig, SpatialConfig, UnitsConfig
from evaluate.question_config import Changes, QuestionConfig
from evaluate.transfer.config import ElevationConfig, ElevationExtrapolationConfig, ViewTransferConfig
from infra.settings import JobSettings, Settings, merged
from render.config import RenderConfig
from train.config import TrainConfig

QuestionName = Literal[
    "reconstruction",
    "architectures",
    "dataset-size",
    "augmentation-morph",
    "transformations",
    "view-transfer",
    "elevation-transfer",
    "elevation-extrapolation",
    "morph",
    "morph-triple",
    "morph-classes",
    "arithmetic",
    "sampling",
    "correspondence",
    "correspondence-tuning",
    "filters",
    "units",
    "transformation-neurons",
    "spatial-mask",
    "high-frequency",
]
"""In the paper's order; `evaluate.questions` has their answers."""


class ReconstructionConfig(QuestionConfig):
    """How well are known views redrawn, and views never shown drawn?"""

    views: int = Field(
        4096,
        ge=0,
        description="most views measured of each split, drawn evenly by the seed over the classes; 0: all",
    )
    mean_views: int = Field(4096, ge=1, description="most training views averaged into the mean image, by the seed")
    ssim: bool = Field(True, description="measure SSIM too (a third of the time spent on metrics)")
    columns: int = Field(9, ge=3, le=16, description="views a class in a figure, from the best to the worst")
    worst: int = Field(10, ge=1, le=32, description="worst views shown and listed")
    turntable_styles: int = Field(5, ge=0, le=12, description="models a class in the turntable GIF; 0: none")
    turntable_frames: int = Field(36, ge=8, le=180, description="azimuths of a full turn in the turntable GIF")


class MorphConfig(QuestionConfig):
    """Do the styles between two models look like models (sections 5.4, Figs. 12, 13 and 15)?"""

    pairs_per_class: int = Field(4, ge=1, le=64, description="pairs of models a class, drawn by the seed")
    pairs: tuple[tuple[str, str], ...] = Field(
        (), description="pairs of model ids, shown in place of drawn pairs in the classes that they name"
    )
    across: tuple[tuple[str, str], ...] = Field(
        (("chair", "table"),),
        description="pairs of classes to morph between; those the generator lacks are passed over",
    )
    frames: int = Field(33, ge=9, le=257, description="evenly mixed pictures a morph that are measured")
    strip_frames: int = Field(9, ge=3, le=17, description="pictures a morph in the strip")
    gif_frames: int = Field(48, ge=8, le=240, description="pictures a GIF, there and back")
    azimuth_deg: float = Field(30.0, description="azimuth in degrees; the nearest training view is taken")
    elevation_deg: float = Field(20.0, ge=-90, le=90, description="elevation in degrees, as azimuth_deg")
    broken_below: float = Field(
        0.7,
        gt=0,
        lt=1,
        description="a frame is broken when its mask's area is below this share of the smaller end's",
    )


class ClaimConfig(Settings):
    """A claim of the paper, and how far the measured effect must lie for it to hold."""

    section: str = Field(description="section or figure of the paper")
    says: str = Field(description="the paper's words, shortened")
    effect: str = Field(description="what is measured on every sample")
    direction: Literal["above", "below"] = Field("above", description="side of the margin on which the claim holds")
    margin: float = Field(0.0, description="what the effect's 95 % interval must clear")


class EvaluateConfig(Settings):
    """The evaluate section of a recipe."""

    questions: tuple[QuestionName, ...] = Field(
        ("reconstruction", "morph", "correspondence"), description="questions to ask, in this order"
    )
    batch: int = Field(128, ge=1, le=4096, description="pictures generated at once")
    views_per_task: int = Field(512, ge=1, description="views that one Ray task measures")
    beside: int | None = Field(
        None, ge=1, description="trainings beside each other; default as many as there are GPUs or processors for"
    )
    gpus_per_task: float = Field(0.0, ge=0, le=8, description="GPUs of a Ray task; a share such as 0.25 is fine")
    seeds: tuple[int, ...] = Field(
        (), description="seeds to train and ask with, beside each other; default the recipe's own alone"
    )
    claims: dict[str, ClaimConfig] = Field({}, description="claims to judge, as <question>/<name>")
    published: dict[str, float] = Field({}, description="the paper's own numbers, by the metric they stand beside")
    reconstruction: ReconstructionConfig = Field(ReconstructionConfig(), description="known and unseen views")
    architectures: ArchitecturesConfig = Field(ArchitecturesConfig(), description="five networks")
    dataset_size: DatasetSizeConfig = Field(DatasetSizeConfig(), description="more and fewer models, augmentation")
    augmentation_morph: AugmentationMorphConfig = Field(
        AugmentationMorphConfig(), description="morphs without and with augmentation"
    )
    view_transfer: ViewTransferConfig = Field(ViewTransferConfig(), description="missing views of models")
    elevation_transfer: ElevationConfig = Field(ElevationConfig(), description="elevations that another class shows")
    elevation_extrapolation: ElevationExtrapolationConfig = Field(
        ElevationExtrapolationConfig(), description="elevations that no class shows"
    )
    morph: MorphConfig = Field(MorphConfig(), description="mixtures of two styles")
    morph_triple: TripleConfig = Field(TripleConfig(), description="mixtures of three styles")
    morph_classes: MorphConfig = Field(MorphConfig(), description="mixtures of styles of two classes")
    transformations: TransformationsConfig = Field(TransformationsConfig(), description="transformed pictures")
    arithmetic: ArithmeticConfig = Field(ArithmeticConfig(), description="sums and differences of styles")
    sampling: SamplingConfig = Field(SamplingConfig(), description="random styles")
    correspondence: CorrespondenceConfig = Field(CorrespondenceConfig(), description="points carried along a morph")
    correspondence_tuning: TuningConfig = Field(TuningConfig(), description="constants of its methods")
    filters: FiltersConfig = Field(FiltersConfig(), description="the last filters")
    units: UnitsConfig = Field(UnitsConfig(), description="single units")
    transformation_neurons: NeuronsConfig = Field(NeuronsConfig(), description="the unit of each transformation")
    spatial_mask: SpatialConfig = Field(SpatialConfig(), description="parts of FC5")
    high_frequency: FrequencyConfig = Field(FrequencyConfig(), description="near-empty output filters")


class EvaluateJob(JobSettings):
    """What `python -m evaluate` reads."""

    render: RenderConfig = Field(RenderConfig(), description="3D models to views, where there is no dataset yet")
    train: TrainConfig = Field(TrainConfig(), description="views to a generator, where a question needs one")
    evaluate: EvaluateConfig = Field(EvaluateConfig(), description="questions and their settings")

    @model_validator(mode="after")
    def _trainings_can_be(self) -> EvaluateJob:
        for question in self.evaluate.questions:
            settings: QuestionConfig = getattr(self.evaluate, settings_of(question))
            for role, changes in settings.trainings.items():
                try:
                    changed(self.train, changes)
                except ValidationError as error:
                    first = error.errors()[0]
                    key = ".".join(map(str, ("evaluate", settings_of(question), "trainings", role, *first["loc"])))
                    raise ValueError(f"{key}: {first['msg']}") from None
        return self


def settings_of(question: str) -> str:
    """Name of the settings of a question in `EvaluateConfig`."""
    return question.replace("-", "_")


def changed(train: TrainConfig, changes: Changes) -> TrainConfig:
    """A train section with some of its settings changed. Raises pydantic's ValidationError."""
    return TrainConfig.model_validate(merged(train.model_dump(mode="json"), changes))
