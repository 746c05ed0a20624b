"""What a run says at its end: a short table, and where to look next."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.table import Table

from evaluate.claims import read_claims
from evaluate.verdicts import claims_table
from infra.progress import console
from infra.storage import Storage
from pipeline.config import Recipe

COLUMNS = (
    ("psnr_db", "PSNR dB", ".2f"),
    ("psnr_object_db", "object dB", ".2f"),
    ("ssim", "SSIM", ".3f"),
    ("mask_iou", "mask IoU", ".3f"),
)
ROWS = (("", "generator"), ("nearest_view/", "nearest training view"), ("mean_image/", "mean image"))
SPLITS = (("train", "training views"), ("unseen", "unseen views"))


def conclude(recipe: Recipe, workspace: Storage, tracking_uri: str, metrics: Mapping[str, float]) -> None:
    """Print the tables of metrics and of the recipe's claims, and three lines: the report, MLflow, what to try next."""
    claims = [c for c in read_claims(workspace / "evaluation") if f"{c.question}/{c.name}" in recipe.evaluate.claims]
    if shown := table(metrics):
        console.print(shown)
    if claims:
        console.print(claims_table(claims))
    flow = metrics.get("eval/correspondence/aepe_px")
    if flow is not None:
        zero = metrics["eval/correspondence/zero_flow/aepe_px"]
        console.print(f"keypoints along a morph: {flow:.2f} px off on average, {zero:.2f} px when left where they are")
    console.print(f"report    {workspace.url}/report.html")
    console.print(f"MLflow    {_mlflow(tracking_uri)}")
    console.print(f"next      {_next(recipe)}")


def table(metrics: Mapping[str, float]) -> Table | None:
    """Reconstruction of training and of unseen views, beside the floors; None where it was not asked."""
    shown = Table(title="Reconstruction", title_justify="left", title_style="bold", box=None, pad_edge=False)
    shown.add_column("")
    for _, title, _ in COLUMNS:
        shown.add_column(title, justify="right")
    for split, split_title in SPLITS:
        for prefix, title in ROWS:
            values = [metrics.get(f"eval/reconstruction/{split}/{prefix}{name}") for name, _, _ in COLUMNS]
            if any(value is not None for value in values):
                cells = ["" if v is None else format(v, f) for v, (_, _, f) in zip(values, COLUMNS, strict=True)]
                shown.add_row(f"{split_title}, {title}", *cells)
    return shown if shown.row_count else None


def _mlflow(uri: str) -> str:
    if uri.startswith(("http://", "https://")):
        return uri
    return f"{_command('mlflow')} ui --backend-store-uri '{uri}', then http://127.0.0.1:5000"


def _next(recipe: Recipe) -> str:
    script = Path(__file__).with_name("run.py")
    here = f"{_command('python')} {os.path.relpath(script)}"
    if recipe.render.source.kind == "folder":
        return f"{here} --recipe {recipe.name} --help, every field can be set"
    return f"your own GLB files, as <folder>/<class>/<name>.glb: {here} --recipe models --render.source.path <folder>"


def _command(name: str) -> str:
    """The shortest way to type a command of this environment."""
    path = Path(sys.executable).with_name(name)
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)
