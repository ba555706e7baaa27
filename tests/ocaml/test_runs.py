"""Searches over trees of decisions: the moves keep trees what they are, and chains do what was planned."""

from __future__ import annotations

from math import exp
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.benchmarks.ocaml_runs import ROOT, Plan, Space, Spec, Worker, mutate
from gymcc.benchmarks.ocaml_runs.chains import Chain, temperature
from gymcc.benchmarks.ocaml_runs.measuring import Outcome, Task
from gymcc.benchmarks.ocaml_runs.moves import backtrack, flip
from gymcc.benchmarks.ocaml_runs.space import reported, split
from gymcc.envs.core.problem import BackendError
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.env import make_problem

PROGRAMS = ("bits", "quaternions", "life", "functor_sets")


@pytest.fixture(scope="module")
def worker():
    return Worker(Spec(max_depth=3, max_nodes=25))


def well_formed(space, tree):
    """By the definition: every inlined path is a call of the copy around it, which is inlined too."""
    for path in tree:
        outer = path[:-1]
        assert outer == ROOT or outer in tree
        assert path in space.children(outer)
    opened = sum(len(space.children(path)) for path in tree)
    assert opened <= space.max_nodes
    assert max(map(len, tree), default=0) <= space.max_depth


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(PROGRAMS), st.integers(0, 10_000))
def test_moves_keep_trees_well_formed(worker, program, seed):
    space, random = worker.opened(program).space, Random(seed)
    tree = space.stock()
    well_formed(space, tree)
    for _ in range(20):
        tree = mutate(space, tree, random)
        well_formed(space, tree)
        leaves = set(space.leaves(tree))
        assert leaves == {path for path in space.nodes(tree) if path not in tree or not space.children(path)}


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(PROGRAMS), st.integers(0, 10_000))
def test_flip_changes_three_leaves_and_nothing_else(worker, program, seed):
    space, random = Space(worker.opened(program).space.backend), Random(seed)
    tree = frozenset[tuple[int, ...]]()
    for _ in range(5):
        flipped = flip(space, tree, random)
        leaves = space.leaves(tree)
        assert len(flipped ^ tree) == min(3, len(leaves))
        assert flipped ^ tree <= set(leaves)
        tree = flipped


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(PROGRAMS), st.integers(0, 10_000))
def test_backtrack_undoes_one_inlined_path_that_holds_a_leaf(worker, program, seed):
    space, random = worker.opened(program).space, Random(seed)
    tree = space.stock()
    for _ in range(4):
        tree = flip(space, tree, random)
    holding = {leaf[:-1] for leaf in space.leaves(tree) if len(leaf) > 1}
    if holding:
        gone = tree - backtrack(space, tree, random)
        undone = min(gone, key=len)
        assert undone in holding
        assert gone == {path for path in tree if path[: len(undone)] == undone}


def test_stock_tree_costs_what_no_decisions_cost(worker):
    for program in PROGRAMS:
        space = Space(worker.opened(program).space.backend)
        figures = space.backend.cost(space.decisions(space.stock()))
        assert (figures.cost, figures.text) == (space.backend.baseline.cost, space.backend.baseline.text)


def test_what_is_refused_is_a_call_and_takes_what_is_in_it_with_it():
    tree = frozenset({(1,), (1, 2), (1, 2, 3), (4,)})
    assert reported(tree, {(1, 2)}) == {(1,), (4,)}
    assert reported(tree, ()) == tree


def test_a_nested_tree_says_the_same_as_the_set(worker):
    space = worker.opened("quaternions").space
    tree = flip(space, space.stock(), Random(3))
    inlined, calls = split(space.nested(tree))
    assert set(inlined) == tree
    assert sorted(inlined + calls) == sorted(space.nodes(tree))
    assert space.decisions(tree) == {path: Action.INLINE if path in tree else Action.NEVER for path in inlined + calls}


def test_compilers_that_fail_are_asked_again_for_another_tree(worker, monkeypatch):
    worker = Worker(Spec())
    backend = worker.opened("bits").space.backend
    asked, real = [], backend.cost

    def failing(decisions):
        asked.append(decisions)
        if len(asked) <= 4:
            raise BackendError("too long")
        return real(decisions)

    monkeypatch.setattr(backend, "cost", failing)
    outcome = worker(Task("bits", frozenset(), "seed"))
    assert len(asked) == 5
    assert not outcome.error
    monkeypatch.setattr(backend, "cost", lambda _: (_ for _ in ()).throw(BackendError("never")))
    assert worker(Task("bits", frozenset({(0,)}), "other")).error == "never"


def test_temperatures_fall_from_the_originals_first_to_its_last():
    assert temperature(0, 300) == pytest.approx(0.04)
    assert temperature(300, 300) == pytest.approx(0.001)
    assert temperature(150, 300) == pytest.approx((0.04 * 0.001) ** 0.5)


def _measured(objective, site=0):
    return Outcome(frozenset({(site,)}), [[site, []]], objective, 1, objective)


def _begun(**plan):
    chain = Chain(Plan(**plan), "p", 0, frozenset())
    chain.advance([_measured(2.0)])
    return chain


def test_annealing_takes_the_cheapest_candidate_always_if_it_is_better():
    chain = _begun(steps=300)
    rows = chain.advance([_measured(2.1, 1), _measured(1.9, 2), _measured(1.95, 3)])
    assert [row["accepted"] for row in rows] == [False, True, False]
    assert chain.tree == {(2,)}
    assert chain.energy == pytest.approx(0.95)


def test_annealing_takes_worse_trees_as_often_as_metropolis_says():
    taken = 0
    for seed in range(2000):
        chain = _begun(seed=seed)
        taken += chain.advance([_measured(2.04)] * 3)[0]["accepted"]
    assert taken / 2000 == pytest.approx(exp(-0.02 / temperature(1, 300)), abs=0.04)


def test_walks_go_anywhere_but_where_nothing_was_measured():
    chain = _begun(method="walk", steps=2)
    assert chain.advance([_measured(9.0, 1)])[0]["accepted"]
    assert not chain.advance([Outcome(frozenset(), [], error="too long")])[0]["accepted"]
    assert chain.tree == {(1,)}
    assert chain.done


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "climb"}, "annealing, walk"),
        ({"start": "all"}, "stock, none"),
        ({"steps": -1}, "steps must be at least 1"),
        ({"method": "walk", "candidates": 2}, "candidates must be 1"),
    ],
)
def test_bad_plans_are_named(options, said):
    with pytest.raises(ValueError, match=said):
        Plan(**options)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(PROGRAMS), st.integers(0, 10_000))
def test_in_site_mode_trees_are_sets_of_calls_and_cost_what_the_environment_says(program, seed):
    worker = Worker(Spec(mode="site"))
    space, random, tree = worker.opened(program).space, Random(seed), frozenset[tuple[int, ...]]()
    for _ in range(4):
        tree = mutate(space, tree, random)
    assert all(len(path) == 1 for path in tree)
    problem = make_problem()
    state = problem.initial(program)
    assert space.nodes(tree) == state.agenda
    while state.path is not None:
        state = problem.apply(state, Action.INLINE if state.path in tree else Action.NEVER)
    assert worker(Task(program, tree)).objective == pytest.approx(problem.cost(state), rel=1e-12)
