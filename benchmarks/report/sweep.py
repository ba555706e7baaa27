"""The report of a sweep: the table of its runs, parallel coordinates, and all learning curves in one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gymcc.benchmarks.report.figures import figure
from gymcc.benchmarks.report.markup import Markup, tag
from gymcc.benchmarks.report.page import write_page
from gymcc.benchmarks.report.parallel import Upright, colour, parallel_coordinates
from gymcc.benchmarks.report.svg import Series, axis_over, chart
from gymcc.benchmarks.report.words import digits, duration


@dataclass(frozen=True, slots=True)
class Run:
    """One training of a sweep."""

    name: str
    values: Mapping[str, Any]  # by key, as drawn; anything but a number is shown as text
    speedup: float  # of its best policy on the validation instances
    env_steps: int
    seconds: float
    ended_early: bool
    curve: Sequence[tuple[int, float]]  # environment steps, speed-up on validation


def write_sweep_report(
    path: Path, title: str, runs: Sequence[Run], log: Sequence[str], commands: Sequence[str]
) -> None:
    """Write ``runs``, best first, as one HTML file. ``log``: keys whose axis is logarithmic.

    Raises ValueError without runs.
    """
    if not runs:
        raise ValueError("a report of a sweep needs at least one run")
    keys = list(runs[0].values)
    axes = [_upright(key, runs, key in log) for key in keys]
    axes.append(Upright("speed-up", [run.speedup for run in runs]))
    picture = parallel_coordinates(axes, [run.speedup for run in runs], [_title(run) for run in runs])
    body = tag(
        "body",
        tag("h1", title),
        tag("p", _about(runs), class_="about"),
        tag("h2", "Settings and what came of them"),
        tag("div", picture, class_="wide"),
        tag("h2", "Learning curves"),
        figure(_curves(runs), "Speed-up on the validation instances"),
        tag("h2", "Runs"),
        tag("div", _table(runs, keys), class_="wide"),
        tag("h2", "To get this again"),
        *(tag("pre", command, class_="code") for command in commands),
    )
    write_page(path, title, body)


def text(value: Any) -> str:
    """A drawn value in few characters."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return digits(float(value)) if isinstance(value, float) else str(value)


def _about(runs: Sequence[Run]) -> str:
    early = sum(run.ended_early for run in runs)
    steps = sum(run.env_steps for run in runs)
    return (
        f"{len(runs)} trainings, {early} of them ended early, {steps:,} environment steps in all. The speed-up is that "
        "of a run's best policy, on the same validation instances for all. The winner was chosen on these instances: "
        "evaluate it on others."
    )


def _title(run: Run) -> str:
    return f"{run.name}: {run.speedup:.4g} with " + ", ".join(
        f"{key} {text(value)}" for key, value in run.values.items()
    )


def _upright(key: str, runs: Sequence[Run], log: bool) -> Upright:
    drawn = [run.values[key] for run in runs]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in drawn):
        return Upright(key, [float(value) for value in drawn], log)
    return Upright(key, [text(value) for value in drawn])


def _curves(runs: Sequence[Run]) -> Markup:
    best, worst = runs[0].speedup, runs[-1].speedup
    shares = [1.0 if best == worst else (run.speedup - worst) / (best - worst) for run in runs]
    series = [
        Series(run.name, [at for at, _ in run.curve], [found for _, found in run.curve], colour(share), 1.2 + share)
        for run, share in reversed(list(zip(runs, shares, strict=True)))
    ]
    points = [point for run in runs for point in run.curve]
    x = axis_over([float(at) for at, _ in points], "environment steps")
    return chart(series, x, axis_over([found for _, found in points], "speed-up"), width=960, height=320)


def _table(runs: Sequence[Run], keys: Sequence[str]) -> Markup:
    heads = ["run", *keys, "speed-up", "environment steps", "time", ""]
    rows = [
        tag(
            "tr",
            tag("td", run.name),
            *(tag("td", text(run.values[key])) for key in keys),
            tag("td", f"{run.speedup:.4g}"),
            tag("td", f"{run.env_steps:,}"),
            tag("td", duration(run.seconds)),
            tag("td", "ended early" if run.ended_early else ""),
            class_="ours" if run is runs[0] else None,
        )
        for run in runs
    ]
    return tag("table", tag("tr", *(tag("th", head) for head in heads)), *rows)
