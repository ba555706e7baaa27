"""Short ways to write trees, with the shapes that C#'s compiler and RyuJIT's importer give to common expressions."""

from __future__ import annotations

from gymcc.envs.jitcse.ir import STORES, Node, Op, Type

_EFFECTS = STORES | {Op.STORE_LOCAL, Op.CALL, Op.BOUNDS}
_READS_MEMORY = frozenset({Op.FIELD, Op.STATIC, Op.ELEM, Op.CALL, Op.HELPER})
MAX_REPEATED = (
    4  # nodes of an array or index that is written out twice (RyuJIT's MAX_ARR_COMPLEXITY, MAX_INDEX_COMPLEXITY)
)


def constant(kind: Type, value: int | float) -> Node:
    """A constant of a scalar or SIMD type."""
    return Node(Op.CONST, kind, (), float(value) if kind.floating else int(value))


NULL = constant(Type.OTHER, 0)


def local(number: int, kind: Type) -> Node:
    """A read of a local."""
    return Node(Op.LOCAL, kind, (), number)


def store_local(number: int, value: Node) -> Node:
    """A store to a local."""
    return Node(Op.STORE_LOCAL, Type.VOID, (value,), number)


def field(kind: Type, base: Node, offset: int) -> Node:
    """A load of an object's field."""
    return Node(Op.FIELD, kind, (base,), offset)


def store_field(base: Node, offset: int, value: Node) -> Node:
    """A store to an object's field."""
    return Node(Op.STORE_FIELD, Type.VOID, (base, value), offset)


def static(kind: Type, number: int) -> Node:
    """A load of a static field."""
    return Node(Op.STATIC, kind, (), number)


def length(array: Node) -> Node:
    """An array's length."""
    return Node(Op.LENGTH, Type.INT, (array,))


def bounds(index: Node, limit: Node) -> Node:
    """A bounds check."""
    return Node(Op.BOUNDS, Type.VOID, (index, limit))


def comma(first: Node, value: Node) -> Node:
    """``first``, then ``value``."""
    return Node(Op.COMMA, value.type, (first, value))


def call(kind: Type, name: str, *args: Node) -> Node:
    """A call."""
    return Node(Op.CALL, kind, args, name)


def helper(kind: Type, name: str, *args: Node) -> Node:
    """A call of a pure runtime helper."""
    return Node(Op.HELPER, kind, args, name)


def branch(condition: Node) -> Node:
    """A conditional jump."""
    return Node(Op.BRANCH, Type.VOID, (condition,))


def binary(op: Op, left: Node, right: Node) -> Node:
    """Arithmetic on two values of one type."""
    return Node(op, left.type, (left, right))


def compare(op: Op, left: Node, right: Node) -> Node:
    """A comparison of two values of one type."""
    return Node(op, Type.INT, (left, right))


def element(kind: Type, array: Node, index: Node) -> Node:
    """A checked load; both arguments are repeated, so they must be :func:`repeatable`."""
    return comma(bounds(index, length(array)), Node(Op.ELEM, kind, (array, index)))


def store_element(array: Node, index: Node, value: Node) -> tuple[Node, Node]:
    """A checked store as two statements, for repeatable arguments."""
    return bounds(index, length(array)), Node(Op.STORE_ELEM, Type.VOID, (array, index, value))


def repeatable(tree: Node) -> bool:
    """Whether RyuJIT would write the tree out twice rather than keep it: small, no effects, no memory read.

    See fgMorphIndexAddr in morph.cpp.
    """
    nodes = list(tree.walk())
    return len(nodes) <= MAX_REPEATED and not any(node.op in _READS_MEMORY for node in nodes) and not has_effects(tree)


def has_effects(tree: Node) -> bool:
    """Whether evaluating the tree can be noticed: it stores, calls, or may throw."""
    return any(node.op in _EFFECTS or _may_throw(node) for node in tree.walk())


def _may_throw(node: Node) -> bool:
    if node.op not in (Op.DIV, Op.MOD) or node.type.floating:
        return False
    divisor = node.args[1]
    return divisor.op is not Op.CONST or divisor.payload == 0
