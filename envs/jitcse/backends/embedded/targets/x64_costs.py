"""PerfScore and bytes of x64 instructions.

Throughputs and latencies are those of RyuJIT's emitxarch.cpp (getInsExecutionCharacteristics), sizes are those of the
encodings: registers from r8 on and xmm8 on cost nothing more here, as nobody knows yet which register it will be.
"""

from __future__ import annotations

from gymcc.envs.jitcse.backends.embedded.code.moves import MoveCosts
from gymcc.envs.jitcse.backends.embedded.code.operands import Access, Mem, Place
from gymcc.envs.jitcse.backends.embedded.code.packing import pack
from gymcc.envs.jitcse.backends.embedded.code.timing import Timing, scores
from gymcc.envs.jitcse.backends.embedded.machine import Machine
from gymcc.envs.jitcse.ir import Type

MEMORY = {  # latencies of emit.h, PERFSCORE_LATENCY_*
    Access.NONE: 0.0,
    Access.READ_STACK: 2.0,
    Access.READ_CONSTANT: 2.0,
    Access.READ_GENERAL: 3.0,
    Access.WRITE_STACK: 2.0,
    Access.WRITE_CONSTANT: 2.0,
    Access.WRITE_GENERAL: 3.0,
    Access.MODIFY_STACK: 5.0,
}
_HIDDEN = 3.0  # PERFSCORE_LATENCY_WR_GENERAL
_TIMINGS = {
    "mov": Timing(),
    "movsxd": Timing(read_latency=2),
    "cmp": Timing(read_latency=1),  # test, too
    "alu": Timing(latency=1, read_latency=1),  # add, sub, and, or, xor
    "unary": Timing(latency=1),  # inc, dec, neg, not
    "lea": Timing(throughput=0.5, latency=1),
    "lea3": Timing(throughput=1, latency=1),  # base, index and displacement
    "shift": Timing(throughput=0.5, latency=1, write_throughput=2, write_latency=1),  # by a constant
    "shlx": Timing(throughput=0.5, latency=1, read_latency=1),
    "set": Timing(throughput=0.5, latency=1),  # cdq, too
    "imul": Timing(throughput=1, latency=3, read_throughput=1, read_latency=3),
    "mulhi": Timing(throughput=1, latency=4),  # the upper half of a product
    "idiv32": Timing(throughput=6, latency=26),  # whatever the divisor is
    "idiv64": Timing(throughput=57, latency=69),
    "jcc": Timing(throughput=0.5, latency=2),
    "jmp": Timing(throughput=2, latency=1),
    "call": Timing(throughput=1),
    "ret": Timing(throughput=1),
    "push": Timing(throughput=1),
    "pop": Timing(throughput=0.5),
    "movaps": Timing(read_latency=2, write_latency=2),  # loads and stores of scalars, too
    "fadd": Timing(throughput=0.5, latency=4, read_latency=4),  # sub and mul, too
    "divs": Timing(throughput=3, latency=11, read_throughput=3, read_latency=11),
    "divd": Timing(throughput=4, latency=13, read_throughput=4, read_latency=13),
    "logic": Timing(throughput=0.33, latency=1, read_latency=1),  # xorps and its like
    "ucomis": Timing(throughput=1, latency=3, read_throughput=1, read_latency=3),
    "cvtint": Timing(throughput=1, latency=7, read_throughput=1, read_latency=7),  # between integer and float
    "cvt": Timing(throughput=1, latency=5, read_throughput=1, read_latency=5),  # between float and double
    "max": Timing(throughput=1, latency=4, read_throughput=1, read_latency=4),
}
CYCLES = {kind: scores(timing, MEMORY, _HIDDEN) for kind, timing in _TIMINGS.items()}
_WIDE = (Type.LONG, Type.OTHER)


def is_wide(kind: Type) -> bool:
    """Whether values take all 64 bits of an integer register, which costs a REX prefix."""
    return kind in _WIDE


def memory_bytes(machine: Machine, memory: Mem) -> int:
    """Bytes of SIB and displacement; slots on the stack are taken to be near."""
    if memory.place is Place.CONSTANT:
        return 4
    if memory.place is Place.STACK:
        return 1 if machine.frame_pointer else 2
    displacement = 0 if memory.offset == 0 else 1 if -128 <= memory.offset < 128 else 4
    return displacement + (memory.index is not None)


def immediate_bytes(value: int) -> int:
    """Bytes of a sign-extended constant inside an instruction."""
    return 1 if -128 <= value < 128 else 4


def fits_immediate(value: int) -> bool:
    """Whether an instruction can contain the constant."""
    return -(2**31) <= value < 2**31


def move_costs(machine: Machine) -> MoveCosts:
    """What moving a value costs, by its type."""
    slot = memory_bytes(machine, Mem(Place.STACK))
    reload: dict[Type, int] = {}
    store: dict[Type, int] = {}
    copy: dict[Type, int] = {}
    clear: dict[Type, int] = {}
    clear_slot: dict[Type, int] = {}
    for kind in Type:
        costs, size = CYCLES["movaps" if kind.floating else "mov"], move_bytes(kind)
        reload[kind] = pack(costs[Access.READ_STACK], size + slot, 1, 1)
        store[kind] = pack(costs[Access.WRITE_STACK], size + slot, 1, 1)
        copy[kind] = pack(costs[Access.NONE], size)
        clear[kind] = pack(CYCLES["logic" if kind.floating else "mov"][Access.NONE], 4 if kind.floating else 2)
        clear_slot[kind] = pack(CYCLES["mov"][Access.WRITE_STACK], 2 + (kind.bytes > 4) + slot + 4, 1, 1)
    return MoveCosts(reload, store, copy, clear, clear_slot, near=128, far=3)


def move_bytes(kind: Type) -> int:
    """Bytes of a move between registers, or with memory but for its address."""
    return 4 if kind.floating else 3 if is_wide(kind) else 2
