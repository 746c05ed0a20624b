"""Every question by its name, in the paper's order: its title, where the paper asks it, and the function that answers.

The one idea: this table alone knows all questions, so a new one is a module, its settings, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from evaluate.correspondence.keypoints import correspondence
from evaluate.morphing import morph
from evaluate.question import Answer, Panel, Spread, Subject
from evaluate.reconstruction import reconstruction
from evaluate.transfer import elevations, views

Ask = Callable[[Panel, Any, Answer], None]
Needs = Callable[[Any, pd.DataFrame], None]


def anything(config: Any, views: pd.DataFrame) -> None:
    """Of a question that any dataset will do for."""


@dataclass(frozen=True)
class Question:
    """`place` is the section, figures or table of the paper; `ask` fills the answer.

    `needs` gets the question's settings and the dataset's views, before anything is trained, and raises `UserError` for
    what the dataset lacks.
    """

    title: str
    place: str
    ask: Ask
    needs: Needs = anything


def of_one(ask: Callable[[Subject, Any, Answer, Spread], None]) -> Ask:
    """A question that needs one generator, as one that is asked of a panel."""

    def asked(panel: Panel, config: Any, answer: Answer) -> None:
        subject, spread = panel.one
        ask(subject, config, answer, spread)

    return asked


QUESTIONS: dict[str, Question] = {
    "reconstruction": Question(
        "Reconstruction",
        "section 4.2",
        lambda panel, config, answer: reconstruction(panel.one[0], config, answer, panel.one[1], panel.views_per_part),
    ),
    "view-transfer": Question(
        "Interpolation between viewpoints", "section 5.2, Figs. 8 and 9", views.view_transfer, views.needs
    ),
    "elevation-transfer": Question(
        "Elevation transfer",
        "section 5.3, Fig. 10",
        elevations.elevations,
        partial(elevations.needs, "elevation-transfer"),
    ),
    "elevation-extrapolation": Question(
        "Elevation extrapolation",
        "section 5.3, Fig. 11",
        elevations.elevations,
        partial(elevations.needs, "elevation-extrapolation"),
    ),
    "morph": Question("Morphs", "section 5.4, Figs. 12, 13 and 15", of_one(morph)),
    "correspondence": Question("Correspondence", "section 5.7, Table 3, Fig. 18", of_one(correspondence)),
}
