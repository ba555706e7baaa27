"""Law 5: what is written down can be done again, and what was changed is named."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from gymcc.envs.core.problem import Problem
from gymcc.envs.core.record import BadRecord, Record, make_record, parse_record
from gymcc.envs.core.verify import known_as, verify
from gymcc.envs.testing.report import Broken
from gymcc.envs.testing.subject import Subject
from gymcc.envs.testing.walks import Path, Walk, on_paths


def records_replay(subject: Subject) -> None:
    """A record reads back, replays without a fault, and any field changed in it is reported by name."""

    def body(problem: Problem[Hashable], walk: Walk, path: Path) -> None:
        record = _recorded(subject, problem, walk, path)
        text = record.to_json()
        parsed, broken = parse_record(text)
        if parsed != record or broken:
            raise Broken(f"a record does not read back: {broken or parsed}")
        known = {known_as(record): problem.fresh() if problem.deterministic else problem}
        if faults := verify(record, known):
            raise Broken(f"an honest record is faulted: {faults}")
        for name in json.loads(text):
            _careless(text, name)
        for forged, names in _forgeries(record):
            _forger(forged, names, known)

    on_paths(subject, body)


def _recorded(subject: Subject, problem: Problem[Hashable], walk: Walk, path: Path) -> Record:
    env_id = subject.env_id.rpartition(":")[2]
    options = json.loads(json.dumps(dict(subject.options)))
    found = {"method": "walk", "seed": 3, "evaluations": 1, "seconds": 0.5, "curve": [], "proven": False}
    return make_record(problem, env_id, options, walk.instance, path.actions, **found)


def _careless(text: str, name: str) -> None:
    """Change, drop and damage one field without resealing."""
    whole = json.loads(text)
    changed = {**whole, name: _other(whole[name])}
    dropped = {key: value for key, value in whole.items() if key != name}
    for damaged in (changed, dropped):
        if name not in _named_faults(json.dumps(damaged)):
            raise Broken(f"changing or dropping {name!r} in a record goes unnoticed")


def _other(value: Any) -> Any:
    if isinstance(value, dict):
        return {**value, "added": 1}
    if isinstance(value, list):
        return [*value, value[-1] if value else 1]
    return not value if isinstance(value, bool) else f"{value}x" if isinstance(value, str) else (value or 0) + 1


def _named_faults(text: str) -> str:
    try:
        return " ".join(parse_record(text)[1])
    except BadRecord as error:
        return str(error)


def _forgeries(record: Record) -> list[tuple[Record, tuple[str, ...]]]:
    """Resealed changes, each with the fields of which one must be named."""
    better = [*record.costs[:-1], record.costs[-1] / 3]
    forged: list[tuple[Record, tuple[str, ...]]] = [
        (replace(record, costs=better), ("costs", "bound", "curve")),
        (replace(record, start=record.start + "x"), ("start",)),
        (replace(record, final=record.final + "x"), ("final",)),
        (replace(record, instance="no such instance"), ("instance",)),
    ]
    if record.actions:
        forged.append((replace(record, actions=record.actions[:-1]), ("actions", "costs", "final")))
    return forged


def _forger(forged: Record, names: tuple[str, ...], known: dict[str, Problem[Any]]) -> None:
    faults = verify(forged, known)
    if not any(fault.startswith(names) for fault in faults):
        raise Broken(f"a forged {names[0]} is not named by verify, which says {faults}")
