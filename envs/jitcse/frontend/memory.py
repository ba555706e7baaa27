"""Memory as variables: classes of places such that a store to one class leaves all others as they are."""

from __future__ import annotations

from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.ir import LOADS, STORES, Node, Op

PlaceKey = tuple[Op, int, int]  # fields: offset and size; static fields: number, 0; elements: type, 0


def place_key(tree: Node) -> PlaceKey:
    """What a load (LENGTH aside) or a store touches."""
    op = tree.op
    if op is Op.FIELD or op is Op.STORE_FIELD:
        assert isinstance(tree.payload, int)
        return Op.FIELD, tree.payload, (tree if op is Op.FIELD else tree.args[1]).type.bytes
    if op is Op.STATIC or op is Op.STORE_STATIC:
        assert isinstance(tree.payload, int)
        return Op.STATIC, tree.payload, 0
    return Op.ELEM, (tree if op is Op.ELEM else tree.args[2]).type, 0


def memory_classes(flat: Flat, first: int) -> tuple[dict[PlaceKey, int], int]:
    """Each :func:`place_key` of a method to its class, numbered from ``first``, and the number of classes.

    Fields whose bytes overlap share a class, directly or through others, whatever their objects.
    """
    keys = {
        place_key(tree) for tree in flat.nodes if (tree.op in LOADS and tree.op is not Op.LENGTH) or tree.op in STORES
    }
    classes: dict[PlaceKey, int] = {}
    end, last = 0, first - 1
    for key in sorted(keys):
        op, offset, size = key
        if op is not Op.FIELD or offset >= end:
            last += 1
        end = max(end, offset + size) if op is Op.FIELD else 0
        classes[key] = last
    return classes, last - first + 1
