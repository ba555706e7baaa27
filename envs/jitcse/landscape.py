"""How hard the choice is: what the stock heuristic leaves to gain, beside what is published of RyuJIT."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import exp, log
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gymcc.envs.jitcse.problem import JitCse

EQUAL = 1e-9
# Of 22,904 methods of a .NET collection: percentage for which the stock heuristic is optimal, by number of candidates
# (dotnet/jitutils, jit-rl-cse, Markov-chain study of 2024); the head-room over all was 1.005 to 1.012.
PUBLISHED = {1: 86.7, 2: 77.0, 3: 67.9, 4: 58.8, 5: 50.9}


def landscape(problem: JitCse, instances: Iterable[str]) -> dict[str, Any]:
    """Facts of the methods whose best set is known: shares in percent, ratios of PerfScore as geometric means."""
    optimal: dict[int, list[bool]] = defaultdict(list)
    logs: dict[str, list[float]] = defaultdict(list)
    for instance in instances:
        known = {name: float(value) for name, value in problem.facts(instance).items()}
        none, heuristic, best = (known[name] for name in ("none_cost", "heuristic_cost", "best_known_cost"))
        if best == best:
            optimal[len(problem.candidates(instance))].append(heuristic <= best * (1 + EQUAL))
            logs["heuristic_over_none"].append(log(heuristic / none))
            logs["best_over_none"].append(log(best / none))
            logs["heuristic_over_best"].append(log(heuristic / best))
    if not optimal:
        return {}
    shares = {count: 100 * sum(found) / len(found) for count, found in sorted(optimal.items())}
    return {
        "methods_with_known_best": sum(map(len, optimal.values())),
        **{f"{name}_geomean": exp(sum(values) / len(values)) for name, values in logs.items()},
        "heuristic_optimal_percent": 100 * sum(map(sum, optimal.values())) / sum(map(len, optimal.values())),
        **{
            f"heuristic_optimal_percent_of_{count}_candidates": (
                f"{shares[count]:.1f} (RyuJIT, published: {published})"
            )
            for count, published in PUBLISHED.items()
            if count in shares
        },
    }
