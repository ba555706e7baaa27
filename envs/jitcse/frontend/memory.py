"""Memory as variables: classes of places such that a store to one class leaves all others as they are.

Fields are told apart by their bytes, whatever their objects, static fields by number, elements by type: an array has
one element type. What overlaps, directly or through others, is one class.
"""

from __future__ import annotations

from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.ir import LOADS, STORES, Node, Op, Type

_Place = tuple[Op, int, int]  # fields: offset and size; static fields: number, 0; elements: type, 0
_FIELD, _STATIC, _ELEM = Op.FIELD, Op.STATIC, Op.ELEM  # members of an enumeration are slow to look up
_FIELDS, _ELEMENTS = frozenset({Op.FIELD, Op.STORE_FIELD}), frozenset({Op.ELEM, Op.STORE_ELEM})
_BYTES = {type_: type_.bytes for type_ in Type}
_MEMORY = (LOADS | STORES) - {Op.LENGTH}


def memory_classes(flat: Flat) -> dict[int, int]:
    """The class, numbered from 0, of each node that loads (LENGTH aside) or stores."""
    places = {node: _place(tree) for node, tree in enumerate(flat.nodes) if tree.op in _MEMORY}
    classes: dict[_Place, int] = {}
    end, last = 0, -1
    for place in sorted(set(places.values())):
        op, offset, size = place
        if op is not _FIELD or offset >= end:
            last += 1
        end = max(end, offset + size) if op is _FIELD else 0
        classes[place] = last
    return {node: classes[place] for node, place in places.items()}


def _place(tree: Node) -> _Place:
    op, where = tree.op, tree.payload
    value = tree.args[-1].type if op in STORES else tree.type
    if op in _ELEMENTS:
        return _ELEM, value, 0
    assert isinstance(where, int)
    return (_FIELD, where, _BYTES[value]) if op in _FIELDS else (_STATIC, where, 0)
