"""The environment: episodes, observations, rewards, and the real compiler behind the same options."""

from __future__ import annotations

import math
import pickle

import gymnasium as gym
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gymcc  # noqa: F401
from gymcc.envs.core.problem import UnknownInstance
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.backends.compiler import OutputChanged
from gymcc.envs.ocaml.env import make_env
from gymcc.envs.ocaml.features import NAMES, PROFILE
from tests.ocaml.compiler_cases import DATA, FLAMBDA, needs_closure, needs_flambda, own_cache  # noqa: F401

SHORT = ("bits", "church", "gen/3")


def play(env, instance, wish, **reset):
    """An episode by a wish for each mask; rewards and the last info."""
    _, info = env.reset(options={"instance": instance}, **reset)
    rewards, ended = [], False
    while not ended:
        _, reward, terminated, truncated, info = env.step(wish(info["action_mask"]))
        rewards.append(reward)
        ended = terminated or truncated
    return rewards, info


def inline(mask):
    return Action.INLINE if mask[Action.INLINE] else Action.NEVER


def never(mask):
    return Action.NEVER


@pytest.mark.parametrize("mode", ["site", "tree"])
@pytest.mark.parametrize("instance", SHORT)
def test_an_episode_ends_when_all_is_decided_and_pays_the_logarithm(mode, instance):
    env = make_env(mode=mode)
    rewards, info = play(env, instance, inline)
    assert info["undecided"] == 0
    assert info["decided"] == len(rewards)
    assert sum(rewards) == pytest.approx(-math.log(info["cost"]))
    figures, default = env.problem.figures(env.state), env.problem.backend(instance).baseline
    growth = max(0.0, math.log(figures["bytes"] / default.text))
    assert sum(rewards) == pytest.approx(-math.log(figures["instructions"] / default.cost) - 0.1 * growth)
    assert info["heuristic_cost"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("reward", "expected"),
    [
        ("cost_decrease", lambda x: -x),
        ("tanh_decrease", lambda x: math.tanh(-10 * x)),
        ("terminal_cost_decrease", lambda x: -x),
        ("terminal_tanh_decrease", lambda x: math.tanh(-10 * x)),
        ("terminal_log_speedup", lambda x: -math.log(1 + x)),
    ],
)
def test_the_originals_targets_are_rewards(reward, expected):
    """With x = (cost - default) / default, as in the original's attribution of rewards."""
    rewards, info = play(make_env(reward=reward), "bits", never)
    assert sum(rewards) == pytest.approx(expected(info["cost"] - 1))
    if reward.startswith("terminal"):
        assert not any(rewards[:-1])


def test_programs_are_split_and_drawn_from_their_part():
    parts = {part: make_env(split=part).instances for part in ("train", "validation", "test")}
    assert sum(map(len, parts.values())) == len(make_env().instances)
    assert not set(parts["train"]) & set(parts["test"])
    other = make_env(split="train", split_seed=7).instances
    assert other != parts["train"]
    env = make_env(split="test")
    assert {env.reset(seed=seed)[1]["instance"] for seed in range(40)} <= set(parts["test"])


# Observations


def named(env):
    return dict(zip(env.observations["call"].names, env.observe("call").tolist(), strict=True))


def test_what_each_number_is_is_said():
    env = make_env()
    env.reset(options={"instance": "bits"})
    call, static = env.observations["call"], env.observations["static"]
    assert len(call.names) == len(set(call.names)) == call.space.shape[0]
    assert set(NAMES) | set(PROFILE) < set(call.names)
    assert set(call.names) - set(static.names) == set(PROFILE)
    seen = named(env)
    assert [seen["can_default"], seen["can_inline"], seen["can_never"]] == [0, 1, 1]
    assert seen["profile_known"] == 1
    assert seen["decided_share"] == 0
    site = env.problem.backend("bits").sites[env.state.path[-1]]
    assert seen["arguments"] == pytest.approx(math.log1p(site.arguments))


def test_the_context_follows_the_decisions():
    env = make_env(mode="tree")
    env.reset(options={"instance": "quaternions"})
    inlined = refused = 0
    for at in range(12):
        seen = named(env)
        assert seen["inlined"] == pytest.approx(math.log1p(inlined))
        assert seen["refused"] == pytest.approx(math.log1p(refused))
        assert seen["depth"] == len(env.state.path)
        assert seen["parent_inline"] == (len(env.state.path) > 1)
        assert (seen["predicted_growth"] > 0) == (inlined > 0)
        action = Action.INLINE if at % 3 else Action.NEVER
        inlined, refused = inlined + (action is Action.INLINE), refused + (action is Action.NEVER)
        env.step(action)


def test_decisions_on_the_same_function_are_seen():
    env = make_env()
    env.reset(options={"instance": "quaternions"})
    sites = env.problem.backend("quaternions").sites
    while env.state.agenda:
        site = sites[env.state.path[-1]]
        before = [sites[path[-1]] for path, action in env.state.decisions if action is Action.INLINE]
        seen = named(env)
        assert seen["callee_inlined"] == pytest.approx(math.log1p(sum(each.callee == site.callee for each in before)))
        inside = sum(bool(each.inside) and each.inside[-1] == site.callee for each in before)
        assert seen["inside_inlined"] == pytest.approx(math.log1p(inside))
        env.step(Action.INLINE)


