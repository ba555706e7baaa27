"""What a Gymnasium user expects of any environment."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env

from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.testing.episodes import go_on, reset
from gymcc.envs.testing.report import Broken
from gymcc.envs.testing.subject import Subject, bare
from gymcc.envs.testing.walks import explore, walks

CHOICES = (0, 1, 2, 3, 4, 5, 6)


def gymnasium_conventions(subject: Subject) -> None:
    """Gymnasium's checker without a warning; copies by pickle and deepcopy and from the spec's JSON behave the same.

    Flags are bool, rewards float, and ``info`` holds scalars and arrays only.
    """
    _checked_by_gymnasium(subject.bare())
    _plain_outcomes(subject)
    _copies(subject)


def _checked_by_gymnasium(env: CompilerEnv[Any]) -> None:
    env.reset(seed=0)
    if any(value != value for value in env.step(0)[4].values() if isinstance(value, float)):
        env.spec = copy.copy(env.spec)  # the checker takes nan in info for chance; law 12 compares better
        env.spec.nondeterministic = True  # type: ignore[union-attr]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            check_env(env, skip_render_check=not _can_draw())
        except (AssertionError, Warning) as error:
            raise Broken(f"gymnasium.utils.env_checker.check_env: {error}") from error


def _can_draw() -> bool:
    try:
        import PIL  # noqa: F401
    except ImportError:
        return False
    return True


def _plain_outcomes(subject: Subject) -> None:
    env = subject.bare()

    def body(drawn: Any) -> None:
        _, info = env.reset(seed=0, options={"instance": drawn.instance})
        _flat(info)
        for choice in drawn.choices:
            _, reward, terminated, truncated, info = env.step(choice % env.problem.n_actions)
            _flat(info)
            if type(reward) is not float or type(terminated) is not bool or type(truncated) is not bool:
                raise Broken(f"step gives {type(reward)}, {type(terminated)}, {type(truncated)}, not float, bool, bool")
            if terminated or truncated:
                break

    explore(subject, walks(subject), body)


def _flat(info: dict[str, Any]) -> None:
    for name, value in info.items():
        if type(value) not in (str, bool, int, float, np.ndarray):
            raise Broken(f"info[{name!r}] is a {type(value).__name__}, not a scalar or an array")


def _copies(subject: Subject) -> None:
    ways: dict[str, Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]] = {
        "pickled": lambda env: pickle.loads(pickle.dumps(env)),  # noqa: S301
        "deep-copied": copy.deepcopy,
    }
    for how, way in ways.items():
        env = subject.make()
        reset(env, subject.instances[0], seed=2)
        go_on(env, CHOICES[:3])
        other = way(env)
        _alike(subject, env, other, how)
    made = gym.make(EnvSpec.from_json(subject.spec().to_json()))
    _alike(subject, subject.make(), made, "made from its spec's JSON")


def _alike(subject: Subject, env: gym.Env[Any, Any], other: gym.Env[Any, Any], how: str) -> None:
    if env.observation_space != other.observation_space or env.action_space != other.action_space:
        raise Broken(f"a copy {how} has other spaces")
    if hasattr(bare(env), "episode") and go_on(env, CHOICES[3:]) != go_on(other, CHOICES[3:]):
        raise Broken(f"a copy {how} in the middle of an episode goes on otherwise")
    for instance in subject.instances:
        both = [[reset(one, instance, seed=2), *go_on(one, CHOICES)] for one in (env, other)]
        if both[0] != both[1]:
            raise Broken(f"a copy {how} behaves otherwise", f"instance {instance}, choices {CHOICES}")
