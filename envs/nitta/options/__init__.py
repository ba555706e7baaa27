"""The decisions of a synthesis: what is offered in a state, with NITTA's metrics and scores, in NITTA's order."""

from __future__ import annotations

from gymcc.envs.nitta.graph import Waiting
from gymcc.envs.nitta.options import accumulate, allocate, binds, deadlocks, fold, groups, logic, loops, transfers
from gymcc.envs.nitta.options.base import Decision, DecisionKind, Option
from gymcc.envs.nitta.state import Synthesis

GROUP_BINDS = ("nitta", "obvious", "off")


def offered(state: Synthesis, group_binds: str = "nitta") -> tuple[Option, ...]:
    """All options of a state; empty for a leaf."""
    candidates = binds.candidates(state)
    return (
        *(allocate.offered(state) if state.prototypes else ()),
        *(groups.offered(state, candidates, group_binds) if candidates and group_binds != "off" else ()),
        *binds.offered(state, candidates),
        *transfers.offered(state),
        *loops.offered(state),
        *deadlocks.offered(state),
        *_refactorings(state.waiting),
    )


def _refactorings(waiting: Waiting) -> tuple[Option, ...]:
    """What depends on the waiting functions alone; transports leave them as they are, so they remember it."""
    known = waiting.offers.get("refactorings")
    if known is None:
        found = (*accumulate.offered(waiting), *logic.offered(waiting), *fold.offered(waiting))
        known = waiting.offers["refactorings"] = found
    return known


__all__ = ["GROUP_BINDS", "Decision", "DecisionKind", "Option", "offered"]
