"""Claims: what the paper says, as numbers that a recipe fixes before anything is trained, and whether they hold.

The one idea: an experiment leaves a table `claim-<name>.csv` with a value a sample (a model, a pair, a unit), and a
recipe says which way that value must lie from which margin. A claim holds when the whole 95 % interval of the mean
does; when the whole interval lies on the other side it fails, and else nothing is shown.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from evaluate.config import ClaimConfig
from infra import rng
from infra.errors import UserError
from infra.storage import Storage

RESAMPLES = 4000
PREFIX = "claim-"
"""Of the names of the tables that hold the values of a claim."""
CLAIMS = "claims.csv"
"""All claims that were judged, below evaluation/."""

Verdict = Literal["holds", "fails", "open"]


@dataclass(frozen=True)
class Claim:
    """A claim of the paper and what was found: the mean over samples and its 95 % interval [low, high]."""

    question: str
    name: str
    section: str
    says: str
    effect: str
    direction: str
    margin: float
    value: float
    low: float
    high: float
    samples: int
    seeds: int
    claim_holds: Verdict

    def plain(self) -> dict[str, object]:
        """As plain data, for JSON and CSV."""
        return asdict(self)


def read_claims(evaluation: Storage) -> list[Claim]:
    """The claims of claims.csv in their order; none where there is no such file.

    Raises `UserError` for a file that does not hold claims.
    """
    if not evaluation.exists(CLAIMS):
        return []
    rows = csv.DictReader(io.StringIO(evaluation.read_bytes(CLAIMS).decode()))
    try:
        return TypeAdapter(list[Claim]).validate_python(list(rows))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"{evaluation.url}/{CLAIMS}: {where}: {first['msg']}; remove it and evaluate again") from None


def write_claims(evaluation: Storage, claims: Sequence[Claim]) -> None:
    """Write claims.csv, one row a claim."""
    table = pd.DataFrame([claim.plain() for claim in claims])
    evaluation.write_bytes(CLAIMS, table.to_csv(index=False, na_rep="nan").encode())


def judged(
    question: str, configs: Mapping[str, ClaimConfig], tables: Mapping[str, Sequence[pd.DataFrame]], seed: int
) -> list[Claim]:
    """Verdicts on the claims `<question>/<name>` of a recipe.

    `tables` has, by the claim's name, a table a seed with columns sample and value. Raises `UserError` for a claim that
    the question did not measure.
    """
    claims = []
    for key, config in configs.items():
        of, _, name = key.partition("/")
        if of != question:
            continue
        if not tables.get(name):
            raise UserError(f"evaluate.claims: '{question}' measures no '{name}'; it has {', '.join(sorted(tables))}")
        values = [table["value"].to_numpy(dtype=np.float64) for table in tables[name]]
        values = [each[np.isfinite(each)] for each in values]
        mean, low, high = interval(values, rng.generator(seed, f"bootstrap {key}"))
        claims.append(
            Claim(
                question,
                name,
                config.section,
                config.says,
                config.effect,
                config.direction,
                config.margin,
                mean,
                low,
                high,
                samples=sum(map(len, values)),
                seeds=len(values),
                claim_holds=verdict(low, high, config),
            )
        )
    return claims


def interval(values: Sequence[np.ndarray], random: np.random.Generator) -> tuple[float, float, float]:
    """Mean of the seeds' means and its 95 % percentile bootstrap interval.

    `values` [n] a seed. Seeds are drawn anew first, then samples within them: both are chance. One sample alone has no
    interval (-inf, inf); without any all three are NaN.
    """
    values = [each for each in values if len(each)]
    if not values:
        return np.nan, np.nan, np.nan
    mean = float(np.mean([each.mean() for each in values]))
    if sum(map(len, values)) < 2:
        return mean, -np.inf, np.inf
    # Means of samples drawn with replacement, [resamples] a seed; two draws of one seed are two draws of its samples.
    means = np.empty((RESAMPLES, len(values)))
    seeds = random.integers(len(values), size=means.shape) if len(values) > 1 else np.zeros(means.shape, np.int64)
    for index, each in enumerate(values):
        places = np.argwhere(seeds == index)
        drawn = random.integers(len(each), size=(len(places), len(each)))
        means[tuple(places.T)] = each[drawn].mean(axis=1)
    low, high = np.percentile(means.mean(axis=1), [2.5, 97.5])
    return mean, float(low), float(high)


def verdict(low: float, high: float, config: ClaimConfig) -> Verdict:
    """Whether an interval lies beyond the margin, wholly short of it, or across."""
    beyond, short = (low > config.margin, high < config.margin)
    if config.direction == "below":
        beyond, short = short, beyond
    return "holds" if beyond else "fails" if short else "open"
