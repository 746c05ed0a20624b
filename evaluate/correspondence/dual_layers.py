"""Sequential message passing in two layers: how SIFT Flow minimises its energy (Liu, Yuen, Torralba 2011).

The one idea: smoothness speaks of u and of v apart, so each has a layer of its own, with L labels instead of L x L;
the costs alone, L x L of them a pixel, tie one layer's pixel to the other's. Messages along a layer are lower
envelopes of cut-off cones, found in O(L) (Felzenszwalb and Huttenlocher 2006).

The paper's plain belief propagation counts what comes along many ways as often: where smoothness outweighs the costs,
the preference of a corner may overrun a whole picture. Reweighted by trees (TRW-S, Kolmogorov 2006) the same messages
tell each thing once, and the energies that are met are much lower.

Shapes: pictures [h, w], L = 2 radius + 1 labels a layer. Label i of layer k at a pixel is the displacement
`centre[y, x, k] + i - radius`, so the labels of neighbours are shifted against each other by the difference of their
centres. Layer 0 is u, layer 1 is v. Costs are float32 [h, w, L of v, L of u].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

_LEFT, _RIGHT, _ABOVE, _BELOW = range(4)
"""Where a message comes from."""


class Terms(NamedTuple):
    """What an energy is made of; `near` [h, w, 2, L] is what a label costs for the length of its displacement."""

    costs: np.ndarray
    near: np.ndarray
    centre: np.ndarray
    alpha: np.float32
    d: np.float32


def solve(
    costs: np.ndarray,
    centre: np.ndarray,
    gamma: float,
    alpha: float,
    d: float,
    iterations: int,
    reweighted: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """The flow of least energy that was met, int64 [h, w, 2], and each iteration's energy, float64 [iterations].

    The energy is the sum of costs, of `gamma` (|u| + |v|) and, over 4-neighbours, of min(`alpha` |difference|, `d`)
    of u and of v. An iteration passes messages from the first pixel to the last and back, then decodes. The flow
    `centre` (whole numbers [h, w, 2]) is met first, so that nothing worse is ever returned. Exact where the costs tie
    no layers and the picture is one row or column.
    """
    labels = costs.shape[2]
    whole = np.ascontiguousarray(centre, np.int64)
    near = (gamma * np.abs(whole[..., None] + np.arange(labels) - labels // 2)).astype(np.float32)
    terms = Terms(np.ascontiguousarray(costs, np.float32), near, whole, np.float32(alpha), np.float32(d))
    into = np.zeros((*costs.shape[:2], 2, 4, labels), np.float32)
    across = np.zeros((*costs.shape[:2], 2, labels), np.float32)
    chosen = np.full(whole.shape, labels // 2, np.int64)
    best, lowest = chosen.copy(), _energy(chosen, terms)
    energies = np.empty(iterations)
    for iteration in range(iterations):
        _pass_messages(into, across, terms, reweighted, False)
        _pass_messages(into, across, terms, reweighted, True)
        _decode(chosen, into, terms)
        energies[iteration] = _energy(chosen, terms)
        if energies[iteration] < lowest:
            best, lowest = chosen.copy(), energies[iteration]
    return whole + best - labels // 2, energies


@njit(cache=True, nogil=True)
def message(
    belief: np.ndarray, shift: int, alpha: np.float32, d: np.float32, envelope: np.ndarray, out: np.ndarray
) -> None:
    """Into out[j] the least of belief[i] + min(alpha |i - j - shift|, d) over i, brought to a minimum of zero: all [L].

    `shift` is the receiver's centre minus the sender's; `envelope` is room to work in.
    """
    labels = len(belief)
    envelope[0] = belief[0]
    for i in range(1, labels):
        envelope[i] = min(belief[i], envelope[i - 1] + alpha)
    least = envelope[labels - 1]
    for i in range(labels - 2, -1, -1):
        envelope[i] = min(envelope[i], envelope[i + 1] + alpha)
        least = min(least, envelope[i])
    least_out = least + d
    for j in range(labels):
        inside = min(max(j + shift, 0), labels - 1)
        out[j] = min(envelope[inside] + alpha * abs(j + shift - inside), least + d)
        least_out = min(least_out, out[j])
    for j in range(labels):
        out[j] -= least_out


@njit(cache=True, nogil=True)
def _pass_messages(into: np.ndarray, across: np.ndarray, terms: Terms, reweighted: bool, back: bool) -> None:
    """One way through the picture: each pixel, with all that has reached it, tells its two next neighbours.

    On the way there u tells v of its own pixel first, on the way back v tells u: a node is a layer at a pixel.
    """
    costs, near, centre, alpha, d = terms
    height, width, labels = costs.shape[:3]
    step = -1 if back else 1
    from_before_x, from_before_y = (_RIGHT, _BELOW) if back else (_LEFT, _ABOVE)
    from_next_x, from_next_y = (_LEFT, _ABOVE) if back else (_RIGHT, _BELOW)
    belief = np.empty(labels, np.float32)
    told, envelope = np.empty(labels, np.float32), np.empty(labels, np.float32)
    for at in range(height * width):
        y, x = divmod(height * width - 1 - at if back else at, width)
        for turn in range(2):
            layer = 1 - turn if back else turn
            share = np.float32(1)
            if reweighted:
                before, after = min(x, 1) + min(y, 1), min(width - 1 - x, 1) + min(height - 1 - y, 1)
                share /= max(before + layer, after + 1 - layer)
            for i in range(labels):
                belief[i] = near[y, x, layer, i] + across[y, x, layer, i]
                for source in range(4):
                    belief[i] += into[y, x, layer, source, i]
                belief[i] *= share
            if turn == 0:
                for i in range(labels):
                    told[i] = belief[i] - across[y, x, layer, i]
                _tell_other_layer(told, costs[y, x], layer, across[y, x, 1 - layer])
            if 0 <= x + step < width:
                for i in range(labels):
                    told[i] = belief[i] - into[y, x, layer, from_next_x, i]
                shift = centre[y, x + step, layer] - centre[y, x, layer]
                message(told, shift, alpha, d, envelope, into[y, x + step, layer, from_before_x])
            if 0 <= y + step < height:
                for i in range(labels):
                    told[i] = belief[i] - into[y, x, layer, from_next_y, i]
                shift = centre[y + step, x, layer] - centre[y, x, layer]
                message(told, shift, alpha, d, envelope, into[y + step, x, layer, from_before_y])


@njit(cache=True, nogil=True)
def _tell_other_layer(told: np.ndarray, costs: np.ndarray, layer: int, out: np.ndarray) -> None:
    """A message from a layer of a pixel to the other one, through its costs, brought to a minimum of zero."""
    labels = len(told)
    least_out = np.float32(np.inf)
    for j in range(labels):
        least = np.float32(np.inf)
        for i in range(labels):
            least = min(least, told[i] + (costs[j, i] if layer == 0 else costs[i, j]))
        out[j] = least
        least_out = min(least_out, least)
    for j in range(labels):
        out[j] -= least_out


@njit(cache=True, nogil=True)
def _decode(chosen: np.ndarray, into: np.ndarray, terms: Terms) -> None:
    """Choose both labels of each pixel at once, given those chosen before it and what is told from behind it.

    Labels that are equally good apart are so chosen to fit each other (Kolmogorov 2006, section 2.4).
    """
    costs, near, centre, alpha, d = terms
    height, width, labels = costs.shape[:3]
    belief = np.empty((2, labels), np.float32)
    for y in range(height):
        for x in range(width):
            for layer in range(2):
                for i in range(labels):
                    behind = into[y, x, layer, _RIGHT, i] + into[y, x, layer, _BELOW, i]
                    belief[layer, i] = near[y, x, layer, i] + behind
                if x > 0:
                    label = chosen[y, x - 1, layer] + centre[y, x - 1, layer] - centre[y, x, layer]
                    _add_cone(belief[layer], label, alpha, d)
                if y > 0:
                    label = chosen[y - 1, x, layer] + centre[y - 1, x, layer] - centre[y, x, layer]
                    _add_cone(belief[layer], label, alpha, d)
            least = np.float32(np.inf)
            for j in range(labels):
                for i in range(labels):
                    total = costs[y, x, j, i] + belief[0, i] + belief[1, j]
                    if total < least:
                        least = total
                        chosen[y, x, 0], chosen[y, x, 1] = i, j


@njit(cache=True, nogil=True)
def _add_cone(belief: np.ndarray, label: int, alpha: np.float32, d: np.float32) -> None:
    for i in range(len(belief)):
        belief[i] += min(alpha * abs(i - label), d)


@njit(cache=True, nogil=True)
def _energy(chosen: np.ndarray, terms: Terms) -> float:
    costs, near, centre, alpha, d = terms
    height, width = chosen.shape[:2]
    total = 0.0
    for y in range(height):
        for x in range(width):
            total += costs[y, x, chosen[y, x, 1], chosen[y, x, 0]]
            for layer in range(2):
                label = chosen[y, x, layer]
                total += near[y, x, layer, label]
                here = centre[y, x, layer] + label
                if x > 0:
                    total += min(alpha * abs(here - centre[y, x - 1, layer] - chosen[y, x - 1, layer]), d)
                if y > 0:
                    total += min(alpha * abs(here - centre[y - 1, x, layer] - chosen[y - 1, x, layer]), d)
    return total
