"""The worth of decisions: synthetic worths are found again, and what is decoded is what trying everything finds."""

from __future__ import annotations

from itertools import product
from math import inf, prod
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.benchmarks.ocaml_rewards import GRID, HAND_LASSO, HAND_RIDGE, Setting, decode, fit, label, samples_of
from gymcc.benchmarks.ocaml_rewards.lasso import PENALTIES, chosen, lasso
from gymcc.benchmarks.ocaml_rewards.ridge import ridge
from gymcc.benchmarks.ocaml_rewards.samples import Samples
from gymcc.benchmarks.ocaml_rewards.targets import benefits
from gymcc.envs.ocaml.actions import Action

SHAPE = {0: {3: {}, 4: {}}, 1: {}, 2: {5: {6: {}}}}  # sites, and those in the copies of each


def every_tree(shape):
    """All trees of a shape, as rows have them: each call as it is, or inlined with each tree of what is in it."""
    options = [[[site, None], *([site, tree] for tree in every_tree(inner))] for site, inner in shape.items()]
    return [list(tree) for tree in product(*options)]


def worth(nested, inline, call, gamma, path=()):
    """The benefit of a tree by its definition, without the root's."""
    total = 0.0
    for site, children in nested:
        here = (*path, site)
        total += gamma ** len(here) * (call[here] if children is None else inline[here])
        total += worth(children or [], inline, call, gamma, here)
    return total


def paths_of(shape, path=()):
    return [p for site, inner in shape.items() for p in [(*path, site), *paths_of(inner, (*path, site))]]


def worths(random):
    return {path: random.gauss(0, 1) for path in paths_of(SHAPE)}, {
        path: random.gauss(0, 1) for path in paths_of(SHAPE)
    }


def rows_of(trees, times):
    return [
        {"program": "p", "step": n, "decisions": tree, "objective": time}
        for n, (tree, time) in enumerate(zip(trees, times, strict=True))
    ]


def inlined(nested, path=()):
    found = set()
    for site, children in nested:
        if children is not None:
            found |= {(*path, site)} | inlined(children, (*path, site))
    return found


def unknowns(samples, inline, call):
    of_root = {(): 0.0}
    return np.array([(inline | of_root)[p] for p in samples.nodes] + [(call | of_root)[p] for p in samples.nodes])


def test_the_trees_of_the_shape_are_as_many_as_counted_by_hand():
    def count(shape):
        return prod(1 + count(inner) for inner in shape.values())

    assert len(every_tree(SHAPE)) == count(SHAPE) == 5 * 2 * 4


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.4, 0.9, 1.0]))
def test_decoding_finds_what_trying_all_trees_finds(seed, gamma):
    inline, call = worths(Random(seed))
    trees = every_tree(SHAPE)
    samples = samples_of("p", rows_of(trees, [1.0] * len(trees)))
    decoded = decode(samples, unknowns(samples, inline, call), gamma)
    best = max(trees, key=lambda tree: worth(tree, inline, call, gamma))
    assert decoded.tree == inlined(best)
    assert decoded.benefit == pytest.approx(worth(best, inline, call, gamma))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_decoding_takes_nothing_that_was_never_compiled(seed):
    trees = Random(seed).sample(every_tree(SHAPE), 4)
    samples = samples_of("p", rows_of(trees, [1.0] * 4))
    known = {(): 0.0, **dict.fromkeys(paths_of(SHAPE), 5.0)}
    all_worths = np.array([known[p] for p in samples.nodes] * 2)
    decoded = decode(samples, all_worths, 0.9)
    seen = set().union(*(inlined(tree) for tree in trees))
    assert decoded.tree <= seen
    for path, (long_term, as_call) in decoded.values.items():
        assert (long_term == -inf) == (path not in seen)
        assert as_call == -inf or any(path in _calls(tree) for tree in trees)


def _calls(nested, path=()):
    found = set()
    for site, children in nested:
        found |= {(*path, site)} if children is None else _calls(children, (*path, site))
    return found


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.4, 1.0]))
def test_the_design_times_the_unknowns_is_the_benefit_of_each_tree(seed, gamma):
    inline, call = worths(Random(seed))
    trees = every_tree(SHAPE)
    samples = samples_of("p", rows_of(trees, [1.0] * len(trees)))
    found = samples.design(gamma) @ unknowns(samples, inline, call)
    assert found == pytest.approx([worth(tree, inline, call, gamma) for tree in trees])


@pytest.mark.parametrize(
    "setting", [Setting("ridge", 0.9, 1e-6, "log", "mean"), Setting("lasso", 0.9, 0.0, "log", "mean")]
)
@pytest.mark.parametrize("seed", range(6))
def test_known_worths_are_found_again_from_what_trees_cost(setting, seed):
    random = Random(seed)
    inline, call = worths(random)
    trees = random.sample(every_tree(SHAPE), 40)
    times = [np.exp(-0.1 * worth(tree, inline, call, 0.9)) for tree in trees]
    samples = samples_of("p", rows_of(trees, times))
    decoded = fit(samples, setting)
    assert decoded.tree == inlined(trees[int(np.argmin(times))])
    for path, (long_term, as_call) in decoded.values.items():
        gain = 0.1 * (_best(path, inline, call) - call[path])
        slack = 2e-3 if setting.method == "ridge" else 2e-2
        assert long_term - as_call == pytest.approx(gain, abs=slack)


