"""What all looks inside share: random inputs as training saw them, and layers read or put in place of others.

The one idea: a network is a graph of named layers (`train.generator`), so every look is one call of `run` that says
which layers are wanted and which are given.

Shapes: n pictures, h = w side in pixels, T entries of θ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from evaluate.question import Subject
from infra import rng
from train.augment import THETA, draw_theta
from train.generator import view_input

Given = dict[str, Tensor]
"""Values of inputs and layers by name, each [n, ...]."""


def random_inputs(subject: Subject, count: int, purpose: str) -> Given:
    """Inputs as training saw them: a style and a view of a training picture each, and θ of the generator's strength."""
    random = rng.generator(subject.seed, f"evaluate/{purpose}/inputs")
    seen = subject.views[subject.views["split"] == "train"]
    drawn = seen.iloc[random.integers(0, len(seen), size=count)]
    theta = draw_theta(random, count, subject.generator.spec.augment)
    return {
        "style": torch.tensor(drawn["style"].to_numpy(np.int64)),
        "view": _view(drawn["azimuth_deg"].to_numpy(np.float64), drawn["elevation_deg"].to_numpy(np.float64)),
        "theta": torch.tensor(theta),
    }


def drawn_styles(subject: Subject, count: int, purpose: str) -> np.ndarray:
    """At most `count` different styles drawn by the seed, classes as equal as they can be: int64."""
    orders = [
        rng.generator(subject.seed, f"evaluate/{purpose}/styles/{name}").permutation(members)
        for name, members in subject.styles_by_class.items()
    ]
    longest = max(len(order) for order in orders)
    rounds = [order[place] for place in range(longest) for order in orders if place < len(order)]
    return np.array(rounds[:count], dtype=np.int64)


def model_names(subject: Subject, styles: np.ndarray) -> list[str]:
    """`<class>/<model>` of styles, a name of its own for each."""
    spec = subject.generator.spec
    return [f"{spec.style_classes[style]}/{spec.styles[style]}" for style in styles]


def plain_inputs(subject: Subject, styles: np.ndarray, azimuth_deg: float, elevation_deg: float) -> Given:
    """Styles at the training view nearest to a direction, without transformation."""
    azimuth, elevation = subject.nearest_seen_view(azimuth_deg, elevation_deg)
    count = len(styles)
    return {
        "style": torch.tensor(styles),
        "view": _view(np.full(count, azimuth), np.full(count, elevation)),
        "theta": torch.zeros(count, len(THETA)),
    }


def run(subject: Subject, wanted: Sequence[str], given: Mapping[str, Tensor]) -> Given:
    """The wanted layers or raw outputs, on the CPU, in batches; given values of one row go with all."""
    count = max(len(value) for value in given.values())
    whole = {
        name: value if len(value) == count else value.expand(count, *value.shape[1:]) for name, value in given.items()
    }
    device = subject.generator.device
    parts: list[Given] = []
    with torch.inference_mode():
        for start in range(0, count, subject.batch):
            chunk = {name: value[start : start + subject.batch].to(device) for name, value in whole.items()}
            found = subject.generator.network.run(wanted, chunk)
            parts.append({name: found[name].float().cpu() for name in wanted})
    return {name: torch.cat([part[name] for part in parts]) for name in wanted}


def pictures(subject: Subject, given: Mapping[str, Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """What is drawn from given inputs and layers: rgb [n, h, w, 3] in [0, 1] on black, mask [n, h, w]."""
    raw = run(subject, ("rgb", "mask"), given)
    rgb, mask = subject.generator.network.picture(raw["rgb"], raw["mask"])
    return np.ascontiguousarray(rgb.permute(0, 2, 3, 1).numpy()), mask[:, 0].numpy()


def layers_like(subject: Subject, name: str) -> list[str]:
    """A layer of the expanding part under its names in all streams: fc5, and fc5_mask where there are two."""
    return [layer for layer in subject.generator.layers if layer in (name, f"{name}_mask")]


def _view(azimuth_deg: np.ndarray, elevation_deg: np.ndarray) -> Tensor:
    return view_input(torch.tensor(azimuth_deg), torch.tensor(elevation_deg))
