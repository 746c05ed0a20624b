"""Does A - B + C give C the part that A has and B lacks (section 5.5, Fig. 16)?

The one idea: twins say what should come out. A and B are twins that differ in one property, C is another model with B's
value of it, and the truth is D, C's twin with A's value, which was rendered but never learnt.

Shapes: n views, h x w pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from evaluate import figures, metrics
from evaluate.imagination.config import ArithmeticConfig
from evaluate.imagination.drawing import angles_of, drawn, over_white
from evaluate.question import Answer, Spread, Subject, short
from infra import rng
from infra.errors import UserError
from render.modeller import CLASSES
from render.sources.parametric import families

INPUT, FC1, FC2 = "input", "fc1_style", "fc2_style"
LAYERS = (INPUT, FC1, FC2)
FLOORS = ("a", "c")
"""The generator's own A and C, beside which the sums are measured."""
CHANGED = 0.1
"""Pixels of D are changed where colour or mask differs by more from C's."""


@dataclass(frozen=True)
class Sum:
    """A - B + C = D, by model ids. A and D have the value `given` of the property `changed`, B and C `lacking`."""

    class_name: str
    changed: str
    given: str
    lacking: str
    a: str
    b: str
    c: str
    d: str


@dataclass(frozen=True)
class SumPart:
    """A sum to draw from some sides."""

    sum: Sum
    azimuth_deg: tuple[float, ...]
    elevation_deg: float


@dataclass(frozen=True)
class Result:
    """What a sum gave: a row a layer or floor, and a row of the figure: uint8 [7, h, w, 3] on white."""

    sum: Sum
    errors: pd.DataFrame
    pictures: np.ndarray


def arithmetic(subject: Subject, config: ArithmeticConfig, answer: Answer, spread: Spread) -> None:
    """Sums at the input, at FC1 and at FC2 of the style stream, against renders of what they mean.

    Metrics: `<layer or floor>/<metric>`: mse, mask_iou, mse_changed (over white, on the pixels where D and C differ)
    and, for layers, effect (1 - mse_changed over that of the generator's own C: 1 is D itself, 0 is C);
    `<property>/<B's value>/<A's value>/effect`, at FC2.

    Claims, a value a model D, means over its partners A, B:
    claim-part-appears: effect of the sum at FC2; above 0.
    claim-layer-does-not-matter: largest less smallest effect of the layers, over the mean effect; below 0.5.
    Raises `UserError` when the dataset has no twins, or the training left none of them out.
    """
    sums = possible_sums(subject, config)
    azimuths, elevation = _views(subject, config)
    results = list(spread(measured, [SumPart(each, azimuths, elevation) for each in sums], "sums"))
    errors = pd.concat([result.errors for result in results], ignore_index=True)
    answer.table("sums", errors)
    mean = errors.groupby("method", sort=False)[["mse", "mask_iou", "mse_changed", "effect"]].mean()
    answer.table("arithmetic", mean.reset_index())
    for method, line in mean.iterrows():
        for name, value in line.items():
            if name != "effect" or method in LAYERS:
                answer.metric(f"{method}/{name}", value)
    fc2 = errors[errors["method"] == FC2]
    for way, of_way in fc2.groupby(fc2["changed"] + "/" + fc2["lacking"] + "/" + fc2["given"]):
        answer.metric(f"{way}/effect", of_way["effect"].mean())
    answer.metric("sums", len(sums))
    effects = errors[errors["method"].isin(LAYERS)].groupby(["class_name", "d", "method"])["effect"].mean().unstack()
    _claims(effects[list(LAYERS)], answer)
    for name in dict.fromkeys(each.class_name for each in sums):
        own = [result for result in results if result.sum.class_name == name]
        _figure(name, own, azimuths[0], elevation, config.shown, answer)
    effect = mean["effect"]
    answer.text = (
        "The paper changes an armchair into a chair by sums in feature space, and finds that the layer does not "
        f"matter. Here {len(sums)} sums of twins are measured against the render they should give, on the pixels that "
        "should change: of the way from C (0) to the truth (1), measured by squared error, the sums go "
        f"{effect[INPUT]:.2f} at the input, {effect[FC1]:.2f} at FC1 and {effect[FC2]:.2f} at FC2."
    )


def arithmetic_needs(config: ArithmeticConfig, views: pd.DataFrame) -> None:
    """Raise `UserError` for a dataset (columns class_name and model) in which no two models have twins of one kind."""
    for name, of_class in views.groupby("class_name"):
        if name not in CLASSES:
            continue
        for of_property in families(str(name), sorted(of_class["model"].unique())).values():
            ways = pd.Series([(a, b) for members in of_property.values() for a in members for b in members if a != b])
            if ways.duplicated().any():
                return
    raise UserError(
        "arithmetic needs twins of at least two models; render with render.source.twins, as {chair: [{arms: none}]}"
    )


