"""Functions read back from the texts in which a NITTA server prints them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from gymcc.envs.nitta.functions import AccSteps, Function, Kind, Table, Variables, acc
from gymcc.envs.nitta.numbers import Fixed, NumberType

_INFIX = {"+": Kind.ADD, "-": Kind.SUB, "*": Kind.MULTIPLY, "and": Kind.AND, "or": Kind.OR}
_SHIFTS = {"<<": Kind.SHIFT_LEFT, ">>": Kind.SHIFT_RIGHT}
_V = r"(\S+)"
_OUT = r"(.+)"


def parse_function(text: str, number_type: NumberType, first_values: Mapping[Variables, Fixed]) -> Function:
    """The function whose ``text`` this is; raises ValueError.

    Numbers are printed with six decimals, so that finer ones come back rounded. ``first_values`` of loops by their
    outputs: a broken loop does not print its own.
    """
    for pattern, read in _FORMS:
        if match := re.fullmatch(pattern, text):
            return read(match, number_type, first_values)
    raise ValueError(f"{text!r} is not the text of a function known here")


def parse_outputs(text: str) -> Variables:
    """The variables of ``a = b``, sorted; none for ``_``."""
    return () if text == "_" else tuple(sorted(text.split(" = ")))


_Reader = Callable[[re.Match[str], NumberType, Mapping[Variables, Fixed]], Function]


def _one_input(kind: Kind) -> _Reader:
    return lambda m, *_: Function(kind, (m[1],), [parse_outputs(m[2])])


def _constant(m: re.Match[str], number: NumberType, _: Mapping[Variables, Fixed]) -> Function:
    return Function(Kind.CONSTANT, (), [parse_outputs(m[2])], number.of(Decimal(m[1])))


def _loop(m: re.Match[str], number: NumberType, _: Mapping[Variables, Fixed]) -> Function:
    return Function(Kind.LOOP, (m[2],), [parse_outputs(m[3])], number.of(Decimal(m[1])))


def _loop_begin(m: re.Match[str], number: NumberType, first_values: Mapping[Variables, Fixed]) -> Function:
    outputs = parse_outputs(m[1])
    if outputs not in first_values:
        raise ValueError(f"{m[0]!r}: the first value of the loop is not known")
    return Function(Kind.LOOP_BEGIN, (), [outputs], first_values[outputs])


def _division(m: re.Match[str], *_: object) -> Function:
    return Function(Kind.DIVISION, (m[2], m[1]), [parse_outputs(m[3]), parse_outputs(m[6])])


def _acc(m: re.Match[str], *_: object) -> Function:
    """``+a -b = c = d, +e = f``: commas only end a pull."""
    steps: list[tuple[str, Variables]] = []
    for part in m[1].split(", "):
        pushes, pull, outputs = part.partition("= ")
        steps += [(word[0], (word[1:],)) for word in pushes.split()]
        steps += [("=", parse_outputs(outputs))] if pull else []
    found: AccSteps = tuple(steps)
    return acc(found)


def _table(m: re.Match[str], *_: object) -> Function:
    rows: Table = tuple(
        (tuple(word == "True" for word in row.split(",")), value == "True")
        for row, value in re.findall(r"\(\[([^]]*)\],(True|False)\)", m[1])
    )
    return Function(Kind.TRUTH_TABLE, tuple(m[2].split(",")), [parse_outputs(m[3])], rows)


_FORMS: list[tuple[str, _Reader]] = [
    (rf"const\((\S+)\) = {_OUT}", _constant),
    (rf"loop\((\S+), {_V}\) = {_OUT}", _loop),
    (rf"LoopBegin\(\) = {_OUT}", _loop_begin),
    (rf"LoopEnd\({_V}\) pair out: {_OUT}", lambda m, *_: Function(Kind.LOOP_END, (m[1],), (), parse_outputs(m[2]))),
    (rf"buffer\({_V}\) = {_OUT}", _one_input(Kind.BUFFER)),
    (rf"brokenBuffer\({_V}\) = {_OUT}", _one_input(Kind.BROKEN_BUFFER)),
    (rf"send\({_V}\)", lambda m, *_: Function(Kind.SEND, (m[1],), ())),
    (rf"receive\(\) = {_OUT}", lambda m, *_: Function(Kind.RECEIVE, (), [parse_outputs(m[1])])),
    (r"Acc\((.+)\)", _acc),
    (rf"TruthTable fromList \[(.*)\] \[(\S*)\] = {_OUT}", _table),
    (
        rf"Mux {_V} \[(\S*)\] = {_OUT}",
        lambda m, *_: Function(Kind.MUX, (m[1], *m[2].split(",")), [parse_outputs(m[3])]),
    ),
    (rf"{_V} / {_V} = {_OUT}; {_V} mod {_V} = {_OUT}", _division),
    (
        rf"{_V} (<<|>>) (\d+) = {_OUT}",
        lambda m, *_: Function(_SHIFTS[m[2]], (m[1],), [parse_outputs(m[4])], int(m[3])),
    ),
    (rf"{_V} (Cmp\w+) {_V} = {_OUT}", lambda m, *_: Function(Kind.COMPARE, (m[1], m[3]), [parse_outputs(m[4])], m[2])),
    (rf"not {_V} = {_OUT}", _one_input(Kind.NOT)),
    (
        rf"{_V} (\+|-|\*|and|or) {_V} = {_OUT}",
        lambda m, *_: Function(_INFIX[m[2]], (m[1], m[3]), [parse_outputs(m[4])]),
    ),
    (rf"-{_V} = {_OUT}", _one_input(Kind.NEG)),
]
