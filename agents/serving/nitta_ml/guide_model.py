"""A guide of the synthesis as a scorer of NITTA's options: it looks at the state behind each of them.

What NITTA's request tells of an option is its decision, metrics and score. A guide also wants to know when units are
free, what waits, what is still to be transferred and how long a chain of functions hangs on it; none of that can be
had from the request, so that a guide is served for one program, which the service is given (:mod:`.asked`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from gymcc.agents.nitta_value.guide import CARD, SHIPPED, Guide, GuideError, Outlook
from gymcc.agents.nitta_value.observe import remaining
from gymcc.agents.serving.nitta_ml.asked import Asked, Target, index_of
from gymcc.agents.serving.nitta_ml.value_model import ModelError
from gymcc.envs.nitta.tree import Node

BEST = 20.0  # what NITTA adds to every score; sums are from 0, for what it cannot evaluate, to this

__all__ = ["BEST", "CARD", "SHIPPED", "GuideModel"]


class GuideModel:
    """A guide that is loaded, for one program. Thread-safe."""

    def __init__(self, guide: Guide, root: Node) -> None:
        self._guide, self._asked, self._lock = guide, Asked(root), Lock()

    @classmethod
    def load(cls, folder: Path, target: Target | None) -> GuideModel:
        """The guide in a folder; raises :class:`ModelError` and other ValueErrors that say what is wrong with it."""
        if target is None:
            told = "its request tells of options, not of units, of what is left to transfer and of what hangs on it"
            raise ModelError(f"{folder}: say with --program what NITTA synthesises: {told}, which a guide looks at")
        try:
            return cls(Guide.load(folder), target.root())
        except GuideError as error:
            raise ModelError(str(error)) from error

    def scores(self, views: Sequence[Mapping[str, Any]]) -> list[float]:
        """A number for each option that NodeViews stand for, all of one node: greater where a shorter schedule waits.

        With NITTA's 20 it is 20 / (1 + growth), growth being how many times the ticks that must at least follow the
        schedule takes from here on; -20 for what NITTA cannot evaluate. Raises ValueError where the program's tree has
        other options there.
        """
        with self._lock:  # nodes are computed as they are asked for
            node = self._asked.node(views)
            indices = [index_of(node, view) for view in views]
            scale, failing = remaining(node), node.failing
            growths = [(estimate - node.duration) / scale for estimate in Outlook(self._guide).estimates(node)]
        return [-BEST if at in failing else BEST / (1 + max(0.0, growths[at])) - BEST for at in indices]
