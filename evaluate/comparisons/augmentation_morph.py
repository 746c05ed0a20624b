"""Does augmentation make morphs smoother (section 4.3, Fig. 6)?

The one idea: both generators morph the same pairs, so that what is easy or hard about a pair cancels in the ratio of
their largest steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluate import figures
from evaluate.comparisons.config import AUGMENTED, PLAIN, AugmentationMorphConfig
from evaluate.morphing import measured_frames, step_uniformity
from evaluate.question import Answer, Panel, Subject, drawn_pairs, short, style_of
from infra import rng
from infra.errors import UserError

ROWS = {PLAIN: "without", AUGMENTED: "with augmentation"}


@dataclass(frozen=True)
class PairPart:
    """A morph to generate: two models as `<class>/<id>` at one view, in evenly mixed pictures."""

    first: str
    second: str
    azimuth_deg: float
    elevation_deg: float
    frames: int
    strip_frames: int


@dataclass(frozen=True)
class MeasuredMorph:
    """Its frames, a row a frame (see `measured_frames`), and pictures uint8 [n, h, w, 3] on white for a strip.

    `ends` is the RGB L2 distance of its first and last frame over that of the true pictures: 1 when both are drawn
    right, near 0 when all models look alike, which would make any morph smooth.
    """

    frames: pd.DataFrame
    strip: np.ndarray
    ends: float


def augmentation_morph(panel: Panel, config: AugmentationMorphConfig, answer: Answer) -> None:
    """Largest step over mean step of morphs between the same models, by the generators without and with augmentation.

    Metrics: `plain/step_uniformity`, `augmented/step_uniformity` (means over the pairs; 1 is perfectly even), `ratio`
    (mean of the pairs' ratios), `plain/ends`, `augmented/ends` (see `MeasuredMorph`) and `pairs`. Files: pairs.csv,
    steps.parquet with every frame's step, and a figure.

    claim-smoother, a value a pair: by how much the generator with augmentation is below the one without, as a share.
    Raises `UserError` when the generators know other models, or no two of a class.
    """
    parts = pair_parts(panel.subjects, config)
    morphs = {role: list(panel.spreads[role](measured_morph, parts, "morphs")) for role in ROWS}
    pairs = pd.DataFrame([{"first": part.first, "second": part.second} for part in parts])
    for role, own in morphs.items():
        pairs[role] = [step_uniformity(morph.frames) for morph in own]
        pairs[f"{role}_ends"] = [morph.ends for morph in own]
        answer.metric(f"{role}/step_uniformity", pairs[role].mean())
        answer.metric(f"{role}/ends", pairs[f"{role}_ends"].mean())
    pairs["ratio"] = pairs[AUGMENTED] / pairs[PLAIN]
    answer.metric("ratio", pairs["ratio"].mean())
    answer.metric("pairs", len(pairs))
    answer.table("pairs", pairs)
    steps = [
        morph.frames.assign(role=role, first=part.first, second=part.second)
        for role, own in morphs.items()
        for part, morph in zip(parts, own, strict=True)
    ]
    pd.concat(steps, ignore_index=True).to_parquet(answer.folder / "steps.parquet", index=False)
    sample = pairs["first"] + "+" + pairs["second"]
    answer.table("claim-smoother", pd.DataFrame({"sample": sample, "value": 1 - pairs["ratio"]}))

    order = pairs["ratio"].sort_values(kind="stable").index.to_numpy()
    shown = order[np.unique(np.linspace(0, len(order) - 1, min(config.rows, len(order))).astype(int))]
    blocks = []
    for number in shown:
        rows = [
            figures.Row(list(morphs[role][number].strip), f"{name}\n{pairs.loc[number, role]:.2f}")
            for role, name in ROWS.items()
        ]
        first, second = (short(pairs.loc[number, end].partition("/")[2], 12) for end in ("first", "second"))
        blocks.append(figures.Block(rows, f"{first} → {second}"))
    heads = [f"{100 * weight:g} %" for weight in np.linspace(0, 1, config.strip_frames)]
    caption = (
        "Share of the second model above each column; below each name the largest of the steps over the mean step. "
        "Pairs from the one that gains most by augmentation to the one that gains least."
    )
    path = answer.figure("morphs.png", "Morphs without and with augmentation", caption, pairs.loc[shown])
    figures.grid(blocks, heads).save(path)
    answer.text = (
        "The paper's morph is smoother when the generator was trained with augmentation. Here the largest of "
        f"{config.frames - 1} steps is on average {pairs[PLAIN].mean():.2f} times the mean step without and "
        f"{pairs[AUGMENTED].mean():.2f} times with augmentation, at {parts[0].azimuth_deg:g}° azimuth and "
        f"{parts[0].elevation_deg:g}° elevation; {int((pairs['ratio'] < 1).sum())} of {len(pairs)} pairs are smoother "
        f"with it. A generator that drew all models alike would be smooth too: the ends of a morph are "
        f"{pairs[f'{PLAIN}_ends'].mean():.2f} of the true distance apart without and "
        f"{pairs[f'{AUGMENTED}_ends'].mean():.2f} with augmentation."
    )


def pair_parts(subjects: Mapping[str, Subject], config: AugmentationMorphConfig) -> list[PairPart]:
    """Pairs of models of one class, drawn by the seed, as many of each class."""
    plain, augmented = (subjects[role].generator.spec for role in (PLAIN, AUGMENTED))
    if (plain.styles, plain.style_classes) != (augmented.styles, augmented.style_classes):
        raise UserError(
            f"augmentation-morph: '{plain.name}' and '{augmented.name}' know other models; give both the same "
            "train.select"
        )
    subject = subjects[PLAIN]
    view = subject.nearest_seen_view(config.azimuth_deg, config.elevation_deg)
    parts = []
    share = -(-config.pairs // len(subject.styles_by_class))
    for name, styles in subject.styles_by_class.items():
        drawn = drawn_pairs(styles, share, rng.generator(subject.seed, f"evaluate/augmentation-morph/{name}"))
        for pair in drawn:
            first, second = (f"{name}/{plain.styles[style]}" for style in pair)
            parts.append(PairPart(first, second, *view, config.frames, config.strip_frames))
    if not parts:
        raise UserError(f"augmentation-morph: '{plain.name}' knows no two models of a class; train it on more")
    return parts


def measured_morph(subject: Subject, part: PairPart) -> MeasuredMorph:
    """Generate one morph and measure its steps."""
    spec = subject.generator.spec
    ends = style_of(spec, part.first), style_of(spec, part.second)
    even, strip = np.linspace(0, 1, part.frames), np.linspace(0, 1, part.strip_frames)
    mixtures = subject.mixtures(*ends, np.concatenate([even, strip]))
    rgb, mask = subject.draw(mixtures, part.azimuth_deg, part.elevation_deg)
    n = part.frames
    frames = measured_frames(rgb[:n], mask[:n]).assign(mixture=even)
    first, second = (
        subject.pictures_of(model, [part.azimuth_deg], part.elevation_deg)[0][0] for model in (part.first, part.second)
    )
    apart = float(np.linalg.norm(rgb[n - 1] - rgb[0])) / max(float(np.linalg.norm(second - first)), 1e-9)
    return MeasuredMorph(frames, figures.over_white(rgb[n:], mask[n:]), apart)
