"""Which point of one model is which point of another (section 5.7): all methods on pairs with exact truth, Table 3."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from evaluate.correspondence import drawing, pairs
from evaluate.correspondence.config import CorrespondenceConfig
from evaluate.correspondence.difficulty import difficulties, unlikeness
from evaluate.correspondence.marked import MarkedPair, human_errors, read_marked
from evaluate.correspondence.matching import Matched, keypoint_table, matched, pair_table
from evaluate.correspondence.measures import DIFFICULTIES, claim_tables, summarised, table3
from evaluate.correspondence.methods import OURS, TITLES, Sight
from evaluate.correspondence.morphflow import carried
from evaluate.question import Answer, Spread, Subject
from infra import rng

_RIVALS = ("siftflow", "dsp", "nearest")
NO_TRUTH = (
    "The dataset knows no keypoints that two models of a class share and show at one view: there is no truth to judge "
    "correspondences by. Parametric models bring theirs, and ShapeNet's with render.source.keypoints."
)


def correspondence(subject: Subject, config: CorrespondenceConfig, answer: Answer, spread: Spread) -> None:
    """Keypoints carried from model to model by flow along the morph, by its rivals and by the floors.

    All errors are in pixels of a picture of 128. Metrics: `aepe_px/<group>` of all, simple and difficult pairs and of
    each class, `pck_05`, `pck_10`, `pck_15`, `dense_aepe_px` and `seconds` of ours; the same below `<method>/` of the
    others; `pairs` and `keypoints` count them. Tables: table3.csv, summary.csv (with 95 % intervals), pairs.csv,
    keypoints.parquet. Claims: `measures.claim_tables`.
    """
    marks = read_marked(Path(config.marked), _known(subject)) if config.marked else []
    drawn = pairs.marked(subject, marks) if marks else pairs.drawn(subject, config, "test")
    if not drawn:
        answer.text = NO_TRUTH
        return
    matches = list(spread(partial(matched, config=config), drawn, "pairs"))
    hard = difficulties_of(subject, drawn, config)
    points, by_pair = keypoint_table(subject, matches, hard), pair_table(subject, matches, hard)
    points.to_parquet(answer.folder / "keypoints.parquet", index=False)
    answer.table("pairs", by_pair)
    summary = summarised(by_pair, rng.generator(subject.seed, "evaluate/correspondence/bootstrap"))
    answer.table("summary", summary)
    table = table3(summary)
    if marks:
        table = pd.concat([table, human_row(marks, hard)], ignore_index=True)
    answer.table("table3", table)
    _metrics(answer, summary)
    answer.metric("pairs", len(drawn))
    answer.metric("keypoints", sum(len(pair.names) for pair in drawn))
    rivals = [rival for rival in _RIVALS if rival in config.methods]
    if OURS in config.methods:
        for name, values in claim_tables(by_pair, rivals, OURS).items():
            answer.table(f"claim-{name}", values)
        _figures(subject, matches, hard, points, config, answer, spread)
    answer.text = _text(table, len(drawn), len(points) // len(config.methods))


def difficulties_of(subject: Subject, drawn: Sequence[pairs.Pair], config: CorrespondenceConfig) -> list[str]:
    """Each pair "simple" or "difficult" by its class's own tertiles of what the recipe says."""
    found = np.empty(len(drawn), object)
    for name in dict.fromkeys(pair.class_name for pair in drawn):
        own = [place for place, pair in enumerate(drawn) if pair.class_name == name]
        sights = (Sight(subject, drawn[place]) for place in own)
        found[own] = difficulties(np.array([unlikeness(*sight.models, config.difficulty) for sight in sights]))
    return list(found)


def human_row(marks: Sequence[MarkedPair], hard: Sequence[str]) -> pd.DataFrame:
    """The annotators as a row of Table 3: each one's mean distance from the mean of the others, of all where alone."""
    row: dict[str, object] = {"method": "human"}
    for group in ("all", *DIFFICULTIES):
        own = [each for each, of in zip(marks, hard, strict=True) if group in ("all", of)]
        from_others, from_all = human_errors(own)
        row[f"aepe_{group}"] = from_others if np.isfinite(from_others) else from_all
    return pd.DataFrame([row])


def carried_film(subject: Subject, pair: pairs.Pair, config: CorrespondenceConfig) -> np.ndarray:
    """The morph of a pair and, below, the first picture's colours carried along it: uint8 [n, 2, h, w, 3]."""
    sight = Sight(subject, pair)
    film = sight.film(config.path)
    frames = sight.followed(config.path, config.flow.silhouette)
    return np.stack([film, carried(film[0], frames, config.flow, config.refine_step)], axis=1)[::2]


def _known(subject: Subject) -> set[str]:
    spec = subject.generator.spec
    return {f"{of}/{model}" for of, model in zip(spec.style_classes, spec.styles, strict=True)}


def _metrics(answer: Answer, summary: pd.DataFrame) -> None:
    for line in summary.to_dict("records"):
        prefix = "" if line["method"] == OURS else f"{line['method']}/"
        if line["measure"] == "aepe_px":
            answer.metric(f"{prefix}aepe_px/{line['group']}", line["value"])
        elif line["group"] == "all":
            answer.metric(f"{prefix}{line['measure']}", line["value"])


def _figures(
    subject: Subject,
    matches: Sequence[Matched],
    hard: Sequence[str],
    points: pd.DataFrame,
    config: CorrespondenceConfig,
    answer: Answer,
    spread: Spread,
) -> None:
    films: list[Matched] = []
    for name in dict.fromkeys(match.pair.class_name for match in matches):
        own = [(match, each) for match, each in zip(matches, hard, strict=True) if match.pair.class_name == name]
        picked = [
            (match, each)
            for each in DIFFICULTIES
            for match in drawing.spread_evenly([one for one, of in own if of == each], config.shown_pairs)
        ]
        table = points[points["class_name"] == name]
        title = f"{name}: points carried from model to model"
        drawing.draw_points(subject, picked, answer, f"correspondence-{name}.png", title, table)
        shown = drawing.spread_evenly([match for match, _ in own], config.shown_pairs)
        title = f"{name}: where every point goes"
        drawing.draw_fields(subject, shown, answer, f"fields-{name}.png", title, table)
        films.append(shown[len(shown) // 2])
    ranked = sorted(zip(matches, hard, strict=True), key=lambda each: -each[0].errors_px(OURS).mean())
    worst = ranked[: config.shown_pairs * 2]
    drawing.draw_points(subject, worst, answer, "worst.png", "The pairs where the morph errs most", points)
    made = list(spread(partial(carried_film, config=config), [match.pair for match in films], "films"))
    drawing.draw_carried(subject, made, answer, "carried.gif", "Colours carried along morphs", points)


def _text(table: pd.DataFrame, pair_count: int, point_count: int) -> str:
    rows = {row["method"]: row for row in table.to_dict("records")}
    said = "; ".join(
        f"{TITLES[method]} {row['aepe_all']:.1f} ({row['aepe_simple']:.1f} and {row['aepe_difficult']:.1f})"
        for method, row in rows.items()
    )
    return (
        f"Average end-point error of {point_count} keypoints of {pair_count} pairs in pixels of a picture of 128, and "
        f"in brackets of simple and of difficult pairs: {said}. The paper has DSP 5.2 (3.3 and 6.3), SIFT Flow 4.0 "
        "(2.8 and 4.8), its own 3.4 (3.1 and 3.5) and people 1.1, on 30 pairs of chairs marked by hand."
    )
