"""Do the styles between two models look like models (sections 5.4 and Figs. 12, 13 and 15)?

The one idea: a good morph moves in even steps and never loses the object; both are measured on the generated
frames alone, so they need no truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluate import figures
from evaluate.config import MorphConfig
from evaluate.question import Answer, Spread, Subject, drawn_pairs, short, style_of
from infra import rng


@dataclass(frozen=True)
class MorphPart:
    """One morph to generate: two styles at one view, and the settings of the question."""

    group: str
    first: int
    second: int
    azimuth_deg: float
    elevation_deg: float
    config: MorphConfig


@dataclass(frozen=True)
class Morph:
    """A generated morph: its measured frames, a row a frame, and pictures uint8 [n, h, w, 3] on white."""

    part: MorphPart
    frames: pd.DataFrame
    strip: np.ndarray
    animation: np.ndarray

    @property
    def step_uniformity(self) -> float:
        """Largest step over mean step in RGB L2; 1 is perfectly even, NaN when nothing changes."""
        return step_uniformity(self.frames)

    @property
    def least_area(self) -> float:
        """Smallest mask area of a frame over the smaller of both ends'."""
        return float(self.frames["area_of_ends"].min())

    @property
    def broken_frames(self) -> int:
        """Frames that lose much of the object."""
        return int((self.frames["area_of_ends"] < self.part.config.broken_below).sum())


def morph(subject: Subject, config: MorphConfig, answer: Answer, spread: Spread) -> None:
    """Morphs between pairs of models of each class, and between classes: strips, GIFs and how even they are.

    Metrics: step_uniformity (mean over the pairs), step_uniformity_largest, least_area (smallest over the
    pairs), broken_frames and pairs, over all pairs and as `<class>/<metric>` or `<class>-<class>/<metric>`.
    """
    parts = morph_parts(subject, config)
    if not parts:
        answer.text = "No class has two models, so there is nothing to morph."
        return
    morphs = list(spread(generated_morph, parts, "morphs"))
    models = subject.generator.spec.styles
    table = pd.DataFrame([_line(morph, models) for morph in morphs])
    answer.table("pairs", table)
    _metrics(answer, "", table)
    for group in dict.fromkeys(part.group for part in parts):
        own = sorted((m for m in morphs if m.part.group == group), key=lambda m: (m.broken_frames, m.step_uniformity))
        _metrics(answer, f"{group}/", table[table["group"] == group])
        _figures(answer, group, own, models, config)
    answer.text = (
        f"{len(morphs)} morphs, linear in the style vector, at {parts[0].azimuth_deg:g}° azimuth and "
        f"{parts[0].elevation_deg:g}° elevation: the largest of {config.frames - 1} steps is on average "
        f"{table['step_uniformity'].mean():.2f} times the mean step, and {int(table['broken_frames'].sum())} "
        f"of {config.frames * len(morphs)} frames lose more than {100 * (1 - config.broken_below):.0f} % of "
        f"the object."
    )


def morph_parts(subject: Subject, config: MorphConfig) -> list[MorphPart]:
    """Pairs to morph: the ones asked for, else drawn by the seed for every class, then across classes.

    Raises `UserError` for a pair of which the generator does not know a model.
    """
    class_of = subject.generator.spec.style_classes
    view = subject.nearest_seen_view(config.azimuth_deg, config.elevation_deg)
    parts = []
    for first, second in config.pairs:
        one, other = (style_of(subject.generator.spec, model) for model in (first, second))
        classes = list(dict.fromkeys([class_of[one], class_of[other]]))
        parts.append(MorphPart("-".join(classes), one, other, *view, config))
    asked = {part.group for part in parts}
    for name, styles in subject.styles_by_class.items():
        if name not in asked:
            random = rng.generator(subject.seed, f"evaluate/morph/{name}")
            pairs = drawn_pairs(styles, config.pairs_per_class, random)
            parts += [MorphPart(name, first, second, *view, config) for first, second in pairs]
    for one_class, other_class in config.across:
        group = f"{one_class}-{other_class}"
        if group in asked or not {one_class, other_class} <= subject.styles_by_class.keys():
            continue
        random = rng.generator(subject.seed, f"evaluate/morph/{group}")
        sides = [random.permutation(subject.styles_by_class[name]).tolist() for name in (one_class, other_class)]
        pairs = list(zip(*sides, strict=False))[: config.pairs_per_class]
        parts += [MorphPart(group, first, second, *view, config) for first, second in pairs]
    return parts


