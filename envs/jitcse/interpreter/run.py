"""The interpreter: statements in order, trees left to right, as ``ir.py`` says."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from gymcc.envs.jitcse.interpreter.hashing import mix, of_name
from gymcc.envs.jitcse.interpreter.inputs import Inputs
from gymcc.envs.jitcse.interpreter.memory import Memory, Place
from gymcc.envs.jitcse.interpreter.trace import Call, End, Store, Trace
from gymcc.envs.jitcse.interpreter.values import DivideByZero, Value, binary, bits_of, convert, shown, unary
from gymcc.envs.jitcse.ir import COMPARISONS, Method, Node, Op, Type

MAX_STEPS = 400
_PARAMETER, _CALL, _HELPER = 11, 12, 13  # what a hash is for


class UnwrittenLocal(ValueError):
    """A local was read before anything was stored to it; the message says which."""


class _OutOfBounds(Exception):
    """A bounds check failed."""


def run(method: Method, seed: int, max_steps: int = MAX_STEPS) -> Trace:
    """Run a well-formed method on the inputs that ``seed`` stands for, for at most ``max_steps`` blocks.

    A call's result depends on its name, arguments and number; it overwrites places of memory that depend on the effects
    so far. Raises :class:`UnwrittenLocal`.
    """
    return _Run(method, Inputs(seed)).trace(max_steps)


class _Run:
    """One run: locals, memory and the effects so far."""

    def __init__(self, method: Method, inputs: Inputs) -> None:
        self.method = method
        self.inputs = inputs
        self.memory = Memory(inputs)
        self.effects: list[Store | Call] = []
        self.digest = inputs.seed  # of the effects
        self.locals: list[Value | None] = [None] * len(method.locals)
        for number, kind in enumerate(method.locals[: method.parameters]):
            self.locals[number] = inputs.draw(kind, mix(inputs.seed, _PARAMETER, number))

    def trace(self, max_steps: int) -> Trace:
        """Run to the end."""
        result: Value | None = None
        try:
            end, result = self._blocks(max_steps)
        except _OutOfBounds:
            end = End.BOUNDS
        except DivideByZero:
            end = End.DIVIDE
        return Trace(tuple(self.effects), end, None if result is None else shown(result))

    def _blocks(self, max_steps: int) -> tuple[End, Value | None]:
        block = self.method.blocks[0]
        for _ in range(max_steps):
            value: Value | None = None
            for statement in block.statements:
                value = self.value(statement)
            if not block.successors:
                return End.RETURN, value if self.method.result is not Type.VOID else None
            taken = len(block.successors) == 1 or value != 0
            block = self.method.blocks[block.successors[0 if taken else 1]]
        return End.STEPS, None

    def value(self, node: Node) -> Value:
        """Evaluate a tree; 0 for a void one, the condition for a BRANCH, the result for a RETURN."""
        return _EVALUATE[node.op](self, node, [self.value(arg) for arg in node.args])

    def note(self, effect: Store | Call, *numbers: int) -> None:
        """Add an effect, which ``numbers`` tell apart."""
        self.effects.append(effect)
        self.digest = mix(self.digest, *numbers)


Evaluate = Callable[[_Run, Node, list[Value]], Value]


def _local(run: _Run, node: Node, _: list[Value]) -> Value:
    value = run.locals[cast(int, node.payload)]
    if value is None:
        raise UnwrittenLocal(f"{run.method.name}: local {node.payload} is read before anything is stored to it")
    return value


def _store_local(run: _Run, node: Node, args: list[Value]) -> Value:
    run.locals[cast(int, node.payload)] = args[0]
    return 0


def _constant(_: _Run, node: Node, __: list[Value]) -> Value:
    value = cast(float, node.payload)
    return (value,) * 4 if node.type is Type.SIMD else value


def _place(node: Node, args: list[Value], kind: Type) -> Place:
    """What a load or store of a value of type ``kind`` touches."""
    if node.op in (Op.ELEM, Op.STORE_ELEM):
        return "elem", cast(int, args[0]), cast(int, args[1]), kind
    if node.op in (Op.FIELD, Op.STORE_FIELD):
        return "field", cast(int, args[0]), cast(int, node.payload), 0
    return "static", 0, cast(int, node.payload), 0


def _load(run: _Run, node: Node, args: list[Value]) -> Value:
    return run.memory.load(_place(node, args, node.type), node.type)


def _store(run: _Run, node: Node, args: list[Value]) -> Value:
    kind, value = node.args[-1].type, args[-1]
    place = _place(node, args, kind)
    run.memory.store(place, kind, value)
    run.note(Store(place, shown(value)), of_name(place[0]), *place[1:], bits_of(value))
    return 0


def _bounds(_: _Run, __: Node, args: list[Value]) -> Value:
    index, length = cast(list[int], args)
    if not 0 <= index < length:
        raise _OutOfBounds
    return 0


def _call(run: _Run, node: Node, args: list[Value]) -> Value:
    name, bits = cast(str, node.payload), [bits_of(arg) for arg in args]
    run.note(Call(name, tuple(shown(arg) for arg in args)), of_name(name), len(run.effects), *bits)
    run.memory.call(run.digest)
    return 0 if node.type is Type.VOID else run.inputs.draw(node.type, mix(run.digest, _CALL))


def _helper(run: _Run, node: Node, args: list[Value]) -> Value:
    if node.type is Type.VOID:
        return 0
    bits = [bits_of(arg) for arg in args]
    return run.inputs.draw(node.type, mix(run.inputs.seed, _HELPER, of_name(cast(str, node.payload)), *bits))


def _binary(_: _Run, node: Node, args: list[Value]) -> Value:
    return binary(node.op, node.type, args[0], args[1])


def _unary(_: _Run, node: Node, args: list[Value]) -> Value:
    return unary(node.op, node.type, args[0])


_ARITHMETIC = (Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MOD, Op.AND, Op.OR, Op.XOR, Op.LSH, Op.RSH)
_EVALUATE: dict[Op, Evaluate] = {
    Op.LOCAL: _local,
    Op.CONST: _constant,
    Op.HANDLE: _constant,
    Op.FIELD: _load,
    Op.STATIC: _load,
    Op.LENGTH: lambda run, _, args: run.inputs.length(cast(int, args[0])),
    Op.ELEM: _load,
    **dict.fromkeys(_ARITHMETIC, _binary),
    Op.NEG: _unary,
    Op.NOT: _unary,
    Op.CAST: lambda _, node, args: convert(node.type, args[0]),
    **dict.fromkeys(COMPARISONS, _binary),
    Op.BOUNDS: _bounds,
    Op.COMMA: lambda _, __, args: args[1],
    Op.CALL: _call,
    Op.HELPER: _helper,
    Op.STORE_LOCAL: _store_local,
    Op.STORE_FIELD: _store,
    Op.STORE_STATIC: _store,
    Op.STORE_ELEM: _store,
    Op.BRANCH: lambda _, __, args: args[0],
    Op.RETURN: lambda _, __, args: args[0] if args else 0,
}
