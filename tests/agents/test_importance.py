"""Which features a policy decides by: those it looks at and no others, and what it costs to be without them."""

from __future__ import annotations

from dataclasses import asdict
from math import log2, prod
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import gymcc  # noqa: F401
import gymcc.agents.importance as module
from gymcc.agents.importance import Feature, importance
from gymcc.agents.policy import Card, Policy, PolicyError
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.episode import Episode
from gymcc.envs.core.problem import BackendError
from tests.core.bag import CLOSE, INSTANCES, WEIGHTS, Bag, Filling, capacity, room, weights

ROW = ("there", "weight", "kind", "kind", "parity")


class Rows:
    """(6, 5): for each weight not taken: 1, weight, one-hot of its being large, parity; last the room and capacity."""

    def __init__(self, names: Any = None) -> None:
        self.space = gym.spaces.Box(0, 99, (WEIGHTS + 1, len(ROW)), np.float32)
        if names is not None:
            self.names = names

    def __call__(self, episode: Episode[Bag]) -> NDArray[np.float32]:
        rows = np.zeros(self.space.shape, np.float32)
        for index, weight in enumerate(weights(episode.state)):
            if index not in episode.state.taken:
                rows[index] = 1, weight, weight <= 4, weight > 4, weight % 2
        rows[CLOSE, :2] = room(episode.state), capacity(episode.state)
        return rows


NAMES = (*[ROW] * WEIGHTS, ("room", "capacity", "", "", ""))


class Rule(Policy):
    """Takes whatever scores highest, by linear weights of a row's columns; closes when nothing else is legal."""

    def __init__(self, env: CompilerEnv[Any], *columns: float) -> None:
        actions = [env.problem.describe(action) for action in range(env.problem.n_actions)]
        size = prod(env.observations["rows"].space.shape)
        self.card = Card("bag", {}, "rows", size, actions, {}, {}, {}, 0, {}, "")
        self.columns = np.array(columns)
        self.shown = 0

    def scores(self, observations: NDArray[np.float32], masks: NDArray[Any]) -> Any:
        self.shown += len(masks)
        rows = observations.reshape(len(masks), WEIGHTS + 1, len(ROW))
        scores = rows @ self.columns + np.linspace(0.002, 0, WEIGHTS + 1)
        scores[:, CLOSE] = -1e6
        return np.where(masks > 0, scores, -1e9)


def bags(names: Any = NAMES, problem: Filling | None = None) -> CompilerEnv[Bag]:
    return CompilerEnv(problem or Filling(), {"rows": Rows(names)}, INSTANCES, observation="rows")


def shares(env: CompilerEnv[Bag], *columns: float, **given: Any) -> dict[str, float]:
    study = importance(Rule(env, *columns), env, INSTANCES, **given)
    assert study is not None
    return {each.name: each.changed for each in study.features}


def test_only_what_is_looked_at_matters() -> None:
    assert set(shares(bags(), 0, 1, 0, 0, 0)) == {"weight"}
    assert set(shares(bags(), 0, 0, 0, 0, 1)) == {"parity"}
    assert set(shares(bags(), 0, 0, 0, 1, 0)) == {"kind"}
    assert set(shares(bags(), 0, 1, 0, 0, 1.5)) == {"weight", "parity"}
    assert shares(bags(), 0, 0, 0, 0, 0) == {}


def test_what_is_looked_at_more_matters_more() -> None:
    found = shares(bags(), 0, 1, 0, 0, 1.2)
    assert found["weight"] > found["parity"]
    assert list(found) == ["weight", "parity"]
    assert all(0 < share <= 1 for share in found.values())
    assert list(shares(bags(), 0, 1, 0, 0, 1.2, top=1)) == ["weight"]


def test_a_feature_that_is_always_the_same_cannot_matter() -> None:
    assert shares(bags(), 1, 0, 0, 0, 0) == {}


