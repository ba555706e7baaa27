"""The decisions of a synthesis: what is offered in a state, with NITTA's metrics and scores, in NITTA's order."""

from __future__ import annotations

from gymcc.envs.nitta.options import accumulate, binds, deadlocks, fold, groups, logic, loops, transfers
from gymcc.envs.nitta.options.base import Decision, DecisionKind, Option
from gymcc.envs.nitta.state import Synthesis

GROUP_BINDS = ("nitta", "obvious", "off")


def offered(state: Synthesis, group_binds: str = "nitta") -> tuple[Option, ...]:
    """All options of a state; empty for a leaf."""
    grouped = groups.offered(state, binds.candidates(state), group_binds) if group_binds != "off" else ()
    return (
        *grouped,
        *binds.offered(state),
        *transfers.offered(state),
        *loops.offered(state),
        *deadlocks.offered(state),
        *accumulate.offered(state),
        *logic.offered(state),
        *fold.offered(state),
    )


__all__ = ["GROUP_BINDS", "Decision", "DecisionKind", "Option", "offered"]
