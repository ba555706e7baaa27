"""The jumps at the ends of blocks, and the code behind them that failed bounds checks go to."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.jitcse.backends.embedded.code.operands import Access
from gymcc.envs.jitcse.backends.embedded.code.packing import pack
from gymcc.envs.jitcse.backends.embedded.machine import Machine
from gymcc.envs.jitcse.backends.embedded.pricing.layout import Layout
from gymcc.envs.jitcse.backends.embedded.targets.x64_costs import CYCLES

_REACH = 4  # blocks that a jump with a one-byte distance may skip; one takes about 30 bytes
_ARM_CYCLES = 100


@dataclass(frozen=True, slots=True)
class Jump:
    """A jump to a block."""

    conditional: bool
    inverted: bool  # taken if the branch's condition does not hold
    target: int
    price: int  # packed


def jumps(machine: Machine, layout: Layout, block: int) -> tuple[Jump, ...]:
    """The jumps that end a block; none where it falls through or returns."""
    successors, following = layout.successors[block], block + 1

    def jump(target: int, conditional: bool = False, inverted: bool = False) -> Jump:
        near = abs(target - following) <= _REACH
        return Jump(conditional, inverted, target, _price(machine, conditional, near))

    if len(successors) == 2:
        taken, otherwise = successors
        if taken == following:
            return (jump(otherwise, True, True),)
        branch = jump(taken, True)
        return (branch,) if otherwise == following else (branch, jump(otherwise))
    if len(successors) == 1 and successors[0] != following:
        return (jump(successors[0]),)
    return ()


def _price(machine: Machine, conditional: bool, near: bool) -> int:
    if machine.arm:
        return pack(_ARM_CYCLES, 4)
    if conditional:
        return pack(CYCLES["jcc"][Access.NONE], 2 if near else 6)
    return pack(CYCLES["jmp"][Access.NONE], 2 if near else 5)


def throw_price(machine: Machine) -> int:
    """The call that all failed bounds checks of a method jump to and the trap behind it; they never run."""
    return pack(0, 8 if machine.arm else 6, 2)
