"""The searches by name, and the one function that runs them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from random import Random
from typing import Any, TypeVar

from gymcc.agents.search.annealing import annealing
from gymcc.agents.search.beam import breadth_first, depth_first, exhaustive, widening
from gymcc.agents.search.budget import Budget
from gymcc.agents.search.greedy import greedy
from gymcc.agents.search.mcts import mcts
from gymcc.agents.search.meter import Exhausted, Meter, Progress
from gymcc.agents.search.result import SearchResult
from gymcc.agents.search.rules import follow
from gymcc.agents.search.sampling import heuristic, random_rollouts
from gymcc.envs.core.choices import choose
from gymcc.envs.core.problem import Problem

S = TypeVar("S", bound=Hashable)
Runner = Callable[[Meter[Any], Random], bool]  # True: every state within the step limit was seen


def _beams(*widths: int) -> dict[str, tuple[str, Runner]]:
    text = "breadth-first, the {} cheapest of each level; widens while the budget lasts"
    return {f"beam{width}": (text.format(width), partial(widening, breadth_first, width)) for width in widths}


_TABLE: dict[str, tuple[str, Runner]] = {
    "random": ("random legal roll-outs until the budget ends", random_rollouts),
    "greedy1": ("best next action until none improves", partial(greedy, 1)),
    "greedy2": ("first action towards the best state within two, until none improves", partial(greedy, 2)),
    **_beams(2, 4, 8),
    "beam4dfs": ("depth-first, 4 cheapest children; widens while the budget lasts", partial(widening, depth_first, 4)),
    "annealing": ("simulated annealing over action sequences, cooling over the budget", annealing),
    "mcts": ("Monte-Carlo tree search with random roll-outs", mcts),
    "exhaustive": ("every state within the step limit; a proof if the budget suffices", exhaustive),
    "heuristic": ("the problem's own heuristic, where it leads", heuristic),
}
METHODS: dict[str, str] = {name: description for name, (description, _) in _TABLE.items()}
ALIASES = {"beam": "beam4", "greedy": "greedy1"}


def methods_of(problem: Problem[Any]) -> list[str]:
    """The names of all methods that a problem can be searched with, its own rules last."""
    return [*METHODS, *problem.rules()]


def resolve_method(name: str, problem: Problem[Any]) -> str:
    """The method behind a name or alias; raises ValueError naming the known ones."""
    name = ALIASES.get(name, name)
    choose(dict.fromkeys(methods_of(problem)), name, "search method")
    return name


def search(
    problem: Problem[S],
    instance: str,
    method: str,
    budget: Budget,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> SearchResult:
    """Look for the cheapest state of ``instance`` within ``problem.max_steps`` decisions.

    The search sees an empty memo of its own, so none profits from another. With deterministic costs and a budget of
    evaluations alone, the same seed finds the same in any process. ``on_progress(evaluations, seconds, best_cost)`` is
    called after every evaluation. Raises ValueError for an unknown method,
    :class:`gymcc.envs.core.problem.UnknownInstance`, NotImplementedError if the problem has no heuristic, and
    :class:`gymcc.envs.core.problem.BackendError` if the start state itself has no cost.
    """
    method = resolve_method(method, problem)
    meter = Meter(problem.fresh(), instance, budget, on_progress)
    random = Random(f"{seed} {method} {instance}")
    run = _TABLE[method][1] if method in _TABLE else partial(follow, meter.problem.rules()[method])
    try:
        proven = run(meter, random)
    except Exhausted:
        proven = False
    return SearchResult(
        method=method,
        instance=instance,
        seed=seed,
        actions=meter.best.actions,
        best_cost=meter.best.cost,
        baseline_cost=meter.start.cost,
        evaluations=meter.evaluations,
        seconds=meter.seconds,
        curve=tuple(meter.curve),
        proven=proven,
        failures=len(meter.failed),
        failure=next(iter(meter.failed.values()), ""),
    )
