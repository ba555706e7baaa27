"""Prologs and epilogs: saving and restoring the preserved registers taken, and the frame."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from gymcc.envs.jitcse.backends.embedded.code.operands import Access
from gymcc.envs.jitcse.backends.embedded.code.packing import pack
from gymcc.envs.jitcse.backends.embedded.machine import Machine
from gymcc.envs.jitcse.backends.embedded.targets.x64_costs import CYCLES, immediate_bytes

_NONE = Access.NONE
_ONE_BYTE = ("rbx", "rsi", "rdi", "rbp")  # pushed and popped without a prefix
_ARM_PAIR, _ARM_LOAD, _ARM_MOVE = 100, 200, 50  # stp and ldp in epilogs, a single ldr, mov


class Frame(NamedTuple):
    """What a method's code needs of its frame."""

    integers: int  # preserved registers taken
    floats: int
    slots: int  # bytes of locals on the stack
    calls: bool


class Line(NamedTuple):
    """An instruction of a prolog or epilog."""

    text: str
    price: int  # packed


def prolog(machine: Machine, frame: Frame) -> tuple[Line, ...]:
    """The instructions that set up the frame."""
    return _arm_prolog(machine, frame) if machine.arm else _x64_prolog(machine, frame)


def epilog(machine: Machine, frame: Frame) -> tuple[Line, ...]:
    """The instructions that take the frame down and return."""
    return _arm_epilog(machine, frame) if machine.arm else _x64_epilog(machine, frame)


@lru_cache(maxsize=64)
def frame_prices(machine: Machine) -> Callable[[Frame], tuple[int, int]]:
    """A function that gives the packed prices of a frame's prolog and epilog."""

    @lru_cache(maxsize=4096)
    def prices(frame: Frame) -> tuple[int, int]:
        return sum(line.price for line in prolog(machine, frame)), sum(line.price for line in epilog(machine, frame))

    return prices


def slots_start(machine: Machine, frame: Frame) -> int:
    """Bytes between the frame's address register and its first slot."""
    if machine.arm:
        return 16 + 8 * (frame.integers + frame.floats)
    if machine.frame_pointer:
        return 8 * frame.integers
    return 16 * frame.floats + (machine.outgoing if frame.calls else 0)


def _adjustment(machine: Machine, frame: Frame) -> int:
    """Bytes that the stack pointer moves after the pushes; calls want it to be a multiple of 16."""
    pushed = 8 * (frame.integers + 1 + machine.frame_pointer)
    wanted = frame.slots + 16 * frame.floats + (machine.outgoing if frame.calls else 0)
    if frame.calls or frame.floats:
        return wanted + -(pushed + wanted) % 16
    return wanted + -wanted % 8


def _x64_prolog(machine: Machine, frame: Frame) -> tuple[Line, ...]:
    lines = [Line("push rbp", pack(CYCLES["push"][_NONE], 1))] if machine.frame_pointer else []
    for name in machine.integer.saved[: frame.integers]:
        lines.append(Line(f"push {name}", pack(CYCLES["push"][_NONE], 1 if name in _ONE_BYTE else 2)))
    moved = _adjustment(machine, frame)
    if moved:
        lines.append(Line(f"sub rsp, {moved}", pack(CYCLES["alu"][_NONE], 3 + immediate_bytes(moved))))
    for name in machine.floating.saved[: frame.floats]:
        lines.append(Line(f"movaps [rsp], {name}", pack(CYCLES["movaps"][Access.WRITE_STACK], 6)))
    if machine.frame_pointer and (moved or frame.integers):
        lines.append(Line("lea rbp, [rsp]", pack(CYCLES["lea"][_NONE], 5)))
    elif machine.frame_pointer:
        lines.append(Line("mov rbp, rsp", pack(CYCLES["mov"][_NONE], 3)))
    return tuple(lines)


def _x64_epilog(machine: Machine, frame: Frame) -> tuple[Line, ...]:
    lines = []
    for name in machine.floating.saved[: frame.floats]:
        lines.append(Line(f"movaps {name}, [rsp]", pack(CYCLES["movaps"][Access.READ_STACK], 6)))
    moved = _adjustment(machine, frame)
    if moved:
        lines.append(Line(f"add rsp, {moved}", pack(CYCLES["alu"][_NONE], 3 + immediate_bytes(moved))))
    for name in reversed(machine.integer.saved[: frame.integers]):
        lines.append(Line(f"pop {name}", pack(CYCLES["pop"][_NONE], 1 if name in _ONE_BYTE else 2)))
    if machine.frame_pointer:
        lines.append(Line("pop rbp", pack(CYCLES["pop"][_NONE], 1)))
    lines.append(Line("ret", pack(CYCLES["ret"][_NONE], 1)))
    return tuple(lines)


def _arm_pairs(machine: Machine, frame: Frame) -> list[tuple[str, ...]]:
    names = (machine.integer.saved[: frame.integers], machine.floating.saved[: frame.floats])
    return [each[start : start + 2] for each in names for start in range(0, len(each), 2)]


def _arm_prolog(machine: Machine, frame: Frame) -> tuple[Line, ...]:
    lines = [Line("stp x29, x30, [sp, #-frame]!", pack(_ARM_PAIR, 4))]
    for pair in _arm_pairs(machine, frame):
        lines.append(Line(f"{'stp' if len(pair) == 2 else 'str'} {', '.join(pair)}, [sp]", pack(_ARM_PAIR, 4)))
    lines.append(Line("mov x29, sp", pack(_ARM_MOVE, 4)))
    return tuple(lines)


def _arm_epilog(machine: Machine, frame: Frame) -> tuple[Line, ...]:
    lines = []
    for pair in reversed(_arm_pairs(machine, frame)):
        double = len(pair) == 2
        name, cycles = ("ldp", _ARM_PAIR) if double else ("ldr", _ARM_LOAD)
        lines.append(Line(f"{name} {', '.join(pair)}, [sp]", pack(cycles, 4)))
    lines.append(Line("ldp x29, x30, [sp], #frame", pack(_ARM_PAIR, 4)))
    lines.append(Line("ret x30", pack(100, 4)))
    return tuple(lines)
