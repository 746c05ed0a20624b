"""Claims for people: their numbers as text, and the table that ends a run in the terminal.

The one idea: a verdict is a word before it is a colour, and stands beside the interval and the margin that it follows
from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from rich.markup import escape
from rich.table import Table

from evaluate.claims import Claim

STYLES = {"holds": "bold green", "fails": "bold red", "open": "bold yellow"}
"""Verdicts in the order in which they are counted, and how the terminal shows them."""


def claims_table(claims: Sequence[Claim]) -> Table:
    """A row a claim: verdict, what the paper says and where, the value with its interval and what it must clear.

    Readable from 80 columns on.
    """
    shown = Table(title=f"Claims: {tally(claims)}", title_justify="left", title_style="bold", box=None, pad_edge=False)
    shown.add_column("verdict", no_wrap=True)
    shown.add_column("the paper says", ratio=1)
    shown.add_column("value [95 % interval]", justify="right", no_wrap=True)
    shown.add_column("margin", justify="right", no_wrap=True)
    for claim in claims:
        verdict = f"[{STYLES[claim.claim_holds]}]{claim.claim_holds}[/]"
        says = f"{escape(claim.says)} [dim]({escape(claim.section)})[/]"
        shown.add_row(verdict, says, escape(f"{number(claim.value)} {span(claim)}"), margin(claim))
    return shown


def tally(claims: Sequence[Claim]) -> str:
    """`12 hold, 5 fail, 3 open`."""
    counts: Counter[str] = Counter(claim.claim_holds for claim in claims)
    words = {"holds": ("holds", "hold"), "fails": ("fails", "fail"), "open": ("open", "open")}
    return ", ".join(f"{counts[each]} {words[each][counts[each] != 1]}" for each in STYLES)


def number(value: float) -> str:
    """Three digits that mean something; a true minus, a sign for the infinite, a dash for what is no number."""
    if np.isnan(value):
        return "–"
    size = abs(value)
    text = "∞" if np.isinf(size) else f"{size:,.0f}" if size >= 999.5 else f"{size:.3g}"
    return f"−{text}" if value < 0 else text


def span(claim: Claim) -> str:
    """The 95 % interval."""
    return f"[{number(claim.low)}, {number(claim.high)}]".replace("[–, –]", "–")


def margin(claim: Claim) -> str:
    """What the interval must clear: `> 0.05`."""
    return f"{'>' if claim.direction == 'above' else '<'} {number(claim.margin)}"


def counted(claim: Claim) -> str:
    """`24`, or `72 of 3 seeds`."""
    return f"{claim.samples:,}" + (f" of {claim.seeds} seeds" if claim.seeds > 1 else "")
