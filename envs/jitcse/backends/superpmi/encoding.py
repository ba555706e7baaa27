"""Reports as JSON, for caches; under the names that jitml's caches use where it has one.

The names of features are the same in all reports of a JIT, and kept apart from them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gymcc.envs.jitcse.backends.superpmi.report import Heuristic, Hook, Report

Names = tuple[tuple[str, ...], tuple[str, ...]]  # of features of candidates, and of the method
FACTS = {
    "index": "index",
    "name": "name",
    "hash": "method_hash",
    "compile_mode": "tier",
    "perf_score": "perf_score",
    "total_bytes": "code_size",
    "prolog_size": "prolog_size",
    "instruction_count": "instructions",
    "bytes_allocated": "allocated",
    "num_cse": "num_cse",
    "num_cse_candidate": "num_cand",
}


def to_json(report: Report) -> dict[str, Any]:
    """A report of the stock heuristic or the hook as JSON values; :func:`from_json` reads it back."""
    body = {key: getattr(report, field) for key, field in FACTS.items()}
    tail = report.tail
    if isinstance(tail, Heuristic):
        return body | {"heuristic": tail.name, "cses_chosen": list(tail.sequence)}
    if isinstance(tail, Hook):
        return body | {
            "cses_chosen": list(tail.sequence),
            "cse_candidates": [list(row) for row in tail.features],
            "method": list(tail.method),
        }
    return body


def names_in(reports: Iterable[Report]) -> Names:
    """The names of features that ``reports`` have; empty if none describes a candidate."""
    named = (each.tail for each in reports if isinstance(each.tail, Hook) and each.tail.feature_names)
    found = next(named, Hook(()))
    return found.feature_names, found.method_names


def from_json(body: dict[str, Any], names: Names) -> Report:
    """Inverse of :func:`to_json`; raises KeyError or TypeError on anything else."""
    facts = {field: body[key] for key, field in FACTS.items()}
    tail: Heuristic | Hook | None = None
    if "cse_candidates" in body:
        tail = Hook(
            features=tuple(tuple(row) for row in body["cse_candidates"]),
            sequence=tuple(body["cses_chosen"]),
            feature_names=names[0] if body["cse_candidates"] else (),
            method=tuple(body["method"]),
            method_names=names[1] if body["method"] else (),
        )
    elif "heuristic" in body:
        tail = Heuristic(body["heuristic"], tuple(body["cses_chosen"]))
    return Report(**facts, tail=tail)
