"""The back end: prices choices by the machine code that LLVM makes of them."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.jitcse.analysis import Analysis, Choice, Score
from gymcc.envs.jitcse.backends.llvm.assembly import JUMP_BYTES, read, weights
from gymcc.envs.jitcse.backends.llvm.emit import emit
from gymcc.envs.jitcse.backends.llvm.machine import compile_text, versions
from gymcc.envs.jitcse.backends.llvm.selftest import self_test
from gymcc.envs.jitcse.backends.llvm.ssa import Graph, graph_of
from gymcc.envs.jitcse.backends.llvm.timing import cost
from gymcc.envs.jitcse.frontend import perform


@dataclass(frozen=True, slots=True)
class Prepared:
    """A method and what its choices share."""

    analysis: Analysis
    graph: Graph


class Llvm:
    """Prices choices by x86-64 machine code; raises BackendError if LLVM is missing or merges by itself."""

    name = "llvm"
    deterministic = True

    def __init__(self) -> None:
        self_test()

    def prepare(self, analysis: Analysis) -> Prepared:
        """What :meth:`score` wants to know of a method, found once."""
        return Prepared(analysis, graph_of(analysis.method))

    def score(self, prepared: Prepared, choice: Choice) -> Score:
        """The price of the code for a choice. Raises BackendError."""
        assembly, size = compile_text(self._text(prepared, choice))
        listing = read(assembly)
        executions = weights(listing.blocks, [block.weight for block in prepared.analysis.method.blocks])
        total = 0.0
        for block, weight in zip(listing.blocks, executions, strict=True):
            if weight:
                total += weight * sum([cost(each) for each in block.instructions])
        count = sum(len(block.instructions) for block in listing.blocks)
        return Score(total, size - JUMP_BYTES * listing.dropped, count, listing.spills)

    def listing(self, prepared: Prepared, choice: Choice) -> str:
        """The assembly of the code for a choice, for people. Raises BackendError."""
        return compile_text(self._text(prepared, choice))[0]

    def versions(self) -> dict[str, str]:
        """What scores depend on."""
        return versions()

    @staticmethod
    def _text(prepared: Prepared, choice: Choice) -> str:
        return emit(perform(prepared.analysis, choice), prepared.graph)
