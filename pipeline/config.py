"""A whole recipe: every floor's part of it, in one frozen model."""

from __future__ import annotations

from pydantic import Field, model_validator

from evaluate.config import EvaluateConfig
from infra.settings import JobSettings
from render.config import RenderConfig
from train.config import TrainConfig


class Recipe(JobSettings):
    """The main job: what is rendered, how a generator learns from it, and what it is asked."""

    render: RenderConfig = Field(RenderConfig(), description="3D models to views")
    train: TrainConfig = Field(TrainConfig(), description="views to a generator")
    evaluate: EvaluateConfig = Field(EvaluateConfig(), description="what the generator is asked")

    @model_validator(mode="after")
    def _classes_are_rendered(self) -> Recipe:
        rendered, learned = self.render.source.classes, self.train.select.classes or ()
        missing = [name for name in learned if rendered and name not in rendered]
        if missing:
            raise ValueError(f"train.select.classes wants '{missing[0]}', render.source.classes has {rendered}")
        return self

    def experiment(self) -> dict[str, object]:
        """What makes two runs different experiments: all but where they run and where they are recorded."""
        return self.model_dump(mode="json", exclude={"workspace", "cluster", "tracking"})
