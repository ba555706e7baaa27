"""What an algorithm computes, found without any schedule: functions in order of their data, iteration by iteration.

Numbers are two's complement and wrap around. A product drops the bits below the last place (rounds down). Division
truncates: ``n = q * d + r`` with an integer q, and r has the sign of n (Haskell's ``quotRem``); division by zero gives
q = 0 and r = n, so that the law holds for it too. A right shift keeps the sign. Comparisons and logic give 1 or 0, and
whatever is not zero is true. A multiplexer takes its first data input if the selector is zero, else the second.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from gymcc.envs.nitta.functions import Function, Kind, Variables
from gymcc.envs.nitta.numbers import Fixed, NumberType
from gymcc.envs.nitta.program import Program

Values = tuple[Fixed, ...]
_Rule = Callable[[Function, Sequence[int], NumberType], tuple[int, ...]]


def compute(function: Function, inputs: Sequence[Fixed], number_type: NumberType) -> Values:
    """One value for each output group; ``inputs`` in the order of ``function.inputs``.

    Raises ValueError for loops and receive, whose outputs do not follow from their inputs.
    """
    rule = _RULES.get(function.kind)
    if rule is None:
        raise ValueError(f"the outputs of '{function.text}' are no function of its inputs")
    if len(inputs) != len(function.inputs):
        raise ValueError(f"'{function.text}' has {len(function.inputs)} inputs, {len(inputs)} values given")
    return tuple(number_type.raw(raw) for raw in rule(function, [value.raw for value in inputs], number_type))


def value_name(variable: str) -> str:
    """What all uses of a value have in common, before and after buffers are inserted: ``x^0#1@buf`` gives ``x^0``."""
    while variable.endswith("@buf"):
        variable = variable.removesuffix("@buf")
    return variable if variable.startswith("_") else variable.partition("#")[0]


def receives(program: Program) -> tuple[str, ...]:
    """The names of the values that a program receives and uses, in order."""
    groups = (function.outputs[0] for function in program.functions if function.kind is Kind.RECEIVE)
    return tuple(value_name(group[0]) for group in groups if group)


def evaluate(program: Program, iterations: int, received: Mapping[str, Sequence[Fixed]]) -> list[dict[str, Fixed]]:
    """The value of every variable in each iteration; a function ``send(v)`` sends the value of v.

    ``received`` gives for each name of :func:`receives` one value per iteration. The program may be refactored: broken
    loops, inserted buffers, merged accumulations. Raises ValueError if values are missing, if a variable has no
    producer or two, and if functions wait for each other.
    """
    for name in receives(program):
        if len(received.get(name, ())) < iterations:
            raise ValueError(
                f"{iterations} values to receive for {name} are needed, {len(received.get(name, ()))} given"
            )
    order = _data_order(program)
    loops = list(_loops(program))
    state = [loop.first for loop in loops]
    results: list[dict[str, Fixed]] = []
    for iteration in range(iterations):
        values: dict[str, Fixed] = {}
        for loop, value in zip(loops, state, strict=True):
            values.update(dict.fromkeys(loop.outputs, value))
        for function in order:
            _execute(function, values, program.number_type, received, iteration)
        state = [values[loop.fed_back] for loop in loops]
        results.append(values)
    return results


@dataclass(frozen=True, slots=True)
class _Loop:
    outputs: Variables
    first: Fixed
    fed_back: str


def _loops(program: Program) -> Iterator[_Loop]:
    """Loops, whole or broken; a loop whose value nobody uses has no outputs and is left out."""
    ends = [function for function in program.functions if function.kind is Kind.LOOP_END]
    for function in program.functions:
        if function.kind not in (Kind.LOOP, Kind.LOOP_BEGIN) or not function.outputs[0]:
            continue
        outputs = function.outputs[0]
        halves = [function] if function.kind is Kind.LOOP else [e for e in ends if set(e.detail) & set(outputs)]
        if len(halves) != 1:
            raise ValueError(f"'{function.text}' needs one LoopEnd for its outputs, {len(halves)} found")
        yield _Loop(outputs, function.detail, halves[0].inputs[0])


