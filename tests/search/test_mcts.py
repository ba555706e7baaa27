from itertools import product
from math import exp, inf, log
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.agents.search import Budget, search
from gymcc.agents.search.mcts import mcts
from gymcc.agents.search.meter import Meter
from gymcc.envs.core.making import make_bare
from gymcc.envs.looptune.env import make_problem
from tests.search.lock import Lock, every_reachable

NAMES = ("mcts", "random")


@settings(max_examples=20, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_everything_seen_is_a_proof_and_nothing_less(data, seed):
    optimum = data.draw(st.sampled_from(every_reachable(Lock())))
    problem = Lock(optimum, broken=(1, 1, 0, 0))
    everything = len(every_reachable(problem)) - 1
    found = search(problem, "x", "mcts", Budget(evaluations=everything + 1), seed)
    priced = set(problem.last.evaluated)
    assert found.proven
    assert found.best_cost == (1.0 if optimum != problem.broken else min(map(Lock(None, None).evaluate, priced)))
    assert priced == set(every_reachable(problem))
    assert not search(problem, "x", "mcts", Budget(evaluations=everything - 1), seed).proven


@pytest.mark.parametrize("scale", [1.0, 1e-6, -1.0])
def test_costs_of_any_size_and_sign_guide_it(scale):
    """A long row of switches, each of which counts for itself: chance alone gets half of them right."""

    class Switches(Lock):
        n_actions, max_steps = 2, 12

        def initial(self, instance):
            return ()

        def why_illegal(self, state, action):
            return ""

        def apply(self, state, action):
            return (*state, action)

        def is_terminal(self, state):
            return len(state) == self.max_steps

        def evaluate(self, state):
            wrong = sum(digit != (position % 2) for position, digit in enumerate(state))
            value = 1 + wrong if len(state) == self.max_steps else inf if state else 20
            return abs(scale) * value if scale > 0 else value - 20.0

    found = {name: [_final(Switches(), name, seed) for seed in range(8)] for name in NAMES}
    best = Switches().evaluate((0, 1) * 6)
    assert sum(cost == best for cost in found["mcts"]) > sum(cost == best for cost in found["random"])
    assert sum(found["mcts"]) < sum(found["random"])


def _final(problem, method, seed):
    return search(problem, "x", method, Budget(evaluations=700), seed).best_cost


def test_a_problem_without_decisions_is_proven_at_once():
    class Done(Lock):
        def is_terminal(self, state):
            return True

    found = search(Done(), "x", "mcts", Budget(evaluations=5))
    assert (found.actions, found.proven, found.evaluations) == ((), True, 0)


def test_where_every_state_fails_the_start_is_the_best():
    class Broken(Lock):
        def evaluate(self, state):
            if any(state):
                return super().evaluate(self.broken)
            return 5.0

    found = search(Broken(), "x", "mcts", Budget(evaluations=1000))
    assert (found.actions, found.best_cost, found.proven) == ((), 5.0, True)


def test_states_reached_in_other_orders_are_one_node():
    lock = Lock()
    meter = Meter(lock.fresh(), "x", Budget(evaluations=10_000))
    legal, asked = meter.legal, []
    meter.legal = lambda node: asked.append((node.state, len(node.actions))) or legal(node)
    assert mcts(meter, Random(3))
    within = [s for s in product(range(3), repeat=4) if sum(s) <= lock.max_steps]
    assert set(within) == {state for state, _ in asked}
    assert all(sum(state) == depth for state, depth in asked)


@pytest.mark.parametrize(
    ("problem", "instances"),
    [
        (make_problem("model"), ["m64_n80_k96", "m128_n128_k128"]),
        (make_bare("jitcse-v0", {}).problem, None),
    ],
)
def test_keeps_up_with_chance_on_compilers_problems(problem, instances):
    instances = instances or next(iter(problem.datasets.values())).split("test")[::240][:5]
    ratios = []
    for instance in instances:
        costs = {name: search(problem, instance, name, Budget(evaluations=300), 1).best_cost for name in NAMES}
        ratios.append(log(costs["mcts"] / costs["random"]))
        assert costs["mcts"] <= search(problem, instance, "greedy1", Budget(evaluations=300), 1).best_cost * 1.001
    assert exp(sum(ratios) / len(ratios)) <= 1.01
