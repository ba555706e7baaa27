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
    """Mutate a full-length action sequence, accept what is not too much worse, cool down over the budget.

    A proposal prices only the state that its sequence ends in; the states on the way are priced if that is a new best.
    The temperature falls geometrically with the part of the budget used, so under a time limit the course depends on
    the machine's speed.
    """
    steps = meter.problem.max_steps
    node = _play(meter, [None] * steps, random)
    while meter.idle < MAX_IDLE:
        proposal = _play(meter, _mutated(node.actions, steps, random), random)
        temperature = HOT * (COLD / HOT) ** meter.spent
        if random.random() < exp(min(0.0, -_rise(node.cost, proposal.cost) / temperature)):
            node = proposal
    return False


def _mutated(actions: Sequence[int], steps: int, random: Random) -> Draft:
    draft: Draft = list(actions)
    while True:
        draft += [None] * (steps - len(draft))
        _mutate(draft, random)
        if random.random() >= AGAIN:
            return draft[:steps]


def _mutate(draft: Draft, random: Random) -> None:
    """Insert, replace, delete or swap in place, anywhere in a sequence that is not empty."""
    at, other = random.randrange(len(draft)), random.randrange(len(draft))
    match random.choice(("insert", "replace", "delete", "swap")):
        case "insert":
            draft.insert(at, None)
        case "replace":
            draft[at] = None
        case "delete":
            draft.append(None)
            del draft[at]
        case "swap":
            draft[at], draft[other] = draft[other], draft[at]


def _play(meter: Meter[Any], draft: Draft, random: Random) -> Node[Any]:
    """The priced end of a sequence; what is not legal when its turn comes is dropped."""
    node, best = Node(meter.start.state, (), nan), meter.best
    for action in draft:
        legal = meter.legal(node)
        if not legal:
            break
        if action is None:
            action = random.choice(legal)
        elif action not in legal:
            continue
        node = Node(meter.problem.apply(node.state, action), (*node.actions, action), nan)
    node = meter.price(node.state, node.actions)
    if meter.best is not best:
        meter.price_path(node)
    return node


def _rise(old: float, new: float) -> float:
    """How much worse ``new`` is, in log cost; plainly subtracted where costs are not positive."""
    if new == inf or old == inf:
        return inf if new == inf else -inf
    return log(new / old) if old > 0 and new > 0 else new - old
