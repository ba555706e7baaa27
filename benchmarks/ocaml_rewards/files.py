"""What attribution leaves behind: every fit's result, and the values of each decision under the chosen ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import exp, inf, log
from pathlib import Path as File
from typing import Any

from gymcc.benchmarks.ocaml_rewards.decoding import label
from gymcc.benchmarks.ocaml_rewards.selection import Tried, general, star
from gymcc.benchmarks.ocaml_rewards.settings import HAND_LASSO, HAND_RIDGE, Setting


def models(tried: Sequence[Tried], each: Tried) -> Mapping[str, Setting]:
    """The settings of one program under each way to choose them."""
    return {"star": star(each), "general": general(tried), "hand_lasso": HAND_LASSO, "hand_ridge": HAND_RIDGE}


def summary(tried: Sequence[Tried]) -> list[dict[str, Any]]:
    """A row for each program, and the geometric means; shares of the default's cost."""
    rows: list[dict[str, Any]] = [
        {
            "program": each.samples.program,
            "trees": len(each.samples.times),
            "nodes": len(each.samples.nodes) - 1,
            "initial": each.samples.initial,
            "searched": float(each.samples.times.min()),
            **{name: each.objectives[setting] for name, setting in models(tried, each).items()},
            "best_setting": str(star(each)),
        }
        for each in tried
    ]
    means = {name: _geometric([row[name] for row in rows]) for name in list(rows[0])[3:-1]}
    total = {name: sum(row[name] for row in rows) for name in ("trees", "nodes")}
    return [*rows, {"program": "geometric mean", **total, **means, "best_setting": f"general: {general(tried)}"}]


def write(folder: File, tried: Sequence[Tried]) -> None:
    """``fits.jsonl``, ``values.jsonl`` and ``summary.json`` in a folder.

    A line of ``values.jsonl`` is a decision under a model: its path, the method of the fit, what inlining and the call
    are worth (null: never compiled), whether the decoded tree has it inlined, and its class 0 (leave to the compiler),
    1 (inline), 2 (never).
    """
    folder.mkdir(parents=True, exist_ok=True)
    _lines(folder / "fits.jsonl", (row for each in tried for row in _fits(each)))
    _lines(folder / "values.jsonl", (row for each in tried for row in _values(each, models(tried, each))))
    text = json.dumps([{name: _finite(value) for name, value in row.items()} for row in summary(tried)], indent=2)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")


def _fits(tried: Tried) -> Iterator[dict[str, Any]]:
    for setting, objective in tried.objectives.items():
        tree = sorted(tried.decoded[setting].tree)
        program = tried.samples.program
        yield {"program": program, "setting": str(setting), "objective": _finite(objective), "inlined": tree}


def _values(tried: Tried, chosen: Mapping[str, Setting]) -> Iterator[dict[str, Any]]:
    for model, setting in chosen.items():
        decoded = tried.decoded[setting]
        for path, (inline, call) in decoded.values.items():
            yield {
                "program": tried.samples.program,
                "model": model,
                "method": setting.method,
                "path": path,
                "inline": _finite(inline),
                "call": _finite(call),
                "chosen": path in decoded.tree,
                "class": label(inline, call, setting.method),
            }


def _lines(path: File, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def _finite(value: Any) -> Any:
    return None if value in (inf, -inf) else value


def _geometric(values: Sequence[float]) -> float:
    return inf if inf in values else exp(sum(map(log, values)) / len(values))


def read_values(folder: File) -> list[dict[str, Any]]:
    """The lines of ``values.jsonl``, with -inf for null and paths as tuples; raises ValueError."""
    path = folder / "values.jsonl"
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [{**row, **_read(row)} for row in rows]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path}: cannot read what decisions are worth: {error}") from error


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    worth = {name: -inf if row[name] is None else float(row[name]) for name in ("inline", "call")}
    return {**worth, "path": tuple(row["path"]), "chosen": bool(row["chosen"]), "method": str(row["method"])}
