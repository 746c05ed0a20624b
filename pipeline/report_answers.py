"""Answers of questions as sections of the report, in the paper's order, and the paper's numbers beside ours.

The one idea: a question is one section however many seeds it was asked with: figures and words of the first, numbers
the mean of all.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from evaluate.claims import Claim
from evaluate.questions import QUESTIONS
from evaluate.verdicts import number
from infra.storage import Storage
from pipeline.report_claims import ClaimRow, claim_row
from pipeline.report_numbers import Row, Table, metric_words, metrics_table
from pipeline.report_run import RunLink, run_link

_MIME = {".png": "image/png", ".gif": "image/gif", ".jpg": "image/jpeg"}
_WIDE_PX = 900
_MOVING_FIRST = 4
"""Moving pictures at the head of the page; the others stay with their questions."""


@dataclass(frozen=True)
class Picture:
    """A figure, inlined: a data URI and its size in pixels."""

    uri: str
    width: int
    height: int
    title: str
    caption: str = ""

    @property
    def alt(self) -> str:
        """What stands for the picture when it is not seen."""
        return f"{self.title}. {self.caption}".strip()

    @property
    def wide(self) -> bool:
        """Whether it takes the whole width of the page."""
        return self.width >= _WIDE_PX

    @property
    def moving(self) -> bool:
        """Whether it is an animation."""
        return self.uri.startswith("data:image/gif")


@dataclass
class Section:
    """A question with its answer; `roles` are its trainings by role, of all seeds."""

    question: str
    title: str
    place: str
    text: str
    figures: list[Picture]
    table: Table | None
    metrics: dict[str, float]
    seeds: int
    runs: list[RunLink]
    roles: list[tuple[str, str]]
    claims: list[ClaimRow]

    @property
    def anchor(self) -> str:
        """Where the page's contents lead."""
        return f"question-{self.question}"


def sections(workspace: Storage, claims: Sequence[Claim], seeds: Sequence[int]) -> list[Section]:
    """Every question that is answered, in the paper's order; those that the paper does not ask follow by name.

    `seeds` are the recipe's; what stands there of other seeds is passed over.
    """
    evaluation = workspace / "evaluation"
    answered = {each.rpartition("/")[0] for each in evaluation.list("summary.json")}
    order = {question: number for number, question in enumerate(QUESTIONS)}
    names = sorted(
        (name for name in answered if name and "@" not in name),
        key=lambda name: (order.get(name, len(order)), name),
    )
    further = {name: [f"{name}@{seed}" for seed in seeds[1:] if f"{name}@{seed}" in answered] for name in names}
    return [_section(evaluation, name, further[name], claims) for name in names]


def moving_first(found: Sequence[Section]) -> list[Picture]:
    """Take the first moving pictures out of their sections: one of every question, then the second of each, ..."""
    moving = [[figure for figure in section.figures if figure.moving] for section in found]
    hero = [figure for rank in zip_longest(*moving) for figure in rank if figure is not None][:_MOVING_FIRST]
    for section in found:
        section.figures = [figure for figure in section.figures if not any(figure is each for each in hero)]
    return hero


def beside_published(published: Mapping[str, float], found: Sequence[Section], claims: Sequence[Claim]) -> Table | None:
    """The paper's numbers of the questions that are answered beside ours, and how ours compare; None without any.

    Ratios are ours over the paper's; decibels are compared by their difference.
    """
    ours = {f"claims/{claim.question}/{claim.name}": claim.value for claim in claims}
    for section in found:
        ours |= section.metrics
    rows = []
    for section in found:
        keys = [key for key in published if key.split("/")[1:2] == [section.question]]
        rows += [Row(f"{section.title}, {section.place}" if section.place else section.title)] if keys else []
        rows += [Row(metric_words(key), _compared(key, published[key], ours.get(key))) for key in keys]
    return Table("", ("the paper", "here", "here ÷ paper"), rows) if rows else None


def picture(folder: Storage, name: str, title: str, caption: str = "") -> Picture:
    """An image file, inlined as it is."""
    data = folder.read_bytes(name)
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    mime = _MIME[Path(name).suffix.lower()]
    return Picture(f"data:{mime};base64,{base64.b64encode(data).decode()}", width, height, title, caption)


def _section(evaluation: Storage, name: str, further: Sequence[str], claims: Sequence[Claim]) -> Section:
    folder = evaluation / name
    summaries: list[dict[str, Any]] = [evaluation.read_json(f"{place}/summary.json") for place in (name, *further)]
    first = summaries[0]
    of_seeds: dict[str, list[float]] = {}
    for summary in summaries:
        for key, value in summary.get("metrics", {}).items():
            of_seeds.setdefault(str(key), []).append(float(value))
    metrics = {key: float(np.mean(values)) for key, values in of_seeds.items()}
    figures = [
        picture(folder, figure["file"], figure.get("title", name), figure.get("caption", ""))
        for figure in first.get("figures", [])
        if folder.exists(figure["file"])
    ]
    known = QUESTIONS.get(name)
    runs = [run_link(summary.get("run")) for summary in summaries]
    return Section(
        question=name,
        title=known.title if known else name.replace("-", " ").replace("_", " ").capitalize(),
        place=known.place if known else "",
        text=first.get("text", ""),
        figures=figures,
        table=metrics_table(name, metrics),
        metrics=metrics,
        seeds=len(summaries),
        runs=[run for run in runs if run is not None],
        roles=[(role, made) for summary in summaries for role, made in summary.get("trainings", {}).items()],
        claims=[claim_row(claim) for claim in claims if claim.question == name],
    )


def _compared(key: str, paper: float, here: float | None) -> tuple[str, str, str]:
    if here is None:
        return number(paper), "–", "–"
    if key.endswith("_db"):
        return number(paper), number(here), f"{here - paper:+.1f} dB".replace("-", "−")
    return number(paper), number(here), f"{number(here / paper)} ×" if paper else "–"
