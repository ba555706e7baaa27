"""Choosing common subexpressions as a decision process."""

from __future__ import annotations

from itertools import permutations
from math import isnan, log

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gymcc  # noqa: F401
from gymcc.envs.core.problem import IllegalAction, UnknownInstance
from gymcc.envs.jitcse.backends.embedded import Embedded
from gymcc.envs.jitcse.dataset import ALL, GENERATED, STDLIB, shipped
from gymcc.envs.jitcse.env import make_env, make_problem
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.policies import exhaustive, viable
from gymcc.envs.jitcse.shipped import labels, methods
from gymcc.envs.jitcse.state import CseState, read, write

METHOD = "gen/10"
BAD_STATES = ["", "gen/4", "gen/4 3,1", "gen/4 1,1", "gen/4 x", "gen/4 none go", "gen/4 none stop "]
BAD_NAMES = ["", "gen/-1", "gen/01", "gen/1x", "py/../../etc/passwd", "py/no.such", "nope", "gen/4 "]


@given(st.sampled_from(["gen/4", "py/os.path.join#2"]), st.frozensets(st.integers(0, 63)), st.booleans())
def test_states_read_back(method: str, chosen: frozenset[int], stopped: bool) -> None:
    state = CseState(method, chosen, stopped)
    assert read(write(state)) == state


