"""The Lua front end against what a NITTA server made of the same sources."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from gymcc.envs.nitta.frontend import LuaError, compile_lua
from gymcc.envs.nitta.program import Program

DATA = Path(__file__).parents[1] / "data" / "nitta"
CASES = {case["name"]: case for case in json.loads((DATA / "frontend.json").read_text())}
TRACES = sorted(path.name.removesuffix(".jsonl.gz") for path in (DATA / "traces").glob("*.jsonl.gz"))


def header(name: str) -> dict[str, Any]:
    """The first line of a trace."""
    with gzip.open(DATA / "traces" / f"{name}.jsonl.gz", "rt") as lines:
        return dict(json.loads(next(lines)))


def texts(program: Program) -> list[str]:
    return [function.text for function in program.functions]


def edges(program: Program) -> set[tuple[int, int, str]]:
    """Producer, consumer (positions from 1 in source order) and variable."""
    functions = list(enumerate(program.functions, start=1))
    producers = {variable: at for at, function in functions for variable in function.produced}
    return {(producers[variable], at, variable) for at, function in functions for variable in function.inputs}


@pytest.mark.parametrize("name", CASES)
def test_small_inputs_are_accepted_or_refused_as_by_nitta(name: str) -> None:
    case = CASES[name]
    if not case["accepted"]:
        with pytest.raises(LuaError):
            compile_lua(case["program"])
        return
    program = compile_lua(case["program"], name)
    assert texts(program) == case["dfg"]
    assert texts(program)[::-1] == case["functions"]


@pytest.mark.parametrize("name", TRACES)
def test_recorded_programs_become_the_recorded_functions(name: str) -> None:
    recorded = header(name)
    assert recorded["program"] == (DATA / "programs" / f"{name}.lua").read_text()
    program = compile_lua(recorded["program"], name)
    assert texts(program) == recorded["dfg"]
    waiting = [(f.text, {(lock, by) for lock, by in f.locks}) for f in reversed(program.functions)]
    assert waiting == [
        (text, {(lock["locked"], lock["lockBy"]) for lock in locks}) for text, locks in recorded["functions"]
    ]
    assert edges(program) == {(edge["from"], edge["to"], edge["label"]) for edge in recorded["graph"]}
