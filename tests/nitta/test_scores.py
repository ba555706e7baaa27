"""NITTA's default scores, worked out by hand from its formulas; cases that the recordings do not have among them."""

from __future__ import annotations

import pytest

from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.library import Library
from gymcc.envs.nitta.microarchitecture import DEFAULT, Microarchitecture, UnitSpec, UnitType
from gymcc.envs.nitta.options import allocate, binds, deadlocks, groups, transfers
from gymcc.envs.nitta.tree import open_tree

BIND = {
    "pCritical": False, "pAlternative": 2, "pRestless": 0, "pOutputNumber": 0, "pAllowDataFlow": 0,
    "pPossibleDeadlock": False, "pNumberOfBoundFunctions": 0, "pPercentOfBoundInputs": 0.0, "pWave": 0,
}  # fmt: skip
GROUP = {"pOnlyObviousBinds": False, "pFunctionPercentInBinds": 0.2, "pVarianceBinds": 0.0}
FLOW = {"pRestrictedTime": False, "pNotTransferableInputs": (), "pWaitTime": 0, "pFirstWaveOfTargetUse": 0}
DEADLOCK = {"pNumberOfLockedVariables": 1, "pBufferCount": 0, "pNumberOfTransferableVariables": 0}


@pytest.mark.parametrize(
    ("change", "score"),
    [
        ({}, 3000),
        ({"pCritical": True}, 4000),
        ({"pAlternative": 1}, 3500),
        ({"pAllowDataFlow": 2}, 3020),
        ({"pPercentOfBoundInputs": 0.5}, 3025),
        ({"pWave": 3}, 2850),
        ({"pWave": None}, 3050),
        ({"pNumberOfBoundFunctions": 4}, 2960),
        ({"pRestless": 7}, 2972),
        ({"pOutputNumber": 3}, 3006),
        ({"pPossibleDeadlock": True, "pCritical": True, "pAlternative": 1}, 500),
    ],
)
def test_a_bind(change, score):
    assert binds.score({**BIND, **change}) == score


@pytest.mark.parametrize(
    ("change", "score"),
    [
        ({}, 4100),
        ({"pOnlyObviousBinds": True}, 5100),
        ({"pFunctionPercentInBinds": 0.6}, 4110),
        ({"pFunctionPercentInBinds": 0.5}, 4100),  # a half is rounded to even
        ({"pVarianceBinds": 1.4}, 4080),
        ({"pVarianceBinds": 2.5}, 4060),
    ],
)
def test_a_group(change, score):
    assert groups.score({**GROUP, **change}) == score


@pytest.mark.parametrize(
    ("change", "alternatives", "score"),
    [
        ({}, 1, 2000),
        ({}, 19, 2000),
        ({}, 20, 3000),
        ({"pRestrictedTime": True}, 1, 2200),
        ({"pNotTransferableInputs": (1, 0, 2)}, 1, 1985),
        ({"pWaitTime": 12}, 1, 1988),
        ({"pFirstWaveOfTargetUse": 4}, 1, 1996),
    ],
)
def test_a_transport(change, alternatives, score):
    assert transfers.score({**FLOW, **change}, alternatives) == score


@pytest.mark.parametrize(
    ("change", "score"),
    [
        ({}, 1001),
        ({"pNumberOfLockedVariables": 3}, 1003),
        ({"pBufferCount": 2}, -999),
        ({"pNumberOfTransferableVariables": 2}, 961),
    ],
)
def test_a_buffer(change, score):
    assert deadlocks.score({**DEADLOCK, **change}) == score


@pytest.mark.parametrize(
    ("parallelism", "average", "fewest", "score"),
    [
        ("None", 1.9, 1, -1),
        ("None", 2.0, 1, 4900),
        ("None", 3.9, 2, -1),
        ("None", 2.0, 0, 4900),  # of none, one is counted
        ("Pipeline", 2.9, 1, -1),
        ("Pipeline", 3.0, 1, 4900),
        ("Full", 9.0, 1, -1),
    ],
)
def test_an_allocation_where_all_have_a_unit(parallelism, average, fewest, score):
    state = open_tree(Library().program("small/fir2")).state
    metrics = {"mParallelism": parallelism, "mAvgParallels": average, "mMinPusForRemains": fewest}
    assert allocate.score(state, metrics) == score


def test_an_allocation_where_one_has_none():
    without = Microarchitecture(tuple(u for u in DEFAULT.units if u.type is not UnitType.SHIFT), (
        UnitSpec("accum{x}", UnitType.ACCUM), UnitSpec("shift", UnitType.SHIFT),
    ))  # fmt: skip
    program = compile_lua("function f(a) local b = a << 2 send(b + a) f(b) end f(1)")
    accum, shift = (o for o in open_tree(program, without).options if o.kind == "Allocation")
    assert (accum.score, shift.score) == (5000, 5000)
    assert shift.metrics == {
        "mParallelism": "None", "mRelatedRemains": 1, "mMinPusForRemains": 0, "mMaxParallels": 1, "mAvgParallels": 1.0,
    }  # fmt: skip
    views = [view["decision"] for view in (c.view() for c in open_tree(program, without).children[:2])]
    assert [view["processUnitTag"] for view in views] == ["net1_accum9", "net1_shift"]
    after = open_tree(program, without).child(1)
    assert [unit.tag for unit in after.state.units if unit.type is UnitType.SHIFT] == ["net1_shift"]
    assert [o.decision.prototype.tag for o in after.options if o.kind == "Allocation"] == ["accum{x}"]