def possible_sums(subject: Subject, config: ArithmeticConfig) -> list[Sum]:
    """All sums whose A, B and C were learnt and whose D was rendered but not learnt; partners A, B by the seed."""
    spec = subject.generator.spec
    learnt = set(zip(spec.style_classes, spec.styles, strict=True))
    found = []
    whole = subject.dataset[["class_name", "model"]].drop_duplicates()
    for name in (name for name in subject.styles_by_class if name in CLASSES):
        ids = whole.loc[whole["class_name"] == name, "model"].tolist()
        for changed, of_property in families(name, ids).items():
            for own, members in of_property.items():
                for given, lacking in ((g, k) for g in members for k in members if g != k):
                    c, d = members[lacking], members[given]
                    if (name, c) not in learnt or (name, d) in learnt or d not in ids:
                        continue
                    others = [
                        (other[given], other[lacking])
                        for other_own, other in of_property.items()
                        if other_own != own and {(name, other.get(v, "")) for v in (given, lacking)} <= learnt
                    ]
                    random = rng.generator(subject.seed, f"evaluate/arithmetic/{name}/{c}/{d}")
                    partners = [others[at] for at in random.permutation(len(others))[: config.partners]]
                    found += [Sum(name, changed, given, lacking, a, b, c, d) for a, b in partners]
    if not found:
        raise UserError(
            f"arithmetic finds no model left out of '{spec.name}' whose twin was learnt, and two such twins beside; "
            "render with render.source.twins, and leave some of the models or twins out with train.select.exclude"
        )
    return found


def summed(subject: Subject, each: Sum, layer: str, azimuth_deg: np.ndarray, elevation_deg: float) -> tuple[
    np.ndarray, np.ndarray
]:  # fmt: skip
    """Views of A - B + C, added at the input (as mixture of styles) or at a layer of the style stream."""
    generator = subject.generator
    spec = generator.spec
    place = {pair: i for i, pair in enumerate(zip(spec.style_classes, spec.styles, strict=True))}
    styles = torch.tensor([place[each.class_name, model] for model in (each.a, each.b, each.c)])
    signs = torch.tensor([[1.0], [-1.0], [1.0]])
    azimuth, elevation = angles_of(azimuth_deg, len(azimuth_deg)), angles_of(elevation_deg, len(azimuth_deg))
    if layer == INPUT:
        one_hot = torch.nn.functional.one_hot(styles, len(spec.styles)).float()
        mixture = (signs * one_hot).sum(dim=0, keepdim=True)

        def draw(some: slice) -> tuple[Tensor, Tensor]:
            return generator.generate(mixture, azimuth[some], elevation[some])

    else:
        values = generator.activations(layer, styles)
        total = (signs.to(values.device) * values).sum(dim=0, keepdim=True)

        def draw(some: slice) -> tuple[Tensor, Tensor]:
            count = len(azimuth[some])
            return generator.generate_from(
                layer, total.expand(count, -1), azimuth=azimuth[some], elevation=elevation[some]
            )

    return drawn(subject, len(azimuth_deg), draw)


def measured(subject: Subject, part: SumPart) -> Result:
    """Draw one sum at every layer, and its A, B and C, and measure it against D."""
    each, azimuths, elevation = part.sum, np.array(part.azimuth_deg), part.elevation_deg
    spec = subject.generator.spec
    place = {pair: i for i, pair in enumerate(zip(spec.style_classes, spec.styles, strict=True))}
    truth = _truth(subject, each.class_name, each.d, azimuths, elevation)
    before = _truth(subject, each.class_name, each.c, azimuths, elevation)
    own = {
        letter: subject.draw(np.full(len(azimuths), place[each.class_name, model]), azimuths, elevation)
        for letter, model in (("a", each.a), ("b", each.b), ("c", each.c))
    }
    found = {layer: summed(subject, each, layer, azimuths, elevation) for layer in LAYERS}
    changed = changed_pixels(before, truth)
    lines = []
    for method, (rgb, mask) in {**found, **{floor: own[floor] for floor in FLOORS}}.items():
        lines.append(
            {
                "class_name": each.class_name, "changed": each.changed, "lacking": each.lacking, "given": each.given,
                "a": each.a, "b": each.b, "c": each.c, "d": each.d,
                "method": method,
                "mse": metrics.mse(rgb, truth[0]).mean(),
                "mask_iou": metrics.mask_iou(mask, truth[1]).mean(),
                "mse_changed": changed_error((rgb, mask), truth, changed),
            }
        )  # fmt: skip
    errors = pd.DataFrame(lines)
    start = errors.loc[errors["method"] == "c", "mse_changed"].item()
    errors["effect"] = 1 - errors["mse_changed"] / start
    row = [own["a"], own["b"], own["c"], *(found[layer] for layer in LAYERS), truth]
    pictures = np.stack([figures.over_white(rgb[:1], mask[:1])[0] for rgb, mask in row])
    return Result(each, errors, pictures)


