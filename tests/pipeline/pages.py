"""Workspaces to make reports of, file by file, and readers of the pages that come out."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from evaluate.claims import Claim, verdict
from evaluate.config import ClaimConfig
from infra.storage import Storage
from pipeline.report import write_report
from render.dataset import Manifest, Shard, Style
from train.checkpoint import GeneratorSpec

METRICS = {
    "eval/reconstruction/train/mse": 0.0023,
    "eval/reconstruction/train/psnr_db": 26.38,
    "eval/reconstruction/train/mask_iou": 0.955,
    "eval/reconstruction/train/mean_image/psnr_db": 15.21,
    "eval/reconstruction/train/nearest_view/psnr_db": 19.07,
    "eval/reconstruction/train/chair/psnr_db": 27.0,
    "eval/reconstruction/unseen/psnr_db": 20.12,
}


class Page(HTMLParser):
    """Tags of a page with their attributes, and a check that they close in order."""

    VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def report(workspace: Storage, run: dict[str, str] | None = None, **evaluate: Any) -> str:
    settings = {"name": "tiny", "seed": 3, "train": {"steps": 500, "select": {"classes": ["chair"]}}}
    url = write_report(workspace, title="tiny", settings={**settings, "evaluate": evaluate}, run=run)
    assert url == f"{workspace.url}/report.html"
    return workspace.read_bytes("report.html").decode()


def address(uri: str, run: str = "0123456789abcdef") -> dict[str, str]:
    return {"uri": uri, "experiment": "7", "id": run}


def picture(kind: str, width: int = 24) -> bytes:
    frames = [Image.fromarray(np.full((16, width, 3), level, np.uint8)) for level in (40, 200)]
    data = io.BytesIO()
    frames[0].save(data, kind, **({"save_all": True, "append_images": frames[1:]} if kind == "GIF" else {}))
    return data.getvalue()


def add_dataset(workspace: Storage) -> None:
    manifest = Manifest(
        schema_version=1,
        digest="d1" * 32,
        inputs_digest="e2" * 32,
        settings={},
        software={"bpy": "4.5.15"},
        size=64,
        azimuths_deg=[0.0, 90.0, 180.0, 270.0],
        elevations_deg=[10.0, 20.0],
        classes=["chair", "table"],
        styles=[Style(id=f"m{i}", class_name="chair" if i else "table", index=i) for i in range(3)],
        shards=[Shard(name="chair-000000.tar", samples=24, bytes=1_500_000, sha256="0" * 64)],
        views=24,
        failed_models=2,
    )
    workspace.write_json("dataset/manifest.json", manifest.model_dump(mode="json"))
    workspace.write_bytes("dataset/preview/chair.png", picture("PNG"))


def add_training(workspace: Storage, name: str = "generator") -> None:
    spec = GeneratorSpec(
        name=name,
        architecture="1s-S-deep",
        size=64,
        width=0.5,
        styles=["m0", "m1", "m2"],
        style_classes=["table", "chair", "chair"],
        dataset_digest="d1" * 32,
        steps=500,
        final={"psnr_db": 21.5},
    )
    workspace.write_json(f"training/{name}/generator.json", spec.model_dump(mode="json"))
    workspace.write_bytes(f"training/{name}/history.csv", history(20).to_csv(index=False).encode())
    workspace.write_json(f"training/{name}/run.json", address("http://mlflow:5000", f"run-of-{name}"))


def add_evaluation(workspace: Storage, title: str = "chair: views") -> None:
    figures = [
        {"file": "views-chair.png", "title": title, "caption": "Truth above."},
        {"file": "turntable-chair.gif", "title": "chair: a full turn", "caption": "Generated."},
    ]
    folder = workspace / "evaluation" / "reconstruction"
    folder.write_bytes("views-chair.png", picture("PNG", width=1200))
    folder.write_bytes("turntable-chair.gif", picture("GIF"))
    summary = {
        "question": "reconstruction",
        "metrics": METRICS,
        "figures": figures,
        "text": "Redrawn at 26.4 dB.",
    }
    folder.write_json("summary.json", {**summary, "inputs_digest": "x"})


def add_answer(
    workspace: Storage, place: str, metrics: dict[str, float] | None = None, trainings: dict[str, str] | None = None
) -> None:
    summary = {"question": place.partition("@")[0], "text": f"Words of {place}.", "metrics": metrics or {}}
    found = {"figures": [], "trainings": trainings or {}, "run": address("http://mlflow:5000", f"run-of-{place}")}
    workspace.write_json(f"evaluation/{place}/summary.json", {**summary, **found})


def claim(question: str, name: str, low: float, high: float, margin: float = 0.1, seeds: int = 1) -> Claim:
    config = ClaimConfig(section="5.4", says=f"<{name}> is smooth", effect=f"how {name}", margin=margin)
    value, found = (low + high) / 2, verdict(low, high, config)
    return Claim(question, name, "5.4", config.says, config.effect, "above", margin, value, low, high, 24, seeds, found)


class Rows(HTMLParser):
    """The text of every row of the tables of a class, cell by cell."""

    def __init__(self, html: str, kind: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._kind, self._inside, self._cell = kind, False, False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._inside = dict(attrs).get("class") == self._kind
        if self._inside and tag == "tr":
            self.rows.append([])
        if self._inside and tag in ("td", "th"):
            self.rows[-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "table"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        if self._inside and self._cell:
            self.rows[-1][-1] += data


def history(rows: int) -> pd.DataFrame:
    step = np.arange(1, rows + 1)
    return pd.DataFrame({"step": step, "loss": 1e3 / step, "psnr_db": 10 + np.log(step), "images_per_s": 700.0})
