"""How a rendering goes, for people: views, models and failures of all shards, and whether shards are too long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra.progress import console
from render.catalog import ShardPlan
from render.config import RenderConfig
from render.turntables import Count, expected_views

SHARD_S = 300.0
"""A shard should take no longer than this, seconds: so much is lost with a worker."""


class Pace:
    """The counts of all shards; those of `there` were finished before."""

    def __init__(self, plans: Sequence[ShardPlan], there: Mapping[str, Count], config: RenderConfig) -> None:
        self._per_shard, self._warned = config.models_per_shard, False
        self._models = sum(len(plan.models) for plan in plans)
        self._counts = {
            plan.name: Count(0, sum(expected_views(model, config) for _, model in plan.models), 0, 0, 0.0)
            for plan in plans
        }
        self._counts |= there

    def take(self, counts: Mapping[str, Count]) -> None:
        """What the tasks have counted, by shard; a line, once, when a shard takes longer than it should."""
        self._counts |= counts
        for count in counts.values():
            if self._warned or count.seconds < 30 or count.views < 16:
                continue
            seconds = count.seconds * count.expected / count.views
            if seconds > 1.2 * SHARD_S:
                self._warned = True
                better = max(int(self._per_shard * SHARD_S / seconds), 1)
                console.print(
                    f"a shard takes about {seconds / 60:.0f} minutes here, and a lost worker costs as much; "
                    f"--render.models_per_shard {better} would make it {SHARD_S / 60:.0f}",
                    style="yellow",
                )

    @property
    def views(self) -> int:
        """Views that are there."""
        return sum(count.views for count in self._counts.values())

    @property
    def total(self) -> int:
        """Views there will be, as far as is known: of photographs the number is known when they were read."""
        return sum(count.expected for count in self._counts.values())

    @property
    def note(self) -> str:
        """For instance `12 of 96 models, 1 failed`."""
        done, failed = (sum(getattr(count, name) for count in self._counts.values()) for name in ("models", "failed"))
        return f"{done} of {self._models} models" + (f", {failed} failed" if failed else "")
