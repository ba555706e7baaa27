import json
import os
import subprocess
import sys
from functools import partial
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.agents.search import METHODS, Budget, resolve_method, search
from gymcc.agents.search.annealing import annealing
from gymcc.agents.search.beam import breadth_first, depth_first, exhaustive, widening
from gymcc.agents.search.meter import Exhausted, Meter
from gymcc.agents.search.sampling import random_rollouts
from gymcc.envs.core.problem import BackendError, UnknownInstance
from gymcc.envs.looptune.env import make_problem
from gymcc.scripts.evaluation import tell_failures
from tests.search.lock import Lock, every_reachable

TUNERS = sorted(set(METHODS) - {"heuristic"})
INSTANCE = "m64_n80_k96"


@pytest.fixture
def lock():
    return Lock()


def replay(problem, instance, actions):
    state = problem.initial(instance)
    for action in actions:
        state = problem.apply(state, action)
    return problem.cost(state)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=15, deadline=None)
@given(limit=st.integers(1, 60), seed=st.integers(0, 2**32))
def test_never_prices_more_states_than_the_budget_allows(method, limit, seed):
    problem = Lock()
    found = search(problem, "x", method, Budget(evaluations=limit), seed)
    assert found.evaluations <= limit
    assert len(problem.last.evaluated) == len(set(problem.last.evaluated)) == found.evaluations + 1  # and the start


@pytest.mark.parametrize("method", sorted(set(TUNERS) - {"greedy1", "greedy2"}))
def test_spends_the_whole_budget_where_there_is_more_to_see(method):
    assert search(make_problem("model"), INSTANCE, method, Budget(evaluations=150)).evaluations == 150


@pytest.mark.parametrize("method", TUNERS)
@pytest.mark.parametrize("limit", [1, 7, 40])
def test_result_is_the_best_of_a_falling_curve_and_replays(method, limit):
    problem = make_problem("model")
    found = search(problem, INSTANCE, method, Budget(evaluations=limit), seed=3)
    costs = [cost for _, _, cost in found.curve]
    assert all(later < earlier for earlier, later in pairwise(costs))
    assert all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(found.curve))
    assert costs[0] == found.baseline_cost == replay(problem, INSTANCE, ())
    assert costs[-1] == found.best_cost == replay(problem, INSTANCE, found.actions)
    assert found.curve[-1][0] <= found.evaluations
    assert len(found.actions) <= problem.max_steps


@pytest.mark.parametrize("method", ["exhaustive", "beam2", "beam4", "beam8", "beam4dfs", "random", "annealing"])
def test_finds_the_hidden_optimum(lock, method):
    found = search(lock, "x", method, Budget(evaluations=10_000), seed=1)
    assert found.best_cost == 1.0
    assert sorted(found.actions) == [0, 2, 2, 3]
    assert found.proven == (method not in ("random", "annealing"))


@settings(max_examples=40, deadline=None)
@given(data=st.data(), width=st.integers(50, 100))
def test_exhaustive_is_unbounded_beam_is_brute_force(data, width):
    optimum = data.draw(st.sampled_from(every_reachable(Lock())))
    broken = data.draw(st.sampled_from([s for s in every_reachable(Lock()) if any(s) and s != optimum]))
    problem = Lock(optimum, broken)
    brute = min(problem.cost(state) for state in every_reachable(problem) if state != broken)
    for beam in (breadth_first, depth_first):
        meter = Meter(problem.fresh(), "x", Budget(evaluations=10_000))
        assert beam(meter, width, Random(width))  # wide enough to drop nothing
        assert meter.best.cost == brute
        assert set(meter.problem.evaluated) == set(every_reachable(problem))
    found = search(problem, "x", "exhaustive", Budget(evaluations=10_000))
    assert (found.best_cost, found.proven) == (brute, True)


def test_exhaustive_equals_unbounded_beam_on_a_small_nest():
    problem = make_problem("model")
    problem.max_steps = 4
    exhaustive = search(problem, "m8_n16_k8", "exhaustive", Budget(evaluations=100_000))
    states, level = {problem.initial("m8_n16_k8")}, {problem.initial("m8_n16_k8")}
    for _ in range(problem.max_steps):
        level = {problem.apply(s, int(a)) for s in level for a in problem.legal(s).nonzero()[0]} - states
        states |= level
    assert exhaustive.proven
    assert exhaustive.best_cost == min(problem.cost(state) for state in states)
    assert exhaustive.evaluations + 1 == len({state.nest for state in states})
    assert search(problem, "m8_n16_k8", "beam2", Budget(evaluations=100_000)).best_cost == exhaustive.best_cost


def test_an_interrupted_exhaustive_search_proves_nothing(lock):
    everything = len(every_reachable(lock)) - 1
    assert search(lock, "x", "exhaustive", Budget(evaluations=everything)).proven
    assert not search(lock, "x", "exhaustive", Budget(evaluations=everything - 1)).proven


def test_a_narrow_beam_keeps_the_cheapest_states_of_each_level(lock):
    meter = Meter(lock.fresh(), "x", Budget(evaluations=10_000))
    assert not breadth_first(meter, 1, Random(0))
    children = [state for state in meter.problem.evaluated if sum(state) == 1]
    grandchildren = [state for state in meter.problem.evaluated if sum(state) == 2]
    assert len(children) == lock.n_actions
    parent = min(children, key=lock.cost)
    assert all(sum(abs(x - y) for x, y in zip(parent, child, strict=True)) == 1 for child in grandchildren)