@pytest.mark.parametrize(
    "text", ["", "gen/4", "gen/4 3,1", "gen/4 1,1", "gen/4 x", "gen/4 none go", "gen/4 none stop "]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a state|candidates are"):
        read(text)


def test_the_order_of_decisions_makes_no_difference() -> None:
    problem = make_problem()
    start = problem.initial(METHOD)
    actions = [int(a) for a in np.flatnonzero(problem.legal(start))[:-1]][:3]
    assert len(actions) == 3
    ends = set()
    for order in permutations(actions):
        state = start
        for action in order:
            state = problem.apply(state, action)
        ends.add((state, problem.fresh().cost(state)))
    assert len(ends) == 1


def test_masks_and_reasons() -> None:
    problem = make_problem()
    start = problem.initial(METHOD)
    count = len(problem.candidates(METHOD))
    assert problem.why_illegal(start, 99) == "there is no action 99; allowed: 0 to 16"
    assert problem.why_illegal(start, count) == f"the method has {count} candidates"
    kept = problem.apply(start, 0)
    with pytest.raises(IllegalAction, match="candidate 0 is kept already"):
        problem.apply(kept, 0)
    stopped = problem.apply(kept, problem.stop)
    assert problem.is_terminal(stopped)
    assert not problem.legal(stopped).any()
    assert problem.cost(stopped) == problem.cost(kept)


@pytest.mark.parametrize(
    "name", ["", "gen/-1", "gen/01", "gen/1x", "py/../../etc/passwd", "py/no.such", "nope", "gen/4 "]
)
def test_unknown_methods_are_named(name: str) -> None:
    with pytest.raises(UnknownInstance, match=r"unknown method .*; allowed: gen/<seed>"):
        make_problem().initial(name)


def test_the_heuristic_is_a_path_and_its_cost_is_told() -> None:
    env = make_env(dataset=GENERATED)
    _, info = env.reset(options={"instance": METHOD})
    for action in env.problem.heuristic(METHOD):
        *_, terminated, _, last = env.step(action)
    assert terminated
    assert last["cost"] == info["heuristic_cost"]
    assert info["none_cost"] == info["cost"]
    assert isnan(info["best_known_cost"])
    assert info["best_proven"] is False


def test_frozen_methods_know_their_best_set() -> None:
    env = make_env(split="test")
    for instance in env.instances[:20]:
        _, info = env.reset(options={"instance": instance})
        assert info["best_known_cost"] <= min(info["heuristic_cost"], info["none_cost"])
        for action in env.problem.solution(instance) or ():
            *_, last = env.step(action)
        assert last["cost"] == info["best_known_cost"]


def test_size_can_count() -> None:
    plain, heavy = make_problem(), make_problem(size_weight=2.0)
    state = plain.initial(METHOD)
    score = plain.score(state)
    assert heavy.cost(state) == plain.cost(state) + 2 * score.code_size
    assert plain.figures(state) == {
        "perf_score": score.perf_score,
        "bytes": score.code_size,
        "instructions": score.instructions,
    }
    assert isnan(heavy.facts(METHOD)["best_known_cost"])


def test_rewards_of_the_originals() -> None:
    env = make_env(reward="relative_decrease")
    _, info = env.reset(options={"instance": METHOD})
    _, reward, *_, after = env.step(0)
    assert reward == pytest.approx(5 * (info["cost"] - after["cost"]) / info["cost"])
    env = make_env(reward="terminal_log_vs_heuristic")
    _, info = env.reset(options={"instance": METHOD})
    _, reward, *_ = env.step(env.problem.stop)
    assert reward == pytest.approx(log(info["heuristic_cost"] / info["none_cost"]))


def test_observations_show_what_they_say() -> None:
    env = make_env()
    rows, _ = env.reset(options={"instance": METHOD})
    count = len(env.problem.candidates(METHOD))
    assert rows.shape == (17, 44)
    assert rows[:, 0].tolist() == [1] * count + [0] * (17 - count)
    assert (rows[:, 1] == env.action_masks()).all()
    after, *_ = env.step(0)
    assert (rows[0, 2], after[0, 2]) == (0, 1)
    assert env.observe("jitml").shape == (16, 22)
    assert env.observe("jitml")[0, 6] == 0
    assert env.observe("mlcse").shape == (17, 25)
    assert make_env(max_candidates=64).observation_space.shape == (65, 44)


def test_deciding_at_once_is_registered() -> None:
    one, many = gym.make("jitcse-set-v0"), make_env()
    one.reset(seed=0, options={"instance": METHOD})
    many.reset(seed=0, options={"instance": METHOD})
    bits = np.zeros(16, np.int8)
    bits[:2] = 1
    _, reward, terminated, _, info = one.step(bits)
    total = sum(float(many.step(action)[1]) for action in (0, 1, many.problem.stop))
    assert (reward, terminated) == (pytest.approx(total), True)
    assert info["action_mask"].shape == (16,)


def test_shipped_data_is_what_its_cards_say() -> None:
    sizes = {name: len(dataset) for name, dataset in shipped().items()}
    assert sizes[STDLIB] >= 1_500
    assert sizes[ALL] >= 6_000
    assert next(iter(sizes)) == STDLIB


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"backend": "gcc"}, "unknown backend 'gcc'; allowed: embedded, llvm, superpmi"),
        ({"arch": "mips"}, "unknown arch 'mips'; allowed: x64, x64-windows, arm64"),
        ({"backend": "llvm", "arch": "arm64"}, "generates code for x64"),
        ({"max_candidates": 0}, "max_candidates is a number from 1 to 64, got 0"),
        ({"size_weight": -1}, "size_weight is PerfScore per byte, at least 0, got -1"),
        ({"dataset": "jitcse/nope"}, "unknown dataset 'jitcse/nope'; allowed: jitcse/python-stdlib"),
    ],
)
def test_bad_options_are_named(options: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        make_env(**options)  # type: ignore[arg-type]


def test_labels_are_of_this_back_end() -> None:
    """Made anew for some small methods: a change of front or back end that moves them asks for new labels."""
    backend, tried = Embedded("x64"), 0
    for instance, label in list(labels().items())[:: len(labels()) // 60]:
        analysis = analyse(methods()[instance])
        if label.candidates <= 6:
            tried += 1
            prepared = backend.prepare(analysis)
            found = exhaustive(lambda choice, p=prepared: backend.score(p, choice).perf_score, viable(analysis))
            assert (len(analysis.candidates), found.choice) == (label.candidates, label.best), instance
            assert label.proven
    assert tried > 30


def test_the_card_says_how_hard_the_choice_is() -> None:
    problem = make_problem()
    facts = problem.landscape(shipped()[ALL].instances[:60])
    assert facts["best_over_none_geomean"] <= facts["heuristic_over_none_geomean"] < 1
    assert facts["heuristic_over_best_geomean"] == pytest.approx(
        facts["heuristic_over_none_geomean"] / facts["best_over_none_geomean"]
    )
    assert 0 < facts["heuristic_optimal_percent"] < 100
    assert problem.landscape(["gen/10"]) == {}
