"""Which trees are still uses and defs of which candidates while common subexpressions are being kept one by one.

Where a use of a kept candidate is replaced by its temporary, the trees below disappear, and with them uses of other
candidates; a def below is saved, with all that is in it (``optUnmarkCSE`` of RyuJIT's optcse.cpp). What is left of the
counts decides over the candidates that follow. The counts left of the others do not depend on the order.
"""

from __future__ import annotations

from collections.abc import Iterable

from gymcc.envs.jitcse.analysis import Analysis, Occurrence
from gymcc.envs.jitcse.policies.pressure import UNITY

_Place = tuple[int, int, tuple[int, ...]]  # block, statement, path


class Marks:
    """Counts of uses left, by candidate, in ``use_count`` and ``use_weight``; defs never change."""

    def __init__(self, analysis: Analysis, kept: Iterable[int] = ()) -> None:
        self._analysis = analysis
        self.use_count = [candidate.use_count for candidate in analysis.candidates]
        self.use_weight = [candidate.use_weight for candidate in analysis.candidates]
        self.kept: set[int] = set()
        self._gone: set[_Place] = set()
        self._by_statement: dict[tuple[int, int], list[tuple[tuple[int, ...], int, bool]]] = {}
        for number, candidate in enumerate(analysis.candidates):
            for each in candidate.occurrences:
                row = self._by_statement.setdefault((each.block, each.statement), [])
                row.append((each.path, number, each.is_def))
        for row in self._by_statement.values():
            row.sort()  # a tree before the trees below it
        for number in kept:
            self.keep(number)

    def viable(self, number: int) -> bool:
        """Whether a candidate may still be kept: viable, not kept yet, and with uses left."""
        candidate = self._analysis.candidates[number]
        has_uses = self.use_count[number] > 0 and self.use_weight[number] > 0
        return candidate.viable and number not in self.kept and has_uses

    def keep(self, number: int) -> None:
        """Replace the uses of a candidate, and forget the uses of others below them."""
        self.kept.add(number)
        for each in self._analysis.candidates[number].occurrences:
            if not each.is_def:
                self._forget_below(each)

    def _forget_below(self, top: Occurrence) -> None:
        saved: tuple[int, ...] | None = None  # the def that is being skipped
        for path, number, is_def in self._by_statement[top.block, top.statement]:
            if len(path) <= len(top.path) or path[: len(top.path)] != top.path:
                continue
            if saved is not None and path[: len(saved)] == saved:
                continue
            if is_def:
                saved = path
            elif (place := (top.block, top.statement, path)) not in self._gone:
                self._gone.add(place)
                weight = self._analysis.method.blocks[top.block].weight * UNITY
                self.use_count[number] -= 1
                self.use_weight[number] = max(0.0, self.use_weight[number] - weight)