def test_greedy_stops_at_a_local_optimum_and_look_ahead_leaves_it():
    problem = Lock(optimum=(0, 0, 0, 2), broken=None)
    problem.evaluate = lambda state: {(0, 0, 0, 0): 5.0, (0, 0, 0, 2): 1.0}.get(state, 6.0)
    assert search(problem, "x", "greedy1", Budget(evaluations=1000)).actions == ()
    assert search(problem, "x", "greedy2", Budget(evaluations=1000)).actions == (3, 3)


def test_heuristic_goes_where_it_leads_even_if_that_is_worse(lock):
    found = search(lock, "x", "heuristic", Budget(evaluations=100))
    assert found.actions == tuple(lock.heuristic("x"))
    assert found.best_cost == lock.cost((2, 1, 0, 0)) > found.baseline_cost


def test_states_that_fail_are_stepped_over_counted_once_and_told(lock, capsys):
    found = search(lock, "x", "random", Budget(evaluations=10_000), seed=2)
    assert lock.last.evaluated.count(lock.broken) == 1
    assert found.evaluations == len(lock.last.evaluated) - 1
    assert (found.failures, found.failure) == (1, "stuck")
    tell_failures("mine", found)
    told = f"note: mine: random: 1 of {found.evaluations} evaluations failed, the first: stuck\n"
    assert capsys.readouterr().err == told


def test_a_start_state_that_fails_is_an_error():
    with pytest.raises(BackendError, match="stuck"):
        search(Lock(broken=(0, 0, 0, 0)), "x", "random", Budget(evaluations=5))


class Clock:
    """A second passes at every look."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1
        return self.now


@pytest.mark.parametrize("look", [lambda m: m.price(m.start.state, ()), lambda m: m.legal(m.start)])
def test_time_ends_loops_that_evaluate_nothing(lock, look):
    meter = Meter(lock.fresh(), "x", Budget(seconds=50), clock=Clock())
    with pytest.raises(Exhausted):
        all(look(meter) for _ in range(1000))
    assert 50 <= meter.clock.now < 60
    assert meter.evaluations == 0


RUNNERS = [
    random_rollouts,
    annealing,
    exhaustive,
    partial(widening, depth_first, 2),
    partial(widening, breadth_first, 2),
]


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_time_limit_ends_every_method(runner):
    meter = Meter(make_problem("model"), INSTANCE, Budget(seconds=300), clock=Clock())
    with pytest.raises(Exhausted):
        runner(meter, Random(0))
    assert 300 <= meter.clock.now < 320
    assert meter.best.cost < meter.start.cost


def test_searches_share_no_memo(lock):
    first = search(lock, "x", "beam4", Budget(evaluations=20))
    assert len(lock.memo) == 0
    assert search(lock, "x", "beam4", Budget(evaluations=20)).evaluations == first.evaluations == 20


def test_progress_is_told_at_every_evaluation(lock):
    seen = []
    found = search(lock, "x", "random", Budget(evaluations=30), on_progress=lambda *at: seen.append(at))
    assert [at[0] for at in seen] == list(range(1, 31))
    assert seen[-1][2] == found.best_cost


SCRIPT = """
import json
from gymcc.agents.search import METHODS, Budget, search
from gymcc.envs.looptune.env import make_problem
found = [search(make_problem("model"), "m64_n80_k96", name, Budget(evaluations=60), 7) for name in METHODS]
print(json.dumps([[f.actions, f.best_cost, f.evaluations, [[p[0], p[2]] for p in f.curve]] for f in found]))
"""


def test_same_seed_same_result_in_processes_with_other_hash_seeds():
    def run(hash_seed):
        env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    assert run("1") == run("2")


def test_other_seeds_go_other_ways():
    problem = make_problem("model")
    found = {search(problem, INSTANCE, "random", Budget(evaluations=20), seed).actions for seed in range(5)}
    assert len(found) > 1


@pytest.mark.parametrize("method", TUNERS)
def test_no_state_on_the_way_is_better_than_the_best(method):
    problem = make_problem("model")
    found = search(problem, INSTANCE, method, Budget(evaluations=40))
    costs = [replay(problem, INSTANCE, found.actions[:length]) for length in range(len(found.actions) + 1)]
    assert min(costs) == costs[-1] == found.best_cost


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "give evaluations, seconds or both"),
        ({"evaluations": 0}, "at least 1"),
        ({"seconds": 0.0}, "positive"),
        ({"seconds": float("nan")}, "positive"),
    ],
)
def test_budgets_that_make_no_sense(given, words):
    with pytest.raises(ValueError, match=words):
        Budget(**given)


def test_unknown_names(lock):
    assert resolve_method("beam", lock) == "beam4"
    with pytest.raises(ValueError, match="unknown search method 'beem'; allowed: random, greedy1"):
        search(lock, "x", "beem", Budget(evaluations=1))
    with pytest.raises(UnknownInstance):
        search(make_problem("model"), "nonsense", "random", Budget(evaluations=1))
