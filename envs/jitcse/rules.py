"""Baselines of JIT CSE beside the stock heuristic, for ``gymcc search`` and ``compare`` (``jitcse``'s ``rules``)."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING

from gymcc.envs.core.problem import Price, Rule
from gymcc.envs.jitcse.analysis import Choice
from gymcc.envs.jitcse.policies.optimum import EXHAUSTIVE, exhaustive, hill_climb

if TYPE_CHECKING:
    from gymcc.envs.jitcse.problem import JitCse

Decided = tuple[Sequence[int], bool]
FIRST = 64  # evaluations of hill climbing before all sets are tried, lest a small budget end among the worst


def rules(problem: JitCse) -> Mapping[str, Rule]:
    """``none``, ``all`` and ``random_set`` look at nothing, ``linear`` is learned, ``optimum`` measures."""

    def decided(numbers: Sequence[int] | Choice, proven: bool = False) -> Decided:
        return [*(number for number in numbers if number < problem.stop), problem.stop], proven

    def viable(instance: str) -> list[int]:
        return [number for number, each in enumerate(problem.candidates(instance)) if each.viable]

    def random_set(instance: str, price: Price, random: Random) -> Decided:
        """As ``JitRandomCSE`` draws: the first K of all candidates in random order, those not viable drop out."""
        numbers = list(range(len(problem.candidates(instance))))
        random.shuffle(numbers)
        taken = numbers[: random.randint(1, len(numbers))] if numbers else []
        return decided([number for number in taken if number in viable(instance)])

    def optimum(instance: str, price: Price, random: Random) -> Decided:
        """All sets of few candidates, which proves; else hill climbing from the heuristic's, none, all, random ones."""
        known, start = viable(instance), frozenset(problem.heuristic(instance)) - {problem.stop}

        def score(choice: Choice) -> float:
            return price(decided(sorted(choice))[0])

        few = len(known) <= EXHAUSTIVE
        found = hill_climb(score, known, [start], FIRST if few else sys.maxsize, random.randrange(2**32))
        found = exhaustive(score, known) if few else found
        return decided(sorted(found.choice), found.proven)

    return {
        "none": lambda instance, price, random: decided([]),
        "all": lambda instance, price, random: decided(viable(instance)),
        "random_set": random_set,
        "linear": lambda instance, price, random: decided(problem.compiler.linear(instance)),
        "optimum": optimum,
    }
