"""What it costs to bring a value from one place to another: registers, and its slot on the stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gymcc.envs.jitcse.ir import Type


@dataclass(frozen=True, slots=True)
class MoveCosts:
    """Packed prices by type, slots being near."""

    reload: Mapping[Type, int]  # from the slot to a register
    store: Mapping[Type, int]  # from a register to the slot
    copy: Mapping[Type, int]  # between registers
    clear: Mapping[Type, int]  # put 0 into a register
    clear_slot: Mapping[Type, int]  # put 0 into the slot
    near: int  # bytes of frame that short displacements reach
    far: int  # bytes that an access beyond takes more
