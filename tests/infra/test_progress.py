"""Progress says how much, how fast and how long still, and counts this run's work alone."""

from __future__ import annotations

import pytest

from infra import progress
from infra.progress import Progress


def test_a_log_gets_lines_with_rate_and_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURNERY_SECONDS_BETWEEN_LINES", "0")
    with Progress("rendering", 100, "views") as bar:
        bar.start_from(40)
        bar._start -= 200  # as if 200 s had passed
        bar.update(50, "2 of 9 models")
    lines = capsys.readouterr().out.splitlines()
    # 10 views of this run in 200 s; the 40 that were there before do not count.
    assert lines[0] == "rendering: 50/100 views, 3.0 views/min, 16:40 left, 2 of 9 models"
    assert lines[1] == "rendering: 50/100 views in 3:20"


def test_hours_are_written_as_hours() -> None:
    assert progress._clock(59.6) == "1:00"
    assert progress._clock(3 * 3600 + 61) == "3:01:01"


def test_no_rate_is_told_before_there_is_time_to_measure_one() -> None:
    bar = Progress("train", 12, "steps")
    bar.start_from(0)
    bar.update(5)
    assert bar.line() == "5/12 steps"
