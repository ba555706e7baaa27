"""The cells of a function's contexts: counters, and contexts of callees. Cell 0 is the context itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeAlias

Region: TypeAlias = tuple[int, ...]  # code that runs as often as these counters say together


class Cells:
    """Hands out cells. ``template`` is what a fresh context holds from cell 1 on."""

    def __init__(self) -> None:
        self.template: list[Any] = []
        self._counted: list[tuple[int, Region]] = []

    def counter(self, id_: int) -> int:
        """A fresh counter of the block or case."""
        self.template.append(0)
        self.same(id_, (len(self.template),))
        return len(self.template)

    def same(self, id_: int, region: Region) -> None:
        """The block or case runs as often as a region: no counter of its own."""
        self._counted.append((id_, region))

    def callee(self, known: bool) -> int:
        """A fresh cell for the context of a call's callee; ``known``: it is always the same function."""
        self.template.append(None if known else {})
        return len(self.template)

    def counts(self, cells: Sequence[Any]) -> Counter[int]:
        """Counts by block and case of one context."""
        found: Counter[int] = Counter()
        for id_, region in self._counted:
            found[id_] += sum(cells[cell] for cell in region)
        return +found
