"""Schedules that a real NITTA made, put together from the decisions along a recorded walk.

The texts of functions and the decisions are all that is used, none of the model under test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from gymcc.envs.nitta.functions import Function, Kind, acc, constant
from gymcc.envs.nitta.numbers import DEFAULT_TYPE, Fixed
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.schedule import Schedule, Transport

from .recorded import read_trace

V = r"[^\s,()\[\];]+"  # a variable
_INFIX = {"+": Kind.ADD, "-": Kind.SUB, "*": Kind.MULTIPLY, "and": Kind.AND, "or": Kind.OR}


def group(text: str) -> tuple[str, ...]:
    return () if text == "_" else tuple(text.split(" = "))


def number(text: str) -> Fixed:
    return DEFAULT_TYPE.raw(int(float(text)))


def read_function(text: str) -> Function:
    """The function that a text of NITTA's describes; every rule is one line of ``_RULES``."""
    for pattern, build in _RULES:
        if match := re.fullmatch(pattern, text):
            function: Function = build(*match.groups())
            return function
    raise AssertionError(f"no rule reads {text!r}")


def _acc(steps: str) -> Function:
    words = re.findall(rf"([+-])({V})|= ({V}(?: = {V})*)", steps)
    return acc((sign or "=", (v,) if sign else group(out)) for sign, v, out in words)


def _table(rows: str, inputs: str, out: str) -> Function:
    detail = tuple(
        (tuple(bit == "True" for bit in bits.split(",")), value == "True")
        for bits, value in re.findall(r"\(\[([\w,]*)\],(\w+)\)", rows)
    )
    return Function(Kind.TRUTH_TABLE, tuple(inputs.split(",")), [group(out)], detail)


def _division(d: str, n: str, q: str, r: str) -> Function:
    return Function(Kind.DIVISION, (n, d), [group(q), group(r)])


_RULES: list[tuple[str, Any]] = [
    (r"const\((.+)\) = (.+)", lambda x, o: constant(number(x), group(o))),
    (rf"loop\((.+), ({V})\) = (.+)", lambda x, i, o: Function(Kind.LOOP, (i,), [group(o)], number(x))),
    (rf"buffer\(({V})\) = (.+)", lambda i, o: Function(Kind.BUFFER, (i,), [group(o)])),
    (r"receive\(\) = (.+)", lambda o: Function(Kind.RECEIVE, (), [group(o)])),
    (rf"send\(({V})\)", lambda i: Function(Kind.SEND, (i,), [])),
    (r"Acc\((.+)\)", _acc),
    (r"TruthTable fromList \[(.+)\] \[(.+)\] = (.+)", _table),
    (
        rf"Mux ({V}) \[(.+)\] = (.+)",
        lambda sel, ins, o: Function(Kind.MUX, (sel, *ins.split(",")), [group(o)]),
    ),
    (rf"({V}) / ({V}) = (.+); {V} mod {V} = (.+)", _division),
    (rf"({V}) << (\d+) = (.+)", lambda i, n, o: Function(Kind.SHIFT_LEFT, (i,), [group(o)], int(n))),
    (rf"({V}) >> (\d+) = (.+)", lambda i, n, o: Function(Kind.SHIFT_RIGHT, (i,), [group(o)], int(n))),
    (rf"({V}) (Cmp\w+) ({V}) = (.+)", lambda a, rel, b, o: Function(Kind.COMPARE, (a, b), [group(o)], rel)),
    (rf"({V}) ([-+*]|and|or) ({V}) = (.+)", lambda a, op, b, o: Function(_INFIX[op], (a, b), [group(o)])),
    (rf"not ({V}) = (.+)", lambda i, o: Function(Kind.NOT, (i,), [group(o)])),
    (rf"-({V}) = (.+)", lambda i, o: Function(Kind.NEG, (i,), [group(o)])),
]


def program(name: str) -> Program:
    """The program of a trace, read from NITTA's own texts."""
    header = read_trace(name)[0]
    return Program(name, tuple(read_function(text) for text in header["dfg"]), DEFAULT_TYPE, header["program"])


