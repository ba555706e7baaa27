"""The embedded JIT as a back end."""

from __future__ import annotations

from gymcc.envs.jitcse.analysis import Analysis, Choice, Score
from gymcc.envs.jitcse.backends.embedded.choices.evaluation import evaluate
from gymcc.envs.jitcse.backends.embedded.choices.prepared import Prepared, prepare
from gymcc.envs.jitcse.backends.embedded.code.lowering import Lowering
from gymcc.envs.jitcse.backends.embedded.machine import Machine, machine_named
from gymcc.envs.jitcse.backends.embedded.pricing.scoring import compile_method
from gymcc.envs.jitcse.backends.embedded.targets.arm64 import Arm64Lowering
from gymcc.envs.jitcse.backends.embedded.targets.x64 import X64Lowering
from gymcc.envs.jitcse.backends.embedded.text.listing import listing
from gymcc.envs.jitcse.frontend import perform, roles
from gymcc.envs.jitcse.frontend.roles import settle
from gymcc.envs.jitcse.ir import Method
from gymcc.envs.jitcse.wellformed import check

MODEL = "1"  # to be raised with every change of scores


def lowering_for(machine: Machine) -> Lowering:
    """Instruction selection for a machine."""
    return Arm64Lowering(machine) if machine.arm else X64Lowering(machine)


class Embedded:
    """Prices choices for ``arch`` x64 (System V), x64-windows or arm64, or for a machine of one's own.

    Not to be shared between threads.
    """

    name = "embedded"

    def __init__(self, arch: str | Machine = "x64") -> None:
        self.machine = arch if isinstance(arch, Machine) else machine_named(arch)
        self._lowering = lowering_for(self.machine)

    def prepare(self, analysis: Analysis) -> Prepared:
        """Do once for a method what all choices share, about 2 ms."""
        return prepare(self._lowering, analysis)

    def score(self, prepared: Prepared, choice: Choice) -> Score:
        """PerfScore, bytes and instructions of the code when the candidates of ``choice`` are kept.

        Candidates that are not viable, or of which larger ones leave no use, are ignored. Raises ValueError for a
        number that is no candidate.
        """
        _check(prepared, choice)
        return evaluate(prepared, choice)

    def score_method(self, method: Method) -> Score:
        """The score of a method as it is; raises ValueError if it is malformed."""
        check(method)
        return compile_method(self._lowering, method).score

    def listing(self, prepared: Prepared, choice: Choice) -> str:
        """The code of a choice as text: blocks with weights, instructions with PerfScore and bytes."""
        _check(prepared, choice)
        method = perform(prepared.analysis, choice)
        kept = sorted(settle(roles(prepared.analysis), choice))
        names = {local: f"cse_{number}" for local, number in enumerate(kept, len(prepared.analysis.method.locals))}
        return listing(compile_method(self._lowering, method, recording=True), method, names)

    def versions(self) -> dict[str, str]:
        """What scores depend on."""
        return {"embedded_jit": MODEL, "arch": self.machine.name}


def _check(prepared: Prepared, choice: Choice) -> None:
    known = len(prepared.analysis.candidates)
    if choice and not (min(choice) >= 0 and max(choice) < known):
        odd = sorted(number for number in choice if not 0 <= number < known)
        raise ValueError(f"{prepared.analysis.method.name} has {known} candidates, got {odd}")
