"""Drawing of properties: dice that are keyed by the name of what they decide.

The one idea: every decision has a generator of its own, keyed by (seed, class and decision, index), so
that a new property never changes what the old ones were drawn as.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from infra.errors import UserError
from infra.rng import generator

Choice = TypeVar("Choice")
Drawn = TypeVar("Drawn")
_GOLDEN = 0.6180339887498949


class Dice:
    """The decisions about one model of a class."""

    def __init__(self, class_name: str, seed: int, index: int, throw: int = 0) -> None:
        """`throw` counts the times that the same decisions are made anew; the first is 0."""
        self._class_name = f"{class_name}/again {throw}" if throw else class_name
        self._seed, self._index = seed, index

    def unit(self, decision: str) -> float:
        """A number in [0, 1)."""
        return float(generator(self._seed, f"modeller/{self._class_name}/{decision}", self._index).random())

    def spread(self, decision: str) -> float:
        """A number in [0, 1) that steps by the golden ratio with the index, so that neighbours differ."""
        start = generator(self._seed, f"modeller/{self._class_name}/{decision}").random()
        return float((start + _GOLDEN * self._index) % 1.0)

    def between(self, decision: str, low: float, high: float) -> float:
        """A number in [low, high), to a tenth of a millimetre."""
        return round(low + (high - low) * self.unit(decision), 4)

    def whole(self, decision: str, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return min(low + int(self.unit(decision) * (high - low + 1)), high)

    def chance(self, decision: str, probability: float) -> bool:
        """True with a probability."""
        return self.unit(decision) < probability

    def among(self, decision: str, choices: Sequence[Choice]) -> Choice:
        """One of the choices, all alike likely."""
        return choices[int(self.unit(decision) * len(choices))]

    def weighted(self, decision: str, weights: Mapping[str, float], spread: bool = False) -> str:
        """One of the keys with a probability in proportion to its weight; `spread` walks through them by
        index."""
        mark = (self.spread(decision) if spread else self.unit(decision)) * sum(weights.values())
        for name, weight in weights.items():
            mark -= weight
            if mark < 0:
                return name
        return list(weights)[-1]


def sizes(dice: Dice, **ranges: tuple[float, float]) -> dict[str, float]:
    """A number between the bounds for every name; the name is the decision."""
    return {name: dice.between(name, *bounds) for name, bounds in ranges.items()}


class Kind(NamedTuple):
    """A kind of a class as a catalogue knows it: how often it is drawn, and how its properties are."""

    weight: float
    draw: Callable[[Dice], dict[str, Any]]


THROWS = 20
"""Kinds refuse fewer than one of a hundred throws."""


def draw_properties(
    class_name: str, seed: int, index: int, kinds: Mapping[str, Kind], described: Callable[..., Drawn]
) -> Drawn:
    """The properties of the model that (class, seed, index) names; the kind walks through the list with the index,
    so that any few models in a row differ.

    Independent dice now and then throw what cannot go together, which `described` refuses with `UserError`; then all
    but the kind is thrown again.
    """
    weights = {name: kind.weight for name, kind in kinds.items()}
    kind = kinds[Dice(class_name, seed, index).weighted("kind", weights, spread=True)]
    for throw in range(THROWS - 1):
        with suppress(UserError):
            return described(**kind.draw(Dice(class_name, seed, index, throw)))
    return described(**kind.draw(Dice(class_name, seed, index, THROWS - 1)))
