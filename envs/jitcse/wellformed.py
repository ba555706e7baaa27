"""What makes a method well formed, so that everything behind the door may rely on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite, isnan

from gymcc.envs.jitcse.ir import COMPARISONS, Block, Method, Node, Op, Type

NAME = re.compile(r"[A-Za-z0-9_.#/-]+")
MAX_DEPTH = 100  # of a tree; keeps recursion over trees far from Python's limit

WHOLE = frozenset({Type.OTHER, Type.INT, Type.LONG})
NUMBERS = WHOLE | {Type.FLOAT, Type.DOUBLE}
_INT_BITS = {Type.INT: 32, Type.LONG: 64, Type.OTHER: 64}
_ARITHMETIC = frozenset({Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MOD})
_BITWISE = frozenset({Op.AND, Op.OR, Op.XOR})
_ROOTS = frozenset({Op.BRANCH, Op.RETURN})


class Malformed(ValueError):
    """A method breaks a rule of the intermediate representation; the message says where and which."""


def check(method: Method) -> None:
    """Raise :class:`Malformed`, naming block and statement, unless ``method`` obeys every rule of ``ir.py``."""
    _require(NAME.fullmatch(method.name) is not None, f"name {method.name!r}; allowed: {NAME.pattern}")
    _require(0 <= method.parameters <= len(method.locals), f"{method.parameters} parameters, more than locals")
    _require(Type.VOID not in method.locals, f"local {[*method.locals, Type.VOID].index(Type.VOID)} is void")
    _require(len(method.blocks) > 0, "no block")
    for index, block in enumerate(method.blocks):
        _check_block(method, block, f"block {index}")
    _require(not any(0 in block.successors for block in method.blocks), "the entry, block 0, has a predecessor")
    lost = set(range(len(method.blocks))) - reachable(method.blocks)
    _require(not lost, f"block {min(lost, default=0)} cannot be reached")


def reachable(blocks: tuple[Block, ...]) -> set[int]:
    """The blocks that some path from the entry leads to."""
    found, todo = {0}, [0]
    while todo:
        fresh = set(blocks[todo.pop()].successors) - found
        found |= fresh
        todo += fresh
    return found


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise Malformed(what)


def _check_block(method: Method, block: Block, place: str) -> None:
    _require(isfinite(block.weight) and block.weight >= 0, f"{place}: weight {block.weight}; allowed: finite, >= 0")
    last = block.statements[-1].op if block.statements else None
    jumps = {Op.RETURN: 0, Op.BRANCH: 2}.get(last, 1) if last else 1
    _require(
        len(block.successors) == jumps, f"{place}: {len(block.successors)} successors, its last statement asks {jumps}"
    )
    for successor in block.successors:
        _require(0 <= successor < len(method.blocks), f"{place}: successor {successor} of {len(method.blocks)} blocks")
    final = len(block.statements) - 1
    for index, statement in enumerate(block.statements):
        where = f"{place}, statement {index}"
        _require(statement.op not in _ROOTS or index == final, f"{where}: {statement.op} not at the end")
        _check_tree(method, statement, where, MAX_DEPTH)


def _check_tree(method: Method, node: Node, where: str, depth: int) -> None:
    if depth == 0:
        raise Malformed(f"{where}: a tree deeper than {MAX_DEPTH}")
    for arg in node.args:
        if arg.op in _ROOTS:
            raise Malformed(f"{where}: {arg.op} inside a tree")
        _check_tree(method, arg, where, depth - 1)
    if not _RULES[node.op](method, node):
        has = f"{node.op} of type {_name(node.type)} {_shape(node)}"
        raise Malformed(f"{where}: {has} breaks the rule: {HELP[node.op]}")


def _name(kind: Type) -> str:
    return kind.name.lower()


def _shape(node: Node) -> str:
    arguments = ", ".join(_name(arg.type) for arg in node.args)
    return f"with ({arguments})" + (f" and payload {node.payload!r}" if node.payload is not None else "")


Rule = Callable[[Method, Node], bool]


def _kinds(node: Node) -> tuple[Type, ...]:
    return tuple(arg.type for arg in node.args)


def _natural(payload: object) -> bool:
    return type(payload) is int and 0 <= payload < 2**31


def _constant(_: Method, node: Node) -> bool:
    if node.args:
        return False
    if bits := _INT_BITS.get(node.type):
        return type(node.payload) is int and -(2 ** (bits - 1)) <= node.payload < 2 ** (bits - 1)
    return node.type.floating and type(node.payload) is float and not isnan(node.payload)


def _local(method: Method, node: Node, kind: Type) -> bool:
    number = node.payload
    return type(number) is int and 0 <= number < len(method.locals) and method.locals[number] is kind


def _operator(kinds: frozenset[Type], count: int) -> Rule:
    return lambda _, node: _kinds(node) == (node.type,) * count and node.type in kinds and node.payload is None


def _comparison(_: Method, node: Node) -> bool:
    kinds = _kinds(node)
    return (
        node.type is Type.INT and len(kinds) == 2 and len(set(kinds)) == 1 and kinds[0] in NUMBERS and not node.payload
    )


def _named(_: Method, node: Node) -> bool:
    named = isinstance(node.payload, str) and NAME.fullmatch(node.payload) is not None
    return named and Type.VOID not in _kinds(node)


def _value(*before: Type) -> Rule:
    """A store: arguments ``before``, then a value."""

    def rule(_: Method, node: Node) -> bool:
        kinds = _kinds(node)
        return (
            node.type is Type.VOID
            and len(kinds) == len(before) + 1
            and kinds[:-1] == before
            and kinds[-1] is not Type.VOID
        )

    return rule


def _load(*arguments: Type) -> Rule:
    return lambda _, node: _kinds(node) == arguments and node.type is not Type.VOID


def _and(rule: Rule, payload: Callable[[object], bool]) -> Rule:
    return lambda method, node: rule(method, node) and payload(node.payload)


def _none(payload: object) -> bool:
    return payload is None


def _exactly(kind: Type, *arguments: Type) -> Rule:
    return lambda _, node: node.type is kind and _kinds(node) == arguments and node.payload is None


def _shift(_: Method, node: Node) -> bool:
    return node.type in (Type.INT, Type.LONG) and _kinds(node) == (node.type, Type.INT) and node.payload is None


def _cast(_: Method, node: Node) -> bool:
    return node.type in NUMBERS and len(node.args) == 1 and node.args[0].type in NUMBERS and node.payload is None


def _comma(_: Method, node: Node) -> bool:
    return len(node.args) == 2 and node.args[1].type is node.type and node.payload is None


def _store_local(method: Method, node: Node) -> bool:
    return node.type is Type.VOID and len(node.args) == 1 and _local(method, node, node.args[0].type)


def _return(method: Method, node: Node) -> bool:
    wanted = () if method.result is Type.VOID else (method.result,)
    return node.type is Type.VOID and _kinds(node) == wanted and node.payload is None


_REF, _INT, _VOID = Type.OTHER, Type.INT, Type.VOID
_EVERY = NUMBERS | {Type.SIMD}
_RULES: dict[Op, Rule] = {
    Op.LOCAL: lambda method, node: not node.args and _local(method, node, node.type),
    Op.CONST: _constant,
    Op.HANDLE: _and(lambda _, node: node.type in (Type.OTHER, Type.LONG) and not node.args, _natural),
    Op.FIELD: _and(_load(_REF), _natural),
    Op.STATIC: _and(_load(), _natural),
    Op.LENGTH: _exactly(_INT, _REF),
    Op.ELEM: _and(_load(_REF, _INT), _none),
    **dict.fromkeys(_ARITHMETIC, _operator(_EVERY, 2)),
    **dict.fromkeys(_BITWISE, _operator(WHOLE, 2)),
    Op.LSH: _shift,
    Op.RSH: _shift,
    Op.NEG: _operator(_EVERY, 1),
    Op.NOT: _operator(WHOLE, 1),
    Op.CAST: _cast,
    **dict.fromkeys(COMPARISONS, _comparison),
    Op.BOUNDS: _exactly(_VOID, _INT, _INT),
    Op.COMMA: _comma,
    Op.CALL: _named,
    Op.HELPER: _named,
    Op.STORE_LOCAL: _store_local,
    Op.STORE_FIELD: _and(_value(_REF), _natural),
    Op.STORE_STATIC: _and(_value(), _natural),
    Op.STORE_ELEM: _and(_value(_REF, _INT), _none),
    Op.BRANCH: _exactly(_VOID, _INT),
    Op.RETURN: _return,
}
HELP: dict[Op, str] = {
    Op.LOCAL: "no argument, a local's number, its type",
    Op.CONST: "no argument; a number that fits int, long or other, or a float (not nan) for float, double or simd",
    Op.HANDLE: "no argument; other or long, a number from 0 to 2^31 - 1",
    Op.FIELD: "(other), an offset from 0 to 2^31 - 1, any type but void",
    Op.STATIC: "no argument, a number from 0 to 2^31 - 1, any type but void",
    Op.LENGTH: "(other), type int",
    Op.ELEM: "(other, int), any type but void",
    **dict.fromkeys(_ARITHMETIC, "two arguments of its type; int, long, other, float, double or simd"),
    **dict.fromkeys(_BITWISE, "two arguments of its type; int, long or other"),
    Op.LSH: "(its type, int); int or long",
    Op.RSH: "(its type, int); int or long",
    Op.NEG: "one argument of its type; int, long, other, float, double or simd",
    Op.NOT: "one argument of its type; int, long or other",
    Op.CAST: "one argument; between int, long, other, float and double",
    **dict.fromkeys(COMPARISONS, "two arguments of one type, int, long, other, float or double; type int"),
    Op.BOUNDS: "(int, int), type void",
    Op.COMMA: "(anything, value of its type)",
    Op.CALL: f"arguments that are not void, a name {NAME.pattern}",
    Op.HELPER: f"arguments that are not void, a name {NAME.pattern}",
    Op.STORE_LOCAL: "(value of the local's type), a local's number, type void",
    Op.STORE_FIELD: "(other, value), an offset from 0 to 2^31 - 1, type void",
    Op.STORE_STATIC: "(value), a number from 0 to 2^31 - 1, type void",
    Op.STORE_ELEM: "(other, int, value), type void",
    Op.BRANCH: "(int), type void",
    Op.RETURN: "a value of the method's result type, or none; type void",
}
