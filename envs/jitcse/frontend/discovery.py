"""Which trees are common subexpressions (RyuJIT's optcse.cpp: Locate, Index and IsCSEcandidate)."""

from __future__ import annotations

from collections.abc import Hashable

from gymcc.envs.jitcse.analysis import MAX_CANDIDATES
from gymcc.envs.jitcse.frontend.addresses import swallowed
from gymcc.envs.jitcse.frontend.costs import MIN_CSE_COST, Cost
from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.frontend.numbering import VOID, Numbering
from gymcc.envs.jitcse.ir import COMPARISONS, LEAVES, STORES, Op, Type

_EFFECTS = STORES | {Op.STORE_LOCAL, Op.CALL}


def eligible(flat: Flat, costs: list[Cost]) -> list[bool]:
    """Per node whether its tree may be a common subexpression, by its form; constants are for value numbers to find."""
    effect: list[bool] = []
    may = []
    for node, (tree, args) in enumerate(zip(flat.nodes, flat.args, strict=True)):
        effect.append(tree.op in _EFFECTS or any(effect[arg] for arg in args))
        may.append(not effect[node] and costs[node][0] >= MIN_CSE_COST and _form_allows(flat, node))
    for node, tree in enumerate(flat.nodes):
        for inside in swallowed(flat, node, tree):
            may[inside] = False
    return may


def _form_allows(flat: Flat, node: int) -> bool:
    tree, parent = flat.nodes[node], flat.parent[node]
    if tree.type is Type.VOID or tree.op is Op.LOCAL or (tree.op is Op.CONST and not tree.type.floating):
        return False
    above = flat.nodes[parent].op if parent >= 0 else None
    # the flags of a comparison feed its branch; a struct goes to where the caller wants it
    return not (above is Op.BRANCH and tree.op in COMPARISONS) and not (above is Op.RETURN and tree.type is Type.STRUCT)


def discover(flat: Flat, may: list[bool], numbering: Numbering) -> list[list[int]]:
    """The nodes of each candidate, candidates in order of their second tree; at most :data:`MAX_CANDIDATES`."""
    first: dict[Hashable, int] = {}
    found: dict[Hashable, list[int]] = {}
    for node, allowed in enumerate(may):
        if not allowed or numbering.values[node] == VOID:
            continue
        if numbering.values[node] in numbering.constants and flat.nodes[node].op not in LEAVES - {Op.STATIC}:
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
    if tree.op is Op.COMMA:
        thrown = numbering.exceptions[node]
        if thrown != numbering.exceptions[flat.args[node][1]]:
            return value, tree.type, thrown
    return value, tree.type