def generated_morph(subject: Subject, part: MorphPart) -> Morph:
    """Generate and measure one morph."""
    config = part.config
    even = np.linspace(0, 1, config.frames)
    eased = figures.there_and_back(config.gif_frames)
    strip = np.linspace(0, 1, config.strip_frames)
    style = subject.mixtures(part.first, part.second, np.concatenate([even, strip, eased]))
    rgb, mask = subject.draw(style, part.azimuth_deg, part.elevation_deg)
    n, s = config.frames, config.frames + config.strip_frames
    pictures = figures.over_white(rgb[n:], mask[n:])
    frames = measured_frames(rgb[:n], mask[:n]).assign(mixture=even)
    return Morph(part, frames, pictures[: s - n], pictures[s - n :])


def measured_frames(rgb: np.ndarray, mask: np.ndarray) -> pd.DataFrame:
    """A row a frame: step (L2 distance of its RGB from the frame before), area (mean of the mask),
    area_of_ends.

    area_of_ends is the area over the smaller of the first and the last frame's. rgb [n, h, w, 3], mask [n, h,
    w].
    """
    differences = np.diff(rgb.reshape(len(rgb), -1), axis=0)
    steps = np.concatenate([[np.nan], np.linalg.norm(differences, axis=1)])
    area = mask.mean(axis=(1, 2), dtype=np.float64)
    ends = max(min(area[0], area[-1]), 1e-9)
    return pd.DataFrame({"frame": np.arange(len(rgb)), "step": steps, "area": area, "area_of_ends": area / ends})


def step_uniformity(frames: pd.DataFrame) -> float:
    """Largest over mean step of `measured_frames`; 1 is perfectly even, NaN when nothing changes."""
    steps = frames["step"].to_numpy()[1:]
    return float(steps.max() / steps.mean()) if steps.mean() > 0 else float("nan")


def _line(morph: Morph, models: Sequence[str]) -> dict[str, object]:
    return {
        "group": morph.part.group,
        "first": models[morph.part.first],
        "second": models[morph.part.second],
        "step_uniformity": morph.step_uniformity,
        "least_area": morph.least_area,
        "broken_frames": morph.broken_frames,
    }


def _metrics(answer: Answer, prefix: str, table: pd.DataFrame) -> None:
    answer.metric(f"{prefix}step_uniformity", table["step_uniformity"].mean())
    answer.metric(f"{prefix}step_uniformity_largest", table["step_uniformity"].max())
    answer.metric(f"{prefix}least_area", table["least_area"].min())
    answer.metric(f"{prefix}broken_frames", table["broken_frames"].sum())
    answer.metric(f"{prefix}pairs", len(table))


def _figures(answer: Answer, group: str, morphs: list[Morph], models: Sequence[str], config: MorphConfig) -> None:
    ends = [(models[morph.part.first], models[morph.part.second]) for morph in morphs]
    tables = [m.frames.assign(first=first, second=second) for m, (first, second) in zip(morphs, ends, strict=True)]
    frames = pd.concat(tables, ignore_index=True)
    rows = [
        figures.Row(list(m.strip), f"{short(first, 20)}\nto {short(second, 20)}")
        for m, (first, second) in zip(morphs, ends, strict=True)
    ]
    heads = [f"{100 * weight:g} %" for weight in np.linspace(0, 1, config.strip_frames)]
    caption = "Share of the second model above each column; rows from the most to the least even morph."
    title = f"Morphs, {' to '.join(group.split('-'))}" if "-" in group else f"Morphs between two of class {group}"
    path = answer.figure(f"morph-{group}.png", title, caption, frames)
    figures.grid([figures.Block(rows)], heads).save(path)
    caption = f"{', '.join(' to '.join(pair) for pair in ends)}."
    path = answer.figure(f"morph-{group}-loop.gif", f"{title}, there and back", caption, frames)
    loop = [figures.tile([[morph.animation[t] for morph in morphs]]) for t in range(config.gif_frames)]
    figures.animate(path, loop, seconds=0.08 * config.gif_frames)
