"""Searches that draw whole paths at random, again and again until the limit: what a method has to beat.

On many programs they find shorter schedules than NITTA's methods, on large ones they find none at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from gymcc.envs.nitta.methods.explorer import Explorer, SynthesisCrashed
from gymcc.envs.nitta.methods.protocol import SynthesisNode
from gymcc.envs.nitta.methods.threads import REFACTORINGS, STEP_LIMIT, Scored, greatest, of_kinds

N = TypeVar("N", bound=SynthesisNode)
Draw = Callable[[Scored[N], Random], N]
IDLE_DESCENTS = 1000  # in a row without a node that is new: the tree is exhausted, or as good as
SHIFT = 3000.0  # makes the scores of nearly all options positive, as NITTA's crawler does
NOISE = 0.2


def uniform(children: Scored[N], random: Random) -> N:
    """Any child."""
    return random.choice(children)[1]


def weighted(children: Scored[N], random: Random) -> N:
    """A child with a probability proportional to (score + 3000)³, as in NITTA's crawler."""
    return random.choices([node for _, node in children], weights([score for score, _ in children]))[0]


def weights(scores: Sequence[float]) -> list[float]:
    """Of :func:`weighted`; all 1 where every score is too low to have any."""
    found = [max(0.0, (score + SHIFT) / 5000) ** 3 for score in scores]
    return found if any(found) else [1.0] * len(scores)


def noisy_greedy(children: Scored[N], random: Random) -> N:
    """The best child, or, one time in five, any."""
    return uniform(children, random) if random.random() < NOISE else greatest(children)


def refactor_first(children: Scored[N], random: Random) -> N:
    """A refactoring while there is one, nine times in ten; else as :func:`noisy_greedy`."""
    refactorings = of_kinds(children, REFACTORINGS)
    if refactorings and random.random() < 0.9:
        return uniform(refactorings, random)
    return noisy_greedy(children, random)


def repeated(explorer: Explorer[N], node: N, draws: Sequence[Draw[N]]) -> N:
    """Descend from ``node`` by one draw after another until the limit, or until nothing is new for long.

    Gives the shortest schedule found, or where the last descent ended.
    """
    idle, end = 0, node
    while idle < IDLE_DESCENTS:
        before = explorer.evaluations
        for draw in draws:
            end = descent(explorer, node, draw)
        idle = idle + 1 if explorer.evaluations == before else 0
    return explorer.best or end


def descent(explorer: Explorer[N], node: N, draw: Draw[N]) -> N:
    """One path from ``node`` to where no option is left; a dead end where NITTA would raise."""
    for _ in range(STEP_LIMIT):
        try:
            scores = explorer.scores(node)
        except SynthesisCrashed:
            break
        if not scores:
            break
        node = draw([(score, node.children[index]) for index, score in enumerate(scores)], explorer.random)
    return node
