"""The report: one HTML file without scripts, fonts or pictures from elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gymcc.benchmarks.report import figures, verdict
from gymcc.benchmarks.report.heuristic import heuristic_section
from gymcc.benchmarks.report.markup import Markup, tag
from gymcc.benchmarks.report.style import CSS
from gymcc.benchmarks.report.summary import Outcomes, best_of, counted, outcomes, per_instance, summarise
from gymcc.benchmarks.report.tables import importance_table, methods_table
from gymcc.benchmarks.report.worked import Worked, worked_section
from gymcc.envs.core.record import Record

DEFINITIONS = (
    "Speed-up is the cost of the instance's default (the start state) over the cost of what a method found, both seen "
    "by the same process. Means over instances are geometric; several runs of one instance are averaged first. The "
    "interquartile mean (IQM) leaves out the lowest and highest quarter. Intervals are 95 % percentile bootstraps over "
    "instances. A method is only said to beat another if the interval of their per-instance ratio excludes 1. "
    "A regression is an instance whose last state costs over 1 % more than the default. Against the heuristic, too, "
    "last states are compared: costs that differ by at most 1e-9 of each other, or by 1 % where they are measured, are "
    "the same."
)

COUNTED = {  # by whether the last state counts
    False: "“Speed-up” counts the best state on a method's path, “of last state” the one it ended in. ",
    True: "“Speed-up” counts the state that a method ended in, as one may stop at will; what was better on the way, "
    "“of best on path”, was not kept. Searches end in the best state that they have seen. ",
}


@dataclass(frozen=True, slots=True)
class _Comparison:
    """The records and what is drawn from them."""

    records: Sequence[Record]
    rows: Sequence[Mapping[str, Any]]
    runs: Outcomes
    ours: str
    looks: Mapping[str, figures.Style]

    @classmethod
    def of(cls, records: Sequence[Record], ours: str, last_counts: bool) -> _Comparison:
        rows, runs = summarise(records, last_counts), outcomes(records, last_counts)
        if ours not in runs:
            ours = max((record.method for record in records), key=lambda method: _speedup(rows, method))
        return cls(records, rows, runs, ours, figures.styles(runs, ours))


def write_report(
    path: Path,
    *,
    title: str,
    records: Sequence[Record],
    metrics: Sequence[Mapping[str, Any]] | None = None,
    worked: Worked | None = None,
    importance: Mapping[str, Any] | None = None,
    config: str | None = None,
    commands: Sequence[str] = (),
    unit: str = "seconds",
    ours: str = "policy",
    last_counts: bool = False,
) -> None:
    """Write the comparison of ``records`` (one per instance, method and run) to ``path`` as one HTML file.

    ``metrics``: rows of ``metrics.jsonl`` for the learning curve. ``worked``: one instance step by step.
    ``importance``: of the policy's features, as ``{"instances": int, "states": int, "features": [[name, share of
    decisions that change without it, ratio of costs or None], ...]}``. ``config``: the configuration's text.
    ``commands``: what to type to get these figures again. ``unit``: of cost. ``ours``: the method the report is about,
    by default the policy; where there is none, the best method. ``last_counts``: whether last states are compared, not
    the best on the path. The file is replaced as a whole. Raises ValueError without records.
    """
    if not records:
        raise ValueError("a report needs at least one record")
    seen = _Comparison.of(records, ours, last_counts)
    body = tag(
        "body",
        tag("h1", title),
        tag("p", _about(records), class_="about"),
        *_summary(seen),
        tag("h2", "Methods"),
        methods_table(seen.rows, seen.looks),
        tag("p", COUNTED[last_counts], DEFINITIONS, class_="note"),
        *heuristic_section(seen.runs, seen.ours),
        *_learning(metrics or ()),
        tag("h2", "Quality against effort"),
        tag("div", figures.anytime_pair(records, seen.runs, seen.looks), class_="pair"),
        *_by_instance(seen),
        *_importance(importance),
        *worked_section(worked, records, unit),
        *_again(records, config, commands),
    )
    write_page(path, title, body)


def write_page(path: Path, title: str, body: Markup) -> None:
    """Write a page with this body and our look; the file is replaced as a whole."""
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


def _speedup(rows: Sequence[Mapping[str, Any]], method: str) -> float:
    return next(counted(row)[0] for row in rows if row["method"] == method)


def _about(records: Sequence[Record]) -> str:
    first = records[0]
    kind = "deterministic costs" if first.deterministic else "measured costs"
    machine = f" on {first.machine['cpu']}" if first.machine.get("cpu") else ""
    count = len({record.instance for record in records})
    return f"{first.env} · {count} instances · {kind}{machine} · {len(records)} records"


def _summary(seen: _Comparison) -> list[Markup]:
    row = next(row for row in seen.rows if row["method"] == seen.ours)
    against = verdict.compared(seen.runs, seen.ours, verdict.strongest(seen.rows, seen.ours))
    boxes = [tag("div", tag("b", value), text) for value, text in verdict.cards(row, against)]
    return [tag("p", verdict.sentences(seen.runs, row, against), class_="lead"), tag("div", *boxes, class_="cards")]


def _learning(metrics: Sequence[Mapping[str, Any]]) -> list[Markup]:
    panels = figures.learning(metrics)
    return [tag("h2", "Learning curve"), tag("div", *panels, class_="panels")] if panels else []


def _by_instance(seen: _Comparison) -> list[Markup]:
    others = [name for name, found in seen.runs.items() if name != seen.ours and found[0].evaluations is not None]
    if not others:
        return []
    rest = {name: per_instance(seen.runs[name]) for name in others}
    theirs, name = (best_of(rest.values()), "best search") if len(rest) > 1 else (rest[others[0]], others[0])
    pictures = [figures.profile(seen.runs, seen.looks)]
    own = per_instance(seen.runs[seen.ours])
    if set(own) & set(theirs):
        pictures.insert(0, figures.scatter(own, theirs, (seen.ours, name), seen.looks))
    return [tag("h2", "Instances"), tag("div", *pictures, class_="pair")]


def _importance(study: Mapping[str, Any] | None) -> list[Markup]:
    if not study or not study["features"]:
        return []
    said = (
        f"Share of the policy's decisions, in {study['states']} states of its own roll-outs on {study['instances']} "
        "instances, that become others when a feature is replaced by values of other states. A decision is which "
        "action is best or, where decisions are a set, whether a candidate is better than stopping. Where costs are "
        "deterministic, also what its roll-outs then cost at the end (geometric mean, more than 1 is worse). Features "
        "that say much the same stand in for each other and look less important than they are together."
    )
    head = tag("h2", "What the policy decides by")
    return [head, importance_table(study["features"]), tag("p", said, class_="note")]


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
