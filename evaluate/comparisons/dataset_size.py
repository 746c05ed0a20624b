"""How do the number of models and augmentation change the error on training images (section 4.3, Table 2, Fig. 5)?

The one idea: the sets are nested, so besides each set's own error (the paper's table) the very same models can be
compared: those that are in all sets, drawn by generators that had more or fewer others to learn.
"""

from __future__ import annotations

import itertools

import pandas as pd

from evaluate.comparisons.config import DatasetSizeConfig
from evaluate.comparisons.side_by_side import (
    by_model,
    gain,
    measured,
    pictures,
    pooled_by_role,
    some_of,
    training_views,
)
from evaluate.question import Answer, Panel
from infra.errors import UserError


def dataset_size(panel: Panel, config: DatasetSizeConfig, answer: Answer) -> None:
    """Errors on training images, of every set's own models and of the models that all sets contain.

    Metrics: `<training>/<metric>` on its own models, `<training>/common/<metric>` on the models of all sets
    (`metrics.POOLED`), and `<training>/models`. Files: table2.csv, views.parquet (own models), common-views.parquet,
    and the figures of `side_by_side.pictures`.

    claim-grows, a value a model of all sets: by how much its error in the smallest set is below that in the largest, as
    a share of the latter. claim-grows-every-step: the same for those two sets next in size whose errors differ least.
    claim-augmented-higher, a value a model of the augmented set: by how much its error without augmentation is below
    that with. Raises `UserError` when no model is in all sets.
    """
    specs = {role: subject.generator.spec for role, subject in panel.subjects.items()}
    plain = sorted((role for role in specs if not specs[role].augment), key=lambda role: len(specs[role].styles))
    augmented = [role for role in specs if specs[role].augment]
    roles = [*plain, *augmented]
    titles = {role: f"{len(specs[role].styles)} {'+ aug' if specs[role].augment else 'models'}" for role in roles}

    seed = panel.subjects[roles[0]].seed
    learnt = {role: some_of(training_views(panel.subjects[role]), config.views, seed) for role in roles}
    own = measured(panel, learnt, config.ssim)
    own.to_parquet(answer.folder / "views.parquet", index=False)
    shared = some_of(common_views(panel), config.views, seed)
    common = measured(panel, dict.fromkeys(roles, shared), config.ssim)
    common.to_parquet(answer.folder / "common-views.parquet", index=False)

    table = pooled_by_role(own, roles, answer).add_prefix("own_")
    table = table.join(pooled_by_role(common, roles, answer, "/common").add_prefix("common_"))
    table.insert(0, "models", [len(specs[role].styles) for role in roles])
    table.insert(1, "augment", [specs[role].augment for role in roles])
    table["steps"] = [specs[role].steps for role in roles]
    for role in roles:
        answer.metric(f"{role}/models", len(specs[role].styles))
    answer.table("table2", table.rename_axis("training").reset_index())

    models = by_model(common)
    growth = gain(models[plain[0]], models[plain[-1]])
    answer.table("claim-grows", growth)
    steps = [gain(models[less], models[more]) for less, more in itertools.pairwise(plain)]
    answer.table("claim-grows-every-step", min(steps, key=lambda step: float(step["value"].mean())))
    # Without and with augmentation, of the same models.
    of_own = by_model(own)
    beside = [(one, two) for one in plain for two in augmented if specs[one].styles == specs[two].styles]
    rises = [gain(of_own[one], of_own[two]).dropna() for one, two in beside]
    if rises:
        answer.table("claim-augmented-higher", rises[0])
    pictures(panel, common, titles, config, answer, "Training sets of different size, and augmentation")

    ours = ", ".join(f"{titles[role]} {1e3 * table['own_mse'][role]:.2f}" for role in roles)
    same = ", ".join(f"{1e3 * table['common_mse'][role]:.2f}" for role in roles)
    with_augmentation = (
        ""
        if not rises
        else f" Without augmentation a model's error is {100 * rises[0]['value'].mean():.1f} % below that with it "
        "(paper: 44 % of the set's)."
    )
    answer.text = (
        "The paper's error on training images grows with the number of cars (0.48, 0.66, 0.84, 0.97 for 500 to 7124, "
        f"10⁻³) and with augmentation (1.18 for 1000). Mean squared error here, 10⁻³: {ours}; on the {len(models)} "
        f"models that all sets contain: {same}. A model's error in the smallest set is, on average, "
        f"{100 * growth['value'].mean():.1f} % below that in the largest.{with_augmentation}"
    )


def common_views(panel: Panel) -> pd.DataFrame:
    """The training views that all generators learnt. Raises `UserError` when there are none."""
    learnt = [training_views(subject) for subject in panel.subjects.values()]
    of_all = set.intersection(*(set(views["key"]) for views in learnt))
    if not of_all:
        raise UserError("dataset-size: no training view is in all sets; let them differ by models_per_class alone")
    return learnt[0][learnt[0]["key"].isin(of_all)]


def has_enough_models(config: DatasetSizeConfig, views: pd.DataFrame) -> None:
    """Raises `UserError` when a set asks for a class or more models than the dataset has, or two sets are the same."""
    sizes: dict[int, str] = {}
    for role, changes in config.trainings.items():
        select = changes.get("select", {})
        known = views.drop_duplicates(["class_name", "model"]).groupby("class_name").size()
        absent = set(select.get("classes") or ()) - set(known.index)
        if absent:
            raise UserError(f"dataset-size: '{role}' asks for class {min(absent)}; there are {', '.join(known.index)}")
        known = known[known.index.isin(select.get("classes") or known.index)]
        wanted = select.get("models_per_class")
        if wanted is not None and wanted > known.min():
            raise UserError(
                f"dataset-size: '{role}' asks for {wanted} models of class {known.idxmin()}, the dataset has "
                f"{known.min()}; change evaluate.dataset_size.trainings"
            )
        count = int(known.clip(upper=wanted).sum())
        if changes["augment"] == 0 and sizes.setdefault(count, role) != role:
            raise UserError(f"dataset-size: '{sizes[count]}' and '{role}' are both {count} models; make one smaller")
