"""Constants of every method, sought on validation pairs with one budget for all, before the test pairs are touched.

The one idea: as in section 5.7, methods are tuned on pairs of their own; each gets as many tries as the others, drawn
by the seed from ranges that stand here, its settings in the recipe being the first. The best go into `tuned.yaml`, to
be put into the recipe by hand, where they are frozen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import yaml

from evaluate.correspondence import pairs
from evaluate.correspondence.config import CorrespondenceConfig, TuningConfig
from evaluate.correspondence.fields import moved
from evaluate.correspondence.measures import PAPER_PX, pooled
from evaluate.correspondence.methods import METHODS, TITLES, Sight
from evaluate.correspondence.question import NO_TRUTH
from evaluate.question import Answer, Spread, Subject
from infra import rng
from infra.settings import merged


@dataclass(frozen=True)
class Span:
    """Positive numbers from low to high, drawn evenly in their logarithm; whole ones where `whole`."""

    low: float
    high: float
    whole: bool = False

    def draw(self, random: np.random.Generator) -> float:
        value = float(np.exp(random.uniform(np.log(self.low), np.log(self.high))))
        return round(value) if self.whole else float(f"{value:.3g}")


@dataclass(frozen=True)
class Choice:
    """One of a few values."""

    values: tuple[Any, ...]

    def draw(self, random: np.random.Generator) -> Any:
        return self.values[int(random.integers(len(self.values)))]


SEARCHED: dict[str, dict[str, Span | Choice]] = {
    "morph": {
        "flow.method": Choice(("variational", "variational", "dis", "tvl1")),
        "flow.alpha": Span(4, 30),
        "flow.gamma": Span(2, 60),
        "flow.delta": Span(0.5, 20),
        "flow.silhouette": Choice((0.0, 0.5, 0.9)),
        "refine_step": Choice((1, 5, 9, 21, 63)),
        "path.detour": Choice((1.0, 2.0, 3.0, 5.0)),
        "path.pace": Choice(("weight", "change")),
    },
    "siftflow": {
        "siftflow.gamma": Span(0.1, 12),
        "siftflow.alpha": Span(60, 4000),
        "siftflow.d": Span(1000, 80000),
        "siftflow.bin_px": Span(1.5, 8),
        "siftflow.data_quantile": Choice((0.5, 0.75, 0.9, 1.0)),
        "siftflow.silhouette": Choice((0.0, 0.5, 0.9)),
    },
    "dsp": {
        "dsp.coefficient": Span(0.0005, 0.1),
        "dsp.truncation": Span(0.05, 1.0),
        "dsp.pixel_weight": Span(0.3, 25),
        "dsp.bin_px": Span(1.5, 8),
        "dsp.cap": Span(250, 4000),
        "dsp.silhouette": Choice((0.0, 0.5, 0.9)),
    },
    "nearest": {
        "nearest.radius_px": Span(6, 64),
        "nearest.median_px": Choice((1, 3, 5, 9)),
        "nearest.bin_px": Span(1.5, 8),
        "nearest.silhouette": Choice((0.0, 0.5, 0.9)),
    },
}
"""What is sought of each method, as settings of the question; floors have none."""


def tuning(subject: Subject, config: TuningConfig, answer: Answer, spread: Spread) -> None:
    """Average end-point errors on validation pairs, a row a try of a method; `tuned.yaml` has the best of each.

    Metrics, of each method in pixels of a picture of 128: `<method>/aepe_px` of the best, `<method>/first_aepe_px` of
    the settings in the recipe.
    """
    drawn = pairs.drawn(subject, config, "validation")
    if not drawn:
        answer.text = NO_TRUTH if not pairs.drawn(subject, config, "test") else _TOO_FEW
        return
    tries = [each for method in config.methods if method in SEARCHED for each in tries_of(method, config, subject.seed)]
    errors = np.array(list(spread(partial(tried, tries=tries), drawn, "pairs")))
    weights = np.array([len(pair.names) for pair in drawn])
    rows: list[dict[str, Any]] = []
    best: dict[str, tuple[float, dict[str, Any], str]] = {}
    for number, (method, changes, _) in enumerate(tries):
        random = rng.generator(subject.seed, "evaluate/correspondence/tuning/bootstrap")
        mean, low, high = pooled(errors[:, number], weights, random)
        said = " ".join(f"{key}={value}" for key, value in changes.items())
        rows.append({"method": method, "settings": said, "aepe_px": mean, "low": low, "high": high})
        if method not in best or mean < best[method][0]:
            best[method] = (mean, changes, said)
    table = pd.DataFrame(rows)
    answer.table("tries", table)
    found: dict[str, Any] = {}
    for method, (mean, changes, _) in best.items():
        answer.metric(f"{method}/aepe_px", mean)
        answer.metric(f"{method}/first_aepe_px", float(table[table["method"] == method]["aepe_px"].iloc[0]))
        found = merged(found, _nested(changes))
    text = yaml.safe_dump({"evaluate": {"correspondence": found}}, sort_keys=False)
    (answer.folder / "tuned.yaml").write_text(text, encoding="utf-8")
    answer.text = (
        f"{config.budget} settings of each method tried on {len(drawn)} validation pairs, of models that no test pair "
        "has. Best mean errors, in pixels of a picture of 128: "
        + "; ".join(
            f"{TITLES[method]} {mean:.2f} ({said or 'as in the recipe'})" for method, (mean, _, said) in best.items()
        )
        + "."
    )


def tries_of(method: str, config: TuningConfig, seed: int) -> list[tuple[str, dict[str, Any], CorrespondenceConfig]]:
    """The settings of a method to try: the recipe's own, then drawn ones; (method, what differs, all settings)."""
    plain = config.model_dump(mode="json")
    found: list[tuple[str, dict[str, Any], CorrespondenceConfig]] = [(method, {}, config)]
    for number in range(1, config.budget):
        random = rng.generator(seed, f"evaluate/correspondence/tuning/{method}", number)
        changes = {key: searched.draw(random) for key, searched in SEARCHED[method].items()}
        found.append((method, changes, TuningConfig.model_validate(merged(plain, _nested(changes)))))
    return found


def tried(
    subject: Subject, pair: pairs.Pair, tries: Sequence[tuple[str, dict[str, Any], CorrespondenceConfig]]
) -> list[float]:
    """Mean error of the keypoints of a pair at every try, in pixels of a picture of 128."""
    sight = Sight(subject, pair)
    scale = PAPER_PX / subject.generator.spec.size
    errors = []
    for method, _, config in tries:
        reached = moved(pair.first_xy, METHODS[method](sight, config))
        errors.append(float(scale * np.linalg.norm(reached - pair.second_xy, axis=1).mean()))
    return errors


_TOO_FEW = "No class has two models to tune on: raise render.source.models_per_class or validation_share."


def _nested(changes: dict[str, Any]) -> dict[str, Any]:
    """`{"a.b": 1}` as `{"a": {"b": 1}}`."""
    nested: dict[str, Any] = {}
    for key, value in changes.items():
        *path, last = key.split(".")
        inner = nested
        for name in path:
            inner = inner.setdefault(name, {})
        inner[last] = value
    return nested
