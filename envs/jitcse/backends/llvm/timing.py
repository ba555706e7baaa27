"""PerfScore of one x86-64 instruction, from its assembly text in AT&T syntax.

The figures are the embedded back end's, RyuJIT's that is, and the rule that makes one number of throughput and latency,
too; instructions that only LLVM makes are added, from the same source (emitxarch.cpp, getInsExecutionCharacteristics).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from gymcc.envs.core.problem import BackendError
from gymcc.envs.jitcse.backends.embedded.code.operands import Access, Place
from gymcc.envs.jitcse.backends.embedded.code.timing import Timing, scores
from gymcc.envs.jitcse.backends.embedded.targets.x64_costs import CYCLES, MEMORY
from gymcc.envs.jitcse.backends.llvm.operands import MEMORY as MEMORY_OPERAND
from gymcc.envs.jitcse.backends.llvm.operands import is_memory, split

HIDDEN = MEMORY[Access.WRITE_GENERAL]  # cycles of a store's latency that nobody waits for
TABLE = CYCLES | {
    kind: scores(timing, MEMORY, HIDDEN)
    for kind, timing in {
        "shift_by_register": Timing(2, 2, write_throughput=4, write_latency=2),
        "between_files": Timing(1, 3, read_latency=2, write_latency=2),  # general and vector registers
        "scalar": Timing(1, 1, read_latency=2, write_latency=2),  # a vector register's lowest element
        "shuffle": Timing(1, 1, read_throughput=1, read_latency=1),
        "broadcast": Timing(1, 1, read_latency=2),
    }.items()
}
CONDITIONS = ("o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g")
STORING = frozenset({"mov", "movaps", "scalar", "between_files", "set"})  # overwrite a last operand in memory
READING = frozenset({"cmp", "ucomis"})  # read it; all others do both


def _spelled(kind: str, stems: str | Iterable[str], sizes: str | Iterable[str] = ("",)) -> dict[str, str]:
    names = stems.split() if isinstance(stems, str) else stems
    return {name + size: kind for name in names for size in sizes}


KINDS: dict[str, str] = {
    **_spelled("mov", "mov movabs", "bwlq"),
    **_spelled("mov", "movzbl movzwl cltq"),
    **_spelled("movsxd", "movsbl movswl movslq"),
    **_spelled("cmp", "cmp test", "bwlq"),
    **_spelled("cmp", [f"cmov{each}" for each in CONDITIONS], "lq"),
    **_spelled("alu", "add sub and or xor", "bwlq"),
    **_spelled("unary", "inc dec neg not", "bwlq"),
    **_spelled("imul", "imul", "lq"),
    **_spelled("idiv32", "idivl"),
    **_spelled("idiv64", "idivq"),
    **_spelled("shift", "shl shr sar", "bwlq"),
    **_spelled("set", [f"set{each}" for each in CONDITIONS]),
    **_spelled("set", "cltd cqto"),
    **_spelled("lea", "lea", "lq"),
    **_spelled("jcc", [f"j{each}" for each in CONDITIONS]),
    "jmp": "jmp",
    "callq": "call",
    "retq": "ret",
    "pushq": "push",
    "popq": "pop",
    **_spelled("movaps", ["vmovaps", "vmovups", "vmovapd", "vmovupd", "vmovdqa", "vmovdqu"]),
    **_spelled("scalar", "vmovss vmovsd"),
    **_spelled("between_files", "vmovd vmovq"),
    **_spelled("fadd", "vadd vsub vmul", ("ss", "sd", "ps")),
    **_spelled("divs", "vdivss vdivps"),
    **_spelled("divd", "vdivsd"),
    **_spelled("max", "vmin vmax", ("ss", "sd")),
    **_spelled("ucomis", "vucomiss vucomisd"),
    **_spelled("cvtint", "vcvttss2si vcvttsd2si"),
    **_spelled("cvtint", "vcvtsi2ss vcvtsi2sd", ("", "l", "q")),
    **_spelled("cvt", "vcvtss2sd vcvtsd2ss"),
    **_spelled("logic", "vxor vand vor", ("ps", "pd")),
    **_spelled("shuffle", "vshufps vpshufd vinsertps"),
    **_spelled("broadcast", "vbroadcastss"),
}


@lru_cache(maxsize=1 << 16)
def cost(instruction: str) -> int:
    """Hundredths of cycles that one execution is charged. Raises BackendError for an instruction without figures."""
    mnemonic, _, rest = instruction.partition("\t")
    operands = split(rest)
    kind = KINDS.get(mnemonic, "")
    if kind in ("jcc", "jmp", "call", "idiv32", "idiv64"):  # what they read is in the figure
        return TABLE[kind][Access.NONE]
    if kind == "lea":
        return TABLE["lea3" if _has_three_components(operands[0]) else "lea"][Access.NONE]
    if kind == "shift" and operands[0] == "%cl":
        kind = "shift_by_register"
    elif kind == "imul" and len(operands) == 1:
        kind = "mulhi"
    access = _access(kind, operands)
    if not kind or access not in TABLE[kind]:
        raise BackendError(f"no timing is known for the instruction {instruction!r}")
    return TABLE[kind][access]


def _access(kind: str, operands: list[str]) -> Access | None:
    """What the instruction does to memory; None for what no table has."""
    place = next((number for number, operand in enumerate(operands) if is_memory(operand)), None)
    if place is None:
        return Access.NONE
    target = _place(operands[place])
    if place < len(operands) - 1 or kind in READING:
        return target.read
    if kind in STORING:
        return target.write
    return Access.MODIFY_STACK if target is Place.STACK else None


def _place(operand: str) -> Place:
    inside = MEMORY_OPERAND.fullmatch(operand)
    if inside is None or inside[2] == "%rip":
        return Place.CONSTANT
    return Place.STACK if inside[2].startswith("%rsp") else Place.GENERAL


def _has_three_components(operand: str) -> bool:
    """Base, index and displacement; an address from the linker counts as much."""
    inside = MEMORY_OPERAND.fullmatch(operand)
    if inside is None or inside[2] == "%rip":
        return True
    base, _, index = inside[2].partition(",")
    return bool(base and index and inside[1] not in ("", "0"))
