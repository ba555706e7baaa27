"""Episodes as learners' batches: advantages against their definition, V-trace's rows against RLlib's own V-trace."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytest.importorskip("ray")

from ray.rllib.algorithms.impala.torch.vtrace_torch_v2 import make_time_major, vtrace_torch  # noqa: E402

from gymcc.agents.rllib.columns import advantages, in_rows, with_advantages  # noqa: E402
from gymcc.agents.rllib.trajectory import Opinion, Trajectory  # noqa: E402

lengths = st.lists(st.integers(1, 7), min_size=1, max_size=9)


def episodes(steps: list[int], seed: int = 0) -> list[Trajectory]:
    """Of random numbers; observation t of episode e is (e, t)."""
    random = np.random.default_rng(seed)

    def floats(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    return [
        Trajectory(
            np.array([(number, t) for t in range(length + 1)], np.float32),
            np.ones((length + 1, 3), np.int8),
            random.integers(3, size=length),
            floats(length),
            np.zeros(length, np.bool_),
            Opinion(floats(length, 3), floats(length), floats(length)),
        )
        for number, length in enumerate(steps)
    ]


@given(st.integers(1, 9), st.sampled_from([0.0, 0.5, 0.9, 1.0]), st.sampled_from([0.0, 0.7, 1.0]))
@settings(max_examples=30)
def test_advantages_are_the_discounted_sums_of_temporal_differences(length: int, gamma: float, lam: float) -> None:
    (episode,) = episodes([length], seed=length)
    rewards, values = episode.rewards, np.append(episode.opinion.values, 0.0)
    differences = rewards + gamma * values[1:] - values[:-1]
    wanted = [sum((gamma * lam) ** k * differences[t + k] for k in range(length - t)) for t in range(length)]
    assert np.allclose(advantages(rewards, episode.opinion.values, gamma, lam), wanted, atol=1e-5)


@given(lengths)
@settings(max_examples=30)
def test_ppos_batch_holds_every_step_once(steps: list[int]) -> None:
    batch = with_advantages(episodes(steps), 1.0, 1.0).policy_batches["default_policy"]
    seen = batch["obs"]["observations"].tolist()
    assert seen == [[number, t] for number, length in enumerate(steps) for t in range(length)]
    returns = np.concatenate([each.rewards[::-1].cumsum()[::-1] for each in episodes(steps)])
    assert np.allclose(batch["value_targets"], returns, atol=1e-4), "with lambda 1 these are the returns"
    assert abs(float(batch["advantages"].mean())) < 1e-5
    assert sum(steps) == 1 or float(batch["advantages"].std(correction=0)) == pytest.approx(1, abs=1e-3)


@given(lengths, st.integers(1, 12))
@settings(max_examples=40)
def test_v_trace_in_rows_is_what_it_is_in_episodes(steps: list[int], length: int) -> None:
    """On-policy it sums temporal differences up to the end of the row or of the episode."""
    played = episodes(steps)
    batch = in_rows(played, length).policy_batches["default_policy"]
    assert len(batch["rewards"]) % length == 0
    assert batch["loss_mask"].sum() == sum(steps)
    major = {name: make_time_major(batch[name].float(), trajectory_len=length) for name in
             ("loss_mask", "terminateds", "rewards", "vf_preds", "action_logp")}  # fmt: skip
    values = major["vf_preds"]
    targets, _ = vtrace_torch(
        target_action_log_probs=major["action_logp"],
        behaviour_action_log_probs=major["action_logp"],
        discounts=0.9 * (1 - major["terminateds"]) * major["loss_mask"],
        rewards=major["rewards"],
        values=values,
        bootstrap_values=torch.cat([values[0][1:], values[0][:1]]),
    )
    found = targets.T.reshape(-1)[: sum(steps)].numpy()
    assert np.allclose(found, _targets(played, length), atol=1e-4)


def _targets(played: list[Trajectory], length: int) -> list[float]:
    """Discounted rewards up to the end of the row, then the value there; nothing after the end of the episode."""
    wanted, at = [], 0
    for episode in played:
        count = len(episode.rewards)
        for t in range(count):
            last = min(count, t + length - (at + t) % length)  # first step that the row does not hold
            total = sum(0.9 ** (k - t) * episode.rewards[k] for k in range(t, last))
            wanted.append(total + (0.9 ** (last - t) * episode.opinion.values[last] if last < count else 0.0))
        at += count
    return wanted
