"""PerfScore of Arm instructions, which all take four bytes.

Throughputs and latencies are those of RyuJIT's emitarm64.cpp (getInsExecutionCharacteristics).
"""

from __future__ import annotations

from gymcc.envs.jitcse.backends.embedded.code.moves import MoveCosts
from gymcc.envs.jitcse.backends.embedded.code.operands import Place
from gymcc.envs.jitcse.backends.embedded.code.packing import pack
from gymcc.envs.jitcse.backends.embedded.code.timing import score_of
from gymcc.envs.jitcse.ir import Type

BYTES = 4
_LOADS = {Place.STACK: 3.0, Place.CONSTANT: 4.0, Place.GENERAL: 4.0}  # latencies of emit.h
_TIMINGS = {  # throughput, latency
    "alu": (0.5, 1.0),  # moves, comparisons and extensions, too
    "shifted": (0.5, 2.0),  # arithmetic with a shifted operand, shifts by a constant
    "shift": (1.0, 1.0),  # by a register
    "mul": (1.0, 3.0),
    "mulhi": (3.0, 6.0),
    "msub32": (1.0, 3.0),
    "msub64": (5.0, 3.0),
    "div32": (4.0, 12.0),
    "div64": (4.0, 20.0),
    "jump": (1.0, 1.0),  # calls, too
    "fmov": (0.5, 1.0),
    "fadd": (0.5, 4.0),  # sub and mul, too
    "divs": (3.0, 10.0),
    "divd": (6.0, 15.0),
    "divv": (10.0, 13.0),
    "fneg": (0.5, 3.0),
    "fcmp": (1.0, 3.0),
    "fcvt": (0.5, 4.0),
    "scvtf": (0.5, 5.0),
    "fcvtzs": (0.5, 3.0),
    "literal": (0.5, 1.0),  # each half of adrp and ldr
}
CYCLES = {name: score_of(throughput, latency, False, 0.0) for name, (throughput, latency) in _TIMINGS.items()}
STORE = score_of(1.0, 1.0, True, 1.0)


def load_cycles(place: Place) -> int:
    """Hundredths of a cycle of a load."""
    return score_of(1.0, _LOADS[place], False, 0.0)


def immediate_moves(value: int) -> int:
    """Instructions that load a constant: one per 16 bits that are not all 0, or all 1 if negative."""
    pattern = ~value if value < 0 else value
    return max(1, sum(1 for shift in range(0, 64, 16) if pattern >> shift & 0xFFFF))


def move_costs() -> MoveCosts:
    """What moving a value costs, by its type."""
    reload = pack(load_cycles(Place.STACK), BYTES, 1, 1)
    store = pack(STORE, BYTES, 1, 1)
    copy = pack(CYCLES["alu"], BYTES)
    return MoveCosts(
        dict.fromkeys(Type, reload),
        dict.fromkeys(Type, store),
        dict.fromkeys(Type, copy),
        dict.fromkeys(Type, copy),
        dict.fromkeys(Type, store),  # the zero register is stored
        near=32760,
        far=BYTES,
    )
