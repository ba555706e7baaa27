"""The schedule behind a node of a NITTA server, read from what it shows of the node's process."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gymcc.envs.nitta.backends.server.function_text import parse_function
from gymcc.envs.nitta.functions import Function, Variables
from gymcc.envs.nitta.numbers import Fixed, NumberType
from gymcc.envs.nitta.schedule import Schedule, Transport

Json = Mapping[str, Any]
_TRANSPORT = re.compile(r"Instruction: Transport (\S+) (\S+) (\S+)")
_BROKEN = re.compile(r"@\S+ Refactor: BreakLoop: (.+)")
_DONE = re.compile(r"@(\S+) Intermediate: (.+)")
_VALUE_TYPE = re.compile(r"Attr \(FX (\d+) (\d+)\)")


def read_schedule(process: Json, microarchitecture: Json, debug: Json) -> Schedule:
    """The schedule of a node from three pages of it; raises ValueError or KeyError where they are not as expected.

    Functions count as bound once their unit has done with them, and wait until then: in a complete schedule none does.
    The accumulator's are chains, whatever they were in the program.
    """
    (network,) = microarchitecture["networks"]
    number_type = _number_type(network["valueType"])
    steps = [(step["pInterval"][0], step["pDesc"]) for step in process["steps"]][::-1]
    loops = [parse_function(m[1], number_type, {}) for _, text in steps if (m := _BROKEN.fullmatch(text))]
    firsts = {loop.outputs[0]: loop.detail for loop in loops}
    bound: dict[str, list[Function]] = {unit["unitTag"]: [] for unit in network["units"]}
    for _, text in steps:
        if match := _DONE.fullmatch(text):
            function = parse_function(match[2], number_type, firsts)
            if function not in bound[match[1]]:  # a division is told with each result
                bound[match[1]].append(function)
    done = frozenset(function.variables for functions in bound.values() for function in functions)
    waiting = _waiting(debug, number_type, firsts, done)
    return Schedule(_transports(steps), tuple((tag, tuple(fs)) for tag, fs in sorted(bound.items())), waiting)


def _transports(steps: Sequence[tuple[int, str]]) -> tuple[Transport, ...]:
    found: dict[int, tuple[str, list[tuple[str, str]]]] = {}
    for tick, text in steps:
        if match := _TRANSPORT.fullmatch(text):
            found.setdefault(tick, (match[2], []))[1].append((match[3], match[1]))
    return tuple(Transport(tick, source, tuple(sorted(targets))) for tick, (source, targets) in sorted(found.items()))


def _waiting(
    debug: Json, number_type: NumberType, firsts: Mapping[Variables, Fixed], done: frozenset[frozenset[str]]
) -> tuple[Function, ...]:
    functions = [parse_function(text, number_type, firsts) for text, _ in debug["dbgFunctionLocks"]]
    return tuple(function for function in functions if function.variables not in done)


def _number_type(text: str) -> NumberType:
    match = _VALUE_TYPE.fullmatch(text)
    if not match:
        raise ValueError(f"value type {text!r} is not Attr (FX M B)")
    return NumberType(int(match[1]), int(match[2]))
