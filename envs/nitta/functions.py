"""The functions a NITTA algorithm consists of, as values.

Every *use* of a value is a variable of its own, so a function has ordered ``inputs`` and groups of ``outputs``; all
variables of a group carry the same value, and each has exactly one consumer. The printable form determines the
function: it is what NITTA shows, sorts and compares by (nitta, ``src/NITTA/Intermediate/Functions``).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from enum import StrEnum
from itertools import product
from typing import Any

from gymcc.envs.nitta.numbers import Fixed
from gymcc.envs.nitta.values import remembered

Variables = tuple[str, ...]
Table = tuple[tuple[tuple[bool, ...], bool], ...]


class Kind(StrEnum):
    """What a function computes."""

    CONSTANT = "constant"
    LOOP = "loop"
    LOOP_BEGIN = "loop begin"
    LOOP_END = "loop end"
    BUFFER = "buffer"
    BROKEN_BUFFER = "broken buffer"
    ADD = "add"
    SUB = "sub"
    NEG = "neg"
    ACC = "acc"
    MULTIPLY = "multiply"
    DIVISION = "division"
    SHIFT_LEFT = "shift left"
    SHIFT_RIGHT = "shift right"
    SEND = "send"
    RECEIVE = "receive"
    COMPARE = "compare"
    AND = "and"
    OR = "or"
    NOT = "not"
    TRUTH_TABLE = "truth table"
    MUX = "mux"


class Function:
    """One function: ``kind``, ``inputs`` in order, ``outputs`` in groups of sorted variables, and ``detail``.

    ``detail`` by kind: constant, loop and loop begin the :class:`Fixed` (first) value, shift the int of bits, compare
    NITTA's name of the relation (``CmpLt``…), acc the steps of :func:`acc`, truth table its rows, loop end the outputs
    of its loop.
    Equal, hashed and ordered by the printable form; treat as immutable.
    """

    def __init__(self, kind: Kind, inputs: Variables, outputs: Iterable[Iterable[str]], detail: Any = None) -> None:
        self.kind = kind
        self.inputs = inputs
        self.outputs: tuple[Variables, ...] = tuple(tuple(sorted(group)) for group in outputs)
        self.detail = detail
        self.text = _TEXTS[kind](self)
        self._hash = hash(self.text)

    def __repr__(self) -> str:
        return f"<{self.text}>"

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Function) and self.text == other.text)

    def __lt__(self, other: Function) -> bool:
        return self.text < other.text

    @remembered
    def produced(self) -> frozenset[str]:
        """All output variables."""
        return frozenset(variable for group in self.outputs for variable in group)

    @remembered
    def variables(self) -> frozenset[str]:
        """All variables, inputs and outputs."""
        return self.produced | frozenset(self.inputs)

    @remembered
    def locks(self) -> frozenset[tuple[str, str]]:
        """Pairs ``(locked, lock_by)``: ``locked`` cannot be transferred before ``lock_by``."""
        if self.kind in _UNLOCKED:
            return frozenset()
        if self.kind in (Kind.LOOP, Kind.LOOP_END):
            outputs = self.produced or self.detail if self.kind is Kind.LOOP_END else self.produced
            return frozenset(product(self.inputs, outputs))
        if self.kind is Kind.ACC:
            return _acc_locks(self.detail)
        return frozenset(product(self.produced, self.inputs))

    def renamed(self, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> Function:
        """The same function with its input and its output variables renamed; several outputs may become one."""
        if not (self.variables & (inputs.keys() | outputs.keys())):
            return self
        if self.kind is Kind.ACC:
            return acc(
                (sign, _renamed(variables, outputs if sign == "=" else inputs)) for sign, variables in self.detail
            )
        detail = _renamed(self.detail, outputs) if self.kind is Kind.LOOP_END else self.detail
        return Function(
            self.kind,
            tuple(inputs.get(v, v) for v in self.inputs),
            [_renamed(group, outputs) for group in self.outputs],
            detail,
        )


def without(variables: Iterable[str], gone: Container[str]) -> Variables:
    """``variables`` less ``gone``, in order."""
    return tuple(variable for variable in variables if variable not in gone)


AccSteps = tuple[tuple[str, Variables], ...]


def acc(steps: Iterable[tuple[str, Variables]]) -> Function:
    """A chain of the accumulator: ``("+", (v,))`` and ``("-", (v,))`` push, ``("=", variables)`` pulls the sum."""
    detail: AccSteps = tuple((sign, tuple(sorted(variables))) for sign, variables in steps)
    inputs = tuple(variables[0] for sign, variables in detail if sign != "=")
    return Function(Kind.ACC, inputs, [variables for sign, variables in detail if sign == "="], detail)


def constant(value: Fixed, outputs: Iterable[str]) -> Function:
    """A constant that can be read any number of times."""
    return Function(Kind.CONSTANT, (), [outputs], value)


def _renamed(variables: Iterable[str], names: Mapping[str, str]) -> Variables:
    return tuple(sorted({names.get(variable, variable) for variable in variables}))


def _acc_locks(steps: AccSteps) -> frozenset[tuple[str, str]]:
    """The pushes before the first pull lock every variable after them."""
    first = next((at for at, (sign, _) in enumerate(steps) if sign == "="), len(steps))
    pushed = [variable for _, variables in steps[:first] for variable in variables]
    later = [variable for _, variables in steps[first:] for variable in variables]
    return frozenset(product(later, pushed))


def _group(variables: Variables) -> str:
    return " = ".join(variables) if variables else "_"


def _infix(symbol: str) -> Callable[[Function], str]:
    return lambda f: f"{f.inputs[0]} {symbol} {f.inputs[1]} = {_group(f.outputs[0])}"


def _shift(symbol: str) -> Callable[[Function], str]:
    return lambda f: f"{f.inputs[0]} {symbol} {f.detail} = {_group(f.outputs[0])}"


def _division(f: Function) -> str:
    """NITTA prints the denominator first."""
    numerator, denominator = f.inputs
    quotient, remainder = f.outputs
    return f"{denominator} / {numerator} = {_group(quotient)}; {denominator} mod {numerator} = {_group(remainder)}"


def _acc_text(f: Function) -> str:
    last = len(f.detail) - 1
    words = []
    for at, (sign, variables) in enumerate(f.detail):
        word = "= " + " = ".join(variables) if sign == "=" else sign + variables[0]
        words.append(word + ("," if sign == "=" and at < last else ""))
    return f"Acc({' '.join(words)})"


def _table_text(f: Function) -> str:
    rows = ",".join(f"([{','.join(map(str, row))}],{value})" for row, value in f.detail)
    return f"TruthTable fromList [{rows}] [{','.join(f.inputs)}] = {_group(f.outputs[0])}"


_UNLOCKED = {Kind.CONSTANT, Kind.SEND, Kind.RECEIVE, Kind.TRUTH_TABLE, Kind.MUX, Kind.LOOP_BEGIN}
_TEXTS: dict[Kind, Callable[[Function], str]] = {
    Kind.CONSTANT: lambda f: f"const({f.detail}) = {_group(f.outputs[0])}",
    Kind.LOOP: lambda f: f"loop({f.detail}, {f.inputs[0]}) = {_group(f.outputs[0])}",
    Kind.LOOP_BEGIN: lambda f: f"LoopBegin() = {_group(f.outputs[0])}",
    Kind.LOOP_END: lambda f: f"LoopEnd({f.inputs[0]}) pair out: {_group(f.detail)}",
    Kind.BUFFER: lambda f: f"buffer({f.inputs[0]}) = {_group(f.outputs[0])}",
    Kind.BROKEN_BUFFER: lambda f: f"brokenBuffer({f.inputs[0]}) = {_group(f.outputs[0])}",
    Kind.ADD: _infix("+"),
    Kind.SUB: _infix("-"),
    Kind.NEG: lambda f: f"-{f.inputs[0]} = {_group(f.outputs[0])}",
    Kind.ACC: _acc_text,
    Kind.MULTIPLY: _infix("*"),
    Kind.DIVISION: _division,
    Kind.SHIFT_LEFT: _shift("<<"),
    Kind.SHIFT_RIGHT: _shift(">>"),
    Kind.SEND: lambda f: f"send({f.inputs[0]})",
    Kind.RECEIVE: lambda f: f"receive() = {_group(f.outputs[0])}",
    Kind.COMPARE: lambda f: f"{f.inputs[0]} {f.detail} {f.inputs[1]} = {_group(f.outputs[0])}",
    Kind.AND: _infix("and"),
    Kind.OR: _infix("or"),
    Kind.NOT: lambda f: f"not {f.inputs[0]} = {_group(f.outputs[0])}",
    Kind.TRUTH_TABLE: _table_text,
    Kind.MUX: lambda f: f"Mux {f.inputs[0]} [{','.join(f.inputs[1:])}] = {_group(f.outputs[0])}",
}
