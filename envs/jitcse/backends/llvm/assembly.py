"""Reading LLVM's assembly: machine blocks and the blocks of the method they come from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gymcc.envs.core.problem import BackendError
from gymcc.envs.jitcse.backends.llvm.emit import FUNCTION

THROW_BLOCK = -1
# ".LBB0_3:   # %b1.2", or where nothing jumps to, "# %bb.3:   # %b1.2"; LLVM's own blocks have no name after it
HEADER = re.compile(r"(?:(\.LBB\d+_\d+):|# %bb\.\d+:)(?:\s*# %(?:b(\d+)|(throw)))?")


@dataclass(frozen=True, slots=True)
class MachineBlock:
    """Instructions executed one after the other: mnemonic, a tab, operands."""

    label: str  # what jumps name it by, empty if nothing jumps to it
    source: int | None  # the method's block, THROW_BLOCK, or None for one that LLVM put onto an edge
    instructions: tuple[str, ...]

    @property
    def jumps(self) -> tuple[str, ...]:
        """Labels it jumps to."""
        return tuple(each.partition("\t")[2] for each in self.instructions if each[0] == "j")

    @property
    def falls_through(self) -> bool:
        """Whether control may go on to the block after it."""
        return not self.instructions or self.instructions[-1].partition("\t")[0] not in ("jmp", "retq")


@dataclass(frozen=True, slots=True)
class Listing:
    """The code of a method."""

    blocks: tuple[MachineBlock, ...]
    spills: int  # stack slots that values without a register are kept in


def read(assembly: str) -> Listing:
    """The machine blocks in layout order. Raises BackendError if the text is not as expected."""
    _, found, body = assembly.partition(f"\n{FUNCTION}:")
    body, end, _ = body.partition("\n.Lfunc_end0:")
    if not found or not end:
        raise BackendError("LLVM's assembly has no function where one was expected")
    blocks: list[MachineBlock] = []
    slots = set()
    lines: list[str] = []
    head: tuple[str, int | None] | None = None
    for line in body.split("\n")[1:]:
        if line.startswith("\t"):
            text, _, comment = line[1:].partition("#")
            if text[:1] != ".":
                lines.append(text.rstrip())
            if comment.endswith("Spill"):
                slots.add(text.rpartition(",")[2].strip())
        elif header := HEADER.match(line):
            if head is not None:
                blocks.append(MachineBlock(*head, tuple(lines)))
            lines = []
            head = (header[1] or "", THROW_BLOCK if header[3] else int(header[2]) if header[2] else None)
    if head is None:
        raise BackendError("LLVM's assembly has no blocks where some were expected")
    blocks.append(MachineBlock(*head, tuple(lines)))
    return Listing(tuple(blocks), len(slots))


def weights(blocks: Sequence[MachineBlock], of_source: Sequence[float]) -> list[float]:
    """Executions of each machine block per call, from those of the method's blocks.

    A block on an edge runs at most as often as the blocks at the edge's ends; their minimum is taken. Throwing is free.
    """
    index = {block.label: number for number, block in enumerate(blocks) if block.label}
    known = [_known(block, of_source) for block in blocks]
    found = [0.0 if weight is None else weight for weight in known]
    for number, block in enumerate(blocks):
        if block.source is None:
            ends = [index[label] for label in block.jumps] + [number + 1] * block.falls_through
            ends += [n for n, other in enumerate(blocks) if block.label and block.label in other.jumps]
            ends += [number - 1] * (number > 0 and blocks[number - 1].falls_through)
            found[number] = min((w for n in ends if (w := known[n]) is not None), default=0.0)
    return found


def _known(block: MachineBlock, of_source: Sequence[float]) -> float | None:
    if block.source is None:
        return None
    return 0.0 if block.source == THROW_BLOCK else of_source[block.source]
