"""Signs that a training is dying: a loss that explodes, units that never fire, pictures that stay black.

The one idea: the loss is held against its own past; the others are seen on a fixed set of views, from what the network
makes of them; a unit (of maps: a channel) is dead when its ReLU lets nothing through for any of them.

Shapes: b views, c channels or units, h = w side in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import torch

from infra.errors import UserError
from train.generator import Generator
from train.loop import Row
from train.samples import Batch

DEAD_SHARE = 0.5
"""Above this share of dead units in a layer it is said."""
BLACK_SHARE = 0.02
"""Below this share of the true coverage a mask counts as black."""
ABOVE_START, ABOVE_MEDIAN = 10.0, 100.0
"""A loss so many times its first report, or the median of the last, has exploded. A training that recovers stays far
below both: bad steps double or triple the mean of a report."""
_LAST_REPORTS = 20


def check_loss(history: Sequence[Row]) -> None:
    """Raise `UserError` when the newest report of a history tells of an exploded loss."""
    *before, newest = history
    if not before:
        return
    start, usual = before[0]["loss"], median(row["loss"] for row in before[-_LAST_REPORTS:])
    for what, reference, factor in (("first report", start, ABOVE_START), ("median of late", usual, ABOVE_MEDIAN)):
        if newest["loss"] > factor * reference:
            times = f"{newest['loss'] / reference:.0f} times its {what} ({reference:.3g})"
            raise UserError(
                f"training diverged: the loss exploded to {newest['loss']:.3g} by step {newest['step']:.0f}, {times}; "
                "the last good checkpoint is kept, lower train.learning_rate or set train.precision fp32"
            )


@dataclass(frozen=True)
class Health:
    """`dead`: layer -> share of its units that are dead, in [0, 1]; `black`: whether nothing is drawn any more."""

    dead: dict[str, float]
    black: bool

    @property
    def dead_share(self) -> float:
        """The largest share of any layer."""
        return max(self.dead.values())

    def complaint(self) -> str:
        """What is wrong, in a few words; empty when all is well."""
        if self.black:
            return "the output is black: lower train.learning_rate"
        layer, share = max(self.dead.items(), key=lambda item: item[1])
        return f"{share:.0%} of the units of {layer} are dead" if share > DEAD_SHARE else ""


@torch.no_grad()
def examine(network: Generator, batch: Batch) -> Health:
    """Health of a network on a batch of views, on the device where both are."""
    given = {"style": batch.style, "view": batch.view, "theta": batch.theta}
    # Without transformations the stream of theta has nothing to carry.
    idle = not bool(batch.theta.any())
    names = (name for name in network.layers if not (idle and name.endswith("_theta")))
    rectified = [name for name in names if network.is_rectified(name)]
    values = network.run([*rectified, "rgb", "mask"], given)
    dead = {}
    for name in rectified:
        units = values[name].transpose(0, 1).flatten(1)
        dead[name] = float((units.amax(dim=1) <= 0).float().mean())
    _, mask = network.picture(values["rgb"], values["mask"])
    truth = batch.rgba[..., 3].float().mean() / 255
    return Health(dead, black=bool(mask.mean() < BLACK_SHARE * truth))
