"""Settings of the questions about transfer, and the trainings that follow from them.

The one idea: what is compared differs in a setting or two, so a recipe says those, and the trainings are computed; a
recipe may still change single ones by their role.
"""

from __future__ import annotations

from abc import abstractmethod

from pydantic import Field, model_validator

from evaluate.question_config import Changes, QuestionConfig
from infra.settings import merged

WITH, WITHOUT = "transfer", "alone"
"""Roles `transfer-<views>` and `alone-<views>` of view transfer: other models are shown from all sides, or as few."""
ALONE, BOTH = "alone", "both"
"""Roles of the elevation questions: a class learnt by itself, and together with the others."""
COPY = "copy"
"""What both are held against: the true view at the nearest elevation that the class was shown at."""


class _TransferConfig(QuestionConfig):
    trainings: dict[str, Changes] = Field(
        {}, description="further changes to single trainings, by role; the rest follows from the other settings"
    )
    train: Changes = Field({}, description="changes to the recipe's train section that all its trainings share")

    @abstractmethod
    def roles(self) -> dict[str, Changes]:
        """What the other settings ask for."""

    @model_validator(mode="after")
    def _every_role_has_its_training(self) -> _TransferConfig:
        roles = self.roles()
        unknown = sorted(set(self.trainings) - set(roles))
        if unknown:
            raise ValueError(f"trainings: no role '{unknown[0]}'; there are {', '.join(roles)}")
        trainings = {
            role: merged(merged(self.train, change), self.trainings.get(role, {})) for role, change in roles.items()
        }
        object.__setattr__(self, "trainings", trainings)  # settings are frozen for everyone else
        return self


class ViewTransferConfig(_TransferConfig):
    """Are missing views of a model drawn better when others were shown from all sides (section 5.2, Figs. 8-9)?"""

    train: Changes = Field(
        {"size": 64, "select": {"classes": ["chair"]}},
        description="changes to the recipe's train section that all its trainings share",
    )
    views: tuple[int, ...] = Field(
        (15, 8, 4, 2, 1), min_length=1, description="views shown of a target model; two trainings each"
    )
    share: float = Field(0.1, gt=0, lt=1, description="share of the models of a class that are targets, by the seed")
    few: int = Field(4, ge=1, description="views up to which a target counts as shown from few sides")
    columns: int = Field(7, ge=3, le=17, description="pictures a row, from one view that was shown to the next")
    shown: int = Field(8, ge=1, le=16, description="target models whose nearest neighbours are shown")

    def roles(self) -> dict[str, Changes]:
        """Two trainings for every number of views."""
        return {
            f"{role}-{count}": {"select": {"few": {"share": self.share, "views": count, "everywhere": role == WITHOUT}}}
            for count in self.views
            for role in (WITH, WITHOUT)
        }


class ElevationConfig(_TransferConfig):
    """Are elevations that a class was never shown at drawn better when other classes were learnt too (section 5.3)?"""

    class_name: str = Field("chair", description="class that is drawn; it is learnt alone, and with all of learnt_deg")
    learnt_deg: dict[str, tuple[float, ...]] = Field(
        {"chair": (20, 30), "table": (0, 10, 20, 30, 40)},
        description="elevations in degrees that each class is shown at",
    )
    elevations_deg: tuple[float, ...] = Field(
        (0, 10, 20, 30, 40, 50, 70), min_length=1, description="elevations in degrees to draw, of the dataset's grid"
    )
    models: int = Field(128, ge=1, description="most models measured, drawn by the seed")
    shown: int = Field(3, ge=1, le=8, description="models in the figure, from the least to the largest error")
    azimuth_deg: float = Field(30.0, description="azimuth of the figure in degrees; the nearest rendered is taken")

    @property
    def own_deg(self) -> tuple[float, ...]:
        """Elevations that the class itself is shown at."""
        return self.learnt_deg[self.class_name]

    def seen_by(self, elevation_deg: float) -> str:
        """ "own" where the class itself is shown at an elevation, "shared" where only another is, else "beyond"."""
        if elevation_deg in self.own_deg:
            return "own"
        return "shared" if any(elevation_deg in seen for seen in self.learnt_deg.values()) else "beyond"

    def roles(self) -> dict[str, Changes]:
        """The class alone, and with the others. Raises ValueError where there is nothing to compare."""
        if self.class_name not in self.learnt_deg or len(self.learnt_deg) < 2:
            raise ValueError(f"learnt_deg: must have '{self.class_name}' and another class")
        unshown = [each for each in self.own_deg if each not in self.elevations_deg]
        if unshown:
            raise ValueError(f"elevations_deg: must have {unshown[0]:g}, which {self.class_name} is learnt at")
        if set(self.elevations_deg) <= set(self.own_deg):
            raise ValueError(f"elevations_deg: must have one that {self.class_name} is not learnt at")
        classes = {ALONE: [self.class_name], BOTH: list(self.learnt_deg)}
        return {
            role: {
                "select": {
                    "classes": names,
                    "class_elevations_deg": {name: list(self.learnt_deg[name]) for name in names},
                }
            }
            for role, names in classes.items()
        }


class ElevationExtrapolationConfig(ElevationConfig):
    """Do other classes help a class beyond every elevation that was shown (section 5.3, Fig. 11)?"""

    class_name: str = Field("table", description="class that is drawn; it is learnt alone, and with all of learnt_deg")
    elevations_deg: tuple[float, ...] = Field(
        (0, 10, 20, 30, 40, 50, 70, 90),
        min_length=1,
        description="elevations in degrees to draw, of the dataset's grid",
    )
