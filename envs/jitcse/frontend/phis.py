"""Where several values of a variable meet: the iterated dominance frontier of its assignments."""

from __future__ import annotations

from collections.abc import Mapping

from gymcc.envs.jitcse.frontend.flow import Flow


def place_phis(flow: Flow, assigned: Mapping[int, int]) -> dict[int, int]:
    """Per join the variables that need a phi there; ``assigned`` has each block's variables, both as bit masks."""
    joins = [block for block in flow.order if len(flow.predecessors[block]) > 1]
    phis = dict.fromkeys(joins, 0)
    changed = True
    while changed:
        changed = False
        for join in joins:
            mask = phis[join]
            for runner in flow.predecessors[join]:
                while runner != flow.dominator[join]:
                    mask |= assigned[runner] | phis.get(runner, 0)
                    runner = flow.dominator[runner]
            if mask != phis[join]:
                phis[join], changed = mask, True
    return phis
