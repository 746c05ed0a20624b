"""The report is one self-contained page, made of what a workspace holds so far."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from evaluate.claims import write_claims
from infra.storage import Storage, open_storage
from infra.tracking import Run
from pipeline.report_numbers import metrics_table, shown
from tests.pipeline.pages import (
    METRICS,
    Page,
    add_answer,
    add_dataset,
    add_evaluation,
    add_training,
    address,
    claim,
    report,
)


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
