"""The cheapest decisions of a small program, found by trying all, so that nothing can be better."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gymcc.envs.ocaml.inliner.decisions import Paths
from gymcc.envs.ocaml.inliner.session import Session
from gymcc.envs.ocaml.ir import Path


class TooMany(ValueError):
    """The program has more decisions than were allowed to be tried."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """The cheapest decisions, of ``tried`` different ones in all; among equals the first found: fewest sites first."""

    decisions: Paths
    cost: float
    tried: int


def optimum(session: Session, cost: Callable[[Paths], float], limit: int = 20_000) -> Optimum:
    """Try every tree of decisions that makes a different program; raises :class:`TooMany` beyond ``limit`` of them."""
    best: Paths | None = None
    lowest, tried = float("inf"), 0
    for decisions in every(session):
        tried += 1
        if tried > limit:
            raise TooMany(f"{session.program.name} has more than {limit} different decisions; search it instead")
        found = cost(decisions)
        if best is None or found < lowest:
            best, lowest = decisions, found
    assert best is not None
    return Optimum(best, lowest, tried)


def every(session: Session) -> Iterator[Paths]:
    """Every tree of decisions: each open path once with and once without being inlined."""
    todo: list[tuple[frozenset[Path], frozenset[Path]]] = [(frozenset(), frozenset())]
    while todo:
        inline, refused = todo.pop()
        openings = session.residual(Paths(inline)).openings
        undecided = next(
            (o.path for o in openings if not o.closed and o.path not in inline and o.path not in refused), None
        )
        if undecided is None:
            yield Paths(inline)
        else:
            todo.append((inline | {undecided}, refused))
            todo.append((inline, refused | {undecided}))
