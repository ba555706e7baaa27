"""The default observation: a row for every option, so that a network may treat them as the list that they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from math import log1p
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.episode import Episode
from gymcc.envs.core.problem import BackendError
from gymcc.envs.nitta.options import DecisionKind, Option
from gymcc.envs.nitta.problem import Nitta
from gymcc.envs.nitta.tree import Node

LIMIT = 8.0
KINDS = tuple(DecisionKind)
COLUMN_OF = {kind: at for at, kind in enumerate(KINDS)}
MARKS = ("present", "legal", "score", "alike", *(f"is {kind}" for kind in KINDS))
BIND = (
    "critical",
    "alternatives",
    "restless",
    "outputs",
    "allows_dataflow",
    "may_deadlock",
    "load_of_unit",
    "bound_inputs",
    "wave",
    "wave_unknown",
)
GROUP = ("obvious", "share", "mean_binds", "deviation_of_binds", "mean_load", "deviation_of_load")
FLOW = ("wait", "restricted", "not_transferable", "first_wave", "targets")
DEADLOCK = ("locked", "buffers", "transferable")
ALLOCATION = ("parallelism", "related", "fewest_units", "most_parallel", "mean_parallel")
AHEAD = ("ahead: ticks", "ahead: leaf", "ahead: complete", "ahead: options")
COLUMNS = (*MARKS, *BIND, *GROUP, *FLOW, *DEADLOCK, *ALLOCATION, *AHEAD)
WIDTH = len(COLUMNS)
UNITS = 10  # whose clocks and loads the last row has room for
WHOLE = (
    *(f"whole: {kind}" for kind in KINDS),
    *("whole: waiting", "whole: bound", "whole: unsent", "whole: ticks", "whole: left_out", "whole: legal"),
    *(f"whole: clock of unit {at}" for at in range(UNITS)),
    *(f"whole: load of unit {at}" for at in range(UNITS)),
)
assert len(WHOLE) + 2 <= WIDTH
_PARALLEL = {"None": 0.0, "Pipeline": 0.5, "Full": 1.0}
Metrics = Any


def _bind(m: Metrics, option: Option, now: int) -> tuple[float, ...]:
    wave = m["pWave"]
    return (
        m["pCritical"],
        m["pAlternative"] / 2,
        (m["pRestless"] - now) / 8 if m["pRestless"] else 0.0,
        log1p(m["pOutputNumber"]),
        log1p(m["pAllowDataFlow"]),
        m["pPossibleDeadlock"],
        log1p(m["pNumberOfBoundFunctions"]),
        m["pPercentOfBoundInputs"],
        log1p(wave or 0),
        wave is None,
    )


def _group(m: Metrics, option: Option, now: int) -> tuple[float, ...]:
    return (
        m["pOnlyObviousBinds"],
        m["pFunctionPercentInBinds"],
        log1p(m["pAvgBinds"]),
        m["pVarianceBinds"] / 4,
        log1p(m["pAvgUnitWorkload"]),
        m["pVarianceUnitWorkload"] / 4,
    )


def _flow(m: Metrics, option: Option, now: int) -> tuple[float, ...]:
    missing = m["pNotTransferableInputs"]
    return (
        log1p(max(m["pWaitTime"] - now, 0)),
        m["pRestrictedTime"],
        log1p(sum(missing)),
        log1p(m["pFirstWaveOfTargetUse"]),
        log1p(len(missing)),
    )


def _deadlock(m: Metrics, option: Option, now: int) -> tuple[float, ...]:
    return (
        log1p(m["pNumberOfLockedVariables"]),
        m["pBufferCount"],
        log1p(m["pNumberOfTransferableVariables"]),
    )


def _allocation(m: Metrics, option: Option, now: int) -> tuple[float, ...]:
    return (
        _PARALLEL[m["mParallelism"]],
        log1p(m["mRelatedRemains"]),
        log1p(m["mMinPusForRemains"]),
        log1p(m["mMaxParallels"]),
        log1p(m["mAvgParallels"]),
    )


Rows = Callable[[Metrics, Option, int], tuple[float, ...]]
_FIRST = {name: COLUMNS.index(name) for name in ("critical", "obvious", "wait", "locked", "parallelism", AHEAD[0])}
BLOCKS: dict[DecisionKind, tuple[Rows, int, int]] = {
    DecisionKind.SINGLE_BIND: (_bind, _FIRST["critical"], len(BIND)),
    DecisionKind.GROUP_BIND: (_group, _FIRST["obvious"], len(GROUP)),
    DecisionKind.DATAFLOW: (_flow, _FIRST["wait"], len(FLOW)),
    DecisionKind.RESOLVE_DEADLOCK: (_deadlock, _FIRST["locked"], len(DEADLOCK)),
    DecisionKind.ALLOCATION: (_allocation, _FIRST["parallelism"], len(ALLOCATION)),
}


class Options:
    """float32 ``(max_options + 1, 46)`` in [-8, 8]: a row per action, zeros where there is no option.

    Columns: 0 present; 1 legal; 2 NITTA's score / 1000; 3 log(1 + options of the same kind); 4-12 kind, one-hot in the
    order of :class:`DecisionKind`; then NITTA's metrics of each kind, zero in rows of another: flags and shares as they
    are, counts and waves as log(1 + x), ticks from the bus's next one on; last, with ``lookahead`` (else 0), where the
    option leads: ticks / 8 that it takes, whether that is a leaf, a complete schedule, log(1 + options there).
    A decision that only a server of another NITTA knows is of no kind and has no metrics.
    The last row describes the state: how many options of each kind, functions waiting and bound, variables to be
    transferred, ticks and options left out, as log(1 + x), the legal share; then for up to 10 units in order of tags
    their clock against the bus's / 8 and their load as log(1 + functions). Where only a server knows the node, what
    waits, is bound, and the units' clocks and loads are 0. ``names``: what each number is, row by row.
    """

    def __init__(self, problem: Nitta, lookahead: bool = False) -> None:
        self.problem = problem
        self.lookahead = lookahead
        self.space = gym.spaces.Box(-LIMIT, LIMIT, (problem.n_actions + 1, WIDTH), np.float32)
        ahead = AHEAD if lookahead else ("",) * len(AHEAD)
        row = (*COLUMNS[: -len(AHEAD)], *ahead)
        self.names = (*[row] * problem.n_actions, ("", "", *WHOLE, *[""] * (WIDTH - 2 - len(WHOLE))))

    def __call__(self, episode: Episode[Node]) -> NDArray[np.float32]:
        node = episode.state
        moves = self.problem.moves(node)
        rows = np.zeros((self.problem.n_actions + 1, WIDTH), np.float32)
        options = moves.options
        count, now = len(options), node.duration + 1
        counts = [0] * len(KINDS)
        rows[:count, 0] = 1
        rows[:-1, 1] = moves.legal
        rows[:count, 2] = [option.score / 1000 for option in options]
        at = 0
        for kind, block in groupby(options, key=_kind):
            members = list(block)
            until = at + len(members)
            rows[at:until, 3] = log1p(len(members))
            if kind in COLUMN_OF:
                counts[COLUMN_OF[kind]] += len(members)
                rows[at:until, 4 + COLUMN_OF[kind]] = 1
            if kind in BLOCKS:
                values, first, width = BLOCKS[kind]
                rows[at:until, first : first + width] = [values(o.metrics, o, now) for o in members]
            at = until
        if self.lookahead and count:
            rows[:count, -len(AHEAD) :] = [self._ahead(node, index) for index in moves.kept]
        legal = np.count_nonzero(moves.legal) / max(count, 1)
        rows[-1, 2 : 2 + len(WHOLE)] = _whole(node, counts, moves.left_out, legal)
        np.minimum(rows, LIMIT, out=rows)
        return np.maximum(rows, -LIMIT, out=rows)

    def _ahead(self, node: Node, index: int) -> tuple[float, ...]:
        child = node.child(index)
        if child.crashed:
            return (0.0, 1.0, 0.0, 0.0)
        ticks = (child.duration - node.duration) / 8
        return (ticks, child.is_leaf, child.is_complete, log1p(_options_of(child)))


def _kind(option: Option) -> DecisionKind:
    return option.kind


def _options_of(child: Node) -> int:
    """How many; none where a server does not tell."""
    try:
        return len(child.options)
    except BackendError:
        return 0


def _whole(node: Node, counts: Sequence[int], left_out: int, legal: float) -> list[float]:
    state = node.model
    units = state.units[:UNITS] if state else ()
    waiting = len(state.waiting.functions) if state else 0
    bound = len(state.algorithm.functions) - waiting if state else 0
    now = node.duration + 1
    unsent = max(0, node.unsent)  # a value that is buffered twice is sent twice, too
    sizes = (*counts, waiting, bound, unsent, now, left_out)
    clocks = [(unit.next_tick - now) / 8 for unit in units]
    loads = [log1p(len(unit.functions)) for unit in units]
    pad = [0.0] * (UNITS - len(units))
    return [*(log1p(size) for size in sizes), legal, *clocks, *pad, *loads, *pad]
