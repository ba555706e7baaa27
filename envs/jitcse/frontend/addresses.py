"""Address modes: the arithmetic that a field access does for free, [base + index * scale + offset] (genCreateAddrMode).

Elements scale their index by their own size; there is no node for that.
"""

from __future__ import annotations

from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.ir import Node, Op

_SCALES = {Op.LSH: (1, 2, 3), Op.MUL: (2, 4, 8)}


def swallowed(flat: Flat, node: int) -> tuple[int, ...]:
    """The additions and the scaling under a field access that its address mode takes in."""
    inside = [flat.args[node][0]]
    if flat.nodes[inside[0]].op is not Op.ADD:
        return ()
    base, index = flat.args[inside[0]]
    if flat.nodes[index].op is Op.CONST and flat.nodes[base].op is Op.ADD:
        inside.append(base)
        base, index = flat.args[base]
    scaled = next((each for each in (index, base) if _is_scaled(flat.nodes[each])), None)
    return tuple(inside) if scaled is None else (*inside, scaled)


def _is_scaled(tree: Node) -> bool:
    scales = _SCALES.get(tree.op)
    return scales is not None and tree.args[1].op is Op.CONST and tree.args[1].payload in scales
