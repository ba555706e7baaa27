"""The Gymnasium adapter over the bag problem: what it does with every kind of step, and what it says of bad input."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.episode import Episode
from gymcc.envs.core.problem import BackendError, IllegalAction, UnknownInstance
from gymcc.envs.core.reward import REWARDS, Costs
from tests.core.bag import INSTANCES, Bag, Contents, Filling
from tests.core.broken import make_env

BAG = "c12_w3_w4_w5_w7_w2"
CLOSE = 5


class Failing(Filling):
    """Its back end dies on bags holding weight 2, whose cost an observation may also ask for."""

    def evaluate(self, state: Bag) -> float:
        if 2 in state.taken:
            raise BackendError("the compiler crashed")
        return super().evaluate(state)


class Room(Contents):
    """Asks for the cost."""

    def __init__(self, problem: Filling) -> None:
        self.problem = problem
        self.space = gym.spaces.Box(0.0, 100.0, (), np.float64)

    def __call__(self, episode: Episode[Bag]) -> Any:
        return np.array(self.problem.cost(episode.state))


def begun(**options: Any) -> CompilerEnv[Bag]:
    env = make_env(**options)
    env.reset(seed=0, options={"instance": BAG})
    return env


def failing(**options: Any) -> CompilerEnv[Bag]:
    problem = Failing()
    env = CompilerEnv(problem, {"default": Contents(), "room": Room(problem)}, INSTANCES, **options)
    env.reset(options={"instance": BAG})
    return env


def test_legal_step() -> None:
    env = begun()
    observation, reward, terminated, truncated, info = env.step(np.int64(3))
    assert env.state == Bag(BAG, (3,))
    assert observation.tolist() == pytest.approx([0, 0, 0, 1, 0, 0, 5 / 12, 5 / 6])
    assert reward == pytest.approx(np.log(13 / 6))
    assert (terminated, truncated) == (False, False)
    assert (info["cost"], info["baseline_cost"], info["best_cost"], info["bound"]) == (6, 13, 6, 1)
    assert (info["instance"], info["illegal"], info["error"], info["evals"]) == (BAG, "", "", 2)
    assert info["action_mask"].tolist() == [1, 1, 1, 0, 1, 1]


def test_best_cost_outlives_the_state_that_had_it() -> None:
    env = begun()
    env.problem.evaluate = lambda state: 5.0 - (len(state.taken) == 1)  # type: ignore[method-assign]
    costs = [env.step(action)[4]["best_cost"] for action in (0, 1)]
    assert costs == [4, 4]
    assert env.cost == 5


def test_illegal_noop_costs_a_step_and_the_penalty() -> None:
    env = begun(illegal_penalty=0.25, max_steps=3)
    env.step(0)
    _, reward, terminated, truncated, info = env.step(0)
    assert env.state == Bag(BAG, (0,))
    assert (reward, terminated, truncated) == (-0.25, False, False)
    assert info["illegal"] == "it is in the bag already" == env.why_illegal(0)
    assert env.episode.actions == (0,)
    assert env.step(0)[3], "the third attempt is the last"


def test_illegal_terminate() -> None:
    env = begun(on_illegal="terminate")
    env.step(0)
    _, reward, terminated, truncated, _ = env.step(0)
    assert (reward, terminated, truncated) == (-0.1, True, False)


def test_illegal_raise() -> None:
    env = begun(on_illegal="raise")
    env.step(0)
    with pytest.raises(IllegalAction, match="in the bag already"):
        env.step(0)
    assert env.episode.steps == 1


@pytest.mark.parametrize("action", [-1, 6, 10**9])
def test_numbers_of_no_action_are_illegal(action: int) -> None:
    env = begun()
    assert env.step(action)[4]["illegal"] == f"there is no action {action}"


def test_stop_terminates() -> None:
    env = begun()
    assert env.step(CLOSE)[2:4] == (True, False)
    assert env.step(0)[4]["illegal"] == "the bag is closed"


def test_step_limit_truncates() -> None:
    env = begun(max_steps=2)
    assert env.step(0)[2:4] == (False, False)
    assert env.step(1)[2:4] == (False, True)
    assert begun(max_steps=1).step(CLOSE)[2:4] == (True, False), "an end by decision is no truncation"


def test_failing_back_end_truncates_and_goes_back() -> None:
    for observation in ("default", "room"):
        env = failing(observation=observation, failure_penalty=2.0)
        env.step(0)
        _, reward, terminated, truncated, info = env.step(2)
        assert (reward, terminated, truncated) == (-2.0, False, True)
        assert info["error"] == "the compiler crashed"
        assert np.isnan(info["cost"])
        assert info["best_cost"] == 10
        assert env.state == Bag(BAG, (0,))
        env.reset(options={"instance": BAG})
        assert env.step(1)[4]["error"] == ""


def test_terminal_reward_asks_for_no_cost_before_the_end() -> None:
    env = begun(reward="terminal_log_speedup")
    _, reward, _, _, info = env.step(3)
    assert reward == 0
    assert np.isnan(info["cost"])
    assert info["evals"] == 1
    _, reward, terminated, _, info = env.step(CLOSE)
    assert terminated
    assert reward == pytest.approx(np.log(13 / 6))
    assert info["best_cost"] == info["cost"] == 6


def test_failure_at_the_end_of_an_episode_of_terminal_reward() -> None:
    env = failing(reward="terminal_log_speedup", on_illegal="terminate")
    env.step(2)
    *_, truncated, info = env.step(CLOSE)
    assert (truncated, info["error"]) == (True, "the compiler crashed")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"observation": "x"}, r"unknown observation 'x'; allowed: default"),
        ({"observation": {"a": "x"}}, r"unknown observation 'x'; allowed: default"),
        (
            {"reward": "x"},
            r"unknown reward 'x'; allowed: log_speedup, cost_decrease, bound_share, terminal_log_",
        ),
        ({"on_illegal": "x"}, r"unknown on_illegal 'x'; allowed: noop, terminate, raise"),
        ({"render_mode": "human"}, r"unknown render_mode 'human'; allowed: ansi, rgb_array"),
    ],
)
def test_unknown_options_name_the_allowed_ones(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_env(**options)


def test_reward_that_needs_a_bound_where_there_is_none() -> None:
    env = make_env(mutant="no bound", reward="bound_share")
    with pytest.raises(ValueError, match="reward BoundShare needs a bound, and none is known of 'c12"):
        env.reset(options={"instance": BAG})
    assert np.isnan(begun(mutant="no bound").step(0)[4]["bound"])


def test_no_instances() -> None:
    with pytest.raises(ValueError, match="at least one instance"):
        CompilerEnv(Filling(), {"default": Contents()}, ())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"instnace": BAG}, r"unknown reset option \['instnace'\]; allowed: instance"),
        ({"instance": "x"}, "unknown instance 'x'; allowed: c"),
        ({"instance": ""}, "unknown instance ''; allowed: c"),
        ({"instance": "bag/large/x"}, "unknown dataset 'bag/large' in 'bag/large/x'; known: bag/small"),
        ({"instance": "bag/small/x"}, r"'x' is not in dataset 'bag/small' \(3 instances\)"),
        ({"instance": f"bag/small/../{BAG}"}, "is not in dataset 'bag/small'"),
        ({"instance": f"/{BAG}"}, "unknown instance '/c12"),
        ({"instance": f"{BAG}\0"}, "unknown instance"),
    ],
)
def test_bad_reset_options(options: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_env().reset(options=options)


def test_instances_by_id_and_by_dataset() -> None:
    env = make_env()
    for uri in (BAG, f"bag/small/{BAG}"):
        assert env.reset(options={"instance": uri})[1]["instance"] == BAG
    with pytest.raises(UnknownInstance):
        env.problem.resolve("bag/small/c9_w1_w1_w1_w1_w1")
    assert env.reset(options={"instance": "c9_w1_w1_w1_w1_w1"})[1]["bound"] == 1, "an id needs no dataset"


def test_observe_by_name() -> None:
    env = begun()
    assert env.observe("default").shape == (8,)
    with pytest.raises(ValueError, match="unknown observation 'x'; allowed: default"):
        env.observe("x")
    both = make_env(observation={"a": "default", "b": "default"})
    observation, _ = both.reset(seed=0)
    assert both.observation_space.contains(observation)
    assert set(observation) == {"a", "b"}


def test_seed_decides_the_sequence_of_instances() -> None:
    env = make_env()
    drawn = [[env.reset(seed=7 if number == 0 else None)[1]["instance"] for number in range(12)] for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert set(drawn[0]) == set(INSTANCES)


def test_generators_of_forks_go_their_own_way() -> None:
    env = begun()
    twin, another = env.fork(), env.fork()
    draws = [float(one.np_random.random()) for one in (twin, env, another)]
    assert draws[0] == draws[1] == draws[2]
    assert env.np_random.random() == twin.np_random.random()
    assert twin.np_random is not env.np_random
    assert twin.fork().np_random.random() == env.np_random.random()
    env.np_random = np.random.default_rng(1)
    assert env.np_random_seed == -1
    assert env.np_random.random() != another.np_random.random()


def test_rgb_array_needs_a_mode_and_draws() -> None:
    env = begun(render_mode="rgb_array")
    frame = env.render()
    assert (frame.shape, frame.dtype) == ((360, 640, 3), np.uint8)
    assert 0 < (frame < 128).mean() < 0.2, "some dark pixels on white"
    assert begun(render_mode="ansi").render() == "() of [3, 4, 5, 7, 2], room 12"
    with pytest.warns(UserWarning, match=r"needs a render_mode; allowed: ansi, rgb_array"):
        assert begun().render() is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("log_speedup", np.log(2)),
        ("cost_decrease", 0.25),
        ("bound_share", 0.2),
        ("terminal_log_speedup", np.log(4)),
        ("terminal_log_vs_heuristic", np.log(1.5)),
        ("relative_decrease", 2.5),
    ],
)
def test_reward_by_hand(name: str, expected: float) -> None:
    costs = Costs(baseline=8.0, bound=0.8, before=4.0, after=2.0, heuristic=3.0)
    assert REWARDS[name](costs, ended=True) == pytest.approx(expected)
    assert (REWARDS[name](costs, ended=False) == 0) == (not REWARDS[name].dense)


@pytest.mark.parametrize("uri", [5, b"bag", ["bag"]])
def test_instance_that_is_no_text_is_named(uri: Any) -> None:
    with pytest.raises(UnknownInstance, match="named by text"):
        make_env().reset(options={"instance": uri})


def test_own_step_limit_leaves_a_shared_problem_alone() -> None:
    problem = Filling()
    env = CompilerEnv(problem, {"default": Contents()}, INSTANCES, max_steps=2)
    assert (env.problem.max_steps, problem.max_steps) == (2, 6)


def test_rewards_know_what_they_need() -> None:
    assert [name for name, reward in REWARDS.items() if reward.needs_bound()] == ["bound_share"]
    assert [name for name, reward in REWARDS.items() if reward.needs_heuristic()] == ["terminal_log_vs_heuristic"]
    with pytest.raises(NotImplementedError, match="bag has no heuristic"):
        make_env(reward="terminal_log_vs_heuristic").reset()
