"""The way of a morph through the styles: straight from one to the other, or by others that look alike.

The one idea: optical flow follows small changes, and half way between two unlike objects a generator may draw neither;
so a morph may lead through styles that were learnt, each much like the one before.

Shapes: n frames or styles, h x w pixels. rgb float32 [n, h, w, 3] on black; mask float32 [n, h, w]; both in 0-1.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.sparse.csgraph import shortest_path

from evaluate.correspondence.config import PathConfig
from evaluate.correspondence.pairs import Pair
from evaluate.question import Subject

_FINE = 4
"""Pictures looked at, for one of the morph, to learn how fast it changes."""
_LIKENESS_PX = 16
_TONE = 0.3
"""Side of the pictures by which styles are alike, and how much their colours count beside their outlines."""


def morph(subject: Subject, pair: Pair, config: PathConfig) -> tuple[np.ndarray, np.ndarray]:
    """The generated morph of a pair at its view, ends included: rgb and mask of `config.frames` pictures."""
    stops = [pair.first, pair.second]
    if config.detour > 1:
        own = subject.styles_by_class[pair.class_name]
        looks = likenesses(*subject.draw(own, pair.azimuth_deg, pair.elevation_deg))
        stops = [own[i] for i in route(looks, own.index(pair.first), own.index(pair.second), config.detour)]

    def drawn(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        styles = mixtures(stops, at, len(subject.generator.spec.styles))
        return subject.draw(styles, pair.azimuth_deg, pair.elevation_deg)

    even = np.linspace(0, 1, config.frames)
    if config.pace == "weight":
        return drawn(even)
    fine = np.linspace(0, 1, _FINE * config.frames)
    rgb, mask = drawn(fine)
    seen = np.concatenate([rgb, mask[..., None]], axis=-1).reshape(len(fine), -1)
    gone = np.concatenate([[0], np.linalg.norm(np.diff(seen, axis=0), axis=1).cumsum()])
    return drawn(np.interp(even * gone[-1], gone, fine))


def likenesses(rgb: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Pictures as vectors [n, d] whose distance says how unlike they are: blurred outlines first, colours second."""
    layers = np.concatenate([_TONE * rgb, mask[..., None]], axis=-1)
    size = (_LIKENESS_PX, _LIKENESS_PX)
    return np.stack([cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in layers]).reshape(len(layers), -1)


def route(looks: np.ndarray, first: int, second: int, detour: float) -> list[int]:
    """The shortest way from one of n vectors [n, d] to another, ends included, where a hop costs distance ** detour.

    At 1 that is the straight one, by the triangle's inequality; the higher, the smaller the hops and the more of them.
    """
    apart = np.linalg.norm(looks[:, None] - looks[None], axis=-1) ** detour
    _, before = shortest_path(apart, indices=[first], return_predecessors=True)
    stops = [second]
    while stops[-1] != first:
        stops.append(int(before[0, stops[-1]]))
    return stops[::-1]


def mixtures(stops: list[int], at: np.ndarray, count: int) -> np.ndarray:
    """Mixtures of `count` styles [n, count] at places 0-1 along a way, each hop as long as any other."""
    place = at * (len(stops) - 1)
    hop = np.minimum(place.astype(int), len(stops) - 2)
    found = np.zeros((len(at), count), np.float32)
    rows = np.arange(len(at))
    np.add.at(found, (rows, np.take(stops, hop)), 1 - (place - hop))
    np.add.at(found, (rows, np.take(stops, hop + 1)), place - hop)
    return found