class Replay:
    """What is bound where, what still waits, and all transports, after some decisions."""

    def __init__(self, functions: Sequence[str]) -> None:
        self.waiting = [read_function(text) for text in functions]
        self.bound: dict[str, list[Function]] = {}
        self.transports: list[Transport] = []

    def apply(self, decision: Mapping[str, Any]) -> None:
        getattr(self, "_" + decision["tag"])(decision)

    def schedule(self) -> Schedule:
        bound = tuple((tag, tuple(functions)) for tag, functions in sorted(self.bound.items()))
        return Schedule(tuple(self.transports), bound, tuple(self.waiting))

    def _bind(self, text: str, tag: str) -> None:
        function = next(f for f in self.waiting if f.text == text or f == read_function(text))
        self.waiting.remove(function)
        self.bound.setdefault(tag, []).append(function)

    def _GroupBindView(self, decision):  # noqa: N802
        for tag, functions in decision["bindGroup"].items():
            for function in functions:
                self._bind(function["fvFun"], tag)

    def _SingleBindView(self, decision):  # noqa: N802
        self._bind(decision["function"]["fvFun"], decision["pu"])

    def _DataflowDecisionView(self, decision):  # noqa: N802
        targets = tuple((tag, end["epRole"]["contents"]) for tag, end in decision["targets"])
        ticks = {end["epAt"][0] for _, end in decision["targets"]}
        assert len(ticks) == 1
        self.transports.append(Transport(ticks.pop(), decision["source"][0], targets))

    def _BreakLoopView(self, decision):  # noqa: N802
        outputs = tuple(decision["outputs"])
        for functions in self.bound.values():
            for at, f in enumerate(functions):
                if f.kind is Kind.LOOP and f.inputs == (decision["input"],):
                    begin = Function(Kind.LOOP_BEGIN, (), [f.outputs[0]], f.detail)
                    functions[at : at + 1] = [begin, Function(Kind.LOOP_END, f.inputs, [], f.outputs[0])]
                    assert set(outputs) == set(f.outputs[0])
                    return
        raise AssertionError("the loop is bound nowhere")

    def _ResolveDeadlockView(self, decision):  # noqa: N802
        buffer = read_function(decision["newBuffer"])
        names = dict.fromkeys(buffer.outputs[0], buffer.inputs[0])
        self.waiting = [buffer, *(f.renamed({}, names) for f in self.waiting)]
        self.bound = {tag: [f.renamed({}, names) for f in functions] for tag, functions in self.bound.items()}

    def _refactored(self, old, new):
        gone = {read_function(each["fvFun"]) for each in old}
        assert gone <= set(self.waiting)
        self.waiting = [f for f in self.waiting if f not in gone]
        self.waiting += [read_function(each["fvFun"]) for each in new]

    def _OptimizeAccumView(self, decision):  # noqa: N802
        self._refactored(decision["old"], decision["new"])

    def _OptimizeLogicalUnitView(self, decision):  # noqa: N802
        self._refactored(decision["lOld"], decision["lNew"])

    def _ConstantFoldingView(self, decision):  # noqa: N802
        self._refactored(decision["cRefOld"], decision["cRefNew"])
        used = {v for functions in (self.waiting, *self.bound.values()) for f in functions for v in f.inputs}
        self.waiting = [f for f in self.waiting if f.inputs or f.kind is Kind.RECEIVE or f.produced & used]


def schedules(name: str) -> Iterator[tuple[str, Schedule, int]]:
    """Every distinct complete schedule among the recorded walks: sid, schedule, duration as NITTA gave it."""
    records = read_trace(name)
    children = {each["sid"]: each["children"] for each in records if each["record"] == "node"}
    seen = set()
    for walk in records:
        if walk["record"] != "walk" or walk["end"] != "success":
            continue
        sids = list(accumulate((f"-{index}" for index in walk["path"]), initial=""))
        if sids[-1] in seen:
            continue
        seen.add(sids[-1])
        replay = Replay([text for text, _ in records[0]["functions"]])
        for sid, index in zip(sids, walk["path"], strict=False):
            replay.apply(children[sid or "-"][index]["decision"])
        yield sids[-1], replay.schedule(), walk["duration"]
