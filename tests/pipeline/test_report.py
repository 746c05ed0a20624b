"""The report is one self-contained page, made of what a workspace holds so far."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from evaluate.claims import Claim, verdict, write_claims
from evaluate.config import ClaimConfig
from evaluate.questions import QUESTIONS
from infra.storage import Storage, open_storage
from infra.tracking import Run
from pipeline.report import write_report
from pipeline.report_claims import claim_row
from pipeline.report_numbers import metrics_table, shown
from pipeline.report_trainings import spaced, training_chart
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


@pytest.fixture
def workspace(tmp_path: Path) -> Storage:
    """Everything of a run, tiny."""
    storage = open_storage(tmp_path / "run")
    add_dataset(storage)
    add_training(storage)
    add_evaluation(storage)
    return storage


def test_nothing_is_loaded_from_elsewhere(workspace: Storage) -> None:
    add_answer(workspace, "morph")
    write_claims(workspace / "evaluation", [claim("morph", "a", 0.2, 0.3)])
    html = report(workspace)
    page = Page(html)
    mlflow = {link["href"] for link in page.of("a") if link["href"].startswith("http")}
    assert page.of("script") == []
    assert page.of("link") == []
    for _, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "srcset", "data"):
            assert re.match(r"data:image/|#|$", attributes.get(name, "")) or attributes[name] in mlflow
    assert mlflow == {f"http://mlflow:5000/#/experiments/7/runs/{run}" for run in ("run-of-generator", "run-of-morph")}
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
    inside = {link["href"] for link in page.of("a") if link["href"].startswith("#")}
    assert inside == {f"#{name}" for name in headings}


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


def test_a_database_of_mlflow_is_opened_by_a_command_and_its_runs_are_named(workspace: Storage) -> None:
    html = report(workspace, address("sqlite:////data/mlflow.db"))
    assert "mlflow ui --backend-store-uri &#39;sqlite:////data/mlflow.db&#39;" in html
    assert "<code>0123456789abcdef</code>" in html


def test_a_server_of_mlflow_is_linked_without_the_name_and_password_for_it(workspace: Storage) -> None:
    page = Page(report(workspace, Run("http://user:hidden@mlflow:5000/", "7", "abc").address))
    links = [link["href"] for link in page.of("a")]
    assert "http://mlflow:5000/#/experiments/7/runs/abc" in links
    assert "http://mlflow:5000/#/experiments/7/runs/run-of-generator" in links
    assert not any("user" in link or "hidden" in link for link in links)
    assert "hidden" not in report(workspace, Run("postgresql://user:hidden@db/mlflow", "7", "abc").address)


def test_sections_are_in_the_order_of_the_paper_and_say_where_it_asks(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    for name in ("something-else", *sorted(QUESTIONS)):
        add_answer(storage, name)
    html = report(storage)
    headings = [heading["id"] for heading in Page(html).of("h2")]
    assert headings[: len(QUESTIONS) + 1] == [f"question-{name}" for name in (*QUESTIONS, "something-else")]
    places = [html.index(question.place[1:]) for question in QUESTIONS.values()]
    assert places == sorted(places)


def test_every_claim_has_a_row_with_its_verdict_in_words(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    found = [
        claim("morph", "a", 0.2, 0.3),
        claim("reconstruction", "b", -0.3, 0.05, seeds=3),
        claim("morph", "c", -np.inf, np.inf),
    ]
    write_claims(storage / "evaluation", found)
    html = report(storage)
    Page(html)
    rows = Rows(html, "claims").rows[1:]
    assert [(row[0], row[1]) for row in rows] == [("fails", "5.4"), ("holds", "5.4"), ("open", "5.4")]
    assert [row[2] for row in rows] == ["<b> is smoothhow b", "<a> is smoothhow a", "<c> is smoothhow c"]
    assert [row[4] for row in rows] == ["−0.125 [−0.3, 0.05]", "0.25 [0.2, 0.3]", "– [−∞, ∞]"]
    assert [(row[5], row[6]) for row in rows] == [("> 0.1", "24 of 3 seeds"), ("> 0.1", "24"), ("> 0.1", "24")]
    assert "1 holds, 1 fails, 1 open" in html


@pytest.mark.parametrize(("direction", "left"), [("above", False), ("below", True)])
def test_a_bar_lies_on_the_shaded_side_when_the_claim_holds(direction: str, left: bool) -> None:
    low, high = (-0.3, 0.0) if left else (0.2, 0.3)
    bar = ET.fromstring(claim_row(replace(claim("morph", "a", low, high), direction=direction)).bar)
    side, line = bar[0], bar[2].get("d", "")
    start, end = map(float, re.findall(r"[MH](-?[\d.]+)", line))
    assert float(side.get("x", "")) <= start < end <= float(side.get("x", "")) + float(side.get("width", ""))


def test_without_claims_and_published_numbers_there_is_no_table_of_them(tmp_path: Path) -> None:
    workspace = open_storage(tmp_path)
    add_evaluation(workspace)
    html = report(workspace)
    assert not {"claims", "published"} & {heading["id"] for heading in Page(html).of("h2")}
    assert "<ul" not in html


def test_the_papers_numbers_stand_beside_ours(tmp_path: Path) -> None:
    workspace = open_storage(tmp_path)
    add_evaluation(workspace)
    add_answer(workspace, "morph", {"eval/morph/chair/mse": 0.004})
    published = {
        "eval/morph/chair/mse": 0.002,
        "eval/morph/table/mse": 0.002,
        "eval/reconstruction/train/psnr_db": 25.4,
        "eval/sampling/mse": 1.0,
    }
    assert Rows(report(workspace, published=published), "metrics").rows[:6] == [
        ["", "the paper", "here", "here ÷ paper"],
        ["Reconstruction, section 4.2"],
        ["train: PSNR, dB", "25.4", "26.4", "+1.0 dB"],
        [f"Morphs, {QUESTIONS['morph'].place}"],
        ["chair: MSE", "0.002", "0.004", "2 ×"],
        ["table: MSE", "0.002", "–", "–"],
    ]


def test_further_seeds_are_in_the_means_and_no_sections(tmp_path: Path) -> None:
    workspace = open_storage(tmp_path)
    for place, value in (("morph", 1.0), ("morph@1", 3.0), ("morph@2", 100.0)):
        add_answer(workspace, place, {"eval/morph/ghosts": value})
    html = report(workspace, seeds=[0, 1])
    headings = [heading["id"] for heading in Page(html).of("h2")]
    assert [name for name in headings if "morph" in name] == ["question-morph"]
    assert "Asked with 2 seeds" in html
    assert ["all", "2"] in Rows(html, "metrics").rows
    assert "run-of-morph@1" in html
    assert "Words of morph@1" not in html
    assert "run-of-morph@2" not in html
    assert "seeds: figures" not in report(workspace)


def test_many_trainings_are_one_table_with_what_asks_them_and_one_chart(workspace: Storage) -> None:
    for name in ("wide", "deep"):
        add_training(workspace, name)
    add_answer(workspace, "morph", trainings={"generator": "wide"})
    add_answer(workspace, "other", trainings={"plain": "deep", "deep": "deep", "narrow": "wide"})
    html = report(workspace)
    rows = Rows(html, "trainings").rows[1:]
    assert [row[:3] for row in rows] == [
        ["1", "deep", "Other (plain, deep)"],
        ["2", "generator", "–"],
        ["3", "wide", "Morphs; Other (narrow)"],
    ]
    assert {tuple(row[3:8]) for row in rows} == {("1s-S-deep, width × 0.5", "3", "500", "21.5", "700")}
    assert html.count("PSNR over the steps of every training") == 1
    assert html.count("Loss and PSNR over the steps of the training") == 1


def test_no_two_elements_share_a_name(workspace: Storage) -> None:
    for name in ("wide", "deep"):
        add_training(workspace, name)
    page = Page(report(workspace))
    names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(names) == len(set(names))


def test_the_page_is_hardly_larger_than_its_pictures(workspace: Storage) -> None:
    for number in range(12):
        add_training(workspace, f"training{number}")
        workspace.write_bytes(f"training/training{number}/history.csv", history(5000).to_csv(index=False).encode())
    names = [*(workspace / "evaluation").list(".png"), *(workspace / "evaluation").list(".gif")]
    pictures = sum(len(workspace.read_bytes(f"evaluation/{name}")) for name in names)
    assert len(report(workspace).encode()) < 4 / 3 * pictures + 400_000


def test_labels_keep_their_order_and_distance() -> None:
    wanted = [1.0, 0.9, 5.0, 9.9, 10.0]
    places = spaced(wanted, 0.5, 0, 10)
    assert places == pytest.approx([1.2, 0.7, 5.0, 9.5, 10.0])
    crowded = spaced([3.0] * 5, 1.0, 0, 4)
    assert sorted(crowded) == pytest.approx([0, 1, 2, 3, 4])


def test_the_curve_stays_small_however_long_the_training() -> None:
    svg = training_chart(history(100_000))
    assert len(svg) < 100_000
    assert ET.fromstring(svg).tag.endswith("svg")
    assert "PSNR on training batches" in svg


@pytest.mark.parametrize("rows", [0, 1])
def test_there_is_no_curve_without_two_points(rows: int) -> None:
    assert training_chart(history(rows)) == ""
    assert training_chart(pd.DataFrame()) == ""
