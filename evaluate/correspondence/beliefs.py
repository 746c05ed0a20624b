"""Min-sum belief propagation over a small graph whose labels are two-dimensional translations.

The one idea: between neighbours the cost is min(slope · (|Δu| + |Δv|), limit), and a message under it is a distance
transform (Felzenszwalb and Huttenlocher 2006): the L1 norm splits into a pass along u and one along v, so that a
message costs as much as there are labels, and is exact.

Shapes: costs float64 [n, V, U], what each of n nodes pays for each translation of a grid of V x U; edges int64 [e, 2],
pairs of nodes; labels int64 [n, 2], the place (v, u) in the grid that each node takes.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_SETTLED = 1e-9
"""Messages that change by less have settled."""


def least_labels(
    costs: np.ndarray, edges: np.ndarray, slope: float, limit: float, iterations: int
) -> tuple[np.ndarray, float]:
    """Labels of low energy, and that energy: the best that any sweep came upon, the least if the edges form a tree.

    A sweep passes messages along the edges in their order and back; list them from the root on, then one settles a
    tree. Never worse than every node's own cheapest label, which is what it starts from. With loops the least energy
    is met where nodes' own costs outweigh the edges', and may be missed where the edges' do.
    """
    beliefs = np.array(costs, np.float64)
    sent = np.zeros((2, len(edges), *beliefs.shape[1:]))
    labels = _cheapest(beliefs)
    least = node_energy(costs, edges, labels, slope, limit)
    for _ in range(iterations):
        change = 0.0
        for way, order in enumerate((range(len(edges)), range(len(edges) - 1, -1, -1))):
            for edge in order:
                source, target = edges[edge, way], edges[edge, 1 - way]
                new = message(beliefs[source] - sent[1 - way, edge], slope, limit)
                new -= new.min()
                difference = new - sent[way, edge]
                beliefs[target] += difference
                sent[way, edge] = new
                change = max(change, float(np.abs(difference).max()))
        here = _cheapest(beliefs)
        energy = node_energy(costs, edges, here, slope, limit)
        if energy < least:
            labels, least = here, energy
        if change < _SETTLED:
            break
    return labels, least


def node_energy(costs: np.ndarray, edges: np.ndarray, labels: np.ndarray, slope: float, limit: float) -> float:
    """What labels cost: their own costs, and for each edge min(slope · |difference in steps|₁, limit)."""
    own = costs[np.arange(len(costs)), labels[:, 0], labels[:, 1]].sum()
    apart = np.abs(labels[edges[:, 0]] - labels[edges[:, 1]]).sum(axis=1)
    return float(own + np.minimum(slope * apart, limit).sum())


def message(costs: np.ndarray, slope: float, limit: float) -> np.ndarray:
    """min over t' of costs(t') + min(slope · |t − t'|₁, limit), for each t of a grid: float64 [V, U]."""
    spread = np.array(costs, np.float64)
    _spread(spread, slope)
    return np.minimum(spread, costs.min() + limit)


def _cheapest(beliefs: np.ndarray) -> np.ndarray:
    places = beliefs.reshape(len(beliefs), -1).argmin(axis=1)
    return np.stack(np.divmod(places, beliefs.shape[2]), axis=1)


@njit(cache=True)
def _spread(values: np.ndarray, slope: float) -> None:
    """Let every value be at most its neighbours' along u and v plus the slope."""
    rows, columns = values.shape
    for v in range(rows):
        for u in range(1, columns):
            values[v, u] = min(values[v, u], values[v, u - 1] + slope)
        for u in range(columns - 2, -1, -1):
            values[v, u] = min(values[v, u], values[v, u + 1] + slope)
    for v in range(1, rows):
        for u in range(columns):
            values[v, u] = min(values[v, u], values[v - 1, u] + slope)
    for v in range(rows - 2, -1, -1):
        for u in range(columns):
            values[v, u] = min(values[v, u], values[v + 1, u] + slope)
