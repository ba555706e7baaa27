"""Parallel coordinates: where lines run, and what is written at the axes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gymcc.benchmarks.report.parallel import Upright, colour, parallel_coordinates
from gymcc.benchmarks.report.sweep import Run, write_sweep_report


def test_axes_place_numbers_logarithms_and_names() -> None:
    assert [Upright("a", [0.0, 5.0, 10.0]).at(value) for value in (0.0, 5.0, 10.0)] == [0, 0.5, 1]
    assert Upright("a", [1e-4, 1e-2], log=True).at(1e-3) == pytest.approx(0.5)
    assert [Upright("a", ["x", "z", "y"]).at(name) for name in "xyz"] == [0, 0.5, 1]
    assert Upright("a", [3.0, 3.0]).at(3.0) == 0.5


def test_the_best_run_is_drawn_last_and_in_our_colour() -> None:
    drawn = parallel_coordinates([Upright("a", [1.0, 2.0, 3.0])], [5.0, 9.0, 7.0], ["five", "nine", "seven"])
    assert re.findall("<title>(.*?)</title>", drawn) == ["five", "seven", "nine"]
    assert colour(1.0) in drawn.split("<title>nine")[0].rsplit("<path", 1)[1]


def test_a_report_names_every_run_and_escapes_what_was_drawn(tmp_path: Path) -> None:
    runs = [
        Run("one", {"lr": 0.001, "layers": [8, 8], "name": "<b>"}, 2.0, 100, 3.0, False, [(50, 1.5), (100, 2.0)]),
        Run("two", {"lr": 0.1, "layers": [4], "name": "c"}, 1.0, 50, 1.0, True, [(50, 1.0)]),
    ]
    path = tmp_path / "report.html"
    write_sweep_report(path, "a sweep", runs, ["lr"], ["gymcc sweep x"])
    page = path.read_text()
    assert all(text in page for text in ("one", "two", "8 8", "ended early", "gymcc sweep x"))
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    with pytest.raises(ValueError, match="at least one run"):
        write_sweep_report(path, "none", [], [], [])
