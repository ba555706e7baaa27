"""Carrying a comparison out and saying what came of it: records, table, report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gymcc.agents.policy import Policy
from gymcc.agents.rllib.folder import RunFolder
from gymcc.benchmarks.report import summarise, write_report
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.record import Record
from gymcc.scripts.evaluation import POLICY, Plan, run
from gymcc.scripts.output import progress, show


def carry_out(
    plan: Plan,
    env: CompilerEnv[Any],
    folder: Path,
    policy: Policy | None,
    as_json: bool,
    title: str,
    command: str = "",
) -> list[dict[str, Any]]:
    """Run a plan, keep its records and report in ``folder``, print the table; returns its rows."""
    path = folder / "records" / f"{plan.key(env.problem)}.jsonl"
    with progress(len(plan.instances), "evaluating") as advance:
        records = run(plan, env, path, policy, advance)
    rows = summarise(records)
    report = write_report_of(folder, records, env, title, [command] if command else [])
    show(rows if as_json else [_short(row) for row in rows], as_json, title)
    if not as_json:
        print(f"records: {path}\nreport:  {report}")
    return rows


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """The columns that fit a terminal; --json and the report have all of them."""
    interval = [row["speedup_iqm_low"], row["speedup_iqm_high"]]
    picked = {"method": row["method"], "instances": row["instances"], "speedup_geomean": row["speedup_geomean"]}
    picked |= {"final_geomean": row["final_speedup_geomean"], "iqm": row["speedup_iqm"], "95%_interval": interval}
    named = ("gflops_mean", "share_of_bound", "evaluations_mean", "seconds_mean", "regressions")
    return picked | {name: row[name] for name in named}


def write_report_of(
    folder: Path, records: Sequence[Record], env: CompilerEnv[Any], title: str, commands: Sequence[str] = ()
) -> Path:
    """Write ``report.html`` from a folder's metrics and configuration and the given records."""
    own, config = RunFolder(folder), folder / "config.yaml"
    report = folder / "report.html"
    write_report(
        report,
        title=title,
        records=records,
        metrics=list(own.rows()) if own.metrics.exists() else None,
        worked=_worked(records, env),
        config=config.read_text() if config.exists() else None,
        commands=commands,
        unit=env.problem.unit,
    )
    return report


def _worked(records: Sequence[Record], env: CompilerEnv[Any]) -> list[tuple[str, str, float]]:
    """One record step by step: (action, state as text, cost), of the policy if there is one, where it gained most."""
    chosen = [record for record in records if record.method == POLICY] or list(records)
    record = max(chosen, key=lambda each: each.baseline_cost / each.final_cost)
    state = env.problem.initial(record.instance)
    steps = [("", env.problem.show(state), record.costs[0])]
    for name, cost in zip(record.actions, record.costs[1:], strict=True):
        state = env.problem.apply(state, env.problem.parse(name))
        steps.append((name, env.problem.show(state), cost))
    return steps