def changed_pixels(before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Where views (rgb, mask) differ by more than `CHANGED` in colour or mask: bool [n, h, w]."""
    colour = np.abs(before[0] - after[0]).max(axis=3)
    return np.asarray(np.maximum(colour, np.abs(before[1] - after[1])) > CHANGED)


def changed_error(
    found: tuple[np.ndarray, np.ndarray], truth: tuple[np.ndarray, np.ndarray], changed: np.ndarray
) -> float:
    """Mean squared error over white, on changed pixels alone; NaN where nothing changed."""
    error = np.square(over_white(*found) - over_white(*truth)).mean(axis=3, dtype=np.float64)
    return float(error[changed].mean()) if changed.any() else float("nan")


def _truth(
    subject: Subject, class_name: str, model: str, azimuth_deg: np.ndarray, elevation_deg: float
) -> tuple[np.ndarray, np.ndarray]:
    return subject.pictures_of(f"{class_name}/{model}", azimuth_deg, elevation_deg)


def _views(subject: Subject, config: ArithmeticConfig) -> tuple[tuple[float, ...], float]:
    """Azimuths, evenly chosen from those of training views, that of the figure (near 30 degrees) first, and the
    elevation."""
    first, elevation = subject.nearest_seen_view(30.0, config.elevation_deg)
    seen = subject.views[(subject.views["split"] == "train") & np.isclose(subject.views["elevation_deg"], elevation)]
    azimuths = np.sort(seen["azimuth_deg"].unique())
    start = int(np.argmin(np.abs(azimuths - first)))
    turned = np.roll(azimuths, -start)
    places = np.unique(np.linspace(0, len(turned), config.azimuths, endpoint=False).astype(int))
    return tuple(turned[places].tolist()), elevation


def _claims(effects: pd.DataFrame, answer: Answer) -> None:
    samples = [f"{class_name}/{model}" for class_name, model in effects.index]
    answer.table("claim-part-appears", pd.DataFrame({"sample": samples, "value": effects[FC2].to_numpy()}))
    spread = (effects.max(axis=1) - effects.min(axis=1)) / abs(effects.to_numpy().mean())
    answer.table("claim-layer-does-not-matter", pd.DataFrame({"sample": samples, "value": spread.to_numpy()}))


def _caption(model: str) -> str:
    """An id on two lines: the model that was drawn, and what was changed."""
    drawn_model, _, change = model.partition("-")
    return f"{short(drawn_model)}\n{short(change)}"


def _figure(
    name: str, results: list[Result], azimuth_deg: float, elevation_deg: float, shown: int, answer: Answer
) -> None:
    effect = [result.errors.loc[result.errors["method"] == FC2, "effect"].item() for result in results]
    order = np.argsort(effect)[::-1]
    picked = order[np.unique(np.linspace(0, len(order) - 1, min(shown, len(order))).round().astype(int))]
    rows = []
    for at in picked:
        each, errors = results[at].sum, results[at].errors.set_index("method")
        captions = [
            *(_caption(model) for model in (each.a, each.b, each.c)),
            *(f"{errors.at[layer, 'effect']:.2f}" for layer in LAYERS),
            _caption(each.d),
        ]
        framed = [True] * 3 + [False] * 4
        unseen = [False] * 6 + [True]
        label = f"{each.changed}\n{short(each.lacking, 10)} to {short(each.given, 10)}"
        rows.append(figures.Row(list(results[at].pictures), label, captions, unseen, framed))
    heads = ["A", "− B", "+ C", "= at the input", "= at FC1", "= at FC2", "truth D"]
    caption = (
        f"At {azimuth_deg:g}° azimuth and {elevation_deg:g}° elevation, in equal steps of rank from the best to the "
        "worst sum. Below each how far it goes from C (0) to the truth (1). Framed: trained. Green: never learnt."
    )
    table = pd.concat([results[at].errors for at in picked])
    path = answer.figure(f"arithmetic-{name}.png", f"{name}: sums of models", caption, table)
    figures.grid([figures.Block(rows)], heads).save(path)