def test_numbers_without_a_name_are_left_alone() -> None:
    without = tuple("" if name == "weight" else name for name in ROW)
    assert shares(bags((*[without] * WEIGHTS, NAMES[-1])), 0, 1, 0, 0, 0) == {}


class Judging(Rule):
    """Scores as they are, closing among them at 0."""

    def scores(self, observations: NDArray[np.float32], masks: NDArray[Any]) -> Any:
        scores = super().scores(observations, masks)
        scores[:, CLOSE] = 0
        return scores


def test_in_a_set_the_order_of_decisions_does_not_matter() -> None:
    class Set(Filling):
        unordered = True

    env = bags(problem=Set())
    for rule, expected in (((0, 1, 0, 0, 0), set()), ((0, 0, 1, -1, 0), {"kind"}), ((0, 1, 0, 0, -20), {"parity"})):
        study = importance(Judging(env, *rule), env, INSTANCES)
        assert study is not None
        assert {each.name for each in study.features} == expected
        assert {each.name for each in study.features} <= set(shares(bags(), *rule))


def test_costs_are_those_of_rollouts_without_the_feature() -> None:
    env = bags()
    study = importance(Rule(env, 0, 1, 0, 0, 0), env, INSTANCES)
    assert study is not None
    (row,) = study.features
    # largest first leaves 0, 2 and 0 over; 1 + the room is the cost, so others can leave more but hardly less
    assert row.cost_ratio is not None
    assert row.cost_ratio > 0.8
    assert row.cost_ratio != 1
    assert asdict(study)["states"] == study.states > 3
    assert study.instances == 3


def test_the_same_seed_finds_the_same_whatever_other_features_there_are() -> None:
    found = shares(bags(), 0, 1, 0, 0, 1.2)
    assert shares(bags(), 0, 1, 0, 0, 1.2) == found
    fewer = tuple("" if name == "parity" else name for name in ROW)
    assert shares(bags((*[fewer] * WEIGHTS, NAMES[-1])), 0, 1, 0, 0, 1.2) == {"weight": found["weight"]}


def test_measured_costs_are_not_asked_for() -> None:
    problem = Filling()
    problem.deterministic = False
    env = bags(problem=problem)
    study = importance(Rule(env, 0, 1, 0, 0, 0), env, INSTANCES)
    assert study is not None
    assert [each.cost_ratio for each in study.features] == [None]
    assert env.problem.memo.misses == 0


def test_states_without_a_cost_are_left_out() -> None:
    class Broken(Filling):
        def evaluate(self, state: Bag) -> float:
            if state.instance == INSTANCES[0]:
                raise BackendError("crash")
            return super().evaluate(state)

    for instances, known in ((INSTANCES, True), (INSTANCES[:1], False)):
        env = bags(problem=Broken())
        study = importance(Rule(env, 0, 1, 0, 0, 0), env, instances)
        assert study is not None
        assert [each.cost_ratio is not None for each in study.features] == [known]


def test_without_names_or_instances_there_is_no_study() -> None:
    env = bags(None)
    assert importance(Rule(env, 0, 1, 0, 0, 0), env, INSTANCES) is None
    env = bags()
    assert importance(Rule(env, 0, 1, 0, 0, 0), env, ()) is None


def test_faults_are_named() -> None:
    env = bags((*NAMES, ("more",)))
    with pytest.raises(ValueError, match="names 31 numbers and has 30"):
        importance(Rule(env, 0, 1, 0, 0, 0), env, INSTANCES)
    policy = Rule(env, 0, 1, 0, 0, 0)
    with pytest.raises(PolicyError, match="'colour'"):
        importance(Policy(Card(**{**vars(policy.card), "observation": "colour"}), None), env, INSTANCES)


def test_effort_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [f"c{size}_w{a}_w{b}_w3_w4_w5" for size in range(10, 40) for a in range(1, 6) for b in range(1, 4)]
    monkeypatch.setattr(module, "MAX_STATES", 50)
    env = bags()
    policy = Rule(env, 0, 1, 0, 0, 1)
    study = importance(policy, env, many)
    assert study is not None
    assert 150 <= study.instances <= module.MAX_INSTANCES < len(many)
    assert study.states == 50
    assert policy.shown < 4 * module.MAX_INSTANCES * (WEIGHTS + 1)


