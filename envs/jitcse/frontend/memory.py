"""Memory as variables: classes of places such that a store to one class leaves all others as they are."""

from __future__ import annotations

from collections.abc import Hashable

from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.ir import LOADS, STORES, Node, Op

_FIELDS = (Op.FIELD, Op.STORE_FIELD)
_STATICS = (Op.STATIC, Op.STORE_STATIC)


def place_key(tree: Node) -> Hashable:
    """What a load (LENGTH aside) or store touches: field offset and size, static field, or type of element."""
    if tree.op in _FIELDS:
        value = tree if tree.op is Op.FIELD else tree.args[-1]
        return Op.FIELD, tree.payload, value.type.bytes
    if tree.op in _STATICS:
        return Op.STATIC, tree.payload
    return Op.ELEM, (tree if tree.op is Op.ELEM else tree.args[-1]).type


def memory_classes(flat: Flat, first: int) -> tuple[dict[Hashable, int], int]:
    """Each :func:`place_key` of a method to its class, numbered from ``first``, and the number of classes.

    Fields whose bytes overlap at any offset share a class, directly or through others.
    """
    keys = {place_key(tree): None for tree in flat.nodes if _touches_memory(tree)}
    classes: dict[Hashable, int] = {}
    end, last = -1, first - 1
    for key in sorted((key for key in keys if isinstance(key, tuple) and key[0] is Op.FIELD), key=lambda k: k[1:]):
        if key[1] >= end:
            last += 1
        end = max(end, key[1] + key[2])
        classes[key] = last
    for key in keys:
        if key not in classes:
            last += 1
            classes[key] = last
    return classes, last - first + 1


def _touches_memory(tree: Node) -> bool:
    return (tree.op in LOADS and tree.op is not Op.LENGTH) or tree.op in STORES
