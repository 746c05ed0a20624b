"""Settings of the experiments that compare trainings: networks, sizes of the training set, augmentation.

The one idea: what a comparison rests on (which network, with or without augmentation) is said of each training itself,
so that a recipe with another base can not compare a training with itself.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from evaluate.question_config import Changes, QuestionConfig
from train.architectures import ARCHITECTURES

DEEP, NARROW, WIDE = "1s-S-deep", "1s-S", "1s-S-wide"
PLAIN, AUGMENTED = "plain", "augmented"


class ComparisonConfig(QuestionConfig):
    """What experiments that measure several generators on the same training views have in common."""

    views: int = Field(
        4096, ge=0, description="most training views measured, evenly over the models, at least one each; 0: all"
    )
    ssim: bool = Field(True, description="measure SSIM too (a third of the time spent on metrics)")
    rows: int = Field(6, ge=1, le=16, description="models in the figure, from easy to difficult")
    worst: int = Field(10, ge=1, le=32, description="worst views shown and listed")
    azimuth_deg: float = Field(30.0, description="azimuth of the figure in degrees; the nearest training view is taken")
    elevation_deg: float = Field(20.0, ge=-90, le=90, description="elevation in degrees, as azimuth_deg")


class ArchitecturesConfig(ComparisonConfig):
    """Which network draws best (section 4.2, Table 1, Fig. 4)?"""

    trainings: dict[str, Changes] = Field(
        {name: {"architecture": name, "select": {"classes": ["chair"]}} for name in ARCHITECTURES},
        description="the networks by their names, each with its architecture; all else is to be the same",
    )

    @model_validator(mode="after")
    def _are_networks(self) -> ArchitecturesConfig:
        for role, changes in self.trainings.items():
            if changes.get("architecture") != role:
                raise ValueError(f"training '{role}' must say 'architecture: {role}'")
        if DEEP not in self.trainings or len(self.trainings) < 2:
            raise ValueError(f"trainings need '{DEEP}' and another network to compare it with")
        return self


class DatasetSizeConfig(ComparisonConfig):
    """How do the number of models and augmentation change the error on training images (section 4.3, Table 2)?"""

    trainings: dict[str, Changes] = Field(
        {
            **{
                str(count): {"select": {"classes": ["car"], "models_per_class": count}, "augment": 0.0}
                for count in (500, 1000, 3000)
            },
            "7124": {"select": {"classes": ["car"]}, "augment": 0.0},
            "1000aug": {"select": {"classes": ["car"], "models_per_class": 1000}, "augment": 1.0},
        },
        description="sets of models, each with its augment: two or more without, and one of their sizes with",
    )

    @model_validator(mode="after")
    def _are_sizes(self) -> DatasetSizeConfig:
        _say_augment(self.trainings)
        if sum(changes["augment"] == 0 for changes in self.trainings.values()) < 2:
            raise ValueError("trainings need two sizes or more with 'augment: 0'")
        return self


class AugmentationMorphConfig(QuestionConfig):
    """Does augmentation make morphs smoother (section 4.3, Fig. 6)?"""

    trainings: dict[str, Changes] = Field(
        {
            PLAIN: {"select": {"classes": ["car"], "models_per_class": 1000}, "augment": 0.0},
            AUGMENTED: {"select": {"classes": ["car"], "models_per_class": 1000}, "augment": 1.0},
        },
        description="the same models without and with augmentation",
    )
    pairs: int = Field(60, ge=1, description="pairs of models of one class, drawn by the seed, that are morphed")
    frames: int = Field(33, ge=3, le=257, description="evenly mixed pictures a morph that are measured")
    rows: int = Field(4, ge=1, le=16, description="pairs in the figure, from the most to the least gained")
    strip_frames: int = Field(9, ge=3, le=17, description="pictures a morph in the figure")
    azimuth_deg: float = Field(30.0, description="azimuth in degrees; the nearest training view is taken")
    elevation_deg: float = Field(20.0, ge=-90, le=90, description="elevation in degrees, as azimuth_deg")

    @model_validator(mode="after")
    def _are_both(self) -> AugmentationMorphConfig:
        _say_augment(self.trainings)
        strengths = {role: changes["augment"] for role, changes in self.trainings.items()}
        if strengths.keys() != {PLAIN, AUGMENTED} or strengths[PLAIN] != 0 or strengths[AUGMENTED] == 0:
            raise ValueError(f"trainings must be '{PLAIN}' with 'augment: 0' and '{AUGMENTED}' with augment above 0")
        return self


def _say_augment(trainings: dict[str, Changes]) -> None:
    for role, changes in trainings.items():
        if not isinstance(changes.get("augment"), int | float):
            raise ValueError(f"training '{role}' must say its 'augment': 0, or the strength of the transformations")
