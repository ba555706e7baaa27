"""Block weights as a profile would give them: from random probabilities of the branches."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np

from gymcc.envs.jitcse.ir import Method

_TAKEN = (0.0, 0.01, 0.1, 0.3, 0.5, 0.5, 0.7, 0.9, 0.99)  # of a forward branch; 0: never seen in the profile
_AGAIN = (0.5, 0.8, 0.9, 0.95, 0.99)  # of a branch back to a loop's start


def with_profile(method: Method, random: Random) -> Method:
    """The method with the expected executions of each block per call: the flow equations, solved, to 4 digits.

    Every loop must end with a branch backwards, taken, or out of it.
    """
    size = len(method.blocks)
    transition = np.zeros((size, size))
    for index, block in enumerate(method.blocks):
        if len(block.successors) == 2:
            back = min(block.successors) <= index
            taken = random.choice(_AGAIN if back else _TAKEN)
            transition[block.successors[0], index] += taken
            transition[block.successors[1], index] += 1 - taken
        elif block.successors:
            transition[block.successors[0], index] = 1.0
    entry = np.eye(size)[0]
    weights = np.linalg.solve(np.eye(size) - transition, entry)
    blocks = tuple(
        replace(block, weight=float(f"{max(weight, 0.0):.4g}"))
        for block, weight in zip(method.blocks, weights, strict=True)
    )
    return replace(method, blocks=blocks, profiled=True)
