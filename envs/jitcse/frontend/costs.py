"""RyuJIT's mini-costs of trees (gentree.cpp, gtSetEvalOrder, x64): what a tree costs to run and in bytes of code."""

from __future__ import annotations

from collections.abc import Sequence

from gymcc.envs.jitcse.ir import COMPARISONS, Node, Op, Type

MIN_CSE_COST = 2  # cheaper trees are not worth a temporary
LOAD = 3  # IND_COST_EX
CALL = 5  # without its arguments
Cost = tuple[int, int]  # execution, size


def tree_cost(node: Node, args: Sequence[Cost]) -> Cost:
    """Execution and size cost of the tree of ``node``, whose arguments' trees cost ``args``."""
    ex, sz = _own_cost(node)
    for arg_ex, arg_sz in args:
        ex += arg_ex
        sz += arg_sz
    return ex, sz


def _own_cost(node: Node) -> Cost:
    op, floating = node.op, node.type.floating
    if op in _FIXED:
        return _FIXED[op]
    if op is Op.LOCAL:
        return (LOAD, 2) if node.type is Type.STRUCT else (1, 2 if floating else 1)
    if op is Op.CONST:
        return _constant_cost(node)
    if op in COMPARISONS:
        return (3, 3) if node.args[0].type.floating else (1, 1)
    if op is Op.MUL:
        return (5, 4) if floating else (3, 2) if node.type is Type.INT else (4, 2)
    if op in (Op.DIV, Op.MOD):
        return (36, 4) if floating else (20, 2)
    if op is Op.CAST:
        return (4, 4) if floating or node.args[0].type.floating else (1, 2)
    return (5, 4) if floating else (1, 1)


def _constant_cost(node: Node) -> Cost:
    value = node.payload
    if isinstance(value, int) and not node.type.floating:
        if -128 <= value < 128:
            return 1, 1
        return (1, 4) if -(2**31) <= value < 2**31 else (2, 10)
    return (1, 1) if value == 0 else (LOAD, 4)


_FIXED: dict[Op, Cost] = {
    Op.HANDLE: (2, 10),
    Op.FIELD: (LOAD, 2),
    Op.LENGTH: (LOAD, 2),
    Op.STATIC: (LOAD + 1, 6),
    Op.ELEM: (LOAD + 1, 3),
    Op.BOUNDS: (4, 7),
    Op.COMMA: (0, 0),
    Op.CALL: (CALL, 5),
    Op.HELPER: (CALL, 5),
    Op.STORE_LOCAL: (1, 1),
    Op.STORE_FIELD: (LOAD, 2),
    Op.STORE_STATIC: (LOAD + 1, 6),
    Op.STORE_ELEM: (LOAD + 1, 3),
    Op.BRANCH: (2, 2),
    Op.RETURN: (1, 1),
}
