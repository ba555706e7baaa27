"""NITTA's methods as baselines of the problem: the same ends as in the tree, priced node by node."""

import pytest

from gymcc.agents.search import Budget, search
from gymcc.envs.nitta.env import make_problem
from gymcc.envs.nitta.methods import synthesise
from gymcc.envs.nitta.methods.rules import NAMES

METHODS = sorted(set(NAMES) - {"weightedDescents"})


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("instance", ["tiny/weekday", "small/horner"])
def test_a_rule_ends_where_the_method_does(instance, method):
    problem = make_problem()
    found = search(problem, instance, method, Budget(evaluations=5000))
    expected = synthesise(make_problem().initial(instance), method)
    state = problem.initial(instance)
    for action in found.actions:
        state = problem.apply(state, action)
    assert state.sid == expected.node.sid
    assert found.best_cost == problem.cost(state)
    assert found.evaluations <= expected.evaluations  # of two equal states one is priced


def test_a_budget_ends_a_rule():
    found = search(make_problem(), "small/horner", "stateOfTheArt", Budget(evaluations=20))
    assert found.evaluations == 20


def test_drawn_descents_are_seeded_and_use_the_budget():
    first, again, other = (
        search(make_problem(), "small/horner", "weightedDescents", Budget(evaluations=300), seed) for seed in (1, 1, 2)
    )
    assert (first.actions, first.best_cost) == (again.actions, again.best_cost)
    assert first.evaluations == other.evaluations == 300
    assert [point[0] for point in first.curve] != [point[0] for point in other.curve]


def test_options_that_are_no_actions_are_not_seen():
    problem = make_problem(max_options=32)
    root = problem.initial("hard/fir8")
    assert len(root.options) > 32
    found = search(problem, "hard/fir8", "bestThread", Budget(evaluations=200))
    assert all(action < 32 for action in found.actions)
