"""What the comparisons share: several generators measured on the same views, pooled, and drawn side by side.

The one idea: generators are compared model by model, on views that all of them were trained on; a mean over models
would hide that a few models decide it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evaluate import figures, metrics
from evaluate.comparisons.config import ComparisonConfig
from evaluate.question import Answer, Panel, Subject, short, style_of
from evaluate.view_errors import errors_by_view, errors_of, worst_views
from infra import rng


def training_views(subject: Subject) -> pd.DataFrame:
    """The views a generator learnt, a row a view, with columns row, key, model, class_name, style, split and angles."""
    return subject.views[subject.views["split"] == "train"].reset_index(names="row")


def some_of(views: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """At most `most` views, as many of every model by the seed, but at least one each; 0: all."""
    if most == 0 or len(views) <= most:
        return views
    shuffled = views.iloc[rng.generator(seed, "evaluate/training views").permutation(len(views))]
    names = [shuffled["class_name"], shuffled["model"]]
    each = max(1, most // shuffled.groupby(["class_name", "model"]).ngroups)
    return views[shuffled.groupby(names).cumcount().reindex(views.index) < each]


def measured(panel: Panel, views: Mapping[str, pd.DataFrame], with_ssim: bool) -> pd.DataFrame:
    """Errors of every role on its views, a row a view and role: see `errors_of`."""
    return pd.concat([errors_of(panel, role, own, with_ssim) for role, own in views.items()], ignore_index=True)


def by_model(errors: pd.DataFrame, measure: str = "mse") -> pd.DataFrame:
    """Mean error of every model (rows, `<class>/<model>`) by role (columns)."""
    sample = errors["class_name"] + "/" + errors["model"]
    return errors.assign(sample=sample).pivot_table(index="sample", columns="role", values=measure, sort=False)


def gain(of: pd.Series, over: pd.Series) -> pd.DataFrame:
    """By how much errors `of` are below errors `over`, as a share of these: a claim's columns sample and value."""
    return (1 - of / over).rename("value").rename_axis("sample").reset_index()


def pooled_by_role(errors: pd.DataFrame, roles: Sequence[str], answer: Answer, suffix: str = "") -> pd.DataFrame:
    """`metrics.pooled` of every role (rows), each also as metric `<role><suffix>/<name>`."""
    table = pd.DataFrame([metrics.pooled(errors[errors["role"] == role]) for role in roles], index=list(roles))
    table = table.reindex(columns=list(metrics.POOLED))
    for role, line in table.iterrows():
        for name, value in line.items():
            answer.metric(f"{role}{suffix}/{name}", value)
    return table


def pictures(
    panel: Panel,
    errors: pd.DataFrame,
    titles: Mapping[str, str],
    config: ComparisonConfig,
    answer: Answer,
    title: str,
) -> None:
    """Figures models.png (as Figs. 4 and 5), worst.png and errors-by-view.png; columns are `titles`, by role.

    `errors` are of the same views for all roles.
    """
    subjects = {role: panel.subjects[role] for role in titles}
    first = next(iter(subjects.values()))
    azimuth, elevation = first.nearest_seen_view(config.azimuth_deg, config.elevation_deg)
    of_model = by_model(errors)[list(titles)]
    order = of_model.assign(mean=of_model.mean(axis=1)).sort_values("mean").index
    shown = [order[i] for i in np.unique(np.linspace(0, len(order) - 1, min(config.rows, len(order))).astype(int))]
    rows, lines = [], []
    for place, sample in enumerate(shown):
        truth, mask = first.pictures_of(sample, [azimuth], elevation)
        cells, captions = [figures.over_white(truth, mask)[0]], [""]
        for role, subject in subjects.items():
            style = style_of(subject.generator.spec, sample)
            rgb, own_mask = subject.draw([style], azimuth, elevation)
            error = float(metrics.mse(rgb, truth)[0])
            cells.append(figures.over_white(rgb, own_mask)[0])
            captions.append(f"{1e3 * error:.2f}")
            lines.append(
                {
                    "model": sample,
                    "role": role,
                    "azimuth_deg": azimuth,
                    "elevation_deg": elevation,
                    "mse": error,
                    "model_mse": of_model.loc[sample, role],
                }
            )
        kind = {0: "easiest\n", len(shown) - 1: "hardest\n"}.get(place, "") if len(shown) > 1 else ""
        rows.append(figures.Row(cells, kind + short(sample.partition("/")[2]), captions))
    caption = (
        "Rows: models from the easiest to the hardest, by the mean error over all columns, at a training view "
        f"({azimuth:g}° azimuth, {elevation:g}° elevation). Below each: its squared error, 10⁻³. GT: the truth."
    )
    path = answer.figure("models.png", title, caption, pd.DataFrame(lines))
    figures.grid([figures.Block(rows)], ["GT", *titles.values()]).save(path)
    named = errors.assign(role=errors["role"].map(titles))
    worst_views({titles[role]: subject for role, subject in subjects.items()}, named, config.worst, answer)
    errors_by_view({name: named[named["role"] == name] for name in titles.values()}, answer)
