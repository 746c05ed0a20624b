"""Settings of the questions about what a generator imagines."""

from __future__ import annotations

from pydantic import Field

from evaluate.question_config import QuestionConfig


class TransformationsConfig(QuestionConfig):
    """Are transformed pictures as good as plain ones (section 5.1, Fig. 7)?"""

    models_per_class: int = Field(12, ge=2, description="models a class, drawn by the seed")
    views_per_model: int = Field(2, ge=1, description="training views a model, drawn by the seed")
    amounts: int = Field(
        9, ge=3, le=17, description="amounts of each transformation, odd, from end to end of its range"
    )


class TripleConfig(QuestionConfig):
    """Do mixtures of three styles look like models (section 5.4, Fig. 14)?"""

    triples_per_class: int = Field(6, ge=1, description="triples of models a class, drawn by the seed")
    side: int = Field(6, ge=3, le=12, description="pictures along a side of the triangle")
    azimuth_deg: float = Field(30.0, description="azimuth in degrees; the nearest training view is taken")
    elevation_deg: float = Field(20.0, ge=-90, le=90, description="elevation in degrees, as azimuth_deg")


class ArithmeticConfig(QuestionConfig):
    """Does A - B + C give C the part that A has and B lacks (section 5.5, Fig. 16)?

    Needs a dataset with `render.source.twins`, and a training that leaves some of their models out.
    """

    partners: int = Field(3, ge=1, description="pairs A, B that each model C is given the part of, drawn by the seed")
    azimuths: int = Field(8, ge=1, description="azimuths measured, evenly chosen from the training views'")
    elevation_deg: float = Field(20.0, ge=-90, le=90, description="elevation in degrees; the nearest trained is taken")
    shown: int = Field(6, ge=1, le=16, description="sums in a figure, from the best to the worst")


class SamplingConfig(QuestionConfig):
    """Are random styles diverse, new and sharp (section 5.6, Fig. 17)?"""

    class_name: str | None = Field(None, description="class to draw from; default the generator's first")
    samples: int = Field(128, ge=8, le=4096, description="pictures drawn and measured of each method")
    shown: int = Field(10, ge=3, le=20, description="pictures a row of the figure")
    softmax_sigma: tuple[float, float] = Field(
        (2.0, 4.0),
        description="deviations of the noise before a softmax; of N styles about N exp(-sigma squared) are then mixed",
    )
    mixed_styles: tuple[int, int] = Field((3, 5), description="numbers of styles that are mixed")
    fc2_sigma: tuple[float, float] = Field(
        (0.5, 2.0), description="deviations of the noise in FC2, in root mean squares of the trained styles' FC2"
    )
    neighbours: int = Field(3, ge=1, description="neighbours that span a training picture's ball, for coverage")
    azimuth_deg: float = Field(30.0, description="azimuth in degrees; the nearest training view is taken")
    elevation_deg: float = Field(20.0, ge=-90, le=90, description="elevation in degrees, as azimuth_deg")
