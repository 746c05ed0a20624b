"""Do mixtures of three styles look like models (section 5.4, Fig. 14)?

The one idea: barycentric weights fill a triangle whose corners are trained models; two such triangles make a square
table, as in the paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluate import figures
from evaluate.imagination.config import TripleConfig
from evaluate.imagination.drawing import over_white
from evaluate.imagination.ghosts import ghosting, sharpness
from evaluate.question import Answer, Spread, Subject
from infra import rng
from infra.errors import UserError


@dataclass(frozen=True)
class TriplePart:
    """Three styles to mix at one view."""

    class_name: str
    styles: tuple[int, int, int]
    azimuth_deg: float
    elevation_deg: float
    side: int


@dataclass(frozen=True)
class Triple:
    """A generated triangle: pictures uint8 [n, h, w, 3] on white in the order of `barycentric`, and its measures."""

    part: TriplePart
    pictures: np.ndarray
    ghosting: float
    sharpness: float
    least_area: float


def triples(subject: Subject, config: TripleConfig, answer: Answer, spread: Spread) -> None:
    """Triangles between three models of each class.

    Metrics: ghosting and sharpness (means over the triples), least_area (smallest mask over the smallest corner's),
    triples; in all and as `<class>/<metric>`.

    claim-looks-real, a value a triple: ghosting (1 for a cross-fade, 0 for single objects); below 0.5.
    Raises `UserError` when no class has three models.
    """
    parts = triple_parts(subject, config)
    if not parts:
        spec = subject.generator.spec
        raise UserError(f"generator '{spec.name}' knows no three models of one class; train it on more models")
    found = list(spread(generated_triple, parts, "triples"))
    models = subject.generator.spec.styles
    table = pd.DataFrame(
        [
            {
                "class_name": triple.part.class_name,
                **{f"model_{place}": models[style] for place, style in zip("abc", triple.part.styles, strict=True)},
                "ghosting": triple.ghosting,
                "sharpness": triple.sharpness,
                "least_area": triple.least_area,
            }
            for triple in found
        ]
    )
    answer.table("triples", table)
    names = table["class_name"] + "/" + table["model_a"] + "+" + table["model_b"] + "+" + table["model_c"]
    answer.table("claim-looks-real", pd.DataFrame({"sample": names, "value": table["ghosting"]}))
    _metrics(answer, "", table)
    for name in dict.fromkeys(part.class_name for part in parts):
        own = table[table["class_name"] == name]
        _metrics(answer, f"{name}/", own)
        best = own.sort_values(["ghosting", "model_a"]).index[:2]
        _figure(name, [found[i] for i in best], table.loc[best], config.side, answer)
    answer.text = (
        "The paper mixes three chairs into one that combines their features. "
        f"Here {len(table)} triangles between three models have a ghosting of {table['ghosting'].mean():.2f} (a "
        f"cross-fade has 1, single objects 0) and {table['sharpness'].mean():.2f} of their corners' edge energy."
    )


def triples_needs(config: TripleConfig, views: pd.DataFrame) -> None:
    """Raise `UserError` for a dataset (columns class_name and model) without three models of one class."""
    if views.groupby("class_name")["model"].nunique().max() < 3:
        raise UserError("morph-triple needs three models of one class; render more models")


def barycentric(side: int) -> np.ndarray:
    """Weights of three corners over a triangle of `side` pictures, float [side (side + 1) / 2, 3], row by row.

    Row 0 is the first corner; the last row leads from the second to the third.
    """
    places = [(row, column) for row in range(side) for column in range(row + 1)]
    return np.array([[side - 1 - row, row - column, column] for row, column in places], np.float64) / (side - 1)


def triple_parts(subject: Subject, config: TripleConfig) -> list[TriplePart]:
    """Triples of each class by the seed, in rounds in which a style comes once at most."""
    view = subject.nearest_seen_view(config.azimuth_deg, config.elevation_deg)
    parts = []
    for name, styles in subject.styles_by_class.items():
        random = rng.generator(subject.seed, f"evaluate/triples/{name}")
        own: list[tuple[int, int, int]] = []
        wanted = min(config.triples_per_class, len(styles) * (len(styles) - 1) * (len(styles) - 2) // 6)
        while len(own) < wanted:
            order = random.permutation(styles).tolist()
            for a, b, c in zip(order[0::3], order[1::3], order[2::3], strict=False):
                if len(own) < wanted and {a, b, c} not in [set(each) for each in own]:
                    own.append((a, b, c))
        parts += [TriplePart(name, each, *view, config.side) for each in own]
    return parts


def generated_triple(subject: Subject, part: TriplePart) -> Triple:
    """Generate and measure one triangle."""
    weights = barycentric(part.side)
    style = np.zeros((len(weights), len(subject.generator.spec.styles)), np.float32)
    style[:, list(part.styles)] = weights
    rgb, mask = subject.draw(style, part.azimuth_deg, part.elevation_deg)
    corners = [int(np.argmax(weights[:, corner])) for corner in range(3)]
    mixed = weights.max(axis=1) < 1
    white = over_white(rgb, mask)
    area = mask.mean(axis=(1, 2), dtype=np.float64)
    return Triple(
        part,
        figures.over_white(rgb, mask),
        ghosting(mask[mixed], mask[corners], weights[mixed]),
        sharpness(white[mixed], white[corners], weights[mixed]),
        float(area.min() / max(area[corners].min(), 1e-9)),
    )


def _metrics(answer: Answer, prefix: str, table: pd.DataFrame) -> None:
    answer.metric(f"{prefix}ghosting", table["ghosting"].mean())
    answer.metric(f"{prefix}sharpness", table["sharpness"].mean())
    answer.metric(f"{prefix}least_area", table["least_area"].min())
    answer.metric(f"{prefix}triples", len(table))


def _figure(name: str, found: list[Triple], table: pd.DataFrame, side: int, answer: Answer) -> None:
    """One triangle below the diagonal of a table, and, if there are two, the other turned round above it."""
    weights = barycentric(side)
    cells: list[list[np.ndarray | None]] = [[None] * (side + 1) for _ in range(side)]
    framed = [[False] * (side + 1) for _ in range(side)]
    for upper, triple in enumerate(found):
        places = [(row, column) for row in range(side) for column in range(row + 1)]
        for (row, column), picture, weight in zip(places, triple.pictures, weights, strict=True):
            at = (side - 1 - row, side - column) if upper else (row, column)
            cells[at[0]][at[1]] = picture
            framed[at[0]][at[1]] = bool(weight.max() == 1)
    rows = [figures.Row(pictures, framed=frames) for pictures, frames in zip(cells, framed, strict=True)]
    caption = "Framed: trained models, in the corners; all other pictures are mixtures of three."
    path = answer.figure(f"triple-{name}.png", f"{name}: mixtures of three", caption, table)
    figures.grid([figures.Block(rows)]).save(path)
