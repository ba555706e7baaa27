"""What the numbers of the default observation are, column by column, by their names."""

from __future__ import annotations

from collections.abc import Iterator
from math import log1p
from random import Random

import numpy as np
import pytest

from gymcc.envs.nitta.env import make_env
from gymcc.envs.nitta.observations.options import COLUMNS, LIMIT
from gymcc.envs.nitta.options import DecisionKind
from gymcc.envs.nitta.tree import Node

NAMES = ("small/fir2", "tiny/gcd", "medium/fir5", "small/magnitude")


def seen() -> Iterator[tuple[Node, dict[str, np.ndarray], dict[str, float]]]:
    """Nodes of walks with the options' columns and the last row's numbers."""
    env = make_env()
    for seed, name in enumerate(NAMES):
        observation, _ = env.reset(options={"instance": name})
        random = Random(seed)
        while not env.problem.is_terminal(env.state):
            names = env.observations["default"].names
            whole = dict(zip(names[-1], observation[-1], strict=True))
            yield env.state, {name: observation[:, at] for at, name in enumerate(COLUMNS)}, whole
            observation, *_ = env.step(random.choice(np.flatnonzero(env.action_masks())))


def close(value: float, wanted: float) -> bool:
    return float(value) == pytest.approx(max(-LIMIT, min(LIMIT, float(wanted))), abs=1e-5)


def test_metrics_of_each_kind():
    kinds = set()
    for node, columns, _ in seen():
        now = node.state.bus_next
        assert len(node.options) <= 64
        for at, option in enumerate(node.options):
            m, value = option.metrics, {name: column[at] for name, column in columns.items()}
            kinds.add(option.kind)
            same = sum(other.kind == option.kind for other in node.options)
            assert close(value["alike"], log1p(same))
            if option.kind == DecisionKind.SINGLE_BIND:
                assert close(value["critical"], m["pCritical"])
                assert close(value["alternatives"], m["pAlternative"] / 2)
                assert close(value["restless"], (m["pRestless"] - now) / 8 if m["pRestless"] else 0)
                assert close(value["load_of_unit"], log1p(m["pNumberOfBoundFunctions"]))
                assert close(value["wave"], log1p(m["pWave"] or 0))
                assert close(value["wave_unknown"], m["pWave"] is None)
                assert close(value["may_deadlock"], m["pPossibleDeadlock"])
            if option.kind == DecisionKind.DATAFLOW:
                assert close(value["wait"], log1p(max(0, m["pWaitTime"] - now)))
                assert close(value["restricted"], m["pRestrictedTime"])
                assert close(value["not_transferable"], log1p(sum(m["pNotTransferableInputs"])))
                assert close(value["targets"], log1p(len(option.decision.targets)))
                assert close(value["first_wave"], log1p(m["pFirstWaveOfTargetUse"]))
            if option.kind == DecisionKind.GROUP_BIND:
                assert close(value["obvious"], m["pOnlyObviousBinds"])
                assert close(value["share"], m["pFunctionPercentInBinds"])
                assert close(value["deviation_of_load"], m["pVarianceUnitWorkload"] / 4)
            if option.kind == DecisionKind.RESOLVE_DEADLOCK:
                assert close(value["locked"], log1p(m["pNumberOfLockedVariables"]))
                assert close(value["transferable"], log1p(m["pNumberOfTransferableVariables"]))
    assert {"SingleBind", "GroupBind", "DataflowDecision", "ResolveDeadlock", "BreakLoop"} <= kinds


def test_the_last_row_is_the_state():
    for node, _, whole in seen():
        state = node.state
        assert close(whole["whole: waiting"], log1p(len(state.waiting.functions)))
        assert close(whole["whole: bound"], log1p(sum(len(unit.functions) for unit in state.units)))
        assert close(whole["whole: unsent"], log1p(len(state.algorithm.variables) - state.sent))
        assert close(whole["whole: ticks"], log1p(state.bus_next))
        assert close(whole["whole: DataflowDecision"], log1p(sum(o.kind == "DataflowDecision" for o in node.options)))
        for at, unit in enumerate(state.units):
            assert close(whole[f"whole: clock of unit {at}"], (unit.next_tick - state.bus_next) / 8)
            assert close(whole[f"whole: load of unit {at}"], log1p(len(unit.functions)))
