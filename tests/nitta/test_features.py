"""Features of NodeViews: by hand on recorded ones, and laws that hold for any list of options."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.nitta import features
from tests.nitta.recorded import read_trace


def views_of(name: str, sid: str) -> list[dict]:
    """The NodeViews a server would list below a recorded node."""
    node = next(each for each in read_trace(name) if each["record"] == "node" and each["sid"] == sid)
    return [{"sid": f"{sid.rstrip('-')}-{child['index']}", **child} for child in node["children"]]


def nodes_of(name: str) -> list[str]:
    return [r["sid"] for r in read_trace(name) if r["record"] == "node" and r["children"] and not r["crashed"]]


def test_a_single_bind_by_hand():
    views = views_of("alphabeta", "-")
    bind = views[6]
    assert bind["parameters"]["pCritical"] is True
    row = features.row(bind, views)
    assert row["tag_SingleBindView"] == 1
    assert row["tag_GroupBindView"] == 0
    assert (row["pCritical"], row["pPossibleDeadlock"]) == (1, -1)
    assert row["pAlternative"] == 2
    assert row["pWaitTime"] == 0
    assert "pWave" not in row
    tags = [view["decision"]["tag"] for view in views]
    assert row["siblings_SingleBindView"] == tags.count("SingleBindView") - 1
    assert row["siblings_GroupBindView"] == tags.count("GroupBindView")


def test_inputs_that_cannot_be_transferred_are_summed():
    view = {
        "sid": "-0",
        "decision": {"tag": "DataflowDecisionView"},
        "parameters": {"pNotTransferableInputs": [2, 0, 1], "pRestrictedTime": False, "pWaitTime": 4},
    }
    row = features.row(view, [view])
    assert (row["pNotTransferableInputs"], row["pRestrictedTime"], row["pFirstWaveOfTargetUse"]) == (3, -1, 0)
    assert row["siblings_DataflowDecisionView"] == 0


def test_an_unknown_tag_is_a_row_of_counts():
    view = {"sid": "-0", "decision": {"tag": "NewView"}, "parameters": {"pNew": 3}}
    other = {"sid": "-1", "decision": {"tag": "BreakLoopView"}, "parameters": []}
    assert {k: v for k, v in features.row(view, [view, other]).items() if v} == {"siblings_BreakLoopView": 1}


def test_columns_of_a_model():
    views = views_of("kitchen", "-")
    wanted = ["tag_SingleBindView", "pAlternative"]
    full = features.matrix(views)
    assert np.array_equal(features.matrix(views, wanted), full[:, [features.COLUMNS.index(name) for name in wanted]])
    with pytest.raises(ValueError, match="tag_Gone"):
        features.matrix(views, ["tag_Gone"])


@pytest.mark.parametrize("view", [{}, {"decision": None}, {"decision": {}}])
def test_what_is_no_view(view: dict):
    with pytest.raises(ValueError, match=r"decision\.tag"):
        features.matrix([view])


def test_a_metric_that_is_no_number():
    view = {"sid": "-0", "decision": {"tag": "SingleBindView"}, "parameters": {"pAlternative": "two"}}
    with pytest.raises(ValueError, match="'two'"):
        features.matrix([view])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_laws_on_recorded_nodes(data: st.DataObject):
    name = data.draw(st.sampled_from(["alphabeta", "kitchen", "majority3", "swap2"]))
    views = views_of(name, data.draw(st.sampled_from(nodes_of(name))))
    table = features.matrix(views)
    assert np.isfinite(table).all()
    by_row = [list(features.row(view, views).values()) for view in views]
    assert np.array_equal(table, np.array(by_row, np.float32))
    counts = table[:, [features.COLUMNS.index(f"siblings_{tag}") for tag in features.TAGS]]
    assert (counts.sum(1) == len(views) - 1).all()
    order = data.draw(st.permutations(range(len(views))))
    assert np.array_equal(features.matrix([views[i] for i in order]), table[order])
