"""RyuJIT's mini-costs of trees (gentree.cpp, gtSetEvalOrder, x64): what a tree costs to run and in bytes of code."""

from __future__ import annotations

from gymcc.envs.jitcse.frontend.addresses import swallowed
from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.frontend.folding import FLOATING
from gymcc.envs.jitcse.ir import COMPARISONS, Node, Op, Type

MIN_CSE_COST = 2  # execution cost; cheaper trees are not worth a temporary
LOAD = 3  # IND_COST_EX
Cost = tuple[int, int]  # execution, size
_CALL = (5 + 3 * LOAD, 5)  # without its arguments

_LOCAL, _CONST, _STORE_LOCAL = Op.LOCAL, Op.CONST, Op.STORE_LOCAL  # members of an enumeration are slow to look up
_FIELDS = frozenset({Op.FIELD, Op.STORE_FIELD})
_FLOATS = frozenset({Type.FLOAT, Type.DOUBLE})  # SIMD operations cost what integers do
_LOCALS = {**dict.fromkeys(Type, (1, 1)), **dict.fromkeys(_FLOATS, (1, 2)), Type.STRUCT: (3 * LOAD, 6)}


def costs_of(flat: Flat) -> list[Cost]:
    """Per node the costs of its tree, but for what an address mode does for free."""
    costs: list[Cost] = []
    for node, (tree, args) in enumerate(zip(flat.nodes, flat.args, strict=True)):
        op = tree.op
        ex, sz = _FIXED.get(op) or _own_cost(flat, tree, node)
        for arg in args:
            arg_ex, arg_sz = costs[arg]
            ex += arg_ex
            sz += arg_sz
        if op is _STORE_LOCAL:
            sz = max(sz, 3)  # a move between registers
        elif op in _FIELDS:
            ex, sz = _less_address(flat, node, ex, sz)
        costs.append((ex, sz))
    return costs


def _less_address(flat: Flat, node: int, ex: int, sz: int) -> Cost:
    """Without the additions, scaling and constants that the address mode of a field access takes in."""
    for inside in swallowed(flat, node):
        free = [inside, *[arg for arg in flat.args[inside] if flat.nodes[arg].op is _CONST]]
        for each in free:
            own_ex, own_sz = _own_cost(flat, flat.nodes[each], each)
            ex, sz = ex - own_ex, sz - own_sz
    return ex, sz


def _own_cost(flat: Flat, tree: Node, node: int) -> Cost:
    """What a node that :data:`_FIXED` does not have adds to its arguments' costs."""
    op = tree.op
    if op is _LOCAL:
        return _LOCALS[tree.type]
    if op is _CONST:
        return _constant_cost(tree)
    if op in _FIELDS:
        return _field_cost(tree)
    if op in COMPARISONS:  # making a 0 or 1 of the flags costs more than a branch on them
        parent = flat.parent[node]
        return (1, 1) if parent >= 0 and flat.nodes[parent].op is Op.BRANCH else (4, 1)
    return _arithmetic_cost(tree)


def _arithmetic_cost(tree: Node) -> Cost:
    op, floating = tree.op, tree.type in _FLOATS
    if op is Op.CAST:
        return (2 * LOAD, 6) if floating or tree.args[0].type in _FLOATS else (1, 2)
    if tree.type is Type.SIMD or op in (Op.NEG, Op.NOT):
        return 1, 1
    if op is Op.DIV or (op is Op.MOD and not _is_power_of_two(tree.args[1])):
        if floating and op is Op.MOD:
            return _CALL
        return (36, 4) if floating else (20, 3)
    if op is Op.MUL:
        return (5, 4) if floating else (4, 3)
    if op in (Op.LSH, Op.RSH):
        return (1, 1) if tree.args[1].op is Op.CONST else (4, 1)
    return (5, 4) if floating else (1, 1)


def _is_power_of_two(tree: Node) -> bool:
    value = tree.payload
    return tree.op is Op.CONST and isinstance(value, int) and value > 0 and value & (value - 1) == 0


def _constant_cost(tree: Node) -> Cost:
    value = tree.payload
    if tree.type in FLOATING:
        return (1, 2) if repr(value) == "0.0" else (LOAD, 2)
    assert isinstance(value, int)
    if -128 <= value < 128:
        return 1, 1
    return (1, 4) if -(2**31) <= value < 2**31 else (2, 10)


def _field_cost(tree: Node) -> Cost:
    offset = tree.payload
    assert isinstance(offset, int)
    displacement = 0 if offset == 0 else 1 if offset < 128 else 4
    loads = 2 if (tree if tree.op is Op.FIELD else tree.args[1]).type is Type.STRUCT else 1
    store = 0 if tree.op is Op.FIELD else 1
    return loads * LOAD + store, loads * 2 + store + displacement


_FIXED: dict[Op, Cost] = {
    Op.HANDLE: (2, 10),  # as any constant of 64 bits: code that is not compiled ahead of time needs no relocation
    Op.LENGTH: (LOAD - 1, 2),
    Op.STATIC: (LOAD + 2, 12),  # its address is a handle
    Op.ELEM: (LOAD + 1, 5),  # with the extension of the index
    Op.BOUNDS: (4, 7),
    Op.COMMA: (0, 0),
    Op.CALL: _CALL,
    Op.HELPER: _CALL,
    Op.STORE_LOCAL: (0, 0),
    Op.STORE_STATIC: (LOAD + 3, 13),
    Op.STORE_ELEM: (LOAD + 2, 6),
    Op.BRANCH: (2, 2),
    Op.RETURN: (1, 1),
}
