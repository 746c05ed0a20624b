"""The report of experiments: the paper's order, claims, its numbers beside ours, several seeds and trainings."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from evaluate.claims import write_claims
from evaluate.questions import QUESTIONS
from infra.storage import Storage, open_storage
from pipeline.report_claims import claim_row
from pipeline.report_trainings import spaced, training_chart
from tests.pipeline.pages import (
    Page,
    Rows,
    add_answer,
    add_evaluation,
    add_training,
    claim,
    history,
    report,
)


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
