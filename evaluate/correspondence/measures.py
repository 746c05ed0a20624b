"""Figures of merit of correspondences, and how sure they are: errors of points in pixels of the paper's pictures.

The one idea: keypoints of one pair go wrong together, so intervals come from drawing whole pairs anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluate.claims import RESAMPLES

PAPER_PX = 128
"""Side of the paper's pictures, whose pixels all errors are given in."""
PCK = (0.05, 0.10, 0.15)
"""Shares of an object's size within which a keypoint counts as met."""
DIFFICULTIES = ("simple", "difficult")


def pck_name(share: float) -> str:
    """`pck_10` for a tenth of the object."""
    return f"pck_{round(100 * share):02d}"


def pair_errors(error_px: np.ndarray, symmetric_px: np.ndarray, object_px: float) -> dict[str, float]:
    """A pair's figures of merit from its keypoints' errors [k] and its object's size, all in pixels of one picture.

    aepe_px: average end-point error; aepe_symmetric_px: the same where a mirrored object counts as itself; pck_05,
    pck_10, pck_15: share of keypoints within that share of the longer side of the second object's box.
    """
    met = {pck_name(share): float((error_px <= share * object_px).mean()) for share in PCK}
    return {"aepe_px": float(error_px.mean()), "aepe_symmetric_px": float(symmetric_px.mean()), **met}


def pooled(values: np.ndarray, weights: np.ndarray, random: np.random.Generator) -> tuple[float, float, float]:
    """Mean over all points of pairs' means [n], weighted by their numbers of points [n], and its 95 % interval.

    Pairs are drawn anew. Pairs without a value (NaN) or a point are left out; without any all three are NaN, and one
    alone has no interval (-inf, inf).
    """
    there = np.isfinite(values) & (weights > 0)
    values, weights = values[there], weights[there].astype(np.float64)
    if not len(values):
        return np.nan, np.nan, np.nan
    mean = float(np.average(values, weights=weights))
    if len(values) < 2:
        return mean, -np.inf, np.inf
    drawn = random.integers(len(values), size=(RESAMPLES, len(values)))
    means = (values * weights)[drawn].sum(axis=1) / weights[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return mean, float(low), float(high)


def summarised(pairs: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Means over pairs with intervals: a row a method, group (all, simple, difficult, each class) and measure.

    `pairs` has a row a pair and method: method, class_name, difficulty, keypoints, dense_points and the measures.
    """
    groups = {"all": np.ones(len(pairs), bool)}
    groups |= {each: (pairs["difficulty"] == each).to_numpy() for each in DIFFICULTIES}
    groups |= {name: (pairs["class_name"] == name).to_numpy() for name in dict.fromkeys(pairs["class_name"])}
    measures = ["aepe_px", "aepe_symmetric_px", *map(pck_name, PCK), "dense_aepe_px", "seconds"]
    rows = []
    for method in dict.fromkeys(pairs["method"]):
        for group, inside in groups.items():
            own = pairs[inside & (pairs["method"] == method).to_numpy()]
            for measure in measures:
                count = {"dense_aepe_px": own["dense_points"], "seconds": own["keypoints"] > 0}
                weights = count.get(measure, own["keypoints"]).to_numpy()
                value, low, high = pooled(own[measure].to_numpy(np.float64), weights, random)
                rows.append((method, group, measure, value, low, high, len(own)))
    return pd.DataFrame(rows, columns=["method", "group", "measure", "value", "low", "high", "pairs"])


def table3(summary: pd.DataFrame) -> pd.DataFrame:
    """The paper's Table 3, a row a method: aepe_all, aepe_simple, aepe_difficult (pixels at 128), pck_10, seconds."""
    value = summary.set_index(["method", "group", "measure"])["value"]
    rows = []
    for method in dict.fromkeys(summary["method"]):
        errors = {f"aepe_{group}": value[method, group, "aepe_px"] for group in ("all", *DIFFICULTIES)}
        rows.append({"method": method, **errors, "pck_10": value[method, "all", "pck_10"]})
        rows[-1]["seconds"] = value[method, "all", "seconds"]
    return pd.DataFrame(rows)


def claim_tables(pairs: pd.DataFrame, rivals: Sequence[str], ours: str) -> dict[str, pd.DataFrame]:
    """Values of the claims, a row a pair (columns sample, value), by the claim's name.

    beats-<rival>: the rival's error less ours; beats-<rival>-difficult and -simple: of those pairs.
    difficult-hurts-less-than-<rival>: by how much a difficult pair raises the rival's error over its mean on simple
    ones, less the same of ours.
    """
    errors = pairs.pivot(index="pair", columns="method", values="aepe_px")
    difficulty = pairs.drop_duplicates("pair").set_index("pair")["difficulty"].reindex(errors.index)
    tables = {}
    for rival in rivals:
        ahead = errors[rival] - errors[ours]
        tables[f"beats-{rival}"] = ahead
        for each in DIFFICULTIES:
            tables[f"beats-{rival}-{each}"] = ahead[difficulty == each]
        hurt = {method: errors[method] - errors[method][difficulty == "simple"].mean() for method in (rival, ours)}
        tables[f"difficult-hurts-less-than-{rival}"] = (hurt[rival] - hurt[ours])[difficulty == "difficult"]
    return {name: pd.DataFrame({"sample": values.index, "value": values.to_numpy()}) for name, values in tables.items()}
