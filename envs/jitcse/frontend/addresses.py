"""Address modes: the arithmetic that a load or store does for free, [base + index * scale + offset]."""

from __future__ import annotations

from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.ir import Node, Op

_SCALES = {Op.LSH: (1, 2, 3), Op.MUL: (2, 4, 8)}


def swallowed(flat: Flat, node: int, tree: Node) -> tuple[int, ...]:
    """The nodes under a field access that become part of its address, of ``flat``'s numbering.

    An object computed as ``base + offset`` or ``base + index [* 2, 4, 8]``; elements scale by their own size instead.
    """
    if tree.op not in (Op.FIELD, Op.STORE_FIELD) or tree.args[0].op is not Op.ADD:
        return ()
    add = flat.args[node][0]
    scaled = flat.args[add][1]
    return (add, scaled) if _is_scaled(flat.nodes[scaled]) else (add,)


def _is_scaled(tree: Node) -> bool:
    scales = _SCALES.get(tree.op)
    return scales is not None and tree.args[1].op is Op.CONST and tree.args[1].payload in scales
