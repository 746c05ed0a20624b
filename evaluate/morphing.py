"""Do the styles between two models look like models (sections 5.4 and Figs. 12, 13 and 15)?

The one idea: a good morph moves in even steps, never loses the object and is one object all the way, not two that
shine through each other; all three are measured on the generated frames alone, so they need no truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluate import figures
from evaluate.config import MorphConfig
from evaluate.imagination.drawing import over_white
from evaluate.imagination.ghosts import ghosting, sharpness
from evaluate.question import Answer, Spread, Subject, drawn_pairs, short, style_of
from infra import rng
from infra.errors import UserError


@dataclass(frozen=True)
class MorphPart:
    """One morph to generate: two styles at one view, and the settings of the question."""

    group: str
    first: int
    second: int
    azimuth_deg: float
    elevation_deg: float
    config: MorphConfig
    across: bool = False
    """Whether it leads from one class to another."""


@dataclass(frozen=True)
class Morph:
    """A generated morph: its measured frames, a row a frame, and pictures uint8 [n, h, w, 3] on white.

    `ghosting` and `sharpness` are of the frames between the ends; see `evaluate.imagination.ghosts`.
    """

    part: MorphPart
    frames: pd.DataFrame
    strip: np.ndarray
    animation: np.ndarray
    ghosting: float
    sharpness: float

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

    @property
    def fault(self) -> tuple[int, float, float]:
        """What morphs are sorted by, the best first: broken frames, ghosting, unevenness."""
        return (self.broken_frames, round(float(np.nan_to_num(self.ghosting)), 3), self.step_uniformity)


def morph(subject: Subject, config: MorphConfig, answer: Answer, spread: Spread) -> None:
    """Morphs between pairs of models of each class, and between classes: strips, GIFs, how even and how whole they are.

    Metrics: step_uniformity (mean over the pairs), step_uniformity_largest, ghosting and sharpness (means), least_area
    (smallest over the pairs), broken_frames and pairs, over all pairs and as `<class>/<metric>` or
    `<class>-<class>/<metric>`.

    claim-looks-real, a value a pair: ghosting (1 for a cross-fade, 0 for one object all the way); below 0.5.
    """
    parts = morph_parts(subject, config)
    if not parts:
        answer.text = "No class has two models, so there is nothing to morph."
        return
    morphs, table = _morphed(subject, parts, answer, spread)
    _metrics(answer, "", table)
    _groups(subject, morphs, table, config, answer)
    answer.table("claim-looks-real", table[["sample", "ghosting"]].rename(columns={"ghosting": "value"}))
    answer.text = (
        f"The paper finds that objects between two models look real. Here {len(morphs)} morphs, linear in the style "
        f"vector, at {parts[0].azimuth_deg:g}° azimuth and {parts[0].elevation_deg:g}° elevation: "
        f"the largest of {config.frames - 1} steps is on average "
        f"{table['step_uniformity'].mean():.2f} times the mean step, {int(table['broken_frames'].sum())} "
        f"of {config.frames * len(morphs)} frames lose more than {100 * (1 - config.broken_below):.0f} % of "
        f"the object, and the ghosting is {table['ghosting'].mean():.2f} (a cross-fade has 1, one object 0)."
    )


def morph_classes(subject: Subject, config: MorphConfig, answer: Answer, spread: Spread) -> None:
    """Morphs from one class to another (Fig. 15), beside morphs within the same classes.

    Metrics: as of `morph`, under `across/`, `within/` and `<class>-<class>/`.

    Claims, a value a pair across, less the mean within classes:
    claim-slightly-worse: largest step over mean step; above 0.  claim-only-slightly: ghosting; below 0.25.
    Raises `UserError` when the generator lacks the classes that are to be morphed.
    """
    parts = morph_parts(subject, config)
    if not any(part.across for part in parts):
        wanted = ", ".join("-".join(pair) for pair in config.across)
        name, has = subject.generator.spec.name, ", ".join(subject.styles_by_class)
        raise UserError(f"morph-classes needs a generator of two classes ({wanted}); '{name}' knows {has}")
    morphs, table = _morphed(subject, parts, answer, spread)
    across = np.array([part.across for part in parts])
    _metrics(answer, "across/", table[across])
    _metrics(answer, "within/", table[~across])
    shown = [m for m in morphs if m.part.across]
    _groups(subject, shown, table[across], config, answer)
    within, beyond = table[~across]["ghosting"], table[across]["ghosting"]
    for claim, measure in (("slightly-worse", "step_uniformity"), ("only-slightly", "ghosting")):
        values = table[across][measure] - table[~across][measure].mean()
        answer.table(f"claim-{claim}", pd.DataFrame({"sample": table[across]["sample"], "value": values}))
    answer.text = (
        "The paper finds morphs between classes slightly worse than within them, but good. "
        f"Here the ghosting is {beyond.mean():.2f} across classes and {within.mean():.2f} within (a cross-fade has 1, "
        f"one object 0), and the largest step {table[across]['step_uniformity'].mean():.2f} and "
        f"{table[~across]['step_uniformity'].mean():.2f} times the mean step."
    )


def morph_classes_needs(config: MorphConfig, views: pd.DataFrame) -> None:
    """Raise `UserError` for a dataset (column class_name) that lacks the classes to morph between."""
    has = set(views["class_name"])
    if not any({one, other} <= has for one, other in config.across):
        wanted = ", ".join("-".join(pair) for pair in config.across)
        raise UserError(f"morph-classes needs a dataset of two classes ({wanted}); it has {', '.join(sorted(has))}")


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
        parts.append(MorphPart("-".join(classes), one, other, *view, config, len(classes) > 1))
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
        parts += [MorphPart(group, first, second, *view, config, across=True) for first, second in pairs]
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
    weights = np.stack([1 - even[1:-1], even[1:-1]], axis=1)
    white = over_white(rgb[:n], mask[:n])
    return Morph(
        part,
        frames,
        pictures[: s - n],
        pictures[s - n :],
        ghosting(mask[1 : n - 1], mask[[0, n - 1]], weights),
        sharpness(white[1:-1], white[[0, -1]], weights),
    )


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


def _morphed(
    subject: Subject, parts: list[MorphPart], answer: Answer, spread: Spread
) -> tuple[list[Morph], pd.DataFrame]:
    morphs = list(spread(generated_morph, parts, "morphs"))
    table = pd.DataFrame([_line(morph, subject.generator.spec.styles) for morph in morphs])
    answer.table("pairs", table)
    return morphs, table


def _groups(subject: Subject, morphs: list[Morph], table: pd.DataFrame, config: MorphConfig, answer: Answer) -> None:
    for group in dict.fromkeys(morph.part.group for morph in morphs):
        own = sorted((m for m in morphs if m.part.group == group), key=lambda m: m.fault)
        _metrics(answer, f"{group}/", table[table["group"] == group])
        _figures(answer, group, own, subject.generator.spec.styles, config)


def _line(morph: Morph, models: Sequence[str]) -> dict[str, object]:
    first, second = models[morph.part.first], models[morph.part.second]
    return {
        "group": morph.part.group,
        "sample": f"{morph.part.group}/{first}+{second}",
        "first": first,
        "second": second,
        "step_uniformity": morph.step_uniformity,
        "ghosting": morph.ghosting,
        "sharpness": morph.sharpness,
        "least_area": morph.least_area,
        "broken_frames": morph.broken_frames,
    }


def _metrics(answer: Answer, prefix: str, table: pd.DataFrame) -> None:
    answer.metric(f"{prefix}step_uniformity", table["step_uniformity"].mean())
    answer.metric(f"{prefix}step_uniformity_largest", table["step_uniformity"].max())
    answer.metric(f"{prefix}ghosting", table["ghosting"].mean())
    answer.metric(f"{prefix}sharpness", table["sharpness"].mean())
    answer.metric(f"{prefix}least_area", table["least_area"].min())
    answer.metric(f"{prefix}broken_frames", table["broken_frames"].sum())
    answer.metric(f"{prefix}pairs", len(table))


def _figures(answer: Answer, group: str, morphs: list[Morph], models: Sequence[str], config: MorphConfig) -> None:
    ends = [(models[morph.part.first], models[morph.part.second]) for morph in morphs]
    tables = [m.frames.assign(first=first, second=second) for m, (first, second) in zip(morphs, ends, strict=True)]
    frames = pd.concat(tables, ignore_index=True)
    ends_framed = [place in (0, config.strip_frames - 1) for place in range(config.strip_frames)]
    rows = [
        figures.Row(
            list(m.strip),
            f"{short(first, 20)}\nto {short(second, 20)}\nghosting {m.ghosting:.2f}",
            framed=ends_framed,
        )
        for m, (first, second) in zip(morphs, ends, strict=True)
    ]
    heads = [f"{100 * weight:g} %" for weight in np.linspace(0, 1, config.strip_frames)]
    caption = (
        "Share of the second model above each column; rows from the best to the worst morph, by broken frames and "
        "ghosting. Framed: trained models."
    )
    title = f"Morphs, {' to '.join(group.split('-'))}" if "-" in group else f"Morphs between two of class {group}"
    path = answer.figure(f"morph-{group}.png", title, caption, frames)
    figures.grid([figures.Block(rows)], heads).save(path)
    caption = f"{', '.join(' to '.join(pair) for pair in ends)}."
    path = answer.figure(f"morph-{group}-loop.gif", f"{title}, there and back", caption, frames)
    loop = [figures.tile([[morph.animation[t] for morph in morphs]]) for t in range(config.gif_frames)]
    figures.animate(path, loop, seconds=0.08 * config.gif_frames)
