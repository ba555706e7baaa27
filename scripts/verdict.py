"""Carrying a comparison out and saying what came of it: records, table, report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gymcc.agents.importance import importance
from gymcc.agents.policy import Policy
from gymcc.agents.rllib.folder import RunFolder
from gymcc.benchmarks.report import Worked, counted, summarise, write_report
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.problem import BackendError
from gymcc.envs.core.record import Record
from gymcc.scripts.evaluation import POLICY, Plan, run
from gymcc.scripts.output import progress, show

OTHERS = {"speedup": "best_on_path", "final_speedup": "last_state"}  # names of the speed-up that does not count
IMPORTANCE = "importance.json"  # in a run folder


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison came to."""

    rows: list[dict[str, Any]]  # of the table, one per method
    records: list[Record]
    report: Path


def carry_out(
    plan: Plan,
    env: CompilerEnv[Any],
    folder: Path,
    policy: Policy | None,
    as_json: bool,
    title: str,
    command: str = "",
) -> Verdict:
    """Run a plan, keep its records and report in ``folder``, print the table."""
    path = folder / "records" / f"{plan.key(env.problem)}.jsonl"
    with progress(len(plan.instances), "evaluating") as advance:
        records = run(plan, env, path, policy, advance)
    rows = summarise(records, env.problem.last_counts)
    _study(folder / IMPORTANCE, env, policy, plan.instances)
    report = write_report_of(folder, records, env, title, [command] if command else [])
    said = "last states count" if env.problem.last_counts else "the best states on the paths count"
    show(rows if as_json else _short(rows), as_json, f"{title} ({said})")
    if not as_json:
        print(f"records: {path}\nreport:  {report}")
    return Verdict(rows, records, report)


def _study(path: Path, env: CompilerEnv[Any], policy: Policy | None, instances: Sequence[str]) -> None:
    """Write what a policy decides by to ``path``, for this report and those written again."""
    study = importance(policy, env, instances) if policy else None
    path.unlink(missing_ok=True)
    if study:
        path.write_text(json.dumps(asdict(study)) + "\n")


def _short(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The columns that fit a terminal, those that no row fills aside; --json and the report have all of them."""
    picked = [_picked(row) for row in rows]
    filled = [name for name in picked[0] if any(row[name] is not None for row in picked)]
    return [{name: row[name] for name in filled} for row in picked]


def _picked(row: dict[str, Any]) -> dict[str, Any]:
    geomean, iqm, low, high = counted(row)
    picked = {"method": row["method"], "instances": row["instances"], "speedup": geomean}
    picked |= {OTHERS[name]: row[f"{name}_geomean"] for name in OTHERS if name != row["counted"]}
    picked |= {"iqm": iqm, "95%_interval": [low, high]}
    named = ("gflops_mean", "share_of_bound", "evaluations_mean", "seconds_mean", "regressions")
    counts = None if row["better"] is None else f"{row['better']}/{row['same']}/{row['worse']}"
    return picked | {name: row[name] for name in named} | {"vs_heuristic": counts}


def write_report_of(
    folder: Path, records: Sequence[Record], env: CompilerEnv[Any], title: str, commands: Sequence[str] = ()
) -> Path:
    """Write ``report.html`` from a folder's metrics, configuration and study, and the given records."""
    own, config, study = RunFolder(folder), folder / "config.yaml", folder / IMPORTANCE
    report = folder / "report.html"
    write_report(
        report,
        title=title,
        records=records,
        metrics=list(own.rows()) if own.metrics.exists() else None,
        worked=_worked(records, env),
        importance=json.loads(study.read_text()) if study.exists() else None,
        config=config.read_text() if config.exists() else None,
        commands=commands,
        unit=env.problem.unit,
        last_counts=env.problem.last_counts,
    )
    return report


def _worked(records: Sequence[Record], env: CompilerEnv[Any]) -> Worked:
    """One record step by step, of the policy if there is one, where it gained most; with the code before and after."""
    problem = env.problem
    record = telling(records)
    states = states_of(env, record)
    texts = (problem.show(state) for state in states)
    steps = list(zip(["", *record.actions], texts, record.costs, strict=True))
    best = states[record.costs.index(record.best_cost)]
    return Worked(steps, _listing(env, states[0]), _listing(env, best))


def telling(records: Sequence[Record]) -> Record:
    """The record that an example is made of: of the policy if there is one, where it gained most."""
    chosen = [record for record in records if record.method == POLICY] or list(records)
    return max(chosen, key=lambda each: each.baseline_cost / each.final_cost)


def states_of(env: CompilerEnv[Any], record: Record) -> list[Any]:
    """The states on a record's path, the start first."""
    problem = env.problem
    states = [problem.initial(record.instance)]
    for name in record.actions:
        states.append(problem.apply(states[-1], problem.parse(name)))
    return states


def _listing(env: CompilerEnv[Any], state: Any) -> str:
    try:
        return env.problem.listing(state)
    except BackendError as error:  # a report does without
        return str(error)
