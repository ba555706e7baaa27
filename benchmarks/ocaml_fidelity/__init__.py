"""How well the simulator of OCaml inlining tells what decisions do, against a real ocamlopt and counted instructions.

Every program is compiled under random decisions (:mod:`samples`): ranks of the simulator's and of the real costs are
compared (Spearman). Then single decisions are changed, around the compiler's own and around random ones; where that
really changes the instructions by more than 1 %, the simulator must move the same way. Figures are kept on disk
(:mod:`figures`), so that a run that was broken off goes on where it was.

Prices of the simulator follow what ocamlopt emits; where that had to be looked at, it was in programs to train on.
Those are told apart from programs *held out* (:mod:`scores`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gymcc.benchmarks.ocaml_fidelity.figures import measured
from gymcc.benchmarks.ocaml_fidelity.samples import Plan, planned
from gymcc.benchmarks.ocaml_fidelity.scores import Row, row, summary
from gymcc.envs.core.choices import choose
from gymcc.envs.ocaml.dataset import SHIPPED, shipped
from gymcc.envs.ocaml.env import RULES, make_problem
from gymcc.envs.ocaml.problem import MODES, OcamlInline

__all__ = ["VECTORS", "Plan", "Row", "bench", "row_of", "summary", "versions"]
VECTORS = 30

Told = Callable[[str], None]


def bench(
    middle_end: str = "closure",
    programs: Sequence[str] = (),
    vectors: int = VECTORS,
    workers: int = 2,
    seed: int = 0,
    told: Told = lambda note: None,
) -> list[Row]:
    """A row for each program and mode; ``told`` is called after each program. Raises BackendError without the compiler.

    Flambda is compared in site mode: it inlines calls that have become known by inlining, which no copy stands for.
    """
    choose(RULES, middle_end, "middle end")
    known = {name: name for name in shipped()[SHIPPED]}
    names = [choose(known, name, "program") for name in programs] or list(known)
    real = make_problem(backend=middle_end)
    rows = []
    for name in names:
        for mode in MODES if middle_end == "closure" else ("site",):
            simulated = make_problem(mode=mode, rules=middle_end)
            rows.append(row_of(simulated, real, name, vectors, workers, seed))
        told(name)
    return rows


def versions(middle_end: str) -> dict[str, str]:
    """What the figures depend on."""
    return make_problem(rules=middle_end).versions() | make_problem(backend=middle_end).versions()


def row_of(simulated: OcamlInline, real: OcamlInline, program: str, vectors: int, workers: int, seed: int) -> Row:
    """One program in the mode of ``simulated``; single changes are looked at in site mode alone."""
    plan = planned(simulated, program, vectors, seed)
    return row(simulated, program, plan, measured(real, program, plan.all, workers))
