"""Syntax tree to functions, in NITTA's order: operands from the left to the right, then what uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gymcc.envs.nitta.frontend.errors import LuaError
from gymcc.envs.nitta.frontend.literals import literal_value, shift_bits
from gymcc.envs.nitta.frontend.names import Scope, Value
from gymcc.envs.nitta.frontend.syntax import (
    Assignment,
    Binary,
    Call,
    Chunk,
    Expression,
    Literal,
    Name,
    Parenthesised,
    Statement,
    Unary,
)
from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.numbers import NumberType

_BINARY: dict[str, tuple[Kind, str | None]] = {
    "+": (Kind.ADD, None),
    "-": (Kind.SUB, None),
    "*": (Kind.MULTIPLY, None),
    "/": (Kind.DIVISION, None),
    "and": (Kind.AND, None),
    "or": (Kind.OR, None),
    "==": (Kind.COMPARE, "CmpEq"),
    "<": (Kind.COMPARE, "CmpLt"),
    "<=": (Kind.COMPARE, "CmpLte"),
    ">": (Kind.COMPARE, "CmpGt"),
    ">=": (Kind.COMPARE, "CmpGte"),
}
_SHIFT = {"<<": Kind.SHIFT_LEFT, ">>": Kind.SHIFT_RIGHT}
_UNARY = {"-": Kind.NEG, "not": Kind.NOT}
_CALLS = {
    "receive": (Kind.RECEIVE, 0),
    "buffer": (Kind.BUFFER, 1),
    "brokenBuffer": (Kind.BROKEN_BUFFER, 1),
    "if_mux": (Kind.MUX, 3),
}


@dataclass(frozen=True, slots=True)
class _Draft:
    """A function whose outputs are not all used yet."""

    kind: Kind
    inputs: tuple[str, ...]
    outputs: tuple[Value, ...]
    detail: Any = None

    def finish(self) -> Function:
        return Function(self.kind, self.inputs, [value.uses for value in self.outputs], self.detail)


def lower(chunk: Chunk, number_type: NumberType) -> tuple[Function, ...]:
    """The functions of a program in source order; raises LuaError."""
    lowering = _Lowering(chunk, number_type)
    for statement in chunk.body:
        lowering.statement(statement)
    lowering.check_loops()
    return tuple(draft.finish() for draft in lowering.drafts)


class _Lowering:
    def __init__(self, chunk: Chunk, number_type: NumberType) -> None:
        _check_count(chunk.call, len(chunk.parameters))
        self.chunk = chunk
        self.type = number_type
        self.scope = Scope()
        self.drafts: list[_Draft] = []
        self.literals: dict[str, Value] = {}
        self.named_constants: dict[str, Value] = {}
        self.parameters = [self.scope.assigned(parameter.text) for parameter in chunk.parameters]
        for parameter, value in zip(chunk.parameters, self.parameters, strict=True):
            self.scope.bind(parameter.text, value)
        self.first_values = [literal_value(_first_value(argument), number_type) for argument in chunk.call.arguments]
        self.recursive = False

    def emit(self, kind: Kind, inputs: tuple[str, ...], outputs: tuple[Value, ...], detail: Any = None) -> None:
        self.drafts.append(_Draft(kind, inputs, outputs, detail))

    def statement(self, statement: Statement) -> None:
        if isinstance(statement, Assignment):
            self.assignment(statement)
        elif statement.name == self.chunk.name:
            self.loops(statement)
        elif statement.name == "send":
            _check_count(statement, 1)
            self.emit(Kind.SEND, (self.operand(statement.arguments[0], "tmp"),), ())
        else:
            raise _unknown_call(statement, f"send(x), debug.trace(...) and {self.chunk.name}(...)")

    def assignment(self, assignment: Assignment) -> None:
        targets, values = assignment.targets, assignment.values
        if len(targets) == 2 and len(values) == 1 and _is_division(values[0]):
            self.define((targets[0].text, targets[1].text), _inner(values[0]))
        elif len(targets) != len(values):
            raise LuaError(
                f"{len(targets)} names on the left, {len(values)} values on the right; only q, r = x / y may differ",
                assignment.at,
            )
        elif len(targets) == 1:
            self.assign(targets[0].text, values[0])
        else:
            for target, value in zip(targets, values, strict=True):
                self.assign(target.text + "&", value)
            for target in targets:
                self.scope.bind(target.text, self.scope.find(Name(target.text + "&", target.at)))

    def assign(self, target: str, expression: Expression) -> None:
        """Gives ``target`` a value: that of another name, a named constant, or a new one."""
        expression = _inner(expression)
        if isinstance(expression, Name):
            self.scope.bind(target, self.scope.find(expression))
        elif isinstance(expression, Literal):
            self.scope.bind(target, self.named_constant(target, expression))
        else:
            self.define((target,), expression)

    def named_constant(self, target: str, literal: Literal) -> Value:
        """NITTA merges named constants of one text, and literals of one text, but not the former with the latter."""
        if literal.text not in self.named_constants:
            self.named_constants[literal.text] = self.constant(self.scope.assigned(target), literal)
        return self.named_constants[literal.text]

    def constant(self, value: Value, literal: Literal) -> Value:
        self.emit(Kind.CONSTANT, (), (value,), literal_value(literal, self.type))
        return value

    def define(self, targets: tuple[str, ...], expression: Expression) -> None:
        """Computes the expression into new values; the targets name them only when all operands are read."""
        values = tuple(self.scope.assigned(target) for target in targets)
        self.compute(expression, values, targets[0])
        for target, value in zip(targets, values, strict=True):
            self.scope.bind(target, value)

    def operand(self, expression: Expression, target: str) -> str:
        """A variable that carries the value of the expression; ``target`` names intermediate results."""
        at, expression = expression.at, _inner(expression)
        if isinstance(expression, Name):
            return self.scope.use(self.scope.find(expression), at)
        if isinstance(expression, Literal):
            if expression.text not in self.literals:
                self.literals[expression.text] = self.constant(Value(f"!{expression.text}"), expression)
            return self.scope.use(self.literals[expression.text], at)
        value = self.scope.intermediate(target)
        self.compute(expression, (value,), target)
        return self.scope.use(value, at)

    def compute(self, expression: Expression, outputs: tuple[Value, ...], target: str) -> None:
        """The function that an operator or a call stands for."""
        if isinstance(expression, Unary):
            self.emit(_UNARY[expression.operator], (self.operand(expression.operand, target),), outputs)
        elif isinstance(expression, Binary):
            self.binary(expression, outputs, target)
        elif isinstance(expression, Call):
            self.call(expression, outputs, target)

    def binary(self, binary: Binary, outputs: tuple[Value, ...], target: str) -> None:
        left = self.operand(binary.left, target)
        if binary.operator in _SHIFT:
            bits = shift_bits(binary.operator, _inner(binary.right))
            self.emit(_SHIFT[binary.operator], (left,), outputs, bits)
            return
        kind, relation = _BINARY[binary.operator]
        if kind is Kind.DIVISION and len(outputs) == 1:
            outputs = (*outputs, Value("_"))
        self.emit(kind, (left, self.operand(binary.right, target)), outputs, relation)

    def call(self, call: Call, outputs: tuple[Value, ...], target: str) -> None:
        if call.name not in _CALLS:
            raise _unknown_call(call, "receive(), buffer(x), brokenBuffer(x) and if_mux(condition, a, b)")
        kind, count = _CALLS[call.name]
        _check_count(call, count)
        inputs = tuple(self.operand(argument, target) for argument in call.arguments)
        if kind is Kind.MUX:  # a selector counts: 0 takes the first of the list, and if_mux names that one last
            inputs = (inputs[0], inputs[2], inputs[1])
        self.emit(kind, inputs, outputs)

    def loops(self, call: Call) -> None:
        """The function's call of itself: each parameter becomes a loop."""
        _check_count(call, len(self.parameters))
        if self.recursive:
            raise LuaError(f"'{call.name}' calls itself a second time; once is allowed", call.at)
        self.recursive = True
        for argument, parameter, first in zip(call.arguments, self.parameters, self.first_values, strict=True):
            self.emit(Kind.LOOP, (self.operand(argument, "loop"),), (parameter,), first)

    def check_loops(self) -> None:
        """Without the call of itself nothing would produce what the parameters carry."""
        for name, value in zip(self.chunk.parameters, self.parameters, strict=True):
            if value.uses and not self.recursive:
                raise LuaError(
                    f"'{self.chunk.name}' does not call itself as a statement, so the parameter '{name.text}' "
                    "has no value after the first iteration",
                    name.at,
                )


def _inner(expression: Expression) -> Expression:
    while isinstance(expression, Parenthesised):
        expression = expression.inner
    return expression


def _is_division(expression: Expression) -> bool:
    inner = _inner(expression)
    return isinstance(inner, Binary) and inner.operator == "/"


def _first_value(argument: Expression) -> Literal:
    if not isinstance(argument, Literal):
        raise LuaError(
            "the call that starts the program takes numbers only, the first values of its loops", argument.at
        )
    return argument


def _check_count(call: Call, count: int) -> None:
    if len(call.arguments) != count:
        raise LuaError(f"'{call.name}' takes {count} argument(s), {len(call.arguments)} given", call.at)


def _unknown_call(call: Call, allowed: str) -> LuaError:
    return LuaError(f"'{call.name}' cannot be called here; allowed are {allowed}", call.at)
