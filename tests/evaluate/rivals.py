"""Generators with planted differences, to compare: one whose own pictures are the truth, copies of it made worse, and
copies that know fewer models.

The one idea: when the truth is what one generator draws, the order of its rivals is known without any training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from evaluate.question import Subject
from evaluate.subject import labelled_views
from train.checkpoint import GeneratorSpec, TrainedGenerator
from train.config import SelectConfig
from train.generator import Generator
from train.selection import select

Weights = dict[str, torch.Tensor]


def with_weights(subject: Subject, change: Callable[[Weights], Weights], **spec: object) -> Subject:
    """The subject with a copy of its generator whose weights went through `change`; `spec` are fields to replace."""
    old = subject.generator
    copied = {name: value.clone() for name, value in old.network.state_dict().items()}
    new = GeneratorSpec.model_validate({**old.spec.model_dump(), **spec})
    network = Generator(new.network)
    network.load_state_dict(change(copied))
    return replace(subject, generator=TrainedGenerator(new, network))


def truthful(subject: Subject) -> Subject:
    """The subject with the generator's own pictures, in stronger colours than an untrained one draws, as the truth.

    The picture fills a disc of mask 1, so that colours on white say the colours on black.
    """
    size = subject.generator.spec.size
    strong = with_weights(subject, partial(_stronger, factor=4.0))
    views = strong.dataset
    rgb, _ = strong.draw(views["style"].to_numpy(), views["azimuth_deg"], views["elevation_deg"])
    rgba = np.concatenate([rgb, np.ones((len(rgb), size, size, 1), np.float32)], axis=3)
    return replace(strong, rgba=np.round(255 * rgba).astype(np.uint8))


def worse(subject: Subject, share: float, **spec: object) -> Subject:
    """The subject with noise on its generator's weights, of a `share` of each tensor's own spread."""
    return with_weights(subject, partial(_noisy, share=share), **spec)


def knowing(subject: Subject, models_per_class: int | None) -> Subject:
    """The subject with a generator of some of the models alone, which it draws as before."""
    chosen = select(subject.dataset, SelectConfig(models_per_class=models_per_class, holdout_every_azimuth=3), seed=0)
    known = subject.generator.spec.styles
    columns = [known.index(model) for model in chosen.models]

    def fewer(weights: Weights) -> Weights:
        return {**weights, "fc1_style.weight": weights["fc1_style.weight"][:, columns]}

    found = with_weights(subject, fewer, styles=chosen.models, style_classes=chosen.classes)
    dataset = subject.dataset.drop(columns=["split", "target", "style"])
    return replace(found, dataset=labelled_views(dataset, chosen.table, found.generator.spec))


def _stronger(weights: Weights, factor: float) -> Weights:
    last = max(name for name in weights if name.startswith("upconv") and name.endswith("weight"))
    return {**weights, last: weights[last] * factor}


def _noisy(weights: Weights, share: float) -> Weights:
    random = torch.Generator().manual_seed(5)
    return {
        name: value + share * value.std() * torch.randn(value.shape, generator=random)
        for name, value in weights.items()
    }
