"""Records and their verification: what is honest passes, what is not is named, what is garbage is refused."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gymcc  # noqa: F401
from gymcc.agents.search import METHODS, Budget, search
from gymcc.envs.core.machine import fingerprint
from gymcc.envs.core.record import BadRecord, Record, make_record, parse_record, read_records, write_records
from gymcc.envs.core.verify import verify
from gymcc.envs.looptune.env import make_problem

ENV = "looptune-mm-model-v0"
PROBLEM = make_problem("model")
ACTIONS = [PROBLEM.parse(name) for name in ("split_4", "down", "swap_down")]
FOUND: dict[str, Any] = {"method": "hand", "seed": 1, "evaluations": 4, "seconds": 0.1, "proven": False}
RECORD = make_record(PROBLEM, ENV, {}, "m64_n64_k64", ACTIONS, curve=[[1, 0.0, 1.0]], **FOUND)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def honest() -> Record:
    return replace(RECORD, curve=[[1, 0.0, RECORD.best_cost]])


def test_record_says_what_happened() -> None:
    assert RECORD.actions == ["split_4", "down", "swap_down"]
    assert RECORD.start == "m64_n64_k64: m/1 k/1 n/1 @0"
    assert RECORD.final == "m64_n64_k64: m/4 k/1 m/1 n/1 @2"
    assert len(RECORD.costs) == 4
    assert (RECORD.baseline_cost, RECORD.final_cost) == (RECORD.costs[0], RECORD.costs[3])
    assert RECORD.best_cost == min(RECORD.costs)
    assert RECORD.machine == {}, "deterministic costs come from no machine"


def test_files_read_back(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "records.jsonl"
    write_records(path, [honest(), RECORD])
    assert list(read_records(path)) == [(honest(), []), (RECORD, [])]


def test_honest_record_holds() -> None:
    assert verify(honest(), {}) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"env": "no-v0"}, "env: unknown environment 'no-v0'"),
        ({"env": "CartPole-v1"}, "env: 'CartPole-v1' is not a GymCC environment"),
        ({"instance": "m0_n1_k1"}, "instance: unknown instance 'm0_n1_k1'"),
        ({"actions": ["split_4", "down", "fly"]}, "actions: number 2, 'fly': unknown action 'fly'; allowed: up"),
        ({"actions": ["up"], "costs": [1.0, 1.0]}, "actions: number 0, 'up': up: the cursor is at the outermost"),
        ({"costs": []}, "costs: 0 for 4 states"),
        ({"curve": [[1.0]]}, "curve: a point is not"),
        ({"costs": [1.0]}, "costs: 1 for 4 states"),
        ({"costs": [*RECORD.costs[:3], RECORD.costs[3] * 0.999]}, "costs: number 3 is"),
        ({"costs": [*RECORD.costs[:3], float("nan")]}, "costs: number 3 is nan"),
        ({"start": RECORD.final}, "start: replay starts at 'm64_n64_k64: m/1 k/1 n/1 @0'"),
        ({"final": RECORD.start}, "final: replay ends at 'm64_n64_k64: m/4 k/1 m/1 n/1 @2'"),
        ({"bound": None}, "bound: is None"),
        ({"bound": 1e-9}, "bound: is 1e-09"),
        ({"deterministic": False}, "deterministic: says False"),
        ({"versions": {}}, "versions: backend was None, here 'model'"),
        ({"curve": [[1, 0.0, 1.0]]}, "curve: never reaches"),
        ({"curve": [[1, 0.0, float("nan")]]}, "curve: never reaches"),
        ({"curve": [[1, 0.0, 1e-12]]}, "curve: claims a lower cost"),
        ({"options": {"action_set": "x"}}, "unknown action_set 'x'; allowed: looptune, extended"),
        ({"options": {"colour": "x"}}, "colour"),
    ],
)
def test_resealed_forgery_is_named(change: dict[str, Any], fault: str) -> None:
    forged, broken = parse_record(replace(honest(), **change).to_json())
    assert broken == [], "the forger reseals"
    assert any(fault in found for found in verify(forged, {})), verify(forged, {})


@pytest.mark.parametrize("name", [field.name for field in fields(Record)])
def test_careless_change_is_named(name: str) -> None:
    body = json.loads(RECORD.to_json())
    body["seal"][name] = "0" * 12
    assert parse_record(json.dumps(body))[1] == [name]
    del body["seal"][name]
    assert name in parse_record(json.dumps(body))[1]
    del body[name]
    with pytest.raises(BadRecord, match=name):
        parse_record(json.dumps(body), "file:3")


@given(st.sampled_from([field.name for field in fields(Record)]), JUNK)
def test_any_value_in_any_field_is_accepted_or_named(name: str, junk: Any) -> None:
    """Whatever stands in a resealed record, reading and verifying it ends in plain words, never in another error."""
    text = replace(honest(), **{name: junk}).to_json()
    try:
        faults = verify(parse_record(text)[0], {})
    except BadRecord as error:
        faults = [str(error)]
    assert all(isinstance(fault, str) for fault in faults)
    if name in ("env", "instance", "start", "final", "costs") and junk != getattr(honest(), name):
        assert name in " ".join(faults)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[]", "not a GymCC record: no 'seal'"),
        ('{"seal": 1}', "not a GymCC record: no 'seal'"),
        ('{"seal": {}}', "schema None; this version reads 1"),
        ('{"seal": {}, "schema": 1}', "missing field"),
        (json.dumps({**json.loads(RECORD.to_json()), "extra_field": 1}), r"unknown field \['extra_field'\]"),
    ],
)
def test_garbage_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(BadRecord, match=f"file:3: {message}"):
        parse_record(text, "file:3")


@pytest.mark.parametrize("method", METHODS)
def test_searches_that_run_out_of_budget_make_honest_records(method: str) -> None:
    """Annealing may have no evaluation left for a state on its way that turns out to be the best."""
    for evaluations in range(1, 25):
        found = search(PROBLEM, "m80_n240_k192", method, Budget(evaluations=evaluations))
        facts = {"seed": 0, "evaluations": found.evaluations, "seconds": 0.0, "proven": found.proven}
        curve = [list(point) for point in found.curve]
        record = make_record(PROBLEM, ENV, {}, found.instance, found.actions, method=method, curve=curve, **facts)
        assert verify(record, {f"{ENV} []": PROBLEM}) == []


def test_seconds_of_another_machine_are_not_compared() -> None:
    class Measured:
        """The same problem, said to be measured."""

        deterministic = False

        def __getattr__(self, name: str) -> Any:
            return getattr(PROBLEM, name)

    slow = [cost * 2 for cost in RECORD.costs]
    here = replace(honest(), deterministic=False, machine=fingerprint(), costs=slow, curve=[])
    known: dict[str, Any] = {f"{ENV} []": Measured()}
    assert [fault.split(":")[0] for fault in verify(here, known)] == ["costs"] * 4
    assert verify(replace(here, machine={"cpu": "another"}), known) == []
    assert verify(replace(here, costs=[cost * 1.2 for cost in RECORD.costs]), known) == []
