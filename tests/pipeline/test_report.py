"""The report is one self-contained page, made of what a workspace holds so far."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from infra.storage import Storage, open_storage
from pipeline.report import write_report
from pipeline.report_numbers import metrics_table, shown, training_chart
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


def report(workspace: Storage, tracking_uri: str | None = None) -> str:
    settings = {"name": "tiny", "seed": 3, "train": {"steps": 500, "select": {"classes": ["chair"]}}}
    url = write_report(workspace, title="tiny", settings=settings, tracking_uri=tracking_uri)
    assert url == f"{workspace.url}/report.html"
    return workspace.read_bytes("report.html").decode()


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


def add_training(workspace: Storage) -> None:
    spec = GeneratorSpec(
        name="generator",
        architecture="1s-S-deep",
        size=64,
        width=0.5,
        styles=["m0", "m1", "m2"],
        style_classes=["table", "chair", "chair"],
        dataset_digest="d1" * 32,
        steps=500,
    )
    workspace.write_json("training/generator/generator.json", spec.model_dump(mode="json"))
    workspace.write_bytes("training/generator/history.csv", history(20).to_csv(index=False).encode())


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


def history(rows: int) -> pd.DataFrame:
    step = np.arange(1, rows + 1)
    return pd.DataFrame({"step": step, "loss": 1e3 / step, "psnr_db": 10 + np.log(step), "images_per_s": 700.0})


@pytest.fixture
def workspace(tmp_path: Path) -> Storage:
    """Everything of a run, tiny."""
    storage = open_storage(tmp_path / "run")
    add_dataset(storage)
    add_training(storage)
    add_evaluation(storage)
    return storage


def test_nothing_is_loaded_from_elsewhere(workspace: Storage) -> None:
    html = report(workspace)
    page = Page(html)
    assert page.of("script") == []
    assert page.of("link") == []
    for _, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "srcset", "data"):
            assert re.match(r"data:image/|#|$", attributes.get(name, ""))
    assert set(re.findall(r"url\((.)", html)) <= {"#"}
    assert "@import" not in html


def test_pictures_are_the_files_themselves_and_have_words_and_sizes(workspace: Storage) -> None:
    images = Page(report(workspace)).of("img")
    inlined = {base64.b64decode(image["src"].partition("base64,")[2]) for image in images}
    names = ("evaluation/reconstruction/views-chair.png", "evaluation/reconstruction/turntable-chair.gif")
    assert inlined == {workspace.read_bytes(name) for name in (*names, "dataset/preview/chair.png")}
    assert all(image["alt"] for image in images)
    assert sorted(int(image["width"]) for image in images) == [24, 24, 1200]


def test_moving_pictures_come_first_and_figures_before_numbers(workspace: Storage) -> None:
    html = report(workspace)
    places = [html.index(mark) for mark in ("data:image/gif", "<h2", "data:image/png", "<table", "<svg")]
    assert places == sorted(places)


def test_the_generator_stands_beside_the_floors() -> None:
    table = metrics_table("reconstruction", METRICS)
    assert table is not None
    assert table.columns == ["PSNR, dB", "mask IoU", "MSE"]
    assert [(row.label, list(row.cells)) for row in table.rows] == [
        ("Views shown in training", []),
        ("the generator", ["26.4", "0.955", "0.0023"]),
        ("the mean training view", ["15.2", "–", "–"]),
        ("the nearest training view", ["19.1", "–", "–"]),
        ("the generator, chair", ["27.0", "–", "–"]),
        ("Views never shown", []),
        ("the generator", ["20.1", "–", "–"]),
    ]


def test_metrics_of_any_question_make_a_table() -> None:
    metrics = {"eval/flow/aepe_px": 3.214, "eval/flow/zero_flow/aepe_px": 5.5, "eval/flow/pairs": 8.0}
    table = metrics_table("flow", metrics)
    assert table is not None
    assert [(row.label, list(row.cells)) for row in table.rows] == [
        ("all", ["3.21", "8"]),
        ("zero flow", ["5.50", "–"]),
    ]
    assert metrics_table("flow", {}) is None


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("psnr_db", 26.05, "26.1"),
        ("mask_iou", 0.95, "0.950"),
        ("mse", 0.00251, "0.0025"),
        ("mse", 0.00002, "2e-05"),
        ("views", 2430.0, "2,430"),
        ("broken_frames", 0.0, "0"),
        ("psnr_db", None, "–"),
    ],
)
def test_numbers_show_the_digits_that_mean_something(name: str, value: float | None, text: str) -> None:
    assert shown(name, value) == text


def test_an_empty_workspace_still_makes_a_page(tmp_path: Path) -> None:
    page = Page(report(open_storage(tmp_path)))
    assert [heading["id"] for heading in page.of("h2")] == ["settings", "run"]
    assert page.of("img") == []


def test_a_part_that_is_missing_leaves_its_section_out(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    add_dataset(storage)
    assert [heading["id"] for heading in Page(report(storage)).of("h2")] == ["dataset", "settings", "run"]
    add_training(storage)
    assert Page(report(storage)).of("h2")[0]["id"] == "training"
    add_evaluation(storage)
    assert Page(report(storage)).of("h2")[0]["id"] == "question-reconstruction"


def test_every_link_of_the_contents_has_its_section(workspace: Storage) -> None:
    page = Page(report(workspace))
    headings = {heading["id"] for heading in page.of("h2")}
    assert {link["href"] for link in page.of("a")} == {f"#{name}" for name in headings}


def test_settings_dataset_and_training_are_told(workspace: Storage) -> None:
    html = report(workspace)
    for words in (
        "2 chair, 1 table",
        "3 models (chair and table), 24 rendered views",
        "d1" * 32,
        "2 of the models, see failures.parquet",
        "1s-S-deep, width × 0.5",
        "700 pictures a second",
        "select.classes",
    ):
        assert words in html


def test_names_of_models_are_text_and_never_markup(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    add_evaluation(storage, title='<script>alert("chair")</script>')
    html = report(storage)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_the_same_workspace_makes_the_same_page(workspace: Storage) -> None:
    assert report(workspace) == report(workspace)


def test_mlflow_is_opened_by_a_command_and_no_password_is_shown(workspace: Storage) -> None:
    html = report(workspace, "sqlite:////data/mlflow.db")
    assert "mlflow ui --backend-store-uri" in html
    assert "sqlite:////data/mlflow.db" in html
    assert "hidden" not in report(workspace, "postgresql://user:hidden@db/mlflow")
    page = report(workspace, "http://user:hidden@mlflow:5000")
    assert "mlflow:5000" in page
    assert "hidden" not in page


def test_the_curve_stays_small_however_long_the_training() -> None:
    svg = training_chart(history(100_000))
    assert len(svg) < 100_000
    assert ET.fromstring(svg).tag.endswith("svg")
    assert "PSNR on training batches" in svg


@pytest.mark.parametrize("rows", [0, 1])
def test_there_is_no_curve_without_two_points(rows: int) -> None:
    assert training_chart(history(rows)) == ""
    assert training_chart(pd.DataFrame()) == ""
