"""A network that died is told from one that lives: units that never fire, and pictures that stay black."""

from __future__ import annotations

import numpy as np
import torch

from tests.train.toy import picture, small_network, views_table
from train.config import SelectConfig
from train.health import examine
from train.samples import Batch, samples_of
from train.selection import select


def views() -> Batch:
    table = views_table(64)
    rgba = np.stack([picture(row.style, row.azimuth_deg, row.elevation_deg, 64) for row in table.itertuples()])
    samples = samples_of(
        rgba, select(table, SelectConfig(), seed=0), table[["azimuth_deg", "elevation_deg"]].to_numpy()
    )
    return samples.take(np.arange(0, len(rgba), 10))


def test_dead_units_are_counted_in_the_layer_where_they_are() -> None:
    network = small_network()
    before = examine(network, views())
    assert "fc4" in before.dead
    assert "rgb" not in before.dead
    with torch.no_grad():
        layer = network.get_submodule("fc4")
        layer.bias[: len(layer.bias) * 3 // 4] = -1e4
    after = examine(network, views())
    assert after.dead["fc4"] >= 0.75
    assert after.dead["fc3"] == before.dead["fc3"]
    assert after.dead_share >= 0.75
    assert "of the units of fc4 are dead" in after.complaint()


def test_an_output_that_stays_black_is_said_and_a_living_one_is_not() -> None:
    network = small_network()
    assert examine(network, views()).complaint() == ""
    with torch.no_grad():
        last = network.get_submodule("upconv3")
        last.weight.zero_()
        last.bias.copy_(torch.tensor([0.0, 0.0, 0.0, 20.0, -20.0]))  # the mask's logits: background, object
    health = examine(network, views())
    assert health.black
    assert "black" in health.complaint()
