"""A method's code with its price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gymcc.envs.jitcse.analysis import Score
from gymcc.envs.jitcse.backends.llvm.assembly import MachineBlock, read, weights, without_jumps_to_next
from gymcc.envs.jitcse.backends.llvm.length import instruction_sizes
from gymcc.envs.jitcse.backends.llvm.timing import cost


@dataclass(frozen=True, slots=True)
class Code:
    """Machine blocks in layout order; the other lists run alongside."""

    blocks: tuple[MachineBlock, ...]
    weights: list[float]
    cycles: list[list[int]]  # hundredths, of each instruction
    sizes: list[list[int]]  # bytes, of each instruction
    spills: int

    @property
    def score(self) -> Score:
        """The price."""
        hundredths = sum(weight * sum(each) for weight, each in zip(self.weights, self.cycles, strict=True))
        return Score(hundredths / 100, sum(map(sum, self.sizes)), sum(map(len, self.sizes)), self.spills)

    def listing(self, name: str) -> str:
        """The code as text, each instruction with its PerfScore and bytes."""
        score = self.score
        lines = [
            f"; {name} by LLVM: PerfScore {score.perf_score:.2f}, {score.code_size} bytes, {score.instructions} "
            f"instructions, {score.spills} stack slots for values without a register",
            "; cycles bytes",
        ]
        for block, weight, cycles, sizes in zip(self.blocks, self.weights, self.cycles, self.sizes, strict=True):
            title = "on an edge" if block.source is None else f"B{block.source}"
            lines.append(f"{block.label or title}:  ; {title}, weight {weight:g}")
            for text, hundredths, size in zip(block.instructions, cycles, sizes, strict=True):
                shown = text.replace("\t", " ")
                lines.append(f"{hundredths / 100:8.2f} {size:5}  {shown}")
        return "\n".join(lines)


def code_of(assembly: str, block_weights: Sequence[float]) -> Code:
    """Read LLVM's assembly of a method whose blocks run that often per call. Raises BackendError."""
    found = read(assembly)
    blocks = without_jumps_to_next(found.blocks)
    return Code(
        blocks,
        weights(blocks, block_weights),
        [[cost(each) for each in block.instructions] for block in blocks],
        instruction_sizes(blocks),
        found.spills,
    )
