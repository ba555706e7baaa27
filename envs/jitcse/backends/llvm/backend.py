"""The back end: prices choices by the machine code that LLVM makes of them."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.jitcse.analysis import Analysis, Choice, Score
from gymcc.envs.jitcse.backends.llvm.assembly import read, weights, without_jumps_to_next
from gymcc.envs.jitcse.backends.llvm.emit import emit
from gymcc.envs.jitcse.backends.llvm.length import code_size
from gymcc.envs.jitcse.backends.llvm.machine import assembly, versions
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
        found = read(assembly(self._text(prepared, choice)))
        blocks = without_jumps_to_next(found.blocks)
        executions = weights(blocks, [block.weight for block in prepared.analysis.method.blocks])
        hundredths = 0.0
        for block, weight in zip(blocks, executions, strict=True):
            if weight:
                hundredths += weight * sum([cost(each) for each in block.instructions])
        count = sum(len(block.instructions) for block in blocks)
        return Score(hundredths / 100, code_size(blocks), count, found.spills)

    def listing(self, prepared: Prepared, choice: Choice) -> str:
        """The assembly of the code for a choice, for people. Raises BackendError."""
        return assembly(self._text(prepared, choice))

    def versions(self) -> dict[str, str]:
        """What scores depend on."""
        return {"backend": self.name, **versions()}

    @staticmethod
    def _text(prepared: Prepared, choice: Choice) -> str:
        return emit(perform(prepared.analysis, choice), prepared.graph)
