"""Observations on worked examples: the specification's own, and counts made by hand."""

from __future__ import annotations

from math import log2

import networkx as nx
import numpy as np
import pytest

import gymcc  # noqa: F401
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.looptune.env import make_env
from gymcc.envs.looptune.observations.default import LOOP_FEATURES
from gymcc.envs.looptune.state import LoopState

NAMES = ["default", "runtime", "flops", "ir", "loop_tree", "ir_tree_networkx", "ir_graph_networkx"]
NAMES += ["loops_tensor", "stride_tensor", "5_prev_actions_tensor"]


def at(instance: str, *names: str, **options: str) -> CompilerEnv[LoopState]:
    env = make_env("model", **options)
    env.reset(options={"instance": instance})
    for name in names:
        assert not env.step(env.problem.parse(name))[4]["illegal"]
    return env


def test_all_documented_ones_are_there() -> None:
    assert list(at("m8_n8_k8").observations) == NAMES


def test_loops_tensor_of_the_specification() -> None:
    """specs: 64^3 in default order, less the loop that writes C back."""
    table = at("m64_n64_k64").observe("loops_tensor")
    expected = np.zeros((10, 20), np.float32)
    expected[0, [0, 1, 3, 4 + 6]] = 1, 64, 1, 1
    expected[1, [1, 3, 4 + 0, 4 + 6]] = 64, 1, 0.5, 0.5
    expected[2, [1, 3, 4 + 0]] = 64, 1, 1
    np.testing.assert_array_equal(table, expected)


def test_loops_tensor_after_a_split_with_a_tail() -> None:
    table = at("m100_n64_k64", "split_16", "down").observe("loops_tensor")
    assert table[:3, :4].tolist() == [[0, 6, 4, 1], [1, 16, 0, 1], [0, 64, 0, 1]]
    assert np.flatnonzero(table[0, 4:]).tolist() == [10], "one iteration moves A by 16 rows of 64 = 2^10"
    assert not table[4:].any()


def test_stride_tensor() -> None:
    vector = at("m64_n64_k64").observe("stride_tensor")
    counts = {0: 64**2 + 64**3, 6: 64 + 64**2}
    assert np.flatnonzero(vector).tolist() == [0, 6]
    assert vector[[0, 6]].tolist() == pytest.approx([log2(1 + counts[0]), log2(1 + counts[6])])


def test_previous_actions_most_recent_first() -> None:
    script = ("down", "swap_up", "down", "up", "split_8", "split_4")
    env = at("m64_n64_k64", *script)
    rows = env.observe("5_prev_actions_tensor").reshape(5, 7)
    assert [env.problem.describe(int(row.argmax())) for row in rows] == list(reversed(script))[:5]
    assert rows.sum() == 5
    assert at("m64_n64_k64", "down").observe("5_prev_actions_tensor").sum() == 1


def test_illegal_actions_are_no_history() -> None:
    env = at("m64_n64_k64")
    env.step(0)
    assert not env.observe("5_prev_actions_tensor").any()


@pytest.mark.parametrize(("names", "loops"), [((), 3), (("split_4", "split_4"), 5)])
def test_graphs(names: tuple[str, ...], loops: int) -> None:
    env = at("m64_n64_k64", *names)
    tree, graph = env.observe("ir_tree_networkx"), env.observe("ir_graph_networkx")
    assert (len(tree), tree.number_of_edges()) == (loops + 1, loops)
    assert nx.is_arborescence(tree)
    data = 2 * loops  # every dimension of a matrix product moves two of the three operands
    assert (len(graph), graph.number_of_edges()) == (loops + 1 + 3, loops + data + 3)
    assert graph.nodes["L0"]["feature_vector"] == [1.0, 4.0 if names else 64.0, 0.0, 0.0, 0.0]
    strides = {(source, sink): facts["stride"] for source, sink, facts in graph.edges(data=True) if "stride" in facts}
    assert strides["L0", "A"] == 64 * (16 if names else 1)
    assert strides[f"L{loops - 1}", "C"] == strides[f"L{loops - 1}", "B"] == 1
    assert nx.has_path(graph, "A", "C")


