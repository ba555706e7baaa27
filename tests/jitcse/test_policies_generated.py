"""The policies on generated methods, priced by the embedded back end."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from gymcc.envs.jitcse.backends.embedded import Embedded
from gymcc.envs.jitcse.backends.embedded.machine import machine_named
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.generator import generate
from gymcc.envs.jitcse.ir import Type
from gymcc.envs.jitcse.policies import (
    ARM64,
    MACHINES,
    X64,
    all_viable,
    exhaustive,
    explain,
    greedy_by_gain,
    linear,
    mlcse_features,
    none,
    optimum,
    random_subset,
    stock,
    viable,
)

FEW, MANY = range(2, 9), range(11, 17)  # viable candidates


def priced(found, arch="x64"):
    backend = Embedded(arch)
    prepared = backend.prepare(found)
    return lambda choice: backend.score(prepared, choice).perf_score


def generated(sizes, count):
    """The first so many generated methods with a number of viable candidates in a range."""
    methods = (analyse(generate(seed)) for seed in range(10_000))
    matching = (found for found in methods if len(viable(found)) in sizes)
    return [found for found, _ in zip(matching, range(count), strict=False)]


@pytest.fixture(scope="module")
def few():
    return generated(FEW, 12)


@pytest.fixture(scope="module")
def many():
    return generated(MANY, 5)


def test_exhaustive_search_is_brute_force(few):
    for found in few:
        score, numbers = priced(found), viable(found)
        scores = [score(frozenset(each)) for size in range(len(numbers) + 1) for each in combinations(numbers, size)]
        best = optimum(score, numbers, [stock(found)])
        assert best.proven
        assert best.score == min(scores) == score(best.choice)
        assert best.evaluations == len(scores)


def test_nothing_beats_a_proven_optimum(few):
    rng = np.random.default_rng(0)
    for found in few:
        score = priced(found)
        best = exhaustive(score, viable(found)).score
        policies = [none, all_viable, stock, linear, lambda each: random_subset(each, rng)]
        assert all(best <= score(policy(found)) for policy in policies)
        assert best <= greedy_by_gain(score, viable(found)).score <= score(none(found))


def test_climbing_is_never_worse_than_the_policies_it_starts_from(many):
    for found in many:
        score = priced(found)
        starts = [stock(found), linear(found)]
        best = optimum(score, viable(found), starts, budget=200)
        assert not best.proven
        assert best.evaluations == 200
        assert best.score == score(best.choice) <= min(map(score, [*starts, none(found), all_viable(found)]))


@pytest.mark.parametrize("name", MACHINES)
def test_the_heuristics_and_the_back_end_mean_the_same_machine(name):
    ours, theirs = MACHINES[name], machine_named(name)
    for mine, file in ((ours.integer, theirs.integer), (ours.floating, theirs.floating)):
        assert (mine.trashed, mine.enregisterable) == (len(file.scratch) + len(file.trashed), len(file.saved))
    assert ours.integer_arguments == len(theirs.integer.arguments)
    assert ours.floating_arguments == len(theirs.floating.arguments)
    assert ours.preserves_vectors == theirs.preserves_vectors
    types = (Type.INT, Type.DOUBLE, Type.STRUCT, Type.LONG, Type.SIMD, Type.OTHER, Type.STRUCT, Type.INT, Type.INT)
    for count in range(len(types) + 1):
        arrive = [register is not None for register in theirs.argument_registers(types[:count])]
        assert list(ours.in_registers(types[:count])) == arrive


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_the_heuristics_choose_viable_candidates_on_every_machine(few, many, machine):
    for found in few + many:
        for small_code in (False, True):
            assert stock(found, machine, small_code) <= all_viable(found)
            assert len(explain(found, machine, small_code)) == len(found.candidates)
        assert linear(found, machine=machine) <= all_viable(found)
        assert np.isfinite(mlcse_features(found, stock(found, machine), machine)).all()


def test_the_heuristics_help_on_the_whole(few, many):
    for arch, machine in (("x64", X64), ("arm64", ARM64)):
        ratios = {stock: [], linear: []}
        for found in few + many:
            score = priced(found, arch)
            for policy, each in ratios.items():
                each.append(score(policy(found, machine=machine)) / score(none(found)))
        assert all(np.exp(np.mean(np.log(each))) < 1 for each in ratios.values())
