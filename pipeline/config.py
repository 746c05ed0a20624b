"""A whole recipe: every floor's part of it, in one frozen model."""

from __future__ import annotations

from pydantic import model_validator

from evaluate.config import EvaluateJob


class Recipe(EvaluateJob):
    """The main job: what is rendered, how generators learn from it, and what they are asked."""

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
