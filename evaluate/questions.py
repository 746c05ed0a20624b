"""Every question by its name, in the paper's order: its title, where the paper asks it, and the function that answers.

The one idea: this table alone knows all questions, so a new one is a module, its settings, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from evaluate.comparisons.architectures import architectures
from evaluate.comparisons.augmentation_morph import augmentation_morph
from evaluate.comparisons.dataset_size import dataset_size, has_enough_models
from evaluate.correspondence.question import correspondence
from evaluate.correspondence.tuning import tuning
from evaluate.imagination.arithmetic import arithmetic, arithmetic_needs
from evaluate.imagination.sampling import sampling, sampling_needs
from evaluate.imagination.transformations import transformations
from evaluate.imagination.triple import triples, triples_needs
from evaluate.inside.filters import filters
from evaluate.inside.frequency import high_frequency
from evaluate.inside.spatial import spatial_mask
from evaluate.inside.transformations import transformation_neurons
from evaluate.inside.units import units
from evaluate.morphing import morph, morph_classes, morph_classes_needs
from evaluate.question import GENERATOR, Answer, Panel, Spread, Subject
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
    what the dataset lacks. `augmented` is of questions about transformations, which need a training that sees them.
    """

    title: str
    place: str
    ask: Ask
    needs: Needs = anything
    augmented: bool = False


def of_one(ask: Callable[[Subject, Any, Answer, Spread], None]) -> Ask:
    """A question that needs one generator, as one that is asked of a panel."""

    def asked(panel: Panel, config: Any, answer: Answer) -> None:
        subject, spread = panel.one
        ask(subject, config, answer, spread)

    return asked


def _reconstruction(panel: Panel, config: Any, answer: Answer) -> None:
    subject, spread = panel.one
    reconstruction(subject, config, answer, spread, panel.views_per_part)


def _sampling(panel: Panel, config: Any, answer: Answer) -> None:
    """Generators of other roles are variational ones, in their order."""
    subject, spread = panel.one
    sampling(subject, config, answer, spread, {role: one for role, one in panel.subjects.items() if role != GENERATOR})


QUESTIONS: dict[str, Question] = {
    "reconstruction": Question("Reconstruction", "section 4.2", _reconstruction),
    "architectures": Question("Architectures", "section 4.2, Table 1, Fig. 4", architectures),
    "dataset-size": Question(
        "Size of the training set", "section 4.3, Table 2, Fig. 5", dataset_size, has_enough_models
    ),
    "augmentation-morph": Question("Morphs and augmentation", "section 4.3, Fig. 6", augmentation_morph),
    "transformations": Question("Transformations", "section 5.1, Fig. 7", of_one(transformations), augmented=True),
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
    "morph": Question("Morphs", "section 5.4, Figs. 12 and 13", of_one(morph)),
    "morph-triple": Question("Morphs between three", "section 5.4, Fig. 14", of_one(triples), triples_needs),
    "morph-classes": Question(
        "Morphs across classes", "section 5.4, Fig. 15", of_one(morph_classes), morph_classes_needs
    ),
    "arithmetic": Question("Arithmetic", "section 5.5, Fig. 16", of_one(arithmetic), arithmetic_needs),
    "sampling": Question("Random styles", "section 5.6, Fig. 17", _sampling, sampling_needs),
    "correspondence": Question("Correspondence", "section 5.7, Table 3, Fig. 18", of_one(correspondence)),
    "correspondence-tuning": Question("Constants of correspondence", "section 5.7", of_one(tuning)),
    "filters": Question("Output filters", "section 6, Fig. 19", of_one(filters)),
    "units": Question("Single units", "section 6.1, Figs. 20 and 21", of_one(units)),
    "transformation-neurons": Question(
        "Units of transformations", "section 6.1, Figs. 22 and 23", of_one(transformation_neurons), augmented=True
    ),
    "spatial-mask": Question("Parts of FC5", "section 6.2, Fig. 24", of_one(spatial_mask)),
    "high-frequency": Question("Near-empty filters", "section 6.2, Fig. 25", of_one(high_frequency)),
}
