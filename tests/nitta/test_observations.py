"""What an agent sees of a node."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import networkx as nx
import numpy as np
import pytest

import gymcc  # noqa: F401
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.nitta.env import make_env
from gymcc.envs.nitta.observations.options import AHEAD, COLUMNS, KINDS, WIDTH
from gymcc.envs.nitta.tree import Node


def walked(env: CompilerEnv[Node], instance: str, seed: int) -> list[np.ndarray]:
    observation, info = env.reset(options={"instance": instance})
    random, seen, ended = Random(seed), [observation], False
    while not ended:
        action = random.choice(np.flatnonzero(info["action_mask"]))
        observation, _, terminated, truncated, info = env.step(action)
        seen.append(observation)
        ended = terminated or truncated
    return seen


def test_rows_say_what_their_options_are() -> None:
    env = make_env()
    observation, info = env.reset(options={"instance": "medium/fir5"})
    options = env.problem.moves(env.state).options
    assert observation.shape == (65, WIDTH)
    assert observation[:64, 0].sum() == len(options)
    assert (observation[:64, 1] == info["action_mask"]).all()
    for row, option in zip(observation, options, strict=False):
        assert row[COLUMNS.index("score")] == pytest.approx(option.score / 1000)
        assert KINDS[int(row[4 : 4 + len(KINDS)].argmax())] is option.kind
    assert not observation[len(options) : 64].any()


@pytest.mark.parametrize("lookahead", [False, True])
def test_observations_stay_in_their_space_and_differ_from_step_to_step(lookahead: bool) -> None:
    env = make_env(lookahead=lookahead)
    for instance in ("tiny/echo", "small/horner", "hard/fir8"):
        seen = walked(env, instance, 1)
        assert all(env.observation_space.contains(each) for each in seen)
        assert all(not np.array_equal(a, b) for a, b in pairwise(seen))


def test_lookahead_tells_where_each_option_leads() -> None:
    env = make_env(lookahead=True)
    env.reset(options={"instance": "tiny/echo"})
    for _ in range(12):
        observation, node = env.observe("default"), env.state
        for action, index in enumerate(env.problem.moves(node).kept):
            child = node.child(index)
            ticks, leaf, complete, _ = observation[action, -len(AHEAD) :]
            assert ticks * 8 == child.duration - node.duration
            assert (leaf, complete) == (child.is_leaf, child.is_complete)
        if env.problem.is_terminal(node):
            return
        env.step(int(np.flatnonzero(env.action_masks())[0]))
    raise AssertionError("the walk did not end")


def test_without_lookahead_those_columns_are_empty() -> None:
    observation, _ = make_env().reset(options={"instance": "tiny/echo"})
    assert not observation[:-1, -len(AHEAD) :].any()


def test_the_graph_has_every_function_and_variable() -> None:
    env = make_env()
    for observation_seed in range(3):
        walked(env, "small/dot2", observation_seed)
        graph, algorithm = env.observe("graph"), env.state.state.algorithm
        assert isinstance(graph, nx.MultiDiGraph)
        assert set(graph) == {function.text for function in algorithm.functions}
        assert {key for *_, key in graph.edges(keys=True)} == algorithm.variables
        sent = sum(tick >= 0 for *_, tick in graph.edges(data="sent"))
        assert sent == env.state.state.sent


def test_text_names_the_options_and_the_end() -> None:
    env = make_env(render_mode="ansi")
    env.reset(options={"instance": "tiny/gcd"})
    assert "bind" in env.render()
    for action in env.problem.heuristic("tiny/gcd"):
        env.step(action)
    assert "complete" in env.render()


def test_more_may_be_sent_than_there_are_variables() -> None:
    """NITTA buffers a value twice here: the observation must not take the logarithm of what is left."""
    env = make_env(dataset="nitta/generated", max_options=128)
    env.reset(options={"instance": "gen/medium/3523"})
    path = "39-23-17-11-9-7-13-14-2-0-1-2-1-1-0-12-1-5-3-3-2-0-1-0-1-2-1-0-1-0-0-0-0-0-0-1-0-0-1-0-0-0-0"
    for index in map(int, path.split("-")):
        action = env.problem.moves(env.state).kept.index(index)
        observation, *_, info = env.step(action)
        assert observation in env.observation_space
    assert env.state.unsent == -1
    assert not info["complete"]
