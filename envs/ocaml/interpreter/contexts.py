"""Calling contexts, and how often each block ran in each of them.

A context says how the running activation was reached, as far back as an inliner could want to know: a root function
whose own declaration runs, then steps (call site, function started there). Of the whole call stack it is the longest
end that has at most ``depth`` steps and in which no function stands more than ``repeats`` times, root included. So an
activation of f through site s of g counts in a context that ends in (g; s→f), whatever called g; a recursive
function's activations beyond the first count in the context (f;) with ``repeats`` = 1.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

Step: TypeAlias = tuple[int, int]  # call site, id of the function that it started


@dataclass(frozen=True, slots=True)
class Context:
    """``steps`` lead from the body of function ``root``, outermost first."""

    root: int
    steps: tuple[Step, ...] = ()

    @property
    def function(self) -> int:
        """The function that runs."""
        return self.steps[-1][1] if self.steps else self.root

    def called(self, site: int, function: int, depth: int, repeats: int) -> Context:
        """The context of ``function`` when ``site`` here starts it."""
        root, steps = self.root, (*self.steps, (site, function))
        seen = Counter({root: 1})
        seen.update(started for _, started in steps)
        while len(steps) > depth or (steps and seen[function] > repeats):
            seen[root] -= 1
            root, steps = steps[0][1], steps[1:]
        return Context(root, steps)

    def ends(self) -> tuple[Context, ...]:
        """This context and its shorter ends: whose own declaration runs, seen from further and further in."""
        inner = (Context(function, self.steps[index + 1 :]) for index, (_, function) in enumerate(self.steps))
        return (self, *inner)


@dataclass(frozen=True)
class Profile:
    """Counts of blocks and cases by context. ``exact``: by the context kept for each activation, without zeros."""

    exact: dict[Context, dict[int, int]]

    @cached_property
    def _ending(self) -> dict[Context, Counter[int]]:
        found: dict[Context, Counter[int]] = {}
        for context, counts in self.exact.items():
            for end in context.ends():
                found.setdefault(end, Counter()).update(counts)
        return found

    def of(self, context: Context) -> dict[int, int]:
        """Counts of the blocks of ``context.function`` over all activations whose call stack ends in ``context``."""
        return dict(self._ending.get(context, {}))

    def count(self, context: Context, block: int) -> int:
        """How often the block or case ran at the end of such a call stack; 0 if never."""
        counts = self._ending.get(context)
        return counts[block] if counts is not None else 0

    @property
    def contexts(self) -> tuple[Context, ...]:
        """All ends of call stacks that occurred."""
        return tuple(self._ending)

    def total(self, block: int) -> int:
        """How often the block or case ran."""
        return sum(counts.get(block, 0) for counts in self.exact.values())