def _best(path, inline, call):
    shape = SHAPE
    for site in path:
        shape = shape[site]
    inner = [(*path, site) for site in shape]
    return inline[path] + 0.9 * sum(max(_best(child, inline, call), call[child]) for child in inner)


@pytest.mark.parametrize("size", [(30, 8), (8, 30)])
def test_ridge_is_least_squares_with_the_penalty_as_rows(size):
    random = np.random.default_rng(1)
    design, targets = random.normal(size=size), random.normal(size=(size[0], 2))
    padded = np.vstack([design, np.sqrt(0.3) * np.eye(size[1])])
    expected = np.linalg.lstsq(padded, np.vstack([targets, np.zeros((size[1], 2))]), rcond=None)[0]
    assert ridge(design, targets, 0.3) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.5, 0.05, 0.005]), st.sampled_from([(40, 10), (15, 30)]))
def test_lasso_is_no_worse_than_a_general_optimiser(seed, penalty, size):
    from scipy.optimize import minimize

    random = np.random.default_rng(seed)
    design = random.integers(0, 2, size).astype(float)
    target = design[:, 0] - 2 * design[:, 1] + 0.1 * random.normal(size=size[0])

    def objective(halves):
        w = halves[: size[1]] - halves[size[1] :]
        return ((target - design @ w) ** 2).sum() / (2 * size[0]) + penalty * halves.sum()

    w = lasso(design, target, penalty)
    ours = objective(np.concatenate([np.maximum(w, 0), np.maximum(-w, 0)]))
    bounds = [(0, None)] * (2 * size[1])
    other = minimize(objective, np.zeros(2 * size[1]), method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000})
    assert ours <= other.fun + 1e-6


def test_lasso_knows_few_unknowns_and_its_penalty_is_the_best_on_rows_it_has_not_seen():
    random = np.random.default_rng(0)
    design = random.integers(0, 2, (200, 40)).astype(float)
    target = design[:, 3] - design[:, 7] + 0.05 * random.normal(size=200)
    w, penalty = chosen(design, target)
    assert {3, 7} <= set(np.flatnonzero(np.abs(w) > 0.5))
    assert np.abs(np.delete(w, [3, 7])).max() < 0.05

    def held_out(alpha):
        return ((target[:40] - design[:40] @ lasso(design[40:], target[40:], alpha)) ** 2).sum()

    assert held_out(penalty) == pytest.approx(min(map(held_out, PENALTIES)), rel=1e-3)


def _samples(times, initial=1.0):
    empty = np.zeros((len(times), 1), np.bool_)
    return Samples("p", ((),), ~empty, empty, np.array(times), initial)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("linear", [0.5, 0.0, -0.5]),
        ("log", [np.log(2), 0, -np.log(1.5)]),
        ("tanh", [np.tanh(5), 0, -np.tanh(5)]),
    ],
)
def test_targets_are_the_originals(shape, expected):
    assert benefits(_samples([1.0, 2.0, 3.0], initial=9.0), shape, "mean") == pytest.approx(expected)
    assert benefits(_samples([1.0, 2.0, 3.0], initial=2.0), shape, "baseline") == pytest.approx(expected)


def test_samples_average_equal_trees_and_leave_failures_out():
    rows = rows_of([[[0, None]], [[0, []]], [[0, []]]], [1.0, 0.5, 0.7])
    failed = {**rows[0], "objective": None, "decisions": [[0, [[1, None]]]]}
    samples = samples_of("p", [*rows, failed])
    assert samples.nodes == ((), (0,))
    assert samples.times == pytest.approx([1.0, 0.6])
    assert samples.initial == 1.0
    with pytest.raises(ValueError, match="p: the runs hold no tree"):
        samples_of("p", [failed])


def test_the_grid_is_the_originals():
    assert len(GRID) == len(set(GRID)) == 3 * 3 * 6 + 4 * 6
    assert {HAND_RIDGE, HAND_LASSO} <= set(GRID)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("elastic", 1.0, 0.1, "log", "mean"), "ridge, lasso"),
        (("ridge", 0.0, 0.1, "log", "mean"), "gamma"),
        (("ridge", 1.0, 0.0, "log", "mean"), "penalty"),
        (("ridge", 1.0, 0.1, "cube", "mean"), "linear"),
    ],
)
def test_bad_settings_are_named(options, said):
    with pytest.raises(ValueError, match=said):
        Setting(*options)


@pytest.mark.parametrize(
    ("pair", "method", "expected"),
    [
        ((0.2, 0.1), "ridge", Action.INLINE),
        ((0.1, 0.2), "ridge", Action.NEVER),
        ((0.1, 0.1001), "ridge", Action.DEFAULT),
        ((1e-9, -1e-9), "lasso", Action.DEFAULT),
        ((1e-6, 0.0), "lasso", Action.INLINE),
        ((-1e-6, 0.0), "lasso", Action.NEVER),
        ((-inf, 1.0), "lasso", None),
    ],
)
def test_classes_are_the_originals(pair, method, expected):
    assert label(*pair, method) is expected
