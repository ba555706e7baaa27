"""Addresses of loads and stores, the same for all targets: [base + index * scale + offset]."""

from __future__ import annotations

from gymcc.envs.jitcse.backends.embedded.code.emitter import Hazard
from gymcc.envs.jitcse.backends.embedded.code.lowering import Lowering
from gymcc.envs.jitcse.backends.embedded.code.operands import Mem, Place
from gymcc.envs.jitcse.backends.embedded.code.purity import hazard
from gymcc.envs.jitcse.ir import Node, Op

LENGTH_OFFSET = 8  # of an array's length, and
DATA_OFFSET = 16  # of its first element
_SCALES = {Op.LSH: {1: 2, 2: 4, 3: 8}, Op.MUL: {2: 2, 4: 4, 8: 8}}


class Addressing(Lowering):
    """Finds out where a load or store goes."""

    def locate(self, access: Node, danger: Hazard) -> Mem:
        if access.op in (Op.STATIC, Op.STORE_STATIC):
            return Mem(Place.CONSTANT, label=f"static_{access.payload}")
        if access.op in (Op.ELEM, Op.STORE_ELEM):
            return self._element(access, danger)
        offset = LENGTH_OFFSET if access.op is Op.LENGTH else access.payload
        assert isinstance(offset, int)
        base = self.settle(access.args[0])
        if base.op is Op.ADD and access.op is not Op.LENGTH:
            return self._sum(base, offset, danger)
        return Mem(Place.GENERAL, self.hold(base, danger), offset=offset)

    def _sum(self, add: Node, offset: int, danger: Hazard) -> Mem:
        """The address ``base + something + offset``, which the front end knows to be free (its addresses.py)."""
        first, second = add.args
        if second.op is Op.CONST and isinstance(second.payload, int) and _reaches(offset + second.payload):
            return Mem(Place.GENERAL, self.hold(self.settle(first), danger), offset=offset + second.payload)
        base = self.hold(self.settle(first), max(danger, hazard(second)))
        scale = 1
        by = second.args[1].payload if second.op in _SCALES and second.args[1].op is Op.CONST else None
        if isinstance(by, int) and by in _SCALES[second.op]:
            scale, second = _SCALES[second.op][by], second.args[0]
        return Mem(Place.GENERAL, base, self.hold(self.settle(second), danger), scale, offset)

    def _element(self, access: Node, danger: Hazard) -> Mem:
        array, index = access.args[:2]
        kind = access.type if access.op is Op.ELEM else access.args[2].type
        base = self.hold(self.settle(array), max(danger, hazard(index)))
        index = self.settle(index)
        if index.op is Op.CONST and isinstance(index.payload, int):
            offset = DATA_OFFSET + index.payload * kind.bytes
            if _reaches(offset):
                return Mem(Place.GENERAL, base, offset=offset)
        return Mem(Place.GENERAL, base, self.hold(index, danger), kind.bytes, DATA_OFFSET, element=True)


def _reaches(offset: int) -> bool:
    """Whether an address can contain the offset."""
    return -(2**31) <= offset < 2**31
