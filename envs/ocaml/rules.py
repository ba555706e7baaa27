"""Baselines of OCaml inlining beside the compiler's own heuristic, for ``gymcc search`` and ``compare``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING

from gymcc.envs.core.problem import Price, Rule
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.compilers import Simulators
from gymcc.envs.ocaml.ir import Path

if TYPE_CHECKING:
    from gymcc.envs.ocaml.problem import OcamlInline

Wish = Callable[[Path], Action | None]  # None: what the compiler would do
Decided = tuple[Sequence[int], bool]


def followed(problem: OcamlInline, instance: str, wish: Wish) -> dict[Path, Action]:
    """Decisions by a wish for each call, in order; what cannot be had is left to the compiler, else not inlined."""
    state, backend = problem.initial(instance), problem.backend(instance)
    while state.path is not None:
        allowed = problem.allowed(state)
        wanted = wish(state.path)
        if wanted is None or wanted not in allowed:
            wanted = Action.DEFAULT if Action.DEFAULT in allowed else backend.default(state.path[-1])
        state = problem.apply(state, wanted if wanted in allowed else Action.NEVER)
    return dict(state.decisions)


def unasked(problem: OcamlInline, instance: str) -> list[int]:
    """What the compiler does of itself, as decisions."""
    return _numbers(followed(problem, instance, lambda path: None))


def rules(problem: OcamlInline) -> Mapping[str, Rule]:
    """``never`` and ``always`` inline; ``flips``: decisions changed one by one, from the compiler's.

    ``flambda`` decides by Flambda's rule of thumb whatever the middle end is; only the simulator knows it.
    """

    def always(action: Action) -> Rule:
        def rule(instance: str, price: Price, random: Random) -> Decided:
            return _numbers(followed(problem, instance, lambda path: action)), False

        return rule

    def flips(instance: str, price: Price, random: Random) -> Decided:
        return _numbers(flipped(problem, instance, price, random, {})), False

    def flambda(instance: str, price: Price, random: Random) -> Decided:
        assert isinstance(problem.compilers, Simulators)
        inline = problem.compilers.backend(instance).flambda_rule()
        return _numbers(
            followed(problem, instance, lambda path: Action.INLINE if path in inline else Action.NEVER)
        ), False

    found: dict[str, Rule] = {"never": always(Action.NEVER), "always": always(Action.INLINE), "flips": flips}
    return found | ({"flambda": flambda} if isinstance(problem.compilers, Simulators) else {})


def flipped(
    problem: OcamlInline, instance: str, price: Price, random: Random, wishes: Mapping[Path, Action]
) -> dict[Path, Action]:
    """Decisions from which no change of a single one gains, found from ``wishes``; calls in random order."""
    best = followed(problem, instance, wishes.get)
    cost = price(_numbers(best))
    better = True
    while better:
        better = False
        for path in random.sample(list(best), len(best)):
            if path not in best:
                continue  # its copy is gone
            for action in Action:
                other = followed(problem, instance, {**best, path: action}.get)
                found = cost if other == best else price(_numbers(other))
                if found < cost:
                    best, cost, better = other, found, True
    return best


def _numbers(decisions: Mapping[Path, Action]) -> list[int]:
    return [int(action) for action in decisions.values()]
