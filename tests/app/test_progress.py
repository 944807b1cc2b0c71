"""A long piece of work says how far it is, and not too often."""

from __future__ import annotations

import pytest

from app.progress import Bar, clock_of, line


def test_a_line_of_progress() -> None:
    assert line("Looking", "rows", 0.0, (0, 0.0), (0, 0.0)) == f"Looking [{'-' * 24}]   0%  0 rows"
    said = line("Looking", "rows", 10.0, (5000, 0.25), (15000, 0.5))
    assert said == f"Looking [{'#' * 12}{'-' * 12}]  50%  15,000 rows  1,000/s  0:20 left"
    assert [clock_of(s) for s in (0.4, 61, 3723)] == ["0:00", "1:01", "1:02:03"]


def test_progress_is_drawn_seldom(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 1.0, 2.0, 4.0, 4.5, 8.0])
    bar = Bar("Looking", clock=lambda: next(times))
    for count in range(5):
        bar.told(count, count / 5)
    assert len(capsys.readouterr().err.splitlines()) == 2
