"""What a tree does besides computing its value, and what evaluating it destroys."""

from __future__ import annotations

from gymcc.envs.jitcse.backends.embedded.code.emitter import Hazard
from gymcc.envs.jitcse.ir import STORES, Node, Op, Type

_ACTS = STORES | {Op.STORE_LOCAL, Op.CALL, Op.BOUNDS, Op.BRANCH, Op.RETURN}
_WHOLE = (Type.INT, Type.LONG, Type.OTHER)


def divides(node: Node) -> bool:
    """Whether the node is a division of integers whose divisor is not a constant other than 0."""
    if node.op not in (Op.DIV, Op.MOD) or node.type not in _WHOLE:
        return False
    divisor = node.args[1]
    return divisor.op is not Op.CONST or divisor.payload == 0


def pure(node: Node) -> bool:
    """Whether nothing but the value of the tree can be noticed."""
    return node.op not in _ACTS and not divides(node) and all(pure(arg) for arg in node.args)


def calls(node: Node) -> bool:
    """Whether the node is a call; the remainder of floating-point numbers is one."""
    return node.op in (Op.CALL, Op.HELPER) or (node.op is Op.MOD and node.type.floating)


def hazard(*trees: Node) -> Hazard:
    """What a register must survive that keeps a value while ``trees`` are evaluated."""
    worst = Hazard.NONE
    for tree in trees:
        if calls(tree):
            return Hazard.CALL
        if divides(tree):
            worst = Hazard.DIVISION
        if tree.args:
            inside = hazard(*tree.args)
            if inside is Hazard.CALL:
                return inside
            worst = max(worst, inside)
    return worst


def mentions(tree: Node, local: int) -> bool:
    """Whether the tree reads or writes the local."""
    if tree.op in (Op.LOCAL, Op.STORE_LOCAL) and tree.payload == local:
        return True
    return any(mentions(arg, local) for arg in tree.args)
