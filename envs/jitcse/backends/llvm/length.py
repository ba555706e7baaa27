"""Length of x86-64 instructions, from their assembly text in AT&T syntax, and of a method's code.

Cheaper than a second run of LLVM for the object code, with which it agrees to the byte, as tests compare. Encodings are
those of the Intel manual, volume 2; where there is a choice LLVM's assembler takes the shortest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from gymcc.envs.jitcse.backends.llvm.assembly import MachineBlock
from gymcc.envs.jitcse.backends.llvm.operands import MEMORY, is_memory, split

FIXED = {"cltd": 1, "cltq": 2, "cqto": 2, "retq": 1, "callq": 5}
SHORT_JUMP, LONG_JUMP, LONG_BRANCH = 2, 5, 6
IMMEDIATE = {"b": 1, "w": 2, "l": 4, "q": 4}  # bytes, by the size of the operation
EXTENDED = re.compile(r"%(?:r|xmm)(?:8|9|1\d)")  # the registers whose number takes a bit of a prefix
NEW_BYTE = re.compile(r"%(?:spl|bpl|sil|dil)\b")  # those that take a prefix to be named at all
ALU = re.compile(r"(?:add|or|and|sub|xor|cmp|test)[bwlq]")
TWO_BYTE_OPCODE = re.compile(r"set|cmov|movz|movsb|movsw|imul")
# Of the instructions with a VEX prefix:
WIDE = frozenset({"vcvtsi2sdq", "vcvtsi2ssq"})  # from 64 bits in memory
GENERAL_64 = re.compile(r"%r(?:[a-z]+|\d+)")
OTHER_MAP = frozenset({"vinsertps", "vbroadcastss"})  # opcodes outside the map that the short prefix implies
IMMEDIATE_BYTE = frozenset({"vinsertps", "vshufps", "vpshufd"})
COMMUTATIVE = re.compile(r"v(?:add|mul)ps|v(?:and|or|xor)p[sd]")  # its assembler swaps their operands
TWO_WAYS = re.compile(r"vmov(?:aps|ups|apd|upd|dqa|dqu|ss|sd)")  # register moves with an opcode for either direction


def instruction_sizes(blocks: Sequence[MachineBlock]) -> list[list[int]]:
    """Bytes of each instruction of each block; jumps are short where they reach."""
    sizes = [[length(each) for each in block.instructions] for block in blocks]
    jumps = _jumps(blocks)
    for number, place, _ in jumps:
        sizes[number][place] = SHORT_JUMP
    grown = True
    while grown:
        starts = [0]
        for each in sizes:
            starts.append(starts[-1] + sum(each))
        far = [
            (number, place)
            for number, place, target in jumps
            if not -128 <= starts[target] - starts[number] - sum(sizes[number][: place + 1]) <= 127
        ]
        grown = any(sizes[number][place] == SHORT_JUMP for number, place in far)
        for number, place in far:
            sizes[number][place] = length(blocks[number].instructions[place])
    return sizes


def _jumps(blocks: Sequence[MachineBlock]) -> list[tuple[int, int, int]]:
    """Block, place in it and target block of each jump inside the method."""
    targets = {block.label: number for number, block in enumerate(blocks)}
    return [
        (number, place, targets[label])
        for number, block in enumerate(blocks)
        for place, each in enumerate(block.instructions)
        if each[0] == "j" and (label := each.partition("\t")[2]) in targets
    ]


@lru_cache(maxsize=1 << 16)
def length(instruction: str) -> int:
    """Bytes of one instruction, a jump being long."""
    mnemonic, _, rest = instruction.partition("\t")
    if mnemonic in FIXED:
        return FIXED[mnemonic]
    if mnemonic[0] == "j":
        return LONG_JUMP if mnemonic == "jmp" else LONG_BRANCH
    operands = split(rest)
    return _with_vex(mnemonic, operands) if mnemonic[0] == "v" else _without_vex(mnemonic, operands)


def _without_vex(mnemonic: str, operands: list[str]) -> int:
    text, size = " ".join(operands), mnemonic[-1]
    if mnemonic in ("pushq", "popq"):
        return 1 + bool(EXTENDED.match(text))
    if mnemonic == "movabsq":
        return 10
    is_set = mnemonic.startswith("set")
    prefixes = (size == "w" and not is_set) + bool(
        (size == "q" and not is_set) or EXTENDED.search(text) or NEW_BYTE.search(text)
    )
    immediate = operands[0][1:] if operands[0][0] == "$" and len(operands) > 1 else None
    if immediate is not None:
        return prefixes + _with_immediate(mnemonic, size, immediate, operands)
    two_bytes = TWO_BYTE_OPCODE.match(mnemonic) is not None and (len(operands) == 2 or is_set)
    return prefixes + 1 + two_bytes + _modrm(operands)


def _with_immediate(mnemonic: str, size: str, immediate: str, operands: list[str]) -> int:
    """Opcode, operands and immediate."""
    in_byte = immediate.lstrip("-").isdigit() and -128 <= int(immediate) <= 127
    accumulator = operands[-1] in ("%al", "%ax", "%eax", "%rax")
    if mnemonic.startswith("mov"):
        short = size != "q" and operands[-1][0] == "%"
        return 1 + IMMEDIATE[size] + (0 if short else _modrm(operands))
    if mnemonic[:2] in ("sh", "sa"):
        return 2 + _modrm(operands)
    if size == "b" or mnemonic.startswith("test") or not in_byte:
        short = accumulator and ALU.fullmatch(mnemonic) is not None
        return 1 + IMMEDIATE[size] + (0 if short else _modrm(operands))
    return 2 + _modrm(operands)


def _with_vex(mnemonic: str, operands: list[str]) -> int:
    named = operands[1:] if operands[0][0] == "$" else operands
    wide = mnemonic in WIDE or any(GENERAL_64.fullmatch(each) for each in named)
    long_prefix = wide or mnemonic in OTHER_MAP or _is_extended(mnemonic, named)
    return (3 if long_prefix else 2) + 1 + _modrm(operands) + (mnemonic in IMMEDIATE_BYTE)


def _is_extended(mnemonic: str, operands: list[str]) -> bool:
    """Whether the operand whose number the short prefix has no bit for needs one, and no other can take its place."""
    operand = next((each for each in operands if is_memory(each)), None)
    if operand is None and not mnemonic.startswith("vcvtt"):
        operand = next((each for each in operands if not each.startswith("%xmm")), None)
    if operand is not None:
        return EXTENDED.search(operand) is not None
    if TWO_WAYS.fullmatch(mnemonic):
        return all(EXTENDED.match(each) for each in (operands[0], operands[-1]))
    return all(EXTENDED.match(each) for each in operands[: 2 if COMMUTATIVE.fullmatch(mnemonic) else 1])


def _modrm(operands: list[str]) -> int:
    """The byte that names the operands, and what follows it: scaled index and displacement."""
    memory = next((each for each in operands if is_memory(each)), None)
    if memory is None:
        return 1
    inside = MEMORY.fullmatch(memory)
    if inside is None:
        return 6  # an absolute address
    displacement, registers = inside[1], inside[2].split(",")
    if registers[0] == "%rip":
        return 5
    scaled = len(registers) > 1 or registers[0] in ("%rsp", "%r12")
    return 1 + scaled + _displacement(displacement or "0", registers[0])


def _displacement(text: str, base: str) -> int:
    if not base or not text.lstrip("-").isdigit():
        return 4
    if text == "0" and base not in ("%rbp", "%r13"):
        return 0
    return 1 if -128 <= int(text) <= 127 else 4
