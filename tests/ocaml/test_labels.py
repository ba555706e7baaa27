"""The best decisions known of the shipped programs."""

from __future__ import annotations

from itertools import product

import pytest

from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.backends.sim import SIMULATOR
from gymcc.envs.ocaml.dataset import SHIPPED, shipped
from gymcc.envs.ocaml.env import make_problem
from gymcc.envs.ocaml.labels import shipped_labels

PROBLEMS = {mode: make_problem(mode=mode) for mode in ("site", "tree")}
SMALL = 8  # calls, of which all decisions are tried


def best(mode: str, program: str) -> float:
    return PROBLEMS[mode].facts(program)["best_known_cost"]


def test_every_program_has_one_of_this_simulator_in_each_mode():
    found = shipped_labels()
    assert set(found) == {f"{mode} {program}" for mode in PROBLEMS for program in shipped()[SHIPPED]}
    assert {label.version for label in found.values()} == {PROBLEMS["site"].versions()[SIMULATOR]}


@pytest.mark.parametrize("program", shipped()[SHIPPED])
def test_deciding_on_copies_is_at_least_as_good_as_on_sites_and_both_as_the_compiler(program):
    assert best("tree", program) <= best("site", program) * (1 + 1e-12) <= 1 + 1e-9


@pytest.mark.parametrize("program", [p for p in shipped()[SHIPPED] if len(PROBLEMS["site"].initial(p).agenda) <= SMALL])
def test_nothing_is_better_than_what_is_proven_best(program):
    problem = PROBLEMS["site"]
    assert problem.facts(program)["best_proven"]
    costs = []
    for actions in product((Action.INLINE, Action.NEVER), repeat=len(problem.initial(program).agenda)):
        state = problem.initial(program)
        for action in actions:
            state = problem.apply(state, action)
        costs.append(problem.cost(state))
    assert best("site", program) == min(costs)


def test_half_of_the_programs_have_something_to_gain():
    gains = [program for program in shipped()[SHIPPED] if best("site", program) < 0.99]
    assert len(gains) >= 13
