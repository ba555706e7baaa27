"""Reading LLVM's assembly: machine blocks and the blocks of the method they come from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gymcc.envs.core.problem import BackendError
from gymcc.envs.jitcse.backends.llvm.emit import FUNCTION

# ".LBB0_3:   # %b1", or where nothing jumps to, "# %bb.3:   # %b1". LLVM's own have no name or one like b1.preheader.
HEADER = re.compile(r"(?:(\.LBB\d+_\d+):|# %bb\.\d+:)(?:\s*# %(?:b(\d+)$)?)?")


@dataclass(frozen=True, slots=True)
class MachineBlock:
    """Instructions executed one after the other: mnemonic, a tab, operands."""

    label: str  # what jumps name it by, empty if nothing jumps to it
    source: int | None  # the method's block, None for one that LLVM put onto an edge
    instructions: tuple[str, ...]

    @property
    def jumps(self) -> tuple[str, ...]:
        """Labels it jumps to, and names of functions."""
        return tuple(each.partition("\t")[2] for each in self.instructions if each[0] == "j")

    @property
    def falls_through(self) -> bool:
        """Whether control may go on to the block after it."""
        return not self.instructions or self.instructions[-1].partition("\t")[0] not in ("jmp", "retq")


@dataclass(frozen=True, slots=True)
class Listing:
    """The code of a method."""

    blocks: tuple[MachineBlock, ...]  # in layout order
    spills: int  # stack slots that values without a register are kept in


def read(assembly: str) -> Listing:
    """The machine blocks. Raises BackendError if the text is not as expected."""
    _, found, body = assembly.partition(f"\n{FUNCTION}:")
    body, end, _ = body.partition("\n.Lfunc_end0:")
    if not found or not end:
        raise BackendError("LLVM's assembly has no function where one was expected")
    blocks: list[MachineBlock] = []
    slots = set()
    lines: list[str] = []
    for line in reversed(body.split("\n")):
        if line.startswith("\t"):
            text, _, comment = line[1:].partition("#")
            if text and text[0] != ".":
                lines.append(text.rstrip())
            if comment.endswith("Spill"):
                slots.add(text.rpartition(",")[2].strip())
        elif header := HEADER.match(line):
            source = int(header[2]) if header[2] else None
            blocks.append(MachineBlock(header[1] or "", source, tuple(reversed(lines))))
            lines = []
    return Listing(tuple(blocks[::-1]), len(slots))


def without_jumps_to_next(blocks: Sequence[MachineBlock]) -> tuple[MachineBlock, ...]:
    """Leave out jumps to the next instruction, as RyuJIT's emitter does and LLVM under ``optnone`` does not."""
    kept: list[MachineBlock] = []
    here: set[str] = set()  # labels of what comes next
    for block in reversed(blocks):
        last = block.instructions[-1] if block.instructions else ""
        if last.startswith("jmp\t") and last.partition("\t")[2] in here:
            block = replace(block, instructions=block.instructions[:-1])
        here = {block.label} if block.instructions else here | {block.label}
        kept.append(block)
    return tuple(reversed(kept))


def weights(blocks: Sequence[MachineBlock], of_source: Sequence[float]) -> list[float]:
    """Executions of each machine block per call, from those of the method's blocks.

    A block on an edge runs at most as often as the blocks at the edge's ends; their minimum is taken.
    """
    found = [of_source[block.source] if block.source is not None else -1.0 for block in blocks]
    ends = _ends(blocks)
    for number, block in enumerate(blocks):
        if block.source is None:
            found[number] = min((found[n] for n in ends[number] if blocks[n].source is not None), default=0.0)
    return found


def _ends(blocks: Sequence[MachineBlock]) -> list[list[int]]:
    """For each block those before and after it in execution."""
    index = {block.label: number for number, block in enumerate(blocks)}
    ends: list[list[int]] = [[] for _ in blocks]
    for number, block in enumerate(blocks):
        after = [index[label] for label in block.jumps if label in index]
        for other in after + [number + 1] * (block.falls_through and number + 1 < len(blocks)):
            ends[number].append(other)
            ends[other].append(number)
    return ends
