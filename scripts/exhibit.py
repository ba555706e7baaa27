"""An evaluation on the dashboards of the run it belongs to: tables, an instance worked through, the whole report."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from gymcc.agents.rllib.folder import RunFolder
from gymcc.agents.tracking import Tracker
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.problem import BackendError
from gymcc.envs.core.record import Record
from gymcc.scripts.verdict import Verdict, states_of, telling

COLUMNS = ("instance", "method", "speedup", "final_speedup", "evaluations", "seconds", "actions")


def exhibit(run: Path, verdict: Verdict, env: CompilerEnv[Any]) -> None:
    """Log ``verdict`` where the run folder's config says: methods, instances, an example, the report."""
    folder = RunFolder.open(run)
    tracker = Tracker(folder.experiment().logger, run, {}, rows=list(folder.rows()))
    if not tracker:
        return
    try:
        first = verdict.rows[0]
        tracker.table(
            "evaluation/methods", list(first), [[_plain(cell) for cell in row.values()] for row in verdict.rows]
        )
        tracker.table("evaluation/instances", COLUMNS, [_row(record) for record in verdict.records])
        _example(tracker, verdict.records, env)
        tracker.page("evaluation/report", verdict.report.read_text(encoding="utf-8"))
        tracker.files("report", verdict.report.parent, [verdict.report.name], {"instances": first["instances"]})
    finally:
        tracker.finish()


def _row(record: Record) -> list[Any]:
    best, final = record.baseline_cost / record.best_cost, record.baseline_cost / record.final_cost
    return [
        record.instance,
        record.method,
        best,
        final,
        record.evaluations,
        record.seconds,
        " ".join(record.actions),
    ]


def _plain(cell: Any) -> Any:
    return cell if isinstance(cell, int | float | str) or cell is None else str(cell)


def _example(tracker: Tracker, records: Sequence[Record], env: CompilerEnv[Any]) -> None:
    record = telling(records)
    states = states_of(env, record)
    ends = {"before": states[0], "after": states[record.costs.index(record.best_cost)]}
    sides = "".join(f"<h3>{name}</h3><pre>{escape(env.problem.show(state))}</pre>" for name, state in ends.items())
    steps = " ".join(record.actions) or "nothing"
    gain = record.baseline_cost / record.best_cost
    about = f"{record.method} on {record.instance}: {gain:.3f} times as fast by {steps}"
    tracker.page("evaluation/example", f"<p>{escape(about)}</p>{sides}")
    for name, state in ends.items():
        try:
            picture = env.problem.picture(state)
        except (BackendError, ImportError):  # an example does without
            continue
        tracker.picture(f"evaluation/{name}", picture, f"{name}: {record.instance}")
