"""Which network draws best (section 4.2, Table 1, Fig. 4)?

The one idea: all networks learn the same views in as many steps, and each is measured on the very same training views.
"""

from __future__ import annotations

import pandas as pd
import torch

from evaluate.comparisons.config import DEEP, NARROW, WIDE, ArchitecturesConfig
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
from train.architectures import ArchitectureName, NetworkSpec, Size
from train.generator import Generator

FIGURE_ORDER = ("2s-E", "2s-S", NARROW, WIDE, DEEP)
"""Columns of Fig. 4."""
PAPER_MSE = {DEEP: 2.90e-3, NARROW: 3.51e-3, WIDE: 3.41e-3, "2s-E": 3.44e-3, "2s-S": 3.43e-3}
"""Table 1. Which of 3.43 and 3.44 is 2s-S's its layout leaves open; in the order of the printed row, 2s-E comes first.
"""


def architectures(panel: Panel, config: ArchitecturesConfig, answer: Answer) -> None:
    """Errors of the networks on training views of the same models.

    Metrics: `<network>/<metric>` (`metrics.POOLED`) and `<network>/expanding_parameters`, of the network as in Table 1
    at 128 px. Files: table1.csv, views.parquet with every view's errors, and the figures of `side_by_side.pictures`.

    claim-deep-best, a value a model: by how much 1s-S-deep's error is below that of the next best network (by the mean
    over the models), as a share of it. claim-width-alone: 1s-S-wide's below 1s-S's.

    Raises `UserError` when the networks were not trained on the same views.
    """
    networks = [name for name in FIGURE_ORDER if name in panel.subjects]
    views = training_views(panel.subjects[DEEP])
    for name in networks:
        if list(training_views(panel.subjects[name])["key"]) != list(views["key"]):
            raise UserError(f"architectures: '{name}' and '{DEEP}' learnt other views; give both the same train.select")
    views = some_of(views, config.views, panel.subjects[DEEP].seed)
    errors = measured(panel, dict.fromkeys(networks, views), config.ssim)
    errors.to_parquet(answer.folder / "views.parquet", index=False)

    table = pooled_by_role(errors, networks, answer)
    specs = {name: panel.subjects[name].generator.spec for name in networks}
    table["paper_mse"] = pd.Series(PAPER_MSE)
    table["expanding_parameters"] = [expanding_parameters(specs[name].architecture) for name in networks]
    table["expanding_parameters_trained"] = [
        panel.subjects[name].generator.network.expanding_parameters() for name in networks
    ]
    table["size"], table["width"] = specs[DEEP].size, specs[DEEP].width
    table["steps"] = [specs[name].steps for name in networks]
    for name in networks:
        answer.metric(f"{name}/expanding_parameters", table["expanding_parameters"][name])
    answer.table("table1", table.rename_axis("network").reset_index())

    models = by_model(errors)
    rival = models.drop(columns=DEEP).mean().idxmin()
    answer.table("claim-deep-best", gain(models[DEEP], models[rival]))
    width = ""
    if {NARROW, WIDE} <= set(networks):
        wider = gain(models[WIDE], models[NARROW])
        answer.table("claim-width-alone", wider)
        width = f" {WIDE}'s is {_share(wider)} {NARROW}'s (paper: 2.8 % below)."
    pictures(panel, errors, {name: name for name in networks}, config, answer, "Networks on training views")
    depth = _share(gain(models[DEEP], models[rival]))
    ours = ", ".join(f"{name} {1e3 * table['mse'][name]:.2f}" for name in networks)
    answer.text = (
        f"The paper finds {DEEP} clearly better than all other networks, to the eye and in error (2.90 against 3.41 of "
        f"the next, 10⁻³). Mean squared error here on {len(views)} training views of {len(models)} models, 10⁻³: "
        f"{ours}. Model by model, {DEEP}'s is {depth} that of {rival}, the next best (paper: 15 % below).{width}"
    )


def _share(gains: pd.DataFrame) -> str:
    mean = 100 * gains["value"].mean()
    return f"{abs(mean):.1f} % {'below' if mean > 0 else 'above'}"


def expanding_parameters(architecture: ArchitectureName, size: Size = 128, width: float = 1.0) -> int:
    """Parameters of a network from FC5 on, as Table 1 counts them at 128 px; nothing is allocated."""
    with torch.device("meta"):
        spec = NetworkSpec(architecture=architecture, size=size, width=width, styles=1)
        return Generator(spec).expanding_parameters()
