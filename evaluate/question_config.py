"""What the settings of every question hold: the generators that it asks.

The one idea: a generator is named by its role in the question, and said by what differs in its training from the
recipe's own.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from infra.settings import Settings

Changes = dict[str, Any]
"""Changes to the recipe's `train` section, nested as it is; none is the recipe's own training."""


class QuestionConfig(Settings):
    """What every question's settings hold."""

    trainings: dict[str, Changes] = Field(
        {"generator": {}},
        description="the generators that are asked, by role: what differs in each from the recipe's train section",
    )
