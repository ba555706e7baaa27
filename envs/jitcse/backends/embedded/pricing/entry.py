"""Bringing parameters from where they arrive to where they live, and zeroing locals that are read unassigned."""

from __future__ import annotations

from typing import NamedTuple

from gymcc.envs.jitcse.backends.embedded.code.moves import MoveCosts
from gymcc.envs.jitcse.backends.embedded.machine import Machine
from gymcc.envs.jitcse.ir import Type


class Arrival(NamedTuple):
    """Packed prices of a local's way to its home, if its value at the entry matters."""

    trashed: int  # home is a trashed register,
    saved: int  # a preserved one,
    stack: int  # the stack
    owns_slot: bool  # its slot on the stack is in the frame, not the caller's
    wish: str  # the register it arrives in, if a local may live there


def arrivals(machine: Machine, moves: MoveCosts, types: tuple[Type, ...], parameters: int) -> tuple[Arrival, ...]:
    """For each local. Structs always live on the stack; they are copied there whether read or not."""
    registers = machine.argument_registers(types[:parameters])
    found = []
    for number, kind in enumerate(types):
        if number >= parameters:
            clear = moves.clear[kind]
            found.append(Arrival(clear, clear, moves.clear_slot[kind], True, ""))
        else:
            found.append(_arrival(machine, moves, kind, registers[number]))
    return tuple(found)


def _arrival(machine: Machine, moves: MoveCosts, kind: Type, register: str | None) -> Arrival:
    if register is None:
        return Arrival(moves.reload[kind], moves.reload[kind], 0, False, "")
    stays = register in machine.file(kind.floating).trashed
    copy, store = moves.copy[kind], moves.store[kind]
    if kind is Type.STRUCT:
        store = 2 * moves.store[Type.LONG]
    return Arrival(0 if stays else copy, copy, store, True, register if stays else "")