PLACES = np.array([[1, 2], [4, 5]])
FEATURE = Feature("colour", PLACES, np.array([[0, 1, 2], [3, 4, 5]]))


@given(st.lists(st.lists(st.integers(0, 2), min_size=7, max_size=7), min_size=1, max_size=12), st.integers(0, 99))
def test_replaced_values_are_some_that_were_met_and_nothing_else_changes(rows: list[list[int]], seed: int) -> None:
    observations = np.array(rows, np.float32)
    before = observations.copy()
    pool = FEATURE.met(observations)
    found = FEATURE.replaced(observations, pool, np.random.default_rng(seed))
    assert (observations == before).all()
    known = {tuple(value) for value in pool.tolist()}
    for old, new in zip(before, found, strict=True):
        assert new[[0, 3, 6]].tolist() == old[[0, 3, 6]].tolist()
        for row in (slice(0, 3), slice(3, 6)):
            if old[row].any():
                assert tuple(new[row][1:].tolist()) in known
                assert tuple(old[row][1:].tolist()) in known
            else:
                assert not new[row].any()


def test_every_value_met_is_drawn() -> None:
    observations = np.arange(1, 71, dtype=np.float32).reshape(10, 7)
    random = np.random.default_rng(0)
    pool = FEATURE.met(observations)
    found = [FEATURE.replaced(observations, pool, random) for _ in range(40)]
    drawn = {tuple(value) for each in found for value in FEATURE.met(each).tolist()}
    assert drawn == {tuple(each) for each in pool.tolist()}
    assert len(drawn) == 20


@pytest.mark.parametrize("action_set", ["looptune", "extended"])
def test_names_of_a_schedule_say_what_the_numbers_are(action_set: str) -> None:
    env = gym.make("looptune-mm-model-v0", action_set=action_set).unwrapped
    assert isinstance(env, CompilerEnv)
    observe = env.observations["default"]
    values, _ = env.reset(options={"instance": "m64_n80_k100"})
    names = [name for row in observe.names for name in row]  # type: ignore[attr-defined]
    assert len(names) == len(values)
    by_name = {name: values[[each == name for each in names]].tolist() for name in names}
    assert by_name["present"] == [1, 1, 1] + [0] * 7
    assert by_name["cursor here"] == [1] + [0] * 9
    assert by_name["size"][:3] == pytest.approx([log2(65) / 2, log2(101) / 2, log2(81) / 2])
    assert by_name["reduction"][:3] == [0, 1, 0]
    assert by_name["extents"] == pytest.approx([log2(64) / 2, log2(100) / 2, log2(80) / 2])
    assert by_name["steps left"] == [1]
    assert by_name["number of loops"] == pytest.approx([0.3])
    assert by_name["legal actions"] == env.problem.legal(env.state).tolist()
    first = int(np.flatnonzero(env.problem.legal(env.state))[0])
    values, *_ = env.step(first)
    assert values[[each == "action 1 ago" for each in names]].nonzero()[0].tolist() == [first]
    assert not values[[each == "action 2 ago" for each in names]].any()


def test_a_shipped_policy_decides_by_the_registers() -> None:
    pytest.importorskip("onnxruntime")
    policy = Policy.load("looptune-mm-dqn")
    env = gym.make("looptune-mm-model-v0").unwrapped
    assert isinstance(env, CompilerEnv)
    study = importance(policy, env, env.instances[:200:20], top=3)
    assert study is not None
    assert (study.instances, study.states) == (10, 100)
    best = study.features[0]
    assert best.changed > 0.1
    assert {each.name for each in study.features} & {"registers needed", "size", "fits registers"}
    assert max(each.cost_ratio or 0 for each in study.features) > 1.02
