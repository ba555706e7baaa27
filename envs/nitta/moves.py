"""Which options of a node are actions, and which of them NITTA could carry out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.nitta.options import Option
from gymcc.envs.nitta.tree import Node


class Moves:
    """The options of ``node`` as at most ``most`` actions.

    ``kept``: the indices of the options behind the actions, in NITTA's order; of too many those with the best scores.
    ``options``: those themselves. ``left_out``: how many are not among them. ``legal``: bool ``(most,)``, read-only.
    """

    def __init__(self, node: Node, most: int) -> None:
        options = node.options
        self.node, self.most = node, most
        self.kept = list(range(len(options)))
        if len(options) > most:
            best = sorted(self.kept, key=lambda index: -options[index].score)[:most]
            self.kept = sorted(best)
        self.options: Sequence[Option] = [options[index] for index in self.kept] if len(options) > most else options
        self.left_out = len(options) - len(self.kept)
        self.legal: NDArray[np.bool_] = np.zeros(most, np.bool_)
        self.legal[: len(self.kept)] = True
        if failing := node.failing:
            self.legal[: len(self.kept)] = [index not in failing for index in self.kept]
        self.legal.flags.writeable = False

    def why_illegal(self, action: int) -> str:
        """Why an action cannot be taken; empty if it can."""
        if not 0 <= action < self.most:
            return f"there is no action {action}; allowed: 0 to {self.most - 1}"
        if action >= len(self.kept):
            return f"the node has {len(self.kept)} options"
        if self.legal[action]:
            return ""
        return f"NITTA cannot evaluate this option: {self.node.failure(self.kept[action])}"
