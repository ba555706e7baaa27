"""Holding the embedded model against a trace recorded from a real NITTA server."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.numbers import NumberType
from gymcc.envs.nitta.tree import Node, UnknownNode, open_tree
from gymcc.envs.nitta.views import comparable, node_view

_TOLERANCE = 1e-5  # NITTA prints real numbers in single precision
_SCORE_TOLERANCE = 0.5
_FLAGS = ("duration", "isTerminal", "isFinish")
Json = Mapping[str, Any]


class BadTrace(ValueError):
    """A file that is no recorded trace; the message says why."""


@dataclass
class Crosswalk:
    """What a comparison found: how much was compared, and every difference, one line each."""

    nodes: int = 0
    options: int = 0
    differences: list[str] = field(default_factory=list)


def crosswalk(path: Path) -> Crosswalk:
    """Compare every recorded node of a trace with the model's. Raises :class:`BadTrace` or OSError."""
    records = list(read_trace(path))
    header = next((record for record in records if record.get("record") == "header"), None)
    if header is None:
        raise BadTrace(f"{path}: no header record, so not a trace")
    number_type = NumberType.parse(header.get("dataType", "fx32.32"))
    root = open_tree(compile_lua(header["program"], header["name"], number_type))
    found = Crosswalk()
    _compare_functions(found, header, root)
    for record in records:
        if record["record"] == "node":
            _compare_node(found, root, record)
    return found


def read_trace(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a trace, gzipped or plain JSON lines."""
    with _opened(path) as lines:
        try:
            for number, line in enumerate(lines, 1):
                record = json.loads(line)
                if not isinstance(record, dict) or "record" not in record:
                    raise BadTrace(f"{path}, line {number}: not a record with the key 'record'")
                yield record
        except (EOFError, gzip.BadGzipFile, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise BadTrace(f"{path}: not gzipped or plain JSON lines ({error})") from error


def _opened(path: Path) -> IO[str]:
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")


def _compare_functions(found: Crosswalk, header: Json, root: Node) -> None:
    recorded = [text for text, _ in header["functions"]]
    ours = [function.text for function in root.state.waiting.functions]
    if recorded != ours:
        found.differences.append(f"functions: recorded {recorded}, model {ours}")


def _compare_node(found: Crosswalk, root: Node, record: Json) -> None:
    found.nodes += 1
    sid = record["sid"]
    try:
        node = root.at(sid)
    except UnknownNode as error:
        found.differences.append(f"{sid}: {error}")
        return
    if node.crashed:
        found.differences.append(f"{sid}: crashed in the model")
        return
    recorded, children = record["children"], node.children
    if len(recorded) != len(children):
        found.differences.append(f"{sid}: recorded {len(recorded)} options, model {len(children)}")
    for theirs, ours in zip(recorded, children, strict=False):
        found.options += 1
        found.differences += [f"{ours.sid}: {text}" for text in _option_differences(theirs, ours)]
    if record["crashed"] != any(child.crashed for child in children):
        found.differences.append(f"{sid}: recorded crashed={record['crashed']}, model {not record['crashed']}")


def _option_differences(theirs: Json, node: Node) -> Iterator[str]:
    if theirs.get("crashed", False) != node.crashed:
        yield f"recorded crashed={theirs.get('crashed', False)}, model {node.crashed}"
        return
    if node.crashed:
        return
    ours = node_view(node)
    recorded, decided = comparable(theirs["decision"]), comparable(ours["decision"])
    if recorded != decided:
        yield f"decision: recorded {recorded}, model {decided}"
        return
    if abs(theirs["score"] - ours["score"]) > _SCORE_TOLERANCE:
        yield f"score: recorded {theirs['score']}, model {ours['score']} ({decided['tag']})"
    for name in _FLAGS:
        if theirs[name] != ours[name]:
            yield f"{name}: recorded {theirs[name]}, model {ours[name]}"
    yield from _parameter_differences(theirs["parameters"], ours["parameters"])


def _parameter_differences(theirs: Any, ours: Any) -> Iterator[str]:
    if not isinstance(theirs, dict) or not isinstance(ours, dict):
        if theirs != ours:
            yield f"parameters: recorded {theirs}, model {ours}"
        return
    for name in sorted(theirs.keys() | ours.keys()):
        if not _close(theirs.get(name), ours.get(name)):
            yield f"{name}: recorded {theirs.get(name)}, model {ours.get(name)}"


def _close(theirs: Any, ours: Any) -> bool:
    if isinstance(theirs, list) and isinstance(ours, list):
        return sorted(theirs) == sorted(ours)
    if isinstance(theirs, bool) or not isinstance(theirs, int | float) or not isinstance(ours, int | float):
        return bool(theirs == ours)
    return abs(theirs - ours) <= _TOLERANCE * max(1.0, abs(theirs))
