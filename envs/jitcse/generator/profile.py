"""Block weights as a profile would give them: from random probabilities of the branches."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from gymcc.envs.jitcse.ir import Method

_TAKEN = (0.0, 0.01, 0.1, 0.3, 0.5, 0.5, 0.7, 0.9, 0.99)  # of a forward branch; 0: never seen in the profile
_AGAIN = (0.5, 0.8, 0.9, 0.95, 0.99)  # of a branch back to a loop's start
Flow = list[dict[int, float]]  # per block, its successors with their probability


def with_profile(method: Method, random: Random) -> Method:
    """The method with the expected executions of each block per call, to 4 digits.

    Every loop must end with a branch backwards, taken, or out of it.
    """
    flow: Flow = []
    for index, block in enumerate(method.blocks):
        chances = [1.0] * len(block.successors)
        if len(block.successors) == 2:
            taken = random.choice(_AGAIN if min(block.successors) <= index else _TAKEN)
            chances = [taken, 1 - taken]
        flow.append(dict(zip(block.successors, chances, strict=True)))
    weights = expected_visits(flow)
    blocks = tuple(
        replace(block, weight=float(f"{weight:.4g}")) for block, weight in zip(method.blocks, weights, strict=True)
    )
    return replace(method, blocks=blocks, profiled=True)


def expected_visits(flow: Flow) -> list[float]:
    """How often each block is run from block 0 until control leaves: states eliminated from the last to the first.

    Plain arithmetic in a fixed order, so that a seed gives the same digits on every machine.
    """
    rest = [dict(row) for row in flow]
    for block in range(len(rest) - 1, 0, -1):
        again = 1 / (1 - rest[block].pop(block, 0.0))
        for before in rest[:block]:
            if chance := before.get(block):
                for after, onward in rest[block].items():
                    if after < block:
                        before[after] = before.get(after, 0.0) + chance * again * onward
        rest[block][block] = again
    visits = [1.0]
    for block in range(1, len(rest)):
        arrivals = sum(visits[before] * rest[before].get(block, 0.0) for before in range(block))
        visits.append(arrivals * rest[block][block])
    return visits