@settings(max_examples=15)
@given(st.sampled_from(SHORT), st.lists(st.integers(0, 2), max_size=30))
def test_the_graph_is_the_tree_of_calls(instance, choices):
    env = make_env(mode="tree")
    env.reset(options={"instance": instance})
    for choice in choices:
        if env.state.agenda:
            env.step(choice)
    graph = env.observe("graph")
    assert nx.is_arborescence(graph)
    assert graph.number_of_nodes() == 1 + len(env.state.decisions) + len(env.state.agenda)
    decisions = nx.get_node_attributes(graph, "decision")
    for path, action in env.state.decisions:
        assert decisions["/".join(map(str, path))] == action.name.lower()
    assert sum(nx.get_node_attributes(graph, "next").values()) == bool(env.state.agenda)


def test_observations_can_be_pickled_with_their_environment():
    env = make_env(mode="tree")
    env.reset(options={"instance": "bits"})
    again = pickle.loads(pickle.dumps(env))
    assert np.array_equal(again.observe("call"), env.observe("call"))


# The real compiler


@needs_closure
def test_the_real_compiler_offers_the_same_decisions():
    """An episode in closure mode, next to one of the simulator: same calls, same observations but for the profile."""
    env = gym.make("ocaml-inline-v0", backend="closure").unwrapped
    simulated = make_env()
    _, info = env.reset(options={"instance": "bits"})
    simulated.reset(options={"instance": "bits"})
    assert env.state.agenda == simulated.state.agenda
    for _ in range(4):
        assert np.array_equal(env.observe("static"), simulated.observe("static"))
        env.step(Action.INLINE)
        simulated.step(Action.INLINE)
    assert named(env)["profile_known"] == 0
    assert info["cost"] == 1


@needs_closure
def test_the_real_compiler_pays_at_the_end_for_instructions_and_bytes():
    env = make_env(backend="closure")
    rewards, info = play(env, "bits", never)
    assert not any(rewards[:-1])
    assert rewards[-1] == pytest.approx(-math.log(info["cost"]))
    assert rewards[-1] < -0.02  # small accessors in a hot loop
    assert info["heuristic_cost"] == pytest.approx(1, abs=0.02)
    assert env.problem.versions()["ocamlopt"].endswith("closure")
    env.problem.check_semantics(env.state, 0)


@needs_closure
def test_the_real_compiler_takes_folders_of_modules(tmp_path):
    env = make_env(backend="closure", mode="tree", program=str(DATA / "modules"))
    rewards, info = play(env, "own/modules", inline)
    assert info["instance"] == "own/modules"
    assert math.isfinite(rewards[-1])


@needs_closure
def test_a_program_that_does_not_compile_is_refused_with_its_place(tmp_path):
    path = tmp_path / "wrong.ml"
    path.write_text("let x = 1 + true\n")
    with pytest.raises(UnknownInstance, match=r"wrong\.ml.*1"):
        make_env(backend="closure", program=str(path)).reset()


@needs_closure
def test_a_program_reads_its_input_and_arguments(tmp_path):
    path = tmp_path / "reads.ml"
    path.write_text(
        "let twice x = x * 2 let again f x = f (f x)\n"
        "let () = print_int (again twice (int_of_string (read_line ()) + int_of_string Sys.argv.(1)))\n"
        "let () = print_int (twice 3)\n"
    )
    env = make_env(backend="closure", program=str(path), stdin="20\n", arguments=("1",))
    _, info = play(env, "own/reads", inline)
    assert info["error"] == ""


@needs_closure
def test_a_failed_compilation_ends_the_episode_with_the_penalty(monkeypatch):
    env = make_env(backend="closure", reward="log_speedup", failure_penalty=2.5)
    env.reset(options={"instance": "bits"})

    def fail(decisions):
        raise OutputChanged("output changed")

    monkeypatch.setattr(env.problem.backend("bits"), "cost", fail)
    _, reward, terminated, truncated, info = env.step(Action.INLINE)
    assert (reward, terminated, truncated) == (-2.5, False, True)
    assert "output changed" in info["error"]


@needs_flambda
def test_flambda_is_ternary(monkeypatch):
    monkeypatch.setenv("GYMCC_OCAMLOPT", str(FLAMBDA.ocamlopt.path))
    env = make_env(backend="flambda")
    _, info = env.reset(options={"instance": "lenses"})
    assert info["action_mask"].tolist() == [1, 1, 1]
    rewards, _ = play(env, "lenses", lambda mask: Action.DEFAULT)
    assert sum(rewards) == pytest.approx(0, abs=1e-9)


@needs_closure
@pytest.mark.parametrize("name", ["bits", "quaternions", "symbolic"])
def test_simulator_and_compiler_offer_the_same(name):
    """Calls that can be inlined, what is inlined unasked, and the calls that inlining opens."""
    simulated, real = (make_env(backend=backend).problem.backend(name) for backend in ("sim", "closure"))
    sites = range(len(simulated.sites))
    assert [simulated.legal((site,)) for site in sites] == [real.legal((site,)) for site in sites]
    inlinable = [site for site in sites if len(real.legal((site,))) > 1]
    assert [simulated.children((site,)) for site in inlinable] == [real.children((site,)) for site in inlinable]
    alike = sum(simulated.default(site) == real.default(site) for site in sites)
    assert alike >= 0.95 * len(sites)
