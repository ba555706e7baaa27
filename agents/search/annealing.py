"""Simulated annealing over action sequences."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, log, nan
from random import Random
from typing import Any

from gymcc.agents.search.meter import Meter, Node
from gymcc.agents.search.sampling import MAX_IDLE

HOT, COLD = 0.5, 0.01  # temperatures in log cost: a cost e**HOT times higher is at first accepted with odds 1/e
AGAIN = 0.5  # chance of one more mutation in a proposal
Draft = list[int | None]  # None: any legal action, drawn when the sequence is played


def annealing(meter: Meter[Any], random: Random) -> bool:
    """Mutate the action sequence, accept what is not too much worse, cool down over the budget.

    A proposal prices only the state that its sequence ends in. The temperature falls geometrically with the part of
    the budget used, so under a time limit the course depends on the machine's speed.
    """
    node: Node[Any] = meter.start
    while meter.idle < MAX_IDLE:
        proposal = _play(meter, _mutated(node.actions, meter.problem.max_steps, random), random)
        temperature = HOT * (COLD / HOT) ** meter.spent
        if random.random() < exp(min(0.0, -_rise(node.cost, proposal.cost) / temperature)):
            node = proposal
    return False


def _mutated(actions: Sequence[int], max_steps: int, random: Random) -> Draft:
    draft: Draft = list(actions)
    while True:
        _mutate(draft, max_steps, random)
        if random.random() >= AGAIN:
            return draft


def _mutate(draft: Draft, max_steps: int, random: Random) -> None:
    """Insert, replace, delete or swap actions in place; an empty sequence can only grow, a full one only change."""
    length = len(draft)
    kinds = ["insert"] * (length < max_steps) + ["replace", "delete"] * (length > 0) + ["swap"] * (length > 1)
    match random.choice(kinds):
        case "insert":
            draft.insert(random.randint(0, len(draft)), None)
        case "replace":
            draft[random.randrange(len(draft))] = None
        case "delete":
            del draft[random.randrange(len(draft))]
        case "swap":
            i, j = random.sample(range(len(draft)), 2)
            draft[i], draft[j] = draft[j], draft[i]


def _play(meter: Meter[Any], draft: Draft, random: Random) -> Node[Any]:
    """The priced end of a sequence; what is not legal when its turn comes is dropped."""
    node = Node(meter.start.state, (), nan)
    for action in draft:
        legal = meter.legal(node)
        if not legal:
            break
        if action is None:
            action = random.choice(legal)
        elif action not in legal:
            continue
        node = Node(meter.problem.apply(node.state, action), (*node.actions, action), nan)
    return meter.price(node.state, node.actions)


def _rise(old: float, new: float) -> float:
    if new == inf:
        return inf
    return log(new / old) if old > 0 and new > 0 else new - old