def _data_order(program: Program) -> tuple[Function, ...]:
    """The functions of one iteration such that each comes after the producers of its inputs."""
    producers: dict[str, Function] = {}
    for function in program.functions:
        for variable in function.produced:
            if variable in producers:
                raise ValueError(f"'{variable}' is produced by '{producers[variable].text}' and by '{function.text}'")
            producers[variable] = function
    graph: dict[Function, list[Function]] = {}
    for function in program.functions:
        missing = [variable for variable in function.inputs if variable not in producers]
        if missing:
            raise ValueError(f"nothing produces '{missing[0]}', an input of '{function.text}'")
        if function.kind not in _FEEDING_BACK:
            graph[function] = [producers[v] for v in function.inputs if producers[v].kind not in _FEEDING_BACK]
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise ValueError(f"'{error.args[1][0].text}' waits for its own output within one iteration") from error


def _execute(
    function: Function,
    values: dict[str, Fixed],
    number_type: NumberType,
    received: Mapping[str, Sequence[Fixed]],
    iteration: int,
) -> None:
    if function.kind is Kind.RECEIVE:
        group = function.outputs[0]
        values.update({variable: received[value_name(group[0])][iteration] for variable in group})
        return
    results = compute(function, [values[variable] for variable in function.inputs], number_type)
    for group, result in zip(function.outputs, results, strict=True):
        values.update(dict.fromkeys(group, result))


def _divide(_: Function, inputs: Sequence[int], number_type: NumberType) -> tuple[int, ...]:
    numerator, denominator = inputs
    if denominator == 0:
        return 0, numerator
    quotient = abs(numerator) // abs(denominator)
    if (numerator < 0) != (denominator < 0):
        quotient = -quotient
    return quotient << number_type.fraction_bits, numerator - quotient * denominator


def _accumulate(function: Function, inputs: Sequence[int], _: NumberType) -> tuple[int, ...]:
    pushed = iter(inputs)
    total = 0
    pulls = []
    for sign, _variables in function.detail:
        if sign == "=":
            pulls.append(total)
        else:
            total += next(pushed) if sign == "+" else -next(pushed)
    return tuple(pulls)


def _shift_left(function: Function, inputs: Sequence[int], number_type: NumberType) -> tuple[int, ...]:
    return (inputs[0] << min(function.detail, number_type.bits),)


def _choose(function: Function, inputs: Sequence[int], _: NumberType) -> tuple[int, ...]:
    selector, *data = inputs
    if len(data) != 2:
        raise ValueError(f"a multiplexer has two data inputs, '{function.text}' has {len(data)}")
    return (data[selector != 0],)


def _truth(result: Callable[[Function, Sequence[int]], bool]) -> _Rule:
    return lambda function, inputs, number_type: (result(function, inputs) << number_type.fraction_bits,)


_RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "CmpEq": operator.eq,
    "CmpLt": operator.lt,
    "CmpLte": operator.le,
    "CmpGt": operator.gt,
    "CmpGte": operator.ge,
}
_FEEDING_BACK = {Kind.LOOP, Kind.LOOP_BEGIN, Kind.LOOP_END}
_RULES: dict[Kind, _Rule] = {
    Kind.CONSTANT: lambda f, _inputs, _type: (f.detail.raw,),
    Kind.BUFFER: lambda _f, inputs, _type: (inputs[0],),
    Kind.BROKEN_BUFFER: lambda _f, inputs, _type: (inputs[0],),
    Kind.ADD: lambda _f, inputs, _type: (inputs[0] + inputs[1],),
    Kind.SUB: lambda _f, inputs, _type: (inputs[0] - inputs[1],),
    Kind.NEG: lambda _f, inputs, _type: (-inputs[0],),
    Kind.ACC: _accumulate,
    Kind.MULTIPLY: lambda _f, inputs, number_type: (inputs[0] * inputs[1] >> number_type.fraction_bits,),
    Kind.DIVISION: _divide,
    Kind.SHIFT_LEFT: _shift_left,
    Kind.SHIFT_RIGHT: lambda f, inputs, _type: (inputs[0] >> f.detail,),
    Kind.SEND: lambda _f, _inputs, _type: (),
    Kind.COMPARE: _truth(lambda f, inputs: _RELATIONS[f.detail](inputs[0], inputs[1])),
    Kind.AND: _truth(lambda _f, inputs: all(inputs)),
    Kind.OR: _truth(lambda _f, inputs: any(inputs)),
    Kind.NOT: _truth(lambda _f, inputs: not inputs[0]),
    Kind.TRUTH_TABLE: _truth(lambda f, inputs: dict(f.detail)[tuple(map(bool, inputs))]),
    Kind.MUX: _choose,
}
