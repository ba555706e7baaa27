"""The report: one HTML file without scripts, fonts or pictures from elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gymcc.benchmarks.report import figures, verdict
from gymcc.benchmarks.report.markup import Markup, tag
from gymcc.benchmarks.report.style import CSS
from gymcc.benchmarks.report.summary import Outcomes, best_of, outcomes, per_instance, summarise
from gymcc.benchmarks.report.tables import Step, methods_table, steps_table
from gymcc.envs.core.record import Record

DEFINITIONS = (
    "Speed-up is the cost of the instance's default (the start state) over the cost of what a method found, both seen "
    "by the same process. Means over instances are geometric; several runs of one instance are averaged first. The "
    "interquartile mean (IQM) leaves out the lowest and highest quarter. Intervals are 95 % percentile bootstraps over "
    "instances. A method is only said to beat another if the interval of their per-instance ratio excludes 1. "
    "“Speed-up” counts the best state on a method's path, “of last state” the one it ended in; a regression is an "
    "instance whose last state costs over 1 % more than the default."
)


def write_report(
    path: Path,
    *,
    title: str,
    records: Sequence[Record],
    metrics: Sequence[Mapping[str, Any]] | None = None,
    worked: Sequence[Step] | None = None,
    config: str | None = None,
    commands: Sequence[str] = (),
    unit: str = "seconds",
    ours: str = "policy",
) -> None:
    """Write the comparison of ``records`` (one per instance, method and run) to ``path`` as one HTML file.

    ``metrics``: rows of ``metrics.jsonl`` for the learning curve. ``worked``: one instance step by step, as (action,
    state as text, cost), the start with an empty action. ``config``: the configuration's text. ``commands``: what to
    type to get these figures again. ``unit``: of cost. ``ours``: the method the report is about, by default the policy;
    where there is none, the best method. The file is replaced as a whole. Raises ValueError without records.
    """
    if not records:
        raise ValueError("a report needs at least one record")
    body = _body(title, records, metrics or (), worked or (), config, commands, unit, ours)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup(CSS)),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(f"<!doctype html>\n{tag('html', head, body, lang='en')}\n", encoding="utf-8")
    os.replace(partial, path)


def _body(
    title: str,
    records: Sequence[Record],
    metrics: Sequence[Mapping[str, Any]],
    worked: Sequence[Step],
    config: str | None,
    commands: Sequence[str],
    unit: str,
    ours: str,
) -> Markup:
    rows, runs = summarise(records), outcomes(records)
    if ours not in runs:
        ours = max((record.method for record in records), key=lambda method: _speedup(rows, method))
    looks = figures.styles(runs, ours)
    return tag(
        "body",
        tag("h1", title),
        tag("p", _about(records), class_="about"),
        *_summary(runs, rows, ours),
        tag("h2", "Methods"),
        methods_table(rows, looks),
        tag("p", DEFINITIONS, class_="note"),
        *_learning(metrics),
        tag("h2", "Quality against effort"),
        tag("div", figures.anytime_pair(records, runs, looks), class_="pair"),
        *_by_instance(runs, ours, looks),
        *_worked(worked, records, unit),
        *_again(records, config, commands),
    )


def _speedup(rows: Sequence[Mapping[str, Any]], method: str) -> float:
    return float(next(row["speedup_geomean"] for row in rows if row["method"] == method))


def _about(records: Sequence[Record]) -> str:
    first = records[0]
    kind = "deterministic costs" if first.deterministic else "measured costs"
    machine = f" on {first.machine['cpu']}" if first.machine.get("cpu") else ""
    count = len({record.instance for record in records})
    return f"{first.env} · {count} instances · {kind}{machine} · {len(records)} records"


def _summary(runs: Outcomes, rows: Sequence[Mapping[str, Any]], ours: str) -> list[Markup]:
    row = next(row for row in rows if row["method"] == ours)
    against = verdict.compared(runs, ours, verdict.strongest(rows, ours))
    boxes = [tag("div", tag("b", value), text) for value, text in verdict.cards(row, against)]
    return [tag("p", verdict.sentences(runs, row, against), class_="lead"), tag("div", *boxes, class_="cards")]


def _learning(metrics: Sequence[Mapping[str, Any]]) -> list[Markup]:
    panels = figures.learning(metrics)
    return [tag("h2", "Learning curve"), tag("div", *panels, class_="panels")] if panels else []


def _by_instance(runs: Outcomes, ours: str, looks: Mapping[str, figures.Style]) -> list[Markup]:
    rest = {
        name: per_instance(found) for name, found in runs.items() if name != ours and found[0].evaluations is not None
    }
    if not rest:
        return []
    theirs, name = (best_of(rest.values()), "best search") if len(rest) > 1 else next((s, n) for n, s in rest.items())
    pictures = [figures.profile(runs, looks)]
    own = per_instance(runs[ours])
    if set(own) & set(theirs):
        pictures.insert(0, figures.scatter(own, theirs, (ours, name), looks))
    return [tag("h2", "Instances"), tag("div", *pictures, class_="pair")]


def _worked(steps: Sequence[Step], records: Sequence[Record], unit: str) -> list[Markup]:
    if not steps:
        return []
    costs = [cost for _, _, cost in steps]
    record = next((record for record in records if record.costs == costs), None)
    best = min(range(len(costs)), key=costs.__getitem__)
    found = f" by {record.method} on {record.instance}" if record else ""
    sides = [("Default", steps[0][1]), (f"After {best} actions" if best != 1 else "After 1 action", steps[best][1])]
    nests = [tag("div", tag("h3", head), tag("pre", text)) for head, text in sides]
    flops = record.extra.get("flops") if record else None
    return [
        tag("h2", f"One instance worked through{found}"),
        tag("div", *nests, class_="pair"),
        steps_table(steps, unit, flops),
    ]


def _again(records: Sequence[Record], config: str | None, commands: Sequence[str]) -> list[Markup]:
    first = records[0]
    facts = {
        "environment": f"{first.env} {json.dumps(first.options, sort_keys=True)}",
        "seeds": ", ".join(map(str, sorted({record.seed for record in records}))),
        **{f"version: {name}": version for name, version in sorted(first.versions.items())},
        **{f"machine: {name}": value for name, value in sorted(first.machine.items())},
    }
    listed = [part for name, value in facts.items() for part in (tag("dt", name), tag("dd", value))]
    text = "\n".join(commands) or "gymcc verify records/*.jsonl    # beside this file: replays every record"
    found = [tag("h2", "How to get these figures again"), tag("pre", text), tag("dl", *listed)]
    return [*found, tag("details", tag("summary", "configuration"), tag("pre", config))] if config else found
