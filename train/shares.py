"""Who takes what: slices of a global batch for any number of workers, and parts of a dataset for their nodes.

The one idea: plain arithmetic on counts, the same for every worker that asks, so nobody has to be told.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A worker's place where nodes hold parts of the samples: the number of its node's part, how many views the node's
    workers take of it in a step, and where among them this worker's begin."""

    index: int
    batch: int
    start: int


def share_of(batch: int, rank: int, workers: int) -> slice:
    """A worker's positions in a global batch; the shares of all are the batch, and differ by one view at most."""
    return slice(rank * batch // workers, (rank + 1) * batch // workers)


def part_of(nodes: list[int], rank: int, batch: int) -> Part:
    """The place of worker `rank`, given the node of every worker: a node's workers share the node's part."""
    taken = [share_of(batch, other, len(nodes)) for other in range(len(nodes))]
    sizes = [share.stop - share.start if nodes[other] == nodes[rank] else 0 for other, share in enumerate(taken)]
    return Part(nodes[rank], sum(sizes), sum(sizes[:rank]))


def shared_out(views: list[int], workers: list[int]) -> list[int]:
    """The node of each shard, given its views to learn and every node's workers: loads go with the workers.

    The largest first, each to the node that has the least for its workers; so all shards lie on exactly one node.
    Shards without views to learn go there too: they are the unseen ones.
    """
    loads, nodes = [0.0] * len(workers), [0] * len(views)
    for shard in sorted(range(len(views)), key=lambda index: -views[index]):
        node = min(range(len(workers)), key=lambda index: ((loads[index] + views[shard]) / workers[index], index))
        nodes[shard] = node
        loads[node] += views[shard]
    return nodes
