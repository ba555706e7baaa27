"""How alike the simulator's and the real figures are."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from statistics import median
from typing import Any, TypeAlias

import numpy as np

from gymcc.benchmarks.ocaml_fidelity.figures import Measured
from gymcc.benchmarks.ocaml_fidelity.samples import Flip, Plan, Vector
from gymcc.benchmarks.statistics import spearman
from gymcc.envs.ocaml.backends.sim import Simulator
from gymcc.envs.ocaml.dataset import SHIPPED, shipped
from gymcc.envs.ocaml.problem import OcamlInline

CLEAR = 0.01  # change of the real instructions that the simulator must see
FEW = 5  # vectors below which ranks say nothing
LOOKED_AT = "train"  # the split whose programs were looked at when prices were made
BARS = {"spearman": 0.7, "signs": 0.8}

Row: TypeAlias = dict[str, Any]


def row(simulated: OcamlInline, program: str, plan: Plan, found: Measured) -> Row:
    """One program in one mode.

    ``spearman`` of instructions and ``spearman_bytes`` over ``vectors``, None where no decision matters or there are
    fewer than 5; ``real_range`` and ``simulated_range``: dearest over cheapest; ``flips`` that change the real
    instructions by more than 1 %, and of these those whose sign the simulator ``agrees`` with; ``failed``: vectors that
    the compiler did not finish.
    """
    backend = simulated.backend(program)
    assert isinstance(backend, Simulator)
    ranked = [vector for vector in plan.vectors if vector in found]
    ours = np.array([_figures(backend, vector) for vector in ranked])
    theirs = np.array([found[vector] for vector in ranked])
    clear = [flip for flip in plan.flips if abs(_real(flip, found)) > CLEAR]
    return {
        "program": program,
        "held_out": shipped()[SHIPPED].split_of(program) != LOOKED_AT,
        "mode": simulated.mode,
        "vectors": len(ranked),
        "spearman": _ranks(ours, theirs, 0),
        "spearman_bytes": _ranks(ours, theirs, 1),
        "real_range": _range(theirs),
        "simulated_range": _range(ours),
        "flips": len(clear),
        "agrees": sum(_simulated(backend, flip) * _real(flip, found) > 0 for flip in clear),
        "failed": len(plan.all) - len(found),
    }


def _figures(backend: Simulator, vector: Vector) -> tuple[float, int]:
    figures = backend.cost(dict(vector))
    return figures.cost, figures.text


def _real(flip: Flip, found: Measured) -> float:
    """Relative change of the instructions, 0 if one side is not known."""
    if flip.before not in found or flip.after not in found:
        return 0.0
    return found[flip.after].instructions / found[flip.before].instructions - 1


def _simulated(backend: Simulator, flip: Flip) -> float:
    before, after = (_figures(backend, vector)[0] for vector in (flip.before, flip.after))
    return after / before - 1


def _ranks(ours: Any, theirs: Any, column: int) -> float | None:
    if len(ours) < FEW:
        return None
    found = spearman(ours[:, column], theirs[:, column])
    return None if isnan(found) else found


def _range(figures: Any) -> float | None:
    return float(figures[:, 0].max() / figures[:, 0].min()) if len(figures) else None


def summary(rows: Sequence[Row]) -> list[Row]:
    """Rows ``what, programs, value, target``: medians over programs, signs over all flips; of held-out ones too."""
    found = []
    for title, some in (("all", rows), ("held out", [each for each in rows if each["held_out"]])):
        for mode in dict.fromkeys(each["mode"] for each in some):
            of_mode = [each for each in some if each["mode"] == mode]
            for what in ("spearman", "spearman_bytes"):
                values = [each[what] for each in of_mode if each[what] is not None]
                if values:
                    name = f"{mode} mode, median {what}, {title}"
                    found.append(_line(name, len(values), median(values), BARS.get(what)))
        flips = sum(each["flips"] for each in some)
        if flips:
            members = sum(each["flips"] > 0 for each in some)
            share = sum(each["agrees"] for each in some) / flips
            found.append(_line(f"signs of {flips} single changes over 1 %, {title}", members, share, BARS["signs"]))
    return found


def _line(what: str, programs: int, value: float, bar: float | None) -> Row:
    return {"what": what, "programs": programs, "value": value, "target": None if bar is None else f">= {bar}"}
