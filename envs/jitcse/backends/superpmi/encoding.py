"""Reports as JSON, for caches; under the names that jitml's caches use where it has one."""

from __future__ import annotations

from typing import Any

from gymcc.envs.jitcse.backends.superpmi.report import Heuristic, Hook, Report

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
            "features": list(tail.feature_names),
            "method": list(tail.method),
            "method_features": list(tail.method_names),
        }
    return body


def from_json(body: dict[str, Any]) -> Report:
    """Inverse of :func:`to_json`; raises KeyError or TypeError on anything else."""
    facts = {field: body[key] for key, field in FACTS.items()}
    tail: Heuristic | Hook | None = None
    if "cse_candidates" in body:
        tail = Hook(
            features=tuple(tuple(row) for row in body["cse_candidates"]),
            sequence=tuple(body["cses_chosen"]),
            feature_names=tuple(body["features"]),
            method=tuple(body["method"]),
            method_names=tuple(body["method_features"]),
        )
    elif "heuristic" in body:
        tail = Heuristic(body["heuristic"], tuple(body["cses_chosen"]))
    return Report(**facts, tail=tail)
