"""The tree as a decision process: costs, masks, overflow, labels, text."""

from __future__ import annotations

import pickle
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from gymcc.envs.core.problem import IllegalAction, UnknownInstance
from gymcc.envs.nitta.env import make_problem
from gymcc.envs.nitta.methods import synthesise
from gymcc.envs.nitta.problem import FAILURE, Nitta
from gymcc.envs.nitta.tree import Node

RELAYS = "function f()\n" + "    send(receive())\n" * 7 + "    f()\nend\n\nf()\n"  # one more than the SPI can hold


@pytest.fixture(scope="module")
def problem() -> Nitta:
    return make_problem()


def descend(problem: Nitta, state: Node, random: Random) -> list[Node]:
    path = [state]
    while not problem.is_terminal(path[-1]):
        legal = np.flatnonzero(problem.legal(path[-1]))
        path.append(problem.apply(path[-1], int(random.choice(legal))))
    return path


@pytest.mark.parametrize("instance", ["tiny/gcd", "small/fir2", "medium/fir5"])
def test_a_complete_schedule_costs_its_duration_and_anything_else_more(problem: Nitta, instance: str) -> None:
    for seed in range(8):
        *way, last = descend(problem, problem.initial(instance), Random(seed))
        variables = len(way[0].state.algorithm.variables)
        assert all(problem.cost(state) > FAILURE * variables for state in way)
        if last.is_complete:
            assert problem.cost(last) == last.duration
        else:
            assert problem.cost(last) > FAILURE * variables


def test_a_transfer_costs_the_ticks_it_wastes(problem: Nitta) -> None:
    seen = 0
    for seed in range(10):
        way = descend(problem, problem.initial("small/dot2"), Random(seed))
        for before, after in pairwise(way[:-1]):
            sent = after.state.sent - before.state.sent
            if sent:
                wasted = after.duration - before.duration - sent
                assert problem.cost(after) - problem.cost(before) == wasted
                seen += 1
    assert seen > 20


def test_options_that_nitta_cannot_evaluate_are_masked_and_refused(tmp_path: object) -> None:
    path = tmp_path / "relays.lua"  # type: ignore[operator]
    path.write_text(RELAYS)
    problem = make_problem(dataset=str(path))
    root = problem.initial("own/relays")
    assert not problem.legal(root)[0]  # the obvious group
    assert problem.legal(root)[1]
    assert "spi cannot take" in problem.why_illegal(root, 0)
    with pytest.raises(IllegalAction, match="NITTA cannot evaluate"):
        problem.apply(root, 0)
    assert not descend(problem, root, Random(0))[-1].is_complete  # it is not solvable, and says so by its cost


def test_too_many_options_leave_the_best_scored(problem: Nitta) -> None:
    small = make_problem(max_options=32)
    root, other = problem.initial("hard/fir8"), small.initial("hard/fir8")
    options = root.options
    assert len(options) > 32
    kept = small.moves(other).kept
    assert kept == sorted(kept)
    assert small.remarks(other)["options_left_out"] == len(options) - 32
    worst = min(options[index].score for index in kept)
    assert all(option.score <= worst for index, option in enumerate(options) if index not in kept)


def test_the_heuristic_is_state_of_the_art(problem: Nitta) -> None:
    instance = "small/dot2"
    state = problem.initial(instance)
    for action in problem.heuristic(instance):
        state = problem.apply(state, action)
    assert state.sid == synthesise(problem.initial(instance), "stateOfTheArt").node.sid
    assert problem.cost(state) == problem.heuristic_cost(instance)


def test_states_pickle_as_their_ids(problem: Nitta) -> None:
    last = descend(problem, problem.initial("tiny/gcd"), Random(3))[-1]
    again = pickle.loads(pickle.dumps(last))
    assert again == last
    assert again.sid == last.sid
    assert problem.decode(problem.encode(last)) == last


@pytest.mark.parametrize("instance", ["tiny/nothing", "gen/small/-1", "gen/huge/1", "gen/small/01", "../../etc", ""])
def test_unknown_programs_are_named(problem: Nitta, instance: str) -> None:
    with pytest.raises(UnknownInstance, match="unknown program"):
        problem.initial(instance)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_options": 50}, "32, 64, 128"),
        ({"group_binds": "some"}, "group_binds"),
        ({"number_type": "int"}, "fxM.B"),
        ({"dataset": "nitta/none"}, "dataset"),
        ({"microarchitecture": "/nowhere.toml"}, "nowhere"),
    ],
)
def test_bad_options_are_named(options: dict[str, object], said: str) -> None:
    with pytest.raises((ValueError, OSError), match=said):
        make_problem(**options)  # type: ignore[arg-type]
