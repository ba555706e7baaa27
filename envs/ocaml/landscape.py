"""What there is to gain and to lose on programs, and how well the simulator tells it: facts of their card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, isnan, log
from random import Random
from typing import TYPE_CHECKING, Any

from gymcc.envs.ocaml.compilers import Simulators
from gymcc.envs.ocaml.dataset import SHIPPED, shipped
from gymcc.envs.ocaml.fidelity import facts

if TYPE_CHECKING:
    from gymcc.envs.ocaml.problem import OcamlInline

SAMPLE = 30  # programs that are looked at
CLEAR = 0.99  # of the default's cost, below which something is gained


def landscape(problem: OcamlInline, instances: Sequence[str]) -> dict[str, Any]:
    """Costs of the simplest rules and of the best decisions known, as shares of the default's, and the fidelity.

    Of real back ends nothing, as each program would have to be compiled.
    """
    if not isinstance(problem.compilers, Simulators):
        return {}
    some = instances[:SAMPLE]
    told: dict[str, Any] = {"mode": problem.mode, "rules_over": f"{len(some)} programs"}
    for name in ("never", "always"):
        costs = [_ruled(problem, instance, name) for instance in some]
        told |= {f"{name}_geomean": _geometric_mean(costs), f"{name}_worst": max(costs)}
    told |= _known({instance: problem.facts(instance) for instance in some})
    return told | (facts(problem.compilers.rules.name) if set(some) & set(shipped()[SHIPPED]) else {})


def _ruled(problem: OcamlInline, instance: str, name: str) -> float:
    state = problem.initial(instance)
    for action in problem.rules()[name](instance, lambda actions: 0.0, Random(0))[0]:
        state = problem.apply(state, action)
    return problem.cost(state)


def _known(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The best decisions known: over all programs, and one by one."""
    best = {name: each for name, each in found.items() if not isnan(each["best_known_cost"])}
    if not best:
        return {}
    costs = [float(each["best_known_cost"]) for each in best.values()]
    lines = {
        f"best known {name}": f"{each['best_known_cost']:.4f}{' (proven best)' if each['best_proven'] else ''}"
        for name, each in best.items()
    }
    return {
        "best_known_geomean": _geometric_mean(costs),
        "best_known_gains_over_1_percent": f"{sum(cost < CLEAR for cost in costs)} of {len(costs)} programs",
        "best_proven": sum(bool(each["best_proven"]) for each in best.values()),
        **lines,
    }


def _geometric_mean(costs: Sequence[float]) -> float:
    return exp(sum(map(log, costs)) / len(costs))
