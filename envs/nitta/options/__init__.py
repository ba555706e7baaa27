"""The decisions of a synthesis: what is offered in a state, with NITTA's metrics and scores, in NITTA's order."""

from __future__ import annotations

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
        *accumulate.offered(state),
        *logic.offered(state),
        *fold.offered(state),
    )


__all__ = ["GROUP_BINDS", "Decision", "DecisionKind", "Option", "offered"]
