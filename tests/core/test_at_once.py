"""One step with a set is the same as its candidates one after another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.envs.core.at_once import AtOnce
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.wrappers import fork
from tests.core.bag import CLOSE, INSTANCES, WEIGHTS, Contents, Filling


class Unordered(Filling):
    unordered = True


def make() -> CompilerEnv[object]:
    return CompilerEnv(Unordered(), {"default": Contents()}, INSTANCES)  # type: ignore[return-value, arg-type]


@given(st.lists(st.booleans(), min_size=WEIGHTS, max_size=WEIGHTS), st.sampled_from(INSTANCES))
def test_a_set_is_its_members(bits: list[bool], instance: str) -> None:
    one, many = AtOnce(make()), make()
    one.reset(options={"instance": instance})
    many.reset(options={"instance": instance})
    total = 0.0
    for action in (*np.flatnonzero(bits), CLOSE):
        _, reward, *_ = many.step(action)
        total += reward
    _, reward, terminated, truncated, info = one.step(np.array(bits, np.int8))
    assert reward == pytest.approx(total)
    assert terminated
    assert not truncated
    assert one.unwrapped.state == many.state  # type: ignore[attr-defined]
    assert info["action_mask"].shape == (WEIGHTS,)


def test_masks_seeds_and_forks() -> None:
    env = AtOnce(make())
    _, info = env.reset(seed=3)
    assert info["action_mask"].tolist() == [1] * WEIGHTS == env.action_masks().tolist()
    other = fork(env)
    other.step(np.ones(WEIGHTS, np.int8))
    assert env.action_masks().tolist() == [1] * WEIGHTS
    assert other.action_masks().tolist() == [0] * WEIGHTS


def test_illegal_members_are_named() -> None:
    env = AtOnce(make())
    env.reset(options={"instance": "c7_w1_w2_w3_w4_w5"})
    *_, info = env.step(np.ones(WEIGHTS, np.int8))
    assert info["illegal"] == "there is no room for it; there is no room for it"


def test_what_is_no_set_is_refused() -> None:
    env = AtOnce(make())
    env.reset(seed=0)
    with pytest.raises(ValueError, match="an action is 5 zeros and ones"):
        env.step(np.array([1, 2, 0, 0, 0]))
    with pytest.raises(TypeError, match="are not a set"):
        AtOnce(CompilerEnv(Filling(), {"default": Contents()}, INSTANCES))
