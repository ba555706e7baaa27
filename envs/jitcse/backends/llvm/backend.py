"""The back end: prices choices by the machine code that LLVM makes of them."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.jitcse.analysis import Analysis, Choice, Score
from gymcc.envs.jitcse.backends.llvm.code import Code, code_of
from gymcc.envs.jitcse.backends.llvm.emit import emit
from gymcc.envs.jitcse.backends.llvm.machine import assembly, versions
from gymcc.envs.jitcse.backends.llvm.selftest import self_test
from gymcc.envs.jitcse.backends.llvm.ssa import Graph, graph_of
from gymcc.envs.jitcse.frontend import perform

MODEL = "1"  # to be raised with every change of scores that is not LLVM's


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
        """PerfScore, bytes, instructions and stack slots of the code when the candidates of ``choice`` are kept.

        Candidates that are not viable are ignored. Raises ValueError for a number that is no candidate, BackendError
        where LLVM or the reading of its code fails.
        """
        return self._code(prepared, choice).score

    def listing(self, prepared: Prepared, choice: Choice) -> str:
        """The code of a choice as text: blocks with weights, instructions with PerfScore and bytes."""
        return self._code(prepared, choice).listing(prepared.analysis.method.name)

    def versions(self) -> dict[str, str]:
        """What scores depend on."""
        return {"backend": self.name, "model": MODEL, **versions()}

    @staticmethod
    def _code(prepared: Prepared, choice: Choice) -> Code:
        known = len(prepared.analysis.candidates)
        if unknown := [number for number in sorted(choice) if not 0 <= number < known]:
            raise ValueError(f"{prepared.analysis.method.name} has no candidate {unknown[0]}; it has {known}")
        text = emit(perform(prepared.analysis, choice), prepared.graph)
        return code_of(assembly(text), [block.weight for block in prepared.analysis.method.blocks])
