"""Two ways of drawing the same views compared, a model at a time, and what a dataset must have for it.

The one idea: an error is compared with another of the same model in dB, ten times the logarithm of their ratio: easy
and hard models then count alike, and the number reads as a difference of PSNR.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evaluate.question import Answer, Subject
from evaluate.question_config import Changes
from infra.errors import UserError
from train.config import SelectConfig
from train.selection import Selection, select

_LEAST_MSE = 1e-8
"""80 dB: below it errors are those of 8-bit pictures, and count as none."""


def gain_db(of: pd.Series, over: pd.Series) -> pd.Series:
    """By how many dB the squared error `of` is below that `over`, by their common index; negative where it is above."""
    ratio = over.clip(lower=_LEAST_MSE) / of.clip(lower=_LEAST_MSE)
    return pd.Series(10 * np.log10(ratio.to_numpy()), ratio.index)


def claim(answer: Answer, name: str, values: pd.Series) -> None:
    """Leave the values of a claim, by model."""
    answer.table(f"claim-{name}", pd.DataFrame({"sample": values.index, "value": values.to_numpy()}))


def mean_and_models(values: pd.Series) -> str:
    """`3.1 dB a model (9 of 10 models above 0)`."""
    return f"{values.mean():.1f} dB a model ({int((values > 0).sum())} of {len(values)} models above 0)"


def of_class(subject: Subject, class_name: str) -> pd.DataFrame:
    """All views there are of the models of a class that the generator knows."""
    views = subject.dataset
    return views[(views["class_name"] == class_name) & (views["style"] >= 0)]


def selections(question: str, trainings: Mapping[str, Changes], views: pd.DataFrame) -> dict[str, Selection]:
    """What every training of a question would choose of a dataset's `views`, by role, whatever the recipe adds.

    Raises `UserError` for a class, an angle or a model that the dataset lacks.
    """
    try:
        return {
            role: select(views, SelectConfig.model_validate(changes.get("select", {})), seed=0)
            for role, changes in trainings.items()
        }
    except UserError as error:
        raise UserError(f"{question}: {error}") from None
