"""Claims as rows of the report, each with its interval drawn against its margin.

The one idea: every bar has its margin in the middle and the side on which the claim holds shaded, so that verdicts are
read by place, without units and without colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from evaluate.claims import Claim
from evaluate.questions import QUESTIONS
from evaluate.verdicts import counted, margin, number, span

_WIDTH, _HEIGHT, _EDGE = 150, 20, 5


@dataclass(frozen=True)
class ClaimRow:
    """A claim as text, and its bar as SVG."""

    question: str
    section: str
    says: str
    effect: str
    value: str
    span: str
    margin: str
    counted: str
    verdict: str
    bar: Markup


def claim_row(claim: Claim) -> ClaimRow:
    """A claim, ready to show."""
    return ClaimRow(
        question=claim.question,
        section=claim.section,
        says=claim.says,
        effect=claim.effect,
        value=number(claim.value),
        span=span(claim),
        margin=margin(claim),
        counted=counted(claim),
        verdict=claim.claim_holds,
        bar=_bar(claim),
    )


def in_papers_order(claims: Sequence[Claim]) -> list[Claim]:
    """By the questions' order in the paper, then as they stand in the recipe."""
    order = {question: place for place, question in enumerate(QUESTIONS)}
    return sorted(claims, key=lambda claim: order.get(claim.question, len(order)))


def _bar(claim: Claim) -> Markup:
    """The interval as a line with ends, the value as a dot; an end that is out of sight has none. Empty for NaN."""
    if np.isnan(claim.value):
        return Markup("")
    finite = [abs(x - claim.margin) for x in (claim.value, claim.low, claim.high) if np.isfinite(x)]
    scale = (_WIDTH / 2 - 3 * _EDGE) / (max(finite) or 1)
    middle, y = _WIDTH / 2, _HEIGHT / 2

    def x(value: float) -> float:
        return float(np.clip(middle + (value - claim.margin) * scale, 0, _WIDTH))

    low, high = x(claim.low), x(claim.high)
    ends = "".join(
        f'<path d="M{at:.1f} {y - 4}v8"/>' for at, end in ((low, claim.low), (high, claim.high)) if np.isfinite(end)
    )
    start = middle if claim.direction == "above" else 0
    words = f"{number(claim.value)}, interval {span(claim)}, margin {margin(claim)}"
    svg = (
        f'<svg class="bar {claim.claim_holds}" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'role="img" aria-label="{words}"><rect class="side" x="{start}" width="{middle}" height="{_HEIGHT}"/>'
        f'<path class="margin" d="M{middle} 0v{_HEIGHT}"/><path d="M{low:.1f} {y}H{high:.1f}"/>{ends}'
        f'<circle cx="{x(claim.value):.1f}" cy="{y}" r="3.6"/></svg>'
    )
    # Markup of our own making: numbers and the words of this module alone, whose < and > stand escaped.
    return Markup(svg.replace(f'"{words}"', f'"{Markup.escape(words)}"'))