def test_ir_reads_back_and_loop_tree_is_the_rendering() -> None:
    env = at("m100_n64_k64", "split_16", "down", "swap_down", "swap_down", render_mode="ansi")
    assert env.problem.decode(env.observe("ir")) == env.state
    assert env.observe("loop_tree") == env.render() == env.problem.show(env.state)
    assert env.observe("loop_tree").splitlines()[0] == "  for m in 6 r 4  [step 16]"


def test_runtime_and_flops_are_one_measurement() -> None:
    env = at("m64_n64_k64", "split_4")
    assert env.observe("runtime") == env.cost
    assert env.observe("runtime") * env.observe("flops") * 1e9 == pytest.approx(2 * 64**3)


def test_default_observation_by_hand() -> None:
    env = at("m64_n64_k64", "split_4", "down", "swap_down")
    assert env.observe("ir") == "m64_n64_k64: m/4 k/1 m/1 n/1 @2"
    vector = env.observe("default")
    rows = vector[: 10 * LOOP_FEATURES].reshape(10, LOOP_FEATURES)
    assert rows[:, 0].tolist() == [1] * 4 + [0] * 6
    assert rows[:, 1].tolist() == [0, 0, 1] + [0] * 7
    assert rows[:4, 2:5].tolist() == [[1, 1, 0], [0, 1, 1], [1, 1, 0], [1, 0, 1]], "m, k, m, n"
    assert rows[:4, 5].tolist() == [0, 1, 0, 0], "k is the reduction"
    assert rows[0, 6] == pytest.approx(log2(1 + 16) / 2)
    assert rows[0, 10:13] == pytest.approx([log2(1 + 4 * 64) / 4] * 2 + [0])
    # The tile from k inward is 4 rows of 4 vectors: 16 of 28 registers; from m outward 64 rows of them.
    assert rows[:2, 13] == pytest.approx([log2(256 / 28) / 2, log2(16 / 28) / 2])
    assert rows[:4, 14].tolist() == [0, 1, 1, 1]
    assert rows[:4, 15].tolist() == [0, 0, 0, 1], "n is vectorised"
    shape = vector[10 * LOOP_FEATURES :][:9]
    assert shape.tolist() == pytest.approx([3, 3, 3, 0, 0, 0, 1, 0.7, 0.4])
    history, legal = vector[-42:-7].reshape(5, 7), vector[-7:]
    assert [int(row.argmax()) for row in history[:3]] == [3, 1, 4]
    np.testing.assert_array_equal(legal, env.action_masks())


def test_default_observation_shows_annotations_that_the_original_hides() -> None:
    scalar = at("m8_n64_k64", "down", "down", "swap_up", action_set="extended")
    vectorized = at("m8_n64_k64", "down", "down", "swap_up", "vectorize", action_set="extended")
    np.testing.assert_array_equal(scalar.observe("loops_tensor"), vectorized.observe("loops_tensor"))
    changed = np.flatnonzero(scalar.observe("default")[:200] != vectorized.observe("default")[:200])
    assert LOOP_FEATURES * 1 + 15 in changed, "the second loop is laid over lanes"


@pytest.mark.parametrize("name", ["m1_n1_k1", "m4096_n4096_k4096", "m1_n4096_k7"])
def test_extreme_shapes_stay_in_their_spaces(name: str) -> None:
    env = at(name)
    for observation in NAMES:
        value = env.observe(observation)
        assert env.observations[observation].space.contains(value), observation


def test_rgb_array() -> None:
    frame = at("m64_n64_k64", render_mode="rgb_array").render()
    assert (frame.shape, frame.dtype) == ((360, 640, 3), np.uint8)
    assert 0 < (frame < 128).mean() < 0.2
