"""PerfScore of one x86-64 instruction, from its assembly text in AT&T syntax.

The figures are those of RyuJIT's emitter::getInsExecutionCharacteristics (emitxarch.cpp, for Skylake-X), the rule that
makes one number of them is that of emitter::insEvaluateExecutionCost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from gymcc.envs.core.problem import BackendError
from gymcc.envs.jitcse.backends.llvm.operands import MEMORY, is_memory, split

COVERED = 3.0  # cycles of a store's latency that nobody waits for: PERFSCORE_LATENCY_WR_GENERAL
READ, WRITE, UPDATE = range(3)
# Latency of a memory access by where it goes, in cycles: read, write, read and write
STACK = (2.0, 2.0, 5.0)
CONSTANT = (2.0, 2.0, 5.0)  # an address known to the linker
GENERAL = (3.0, 3.0, 6.0)

Pair = tuple[float, float]  # reciprocal throughput and latency, cycles; the latency of memory comes on top


@dataclass(frozen=True, slots=True)
class Row:
    """An instruction's timing without memory operand, with one that is read, and with one as destination."""

    register: Pair
    read: Pair = (0.5, 0.0)
    store: Pair = (1.0, 0.0)
    destination: int = UPDATE  # what is done to a memory operand in last place


def _sized(names: str, row: Row, sizes: Iterable[str] = "bwlq") -> dict[str, Row]:
    return {name + size: row for name in names.split() for size in sizes}


def _all(names: str, row: Row) -> dict[str, Row]:
    return dict.fromkeys(names.split(), row)


def _join(words: Iterable[str], before: str, after: str = "") -> str:
    return " ".join(before + word + after for word in words)


CONDITIONS = ("o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g")
ROWS: dict[str, Row] = {
    **_sized("mov movabs", Row((0.25, 0), (0.5, 0), (1, 0), WRITE)),
    **_all("movzbl movzwl movzbq movzwq cltq cwtl", Row((0.25, 0))),
    **_all("movsbl movswl movsbq movswq movslq", Row((0.25, 0), (0.5, 2))),
    **_sized("cmp test", Row((0.25, 0), (0.5, 1), destination=READ)),
    **_sized(_join(CONDITIONS, "cmov"), Row((0.25, 0), (0.5, 1)), "lq"),
    **_sized("inc dec neg not", Row((0.25, 1))),
    **_sized("add sub and or xor", Row((0.25, 1), (0.5, 1))),
    **_sized("imul", Row((1, 3), (1, 3))),
    **_all("cltd cqto", Row((0.5, 1))),
    **_all(_join(CONDITIONS, "set"), Row((0.5, 1), store=(1, 1), destination=WRITE)),
    **_all(_join(CONDITIONS, "j"), Row((0.5, 2))),
    **_all("jmp", Row((2, 1))),
    **_all("callq retq", Row((1, 0), (3, 0), destination=READ)),
    **_all("pushq", Row((1, 0), (1, 0), destination=READ)),
    **_all("popq", Row((0.5, 0))),
    **_all("nop int3 ud2", Row((0.25, 0))),
    **_all("vmovd vmovq", Row((1, 3), (0.5, 2), (1, 2), WRITE)),
    **_all("vmovaps vmovups vmovapd vmovupd vmovdqa vmovdqu", Row((0.25, 0), (0.5, 2), (1, 2), WRITE)),
    **_all("vmovss vmovsd vmovddup", Row((1, 1), (0.5, 2), (1, 2), WRITE)),
    **_all("vucomiss vucomisd", Row((1, 3), (1, 3))),
    **_all("vaddss vaddsd vaddps vsubss vsubsd vsubps vmulss vmulsd vmulps", Row((0.5, 4), (0.5, 4))),
    **_all("vdivss vdivps", Row((3, 11), (3, 11))),
    **_all("vdivsd vdivpd", Row((4, 13), (4, 13))),
    **_all("vminss vminsd vmaxss vmaxsd", Row((1, 4), (1, 4))),
    **_sized("vcvttss2si vcvttsd2si vcvtsi2ss vcvtsi2sd", Row((1, 7), (1, 7)), ["", "l", "q"]),
    **_all("vcvtss2sd vcvtsd2ss", Row((1, 5), (1, 5))),
    **_all("vxorps vxorpd vandps vandpd vorps vorpd vandnps vandnpd vpxor vpand vpor", Row((0.33, 1), (0.5, 1))),
    **_all("vcmpss vcmpsd vcmpps vcmpordss vcmpordsd", Row((0.5, 4), (0.5, 1))),
    **_all("vbroadcastss vpbroadcastd vpbroadcastq", Row((1, 1), (0.5, 2))),
    **_all("vinsertps vshufps vpshufd vunpcklps vunpcklpd vmovlhps vpunpcklqdq", Row((1, 1), (1, 1))),
}
BY_CONSTANT = Row((0.5, 1), store=(2, 1))  # shifts
BY_REGISTER = Row((2, 2), store=(4, 2))
IDIV = {"idivl": (6.0, 26.0), "idivq": (57.0, 69.0)}  # a memory operand's latency is covered
SHIFT = re.compile(r"(shl|shr|sar)[bwlq]")


@lru_cache(maxsize=1 << 16)
def cost(instruction: str) -> float:
    """Cycles that one execution is charged with. Raises BackendError for an instruction that has no figures."""
    mnemonic, _, rest = instruction.partition("\t")
    operands = split(rest)
    if mnemonic in IDIV:
        return _rated(*IDIV[mnemonic])
    if mnemonic in ("leaq", "leal"):
        return _address(operands[0])
    if SHIFT.fullmatch(mnemonic):
        return _price(BY_REGISTER if operands[0] == "%cl" else BY_CONSTANT, operands, jump=False)
    if mnemonic not in ROWS:
        raise BackendError(f"no timing is known for the instruction {instruction!r}")
    return _price(ROWS[mnemonic], operands, jump=mnemonic[0] == "j" or mnemonic == "callq")


def _price(row: Row, operands: list[str], jump: bool) -> float:
    memory = [place for place, operand in enumerate(operands) if not jump and is_memory(operand)]
    if not memory:
        return _rated(*row.register)
    access = row.destination if memory[-1] == len(operands) - 1 else READ
    latency = _place(operands[memory[-1]])[access]
    if access == READ:
        return _rated(row.read[0], latency + row.read[1])
    return max(row.store[0], latency + row.store[1] - COVERED)


def _rated(throughput: float, latency: float) -> float:
    return max(throughput, latency - 1 if latency >= 1 else latency)


def _place(operand: str) -> tuple[float, float, float]:
    inside = MEMORY.fullmatch(operand)
    if inside is None or inside[2] == "%rip":
        return CONSTANT
    return STACK if inside[2].startswith("%rsp") else GENERAL


def _address(operand: str) -> float:
    """Of an ``lea``: three components, or an address from the linker, take twice as long as two components."""
    inside = MEMORY.fullmatch(operand)
    if inside is None or inside[2] == "%rip":
        return 1.0
    base, _, index = inside[2].partition(",")
    return 1.0 if base and index and inside[1] not in ("", "0") else 0.5
