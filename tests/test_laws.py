"""Every registered environment obeys every law; the measured ones where this CPU can run them."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium as gym
import pytest

import gymcc  # noqa: F401
from gymcc.envs.registry import ROWS
from gymcc.envs.testing import LAWS, Live, check

ODD = ("m5_n37_k19", "m33_n48_k17", "m64_n64_k64")  # tails everywhere, and none
WIDE = ("m64_n64_k64", "m128_n96_k80")
METHODS = ("gen/1", "gen/10", "gen/34")
PROGRAMS = ("tiny/gcd", "small/fir2", "gen/small/1")
OCAML = ("church", "bits", "gen/3")
EXAMPLES = {
    "looptune-mm-model-v0": 40,
    "looptune-mm-v0": 6,
    "jitcse-v0": 30,
    "nitta-synthesis-v0": 12,
    "ocaml-inline-v0": 8,
}
AT_ONCE = {"jitcse-set-v0": "jitcse-v0"}  # one step with a set of the other's actions: tests/core/test_at_once.py


@pytest.fixture(scope="module")
def native() -> None:
    """Skip where no machine code can run."""
    from gymcc.envs.looptune.backends.native import detect

    if detect() is None:
        pytest.skip("this CPU has neither AVX-512 nor AVX2 with FMA")


def held(env_id: str, *, examples: int, instances: tuple[str, ...] = ODD, **options: Any) -> set[int]:
    """Laws that hold, tried and not skipped."""
    report = check(env_id, instances=instances, max_examples=examples, **options)
    return {result.number for result in report.results} - set(report.skipped)


def test_every_registered_id_is_tested() -> None:
    assert {row.id for row in ROWS} == {*EXAMPLES, *AT_ONCE}


@pytest.mark.parametrize(("action_set", "isa"), [("looptune", "avx512"), ("extended", "avx2")])
def test_model(action_set: str, isa: str) -> None:
    examples = EXAMPLES["looptune-mm-model-v0"]
    assert held("looptune-mm-model-v0", examples=examples, action_set=action_set, isa=isa) == set(LAWS) - {11}


@pytest.mark.parametrize("options", [{}, {"arch": "arm64", "max_candidates": 64, "size_weight": 0.5}])
def test_jitcse(options: dict[str, Any]) -> None:
    examples = EXAMPLES["jitcse-v0"]
    assert held("jitcse-v0", examples=examples, instances=METHODS, **options) == set(LAWS) - {11}


@pytest.mark.parametrize("options", [{}, {"max_options": 32, "group_binds": "obvious", "lookahead": True}])
def test_nitta(options: dict[str, Any]) -> None:
    examples = EXAMPLES["nitta-synthesis-v0"]
    assert held("nitta-synthesis-v0", examples=examples, instances=PROGRAMS, **options) == set(LAWS) - {11}


@pytest.mark.parametrize("options", [{}, {"mode": "tree", "rules": "flambda", "max_nodes": 12, "max_depth": 2}])
def test_ocaml(options: dict[str, Any]) -> None:
    examples = EXAMPLES["ocaml-inline-v0"]
    assert held("ocaml-inline-v0", examples=examples, instances=OCAML, **options) == set(LAWS) - {11}


@pytest.mark.parametrize("env_id", AT_ONCE)
def test_deciding_at_once_takes_sampled_sets(env_id: str) -> None:
    env = gym.make(env_id)  # in Gymnasium's checker, which warns of what contradicts the spaces
    env.action_space.seed(1)
    for seed in range(5):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            env.reset(seed=seed)
            mask = env.get_wrapper_attr("action_masks")()
            observation, _, terminated, _, info = env.step(env.action_space.sample(mask))
        assert terminated
        assert not info["illegal"]
        assert observation in env.observation_space


@pytest.mark.usefixtures("native")
@pytest.mark.parametrize("action_set", ["looptune", "extended"])
def test_native(action_set: str) -> None:
    assert held("looptune-mm-v0", examples=EXAMPLES["looptune-mm-v0"], action_set=action_set) == set(LAWS) - {11}


@pytest.mark.usefixtures("native")
def test_model_ranks_like_native() -> None:
    live = Live("looptune-mm-v0", {"isa": "avx2"}, rank_correlation=0.6)
    report = check("looptune-mm-model-v0", instances=WIDE, laws=(11,), live=live, isa="avx2")
    assert not report.skipped


@pytest.mark.parametrize(
    "options",
    [
        {"reward": "bound_share", "on_illegal": "terminate"},
        {"reward": "terminal_log_speedup"},
        {"observation": {"nest": "loops_tensor", "past": "5_prev_actions_tensor", "cost": "flops"}},
    ],
)
def test_other_options_obey_too(options: dict[str, Any]) -> None:
    laws = (1, 4, 6, 10, 14)
    assert held("looptune-mm-model-v0", examples=10, laws=laws, **options) == set(laws)
