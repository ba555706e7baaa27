"""Which trees are common subexpressions (RyuJIT's optcse.cpp: Locate, Index and IsCSEcandidate)."""

from __future__ import annotations

from collections.abc import Hashable

from gymcc.envs.jitcse.analysis import MAX_CANDIDATES
from gymcc.envs.jitcse.frontend.addresses import swallowed
from gymcc.envs.jitcse.frontend.costs import MIN_CSE_COST, Cost
from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.frontend.folding import FLOATING
from gymcc.envs.jitcse.frontend.numbering import VOID, Numbering
from gymcc.envs.jitcse.ir import COMPARISONS, STORES, Node, Op, Type

_VOID, _STRUCT = Type.VOID, Type.STRUCT  # members of an enumeration are slow to look up
_CONST, _COMMA, _BRANCH, _RETURN = Op.CONST, Op.COMMA, Op.BRANCH, Op.RETURN
_EFFECTS = STORES | {Op.STORE_LOCAL, Op.CALL}
_FIELDS = frozenset({Op.FIELD, Op.STORE_FIELD})
_CONSTANTS = (Op.CONST, Op.HANDLE)
_NEVER = frozenset({Op.LOCAL, Op.BOUNDS, Op.BRANCH, Op.RETURN})


def eligible(flat: Flat, costs: list[Cost]) -> list[bool]:
    """Per node whether its tree may be a common subexpression, by its form; constants are for value numbers to find."""
    effects = flat.around([node for node, tree in enumerate(flat.nodes) if tree.op in _EFFECTS])
    may = [
        cost[0] >= MIN_CSE_COST and tree.op not in _NEVER and node not in effects and _form_allows(flat, node, tree)
        for node, (tree, cost) in enumerate(zip(flat.nodes, costs, strict=True))
    ]
    for node, tree in enumerate(flat.nodes):
        if tree.op in _FIELDS:
            for inside in swallowed(flat, node):
                may[inside] = False
        elif tree.op is _RETURN:  # a struct goes to where the caller wants it
            for inside in flat.inside(node):
                may[inside] = may[inside] and flat.nodes[inside].type is not _STRUCT
    return may


def _form_allows(flat: Flat, node: int, tree: Node) -> bool:
    if tree.type is _VOID or (tree.op is _CONST and tree.type not in FLOATING):
        return False
    if tree.op not in COMPARISONS:
        return True
    parent = flat.parent[node]
    return parent < 0 or flat.nodes[parent].op is not _BRANCH  # which goes by the comparison's flags


def discover(flat: Flat, may: list[bool], numbering: Numbering) -> list[list[int]]:
    """The nodes of each candidate, candidates in order of their second tree; at most :data:`MAX_CANDIDATES`."""
    first: dict[Hashable, int] = {}
    found: dict[Hashable, list[int]] = {}
    for node, allowed in enumerate(may):
        if not allowed or numbering.values[node] == VOID:  # the latter: dead code
            continue
        if numbering.values[node] in numbering.constants and flat.nodes[node].op not in _CONSTANTS:
            continue
        key = _key(flat, numbering, node)
        if key in found:
            found[key].append(node)
        elif key not in first:
            first[key] = node
        elif len(found) < MAX_CANDIDATES:
            found[key] = [first[key], node]
    return list(found.values())


def _key(flat: Flat, numbering: Numbering, node: int) -> Hashable:
    """The value number; a COMMA that throws what its value does not is told apart from its value by its exceptions.

    The type is part of the key: identities may give trees of two types one number.
    """
    tree, value = flat.nodes[node], numbering.values[node]
    if tree.op is _COMMA:
        thrown = numbering.exceptions[node]
        if thrown != numbering.exceptions[flat.args[node][1]]:
            return value, tree.type, thrown
    return value, tree.type
